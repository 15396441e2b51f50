"""Rules about a journal that was restored without its end, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import of_refund, of_register
from terminal.loop import bookkeeper
from terminal.sale.after_loss import after_loss
from terminal.sale.refund import RefundSource
from terminal.sale.sale import Sale, State
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.disk_contents import DiskContents
from terminal.simulation.world import Rates


def _gap_forgotten() -> Iterator[None]:
    """An id of which nothing is known has never been used, whatever is missing."""
    with patch.object(of_register, "_may_be_in_gap", lambda *_asked: False):
        yield


def _gap_dated_by_any_clock() -> Iterator[None]:
    """A gap is as old as a clock says that nobody had set yet."""
    gap_since = DiskContents.gap_since

    def dated(disk: DiskContents) -> str | None:
        disk.gap_is_dated = True
        return gap_since(disk)

    with patch.object(DiskContents, "gap_since", dated):
        yield


def _refund_in_gap_forgotten(*sources: RefundSource) -> Callable[[], Iterator[None]]:
    """What nobody knows to have been given back was not, whatever is missing."""
    is_doubtful = of_refund._may_be_given_back_in_gap

    def broken() -> Iterator[None]:
        with (
            patch.object(of_refund, "may_be_in_gap", lambda *_asked: False),
            patch.object(
                of_refund,
                "_may_be_given_back_in_gap",
                lambda asked: asked.source not in sources and is_doubtful(asked),
            ),
        ):
            yield

    return broken


def _open_as_it_was() -> Iterator[None]:
    """What was open in the backup is still so: it ends as after a power cut."""
    with patch.object(bookkeeper, "after_loss", lambda sale: sale):
        yield


def _voided_at_once() -> Iterator[None]:
    """What was open in the backup is given up as if nothing could have been paid since."""

    def give_up(sale: Sale) -> Sale:
        after = after_loss(sale)
        return replace(after, state=State.VOID) if after.state is State.CAPTURE else after

    with patch.object(bookkeeper, "after_loss", give_up):
        yield


def _receipts_as_they_were() -> Iterator[None]:
    """What the backup does not know of has not been printed either."""
    with patch.object(DiskContents, "as_it_is_queued", lambda _disk, receipt: receipt):
        yield


GIVEN_BACK = Rates(call_trouble=0.1)

RULES_OF_RESTORES: Mapping[str, BrokenRule] = {
    "id in a gap thought to be new": BrokenRule(patches=_gap_forgotten, restores=True, rates=Rates(call_trouble=0.1)),
    "gap dated by a clock that is behind": BrokenRule(
        patches=_gap_dated_by_any_clock, restores=True, rates=Rates(call_trouble=0.1)
    ),
    "refund of a register in a gap thought to be new": BrokenRule(
        patches=_refund_in_gap_forgotten(RefundSource.REGISTER), restores=True, rates=GIVEN_BACK
    ),
    "refund of staff in a gap thought to be new": BrokenRule(
        patches=_refund_in_gap_forgotten(RefundSource.COMMAND), restores=True, rates=GIVEN_BACK
    ),
    "sale of a backup thought to be open still": BrokenRule(patches=_open_as_it_was, restores=True),
    "sale of a backup voided before it is asked about": BrokenRule(patches=_voided_at_once, api="v2", restores=True),
    "receipt of a backup printed again unmarked": BrokenRule(
        patches=_receipts_as_they_were, restores=True, rates=Rates(printer_trouble=0.6)
    ),
}
