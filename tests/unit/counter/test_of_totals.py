"""Totals for the register: told as they are, and an end of day told again until the register has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import PastClose, RegisterRequestLookedUp
from terminal.counter.of_totals import UNTOLD_CLOSE_KEPT_S
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.sale import Outcome, State
from terminal.sale.totals import ClosedPeriod, Period, Tally, ToldCloses, Totals, totals_of
from tests.sales import walk_to

SOLD = replace(walk_to(State.CLOSED).sale, amount_kr=590)
DAY = ClosedPeriod(
    number=4,
    since="2026-11-22T18:00:00.000Z",
    until="2026-11-23T18:00:00.000Z",
    totals=Totals(by_outcome={Outcome.APPROVED: Tally(1, 1990)}),
)
UNTOLD = View(told_closes=ToldCloses(untold=4))


def ask(
    view: View, *, close: bool = True, sold: bool = False, close_age_s: float = 60.0, since: Sequence[PastClose] = ()
) -> Decision:
    closes = (PastClose(DAY, close_age_s), *since)
    period = Period(5 + len(since), totals_of([SOLD] if sold else []), since=closes[-1].period.until)
    request = reg.TotalsRequest(close=close)
    asked = RegisterRequestLookedUp(request=request, period=period, created="now", closes=closes)
    return decide(view, asked, CounterRules())


def told(decision: Decision) -> reg.TotalsReport:
    (report,) = decision.replies
    assert isinstance(report, reg.TotalsReport)
    return report


def is_again(decision: Decision) -> bool:
    """The last close is told again, and nothing ends."""
    report = told(decision)
    assert report.closed
    assert (report.number == 4) is (decision.close is None)
    return report.number == 4


@pytest.mark.parametrize("sold", [True, False])
def test_a_close_that_was_not_acknowledged_is_told_again_for_ten_minutes(sold: bool) -> None:
    assert is_again(ask(UNTOLD, sold=sold, close_age_s=UNTOLD_CLOSE_KEPT_S - 1))


def test_an_empty_close_right_after_it_is_no_close_however_late() -> None:
    assert is_again(ask(UNTOLD, close_age_s=1e6))


def test_a_day_later_with_sales_another_day_ends() -> None:
    decision = ask(UNTOLD, sold=True, close_age_s=UNTOLD_CLOSE_KEPT_S)
    assert not is_again(decision)
    assert told(decision).totals.of(Outcome.APPROVED) == Tally(1, 590)
    assert decision.view.told_closes.untold == 5


@pytest.mark.parametrize("sold", [True, False])
def test_what_the_register_has_acknowledged_is_over(sold: bool) -> None:
    view = decide(UNTOLD, RegisterRequestLookedUp(request=reg.TotalsDelivered(4)), CounterRules()).view
    assert not is_again(ask(view, sold=sold))


@pytest.mark.parametrize("view", [UNTOLD, View()], ids=["not acknowledged", "after a start"])
def test_a_sale_that_was_cancelled_since_is_nothing_to_book(view: View) -> None:
    """Else the register hears of a day with nothing in it, and never of the one before."""
    cancelled = walk_to(State.ENTRY).cancelled().acknowledged().sale
    request = reg.TotalsRequest(close=True)
    period = Period(5, totals_of([cancelled]), since=DAY.until)
    asked = RegisterRequestLookedUp(request=request, period=period, closes=(PastClose(DAY, 60.0),))
    assert is_again(decide(view, asked, CounterRules()))
    given_back = replace(asked, period=Period(5, replace(totals_of([cancelled]), refunds=Tally(1, 100))))
    assert is_again(decide(view, given_back, CounterRules())) is (view is UNTOLD)


@pytest.mark.parametrize(
    ("age_s", "sold", "again"), [(60.0, False, True), (60.0, True, False), (UNTOLD_CLOSE_KEPT_S, False, False)]
)
def test_after_a_start_nobody_knows_and_only_a_young_empty_close_is_told_again(
    age_s: float, sold: bool, again: bool
) -> None:
    assert is_again(ask(View(), sold=sold, close_age_s=age_s)) is again


EMPTY = PastClose(ClosedPeriod(number=5, since=DAY.until, until="2026-11-23T18:01:00.000Z", totals=Totals()), 30.0)


@pytest.mark.parametrize("view", [UNTOLD, View()], ids=["not acknowledged", "after a start"])
def test_a_day_with_nothing_to_book_that_the_clock_has_ended_hides_none_before_it(view: View) -> None:
    assert is_again(ask(view, since=[EMPTY]))


def test_once_that_is_acknowledged_the_next_close_is_a_new_one() -> None:
    assert told(ask(View(told_closes=ToldCloses(4)), since=[EMPTY])).number == 6


def test_an_empty_close_that_was_not_acknowledged_is_told_again_too() -> None:
    assert told(ask(View(told_closes=ToldCloses(4, 5)), since=[EMPTY])).number == 5


def test_a_close_by_the_shop_is_not_told_to_the_register() -> None:
    assert not is_again(ask(View(told_closes=ToldCloses(3))))


def test_the_slip_comes_again_with_it() -> None:
    request = reg.TotalsRequest(close=True, prints_slip=True)
    asked = RegisterRequestLookedUp(request=request, period=Period(5), closes=(PastClose(DAY, 60.0),))
    assert told(decide(UNTOLD, asked, CounterRules())).slip == DAY


def test_totals_alone_close_nothing_and_do_not_wait_for_the_open_sale() -> None:
    decision = ask(View(sale=walk_to(State.CUSTOMER).sale), close=False, sold=True)
    assert decision.close is None
    assert told(decision) == reg.TotalsReport(number=5, totals=told(decision).totals, closed=False)


def test_a_day_does_not_end_while_a_sale_is_open() -> None:
    (refused,) = ask(View(sale=walk_to(State.CUSTOMER).sale)).replies
    assert isinstance(refused, reg.RequestRefused)
    assert refused.code is reg.RefusalCode.BUSY
