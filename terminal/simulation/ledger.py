"""What the simulated service holds for the shop, and what it has returned: the witness of every check about money."""

from __future__ import annotations

from collections.abc import Mapping

from terminal.netgiro.sandbox.carts import Refund as BookedRefund
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason, State
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.service import SimulatedNetgiro


def is_returned(refund: Refund, netgiro: SimulatedNetgiro) -> bool:
    """Booked under its key; or, if it is of the whole payment, that payment was undone instead."""
    return refund.idempotency_key in booked_by_key(netgiro) or (
        refund.is_whole and refund.outcome != "refused" and refund.sale_reference in taken_back(netgiro)
    )


def ledger_of(disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> dict[str, list[int]]:
    """What was captured under each reference, with what was undone since by a refund: that is no less a payment. Nor is
    what was undone by a void of which no file knows any more."""
    ledger = netgiro.captured()
    for capture in netgiro.book.taken_back:
        reference = capture.reference
        if undoing(reference, disk) or undone_in_gap(reference, disk) or _undone_by_forgotten_void(reference, disk):
            ledger.setdefault(reference, []).append(capture.amount_kr)
    return ledger


def undoing(reference: str, disk: SimulatedDisk) -> list[Refund]:
    """The refunds by which the payment of this reference can have been undone."""
    return [one for one in disk.refunds.values() if _can_have_undone(one, reference)]


def undone_in_gap(reference: str, disk: SimulatedDisk) -> bool:
    """A refund that a restore or a card forgot can have undone it: the journal may hold it as paid, or learn that it is
    not."""
    return any(_can_have_undone(one, reference) for one in (*disk.lost_refunds, *disk.vanished.refunds))


def _can_have_undone(refund: Refund, reference: str) -> bool:
    return refund.sale_reference == reference and refund.is_whole and refund.outcome != "refused"


def _undone_by_forgotten_void(reference: str, disk: SimulatedDisk) -> bool:
    """It had left before a power cut, and came after the sale was asked about and found paid."""
    had_left = any(one.reference == reference and one.state is State.VOID for one in disk.vanished.sales)
    return had_left and any(one.reference == reference and one.reason is Reason.PAID for one in disk.latest.values())


def taken_back(netgiro: SimulatedNetgiro) -> set[str]:
    return {capture.reference for capture in netgiro.book.taken_back}


def booked_by_key(netgiro: SimulatedNetgiro) -> Mapping[str, BookedRefund]:
    return {one.key: one for one in netgiro.book.refunds}
