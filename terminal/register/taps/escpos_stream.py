"""The print stream of a register as lines of text and marks between them: ESC/POS in, in any chunks. Pure.

The lengths of commands are those of :mod:`hardware.printer.escpos_commands`, which the simulated printer uses too. This
reader is made for a line: it keeps at most one command, and looks at a long one again only when the whole of it has
come. Noise may look like the head of a command that claims the next hundred receipts. So half a command is forgotten
once the register falls silent in it.

:class:`PlainReader` is for printers that speak another language (old impact printers, Star). It drops control bytes,
and with each ESC, FS or GS its letter and the parameters that this letter has in every such language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Protocol, TypeAlias

import msgspec

from hardware.printer.escpos_commands import command_length
from hardware.printer.paper import CODEPAGES

LONGEST_LINE = 200
"""Paper is at most 80 characters wide; a longer line is some binary."""
LONGEST_COMMAND = 300 * 1024
HALF_COMMAND_S = 3.0
"""No register pauses for so long within a command."""


class PrintedLine(msgspec.Struct, frozen=True):
    """A line of the paper, in the letters of the chosen code page."""

    text: str


class DrawerKicked(msgspec.Struct, frozen=True):
    """The cash drawer was told to open."""


class PaperCut(msgspec.Struct, frozen=True):
    """The receipt is complete."""


class PrinterSetUp(msgspec.Struct, frozen=True):
    """As for a new receipt: nothing is left of what was set before."""


class StatusAsked(msgspec.Struct, frozen=True):
    """The register wants an answer from the printer."""

    code: bytes
    """The two bytes of the command."""
    number: int


class PicturePrinted(msgspec.Struct, frozen=True):
    """Dots, in which nobody here can read."""


PrintEvent: TypeAlias = PrintedLine | PicturePrinted | PrinterSetUp | DrawerKicked | PaperCut | StatusAsked


class Reader(Protocol):
    """Cuts a printer's stream into events."""

    codepage_command: bytes
    """What would bring another printer into this one's code page."""

    def feed(self, data: bytes, now_s: float = 0.0) -> Sequence[PrintEvent]: ...

    def reset(self) -> None:
        """The cable came off."""


SELECT = b"\x1b="
PRINTER, DISPLAY = 0x01, 0x02
"""Bits of its parameter: who listens from now on."""
_CUTS = (b"\x1dV", b"\x1bi", b"\x1bm")
_KICK, _KICK_AT_ONCE = b"\x1bp", b"\x10\x14"
_PICTURES = (b"\x1dv", b"\x1d(L", b"\x1d8L", b"\x1b*")
_QUESTIONS = (b"\x10\x04", b"\x1dr", b"\x1dI", b"\x1da", b"\x1bv", b"\x1bu")

_POLLS = re.compile(rb"(?:\x10\x04(?:[\x01-\x06]|[\x07\x08\x12].))*(?P<half>\x10?|\x10\x04[\x07\x08\x12]?)", re.DOTALL)
"""Asking for the printer's state prints nothing, and some registers ask all day."""


class EscposReader:
    """Implements :class:`Reader` for ESC/POS."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._forget_half_command()
        self.last_said_s = -math.inf
        """When the register last said more than a question about the printer's state."""
        self._is_selected = True
        """By ESC =: a display on the same line is told other things, which ESC @ does not change."""
        self._half_poll = b""
        self._went_on_s = -math.inf
        """When half a command began, or was added to by more than such a question."""
        self._start_printer()

    def _start_printer(self) -> None:
        self._codec = CODEPAGES[0]
        self._line: list[tuple[str, bytes]] = []
        """Code page and text. Read when the line ends: chunks may part a letter of UTF-8."""
        self._line_length = 0
        self._in_barcode = False
        self._after_return = False
        """Some registers end their lines so, and with nothing else."""
        self.codepage_command = b"\x1bt\x00"

    def _forget_half_command(self) -> None:
        self._rest = bytearray()
        self._needed = 0

    def is_at_line_start(self, now_s: float) -> bool:
        """Nothing is half said: another's bytes here would spoil no command and no line."""
        self._pass_time(now_s)
        return not self._rest and not self._line

    def feed(self, data: bytes, now_s: float = 0.0) -> Sequence[PrintEvent]:
        """The events that these bytes complete. ``now_s`` is monotonic: half a command that stays alone is given up."""
        self._pass_time(now_s)
        polls = _POLLS.fullmatch(self._half_poll + data)
        self._half_poll = polls["half"] if polls else b""
        if polls is None:
            self.last_said_s = now_s
        if polls is None or not self._rest:
            self._went_on_s = now_s
        self._rest += data
        if len(self._rest) < self._needed:
            return ()
        return list(self._perform_all())

    def _pass_time(self, now_s: float) -> None:
        if now_s - self._went_on_s > HALF_COMMAND_S:
            self._forget_half_command()

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
        if stream[start : start + 2] == SELECT:
            self._is_selected = bool(stream[start + 2] & PRINTER)
        if not self._is_selected:
            return None
        if lead >= 0x20:
            return self._print(stream[start:end])
        self._after_return = lead == 0x0D
        self._in_barcode = False
        if lead in b"\n\x0c":
            return self._end_line()
        if lead == 0x09:
            self._write(b" ")
        return self._obey(stream, start, end) if end - start >= 2 else None

    def _obey(self, stream: bytes, start: int, end: int) -> PrintEvent | None:
        """A command of a control byte and a letter."""
        code = stream[start : start + 2]
        if code == b"\x1b@":
            self._start_printer()
            return PrinterSetUp()
        if code == b"\x1bt":
            self._codec = CODEPAGES.get(stream[start + 2], "ascii")
            self.codepage_command = stream[start:end]
        elif code in (b"\x1bd", b"\x1bJ"):
            return self._end_line()
        elif code == b"\x1dk":  # the old form has no length: its digits go on until a NUL
            self._in_barcode = end - start == 3
        elif stream.startswith(_PICTURES, start):
            return PicturePrinted()
        elif code in _CUTS:
            return PaperCut()
        elif code == _KICK or (code == _KICK_AT_ONCE and stream[start + 2] == 1):
            return DrawerKicked()
        elif code in _QUESTIONS:
            return StatusAsked(code, stream[start + 2] if end - start > 2 else 0)
        return None

    def _print(self, text: bytes) -> PrintEvent | None:
        """Text; the line before it, if that ended with CR alone."""
        if self._in_barcode:
            return None
        ended = self._end_line() if self._after_return else None
        self._after_return = False
        self._write(text)
        return ended

    def _write(self, text: bytes) -> None:
        kept = text[: LONGEST_LINE - self._line_length]
        if kept:
            self._line.append((self._codec, kept))
            self._line_length += len(kept)

    def _end_line(self) -> PrintEvent | None:
        line, self._line, self._line_length = self._line, [], 0
        pieces = ((codec, b"".join(text for _, text in run)) for codec, run in groupby(line, key=itemgetter(0)))
        text = "".join(readable(piece, codec) for codec, piece in pieces)
        return PrintedLine(text) if text else None


def readable(text: bytes, codec: str) -> str:
    """In the letters of the code page; but some programs write UTF-8, whatever was chosen."""
    if not text.isascii():
        with suppress(UnicodeDecodeError):
            return text.decode("utf-8")
    return text.decode(codec, errors="replace")


_PLAIN_PARAMETERS: Mapping[int, Mapping[int, int]] = {
    0x1B: {**dict.fromkeys(b" !-/3=ACIJQRTUVW_adehklrstwx{", 1), **dict.fromkeys(b"$\\c", 2)},
    0x1C: {**dict.fromkeys(b"!-CW", 1), ord("p"): 2},
    0x1D: {**dict.fromkeys(b"!/BEHITVabfhrw", 1), **dict.fromkeys(b"$LPW\\", 2)},
}
"""Parameters that a letter has in every language in which it means anything. E, F, G, H, M, S and i are not here: what
is a parameter in one language is text in another, and may be the first digit of an amount."""
_FEEDS = (b"\x1ba", b"\x1bd", b"\x1bI", b"\x1bJ")
"""They end a line. ``ESC a`` does not in ESC/POS, but there it centres, which only counts where a line begins."""
_PLAIN_TEXT = re.compile(rb"[\x20-\x7e\x80-\xff]+")
_MOST_TAB_STOPS = 32


def _plain_length(data: bytes, at: int) -> int:
    """Bytes of the command that begins at ``at``; at least one more than there are if it may not be complete."""
    head = data[at : at + 3]
    parameter = head[2:]
    match head[:2]:
        case b"\x1b" | b"\x1c" | b"\x1d":
            return 2
        case b"\x1b\x1d" | b"\x1b\x1e":  # Star's second set: ESC GS t n is the code page
            return 5 if parameter in (b"A", b"R") else 4
        case b"\x1bp":  # the drawer, if it is ESC/POS
            return 3 if not parameter else 5 if parameter in (b"\x00", b"\x01") else 2
        case b"\x1bD":  # tab stops, up to a NUL
            end = data.find(b"\x00", at + 2, at + 3 + _MOST_TAB_STOPS)
            if end < 0:
                return 2 if len(data) - at > 2 + _MOST_TAB_STOPS else len(data) - at + 1
            return end + 1 - at
        case b"\x1dV" if parameter in (b"A", b"B"):
            return 4
    return 2 + _PLAIN_PARAMETERS[head[0]].get(head[1], 0)


class PlainReader:
    """Implements :class:`Reader` for printers whose commands nobody knows: text and line ends."""

    codepage_command = b""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._line = bytearray()
        self._rest = b""

    def feed(self, data: bytes, now_s: float = 0.0) -> Sequence[PrintEvent]:
        return list(self._perform_all(self._rest + data))

    def _perform_all(self, data: bytes) -> Iterator[PrintEvent]:
        at = 0
        while at < len(data):
            if text := _PLAIN_TEXT.match(data, at):
                self._line += text.group()[: LONGEST_LINE - len(self._line)]
                at = text.end()
                continue
            length = _plain_length(data, at) if data[at] in _PLAIN_PARAMETERS else 1
            if at + length > len(data):
                break
            if (data[at] in b"\n\r\x0c" or data[at : at + 2] in _FEEDS) and self._line:
                yield PrintedLine(readable(bytes(self._line), "cp437"))
                self._line.clear()
            at += length
        self._rest = data[at:]
