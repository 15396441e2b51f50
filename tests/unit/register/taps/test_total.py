"""Which line is the total, and which number is no total."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest

from terminal.counter.register_words import TotalSeen
from terminal.register.line.format import to_ascii
from terminal.register.settings import DEFAULT_LABELS, DEFAULT_OTHER_LABELS, TotalRules
from terminal.register.taps.total import TotalFinder
from tests.each import each_of

FINDER = TotalFinder(TotalRules())
WITH_AURAR = TotalFinder(TotalRules(amount_decimals=2))


@each_of(
    ("upper", "lower"),
    [
        ("SAMTALS", "            1.990 kr"),
        ("SAMTALS        1.990", ""),
        ("KAFFI            590", "SAMTALS        1.990"),
        ("Samtals:", "kr. 1.990"),
        ("TOTAL", "1990"),
        ("*** TOTAL ***", "ISK 1.990"),
        ("TOTAL", "1,990.00"),
        ("TOTAL", "1.990,00 kr."),
        ("TIL GREIÐSLU", "1.990,-"),
        ("TIL GREI\ufffdSLU", "1990 ISK"),
        ("Heildarupphæð", "1990"),
        ("             1.990", "SAMTALS"),
        ("SAMTALS..........1.990", ""),
    ],
)
def test_a_display_shows_a_total(upper: str, lower: str) -> None:
    assert FINDER.on_display([upper, lower]).amount_kr == 1990


@each_of(
    ("upper", "lower"),
    [
        ("VELKOMIN", ""),
        ("", ""),
        ("KAFFI", "590"),
        ("KAFFI            590", "TE               490"),
        ("TOTAL SHAMPOO", "590"),
        ("TOTAL SHAMPOO    590", ""),
        ("SAMTALS 3 STK", "1.990"),
        ("SUBTOTAL", "1.990"),
        ("MILLISAMTALA", "1.990"),
        ("SAMTALS", "-1.990"),
        ("SAMTALS", "1.990-"),
        ("SAMTALS       -1.990", ""),
        ("SAMTALS", "(1.990)"),
        ("SAMTALS", "0"),
        ("SAMTALS", "19.90"),
        ("SAMTALS", "1990,50"),
        ("SAMTALS", "1.99"),
        ("SAMTALS", "1.9900"),
        ("SAMTALS", "1.990.00.0"),
        ("SAMTALS", "12:30"),
        ("SAMTALS", "1.990 USD"),
        ("SAMTALS", ""),
        ("TIL BAKA", "1.010"),
        ("SAMTALS        1.990", "TIL BAKA       1.010"),
        ("SAMTALS        1.990", "GREITT         3.000"),
        ("CHANGE          0.00", "TOTAL       1,990.00"),
        ("SAMTALS", "9999999999999"),
    ],
)
def test_everything_else_is_no_total(upper: str, lower: str) -> None:
    assert FINDER.on_display([upper, lower]).amount_kr is None


@each_of("item", ["CASHEWHNETUR", "SKILAGJALD", "SKILTI", "CHANGELING", "TENDERLOIN"])
def test_a_word_that_only_begins_like_change_or_a_refund_is_an_item(item: str) -> None:
    assert FINDER.on_display([f"{item} 590", "SAMTALS 590"]).amount_kr == 590


TOTAL_WORDS = {
    "TIL GREI.SLU": ("TIL GREIÐSLU",),
    "A. GREI.A": ("AÐ GREIÐA",),
    "AMOUNT DUE": ("AMOUNT DUE",),
    "TO PAY": ("TO PAY",),
    r"HEILDARUPPH\S*": ("HEILDARUPPHÆÐ",),
    "SAMTALS ME. VSK": ("SAMTALS MEÐ VSK",),
    "SAMTALS": ("SAMTALS",),
    "SAMT": ("SAMT", "SAMT."),
    "TOTAL": ("TOTAL", "TOTAL:"),
}
OTHER_WORDS = {
    "TIL BAKA": ("TIL BAKA",),
    "AFGANGUR": ("AFGANGUR",),
    "SKIPTIMYNT": ("SKIPTIMYNT",),
    "(YOUR )?CHANGE": ("CHANGE", "CHANGE DUE", "YOUR CHANGE"),
    "GREITT": ("GREITT", "GREITT MEÐ KORTI"),
    "M.TTEKI.": ("MÓTTEKIÐ",),
    "PAID": ("PAID",),
    "CASH": ("CASH", "CASH BACK"),
    r"REI.UF\S*": ("REIÐUFÉ",),
    "TENDER": ("TENDER",),
    r"(ENDURGREI|BAKF|SKILAV|V.RUSKIL|INNEIGN|REFUND|RETURN)\S*": (
        *("ENDURGREIÐSLA", "ENDURGREITT", "BAKFÆRSLA", "BAKFÆRT", "SKILAVARA", "SKILAVÖRUR", "VÖRUSKIL"),
        *("INNEIGN", "INNEIGNARNÓTA", "REFUND", "REFUNDED", "RETURN"),
    ),
    "SKILA.": ("SKILAÐ",),
}


def spelled(words: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each label with its words as registers and code pages write them: right, in ASCII, and with letters lost."""
    return [
        (label, spelling)
        for label, examples in words.items()
        for word in examples
        for spelling in dict.fromkeys((word, to_ascii(word), re.sub("[^ -~]", "\ufffd", word), word.title()))
    ]


def test_every_default_label_has_its_words_here() -> None:
    assert tuple(TOTAL_WORDS) == DEFAULT_LABELS
    assert tuple(OTHER_WORDS) == DEFAULT_OTHER_LABELS


@each_of(("label", "word"), spelled(TOTAL_WORDS))
def test_a_label_knows_its_word_in_any_letters(label: str, word: str) -> None:
    finder = TotalFinder(TotalRules(labels=(label,)))
    assert finder.on_display([word, "1.990"]).amount_kr == 1990
    assert finder.on_display([f"{word} 1.990", ""]).amount_kr == 1990


@each_of(("label", "word"), spelled(OTHER_WORDS))
def test_change_tender_and_refund_are_known_in_any_letters(label: str, word: str) -> None:
    finder = TotalFinder(TotalRules(other_labels=(label,)))
    assert finder.on_display(["SAMTALS 1.990", f"{word} 10"]).amount_kr is None
    assert finder.on_display([word, "SAMTALS 1.990"]).amount_kr is None
    assert TotalFinder(TotalRules(other_labels=())).on_display([word, "SAMTALS 1.990"]).amount_kr == 1990


def test_a_receipt_may_say_how_goods_are_returned() -> None:
    assert (
        FINDER.in_text(["SAMTALS 1.990", "ANNAÐ 2.000", "TIL BAKA 10", "ENDURGREIÐSLA GEGN KVITTUN"]).amount_kr == 1990
    )


@each_of(
    ("shown", "amount_kr"), [("199000", 1990), ("1.990,00", 1990), ("1990.00", 1990), ("1.990", None), ("199050", None)]
)
def test_with_two_decimals_nothing_is_guessed(shown: str, amount_kr: int | None) -> None:
    assert WITH_AURAR.on_display(["SAMTALS", shown]).amount_kr == amount_kr


RECEIPT = """
KAFFIHÚSIÐ VIÐ HÖFNINA
Kt. 550101-1230
Kaffi               2 x 590    1.180
Total bodywash                   810
SAMTALS                        1.990
Afsláttur                       -200
TIL GREIÐSLU                   1.790
Netgíró                        1.790
VSK 24%      1.444      346    1.790
Samtals VSK                      346
""".splitlines()


@each_of(
    "below",
    [
        ["VSK-yfirlit", "Samtals 382"],
        ["Þar af VSK 24% 382", "SAMTALS 1.608"],
        ["Virðisaukaskattur", "Samtals            382"],
        ["Punktar", "Samtals 12.500"],
        ["Vildarpunktar í dag 19", "Samtals 4.711"],
        ["Þú sparaðir", "Samtals 500"],
        ["Reiðufé 2.000", "Samtals 2.000"],
        ["Greitt 1.990", "SAMTALS 1.990", "Greitt", "Samtals 5.000"],
        ["VAT 24% 385", "TOTAL 385"],
        ["POINTS", "TOTAL 12500"],
        ["YOU SAVED 500", "TOTAL 2.490"],
    ],
)
def test_a_sum_below_the_total_is_none(below: list[str]) -> None:
    assert FINDER.in_text(["Kaffi 1.990", "SAMTALS 1.990", *below]) == TotalSeen(1990)


@each_of(
    ("lines", "amount_kr"),
    [
        (["SAMTALS 2.490", "AFSL -500", "SAMTALS 1.990"], 1990),
        (["SAMTALS 2.490", "AFSLÁTTUR 500-", "SAMTALS 1.990"], 1990),
        (["SAMTALS 2.490", "AFSLÁTTUR 500", "SAMTALS 1.990"], 1990),
        (["SAMTALS 500", "KAFFI 590", "TE 400", "SAMTALS 1.490"], 1490),
        (["SAMTALS 1.990", "SAMTALS 1.990"], 1990),
        (["SAMTALS 1.990", "EITTHVAÐ", "SAMTALS 382"], None),
        (["SAMTALS 1.990", "KAFFI 590", "SAMTALS 382"], None),
    ],
)
def test_totals_that_differ_must_be_explained_by_what_stands_between(lines: list[str], amount_kr: int | None) -> None:
    seen = FINDER.in_text(lines)
    assert seen.amount_kr == amount_kr
    assert (seen.differing_kr is not None) == (amount_kr is None)


def test_a_gift_card_before_the_total_is_a_deduction_and_no_payment() -> None:
    assert FINDER.in_text(["SAMTALS 2.490", "GJAFAKORT -500", "TIL GREIÐSLU 1.990"]).amount_kr == 1990


def test_the_total_with_tax_stands_below_the_tax() -> None:
    assert FINDER.in_text(["SAMTALS 1.605", "VSK 24% 385", "SAMTALS MEÐ VSK 1.990"]).amount_kr == 1990


@each_of(
    "line",
    [
        *("ÓGILT", "*** ÓGILT ***", "ÆFING", "ÆFINGASALA", "AFRIT", "- AFRIT -", "Z-SKÝRSLA", "X SKÝRSLA NR. 12"),
        *("Z-REPORT 0012", "VOID", "VOIDED", "TRAINING", "*TRAINING MODE*", "COPY", "RECOPY", "DUPLICATE"),
        *("\ufffdGILT", "Z-SK\ufffdRSLA", "ÓGILD FÆRSLA", "ÓGILDING", "AFRIT AF KVITTUN", "AFRIT KVITTUNAR NR. 12"),
        *("A F R I T", "*** A F R I T ***", "Ó G I L T", "Z - SKÝRSLA", "Z - S K Ý R S L A", "X-LESTUR", "Z ÁLESTUR"),
        *("** ÆFING - EKKI KVITTUN **", "EKKI KVITTUN", "TRAINING RECEIPT", "COPY OF RECEIPT", "RECEIPT COPY"),
        *("SALE VOIDED", "VOID TRANSACTION", "DUPLICATE RECEIPT"),
    ],
)
def test_a_slip_that_says_it_is_none_is_none(line: str) -> None:
    assert FINDER.in_text(["KAFFIHÚSIÐ", line, "SAMTALS 1.990"]).amount_kr is None
    assert FINDER.on_display([line, "SAMTALS 1.990"]).amount_kr is None


@each_of(
    "line",
    [
        *("COPYRIGHT KASSI EHF", "AFRITUN 590", "VOIDKA 590", "TRAINING SHOES 590", "KT. 5501011230"),
        *("AFRIT AF LYKLI 590", "EINTAK VIÐSKIPTAVINAR", "CUSTOMER COPY", "KVITTUN", "X", "1 2 3"),
    ],
)
def test_a_word_that_only_begins_so_is_an_item(line: str) -> None:
    assert FINDER.in_text([line, "SAMTALS 1.990"]).amount_kr == 1990


NETGIRO_KEY = TotalFinder(TotalRules(tender_labels=("NETG.R.",)))


@each_of(
    ("lines", "amount_kr"),
    [
        (["SAMTALS 1.990", "NETGÍRÓ 1.990"], 1990),
        (["SAMTALS 1.990", "KORT 1.990"], None),
        (["SAMTALS 1.990"], None),
        (["SAMTALS 1.990", "NETGÍRÓ", "1.990"], 1990),
        (["NETGÍRÓ 5.000", "SAMTALS 6.000", "REIÐUFÉ 6.000"], None),  # a gift card of that name
        (["NETGÍRÓ 5.000", "SAMTALS 6.000", "NETGÍRÓ 6.000"], 6000),
        (["NETGÍRÓ 1.990", "SAMTALS 1.990"], 1990),
    ],
)
def test_where_the_tender_is_named_only_that_is_offered(lines: list[str], amount_kr: int | None) -> None:
    assert NETGIRO_KEY.in_text(lines).amount_kr == amount_kr


@pytest.mark.parametrize(
    ("lines", "tender_kr", "total_kr"),
    [
        (["SAMTALS 1.990", "KORT 990", "NETGIRO 1.000"], 1000, 1990),
        (["SAMTALS 1.500", "ÞJÓNUSTA 490", "NETGÍRÓ 1.990"], 1990, 1500),
    ],
)
def test_a_tender_of_another_amount_than_the_total_is_asked_about(
    lines: list[str], tender_kr: int, total_kr: int
) -> None:
    assert NETGIRO_KEY.in_text(lines) == TotalSeen(tender_kr, other_kr=total_kr)


def test_a_total_that_cannot_be_believed_leaves_the_tender_alone() -> None:
    assert NETGIRO_KEY.in_text(["SAMTALS 1.990", "?", "SAMTALS 5", "NETGÍRÓ 1.990"]) == TotalSeen(1990)


def test_a_display_that_names_the_tender_is_read_although_the_sale_is_over() -> None:
    assert NETGIRO_KEY.on_display(["NETGIRO", "1.990"]).amount_kr == 1990
    assert NETGIRO_KEY.on_display(["SAMTALS", "1.990"]).amount_kr is None


@each_of(
    "line",
    [
        *("SAMTALS 1 990 kr", "SAMTALS kr. 1 990", "SAMTALS 1'990", "SAMTALS 1\u00a0990", "SAMTALS 1\u202f990 kr."),
        *("SAMTALS 1\u2019990", "SAMTALS 1 990,00 kr", "SAMTALS           1 990", "SAMTALS:  1 990,00"),
        *("SAMTALS 1 990", "SAMTALS: 1 990,00", "*** TOTAL 1 990"),
    ],
)
def test_thousands_are_divided_in_many_ways(line: str) -> None:
    assert FINDER.in_text([line]).amount_kr == 1990


def test_a_space_divides_behind_a_tender_as_well_and_not_behind_an_item() -> None:
    assert FINDER.in_text(["KAFFI 2 590", "SAMTALS 1 990", "VISA 1 990"]) == TotalSeen(None, paid_kr=1990)
    assert FINDER.in_text(["SAMTALS 1.180", "KAFFI 2 590", "SAMTALS 1.770"]).amount_kr == 1770
    assert NETGIRO_KEY.in_text(["SAMTALS 1 990", "NETGÍRÓ 1 990"]) == TotalSeen(1990)


def test_an_amount_with_a_space_may_stand_alone() -> None:
    assert FINDER.in_text(["SAMTALS", "1 990"]).amount_kr == 1990


@each_of(
    "line",
    ["SAMTALS 1 99 kr", "SAMTALS 19 90 kr", "SAMTALS 1'99", "SAMTALS 1\u00a09900", "SAMTALS 3 5900"],
)
def test_a_space_before_other_than_three_digits_divides_nothing(line: str) -> None:
    assert FINDER.in_text([line]).amount_kr is None


def test_what_is_to_be_paid_stands_before_the_sum() -> None:
    assert FINDER.in_text(RECEIPT).amount_kr == 1790


def test_of_equal_labels_the_last_counts() -> None:
    assert FINDER.in_text(["SAMTALS 500", "KAFFI 590", "SAMTALS 1.090"]).amount_kr == 1090


def test_a_label_whose_amount_makes_no_sense_is_not_replaced_by_another() -> None:
    assert FINDER.in_text(["TIL GREIÐSLU 17,90", "SAMTALS 1.990"]).amount_kr is None


def test_a_shop_may_have_its_own_words() -> None:
    finder = TotalFinder(TotalRules(labels=("MAKSETTAVA",), other_labels=("VAIHTO",)))
    assert finder.on_display(["MAKSETTAVA", "1990"]).amount_kr == 1990
    assert finder.on_display(["SAMTALS", "1990"]).amount_kr is None
    assert finder.on_display(["MAKSETTAVA 1990", "VAIHTO 10"]).amount_kr is None


def test_a_label_that_is_no_regular_expression_is_named() -> None:
    with pytest.raises(ValueError, match=r"'\(' is not a regular expression"):
        TotalFinder(TotalRules(labels=("(",)))


@each_of("filler", [".", " ", "*", "=", "1.", "111.", ". ", "-"])
def test_long_lines_take_no_time(filler: str) -> None:
    assert (
        FINDER.in_text(
            [("SAMTALS" + filler * 80)[:80] + "x"] * 500 + [("SAMTALS" + filler * 80)[:79] + "x"] * 500
        ).amount_kr
        is None
    )
