"""Puts queued receipts on paper, each once. The queue is the journal's; printing never changes a sale.

A receipt is QUEUED with its sale, PRINTING before the first byte leaves, and PRINTED when the printer has it. One that
a power cut finds PRINTING may or may not be on paper: it is printed again and marked as a copy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from hardware.interfaces import DeviceError, Printer, PrinterError, PrinterStatus
from terminal.clerk import Input
from terminal.counter import ConditionsChanged
from terminal.errors import JournalError
from terminal.journal import Journal, QueuedReceipt, ReceiptState
from terminal.messages import Language
from terminal.receipt import Shop, receipt_document

SHORTEST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 30.0

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
    ) -> None:
        self._printer = printer
        self._journal = journal
        self._put = put
        self._shop = shop
        self._terminal_id = terminal_id
        self._language = language
        self._local_now = local_now
        self._work = asyncio.Event()
        self._is_open = False
        self._told: tuple[PrinterStatus, int] | None = None

    def wake(self) -> None:
        """There may be a new receipt, or the printer may be well again."""
        self._work.set()

    async def run(self) -> None:
        await self._mark_interrupted()
        pause_s = SHORTEST_PAUSE_S
        try:
            while True:
                self._work.clear()
                if await self._print_all():
                    pause_s = SHORTEST_PAUSE_S
                    await self._work.wait()
                else:
                    await self._wait_for_printer(pause_s)
                    pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        finally:
            await self._printer.close()

    async def _wait_for_printer(self, pause_s: float) -> None:
        """Only while a receipt waits: printers do not call when their paper is back."""
        try:
            await asyncio.wait_for(self._work.wait(), pause_s)
        except TimeoutError:
            return

    async def _mark_interrupted(self) -> None:
        for receipt in await self._unprinted():
            if receipt.state is ReceiptState.PRINTING:
                await self._note(replace(receipt, state=ReceiptState.QUEUED, copy=receipt.copy + 1))

    async def _print_all(self) -> bool:
        """Print what waits; False if something still does."""
        receipts = await self._unprinted()
        for done, receipt in enumerate(receipts):
            try:
                await self._print(receipt)
            except DeviceError as error:
                log.warning("receipt %s stays pending: %s", receipt.receipt_id, error)
                status = error.status if isinstance(error, PrinterError) else PrinterStatus.OFFLINE
                self._tell(status, len(receipts) - done)
                await self._printer.close()
                self._is_open = False
                return False
            except JournalError as error:
                log.error("receipt %s stays pending: %s", receipt.receipt_id, error)
                return False
        if receipts:
            self._tell(PrinterStatus.OK, 0)
        return True

    async def _print(self, receipt: QueuedReceipt) -> None:
        sale = await self._journal.call(self._journal.file.find_sale, receipt.sale_number)
        if sale is None:
            raise JournalError(f"receipt {receipt.receipt_id} has no sale in the journal")
        if not self._is_open:
            await self._printer.open()
            self._is_open = True
        document = receipt_document(
            sale,
            kind=receipt.kind,
            copy=receipt.copy > 0,
            shop=self._shop,
            terminal_id=self._terminal_id,
            printed_at=self._local_now(),
            language=self._language,
            columns=self._printer.columns,
        )
        await self._note(replace(receipt, state=ReceiptState.PRINTING))
        try:
            await self._printer.print_document(document)
        except DeviceError:
            await self._note(replace(receipt, state=ReceiptState.QUEUED))
            raise
        await self._note(replace(receipt, state=ReceiptState.PRINTED))
        log.info("receipt %s printed", receipt.receipt_id)

    async def _unprinted(self) -> list[QueuedReceipt]:
        return await self._journal.call(self._journal.file.unprinted_receipts)

    async def _note(self, receipt: QueuedReceipt) -> None:
        await self._journal.call(self._journal.file.note_receipt, receipt)

    def _tell(self, status: PrinterStatus, pending: int) -> None:
        if self._told != (status, pending):
            self._told = (status, pending)
            self._put(ConditionsChanged({"printer": status, "pending_receipts": pending}))
