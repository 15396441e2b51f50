"""What a sale's own steps do to the counter: when the drawer opens, when the printer is found, what bounds a state."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.decision import Decision, OpenDrawer, PreparePrinter
from terminal.counter.of_sale import begun
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.sale import Outcome, Sale, State
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
