"""The receipt printer: asks how it is, sends a document, and asks again. Transports are in printer_transports.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Protocol

from hardware import printer_status
from hardware.interfaces import Columns, DeviceError, Document, Logo, PrinterError, PrinterStatus, TextLine
from hardware.receipt_encoder import Typesetting, encode_pieces

log = logging.getLogger(__name__)

STATUS_DEADLINE_S = 1.5
"""A printer answers DLE EOT within some ten milliseconds; one that has not by now has no back channel or is off."""

LISTEN_S = 1.0
"""One turn of listening; whoever wants the printer meanwhile waits no longer."""
PIECE_S = 2.0
"""For a piece to come out of a printer that does not say when: LINES_PER_PIECE lines at 75 mm/s."""

_FAULTS = {
    PrinterStatus.PAPER_OUT: "the printer is out of paper: put in a new roll, then print again",
    PrinterStatus.COVER_OPEN: "the printer's cover is open: close it, then print again",
    PrinterStatus.OFFLINE: "the printer is off-line: press its feed or on-line key, or switch it off and on",
}


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
        """Throw away unread input, send the question, and return what arrives first; empty if nothing does in time."""

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
        """``may_listen``: nobody else needs the transport, so it may stay open while the printer has a fault."""
        self._transport = transport
        self._may_listen = may_listen
        self._typesetting = typesetting
        self._answer_deadline_s = answer_deadline_s
        self._confirms_in_order = True
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
            self._confirms_in_order = True
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
        if self._may_listen and self._transport.has_answers:
            with contextlib.suppress(DeviceError):
                if await self._hear_of_change(end_s):
                    return
        await asyncio.sleep(max(0.0, end_s - loop.time()))

    async def _hear_of_change(self, end_s: float) -> bool:
        """True if it said that it is well; False if it does not report by itself, or the time is over."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            try:
                await self._transport.open()
                report = await self._ask_report(printer_status.REPORT_BY_ITSELF, STATUS_DEADLINE_S)
                if report is None:
                    return False
                while report is not PrinterStatus.OK and loop.time() < end_s:
                    report = await self._ask_report(b"", min(LISTEN_S, max(0.0, end_s - loop.time())))
                await self._transport.send(printer_status.KEEP_SILENT)
                return report is PrinterStatus.OK
            finally:
                await self._transport.close()

    async def _ask_report(self, question: bytes, deadline_s: float) -> PrinterStatus | None:
        return printer_status.last_report(await self._transport.ask(question, deadline_s))

    async def prepare(self) -> None:
        """Load python-escpos, and Pillow if it will be needed, in a thread: 200 ms and more from a slow card."""
        with contextlib.suppress(Exception):  # the receipt itself will tell what is wrong
            await asyncio.to_thread(encode_pieces, [Logo(), TextLine("Þ")], self._typesetting)

    async def print_document(self, document: Document) -> None:
        """Print it and wait until the printer has. Raises PrinterError on a fault before, during or after.

        A printer that never answers (UNKNOWN) is trusted: whether it printed is then for staff to see. One that
        answered before and not after is not.
        """
        # In a thread: the first receipt loads python-escpos, which takes seconds from a slow card.
        try:
            pieces = await asyncio.to_thread(encode_pieces, document, self._typesetting)
        except ValueError as error:  # a mistake in the configuration
            raise PrinterError(f"{error} (nothing was printed)", PrinterStatus.UNKNOWN) from error
        async with self._turn:
            try:
                await self._print(pieces)
            finally:
                await self._transport.rest()

    async def _print(self, pieces: list[bytes]) -> None:
        try:
            before = await self._status()
        except DeviceError as error:
            raise PrinterError(f"{error} (nothing was printed)", PrinterStatus.UNKNOWN) from error
        _raise_fault(before, "nothing was printed")
        try:
            for piece in pieces[:-1]:
                await self._transport.send(piece)
                await self._until_printed(before)
            await self._transport.send(pieces[-1])
            after = await self._status_when_done(before)
        except PrinterError:  # a fault between two pieces: it says already what it is
            raise
        except DeviceError as error:
            raise PrinterError(f"{error} (the receipt may be incomplete)", PrinterStatus.UNKNOWN) from error
        _raise_fault(after, "the receipt may be incomplete")
        if after is PrinterStatus.UNKNOWN and before is not PrinterStatus.UNKNOWN:
            raise PrinterError("the printer fell silent while it printed: look at the receipt, is it whole?", after)

    async def _until_printed(self, before: PrinterStatus) -> None:
        """A long receipt would run over the buffer of a printer that cannot hold the sender back."""
        if before is PrinterStatus.UNKNOWN or not self._confirms_in_order:
            await asyncio.sleep(PIECE_S if self._transport.has_answers else 0)
            return
        _raise_fault(await self._status_when_done(before), "the receipt may be incomplete")

    async def _status_when_done(self, before: PrinterStatus) -> PrinterStatus:
        """DLE EOT is answered while paper still moves, so first wait for the answer that comes after the last line."""
        if before is PrinterStatus.UNKNOWN:
            return await self._status()
        if self._confirms_in_order:
            answer = await self._transport.ask(printer_status.IN_ORDER, self._answer_deadline_s)
            after = await self._status()
            if not answer and after is PrinterStatus.OK:
                self._confirms_in_order = False
                log.info("%s does not know GS r: the status after a receipt may come early", self.description)
            return after
        return await self._status()

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

    async def _ask(self, question: bytes) -> int | None:
        if not self._transport.has_answers:
            return None
        return printer_status.pick_answer(await self._transport.ask(question, STATUS_DEADLINE_S))


def _raise_fault(status: PrinterStatus, consequence: str) -> None:
    if (fault := _FAULTS.get(status)) is not None:
        raise PrinterError(f"{fault} ({consequence})", status)
