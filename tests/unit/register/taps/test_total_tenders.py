"""What a slip says below its total of how it was paid."""

from __future__ import annotations

from terminal.counter.register_words import TotalSeen
from terminal.register.settings import TotalRules
from terminal.register.taps.total import TotalFinder
from tests.each import each_of

FINDER = TotalFinder(TotalRules())


@each_of(
    "below",
    [
        *(["KORT 1.990"], ["Kort:  kr. 1.990"], ["DEBETKORT 1.990"], ["KREDITKORT", "1.990"], ["VISA 1.990,00 kr."]),
        *(["GREITT MEÐ KORTI 1.990"], ["GJAFAKORT -1.990"], ["CREDIT CARD 1,990.00"], ["MILLIFÆRSLA 1990"]),
        ["REIÐUFÉ 1.990"],
        ["REIÐUFÉ 2.000", "TIL BAKA 10"],
        ["REI\ufffdUF\ufffd         5.000", "", "Til baka", "3.010"],
        ["CASH 2.000", "CHANGE 10-"],
        ["KORT 990", "REIÐUFÉ 1.000"],
        ["KORT 990", "REIÐUFÉ 2.000", "TIL BAKA 1.000"],
        ["VSK 24% 385", "KORT 1.990"],
        ["KORT 1.990", "KORT NR. ************1234", "VISA 1.990", "HEIMILD 123456"],
        ["GJAFAKORT 0", "KORT 1.990"],
        *(["VISA ************1234 1.990"], ["KORT NR. **** **** **** 1234   1.990 kr."], ["DEBETKORT xxxx-1234 1990"]),
    ],
)
def test_a_slip_that_was_paid_in_other_ways_is_not_offered(below: list[str]) -> None:
    assert FINDER.in_text(["KAFFI 590", "SAMTALS 1.990", *below]) == TotalSeen(None, paid_kr=1990)


@each_of(
    ("below", "rest_kr"),
    [
        (["KORT 990"], 1000),
        (["KORT 990", "NETGÍRÓ 1.000"], 1000),
        (["GJAFAKORT -500"], 1490),
        (["KORT 500", "REIÐUFÉ 490"], 1000),
        (["KORT 990", "NETGÍRÓ 1.000", "", "Takk fyrir", "VISA 990"], 1000),
    ],
)
def test_of_a_slip_that_was_paid_in_part_the_rest_is_asked_about(below: list[str], rest_kr: int) -> None:
    assert FINDER.in_text(["SAMTALS 1.990", *below]) == TotalSeen(rest_kr, other_kr=1990)


@each_of(
    "below",
    [
        *(["KORT NR 1234"], ["VILDARKORT 4711"], ["KORT 4711"], ["VIÐ TÖKUM VISA OG MASTERCARD"]),
        *(["KORTATÍMABIL 2"], ["ANNAÐ 1.990"], ["NETGÍRÓ 1.990"], ["KORT 19,90"], []),
        *(["NETGÍRÓ 1.990", "VISA"], ["NETGÍRÓ 1.990", "VSK 24% 385", "KORT"]),
    ],
)
def test_what_is_no_payment_in_another_way_takes_no_offer_away(below: list[str]) -> None:
    assert FINDER.in_text(["SAMTALS 1.990", *below]) == TotalSeen(1990)


@each_of(
    "below",
    [
        *(["KORT VISA"], ["KORT"], ["VISA"], ["Greitt með korti"], ["REIÐUFÉ"], ["  * DEBETKORT *"], ["VISA/DEBIT"]),
        *(["KORT ****1234"], ["KORT **** **** **** 1234"], ["KORT VISA ************1234"], ["VISA xxxx-1234"]),
        *(["KORT VISA 1.990"], ["VISA DEBIT", "1.990"], ["KREDITKORT VISA 2.000", "TIL BAKA 10"]),
        *(["", "VSK 24%   1.605   385   1.990", "KORT VISA", "TAKK"], ["SAMTALS 1.990", "KORT"]),
    ],
)
def test_a_tender_without_an_amount_has_paid_the_whole(below: list[str]) -> None:
    assert FINDER.in_text(["KAFFI 590", "SAMTALS 1.990", *below]) == TotalSeen(None, paid_kr=1990)


def test_one_tender_without_an_amount_says_nothing_beside_those_with_one() -> None:
    assert FINDER.in_text(["SAMTALS 1.990", "KORT 990", "VISA"]) == TotalSeen(1000, other_kr=1990)


def test_how_it_was_paid_stands_below_the_total() -> None:
    assert FINDER.in_text(["KORT 1.990", "SAMTALS 1.990"]) == TotalSeen(1990)
    assert FINDER.in_text(["VISA", "SAMTALS 1.990"]) == TotalSeen(1990)


def test_a_shop_whose_card_key_means_netgiro_says_so() -> None:
    assert TotalFinder(TotalRules(tender_labels=("KORT",))).in_text(["SAMTALS 1.990", "KORT 1.990"]) == TotalSeen(1990)
    assert TotalFinder(TotalRules(paid_labels=())).in_text(["SAMTALS 1.990", "KORT 1.990"]) == TotalSeen(1990)
