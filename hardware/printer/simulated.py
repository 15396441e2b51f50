"""A receipt printer without the machine: real ESC/POS bytes come in, paper comes out, and things go wrong on demand.

Everything above the transport is the real driver, so what the panel shows is what a real printer would get.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import Literal

from hardware.interfaces import Columns, DeviceError
from hardware.printer import paper
from hardware.printer import status as printer_status
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import Typesetting
from hardware.printer.escpos_commands import Command, split
from hardware.printer.paper import CutRow, Paper

PaperSupply = Literal["ok", "low", "out"]
Cover = Literal["closed", "open"]

MAX_RECEIPTS = 50
MAX_RECEIPT_BYTES = 64 * 1024


class Receipt:
    """A piece of paper. Text and picture are decoded from the bytes when asked for."""

    def __init__(self, receipt_id: int, data: bytes, columns: Columns, *, cut: bool) -> None:
        self.id = receipt_id
        """Counts up from 1 for each simulated printer."""
        self.data = data
        """The ESC/POS bytes that made this piece, up to and with the cut."""
        self.columns = columns
        self.cut = cut
        """False while it still hangs in the printer, and for one that was torn off unfinished."""

    @cached_property
    def text(self) -> str:
        """As printed, one line each, without the mark of the cut."""
        rows = [row for row in paper.decode(self.data, self.columns) if not isinstance(row, CutRow)]
        return paper.as_text(rows, self.columns)

    def png(self, scale: int = 1) -> bytes:
        """The paper as printed, at 203 dots an inch times ``scale``."""
        from hardware.printer.paper_picture import draw  # noqa: PLC0415  fonts are loaded when somebody looks

        buffer = io.BytesIO()
        draw(paper.decode(self.data, self.columns), self.columns, scale).save(buffer, "PNG")
        return buffer.getvalue()


class SimulatedPrinter(EscposPrinter):
    """Set ``paper``, ``cover``, ``online``, ``lines_left`` and ``answers``; look at ``receipts``.

    ``on_change`` is called on the event loop after every change that can be seen: paper fed or cut, a setting changed.
    """

    def __init__(
        self, typesetting: Typesetting | None = None, *, columns: Columns = 48, codepage: str = "CP858"
    ) -> None:
        typesetting = typesetting or Typesetting(columns=columns, codepage=codepage)
        self._machine = _Machine(typesetting.columns, self._changed)
        super().__init__(self._machine, typesetting)
        self.on_change: Callable[[], None] = lambda: None

    @property
    def receipts(self) -> list[Receipt]:
        """Oldest first, the last 50; the last one may still hang in the printer (``cut`` is False)."""
        return self._machine.receipts

    @property
    def paper(self) -> PaperSupply:
        return self._machine.paper

    @paper.setter
    def paper(self, supply: PaperSupply) -> None:
        """Anything but "out" puts in a new roll; what hung in the printer is torn off."""
        if supply not in ("ok", "low", "out"):
            raise ValueError(f"paper is {supply!r}; it can be ok, low or out")
        self._machine.load(supply)

    @property
    def cover(self) -> Cover:
        return self._machine.cover

    @cover.setter
    def cover(self, cover: Cover) -> None:
        if cover not in ("closed", "open"):
            raise ValueError(f"cover is {cover!r}; it can be closed or open")
        self._machine.cover = cover
        self._changed()

    @property
    def online(self) -> bool:
        return self._machine.online

    @online.setter
    def online(self, online: bool) -> None:
        self._machine.online = bool(online)
        self._changed()

    @property
    def answers(self) -> bool:
        """False: the printer prints but says nothing, as over a cable without a back channel."""
        return self._machine.answers

    @answers.setter
    def answers(self, answers: bool) -> None:
        self._machine.answers = bool(answers)
        self._changed()

    @property
    def loses_job(self) -> bool:
        """The next job goes by unprinted up to its cut, as on printers that are not quite awake after power-on."""
        return self._machine.loses_job

    @loses_job.setter
    def loses_job(self, loses_job: bool) -> None:
        self._machine.loses_job = bool(loses_job)
        self._changed()

    @property
    def drawer_kicks(self) -> int:
        """How often the cash drawer was told to open."""
        return self._machine.drawer_kicks

    @property
    def plugged(self) -> bool:
        return self._machine.plugged

    @property
    def lines_left(self) -> int | None:
        """Lines until the roll ends, in normal height; None for a roll that does not end."""
        return self._machine.lines_left

    @lines_left.setter
    def lines_left(self, lines: int | None) -> None:
        self._machine.lines_left = None if lines is None else max(lines, 0)

    def unplug(self) -> None:
        """Pull the cable: open, status and printing raise DeviceError until :meth:`plug_in` and a new open."""
        self._machine.plugged, self._machine.is_open = False, False
        self._changed()

    def plug_in(self) -> None:
        self._machine.plugged = True
        self._changed()

    def _changed(self) -> None:
        self.on_change()


class _Machine:
    """The far end of the cable: a transport for the driver, a mechanism behind it."""

    description = "simulated"
    has_answers = True

    def __init__(self, columns: Columns, changed: Callable[[], None]) -> None:
        self.paper: PaperSupply = "ok"
        self.cover: Cover = "closed"
        self.online = self.answers = self.plugged = True
        self.is_open = self.loses_job = False
        self.lines_left: int | None = None
        self.drawer_kicks = 0
        self._columns = columns
        self._changed = changed
        self._finished: deque[Receipt] = deque(maxlen=MAX_RECEIPTS)
        self._next_id = 1
        self._input = b""
        self._strip = bytearray()
        self._mechanism = Paper(columns)

    @property
    def receipts(self) -> list[Receipt]:
        hanging = [Receipt(self._next_id, bytes(self._strip), self._columns, cut=False)] if self._shows() else []
        return [*self._finished, *hanging]

    def load(self, supply: PaperSupply) -> None:
        if supply != "out":
            self.lines_left = None
            if self.paper == "out":
                self._tear_off(cut=False)
        self.paper = supply
        self._changed()

    async def open(self) -> None:
        if not self.plugged:
            raise DeviceError("simulated printer: the cable is unplugged, plug it in")
        self.is_open = True

    async def rest(self) -> None:
        pass

    async def close(self) -> None:
        self.is_open = False

    async def send(self, data: bytes) -> None:
        self._require_open()
        if not self._ready:
            return  # an off-line printer lets bytes go by
        commands, self._input = split(self._input + data)
        for command in commands:
            if not self._perform(command):
                self._input = b""
                break
        self._changed()

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        self._require_open()
        if not self.answers:
            return b""
        sensor = 0x12 | {"ok": 0x00, "low": 0x0C, "out": 0x6C}[self.paper]
        match question:
            case printer_status.PRINTER:
                return bytes([0x12 | (0x00 if self._ready else 0x08)])
            case printer_status.OFFLINE_CAUSE:
                return bytes([0x12 | (0x04 if self.cover == "open" else 0) | (0x20 if self.paper == "out" else 0)])
            case printer_status.PAPER_SENSOR:
                return bytes([sensor])
            case printer_status.IN_ORDER if self._ready:
                return bytes([0x00 if self.paper == "ok" else 0x03])
        return b""

    @property
    def _ready(self) -> bool:
        return self.online and self.cover == "closed" and self.paper != "out"

    def _require_open(self) -> None:
        if not self.is_open:
            raise DeviceError("simulated printer: unplugged, or not open: plug it in, then open it again")

    def _perform(self, command: Command) -> bool:
        """False once the paper has run out; the rest of the job is lost, as it is when a printer is switched off."""
        if self.loses_job:
            self.loses_job = not any(isinstance(row, CutRow) for row in self._mechanism.perform(command))
            return True
        if command.code == b"\x1bp":
            self.drawer_kicks += 1
            return True
        self._strip += command.raw
        for row in self._mechanism.perform(command):
            if isinstance(row, CutRow):
                self._tear_off(cut=True)
            elif self.lines_left is not None:
                self.lines_left = max(self.lines_left - row.height, 0)
                if self.lines_left == 0:
                    self.paper = "out"
                    return False
        if len(self._strip) > MAX_RECEIPT_BYTES:
            self._tear_off(cut=False)
        return True

    def _shows(self) -> bool:
        """Settings alone leave nothing on paper."""
        return any(not command.code or command.code in (b"\n", b"\x1dv") for command in split(bytes(self._strip))[0])

    def _tear_off(self, *, cut: bool) -> None:
        if self._shows():
            self._finished.append(Receipt(self._next_id, bytes(self._strip), self._columns, cut=cut))
            self._next_id += 1
        self._strip.clear()
