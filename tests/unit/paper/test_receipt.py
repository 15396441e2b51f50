"""What stands on paper, at every width of paper."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hardware.interfaces import Columns, Cut, Document, TextLine
from hardware.printer.encoder import to_codepage
from terminal.paper.receipt import Shop, receipt_document
from terminal.sale.customer import CustomerKind
from terminal.sale.effects import ReceiptKind
from terminal.sale.money import LONGEST_AMOUNT_DIGITS, format_kr
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.texts.sentences import result_sentence, words_in
from terminal.texts.words import Language
from tests.each import each, each_of
from tests.golden.samples import CLOSED_SALE, GOLDEN, LANGUAGES, SALE, SHOP
from tests.golden.slips import RECEIPT_CASES, as_text, receipt, receipt_path

PRINTED_AT = datetime(2026, 11, 24, 9, 1, tzinfo=UTC)
WIDTHS: tuple[Columns, ...] = (24, 32, 42, 48, 64)

every_width = each_of("columns", WIDTHS)
every_language = each_of("language", LANGUAGES)


def document(
    sale: Sale = CLOSED_SALE,
    *,
    kind: ReceiptKind = ReceiptKind.CUSTOMER,
    copy: bool = False,
    shop: Shop = SHOP,
    terminal_id: str = "T1",
    printed_at: datetime = PRINTED_AT,
    language: Language = "is",
    columns: Columns = 32,
    clock_set: bool = True,
) -> Document:
    return receipt_document(
        sale,
        kind=kind,
        copy=copy,
        shop=shop,
        terminal_id=terminal_id,
        printed_at=printed_at,
        language=language,
        columns=columns,
        clock_set=clock_set,
    )


def lines(receipt: Document) -> list[TextLine]:
    return [item for item in receipt if isinstance(item, TextLine)]


def text(receipt: Document) -> str:
    return "\n".join(line.text for line in lines(receipt))


def test_receipts_read_as_golden() -> None:
    with each() as case:
        for shown in RECEIPT_CASES:
            with case(*shown):
                golden = receipt_path(*shown).read_text(encoding="utf-8")
                assert as_text(receipt(*shown), shown[-1]) == golden, "look at it, then python -m tests.golden"


def test_no_golden_receipt_is_left_over() -> None:
    kept: set[Path] = set(GOLDEN.glob("receipts/*/*.txt"))
    assert kept == {receipt_path(*case) for case in RECEIPT_CASES}


@every_width
def test_customer_receipt_carries_every_fact(columns: Columns) -> None:
    printed = text(document(columns=columns))
    for fact in ("Netgíró", "SALA", "1.990 kr.", "SAMÞYKKT", "23.11.2026 14:39", "1042", "T1", "8812345"):
        assert fact in printed
    assert CLOSED_SALE.reference in printed
    assert "Símanúmer *** **81" in printed
    assert "Kt. 550101-1230" in printed


@every_width
def test_the_largest_amount_and_the_millionth_sale_are_whole_on_every_slip(columns: Columns) -> None:
    with each() as case:
        for kind, number, language in product(ReceiptKind, (999_999, 1_000_000, 1_234_567), LANGUAGES):
            with case(kind, number, language):
                sale = replace(
                    CLOSED_SALE,
                    number=number,
                    amount_kr=9_999_999,
                    reference=f"T1-{number:06d}-A1B2C3",
                    reason=Reason.PAID,
                )
                printed = [line.text for line in lines(document(sale, kind=kind, language=language, columns=columns))]
                assert any(format_kr(9_999_999) in line for line in printed)
                assert any(sale.reference in line for line in printed)


@every_width
def test_authorization_id_is_whole_and_broken_at_a_hyphen_at_most(columns: Columns) -> None:
    found = [
        line.text for line in lines(document(columns=columns)) if "5717-4562" in line.text or "2c963f" in line.text
    ]
    assert "".join(found).replace(" ", "").removeprefix("Færslunúmer") == CLOSED_SALE.authorization_id
    assert len(found) == (2 if columns < 36 else 1)
    assert all(line.endswith("-") for line in found[:-1])


@every_width
def test_long_reference_is_whole(columns: Columns) -> None:
    sale = replace(CLOSED_SALE, reference="T1-20261123-000000001042-0123456789ABCDEF0123456789ABCDEF")
    printed = [line.text for line in lines(document(sale, columns=columns))]
    assert sale.reference in "".join(printed)


def test_name_and_amount_stand_out() -> None:
    double = [line.text for line in lines(document()) if line.double]
    assert double == ["Netgíró", "1.990 kr."]


def test_receipt_ends_with_one_cut() -> None:
    printed = document()
    assert [index for index, item in enumerate(printed) if isinstance(item, Cut)] == [len(printed) - 1]


def test_kind_of_copy_is_named() -> None:
    assert "Eintak viðskiptavinar" in text(document(kind=ReceiptKind.CUSTOMER))
    assert "Eintak söluaðila" in text(document(kind=ReceiptKind.MERCHANT))


def test_later_print_is_marked_and_shows_both_times() -> None:
    first, later = text(document()), text(document(copy=True))
    assert "AFRIT" not in first
    assert "24.11.2026" not in first
    assert "*** AFRIT ***" in later
    assert "23.11.2026 14:39" in later
    assert "24.11.2026 09:01" in later


def test_times_are_shown_in_the_zone_of_the_printing() -> None:
    east = datetime(2026, 11, 24, 1, 0, tzinfo=timezone(timedelta(hours=10)))
    assert "24.11.2026 00:39" in text(document(printed_at=east))


def test_clock_that_was_not_set_is_told() -> None:
    assert "Klukka óstillt" not in text(document())
    assert "Klukka óstillt" in text(document(clock_set=False))


def test_only_an_approved_sale_goes_without_an_explanation() -> None:
    with each() as case:
        for reason, language in product(Reason, LANGUAGES):
            with case(reason, language):
                printed = text(document(replace(CLOSED_SALE, reason=reason), language=language, columns=48))
                is_explained = result_sentence(reason, language) in printed.replace("\n", " ")
                assert is_explained == (reason.outcome is not Outcome.APPROVED)


def test_what_support_asks_for_is_on_the_merchants_copy_of_a_sale_in_doubt() -> None:
    number = CLOSED_SALE.support_reference or ""
    in_doubt = replace(CLOSED_SALE, reason=Reason.NOT_TRACEABLE)
    assert number in text(document(in_doubt, kind=ReceiptKind.MERCHANT))
    assert number not in text(document(in_doubt, kind=ReceiptKind.CUSTOMER))
    assert number not in text(document(kind=ReceiptKind.MERCHANT))


DUE = replace(CLOSED_SALE, state=State.ATTENTION, reason=Reason.REFUND_DUE)


@every_width
@every_language
def test_slip_for_staff_says_what_is_due_and_what_to_do(language: Language, columns: Columns) -> None:
    printed = document(DUE, kind=ReceiptKind.ATTENTION, language=language, columns=columns)
    to_do = words_in(language).receipt.to_do[Outcome.REFUND_DUE]
    assert [line.text for line in lines(printed) if line.double] == ["Netgíró", to_do.title, "1.990 kr."]
    words = " ".join(text(printed).split())
    for step in to_do.steps:
        assert step in words
    for fact in ("23.11.2026 14:39", "1042", "T1", DUE.reference, DUE.support_reference or ""):
        assert fact in words
    assert (DUE.authorization_id or "?") in text(printed).replace(" ", "").replace("\n", "")
    assert f"{words_in(language).receipt.register} {DUE.register_id}" in words


def test_register_id_that_only_repeats_the_reference_is_left_out() -> None:
    printed = text(document(replace(DUE, register_id=DUE.reference), kind=ReceiptKind.ATTENTION))
    assert printed.count(DUE.reference) == 1


@each_of("reason", [Reason.REFUNDED, Reason.SETTLED_PAID, Reason.SETTLED_UNPAID])
def test_slip_of_a_sale_that_was_settled_meanwhile_asks_for_nothing(reason: Reason) -> None:
    printed = text(document(replace(DUE, state=State.CLOSED, reason=reason), kind=ReceiptKind.ATTENTION))
    assert words_in("is").outcomes[reason.outcome].upper() in printed
    assert "1. " not in printed


def test_facts_that_the_sale_does_not_have_leave_no_empty_line() -> None:
    bare = replace(SALE, state=State.CLOSED, reason=Reason.TIMED_OUT)
    printed = text(document(bare, shop=Shop()))
    for label in ("Kt.", "Auðkenni", "Reikningur", "Færslunúmer", "None"):
        assert label not in printed
    assert "\n\n\n" not in printed


@each_of("kind", CustomerKind)
def test_app_code_and_kennitala_leave_only_their_kind(kind: CustomerKind) -> None:
    sale = replace(CLOSED_SALE, customer_kind=kind, customer_label="")
    row = next(line.text for line in lines(document(sale)) if line.text.startswith("Auðkenni"))
    assert not any(char.isdigit() for char in row)
    assert len(row) == 32


@each_of("state", [state for state in State if state not in (State.REPORT, State.ATTENTION, State.CLOSED)])
def test_open_sale_has_no_receipt(state: State) -> None:
    with pytest.raises(ValueError, match="still open"):
        document(replace(CLOSED_SALE, state=state))


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        document(printed_at=PRINTED_AT.replace(tzinfo=None))


def test_every_character_is_in_the_code_pages() -> None:
    with each() as case:
        for language, kind, codepage in product(LANGUAGES, ReceiptKind, ("CP858", "CP1252", "CP850", "CP861")):
            with case(language, kind, codepage):
                for line in lines(document(language=language, kind=kind, copy=True, clock_set=False)):
                    assert to_codepage(line.text, codepage) == line.text


names = st.text(max_size=200)


@given(amount_kr=st.integers(1, 10**LONGEST_AMOUNT_DIGITS - 1), register_id=names, columns=st.sampled_from(WIDTHS))
def test_no_line_of_a_slip_is_wider_than_the_paper(amount_kr: int, register_id: str, columns: Columns) -> None:
    sale = replace(DUE, amount_kr=amount_kr, register_id=register_id)
    for language in LANGUAGES:
        for line in lines(document(sale, kind=ReceiptKind.ATTENTION, language=language, columns=columns)):
            assert len(line.text) <= (columns // 2 if line.double else columns)


@given(
    amount_kr=st.integers(1, 10**LONGEST_AMOUNT_DIGITS - 1),
    shop=st.builds(Shop, name=names, kennitala=names),
    terminal_id=names,
    invoice_number=st.none() | names,
    support_reference=st.none() | names,
    reason=st.sampled_from(Reason),
    kind=st.sampled_from((ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)),
    language=st.sampled_from(LANGUAGES),
    columns=st.sampled_from(WIDTHS),
    copy=st.booleans(),
)
def test_no_line_is_wider_than_the_paper(
    *,
    amount_kr: int,
    shop: Shop,
    terminal_id: str,
    invoice_number: str | None,
    support_reference: str | None,
    reason: Reason,
    kind: ReceiptKind,
    language: Language,
    columns: Columns,
    copy: bool,
) -> None:
    sale = replace(
        CLOSED_SALE,
        amount_kr=amount_kr,
        reason=reason,
        invoice_number=invoice_number,
        support_reference=support_reference,
    )
    printed = document(
        sale, shop=shop, terminal_id=terminal_id, kind=kind, language=language, columns=columns, copy=copy
    )
    for line in lines(printed):
        assert len(line.text) <= (columns // 2 if line.double else columns)
        assert line.text == "" or line.text.isprintable()
    sign = "-" if reason is Reason.REFUNDED else ""
    assert f"{sign}{format_kr(amount_kr)}" in [line.text for line in lines(printed)], (
        "whole, and as large as the paper lets it be"
    )


@given(
    name=st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200),
    columns=st.sampled_from(WIDTHS),
)
def test_no_character_of_a_long_name_is_lost(name: str, columns: Columns) -> None:
    bold = [
        line.text for line in lines(document(shop=Shop(name=name), columns=columns)) if line.bold and not line.double
    ]
    assert "".join(bold[: bold.index("SALA")]) == unicodedata.normalize("NFC", name)


@each_of("kind", [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT])
def test_register_stands_on_every_copy_and_only_who_has_paid_is_thanked(kind: ReceiptKind) -> None:
    for reason in Reason:
        if reason.outcome in (Outcome.UNKNOWN, Outcome.REFUND_DUE):
            continue
        printed = [line.text for line in lines(document(replace(CLOSED_SALE, reason=reason), kind=kind, columns=48))]
        assert any(line.startswith("Kassi") and line.endswith(CLOSED_SALE.register_id) for line in printed)
        is_thanked = reason.outcome is Outcome.APPROVED and kind is ReceiptKind.CUSTOMER
        assert any("Takk" in line for line in printed) == is_thanked


def test_shop_says_what_it_wants_under_its_name_and_where_to_ask() -> None:
    printed = [
        line.text for line in lines(document(shop=Shop(name="Búð", lines=("Sími 555", "VSK-nr. 1")), columns=32))
    ]
    assert printed[:3] == ["Búð", "Sími 555", "VSK-nr. 1"]
    assert "Greiðslukvittun" in printed
    assert "www.netgiro.is" in " ".join(printed)


def test_soft_hyphens_and_zero_width_marks_leave_no_gap() -> None:
    printed = [line.text for line in lines(document(shop=Shop(name="Kaffi\u00adhús\u200bið\ufeff"), columns=32))]
    assert printed[0] == "Kaffihúsið"
