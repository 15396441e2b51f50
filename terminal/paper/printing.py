"""Puts queued receipts on paper, each once: takes one from the queue, hands it to the printer, notes what became of it.

Printing never changes a sale.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from hardware.interfaces import DeviceError, Document, Printer, PrinterError, PrinterStatus
from terminal.counter.inputs import ConditionsChanged, Input
from terminal.errors import JournalError
from terminal.journal.thread import Journal
from terminal.paper.printer_session import FAULTS, PrinterSession
from terminal.paper.queue import PrintJob, ReceiptQueue, Waiting
from terminal.paper.receipt import Shop
from terminal.paper.reconciliation import Reconciled
from terminal.system.clock import clock_is_set
from terminal.system.hotplug import nothing_plugged_in
from terminal.system.retrying import Pauses
from terminal.texts.words import Language

SHORTEST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0
KEPT_READY_S = 20.0
"""A network printer is held so long for the sale that has begun: some refuse for seconds after a hang-up."""
LOOK_EVERY_S = 5.0
"""While something waits for a printer that says what is wrong: only a question is asked, nothing is tried."""

log = logging.getLogger(__name__)


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
        reconciled: Callable[[], Reconciled | None] = lambda: None,
        plugged_in: Callable[[float], Awaitable[bool]] = nothing_plugged_in,
    ) -> None:
        self._session = PrinterSession(printer)
        self._plugged_in = plugged_in
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
            paper_is_low=lambda: self._session.paper_is_low,
            reconciled=reconciled,
        )
        self._work = asyncio.Event()
        self._sale_is_open = False
        self._is_kept_ready = False
        self._told: dict[str, Any] = {}

    def wake(self) -> None:
        """There may be a new receipt, or the printer may be well again."""
        self._work.set()

    def prepare(self) -> None:
        """A receipt will be due soon: have everything loaded and the printer found, so that it starts at once."""
        self._sale_is_open = True
        self._work.set()

    def open_drawer(self) -> None:
        """Open the cash drawer, at once or not at all."""
        self._session.want_drawer()
        self._work.set()

    async def print_now(self, document: Document) -> None:
        """Print something that is no receipt, between two receipts. Raises DeviceError."""
        self._work.set()  # nobody need wait for the printer to report
        await self._session.print_document(document)

    async def status(self) -> PrinterStatus:
        """What the printer says of itself now, between two receipts. Raises DeviceError if it is not there."""
        self._work.set()  # nobody need wait for the printer to report
        return await self._session.status()

    async def print_waiting(self) -> bool:
        """Print what waits, once; False if something still does. For a program that is no running terminal."""
        try:
            return await self._print_all()
        finally:
            await self._session.close()

    async def run(self) -> None:
        """Print what waits, and wait for more; after a failure try again with growing pauses. Cancel it to end it."""
        pauses = Pauses(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
        try:
            while True:
                self._work.clear()
                if self._sale_is_open:
                    self._sale_is_open = False
                    await self._get_ready()
                await self._session.open_drawer()
                if await self._print_all():
                    pauses.reset()
                    await self._wait_for_work()
                else:
                    pause_s = pauses.next_s()
                    if await self._wait_for_printer(min(pause_s, LOOK_EVERY_S) if self._has_told_a_fault else pause_s):
                        pauses.reset()
        finally:
            await self._session.close()

    async def _wait_for_work(self) -> None:
        """What was found ready when a sale began is kept for it, but not all evening: others print there, too."""
        if self._is_kept_ready:
            self._is_kept_ready = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEPT_READY_S):
                    await self._work.wait()
                    return
        await self._session.release()
        await self._work.wait()

    async def _wait_for_printer(self, pause_s: float) -> bool:
        """Only while a receipt waits: until the printer may be well again, or somebody wants something.

        True if something was plugged in, which may be the printer.
        """
        change = self._session.wait_for_change(pause_s)
        plugged = asyncio.ensure_future(self._plugged_in(pause_s))
        waiting = [asyncio.ensure_future(change), asyncio.ensure_future(self._work.wait()), plugged]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return plugged.done() and plugged.result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _print_all(self) -> bool:
        """Print what waits; False if something still does that needs no answer."""
        try:
            while True:
                waiting = await self._journal.call(self._queue.waiting)
                if not waiting.printable:
                    if waiting.pending or self._told:
                        self._tell(pending_receipts=waiting.pending, receipt_in_doubt=waiting.in_doubt)
                    return True
                if not await self._is_ready(waiting):
                    return False
                job = await self._journal.call(self._queue.next_job)
                if job is not None and not await self._print(job):
                    return False
        except JournalError as error:
            log.error("receipts stay pending: %s", error)
            return False
        finally:
            if self._told:
                self._tell(is_printing=False)

    async def _is_ready(self, waiting: Waiting) -> bool:
        """Look before a receipt is taken, unless all was well: a night without paper must not fill the journal."""
        if self._session.is_open and "printer" in self._told and not self._has_told_a_fault:
            return True
        status = await self._session.look()
        if status in FAULTS:
            log.log(logging.DEBUG if self._told else logging.WARNING, "receipts stay pending: printer is %s", status)
            self._tell(printer=status, pending_receipts=waiting.pending, receipt_in_doubt=waiting.in_doubt)
        return status not in FAULTS

    async def _print(self, job: PrintJob) -> bool:
        """False if the printer has to be waited for. One that failed over this receipt may take the next."""
        if self._told:
            self._tell(pending_receipts=job.pending, is_printing=True)
        try:
            status = await self._session.print_document(job.document)
        except DeviceError as error:
            log.warning("receipt %s stays pending: %s", job.receipt.receipt_id, error)
            status = error.status if isinstance(error, PrinterError) else PrinterStatus.OFFLINE
            may_be_on_paper = isinstance(error, PrinterError) and error.may_be_on_paper
            self._tell(printer=status, pending_receipts=job.pending)
            await self._journal.call(self._queue.not_printed, job, may_be_on_paper)
            return may_be_on_paper and status not in FAULTS
        await self._journal.call(self._queue.printed, job)
        log.info("receipt %s printed", job.receipt.receipt_id)
        self._tell(printer=status, pending_receipts=job.pending - 1, paper_low=self._session.paper_is_low)
        return True

    async def _get_ready(self) -> None:
        """What is wrong with the printer is told now, while there is time to put in paper."""
        status = await self._session.look()
        pending = self._told.get("pending_receipts", 0)
        self._tell(printer=status, pending_receipts=pending, paper_low=self._session.paper_is_low)
        await self._session.prepare()
        self._is_kept_ready = True

    @property
    def _has_told_a_fault(self) -> bool:
        return self._told.get("printer") in FAULTS

    def _tell(self, **changes: Any) -> None:
        """Fields of ``Conditions``; only what is new, for staff may have answered meanwhile."""
        new = {name: value for name, value in changes.items() if name not in self._told or self._told[name] != value}
        if new:
            self._told |= new
            self._put(ConditionsChanged(new))
