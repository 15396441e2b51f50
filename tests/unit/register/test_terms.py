"""What a register's protocol demands of a sale: an end within its patience, and no payment that it did not take."""

from __future__ import annotations

import pytest

from hardware.interfaces import PrinterStatus
from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.rules import CounterRules
from terminal.counter.view import Conditions, View
from terminal.loop.timers import timer_event
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.line.codec import LineProtocol
from terminal.register.protocol import REPORT_MARGIN_S, terms_for
from terminal.register.zvt.codec import ZvtProtocol
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.sale import Outcome, Reason, Sale, State, Terms
from tests.each import each_of
from tests.sales import Walk, new_sale, walk_to

T4_S = 180.0


# --- terms ------------------------------------------------------------------------------------------------------------


def test_a_patient_protocol_leaves_the_terms_as_they_are() -> None:
    assert terms_for(Terms(), LineProtocol(0)) == Terms()


def test_a_protocol_that_waits_only_so_long_bounds_the_sale() -> None:
    assert terms_for(Terms(), ConcertProtocol(0)).longest_sale_s == 90.0


def test_zvt_has_its_outcome_within_t4_and_no_payment_untaken() -> None:
    terms = terms_for(Terms(), ZvtProtocol(0))
    assert terms.longest_sale_s is not None
    assert terms.longest_sale_s + terms.void_patience_s < T4_S
    assert terms.final_when_taken
    assert terms.report_timeout_s == 180.0 + REPORT_MARGIN_S
    assert terms_for(Terms(report_timeout_s=3600.0), ZvtProtocol(0)).report_timeout_s == 3600.0


# --- the bound of a sale ----------------------------------------------------------------------------------------------


def test_a_bounded_sale_sets_its_bound_when_it_begins() -> None:
    limit = Walk(longest_sale_s=140.0).asked(fx.SetLimit)
    assert timer_event(limit) == (140.0, ev.CancelRequested(7, ev.Canceller.CLOCK))
    assert Walk().count(fx.SetLimit) == 0


@each_of(
    ("state", "after"),
    [
        (State.ENTRY, State.REPORT),
        (State.AUTHORIZATION, State.AUTHORIZATION),
        (State.CUSTOMER, State.VOID),
        (State.CODE_ENTRY, State.VOID),
        (State.CODE_CHECK, State.VOID),
        (State.CAPTURE, State.CAPTURE),
    ],
)
def test_at_the_bound_what_can_be_given_up_is_given_up(state: State, after: State) -> None:
    sale = walk_to(state).cancelled(ev.Canceller.CLOCK).sale
    assert (sale.state, sale.reason) == (after, Reason.TIMED_OUT)


@each_of("state", [State.VOID, State.REPORT, State.ATTENTION, State.CLOSED])
def test_what_has_ended_by_then_stays_as_it_is(state: State) -> None:
    walk = walk_to(state)
    before = walk.sale
    assert walk.cancelled(ev.Canceller.CLOCK).sale == before


def test_what_is_paid_at_the_bound_is_paid() -> None:
    walk = walk_to(State.CAPTURE).cancelled(ev.Canceller.CLOCK).answered(Status.PAID)
    assert walk.sale.outcome is Outcome.APPROVED


# --- a result that was not taken --------------------------------------------------------------------------------------


def test_a_payment_that_was_not_taken_in_time_is_to_be_refunded() -> None:
    sale = walk_to(State.REPORT, final_when_taken=True).timed_out().sale
    assert (sale.state, sale.outcome, sale.acknowledged) == (State.ATTENTION, Outcome.REFUND_DUE, False)


def test_a_payment_that_can_be_asked_for_later_stays_one() -> None:
    sale = walk_to(State.REPORT).timed_out().sale
    assert (sale.state, sale.outcome, sale.acknowledged) == (State.CLOSED, Outcome.APPROVED, False)


def test_a_cancelled_sale_that_was_not_taken_is_over() -> None:
    sale = walk_to(State.VOID, final_when_taken=True).answered(Status.CANCELLED).timed_out().sale
    assert (sale.state, sale.outcome) == (State.CLOSED, Outcome.CANCELLED)


def test_a_rejected_result_is_not_said_to_be_acknowledged() -> None:
    assert not walk_to(State.REPORT).rejected().sale.acknowledged


# --- what a fuller protocol asks --------------------------------------------------------------------------------------


def asked(request: reg.RegisterRequest, view: View | None = None, rules: CounterRules | None = None) -> Decision:
    event = RegisterRequestLookedUp(request=request, number=7, reference="T1-7", created="2026-11-23T12:00:00.000Z")
    return decide(view or View(), event, rules or CounterRules(min_amount_kr=10, max_amount_kr=1000))


def replies(request: reg.RegisterRequest, view: View | None = None) -> tuple[reg.RegisterReply, ...]:
    return asked(request, view).replies


@pytest.mark.parametrize(("amount_kr", "limit_kr"), [(9, 10), (0, 10), (1001, 1000)])
def test_a_refused_amount_names_the_limit_that_it_breaks(amount_kr: int, limit_kr: int) -> None:
    (refused,) = replies(reg.SaleRequest(amount_kr))
    assert isinstance(refused, reg.RequestRefused)
    assert (refused.code, refused.limit_kr) == (reg.RefusalCode.AMOUNT, limit_kr)


@pytest.mark.parametrize("request_", [reg.ReversalRequest(1), reg.RefundRequest(1990)])
def test_what_the_service_cannot_undo_is_refused(request_: reg.RegisterRequest) -> None:
    (refused,) = replies(request_)
    assert isinstance(refused, reg.RequestRefused)
    assert refused.code is reg.RefusalCode.NOT_POSSIBLE


def sale_of(decision: Decision) -> Sale:
    assert decision.view.sale is not None
    return decision.view.sale


@pytest.mark.parametrize("prints", [True, False])
def test_a_register_that_prints_the_customers_copy_leaves_us_the_shops(prints: bool) -> None:
    terms = sale_of(asked(reg.SaleRequest(500, prints_receipt=prints))).terms
    assert (terms.customer_copy, terms.merchant_copy) == (not prints, True)


def test_a_terminal_without_a_customers_copy_does_not_get_one_by_that() -> None:
    rules = CounterRules(terms=Terms(customer_copy=False))
    assert not sale_of(asked(reg.SaleRequest(500), rules=rules)).terms.customer_copy


@each_of(
    ("view", "condition"),
    [
        (View(), reg.TerminalCondition()),
        (View(sale=new_sale()), reg.TerminalCondition(busy=True, open_reference=new_sale().reference)),
        (
            View(sale=walk_to(State.REPORT).sale),
            reg.TerminalCondition(open_reference=walk_to(State.REPORT).sale.reference),
        ),
        (View(conditions=Conditions(network_ok=False)), reg.TerminalCondition(service_reached=False)),
        (View(conditions=Conditions(keypad_ok=False)), reg.TerminalCondition(can_sell=False, keypad_ok=False)),
        (View(conditions=Conditions(journal_ok=False)), reg.TerminalCondition(can_sell=False, journal_ok=False)),
        (
            View(conditions=Conditions(printer=PrinterStatus.PAPER_OUT, pending_receipts=2)),
            reg.TerminalCondition(printer=PrinterStatus.PAPER_OUT, pending_receipts=2),
        ),
    ],
)
def test_the_condition_is_told_as_it_is(view: View, condition: reg.TerminalCondition) -> None:
    assert replies(reg.ConditionRequest(), view) == (condition,)
