"""Ends of day and copies, at the edges: times that are equal, what waits, the slip's head, whose copy it is."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter import of_shop
from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import (
    EndOfDayLookedUp,
    EndOfDayRequested,
    RegisterRequestLookedUp,
    ReprintLookedUp,
    ResultSeen,
)
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Reason, State
from terminal.sale.totals import ClosedPeriod, Period, Totals, to_staff, totals_of
from tests.each import each_of
from tests.sales import new_refund, new_sale, walk_to

RULES = CounterRules()
OPEN = walk_to(State.CUSTOMER).sale
BEFORE, DUE, AFTER, LATER = (f"2026-11-29T{hour}:00:00.000Z" for hour in ("21", "22", "23", "24"))


def due(view: View | None = None, *, since: str | None, first: str | None, now: str = AFTER) -> Decision:
    asked = EndOfDayLookedUp(Period(3, Totals(), since), due_at=DUE, first_at=first, now=now)
    return decide(view or View(), asked, RULES)


@each_of(
    ("since", "first", "now", "is_due"),
    [
        (None, BEFORE, AFTER, True),
        (BEFORE, BEFORE, AFTER, True),
        (None, None, AFTER, False),
        (None, AFTER, AFTER, False),
        (None, DUE, AFTER, False),
        (None, DUE, DUE, False),
        (DUE, BEFORE, AFTER, False),
        (DUE, BEFORE, DUE, False),
        (AFTER, BEFORE, AFTER, False),
        (LATER, BEFORE, AFTER, True),
        (None, LATER, AFTER, True),
    ],
)
def test_by_the_clock_a_day_ends_with_what_was_begun_before_its_time(
    since: str | None, first: str | None, now: str, is_due: bool
) -> None:
    """A time that is still to come was written by a clock that was ahead."""
    assert (due(since=since, first=first, now=now).close is not None) is is_due


@each_of("view", [View(sale=OPEN), View(refund=new_refund())], ids=["a sale", "a refund"])
def test_a_day_that_is_due_waits_for_what_is_open_and_is_asked_for_again_once(view: View) -> None:
    waits = due(view, since=None, first=BEFORE)
    assert (waits.close, waits.view.day_due_at, waits.follow_ups) == (None, DUE, ())
    assert decide(waits.view, ResultSeen(1), RULES).view.day_due_at == DUE
    free = replace(waits.view, sale=None, refund=None)
    asked = decide(free, ResultSeen(1), RULES)
    assert (asked.view.day_due_at, asked.follow_ups) == (None, (EndOfDayRequested(due_at=DUE),))


def test_a_day_that_is_not_due_waits_for_nothing() -> None:
    decision = due(View(sale=OPEN), since=DUE, first=BEFORE)
    assert (decision.close, decision.view.day_due_at) == (None, None)
    again = due(View(day_due_at=DUE), since=DUE, first=BEFORE)
    assert (again.view.day_due_at, again.follow_ups) == (None, ()), "the answer itself asks nothing"


def test_what_is_looked_up_does_not_ask_for_itself() -> None:
    """A day that another one has asked for."""
    asked = EndOfDayLookedUp(Period(3))
    decision = decide(View(day_due_at=DUE), asked, RULES)
    assert decision.close is not None
    assert decision.follow_ups == ()


def test_an_end_of_day_names_what_is_left_to_staff() -> None:
    left = replace(new_sale(5), state=State.ATTENTION, reason=Reason.NOT_TRACEABLE)
    decision = decide(View(attention=(left,)), EndOfDayLookedUp(Period(3)), RULES)
    assert decision.close is not None
    assert decision.close.totals.left_to_staff == to_staff([left])
    assert len(decision.close.totals.left_to_staff) == 1


# --- the head of the chain --------------------------------------------------------------------------------------------


def test_the_slip_that_a_register_prints_has_the_head_and_nothing_else_changes() -> None:
    slip = ClosedPeriod(number=3, since=None, until=AFTER, totals=Totals())
    with_slip = reg.TotalsReport(number=3, totals=Totals(), closed=True, slip=slip)
    without = reg.TotalsReport(number=3, totals=Totals(), closed=True)
    other = reg.TerminalReady()
    decision = of_shop.with_head(Decision(view=View(), replies=(with_slip, without, other)), "ab" * 32)
    first, *rest = decision.replies
    assert first == replace(with_slip, slip=replace(slip, head="ab" * 32))
    assert rest == [without, other]


def test_a_register_that_prints_the_slip_itself_gets_it_and_none_is_queued() -> None:
    period = Period(3, totals_of([replace(new_sale(5), state=State.CLOSED, reason=Reason.PAID)]), BEFORE)
    for prints_slip in (False, True):
        asked = RegisterRequestLookedUp(
            request=reg.TotalsRequest(close=True, prints_slip=prints_slip), period=period, created=AFTER
        )
        decision = decide(View(), asked, RULES)
        (told,) = decision.replies
        assert isinstance(told, reg.TotalsReport)
        slip = ClosedPeriod(number=3, since=BEFORE, until=AFTER, totals=period.totals)
        assert told == reg.TotalsReport(number=3, totals=period.totals, closed=True, slip=slip if prints_slip else None)
        assert decision.close is not None
        assert decision.close.is_printed is not prints_slip


# --- copies -----------------------------------------------------------------------------------------------------------


def copies(**asked: Any) -> list[tuple[str, ReceiptKind, int]]:
    wanted = ReprintLookedUp(**({"kinds": ()} | asked))
    return [(one.receipt_id, one.kind, one.copy) for one in decide(View(), wanted, RULES).receipts]


@each_of(
    ("reason", "kind"),
    [
        (RefundReason.DONE, ReceiptKind.CUSTOMER),
        (RefundReason.SETTLED_DONE, ReceiptKind.CUSTOMER),
        (RefundReason.REFUSED, ReceiptKind.ATTENTION),
        (RefundReason.NOT_TRACEABLE, ReceiptKind.ATTENTION),
    ],
)
def test_of_a_refund_the_customers_receipt_comes_again_or_the_slip(reason: RefundReason, kind: ReceiptKind) -> None:
    refund = new_refund(reason=reason, state=RefundState.CLOSED)
    ((_, said, _),) = copies(refund=refund)
    assert said is kind
    ((_, said, _),) = copies(refund=refund, kinds=(ReceiptKind.MERCHANT,))
    assert said is ReceiptKind.MERCHANT


def test_of_a_refund_that_is_not_over_there_is_none() -> None:
    assert copies(refund=new_refund()) == []


@each_of(
    ("reason", "kind"), [(Reason.PAID, ReceiptKind.CUSTOMER), (Reason.NOT_TRACEABLE, ReceiptKind.ATTENTION)], ids=str
)
def test_of_a_sale_the_same(reason: Reason, kind: ReceiptKind) -> None:
    sale = replace(new_sale(5), state=State.CLOSED, reason=reason)
    assert [one[1] for one in copies(sale=sale)] == [kind]
    assert [one[1] for one in copies(sale=sale, kinds=(ReceiptKind.MERCHANT,))] == [ReceiptKind.MERCHANT]


@each_of(("earlier", "is_printed"), [(0, True), (19, True), (20, False), (21, False)])
def test_one_receipt_comes_out_twenty_times_at_most(earlier: int, is_printed: bool) -> None:
    sale = replace(new_sale(5), state=State.CLOSED, reason=Reason.PAID)
    prints = tuple(
        QueuedReceipt(f"5-customer-{copy}", 5, ReceiptKind.CUSTOMER, copy, ReceiptState.PRINTED)
        for copy in range(earlier)
    )
    others = tuple(replace(one, kind=ReceiptKind.MERCHANT) for one in prints)
    assert bool(copies(sale=sale, earlier=prints + others)) is is_printed
