"""Which receipt is next, and what became of the last one. The queue is the journal's.

A receipt is QUEUED with its sale, PRINTING before the first byte leaves, and PRINTED when the printer has it. One that
may be on paper or not, because of a power cut or because the printer failed on the way, is printed again and marked as
a copy: once, after all that were not printed yet. If that is in doubt too, it is DOUBTFUL and waits for staff to say
whether it is whole. No other receipt waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from hardware.interfaces import Columns, Document
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.reconciliation import Reconciled
from terminal.paper.refund_receipt import Layout, receipt_of_refund
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, in_doubt
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import ClosedPeriod
from terminal.texts.sentences import language_of
from terminal.texts.words import Language

log = logging.getLogger(__name__)


class ReceiptJournal(Protocol):
    """What the queue needs of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    def unprinted_receipts(self) -> list[QueuedReceipt]: ...

    def note_receipt(self, receipt: QueuedReceipt) -> None: ...

    def find_sale(self, number: int) -> Sale | None: ...

    def find_refund(self, number: int) -> Refund | None: ...

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None: ...


class PrintJob(NamedTuple):
    """A receipt that is marked as being printed, and what is to be on the paper."""

    receipt: QueuedReceipt
    document: Document
    pending: int
    """How many receipts are not known to be on paper, this one included."""


class Waiting(NamedTuple):
    """What is not known to be on paper."""

    pending: int
    printable: int
    """Of those, how many need nobody's answer."""
    in_doubt: QueuedReceipt | None
    """The oldest one that staff are asked about."""


_BEING_PRINTED = {
    ReceiptState.QUEUED: ReceiptState.PRINTING,
    ReceiptState.QUEUED_AGAIN: ReceiptState.PRINTING_AGAIN,
}


def _next_of(unprinted: list[QueuedReceipt]) -> QueuedReceipt | None:
    """Those that nobody has seen yet come first, so that no doubt holds up the next customer's."""
    for state in _BEING_PRINTED:
        for receipt in unprinted:
            if receipt.state is state:
                return receipt
    return None


class ReceiptQueue:
    """Which receipt is next. Synchronous and blocking: works on the journal's thread, or in the simulation."""

    def __init__(
        self,
        journal: ReceiptJournal,
        *,
        shop: Shop,
        terminal_id: str,
        language: Language,
        columns: Columns,
        local_now: Callable[[], datetime],
        clock_is_set: Callable[[], bool],
        paper_is_low: Callable[[], bool] = lambda: False,
        reconciled: Callable[[], Reconciled | None] = lambda: None,
    ) -> None:
        """``reconciled``: what came of the last reconciliation. It blocks."""
        self._journal = journal
        self._shop = shop
        self._terminal_id = terminal_id
        self._language = language
        self._columns = columns
        self._local_now = local_now
        self._clock_is_set = clock_is_set
        self._paper_is_low = paper_is_low
        self._reconciled = reconciled
        self._unnoted: QueuedReceipt | None = None
        self._is_recovered = False
        self._set_aside: set[str] = set()
        """Receipts that cannot be made: they must not hold up the others."""

    def _recover(self) -> None:
        """After a start: what was being printed may be on paper."""
        for receipt in self._journal.unprinted_receipts():
            if receipt.state in (ReceiptState.PRINTING, ReceiptState.PRINTING_AGAIN):
                self._journal.note_receipt(in_doubt(receipt))
        self._is_recovered = True

    def waiting(self) -> Waiting:
        """How many receipts are not known to be on paper. Writes only what became of those before."""
        unprinted = self._unprinted()
        doubtful = [one for one in unprinted if one.state is ReceiptState.DOUBTFUL]
        return Waiting(len(unprinted), len(unprinted) - len(doubtful), doubtful[0] if doubtful else None)

    def next_job(self) -> PrintJob | None:
        """Take the oldest receipt and note on disk that it is being printed."""
        while (receipt := _next_of(unprinted := self._unprinted())) is not None:
            if (document := self._document(receipt)) is not None:
                self._journal.note_receipt(replace(receipt, state=_BEING_PRINTED[receipt.state]))
                return PrintJob(receipt, document, len(unprinted))
            self._set_aside.add(receipt.receipt_id)
        return None

    def _unprinted(self) -> list[QueuedReceipt]:
        if not self._is_recovered:
            self._recover()
        self._note_end()
        return [one for one in self._journal.unprinted_receipts() if one.receipt_id not in self._set_aside]

    def _document(self, receipt: QueuedReceipt) -> Document | None:
        """None, and a word in the log, if there is nothing to make it of."""
        if receipt.kind is ReceiptKind.END_OF_DAY:
            period = self._journal.closed_period(receipt.period)
            if period is not None:
                return end_of_day_slip(
                    period, paper_low=self._paper_is_low(), reconciled=self._reconciled(), **self._layout(receipt)
                )
            fault = "its end of day is not in the journal"
        else:
            refund = self._journal.find_refund(receipt.sale_number)
            if refund is not None:
                return receipt_of_refund(refund, receipt.kind, self._layout(receipt))
            sale = self._journal.find_sale(receipt.sale_number)
            if sale is not None and sale.reason is not None:
                layout = self._layout(receipt)
                if receipt.kind is ReceiptKind.CUSTOMER:
                    layout["language"] = language_of(sale.language, self._language)
                return receipt_document(sale, kind=receipt.kind, **layout)
            fault = "its sale has not ended" if sale is not None else "its sale is not in the journal"
        log.error("receipt %s is left out: %s; see: netgiro-terminal journal verify", receipt.receipt_id, fault)
        return None

    def _layout(self, receipt: QueuedReceipt) -> Layout:
        return {
            "copy": receipt.copy > 0,
            "shop": self._shop,
            "terminal_id": self._terminal_id,
            "printed_at": self._local_now(),
            "language": self._language,
            "columns": self._columns,
            "clock_set": self._clock_is_set(),
        }

    def printed(self, job: PrintJob) -> None:
        """It is on paper."""
        self._unnoted = replace(job.receipt, state=ReceiptState.PRINTED)
        self._note_end()

    def not_printed(self, job: PrintJob, may_be_on_paper: bool) -> None:
        """It is to be printed as before; if some of it may be on paper, as a copy, or only when staff say so."""
        self._unnoted = in_doubt(job.receipt) if may_be_on_paper else job.receipt
        self._note_end()

    def _note_end(self) -> None:
        """What became of the last receipt must be on disk before the next is taken, or it would be printed twice."""
        if self._unnoted is not None:
            self._journal.note_receipt(self._unnoted)
            self._unnoted = None
