"""Reads a customer display: its command stream in, the two lines of twenty characters that it shows out. Pure.

The register drives the display in one direction, by text and control sequences. Makers never agreed on one set of
these. Each *emulation* is a table: how a sequence begins, how many bytes follow, what it does to the screen. Parameters
may look like text or like line ends (``1F 24 01 0A``), so the stream is parsed, not searched. An unknown sequence after
ESC or US is skipped together with its letter.

Sources: manuals of Epson DM-D, Bixolon BCD, CD5220, POS-X XP8200 and HP displays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import TypeAlias

import msgspec

from hardware.printer.escpos_commands import command_length
from hardware.printer.paper import CODEPAGES
from terminal.register.settings import Emulation
from terminal.register.taps.escpos_stream import DISPLAY, SELECT, readable

COLUMNS, ROWS = 20, 2
LONGEST_PARAMETERS = 512
"""Longer ones (pictures of characters) are garbage on a text display."""


class Mode(Enum):
    """What happens at the end of the lower line."""

    OVERWRITE = auto()
    SCROLL = auto()


class PoleScreen:
    """The memory of a display: characters and a cursor."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As after switching on."""
        self._codec = "cp437"
        self.mode = Mode.OVERWRITE
        self.clear()

    def clear(self) -> None:
        self._rows = [bytearray(b" " * COLUMNS) for _ in range(ROWS)]
        self._row = self._column = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """As a person reads them; characters that the code page does not know as U+FFFD."""
        return tuple(readable(bytes(row), self._codec) for row in self._rows)

    def select_codepage(self, number: int) -> None:
        self._codec = CODEPAGES.get(number, self._codec)

    def write(self, text: bytes) -> None:
        """At the cursor, over line ends."""
        while text:
            if self._column >= COLUMNS:
                self._column = 0
                self.line_feed()
            piece = text[: COLUMNS - self._column]
            self._rows[self._row][self._column : self._column + len(piece)] = piece
            self._column += len(piece)
            text = text[len(piece) :]

    def write_line(self, row: int, text: bytes) -> None:
        """One whole line, whatever the cursor is at."""
        self._rows[row][:] = text[:COLUMNS].ljust(COLUMNS)

    def write_all(self, text: bytes) -> None:
        """Both lines at once."""
        self.write_line(0, text[:COLUMNS])
        self.write_line(1, text[COLUMNS:])

    def move(self, row: int, column: int) -> None:
        """To a place on the screen; one beside it is not obeyed."""
        if 0 <= row < ROWS and 0 <= column < COLUMNS:
            self._row, self._column = row, column

    def step(self, columns: int) -> None:
        self.move(self._row, min(self._column, COLUMNS - 1) + columns)

    def line_feed(self) -> None:
        if self._row + 1 < ROWS:
            self._row += 1
        elif self.mode is Mode.SCROLL:
            self._rows = [*self._rows[1:], bytearray(b" " * COLUMNS)]
        else:
            self._row = 0

    def to_row(self, row: int) -> None:
        self._row = row

    def carriage_return(self) -> None:
        self._column = 0

    def to_end(self) -> None:
        self._column = COLUMNS - 1

    def clear_line(self) -> None:
        self.write_line(self._row, b"")
        self._column = 0

    def begin_line(self, row: int) -> None:
        """Clear that line and go there."""
        self.write_line(row, b"")
        self.move(row, 0)


Action: TypeAlias = Callable[[PoleScreen, bytes], object]
Length: TypeAlias = int | Callable[[bytes], int | None]
"""How many bytes follow, or a function that reads it off the bytes that follow (None: needs more of them)."""


class Command(msgspec.Struct, frozen=True):
    """One control sequence."""

    length: Length
    action: Action


def _ignored(_screen: PoleScreen, _parameters: bytes) -> None:
    """Brightness, cursor shape and the like leave no trace in the text."""


def _until_return(following: bytes) -> int | None:
    end = following.find(b"\r")
    if end < 0:
        return None if len(following) < LONGEST_PARAMETERS else 0
    return end + 1


def _counted(following: bytes) -> int | None:
    """``letter pL pH``, then so many bytes."""
    return None if len(following) < 3 else 3 + following[1] + 256 * following[2]


def _characters(following: bytes) -> int | None:
    """ESC &: height, first and last character, then for each its width and its columns."""
    if len(following) < 3:
        return None
    at = 3
    for _ in range(max(0, following[2] - following[1] + 1)):
        if at >= len(following):
            return None
        at += 1 + following[at] * following[0]
        if at > LONGEST_PARAMETERS:
            return 0
    return at


def _do(length: Length, action: Action = _ignored) -> Command:
    return Command(length, action)


def _clear(screen: PoleScreen, _parameters: bytes) -> None:
    screen.clear()


def _clear_line(screen: PoleScreen, _parameters: bytes) -> None:
    screen.clear_line()


def _line_to(row: int) -> Action:
    return lambda screen, text: screen.write_line(row, text[:-1])


def _mode(mode: Mode) -> Command:
    return Command(0, lambda screen, _: setattr(screen, "mode", mode))


_COMMON: Mapping[bytes, Command] = {
    b"\x08": _do(0, lambda screen, _: screen.step(-1)),
    b"\x09": _do(0, lambda screen, _: screen.step(1)),
    b"\x0a": _do(0, lambda screen, _: screen.line_feed()),
    b"\x0b": _do(0, lambda screen, _: screen.move(0, 0)),
    b"\x0c": _do(0, _clear),
    b"\x0d": _do(0, lambda screen, _: screen.carriage_return()),
    b"\x18": _do(0, _clear_line),
    b"\x1b@": _do(0, lambda screen, _: screen.reset()),
    b"\x1bt": _do(1, lambda screen, number: screen.select_codepage(number[0])),
    **{b"\x1b" + bytes((letter,)): _do(1) for letter in b"R=%?*_fSs|"},
    b"\x1b&": _do(_characters),
}

_EPSON: Mapping[bytes, Command] = {
    **_COMMON,
    b"\x1f$": _do(2, lambda screen, place: screen.move(place[1] - 1, place[0] - 1)),
    b"\x1f\x01": _mode(Mode.OVERWRITE),
    b"\x1f\x02": _mode(Mode.SCROLL),
    b"\x1f\x03": _mode(Mode.OVERWRITE),
    b"\x1f\x0a": _do(0, lambda screen, _: screen.to_row(0)),
    b"\x1f\x0d": _do(0, lambda screen, _: screen.to_end()),
    b"\x1fB": _do(0, lambda screen, _: screen.move(ROWS - 1, 0)),
    **{b"\x1f" + bytes((letter,)): _do(0) for letter in b"@:UA"},
    **{b"\x1f" + bytes((letter,)): _do(1) for letter in b"CXErvM"},
    **{b"\x1f" + bytes((letter,)): _do(1, lambda screen, char: screen.write(char)) for letter in b",.;"},
    **{b"\x1f" + bytes((letter,)): _do(2) for letter in b"#T^"},
    b"\x1f(": _do(_counted),
    b"\x1bW": _do(lambda following: None if len(following) < 2 else (6 if following[1] in (1, 49) else 2)),
}

_CD5220: Mapping[bytes, Command] = {
    **_COMMON,
    b"\x1bl": _do(2, lambda screen, place: screen.move(place[1] - 1, place[0] - 1)),
    b"\x1b[A": _do(0, lambda screen, _: screen.to_row(0)),
    b"\x1b[B": _do(0, lambda screen, _: screen.to_row(ROWS - 1)),
    b"\x1b[C": _do(0, lambda screen, _: screen.step(1)),
    b"\x1b[D": _do(0, lambda screen, _: screen.step(-1)),
    b"\x1b[H": _do(0, lambda screen, _: screen.move(0, 0)),
    b"\x1b[K": _do(0, lambda screen, _: screen.move(ROWS - 1, COLUMNS - 1)),
    b"\x1b[L": _do(0, lambda screen, _: screen.carriage_return()),
    b"\x1b[R": _do(0, lambda screen, _: screen.to_end()),
    b"\x1b\x11": _mode(Mode.OVERWRITE),
    b"\x1b\x12": _mode(Mode.SCROLL),
    b"\x1b\x13": _mode(Mode.OVERWRITE),
    b"\x1bQA": _do(_until_return, _line_to(0)),
    b"\x1bQB": _do(_until_return, _line_to(1)),
    b"\x1bQD": _do(_until_return, _line_to(0)),
}

_UTC: Mapping[bytes, Command] = {
    b"\x08": _COMMON[b"\x08"],
    b"\x0a": _COMMON[b"\x0a"],
    b"\x0d": _COMMON[b"\x0d"],
    b"\x10": _do(1, lambda screen, place: screen.move(*divmod(place[0], COLUMNS))),
    b"\x11": _mode(Mode.OVERWRITE),
    b"\x12": _mode(Mode.SCROLL),
    b"\x1f": _do(0, _clear),
    b"\x1bd": _do(0),
    b"\x1buA": _do(_until_return, _line_to(0)),
    b"\x1buB": _do(_until_return, _line_to(1)),
    b"\x1buD": _do(_until_return, _line_to(0)),
    b"\x1buI": _do(_until_return, lambda screen, text: screen.write_all(text[:-1])),
    **{b"\x1bu" + bytes((letter,)): _do(_until_return) for letter in b"CEFGH"},
}

_AEDEX: Mapping[bytes, Command] = {
    b"!#1": _do(_until_return, _line_to(0)),
    b"!#2": _do(_until_return, _line_to(1)),
    b"!#9": _do(_until_return, lambda screen, text: screen.write_all(text[:-1])),
    **{b"!#" + bytes((digit,)): _do(_until_return) for digit in b"0345678"},
}

_ADM: Mapping[bytes, Command] = {
    b"\x0a": _COMMON[b"\x0a"],
    b"\x0c": _COMMON[b"\x0c"],
    b"\x0d": _COMMON[b"\x0d"],
    b"\x0e": _do(0, lambda screen, _: screen.begin_line(0)),
    b"\x0f": _do(0, lambda screen, _: screen.begin_line(1)),
}

_EMULATIONS: Mapping[Emulation, Mapping[bytes, Command]] = {
    "epson": _EPSON,
    "cd5220": _CD5220,
    "utc": _UTC,
    "aedex": _AEDEX,
    "adm": _ADM,
}
_LONGEST_BEGINNING = 3
LONGEST_HELD = 64 * 1024
"""Of a printer's command that passes by."""
_TEXT = re.compile(rb"[\x20-\xff]+")
_TEXT_BEFORE_BANG = re.compile(rb"[\x20\x22-\xff]+")


class PoleDisplay:
    """A display that speaks one emulation. Survives any bytes in any chunking; holds at most one sequence."""

    def __init__(self, emulation: Emulation) -> None:
        self.screen = PoleScreen()
        self._commands = _EMULATIONS[emulation]
        self._beginnings = {code[:length] for code in self._commands for length in range(1, len(code) + 1)}
        self._text = _TEXT_BEFORE_BANG if emulation == "aedex" else _TEXT
        self._is_selected = True
        """By ESC =: a printer on the same line is told other things."""
        self._rest = b""

    def reset(self) -> None:
        """The cable came off: half a sequence is forgotten, the screen too."""
        self.forget_half_sequence()
        self._is_selected = True
        self.screen.reset()

    def forget_half_sequence(self) -> None:
        """What comes next begins anew."""
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Perform the sequences in ``data``."""
        data = self._rest + data
        at = 0
        while at < len(data):
            if not self._is_selected:
                end = self._pass_over(data, at)
                if end is None:
                    break
                at = end
                continue
            if text := self._text.match(data, at):
                self.screen.write(text.group())
                at = text.end()
                continue
            end = self._perform(data, at)
            if end is None:
                break
            at = end
        self._rest = data[at:]

    def _pass_over(self, data: bytes, at: int) -> int | None:
        """Where the printer's command at ``at`` ends; None if it needs more bytes."""
        length = command_length(data, at)
        if length is None or at + length > len(data):
            return len(data) if len(data) - at > LONGEST_HELD else None
        if data[at : at + 2] == SELECT:
            self._is_selected = bool(data[at + 2] & DISPLAY)
        return at + length

    def _perform(self, data: bytes, at: int) -> int | None:
        """Where the sequence at ``at`` ends; None if it needs more bytes."""
        for length in range(1, _LONGEST_BEGINNING + 1):
            code = data[at : at + length]
            command = self._commands.get(code)
            if code == SELECT and command is not None:
                if at + 2 >= len(data):
                    return None
                self._is_selected = bool(data[at + 2] & DISPLAY)
                return at + 3
            if command is not None:
                return self._perform_command(command, data, at + length)
            if code not in self._beginnings:
                if code[:1] == b"!":
                    self.screen.write(b"!")
                    return at + 1
                return at + max(1, length if code[0] in (0x1B, 0x1F) else 1)
            if len(code) < length:
                return None
        return None

    def _perform_command(self, command: Command, data: bytes, start: int) -> int | None:
        length = command.length
        if not isinstance(length, int):
            counted = length(data[start : start + LONGEST_PARAMETERS + 1])
            if counted is None:
                return None
            length = counted if counted <= LONGEST_PARAMETERS else 0
        if start + length > len(data):
            return None
        command.action(self.screen, data[start : start + length])
        return start + length
