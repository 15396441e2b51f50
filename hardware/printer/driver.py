"""The receipt printer: asks how it is, sends a document, and asks again. Transports are in printer_transports.py.

An off-line printer answers DLE EOT and carries out nothing else: what is sent to it meanwhile waits in its buffer, and
comes out when its paper is back. So it is sent nothing but that question, and a document only after a good answer. Once
GS r, which waits its turn, is answered behind the last piece, all of it is on paper, whatever happens next.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Protocol

from hardware.interfaces import Columns, DeviceError, Document, Logo, PrinterError, PrinterStatus, TextLine
from hardware.printer import status as printer_status
from hardware.printer.encoder import DRAWER_PULSES, RESET, Typesetting, encode_pieces

log = logging.getLogger(__name__)

STATUS_DEADLINE_S = 1.5
"""A printer answers DLE EOT within some ten milliseconds; one that has not by now has no back channel or is off."""

MOST_UNREAD_READS = 64
LISTEN_S = 1.0
"""One turn of listening; whoever wants the printer meanwhile waits no longer."""
PIECE_S = 2.0
"""For a piece to come out of a printer that does not say when: LINES_PER_PIECE lines at 75 mm/s."""

_FAULTS = {
    PrinterStatus.PAPER_OUT: "the printer is out of paper: put in a new roll, then print again",
    PrinterStatus.COVER_OPEN: "the printer's cover is open: close it, then print again",
    PrinterStatus.OFFLINE: "the printer is off-line: press its feed or on-line key, or switch it off and on",
}
_NOTHING, _INCOMPLETE = "nothing was printed", "the receipt may be incomplete"


class Transport(Protocol):
    """How bytes reach a printer. Errors of the system are raised as DeviceError, saying what to do next."""

    @property
    def description(self) -> str: ...

    @property
    def has_answers(self) -> bool:
        """False for a way on which no printer can answer, such as a plain file."""

    async def open(self) -> None: ...

    async def send(self, data: bytes) -> None:
        """All of it, within the transport's own deadline."""

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        """Send the question, if there is one, and return what arrives first or has already; empty if nothing does."""

    async def rest(self) -> None:
        """The exchange is over: let go of what another program may want meanwhile. Never raises."""

    async def close(self) -> None: ...


class EscposPrinter:
    """Any printer that understands ESC/POS, over any transport."""

    def __init__(
        self,
        transport: Transport,
        typesetting: Typesetting,
        *,
        answer_deadline_s: float = 5.0,
        may_listen: bool = False,
    ) -> None:
        """``may_listen``: nobody else is on the transport, so the printer may report by itself (ASB)."""
        self._transport = transport
        self._may_listen = may_listen
        self._typesetting = typesetting
        self._answer_deadline_s = answer_deadline_s
        self._confirms_in_order = True
        self._replies = printer_status.Replies()
        self._turn = asyncio.Lock()

    @property
    def columns(self) -> Columns:
        return self._typesetting.columns

    @property
    def description(self) -> str:
        typesetting = self._typesetting
        return f"receipt printer, {typesetting.columns} columns, {typesetting.codepage}, {self._transport.description}"

    async def open(self) -> None:
        """Raises DeviceError if the printer cannot be reached. Being out of paper is not an error here."""
        async with self._turn:
            await self._open()

    async def _open(self) -> None:
        self._confirms_in_order = True
        self._replies = printer_status.Replies()
        await self._transport.open()

    async def close(self) -> None:
        await self._transport.close()

    async def status(self) -> PrinterStatus:
        """What the printer reports now; UNKNOWN if it does not answer. Raises DeviceError if it is gone."""
        async with self._turn:
            try:
                return await self._status()
            finally:
                await self._transport.rest()

    async def wait_for_change(self, timeout_s: float) -> None:
        """Until the printer, not open, says by itself that it is well (ASB), or ``timeout_s`` have passed."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + timeout_s
        if self._may_listen:
            with contextlib.suppress(DeviceError):
                if await self._hears_that_it_is_well(end_s):
                    return
        await asyncio.sleep(max(0.0, end_s - loop.time()))

    async def _hears_that_it_is_well(self, end_s: float) -> bool:
        """Sends nothing: reports were asked for with the last document, while there was paper."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            try:
                await self._open()
                while self._transport.has_answers and (left_s := end_s - loop.time()) > 0:
                    self._replies.take(await self._transport.ask(b"", min(LISTEN_S, left_s)))
                    if self._replies.reported is PrinterStatus.OK:
                        return True
                return False
            finally:
                await self._transport.close()

    async def open_drawer(self) -> None:
        """Kick the cash drawer, if there is one. Raises PrinterError if the printer would not do it at once."""
        if self._typesetting.drawer == "none":
            return
        async with self._turn:
            try:
                _raise_fault(await self._status(), "the drawer stays closed")
                await self._transport.send(DRAWER_PULSES[self._typesetting.drawer])
            finally:
                await self._transport.rest()

    async def prepare(self) -> None:
        """Load python-escpos, and Pillow if it will be needed, in a thread: 200 ms and more from a slow card."""
        with contextlib.suppress(Exception):  # the receipt itself will tell what is wrong
            await asyncio.to_thread(encode_pieces, [Logo(), TextLine("Þ")], self._typesetting)

    async def print_document(self, document: Document) -> PrinterStatus:
        """Print it and wait until the printer has; how the printer is then. Raises PrinterError if it may not have.

        A printer that never answers (UNKNOWN) is trusted: whether it printed is then for staff to see. One that
        answered before and not after is not.
        """
        # In a thread: the first receipt loads python-escpos, which takes seconds from a slow card.
        try:
            pieces = await asyncio.to_thread(encode_pieces, document, self._typesetting)
        except ValueError as error:  # a mistake in the configuration
            raise PrinterError(f"{error} ({_NOTHING})", PrinterStatus.UNKNOWN) from error
        async with self._turn:
            try:
                return await self._print(pieces)
            finally:
                await self._transport.rest()

    async def _print(self, pieces: list[bytes]) -> PrinterStatus:
        try:
            before = await self._status()
        except DeviceError as error:
            raise PrinterError(f"{error} ({_NOTHING})", PrinterStatus.UNKNOWN) from error
        _raise_fault(before, _NOTHING)
        if self._may_listen and before is PrinterStatus.OK:  # the reset at the head of a document ends the reports
            pieces[0] = pieces[0].replace(RESET, RESET + printer_status.REPORT_BY_ITSELF, 1)
        try:
            for piece in pieces[:-1]:
                await self._transport.send(piece)
                await self._until_printed(before)
            await self._transport.send(pieces[-1])
            return await self._finish(before)
        except PrinterError:  # it says already what it is
            raise
        except DeviceError as error:
            raise PrinterError(f"{error} ({_INCOMPLETE})", PrinterStatus.UNKNOWN, may_be_on_paper=True) from error

    async def _until_printed(self, before: PrinterStatus) -> None:
        """A long receipt would run over the buffer of a printer that cannot hold the sender back."""
        if before is PrinterStatus.UNKNOWN or not self._confirms_in_order:
            await asyncio.sleep(PIECE_S if self._transport.has_answers else 0)
            return
        _raise_fault(await self._finish(before), _INCOMPLETE, may_be_on_paper=True)

    async def _finish(self, before: PrinterStatus) -> PrinterStatus:
        """Wait until what was sent is on paper; how the printer is then. Raises PrinterError if it may not be."""
        asks_in_order = self._confirms_in_order and before is not PrinterStatus.UNKNOWN
        if asks_in_order and await self._is_printed():
            with contextlib.suppress(DeviceError):
                return await self._status()
            return PrinterStatus.OFFLINE
        after = await self._status()
        _raise_fault(after, _INCOMPLETE, may_be_on_paper=True)
        if after is PrinterStatus.UNKNOWN and before is not PrinterStatus.UNKNOWN:
            lost = "the printer fell silent while it printed: look at the receipt, is it whole?"
            raise PrinterError(lost, after, may_be_on_paper=True)
        if asks_in_order:
            self._confirms_in_order = False
            log.info("%s does not know GS r: the status after a receipt may come early", self.description)
        return after

    async def _is_printed(self) -> bool:
        """DLE EOT is answered while paper still moves, GS r only after the last line. False if it never is."""
        fits = printer_status.is_answer_in_order
        return await self._ask(printer_status.IN_ORDER, fits, self._answer_deadline_s) is not None

    async def _status(self) -> PrinterStatus:
        printer = await self._ask(printer_status.PRINTER)
        if printer is None:
            return PrinterStatus.UNKNOWN
        if printer_status.is_offline(printer):
            cause = await self._ask(printer_status.OFFLINE_CAUSE)
            return printer_status.offline_cause(cause, await self._ask(printer_status.PAPER_SENSOR))
        sensor = await self._ask(printer_status.PAPER_SENSOR)
        if sensor is not None and not printer_status.has_paper(sensor):
            return PrinterStatus.PAPER_OUT
        return PrinterStatus.OK

    async def _ask(
        self,
        question: bytes,
        fits: Callable[[int], bool] = printer_status.is_answer,
        deadline_s: float | None = None,
    ) -> int | None:
        """The first byte of the answer's form that comes after the question; None if none does in time."""
        if not self._transport.has_answers:
            return None
        for _ in range(MOST_UNREAD_READS):  # what came too late, or was not asked for
            if not (unread := await self._transport.ask(b"", 0)):
                break
            self._replies.take(unread)
        loop = asyncio.get_running_loop()
        deadline_s = deadline_s or STATUS_DEADLINE_S
        end_s = loop.time() + deadline_s
        received = await self._transport.ask(question, deadline_s)
        while received:
            for byte in self._replies.take(received):
                if fits(byte):
                    return byte
            left_s = end_s - loop.time()
            received = await self._transport.ask(b"", left_s) if left_s > 0 else b""
        return None


def _raise_fault(status: PrinterStatus, consequence: str, *, may_be_on_paper: bool = False) -> None:
    if (fault := _FAULTS.get(status)) is not None:
        raise PrinterError(f"{fault} ({consequence})", status, may_be_on_paper=may_be_on_paper)
