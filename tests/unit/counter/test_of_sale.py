"""What a sale's own steps do to the counter: when the drawer opens, when the printer is found, what bounds a state."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.decision import Decision, OpenDrawer, PreparePrinter
from terminal.counter.inputs import EndedSaleLookedUp, ReprintRequested
from terminal.counter.of_sale import begun
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import CallKind, Outcome, Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from tests.sales import CUSTOMERS, new_sale, report_for, walk_to

RULES = CounterRules()
WITHOUT_PRINTER = CounterRules(has_printer=False)


def happen(sale: Sale, event: ev.SaleEvent, rules: CounterRules = RULES) -> Decision:
    return decide(View(sale=sale), event, rules)


def asked(decision: Decision) -> list[object]:
    """Of the printer, ahead of any receipt."""
    return [one for one in decision.effects if isinstance(one, PreparePrinter | OpenDrawer)]


def paid(sale: Sale) -> ev.StatusReceived:
    return ev.StatusReceived(sale.number, sale.calls, report_for(sale, Status.PAID))


def test_the_printer_is_found_when_a_sale_begins_and_when_one_is_found_open() -> None:
    assert asked(begun(View(), new_sale(), RULES)) == [PreparePrinter()]
    assert asked(begun(View(), new_sale(), WITHOUT_PRINTER)) == []
    sale = walk_to(State.CUSTOMER).sale
    assert asked(happen(sale, ev.PowerRestored(sale.number))) == [PreparePrinter()]


def test_the_drawer_opens_with_the_approval_and_not_again_with_what_follows() -> None:
    sale = walk_to(State.CAPTURE).sale
    approved = happen(sale, paid(sale))
    assert approved.view.sale is not None
    assert approved.view.sale.outcome is Outcome.APPROVED
    assert asked(approved) == [OpenDrawer()]
    assert asked(happen(sale, paid(sale), WITHOUT_PRINTER)) == []
    for event in (ev.ResultAcknowledged(sale.number), ev.ResultRejected(sale.number), paid(approved.view.sale)):
        assert asked(decide(approved.view, event, RULES)) == []
    assert asked(decide(approved.view, ev.PowerRestored(sale.number), RULES)) == [PreparePrinter()]


@pytest.mark.parametrize("state", [State.ENTRY, State.CUSTOMER, State.CODE_ENTRY])
def test_the_drawer_stays_closed_when_a_sale_ends_otherwise(state: State) -> None:
    sale = walk_to(state).sale
    assert asked(happen(sale, ev.CancelRequested(sale.number, ev.Canceller.CASHIER))) == []


def test_the_drawer_stays_closed_for_a_sale_that_staff_settle_later() -> None:
    left = replace(walk_to(State.CAPTURE).sale, state=State.ATTENTION)
    decision = decide(View(attention=(left,)), ev.SettledByStaff(left.number, ev.Verdict.PAID), RULES)
    assert asked(decision) == []


def test_the_view_has_the_deadline_of_the_open_sales_state_and_of_no_other() -> None:
    decision = begun(View(), new_sale(), RULES)
    entry = fx.SetDeadline(sale_number=7, state=State.ENTRY, delay_s=RULES.terms.entry_timeout_s)
    assert decision.view.deadline == entry
    view = decide(decision.view, ev.CustomerIdentified(7, CUSTOMERS[CustomerKind.PHONE]), RULES).view
    assert view.sale is not None
    assert view.sale.state is State.AUTHORIZATION
    assert view.deadline is None, "an authorization ends with its answer, not by the clock"
    for state in (State.CUSTOMER, State.CODE_ENTRY, State.REPORT):
        assert walk_to(state).last, "each of these states begins with a deadline"


def test_the_deadline_goes_with_the_sale() -> None:
    cancelled = decide(begun(View(), new_sale(), RULES).view, ev.CancelRequested(7, ev.Canceller.CASHIER), RULES).view
    assert cancelled.deadline is not None
    assert cancelled.deadline.state is State.REPORT
    over = decide(cancelled, ev.ResultAcknowledged(7), RULES).view
    assert (over.sale, over.deadline) == (None, None)


def test_a_status_that_changes_nothing_leaves_the_deadline_as_it_was() -> None:
    sale = walk_to(State.CODE_ENTRY).sale
    deadline = fx.SetDeadline(sale_number=sale.number, state=sale.state, delay_s=90)
    view = View(sale=sale, deadline=deadline)
    assert decide(view, ev.CallbackReceived(sale.number, False, True), RULES).view.deadline == deadline
    checking = decide(view, ev.CodeEntered(sale.number, Sensitive("123456")), RULES).view
    assert checking.deadline is not None
    assert checking.deadline.state is State.CODE_CHECK


def test_a_sale_that_begins_is_written_down_as_what_it_is() -> None:
    record = begun(View(), new_sale(), RULES).record
    assert record is not None
    assert (record.event, record.sale.state, record.receipts) == ("SaleRequested", State.ENTRY, ())


def test_a_callback_about_a_settled_sale_that_nobody_asks_about_any_more_is_a_reason_to_ask() -> None:
    """The journal has it as it was when it closed: with a question on its way, which has long been answered."""
    closed = replace(
        walk_to(State.CAPTURE).sale,
        state=State.CLOSED,
        reason=Reason.SETTLED_UNPAID,
        tracing=True,
        traces=1,
        asking=CallKind.STATUS,
    )
    called_back = EndedSaleLookedUp(ev.CallbackReceived(closed.number, approved=True), closed)
    decision = decide(View(), called_back, RULES)
    assert [type(effect) for effect in decision.effects] == [fx.QueryStatus]
    traced = decide(View(traced=(closed,)), called_back, RULES)
    assert traced.effects == (), "that one is being asked about"


def test_what_is_traced_leaves_the_counter_free_and_is_remembered_once_it_is_over() -> None:
    """A void may have returned its money: an answer from before that, which comes again, opens nothing."""
    walk = walk_to(State.CAPTURE, void_undoes_payment=True).timed_out()
    for _ in range(3):
        walk.lost().retried()
    settled = decide(View(sale=walk.sale), ev.SettledByStaff(walk.sale.number, ev.Verdict.UNPAID), RULES)
    assert settled.view.sale is not None
    closed = decide(settled.view, ev.ResultAcknowledged(walk.sale.number), RULES).view
    assert closed.sale is None
    (traced,) = closed.traced
    other = replace(traced, number=traced.number + 1)
    view = replace(closed, traced=(other, traced))
    for status in (Status.RESERVED, Status.CANCELLED):
        call = view.traced[-1].calls
        view = decide(view, ev.StatusReceived(traced.number, call, report_for(traced, status)), RULES).view
    assert [(one.number, one.tracing) for one in view.traced] == [(8, True), (7, False)]
    assert view.traced[-1].void_call == traced.calls + 1
    before_the_void = ev.StatusReceived(traced.number, traced.calls, report_for(traced, Status.PAID))
    assert decide(view, before_the_void, RULES).view.attention == ()
    since = ev.StatusReceived(traced.number, traced.calls + 1, report_for(traced, Status.PAID))
    reopened = decide(view, since, RULES).view
    assert ([one.number for one in reopened.attention], reopened.traced) == ([7], (other,))


def test_receipts_of_an_outcome_are_queued_with_it_and_those_of_a_correction_printed_once_more() -> None:
    left = walk_to(State.AUTHORIZATION, CaptureMode.AUTOMATIC).lost().acknowledged().sale
    settled = decide(View(attention=(left,)), ev.SettledByStaff(left.number, ev.Verdict.UNPAID), RULES)
    assert settled.record is not None
    closed = settled.record.sale
    said_paid = EndedSaleLookedUp(ev.SettlementCorrected(closed.number, ev.Verdict.PAID), closed)
    corrected = decide(View(), said_paid, RULES)
    both = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
    assert corrected.record is not None
    assert (corrected.record.receipts, corrected.follow_ups) == ((), (ReprintRequested(closed.number, both),))
    at_once = decide(View(attention=(left,)), ev.SettledByStaff(left.number, ev.Verdict.PAID), RULES)
    assert at_once.record is not None
    assert (at_once.record.receipts, at_once.follow_ups) == (both, ())


def test_what_is_shown_and_typed_belongs_to_one_sale() -> None:
    earlier = walk_to(State.CLOSED).sale
    typed = Entry(digits=Sensitive("8223"))
    decision = begun(View(result=earlier, entry=typed), new_sale(8), RULES)
    assert (decision.view.result, decision.view.entry) == (None, Entry())
    same_state = decide(View(sale=walk_to(State.CAPTURE).sale, entry=typed), ev.DeadlinePassed(7, State.CAPTURE), RULES)
    assert same_state.view.entry == typed, "whoever types goes on typing"
    reported = View(sale=walk_to(State.REPORT).sale, entry=typed)
    closed = decide(reported, ev.ResultAcknowledged(7), RULES).view
    assert (closed.result, closed.entry) == (walk_to(State.REPORT).acknowledged().sale, Entry())


def test_a_settlement_takes_only_its_own_result_off_the_screen() -> None:
    left = walk_to(State.ATTENTION).sale
    for shown in (left, replace(left, number=left.number + 1)):
        view = View(attention=(left,), result=shown)
        settled = decide(view, ev.SettledByStaff(left.number, ev.Verdict.REFUNDED), RULES).view
        assert settled.result == (None if shown is left else shown)
