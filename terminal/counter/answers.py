"""What the register is answered, as far as it follows from a sale or the view alone. Pure."""

from __future__ import annotations

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.view import View
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Sale, State


def reply(view: View, answer: reg.RegisterReply) -> Decision:
    """Nothing happens but an answer."""
    return Decision(view=view, replies=(answer,))


def refuse(view: View, register_id: str | None, code: reg.RefusalCode) -> Decision:
    """The request starts nothing."""
    return reply(view, reg.RequestRefused(register_id, code))


def result_of(sale: Sale) -> reg.SaleResult:
    """The answer for a sale whose outcome is known."""
    assert sale.reason is not None
    return reg.SaleResult(
        register_id=sale.register_id,
        amount_kr=sale.amount_kr,
        reason=sale.reason,
        authorization_id=sale.authorization_id,
        echo=sale.register_echo,
        sale=sale,
    )


def refund_result_of(refund: Refund) -> reg.RefundResult:
    """How a refund stands."""
    return reg.RefundResult(register_id=refund.register_id, echo=refund.register_echo, refund=refund)


def stored_result(view: View, known: Sale | Refund) -> Decision:
    """The answer for a sale or a refund that the journal has."""
    if isinstance(known, Refund):
        is_on_its_way = known.is_awaited and known.state is RefundState.TRANSFER
        return reply(view, reg.SaleAccepted(known.register_id) if is_on_its_way else refund_result_of(known))
    sale = known
    if sale.outcome is None or sale.stands_unknown:  # open in the journal and waiting to be settled after a start
        return reply(view, reg.SaleAccepted(sale.register_id))
    return reply(view, result_of(sale))


def condition(view: View) -> reg.TerminalCondition:
    """How the terminal is doing."""
    conditions = view.conditions
    going_on = view.sale or view.refund
    return reg.TerminalCondition(
        busy=view.refund is not None or (view.sale is not None and view.sale.state is not State.REPORT),
        can_sell=conditions.keypad_ok and conditions.journal_ok,
        service_reached=conditions.network_ok,
        keypad_ok=conditions.keypad_is_read,
        journal_ok=conditions.journal_ok,
        printer=conditions.printer,
        paper_low=conditions.paper_low,
        pending_receipts=conditions.pending_receipts,
        open_reference=going_on.reference if going_on is not None else None,
        left_to_staff=tuple(one.reference for one in view.for_staff),
    )
