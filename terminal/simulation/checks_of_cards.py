"""What must be true of a card that has lost the end of both files, and of a card from a backup."""

from __future__ import annotations

from collections.abc import Iterator

from terminal.sale.sale import Reason
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.ledger import taken_back, undoing, undone_in_gap
from terminal.simulation.service import SimulatedNetgiro


def at_the_end(disk: SimulatedDisk, netgiro: SimulatedNetgiro) -> Iterator[str]:
    """What the service had proved as paid is taken back by a refund only: the register may have heard that it is paid,
    whatever the journal still knows of it."""
    forgotten = (*disk.vanished.sales, *disk.lost.values())
    once_paid = {sale.reference for sale in forgotten if sale.reason is Reason.PAID}
    for reference in sorted(once_paid & taken_back(netgiro)):
        if not (undoing(reference, disk) or undone_in_gap(reference, disk)):
            yield f"{reference} was paid, and was voided once the journal had forgotten that"
