"""Puts queued receipts on paper, each once. The queue is the journal's; printing never changes a sale.

A receipt is QUEUED with its sale, PRINTING before the first byte leaves, and PRINTED when the printer has it. One that
may be on paper or not, because of a power cut or because the printer failed on the way, is printed again and marked as
a copy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol, TypedDict

from msgspec.structs import replace

from hardware.interfaces import (
    Columns,
    DeviceError,
    Document,
    Printer,
    PrinterError,
    PrinterStatus,
)
from terminal.counter.inputs import ConditionsChanged, Input
from terminal.errors import JournalError
from terminal.journal.thread import Journal
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.sale import Sale
from terminal.sale.totals import ClosedPeriod
from terminal.system.clock import clock_is_set
from terminal.texts.words import Language

SHORTEST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0
LOOK_EVERY_S = 5.0
"""While something waits for a printer that says what is wrong: only a question is asked, nothing is tried."""
DRAWER_WITHIN_S = 5.0
"""A drawer that opens later opens for nobody."""
FAULTS = (PrinterStatus.PAPER_OUT, PrinterStatus.COVER_OPEN, PrinterStatus.OFFLINE)
"""What a printer says of itself when nothing can come out. One that says nothing may be well."""

log = logging.getLogger(__name__)


class ReceiptJournal(Protocol):
    """What the queue needs of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    def unprinted_receipts(self) -> list[QueuedReceipt]: ...

    def note_receipt(self, receipt: QueuedReceipt) -> None: ...

    def find_sale(self, number: int) -> Sale | None: ...

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None: ...


class Layout(TypedDict):
    """What every receipt wants to know, whatever it is of."""

    copy: bool
    shop: Shop
    terminal_id: str
    printed_at: datetime
    language: Language
    columns: Columns
    clock_set: bool


class PrintJob(NamedTuple):
    """A receipt that is marked as being printed, and what is to be on the paper."""

    receipt: QueuedReceipt
    document: Document
    pending: int
    """How many receipts wait, this one included."""


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
    ) -> None:
        self._journal = journal
        self._shop = shop
        self._terminal_id = terminal_id
        self._language = language
        self._columns = columns
        self._local_now = local_now
        self._clock_is_set = clock_is_set
        self._unnoted: QueuedReceipt | None = None
        self._is_recovered = False
        self._set_aside: set[str] = set()
        """Receipts that cannot be made: they must not hold up the others."""

    def _recover(self) -> None:
        """After a start: what was being printed may be on paper, so it comes again as a copy."""
        for receipt in self._journal.unprinted_receipts():
            if receipt.state is ReceiptState.PRINTING:
                self._journal.note_receipt(replace(receipt, state=ReceiptState.QUEUED, copy=receipt.copy + 1))
        self._is_recovered = True

    def pending(self) -> int:
        """How many receipts wait. Writes only what became of those before."""
        return len(self._waiting())

    def next_job(self) -> PrintJob | None:
        """Take the oldest receipt and note on disk that it is being printed."""
        while waiting := self._waiting():
            receipt = waiting[0]
            if (document := self._document(receipt)) is not None:
                self._journal.note_receipt(replace(receipt, state=ReceiptState.PRINTING))
                return PrintJob(receipt, document, len(waiting))
            self._set_aside.add(receipt.receipt_id)
        return None

    def _waiting(self) -> list[QueuedReceipt]:
        if not self._is_recovered:
            self._recover()
        self._note_end()
        return [one for one in self._journal.unprinted_receipts() if one.receipt_id not in self._set_aside]

    def _document(self, receipt: QueuedReceipt) -> Document | None:
        """None, and a word in the log, if there is nothing to make it of."""
        if receipt.kind is ReceiptKind.END_OF_DAY:
            period = self._journal.closed_period(receipt.period)
            if period is not None:
                return end_of_day_slip(period, **self._layout(receipt))
            fault = "its end of day is not in the journal"
        else:
            sale = self._journal.find_sale(receipt.sale_number)
            if sale is not None and sale.reason is not None:
                return receipt_document(sale, kind=receipt.kind, **self._layout(receipt))
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
        """It is to be printed again; as a copy, if some of it may be on paper."""
        copy = job.receipt.copy + may_be_on_paper
        self._unnoted = replace(job.receipt, state=ReceiptState.QUEUED, copy=copy)
        self._note_end()

    def _note_end(self) -> None:
        """What became of the last receipt must be on disk before the next is taken, or it would be printed twice."""
        if self._unnoted is not None:
            self._journal.note_receipt(self._unnoted)
            self._unnoted = None


class ReceiptPrinting:
    """Works whenever there is something to print; ``wake`` says that there is."""

    def __init__(
        self,
        printer: Printer,
        journal: Journal,
        put: Callable[[Input], None],
        *,
        shop: Shop,
        terminal_id: str,
        language: Language,
        local_now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        clock_is_set: Callable[[], bool] = clock_is_set,
    ) -> None:
        self._printer = printer
        self._journal = journal
        self._put = put
        self._queue = ReceiptQueue(
            journal.file,
            shop=shop,
            terminal_id=terminal_id,
            language=language,
            columns=printer.columns,
            local_now=local_now,
            clock_is_set=clock_is_set,
        )
        self._work = asyncio.Event()
        self._turn = asyncio.Lock()
        self._sale_is_open = False
        self._drawer_until_s = 0.0
        self._is_open = False
        self._told: tuple[PrinterStatus, int] | None = None

    def wake(self) -> None:
        """There may be a new receipt, or the printer may be well again."""
        self._work.set()

    def sale_began(self) -> None:
        """A receipt will be due soon: have everything loaded and the printer found, so that it starts at once."""
        self._sale_is_open = True
        self._work.set()

    def sale_approved(self) -> None:
        """Open the cash drawer, at once or not at all."""
        self._drawer_until_s = asyncio.get_running_loop().time() + DRAWER_WITHIN_S
        self._work.set()

    async def print_now(self, document: Document) -> None:
        """Print something that is no receipt, between two receipts. Raises DeviceError."""
        self._work.set()  # nobody need wait for the printer to report
        async with self._turn:
            await self._put_on_paper(document)

    async def status(self) -> PrinterStatus:
        """What the printer says of itself now, between two receipts. Raises DeviceError if it is not there."""
        self._work.set()  # nobody need wait for the printer to report
        async with self._turn:
            try:
                return await self._look()
            except DeviceError:
                await self._let_go()
                raise

    async def print_waiting(self) -> bool:
        """Print what waits, once; False if something still does. For a program that is no running terminal."""
        try:
            return await self._print_all()
        finally:
            await self._printer.close()

    async def run(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        try:
            while True:
                self._work.clear()
                if self._sale_is_open:
                    self._sale_is_open = False
                    await self._get_ready()
                await self._open_drawer()
                if await self._print_all():
                    pause_s = SHORTEST_PAUSE_S
                    await self._work.wait()
                else:
                    await self._wait_for_printer(min(pause_s, LOOK_EVERY_S) if self._has_told_a_fault else pause_s)
                    pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        finally:
            await self._printer.close()

    async def _wait_for_printer(self, pause_s: float) -> None:
        """Only while a receipt waits: until the printer says that its paper is back, or it is time to look."""
        change = asyncio.sleep(pause_s) if self._is_open else self._printer.wait_for_change(pause_s)
        waiting = [asyncio.ensure_future(change), asyncio.ensure_future(self._work.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _print_all(self) -> bool:
        """Print what waits; False if something still does."""
        try:
            while pending := await self._journal.call(self._queue.pending):
                if not await self._is_ready(pending):
                    return False
                job = await self._journal.call(self._queue.next_job)
                if job is not None and not await self._print(job):
                    return False
        except JournalError as error:
            log.error("receipts stay pending: %s", error)
            return False
        return True

    async def _is_ready(self, pending: int) -> bool:
        """Look before a receipt is taken, unless all was well: a night without paper must not fill the journal."""
        if self._is_open and self._told is not None and not self._has_told_a_fault:
            return True
        async with self._turn:
            try:
                status = await self._look()
            except DeviceError as error:
                log.log(logging.DEBUG if self._told else logging.WARNING, "receipts stay pending: %s", error)
                status = PrinterStatus.OFFLINE
            if status in FAULTS:
                await self._let_go()
                self._tell(status, pending)
        return status not in FAULTS

    async def _print(self, job: PrintJob) -> bool:
        try:
            async with self._turn:
                status = await self._put_on_paper(job.document)
        except DeviceError as error:
            log.warning("receipt %s stays pending: %s", job.receipt.receipt_id, error)
            self._tell(error.status if isinstance(error, PrinterError) else PrinterStatus.OFFLINE, job.pending)
            may_be_on_paper = isinstance(error, PrinterError) and error.may_be_on_paper
            await self._journal.call(self._queue.not_printed, job, may_be_on_paper)
            return False
        await self._journal.call(self._queue.printed, job)
        log.info("receipt %s printed", job.receipt.receipt_id)
        self._tell(status if status in FAULTS else PrinterStatus.OK, job.pending - 1)
        return True

    async def _put_on_paper(self, document: Document) -> PrinterStatus:
        """How the printer is afterwards."""
        try:
            await self._open()
            status = await self._printer.print_document(document)
        except DeviceError:
            await self._let_go()
            raise
        if status in FAULTS:
            await self._let_go()
        return status

    async def _open_drawer(self) -> None:
        """Tried once; a job of its own, so that no receipt that comes later or again brings it along."""
        until_s, self._drawer_until_s = self._drawer_until_s, 0.0
        async with self._turn:
            if asyncio.get_running_loop().time() >= until_s:
                return
            try:
                await self._open()
                await self._printer.open_drawer()
            except DeviceError as error:
                log.warning("drawer: %s", error)
                await self._let_go()

    async def _look(self) -> PrinterStatus:
        await self._open()
        return await self._printer.status()

    async def _open(self) -> None:
        if not self._is_open:
            await self._printer.open()
            self._is_open = True

    async def _let_go(self) -> None:
        self._is_open = False
        await self._printer.close()

    async def _get_ready(self) -> None:
        """What is wrong with the printer is told now, while there is time to put in paper."""
        await self._printer.prepare()
        pending = self._told[1] if self._told is not None else 0
        async with self._turn:
            try:
                self._tell(await self._look(), pending)
            except DeviceError:
                await self._let_go()
                self._tell(PrinterStatus.OFFLINE, pending)

    @property
    def _has_told_a_fault(self) -> bool:
        return self._told is not None and self._told[0] in FAULTS

    def _tell(self, status: PrinterStatus, pending: int) -> None:
        if self._told != (status, pending):
            self._told = (status, pending)
            self._put(ConditionsChanged({"printer": status, "pending_receipts": pending}))
