"""When a day is due by the clock: each case of what the journal's times may say."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.inputs import ConditionsChanged, EndOfDayLookedUp, EndOfDayRequested
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.totals import Period, Totals
from tests.each import each
from tests.golden.samples import LOST_REFUND, SALE

DUE, NOW = "2026-11-23T22:00:00.000Z", "2026-11-23T22:00:00.100Z"
BEFORE, AFTER = "2026-11-23T12:00:00.000Z", "2026-11-23T22:00:00.050Z"
YESTERDAY, NEXT_YEAR = "2026-11-22T22:00:00.000Z", "2027-11-23T22:00:00.000Z"


def asked(first_at: str | None, since: str | None = YESTERDAY) -> EndOfDayLookedUp:
    return EndOfDayLookedUp(Period(3, Totals(), since), due_at=DUE, first_at=first_at, now=NOW)


def test_a_day_is_due_that_began_before_its_time_and_has_not_ended_since() -> None:
    cases = {
        "an ordinary day": (BEFORE, YESTERDAY, True),
        "the first of all": (BEFORE, None, True),
        "nothing was written": (None, YESTERDAY, False),
        "only what came after": (AFTER, YESTERDAY, False),
        "it has ended, and the clock went back": (BEFORE, AFTER, False),
        "it has ended just then": (BEFORE, DUE, False),
        "it ended under a clock that was ahead": (BEFORE, NEXT_YEAR, True),
        "it began under a clock that was ahead": (NEXT_YEAR, YESTERDAY, True),
    }
    with each() as case:
        for name, (first_at, since, is_due) in cases.items():
            with case(name):
                decision = decide(View(), asked(first_at, since), CounterRules())
                assert (decision.close is not None) == is_due
                assert decision.view.day_due_at is None


def test_it_waits_for_a_sale_or_an_awaited_refund_and_comes_when_that_is_over() -> None:
    for busy in (View(sale=SALE), View(refund=LOST_REFUND)):
        decision = decide(busy, asked(BEFORE), CounterRules())
        assert decision.close is None
        waiting = decision.view
        assert waiting.day_due_at == DUE
        assert decide(waiting, ConditionsChanged({}), CounterRules()).follow_ups == ()
        over = replace(waiting, sale=None, refund=None)
        decision = decide(over, ConditionsChanged({}), CounterRules())
        assert decision.follow_ups == (EndOfDayRequested(due_at=DUE),)
        assert decision.view.day_due_at is None


def test_refunds_that_go_on_by_themselves_hold_up_no_day() -> None:
    assert decide(View(refunds=(LOST_REFUND,)), asked(BEFORE), CounterRules()).close is not None
