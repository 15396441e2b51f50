"""A wish for a refund with what the journal knows of its payment, as the tests of refunds at the counter begin one."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import RefundLookedUp
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.refund import RefundSource
from terminal.sale.sale import Reason, State, Terms
from tests.sales import GUID, new_sale

RULES = CounterRules()
PAID = replace(
    new_sale(7, amount_kr=1990, register_id="R7"), state=State.CLOSED, reason=Reason.PAID, authorization_id=GUID
)
DUE = replace(
    PAID,
    state=State.ATTENTION,
    reason=Reason.REFUND_DUE,
    terms=Terms(refunds_itself=True),
    refused_by_register=True,
)


def wish(**changes: Any) -> RefundLookedUp:
    asked = RefundLookedUp(
        source=RefundSource.REGISTER,
        amount_kr=500,
        register_id="R8",
        sale=PAID,
        number=8,
        reference="T1-000008-A1B2C3",
        idempotency_key="cd" * 20,
        created="2026-11-29T12:00:00.000Z",
    )
    return replace(asked, **changes)


def begun(view: View | None = None, rules: CounterRules = RULES, **changes: Any) -> Decision:
    return decide(view or View(), wish(**changes), rules)
