"""What time and surroundings change at the counter, and what stays."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter import of_sale
from terminal.counter.decision import Decision, KeepOfferFor
from terminal.counter.inputs import (
    ConditionsChanged,
    EndedSaleLookedUp,
    JournalTrialDue,
    RefundResultSeen,
    ReprintRequested,
    ResultSeen,
)
from terminal.counter.typing import Entry
from terminal.counter.view import Offer, View
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.sale import CallKind, Reason, State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import new_refund, report_for, unknown_capture, walk_to
from tests.unit.counter.desk_bench import RULES, Desk, desk_with, ended

TYPED = Entry(Sensitive("822"))


def test_a_trial_of_the_journal_changes_nothing_by_itself() -> None:
    view = View(sale=walk_to(State.CUSTOMER).sale)
    assert Desk(view=view).happen(JournalTrialDue()).last == Decision(view=view)


@each_of(
    ("before", "changes", "is_missed"),
    [
        ({}, {"network_ok": False}, False),
        ({}, {"paper_low": True}, False),
        ({}, {"keypad_ok": False}, False),
        ({}, {"keypad_ok": True}, False),
        ({"keypad_ok": False}, {"network_ok": False}, False),
        ({"keypad_ok": False}, {"keypad_ok": True}, True),
        ({"keypad_opening": True}, {"keypad_opening": False}, True),
        ({"keypad_opening": True, "keypad_ok": False}, {"keypad_ok": True}, False),
    ],
    ids=str,
)
def test_only_when_keys_are_read_again_one_may_be_missing(
    before: dict[str, Any], changes: dict[str, Any], is_missed: bool
) -> None:
    view = View(sale=walk_to(State.ENTRY).sale, entry=TYPED)
    desk = Desk(view=replace(view, conditions=replace(view.conditions, **before)))
    desk.happen(ConditionsChanged(changes))
    assert (desk.view.entry != TYPED) is is_missed
    assert all(getattr(desk.view.conditions, name) == value for name, value in changes.items())


@each_of(("number", "is_cleared"), [(3, True), (4, False)])
def test_a_result_is_shown_until_its_own_time_is_over(number: int, is_cleared: bool) -> None:
    desk = Desk(view=View(result=ended(number=3), refund_result=new_refund(number=3)))
    desk.happen(ResultSeen(number))
    assert (desk.view.result is None) is is_cleared
    assert desk.view.refund_result is not None
    desk.happen(RefundResultSeen(number))
    assert (desk.view.refund_result is None) is is_cleared


def test_a_time_that_ends_after_the_result_is_gone_changes_nothing() -> None:
    for event in (ResultSeen(3), RefundResultSeen(3)):
        assert Desk().happen(event).view == View()


# --- a sale ends ------------------------------------------------------------------------------------------------------


def test_the_times_are_these() -> None:
    assert (of_sale.RESULT_SHOWN_S, of_sale.LOOK_AFTER_LOSS_S, of_sale.MOST_TRACED) == (12.0, 5.0, 100)


@each_of(
    ("reason", "is_offered"),
    [
        (Reason.CUSTOMER_DECLINED, True),
        (Reason.CASHIER_CANCELLED, True),
        (Reason.NO_CONNECTION, True),
        (Reason.PAID, False),
        (Reason.NOT_TRACEABLE, False),
    ],
)
def test_a_total_that_was_not_paid_is_offered_once_more(reason: Reason, is_offered: bool) -> None:
    sale = replace(walk_to(State.REPORT).sale, reason=reason)
    offer = Offer(1990, is_open=False)
    desk = desk_with(sale, offer=offer, has_more_time=True, entry=TYPED)
    desk.happen(ev.ResultAcknowledged(sale.number))
    assert desk.view.offer == replace(offer, is_open=is_offered)
    assert (KeepOfferFor(1990, RULES.terms.entry_timeout_s) in desk.last.effects) is is_offered
    assert (desk.view.sale, desk.view.deadline, desk.view.has_more_time, desk.view.entry) == (
        None,
        None,
        False,
        Entry(),
    )


def test_what_is_still_shown_of_a_sale_that_is_opened_again_is_as_it_now_is() -> None:
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    desk = Desk(view=View(traced=(sale,), result=sale))
    desk.happen(ev.StatusReceived(sale.number, sale.calls, report_for(sale, Status.PAID)))
    assert desk.view.result is not None
    assert desk.view.result.reason is Reason.PAID_LATE
    other = ended(number=99)
    desk = Desk(view=View(traced=(sale,), result=other))
    desk.happen(ev.StatusReceived(sale.number, sale.calls, report_for(sale, Status.PAID)))
    assert desk.view.result == other


def test_a_sale_that_is_not_traced_any_more_is_not_traced_by_an_answer_that_comes_late() -> None:
    """As the journal has it, it still was."""
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    assert (sale.tracing, sale.asking) == (True, CallKind.STATUS)
    late = ev.StatusReceived(sale.number, sale.calls, report_for(sale, Status.RESERVED))
    desk = Desk().happen(EndedSaleLookedUp(late, sale))
    assert (desk.last.effects, desk.last.record, desk.view.traced) == ((), None, ())


def test_a_correction_that_the_journal_contradicts_changes_nothing_of_what_is_traced() -> None:
    sale = unknown_capture().settled(ev.Verdict.PAID).acknowledged().sale
    desk = Desk(view=View(traced=(sale,)))
    corrected = ev.SettlementCorrected(sale.number, ev.Verdict.UNPAID, "gunnar")
    assert desk.happen(corrected).last.record is None
    assert desk.happen(EndedSaleLookedUp(corrected, sale)).last.record is not None


@each_of("has_slip", [True, False])
def test_a_correction_is_printed_where_anything_is_and_its_sale_asked_about(has_slip: bool) -> None:
    copies = {"customer_copy": has_slip, "merchant_copy": has_slip, "staff_slip": has_slip}
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    sale = replace(sale, terms=replace(sale.terms, **copies))
    desk = Desk().happen(EndedSaleLookedUp(ev.SettlementCorrected(sale.number, ev.Verdict.PAID, "anna"), sale))
    assert desk.last.record is not None
    assert bool(desk.last.follow_ups) is has_slip
    assert [one.number for one in desk.view.traced] == [sale.number]


def test_who_is_asked_a_second_time_gets_a_second_slip() -> None:
    """Each kind is queued once: of the first, about the payment that was proved unpaid, this is another print."""
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    for asked_before, prints_anew in ((Reason.PROVED_UNPAID, True), (Reason.NOT_TRACEABLE, False)):
        desk = Desk(view=View(traced=(replace(sale, settled_from=asked_before),)))
        desk.happen(ev.StatusReceived(sale.number, sale.calls, report_for(sale, Status.PAID)))
        again = ReprintRequested(sale.number, (ReceiptKind.ATTENTION,))
        assert (again in desk.last.follow_ups) is prints_anew
        assert desk.last.record is not None
        assert desk.last.record.receipts == (() if prints_anew else (ReceiptKind.ATTENTION,))
