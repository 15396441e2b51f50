"""What must be true of what staff say, and of what the terminal makes of it when they are wrong."""

from __future__ import annotations

from terminal.netgiro.sandbox.carts import CartState
from terminal.sale.sale import CallKind, Outcome, Reason, Sale
from terminal.simulation.checks_of_ids import Violation
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.service import SimulatedNetgiro


def when_settled(before: Sale, after: Sale | None) -> None:
    """Staff have said how it ended: not believed while a capture is on its way."""
    if before.asking is CallKind.CAPTURE and after is not None and after.has_ended:
        raise Violation(f"sale {before.number} was ended as {after.outcome} by staff while a capture was on its way")


def may_stand_as_paid(sale: Sale, disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> bool:
    """Staff have called it paid by mistake, and nothing could tell the terminal: the service's record does not say that
    it ended without a payment, or the register refused the result, and staff looked it up again."""
    if sale.number not in disk.misread_as_paid or sale.reference in netgiro.captured():
        return False
    is_refused = sale.outcome in (Outcome.REFUND_DUE, Outcome.REFUNDED)
    return is_refused or (sale.reason is Reason.SETTLED_PAID and not _record_says_unpaid(sale, netgiro))


def _record_says_unpaid(sale: Sale, netgiro: SimulatedNetgiro) -> bool:
    """V1 has a record from the reservation on."""
    cart = netgiro.cart_for(sale.reference)
    has_record = cart is not None and (netgiro.api == "v2" or bool(cart.invoice_number))
    return cart is not None and has_record and cart.state is CartState.CANCELLED
