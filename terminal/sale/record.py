"""What is written down of a sale: a record of each durable change, and the receipts that belong to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale


class ReceiptState(StrEnum):
    """The life of a receipt."""

    QUEUED = "queued"
    PRINTING = "printing"
    """Sent to the printer; after a power cut nobody knows whether it came out, so the next one is marked as a copy."""
    QUEUED_AGAIN = "queued_again"
    """Nobody knows whether it came out. It is printed once more without being asked for, and never a third time."""
    PRINTING_AGAIN = "printing_again"
    DOUBTFUL = "doubtful"
    """Nobody knows that of the second print either: staff are asked."""
    PRINTED = "printed"


class JournalHealth(StrEnum):
    """How well the journal is kept, apart from whether it can be written."""

    SOUND = "sound"
    UNMIRRORED = "unmirrored"
    """What was written last is in one file only."""
    REPAIRED = "repaired"
    """Since the start it was made anew, with nothing missing."""
    INCOMPLETE = "incomplete"
    """It was made anew or restored, records are or may be missing, and nobody has acknowledged that yet."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Records that are missing from the journal, and that nobody has acknowledged."""

    repair: int
    """The number of the repair or the restore that has found it."""
    since: str = ""
    """When the last record before it was written; empty: there is none."""
    until: str = ""
    """When it ended; empty: no clock that was set tells that."""
    known: int = 0
    """How many records are known to be missing."""
    may_be_more: bool = False


class Record(msgspec.Struct, frozen=True):
    """One durable change: the sale after the event, and the receipts that belong to it."""

    event: str
    sale: Sale
    receipts: tuple[ReceiptKind, ...] = ()


class RefundRecord(msgspec.Struct, frozen=True):
    """One durable change: the refund after the event, and the receipts that belong to it."""

    event: str
    refund: Refund
    receipts: tuple[ReceiptKind, ...] = ()


class QueuedReceipt(msgspec.Struct, frozen=True):
    """A receipt that is not known to be on paper. One ``receipt_id`` per print, kept through every retry."""

    receipt_id: str
    sale_number: int
    """Of a sale or a refund, which share their numbers; 0: it is of a period."""
    kind: ReceiptKind
    copy: int
    state: ReceiptState
    period: int = 0
    """The number of the end of day; 0: it is of a sale."""


def original(number: int, kind: ReceiptKind) -> QueuedReceipt:
    """The receipt that a sale or a period queues by itself: there is one of each kind, however often that is tried."""
    of_period = kind is ReceiptKind.END_OF_DAY
    return QueuedReceipt(
        f"{number}-{kind}-0",
        0 if of_period else number,
        kind,
        0,
        ReceiptState.QUEUED,
        period=number if of_period else 0,
    )


def reprint(number: int, kind: ReceiptKind, prints: Sequence[QueuedReceipt]) -> QueuedReceipt:
    """One that somebody asks for, after ``prints`` of the same kind; only the first of all is not marked as a copy."""
    own = original(number, kind)
    asked_for = sum(receipt.receipt_id != own.receipt_id for receipt in prints)
    copy = max((receipt.copy + 1 for receipt in prints), default=0)
    return replace(own, receipt_id=f"{number}-{kind}-{asked_for + 1}", copy=copy)


def in_doubt(receipt: QueuedReceipt) -> QueuedReceipt:
    """``receipt``, of which nobody knows whether it is on paper: it comes out as a copy, or waits for staff."""
    if receipt.state in (ReceiptState.QUEUED, ReceiptState.PRINTING):
        return replace(receipt, state=ReceiptState.QUEUED_AGAIN, copy=receipt.copy + 1)
    return replace(receipt, state=ReceiptState.DOUBTFUL)


def after_loss(receipt: QueuedReceipt) -> QueuedReceipt:
    """A receipt in a journal without its end. It may have come out in the time that is missing: it is a copy now."""
    is_first = (receipt.state, receipt.copy) == (ReceiptState.QUEUED, 0)
    return replace(receipt, copy=1) if is_first else receipt
