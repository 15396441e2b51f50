"""The receipt printer: asks how it is, sends a document, and asks again. Transports are in transports.py.

An off-line printer answers DLE EOT and carries out nothing else: what is sent to it meanwhile waits in its buffer, and
comes out when its paper is back. So it is sent nothing but that question, and a document only after a good answer. Once
GS r, which waits its turn, is answered behind the last line, all of it is on paper, whatever happens next: the knife
comes after that, because some printers hang up when it falls.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

from hardware.interfaces import Columns, DeviceError, Document, Logo, PrinterError, PrinterStatus, TextLine
from hardware.printer import status as printer_status
from hardware.printer.conversation import Conversation, growing
from hardware.printer.encoder import DRAWER_PULSES, RESET, Piece, Sheet, Typesetting, encode_sheet
from hardware.printer.memory import Memory, ShortMemory
from hardware.printer.transport import Transport

LISTEN_S = 1.0
"""One turn of listening; whoever wants the printer meanwhile waits no longer."""
FIRST_WAIT_S = 2.0
"""For GS r; then it is asked again, and twice as long is waited each time."""
PACE_S = 0.05
"""For a line to come out of a printer that does not say when: 75 mm/s."""
SLOWEST_LINE_S = 0.15
"""For a line to come out of any printer: 25 mm/s."""

_FAULTS = {
    PrinterStatus.PAPER_OUT: "the printer is out of paper: put in a new roll, then print again",
    PrinterStatus.COVER_OPEN: "the printer's cover is open: close it, then print again",
    PrinterStatus.OFFLINE: "the printer is off-line: press its feed or on-line key, or switch it off and on",
}
_SILENT = "the printer does not answer, and it did before: see that it is on and its cable is in"
_STUCK = "the printer answers, but does not carry out what it is sent: switch it off and on"
_FELL_SILENT = "the printer fell silent while it printed: look at the receipt, is it whole?"
_UNCONFIRMED = "the printer did not say that all of it is on paper: look at the receipt, is it whole?"
_NOTHING, _INCOMPLETE = "nothing was printed", "the receipt may be incomplete"


class EscposPrinter:
    """Any printer that understands ESC/POS, over any transport."""

    def __init__(
        self,
        transport: Transport,
        typesetting: Typesetting,
        *,
        answer_deadline_s: float = 5.0,
        may_listen: bool = False,
        answers: Literal["auto", "none"] = "auto",
        memory: Memory | None = None,
    ) -> None:
        """``may_listen``: nobody else is on the transport, so the printer may report by itself (ASB)."""
        self._transport = transport
        self._typesetting = typesetting
        self._answer_deadline_s = answer_deadline_s
        self._may_listen = may_listen and answers == "auto"
        self._talk = Conversation(transport, memory or ShortMemory(), answers=answers, may_report=may_listen)
        self._turn = asyncio.Lock()

    @property
    def columns(self) -> Columns:
        return self._typesetting.columns

    @property
    def has_drawer(self) -> bool:
        return self._typesetting.drawer != "none"

    @property
    def description(self) -> str:
        typesetting = self._typesetting
        return f"receipt printer, {typesetting.columns} columns, {typesetting.codepage}, {self._transport.description}"

    @property
    def paper_is_low(self) -> bool:
        """As its sensor said last, if it has one."""
        return self._talk.paper_is_low

    async def open(self) -> None:
        """Raises DeviceError if the printer cannot be reached. Being out of paper is not an error here."""
        async with self._turn:
            await self._open()

    async def _open(self) -> None:
        await self._transport.open()
        await self._talk.begin()

    async def release(self) -> None:
        """See :class:`hardware.interfaces.Printer`."""
        async with self._turn:
            await self._transport.release()

    async def close(self) -> None:
        await self._transport.close()

    async def status(self) -> PrinterStatus:
        """What the printer reports now; UNKNOWN if it never answers. Raises DeviceError if it is gone."""
        async with self._turn:
            try:
                return await self._talk.status()
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
                    if await self._talk.hears_report(min(LISTEN_S, left_s)) is PrinterStatus.OK:
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
                self._raise_fault(await self._talk.status(), "the drawer stays closed")
                await self._transport.send(DRAWER_PULSES[self._typesetting.drawer])
            finally:
                await self._transport.rest()

    async def prepare(self) -> None:
        """See :class:`hardware.interfaces.Printer`. python-escpos takes 200 ms and more to load from a slow card."""
        with contextlib.suppress(Exception):  # the receipt itself will tell what is wrong
            await asyncio.to_thread(encode_sheet, [Logo(), TextLine("Þ")], self._typesetting)
        async with self._turn:
            with contextlib.suppress(DeviceError):
                await self._talk.get_in_step()
            await self._transport.rest()

    async def print_document(self, document: Document) -> PrinterStatus:
        """Print it and wait until the printer has; how the printer is then. Raises PrinterError if it may not have.

        A printer that never answers (UNKNOWN) is trusted: whether it printed is then for staff to see. One that has
        ever answered is not when it falls silent.
        """
        sheet = await _typeset(document, self._typesetting)
        async with self._turn:
            try:
                return await self._print(sheet)
            finally:
                await self._transport.rest()

    async def _print(self, sheet: Sheet) -> PrinterStatus:
        try:
            before = await self._talk.status()
            self._raise_fault(before, _NOTHING)
            self._raise_fault(await self._talk.get_in_step(), _NOTHING)
        except PrinterError:
            raise
        except DeviceError as error:
            raise PrinterError(f"{error} ({_NOTHING})", PrinterStatus.OFFLINE) from error
        try:
            if before is PrinterStatus.UNKNOWN:
                return await self._print_unheard(sheet)
            return await self._print_heard(sheet)
        except BaseException as error:
            self._talk.lose_step()
            if isinstance(error, DeviceError) and not isinstance(error, PrinterError):
                raise PrinterError(f"{error} ({_INCOMPLETE})", PrinterStatus.UNKNOWN, may_be_on_paper=True) from error
            raise

    async def _print_unheard(self, sheet: Sheet) -> PrinterStatus:
        """A long receipt would run over the buffer of a printer that cannot hold the sender back."""
        for piece in sheet.pieces[:-1]:
            await self._transport.send(piece.data)
            await asyncio.sleep(piece.lines * PACE_S if self._transport.has_answers else 0)
        await self._transport.send(sheet.pieces[-1].data + sheet.cut)
        return PrinterStatus.UNKNOWN

    async def _print_heard(self, sheet: Sheet) -> PrinterStatus:
        for number, piece in enumerate(sheet.pieces):
            # The reset at the head of a document ends the reports.
            wish = RESET + printer_status.REPORT_BY_ITSELF if not number and self._talk.reports else RESET
            await self._transport.send(piece.data.replace(RESET, wish, 1))
            after = await self._until_printed(piece)
        if not sheet.cut:
            return after if after is not None else await self._status_at_the_end()
        if self._talk.confirms:
            with contextlib.suppress(DeviceError):  # all of it is on paper
                await self._transport.send(sheet.cut)
            return await self._status_at_the_end()
        await self._transport.send(sheet.cut)
        return await self._status_after(Piece(sheet.cut, 6))

    async def _until_printed(self, piece: Piece) -> PrinterStatus | None:
        """Raises PrinterError if that is not known to have come out."""
        if not self._talk.confirms:
            return await self._status_after(piece)
        for wait_s in growing(FIRST_WAIT_S, self._patience_s(piece)):
            if await self._talk.is_on_paper(wait_s):
                return None
            if (heard := await self._talk.heard_status()) is not None:
                self._raise_fault(heard, _INCOMPLETE, may_be_on_paper=True)
        raise PrinterError(_UNCONFIRMED, PrinterStatus.UNKNOWN, may_be_on_paper=True)

    async def _status_after(self, piece: Piece) -> PrinterStatus:
        """A printer that answers only in its turn takes as long as the piece."""
        heard = await self._talk.heard_status(self._patience_s(piece))
        if heard is None:
            raise PrinterError(_FELL_SILENT, PrinterStatus.UNKNOWN, may_be_on_paper=True)
        self._raise_fault(heard, _INCOMPLETE, may_be_on_paper=True)
        return heard

    async def _status_at_the_end(self) -> PrinterStatus:
        """A confirmed receipt is on paper: who hangs up now, or says nothing, is looked at before the next one."""
        with contextlib.suppress(DeviceError):
            return await self._talk.heard_status() or PrinterStatus.OK
        return PrinterStatus.OK

    def _patience_s(self, piece: Piece) -> float:
        on_the_way_s = len(piece.data) / self._transport.bytes_per_s
        return self._answer_deadline_s + on_the_way_s + piece.lines * SLOWEST_LINE_S

    def _raise_fault(self, status: PrinterStatus, consequence: str, *, may_be_on_paper: bool = False) -> None:
        if (fault := _FAULTS.get(status)) is not None:
            if status is PrinterStatus.OFFLINE:
                fault = _SILENT if self._talk.is_silent else _STUCK if self._talk.is_stuck else fault
            raise PrinterError(f"{fault} ({consequence})", status, may_be_on_paper=may_be_on_paper)


async def _typeset(document: Document, typesetting: Typesetting) -> Sheet:
    """In a thread: the first receipt loads python-escpos, which takes seconds from a slow card, and writes a file.

    Raises PrinterError for a setting that is wrong, and on a disk that is full or fails.
    """
    try:
        return await asyncio.to_thread(encode_sheet, document, typesetting)
    except ValueError as error:
        raise PrinterError(f"{error} ({_NOTHING})", PrinterStatus.UNKNOWN) from error
    except (ImportError, OSError) as error:
        what = f"the receipt cannot be made; look at the disk: {error} ({_NOTHING})"
        raise PrinterError(what, PrinterStatus.UNKNOWN) from error
    except Exception as error:  # a fault of ours: the others must come out, and staff are asked about this one
        what = f"the receipt cannot be made: {type(error).__name__}: {error}; see: netgiro-terminal support-bundle"
        raise PrinterError(what, PrinterStatus.UNKNOWN, may_be_on_paper=True) from error
