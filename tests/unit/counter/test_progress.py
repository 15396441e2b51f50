"""How far a payment is, in the cashier's words: every state has its step, and what is over has none."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.decision import Decision
from terminal.counter.progress import progress_of, step_of
from terminal.counter.register_words import Progress, Step, TerminalCondition
from terminal.counter.view import View
from terminal.sale.record import Record
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Reason, State
from tests.each import each_of
from tests.golden.samples import LOST_REFUND
from tests.sales import new_sale, walk_to


@each_of("state", State)
def test_every_state_has_its_step(state: State) -> None:
    waits_for_customer = (State.ENTRY, State.CUSTOMER, State.CODE_ENTRY)
    sale = replace(new_sale(), state=state, reason=Reason.CUSTOMER_DECLINED)
    expected = Step.CUSTOMER if state in waits_for_customer else None if sale.has_ended else Step.SERVICE
    assert step_of(sale) is expected


def test_a_paid_sale_has_a_receipt_to_take_until_the_register_knows() -> None:
    paid = replace(walk_to(State.REPORT).sale, reason=Reason.PAID)
    assert step_of(paid) is Step.RECEIPT
    assert step_of(replace(paid, terms=replace(paid.terms, customer_copy=False))) is None
    assert step_of(replace(paid, terms=replace(paid.terms, final_when_taken=True))) is None
    assert step_of(replace(paid, state=State.CLOSED)) is None


def test_a_refund_asks_the_service_until_that_has_answered() -> None:
    assert step_of(replace(LOST_REFUND, state=RefundState.TRANSFER, reason=None)) is Step.SERVICE
    assert step_of(replace(LOST_REFUND, state=RefundState.REPORT, reason=RefundReason.DONE)) is None


def test_what_was_decided_is_told_with_how_the_terminal_is_now() -> None:
    sale = new_sale()
    decision = Decision(view=View(sale=sale), record=Record("SaleRequested", sale, ()))
    told, condition = progress_of(decision)
    assert told == Progress(sale, Step.CUSTOMER)
    assert isinstance(condition, TerminalCondition)
    assert condition.open_reference == sale.reference
    assert progress_of(Decision(view=View())) == (TerminalCondition(),)
