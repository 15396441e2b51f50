"""Copies of a simulated disk, and a backup that is restored onto a new card."""

from __future__ import annotations

import copy

from terminal.journal.rebuild import NUMBERS_A_DAY, NUMBERS_SKIPPED
from terminal.journal.rows import Positions
from terminal.sale.after_loss import after_loss
from terminal.sale.totals import Close
from terminal.simulation.disk import SimulatedDisk

ITS_OWN = frozenset(
    {"_world", "now", "misread_as_paid", "vanished", "before_commit", "when_dark", "_undo", "_ghost", "_held"}
)


def positions_of(disk: SimulatedDisk) -> Positions:
    """Its receipts are counted with its entries, as it keeps all rows in one list."""
    return Positions(
        entries=sum(not isinstance(one, Close) for one in disk.committed),
        receipts=len(disk.rows),
        closes=len(disk.closes),
        high_water=disk.nonce_high_water(),
    )


def copy_bits(source: SimulatedDisk, target: SimulatedDisk) -> None:
    """All that is on it, while nobody writes to either."""
    vars(target).update({name: copy.deepcopy(held) for name, held in vars(source).items() if name not in ITS_OWN})


def restore(backup: SimulatedDisk, disk: SimulatedDisk, at_s: float, high_water: int) -> None:
    """What came after the backup is gone, but for what the checks know of it. ``at_s``: by the wall clock."""
    kept = {number: sale for number, sale in backup.latest.items() if after_loss(sale) == sale}
    lost = {number: sale for number, sale in disk.latest.items() if kept.get(number) != sale}
    lost_refunds = [refund for number, refund in disk.refunds.items() if number not in backup.refunds]
    begun_s, first_free = disk.begun_s, backup.next_number() + NUMBERS_SKIPPED + NUMBERS_A_DAY
    copy_bits(backup, disk)
    disk.begun_s = begun_s | disk.begun_s
    disk.mark_gap(at_s, first_free, high_water, lost, lost_refunds)
    disk.mark_waiting_receipts()
