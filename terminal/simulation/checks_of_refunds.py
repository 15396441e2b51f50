"""What must be true of money on its way back, whatever went wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from terminal.netgiro.sandbox.carts import Refund as BookedRefund
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.refund_step import RequestRefund
from terminal.simulation.checks_of_ids import Violation
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.ledger import booked_by_key, is_returned, taken_back, undoing
from terminal.simulation.registers.driver import Told
from terminal.simulation.service import SimulatedNetgiro


def before_refund(disk: SimulatedDisk, effect: RequestRefund) -> None:
    """The key is on disk before the call leaves, and every call of one refund has the same."""
    stored = disk.find_refund(effect.refund_number)
    if stored is None or stored.idempotency_key != effect.idempotency_key:
        raise Violation(f"a refund call leaves under a key that the journal does not have: {stored}")
    if stored.state is not RefundState.TRANSFER:
        raise Violation(f"a refund call leaves while the journal says {stored.state}")


def when_told(netgiro: SimulatedNetgiro, disk: SimulatedDisk, told: Told) -> None:
    """The register hears that money was returned only if it was."""
    if not told.paid:
        return
    name = told.register_id or told.receipt_number
    named = [one for one in disk.refunds.values() if name in (one.register_id, one.number)]
    if not any(is_returned(one, netgiro) and one.amount_kr == told.amount_kr for one in named):
        raise Violation(f"{name} was told {told.words}, and nothing was returned")


def at_the_end(disk: SimulatedDisk, netgiro: SimulatedNetgiro, beside: Collection[SimulatedDisk] = ()) -> Iterator[str]:
    """Every refund is over, said to be done exactly if the service has carried it out, and on paper."""
    booked = booked_by_key(netgiro)
    forgotten = disk.lost_keys | {refund.idempotency_key for refund in disk.vanished.refunds}
    known = {refund.idempotency_key for one in (disk, *beside) for refund in one.refunds.values()} | forgotten
    yield from (f"returned without a journal row: {one}" for key, one in booked.items() if key not in known)
    yield from _taken_back_once(disk, netgiro)
    yield from _carried_out_once(disk, netgiro)
    for refund in disk.refunds.values():
        # Begun anew under its key, and the service, which has carried it out, forgets keys.
        is_refused_again = refund.outcome == "refused" and refund.idempotency_key in forgotten
        if not is_refused_again:
            yield from _agrees(refund, booked.get(refund.idempotency_key), is_returned=is_returned(refund, netgiro))
        is_corrected = refund.corrected_from is not None  # then later prints stand beside the first
        if not is_corrected and sorted(disk.queued.get(refund.number, [])) != sorted(_papers_of(refund)):
            yield f"refund {refund.number} is {refund.reason} and on paper as {disk.queued.get(refund.number)}"
    for number, sale in disk.latest.items():
        returned_kr = sum(one.amount_kr for one in disk.refunds_of(number) if one.is_done)
        if returned_kr > sale.amount_kr:
            yield f"sale {number} over {sale.amount_kr} kr. was returned {returned_kr} kr."


def _taken_back_once(disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> Iterator[str]:
    """A payment is undone once, by one refund, and nothing else was returned of it."""
    booked = booked_by_key(netgiro)
    for reference in taken_back(netgiro):
        claims = [one.number for one in undoing(reference, disk) if one.idempotency_key not in booked]
        if len(claims) > 1:
            yield f"{reference} was undone once, and refunds {claims} are each said to be done"
        if any(one.sale_reference == reference and one.idempotency_key in booked for one in disk.refunds.values()):
            yield f"{reference} was undone, and a refund of it is booked as well"


def _carried_out_once(disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> Iterator[str]:
    """What a restore has forgotten of a refund makes no second one of the same wish, before somebody has looked."""
    booked, seen_s = booked_by_key(netgiro), disk.acknowledged_gap_s
    for lost in disk.lost_refunds:
        for one in disk.refunds.values():
            is_since = one.number >= disk.first_since_loss()  # an older one of the same amount was another wish
            is_before = is_since and (seen_s is None or disk.begun_s[one.number] < seen_s)
            keys = {one.idempotency_key, lost.idempotency_key}
            if _wish(one) == _wish(lost) and is_before and len(keys & booked.keys()) > 1:
                yield f"refund {lost.number} was carried out, and once more as {one.number} after a restore"


def _wish(refund: Refund) -> tuple[object, ...]:
    return refund.source, refund.register_id, refund.sale_reference, refund.amount_kr


def _agrees(refund: Refund, booked: BookedRefund | None, *, is_returned: bool) -> Iterator[str]:
    if refund.state is not RefundState.CLOSED:
        yield f"refund {refund.number} is still open: {refund.state}"
    if refund.is_done != is_returned:
        yield f"refund {refund.number} is {refund.outcome}, the service {'has' if is_returned else 'does not have'} it"
    if booked is not None and booked.amount_kr != refund.amount_kr:
        yield f"refund {refund.number} over {refund.amount_kr} kr. was booked as {booked.amount_kr}"


def _papers_of(refund: Refund) -> Iterator[ReceiptKind]:
    was_unclear = refund.reason in (RefundReason.SETTLED_DONE, RefundReason.SETTLED_NOT_DONE)
    is_unheard = refund.is_late or refund.source is RefundSource.AUTOMATIC
    if was_unclear or (is_unheard and not refund.is_done):
        yield ReceiptKind.ATTENTION
    if refund.is_done and refund.terms.customer_copy:
        yield ReceiptKind.CUSTOMER
    if refund.is_done and refund.terms.merchant_copy:
        yield ReceiptKind.MERCHANT
