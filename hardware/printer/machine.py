"""A receipt printer's own side of the cable: ESC/POS bytes in, answers and paper out, and every way to misbehave.

Knows no time and no transport, so that the simulated printer and the tests' printers on sockets and lines are one.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Callable
from functools import cached_property
from typing import Literal

import msgspec

from hardware.interfaces import Columns
from hardware.printer import paper
from hardware.printer import status as words
from hardware.printer.escpos_commands import Command, split
from hardware.printer.paper import CutRow, Paper

PaperSupply = Literal["ok", "low", "out"]
Cover = Literal["closed", "open"]

MAX_RECEIPTS = 50
MAX_RECEIPT_BYTES = 64 * 1024
REPORT_OF_A_WELL_PRINTER = b"\x10\x00\x00\x00"

_AT_ONCE = re.compile(rb"\x10\x04[\x01\x02\x04]")


class Receipt:
    """A piece of paper. Text and picture are decoded from the bytes when asked for."""

    def __init__(self, receipt_id: int, data: bytes, columns: Columns, *, cut: bool, chinese: bool = False) -> None:
        self.id = receipt_id
        """Counts up from 1 for each machine."""
        self.data = data
        """The ESC/POS bytes that made this piece, up to and with the cut."""
        self.columns = columns
        self.cut = cut
        """False while it still hangs in the printer, and for one that was torn off unfinished."""
        self._chinese = chinese

    @cached_property
    def text(self) -> str:
        """As printed, one line each, without the mark of the cut."""
        rows = paper.decode(self.data, self.columns, chinese=self._chinese)
        return paper.as_text([row for row in rows if not isinstance(row, CutRow)], self.columns)

    def png(self, scale: int = 1) -> bytes:
        """The paper as printed, at 203 dots an inch times ``scale``."""
        from hardware.printer.paper_picture import draw  # noqa: PLC0415  fonts are loaded when somebody looks

        buffer = io.BytesIO()
        draw(paper.decode(self.data, self.columns, chinese=self._chinese), self.columns, scale).save(buffer, "PNG")
        return buffer.getvalue()


class Moods(msgspec.Struct, kw_only=True):
    """What may be odd about a printer. As made, it is an Epson's."""

    answers: bool = True
    """False: it prints but says nothing, as over a cable without a back channel."""
    hung: bool = False
    """Takes everything, prints nothing, says nothing: its engine hangs, or it serves another connection."""
    stuck_offline: bool = False
    """Says that it is off-line and prints all the same."""
    knows_in_order: bool = True
    """GS r."""
    knows_reports: bool = True
    """GS a."""
    prints_unknown: bool = False
    """Commands that it does not know come out as letters."""
    chinese: bool = False
    """Takes two letters beyond ASCII for one sign after each reset, until it is told not to."""
    answers_in_turn: bool = False
    """DLE EOT waits until everything before it is carried out."""
    loses_every: int = 0
    """One answer in so many does not arrive."""
    echoes: bool = False
    """The line sends back what is sent."""
    hangs_up_at_knife: bool = False
    """The connection is gone when the paper is cut."""
    loses_job: bool = False
    """The next job goes by unprinted up to its cut, as on printers that are not quite awake after power-on."""
    loses_bytes: int = 0
    """Of the next picture, once: then it waits for the rest."""


class Machine:
    """Print head, sensors, buffer. :meth:`take` is its line."""

    def __init__(self, columns: Columns, changed: Callable[[], None] = lambda: None) -> None:
        self.paper: PaperSupply = "ok"
        self.cover: Cover = "closed"
        self.online = True
        self.moods = Moods()
        self.lines_left: int | None = None
        self.drawer_kicks = 0
        self.has_hung_up = False
        """The connection is over; :meth:`connected` begins the next."""
        self._columns = columns
        self._changed = changed
        self._finished: deque[Receipt] = deque(maxlen=MAX_RECEIPTS)
        self._next_id = 1
        self._answered = 0
        self._input = b""
        self._strip = bytearray()
        self._mechanism = Paper(columns)
        self._has_rows = False

    @property
    def receipts(self) -> list[Receipt]:
        return [*self._finished, *([self._receipt(cut=False)] if self._shows() else [])]

    @property
    def is_ready(self) -> bool:
        return self.online and self.cover == "closed" and self.paper != "out" and not self.moods.hung

    def load(self, supply: PaperSupply) -> None:
        """Anything but "out" puts in a new roll; what hung in the printer is torn off."""
        if supply != "out":
            self.lines_left = None
            if self.paper == "out":
                self._tear_off(cut=False)
        self.paper = supply
        self._changed()

    def connected(self) -> None:
        self.has_hung_up = False

    def switched_off_and_on(self) -> None:
        """What it kept for later is gone."""
        self._input = b""
        self._mechanism = Paper(self._columns, chinese=self.moods.chinese)

    def take(self, data: bytes) -> bytes:
        """Bytes arrive; what comes back."""
        moods = self.moods
        echo = data if moods.echoes else b""
        if moods.hung or self.has_hung_up:
            return echo
        answers = bytearray()
        if not moods.answers_in_turn:
            for question in _AT_ONCE.findall(data):
                answers += self._answer(self._status(question[2]))
            data = _AT_ONCE.sub(b"", data)
        if self.is_ready:  # an off-line printer lets bytes go by
            answers += self._carry_out(data)
        return echo + bytes(answers)

    def _carry_out(self, data: bytes) -> bytes:
        if self.moods.loses_bytes and (at := data.find(b"\x1dv0")) >= 0:
            data = data[: at + 8] + data[at + 8 + self.moods.loses_bytes :]
            self.moods.loses_bytes = 0
        commands, self._input = split(self._input + data)
        answers = bytearray()
        for command in commands:
            if command.raw[:2] == words.PRINTER[:2]:
                answers += self._answer(self._status(command.raw[2]))
            elif command.code == b"\x1dr" and self.moods.knows_in_order:
                answers += self._answer(b"\x00" if self.paper == "ok" else b"\x03")
            elif command.code == b"\x1da" and self.moods.knows_reports:
                answers += self._answer(REPORT_OF_A_WELL_PRINTER if command.parameters != b"\0" else b"")
            elif not self._perform(command) or self.has_hung_up:
                self._input = b""
                break
        if any(command.code not in (b"\x1dr", b"\x1da", b"\x10\x04") for command in commands):
            self._changed()
        if self.has_hung_up:
            return b""
        return bytes(answers)

    def _status(self, what: int) -> bytes:
        """DLE EOT 1, 2 and 4."""
        is_ready = self.is_ready and not self.moods.stuck_offline
        bits = {
            1: 0x00 if is_ready else 0x08,
            2: (0x04 if self.cover == "open" else 0) | (0x20 if self.paper == "out" else 0),
            4: {"ok": 0x00, "low": 0x0C, "out": 0x6C}[self.paper],
        }
        return bytes([0x12 | bits.get(what, 0)])

    def _answer(self, answer: bytes) -> bytes:
        if not self.moods.answers or not answer:
            return b""
        self._answered += 1
        is_lost = self.moods.loses_every and self._answered % self.moods.loses_every == 0
        return b"" if is_lost else answer

    def _perform(self, command: Command) -> bool:
        """False once the paper has run out; the rest of the job is lost, as it is when a printer is switched off."""
        moods = self.moods
        if moods.loses_job:
            moods.loses_job = not any(isinstance(row, CutRow) for row in self._mechanism.perform(command))
            return True
        if command.code == b"\x1bp":
            self.drawer_kicks += 1
            return True
        if command.code in (b"\x1dr", b"\x1da"):  # one that it does not know
            letters = bytes(byte for byte in command.raw if byte >= 0x20) if moods.prints_unknown else b""
            if not letters:
                return True
            command = Command(b"", letters, letters)
        if command.code == b"\x1b@" and not self._has_rows:
            self._strip.clear()
        self._mechanism.chinese_after_reset = moods.chinese
        self._strip += command.raw
        for row in self._mechanism.perform(command):
            if isinstance(row, CutRow):
                self._tear_off(cut=True)
                self.has_hung_up = moods.hangs_up_at_knife
                continue
            self._has_rows = True
            if self.lines_left is not None:
                self.lines_left = max(self.lines_left - row.height, 0)
                if self.lines_left == 0:
                    self.paper = "out"
                    return False
        if len(self._strip) > MAX_RECEIPT_BYTES:
            self._tear_off(cut=False)
        return True

    def _shows(self) -> bool:
        """Settings alone leave nothing on paper."""
        return self._has_rows or not self._mechanism.line_is_empty

    def _receipt(self, *, cut: bool) -> Receipt:
        return Receipt(self._next_id, bytes(self._strip), self._columns, cut=cut, chinese=self.moods.chinese)

    def _tear_off(self, *, cut: bool) -> None:
        if self._shows():
            self._finished.append(self._receipt(cut=cut))
            self._next_id += 1
        self._has_rows = False
        self._strip.clear()
