"""What a register prints, as lines of text and marks between them: ESC/POS in, in any chunking. Pure.

The lengths of commands are those of :mod:`hardware.paper`, which the simulated printer reads by too. This reader is
made for a line: it keeps at most one command, and looks at a long one again only when the whole of it has come.

For printers that speak something else (old impact printers, Star) there is :class:`PlainReader`: control bytes are
dropped, and with each ESC, FS or GS the letter after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

import msgspec

from hardware.paper import CODEPAGES, command_length

LONGEST_LINE = 200
"""Paper is at most 80 characters wide; a longer line is some binary."""
LONGEST_COMMAND = 300 * 1024


class PrintedLine(msgspec.Struct, frozen=True):
    """A line of the paper, in the letters of the chosen code page."""

    text: str


class DrawerKicked(msgspec.Struct, frozen=True):
    """The cash drawer was told to open."""


class PaperCut(msgspec.Struct, frozen=True):
    """The receipt is complete."""


class StatusAsked(msgspec.Struct, frozen=True):
    """The register wants an answer from the printer."""

    code: bytes
    """The two bytes of the command."""
    number: int


PrintEvent: TypeAlias = PrintedLine | DrawerKicked | PaperCut | StatusAsked


class Reader(Protocol):
    """Cuts a printer's stream into events."""

    codepage_command: bytes
    """What would bring another printer into this one's code page."""

    def feed(self, data: bytes) -> Sequence[PrintEvent]: ...

    def reset(self) -> None:
        """The cable came off."""


_CUTS = (b"\x1dV", b"\x1bi", b"\x1bm")
_KICKS = (b"\x1bp", b"\x10\x14")
_QUESTIONS = (b"\x10\x04", b"\x1dr", b"\x1dI", b"\x1da", b"\x1bv", b"\x1bu")


class EscposReader:
    """Implements :class:`Reader` for ESC/POS."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._rest = bytearray()
        self._needed = 0
        self._start_printer()

    def _start_printer(self) -> None:
        self._codec = CODEPAGES[0]
        self._line: list[str] = []
        self._line_length = 0
        self._in_barcode = False
        self.codepage_command = b"\x1bt\x00"

    @property
    def is_at_line_start(self) -> bool:
        """Nothing is half said: another's bytes here would spoil no command and no line."""
        return not self._rest and not self._line

    def feed(self, data: bytes) -> Sequence[PrintEvent]:
        self._rest += data
        if len(self._rest) < self._needed:
            return ()
        return list(self._perform_all())

    def _perform_all(self) -> Iterator[PrintEvent]:
        stream, at = bytes(self._rest), 0
        self._needed = 0
        while at < len(stream):
            length = command_length(stream, at)
            if length is None or at + length > len(stream):
                self._needed = (length or 0) if (length or 0) <= LONGEST_COMMAND else 0
                break
            event = self._perform(stream, at, at + length)
            if event is not None:
                yield event
            at += length
        self._rest = bytearray(stream[at:])

    def _perform(self, stream: bytes, start: int, end: int) -> PrintEvent | None:
        lead = stream[start]
        if lead >= 0x20:
            if not self._in_barcode:
                self._write(stream[start:end])
            return None
        self._in_barcode = False
        if lead in b"\n\x0c":
            return self._end_line()
        if lead == 0x09:
            self._write(b" ")
        if end - start < 2:
            return None
        code = stream[start : start + 2]
        if code == b"\x1b@":
            self._start_printer()
        elif code == b"\x1bt":
            self._codec = CODEPAGES.get(stream[start + 2], "ascii")
            self.codepage_command = stream[start:end]
        elif code in (b"\x1bd", b"\x1bJ"):
            return self._end_line()
        elif code == b"\x1dk":  # the old form has no length: its digits go on until a NUL
            self._in_barcode = end - start == 3
        elif code in _CUTS:
            return PaperCut()
        elif code in _KICKS and stream[start + 2 : start + 3] != b"\x02":
            return DrawerKicked()
        elif code in _QUESTIONS:
            return StatusAsked(code, stream[start + 2] if end - start > 2 else 0)
        return None

    def _write(self, text: bytes) -> None:
        if self._line_length <= LONGEST_LINE:
            self._line.append(text[: LONGEST_LINE + 1].decode(self._codec, errors="replace"))
            self._line_length += len(text)

    def _end_line(self) -> PrintEvent | None:
        text, self._line, self._line_length = "".join(self._line), [], 0
        return PrintedLine(text[:LONGEST_LINE]) if text else None


_PLAIN_PIECES = re.compile(rb"[\x20-\x7e\x80-\xff]+|[\x1b\x1c\x1d].|[\x1b\x1c\x1d]\Z|[\n\r\x0c]|.", re.DOTALL)


class PlainReader:
    """Implements :class:`Reader` for printers whose commands nobody knows: text and line ends."""

    codepage_command = b""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._line = bytearray()
        self._after_escape = False

    def feed(self, data: bytes) -> Sequence[PrintEvent]:
        if self._after_escape and data:
            data, self._after_escape = data[1:], False
        events: list[PrintEvent] = []
        for match in _PLAIN_PIECES.finditer(data):
            piece = match.group()
            if piece in (b"\n", b"\r", b"\x0c"):
                if self._line:
                    events.append(PrintedLine(self._line.decode("cp437")))
                self._line.clear()
            elif piece[0] >= 0x20 and piece != b"\x7f":
                self._line += piece[: LONGEST_LINE - len(self._line)]
            elif len(piece) == 1 and piece in b"\x1b\x1c\x1d":
                self._after_escape = True
        return events
