"""What the register may hear of a sale while it goes on: which change is told, and what the cashier waits for. Pure."""

from __future__ import annotations

from terminal.counter.answers import condition
from terminal.counter.decision import Decision
from terminal.counter.register_words import Progress, Step, TerminalCondition
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Outcome, Sale, State

_STEPS = {
    State.ENTRY: Step.CUSTOMER,
    State.AUTHORIZATION: Step.SERVICE,
    State.CUSTOMER: Step.CUSTOMER,
    State.CODE_ENTRY: Step.CUSTOMER,
    State.CODE_CHECK: Step.SERVICE,
    State.CAPTURE: Step.SERVICE,
    State.VOID: Step.SERVICE,
}


def progress_of(decision: Decision) -> tuple[Progress | TerminalCondition, ...]:
    """What has changed by a decision that is on disk, and how the terminal is now."""
    told: list[Progress | TerminalCondition] = []
    if decision.record is not None:
        told.append(Progress(decision.record.sale, step_of(decision.record.sale)))
    if decision.refund_record is not None:
        told.append(Progress(decision.refund_record.refund, step_of(decision.refund_record.refund)))
    return (*told, condition(decision.view))


def step_of(record: Sale | Refund) -> Step | None:
    """None: nothing, it is over, and the register knows."""
    if isinstance(record, Refund):
        return Step.SERVICE if record.state is RefundState.TRANSFER else None
    if not record.has_ended:
        return _STEPS[record.state]
    has_paper = record.terms.customer_copy and record.outcome_on_paper is Outcome.APPROVED
    return Step.RECEIPT if has_paper and record.state is State.REPORT else None
