"""The printer between open and close: one user at a time, let go of after a fault.

Says nothing of receipts: whatever is printed, asked or opened goes through here in turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hardware.interfaces import Columns, DeviceError, Document, Printer, PrinterError, PrinterStatus

DRAWER_WITHIN_S = 5.0
"""A drawer that opens later opens for nobody."""
FAULTS = (PrinterStatus.PAPER_OUT, PrinterStatus.COVER_OPEN, PrinterStatus.OFFLINE)
"""What a printer says of itself when nothing can come out. One that says nothing may be well."""

log = logging.getLogger(__name__)


class PrinterSession:
    """Opens the printer when it is needed and lets go of it when it failed. Every method takes its turn."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._turn = asyncio.Lock()
        self._is_open = False
        self._drawer_until_s = 0.0

    @property
    def columns(self) -> Columns:
        return self._printer.columns

    @property
    def paper_is_low(self) -> bool:
        return self._printer.paper_is_low

    @property
    def is_open(self) -> bool:
        return self._is_open

    async def prepare(self) -> None:
        """Load what the first receipt needs. Never raises."""
        await self._printer.prepare()

    async def status(self) -> PrinterStatus:
        """What the printer says of itself now. Raises DeviceError if it is not there; then it is let go of."""
        async with self._turn:
            try:
                return await self._connected(self._printer.status)
            except DeviceError:
                await self._let_go()
                raise

    async def look(self) -> PrinterStatus:
        """Like :meth:`status`, where not being there is a status too; after a fault the printer is let go of."""
        try:
            status = await self.status()
        except DeviceError as error:
            log.debug("printer: %s", error)
            return PrinterStatus.OFFLINE
        if status in FAULTS:
            await self.let_go()
        return status

    async def print_document(self, document: Document) -> PrinterStatus:
        """How the printer is afterwards. Raises DeviceError."""
        async with self._turn:
            try:
                status = await self._connected(lambda: self._printer.print_document(document))
            except DeviceError:
                await self._let_go()
                raise
            if status in FAULTS:
                await self._let_go()
            return status

    def want_drawer(self) -> None:
        """Somebody has paid: :meth:`open_drawer` opens the drawer if it is called soon."""
        if self._printer.has_drawer:
            self._drawer_until_s = asyncio.get_running_loop().time() + DRAWER_WITHIN_S

    async def open_drawer(self) -> None:
        """If it is wanted. Tried once; a job of its own, so that no receipt that comes later brings it along."""
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

    async def wait_for_change(self, pause_s: float) -> None:
        """After a fault: until the printer says that its paper is back, or it is time to look."""
        await (asyncio.sleep(pause_s) if self._is_open else self._printer.wait_for_change(pause_s))

    async def release(self) -> None:
        """Nothing more is to be printed for now: others may have the printer."""
        async with self._turn:
            if self._is_open:
                await self._printer.release()

    async def let_go(self) -> None:
        async with self._turn:
            await self._let_go()

    async def close(self) -> None:
        """At the end; does not wait for its turn."""
        await self._printer.close()

    async def _connected(self, work: Callable[[], Awaitable[PrinterStatus]]) -> PrinterStatus:
        """A connection that has ended since it was used last is no fault of the printer: it gets another one."""
        was_open = self._is_open
        await self._open()
        try:
            return await work()
        except DeviceError as error:
            has_begun = isinstance(error, PrinterError) and error.may_be_on_paper
            is_told = isinstance(error, PrinterError) and error.status in (
                PrinterStatus.PAPER_OUT,
                PrinterStatus.COVER_OPEN,
            )
            if not was_open or has_begun or is_told:
                raise
            await self._let_go()
            await self._open()
            return await work()

    async def _open(self) -> None:
        if not self._is_open:
            await self._printer.open()
            self._is_open = True

    async def _let_go(self) -> None:
        self._is_open = False
        await self._printer.close()
