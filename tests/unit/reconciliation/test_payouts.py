"""Items of settlements and sales, matched by amount and time alone."""

from __future__ import annotations

from terminal.reconciliation.findings import Ending, Finding, Kind, MatchedBy
from terminal.reconciliation.payouts import with_payouts
from terminal.sale.gateway import SettledItem, Settlement

NOON = "2026-11-23T12:00:00.000Z"


def sale(number: int, amount_kr: int = 1990, created: str = NOON, outcome: str = "approved") -> Finding:
    return Finding(
        kind=Kind.SALE, ending=Ending.AGREES, number=number, amount_kr=amount_kr, created=created, outcome=outcome
    )


def item(total_kr: int = 1990, created: str | None = NOON) -> SettledItem:
    return SettledItem(created=created, total_kr=total_kr, fee_kr=total_kr // 50)


def settlement(*items: SettledItem, off_by: int = 0) -> dict[Settlement, list[SettledItem]]:
    total_kr, fee_kr = sum(one.total_kr for one in items) + off_by, sum(one.fee_kr for one in items)
    whole = Settlement(
        number="1-2", transferred="2026-11-25", total_kr=total_kr, fee_kr=fee_kr, net_kr=total_kr - fee_kr
    )
    return {whole: list(items)}


def test_an_item_that_fits_one_sale_is_its_pay_out() -> None:
    (paid, whole), others = with_payouts([sale(1)], {}, settlement(item()))
    assert (paid.settlement, paid.settled, paid.fee_kr, paid.net_kr) == ("1-2", "2026-11-25", 39, 1951)
    assert paid.matched_by is MatchedBy.AMOUNT_AND_TIME
    assert (whole.kind, whole.ending, others) == (Kind.SETTLEMENT, Ending.AGREES, 0)


def test_two_sales_of_one_amount_at_one_time_are_marked() -> None:
    found, _ = with_payouts([sale(1), sale(2)], {}, settlement(item()))
    assert [one.matched_by for one in found[:2]] == [MatchedBy.NOT_UNIQUE, None]
    found, _ = with_payouts([sale(1), sale(2)], {}, settlement(item(), item()))
    assert [one.matched_by for one in found[:2]] == [MatchedBy.NOT_UNIQUE] * 2


def test_the_nearest_in_time_is_taken() -> None:
    near, far = sale(1, created="2026-11-23T12:01:00Z"), sale(2, created="2026-11-23T12:05:00Z")
    found, _ = with_payouts([far, near], {}, settlement(item()))
    assert [one.settlement for one in found[:2]] == [None, "1-2"]


def test_the_services_own_time_counts_where_it_is_known() -> None:
    late = sale(1, created="2026-11-23T15:00:00.000Z")
    found, others = with_payouts([late], {1: NOON}, settlement(item()))
    assert (found[0].settlement, others) == ("1-2", 0)
    found, others = with_payouts([late], {}, settlement(item()))
    assert (found[0].settlement, others) == (None, 1)


def test_times_without_a_zone_with_many_digits_or_of_a_day_are_understood() -> None:
    for created in ("2026-11-23T12:00:00", "2026-11-23T12:00:00.1234567", "2026-11-23"):
        found, _ = with_payouts([sale(1)], {}, settlement(item(created=created)))
        assert found[0].settlement == "1-2", created
    for created in ("", "yesterday", None, "2026-13-40T99:99"):
        found, others = with_payouts([sale(1)], {}, settlement(item(created=created)))
        assert (found[0].settlement, others) == (None, 1), created


def test_a_sale_that_was_not_paid_takes_no_item() -> None:
    found, others = with_payouts([sale(1, outcome="declined")], {}, settlement(item()))
    assert (found[0].settlement, others) == (None, 1)


def test_a_settlement_that_does_not_add_up_differs() -> None:
    found, _ = with_payouts([], {}, settlement(item(), off_by=10))
    assert found[0].ending is Ending.DIFFERS
    wrong = Settlement(number="1-3", total_kr=100, fee_kr=10, net_kr=91)
    found, _ = with_payouts([], {}, {wrong: [SettledItem(total_kr=100, fee_kr=10)]})
    assert found[0].ending is Ending.DIFFERS
