"""Reads ESC/POS the way a receipt printer does: bytes in, lines of paper out. Pure.

ESC/POS is a stream of text in the chosen code page, cut through by commands. A command is one control byte, or ESC, FS,
GS or DLE followed by a command letter and parameters whose number depends on the letter (Epson, "ESC/POS Application
Programming Guide"). There is no frame and no checksum: a reader that does not know a command's length prints its
parameters as text, as real printers do. :func:`split` knows the lengths, :class:`Paper` the meaning.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

CODEPAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859_7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862",
    39: "iso8859_2", 40: "iso8859_15", 45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254",
}  # fmt: skip
"""``ESC t n``: the code page each number selects on Epson's own printers, as a Python codec."""

MAX_COMMAND_BYTES = 256 * 1024
"""No receipt needs a larger picture; a header that claims more is garbage."""

DOTS_PER_LINE = 30
"""Line spacing after a reset."""

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10

_PARAMETERS = {
    ESC: {
        **dict.fromkeys(b"@2<LiumvSN", 0),
        **dict.fromkeys(b"!%-3AEGJKMRTUVZadertu{ =?", 1),
        **dict.fromkeys(b"$\\Bc", 2),
        ord("p"): 3,
        ord("W"): 8,
    },
    FS: {**dict.fromkeys(b"&.", 0), **dict.fromkeys(b"!-CWe", 1), **dict.fromkeys(b"Sp", 2)},
    GS: {
        **dict.fromkeys(b":", 0),
        **dict.fromkeys(b"!BEHITafhrwb/z", 1),
        **dict.fromkeys(b"LPW\\$", 2),
        ord("^"): 3,
    },
    DLE: {0x04: 1, 0x05: 1, 0x14: 3},
}
"""How many parameter bytes follow each command letter, for the commands of fixed length."""


class Command(msgspec.Struct, frozen=True):
    """One step of the stream: ``code`` is the control byte and letter (empty for printable text)."""

    code: bytes
    parameters: bytes
    raw: bytes


def split(data: bytes) -> tuple[list[Command], bytes]:
    """The complete commands at the head of ``data``, and the rest that waits for more bytes. Survives any bytes."""
    commands: list[Command] = []
    start = 0
    while start < len(data):
        length = command_length(data, start)
        if length is None or start + length > len(data):
            break
        raw = data[start : start + length]
        if raw[0] in _PARAMETERS:
            commands.append(Command(raw[:2], raw[2:], raw))
        elif raw[0] < 0x20:
            commands.append(Command(raw[:1], b"", raw))
        else:
            commands.append(Command(b"", raw, raw))
        start += length
    return commands, data[start:]


def command_length(data: bytes, start: int) -> int | None:
    """Bytes of the command, or of the text, that begins at ``start``; None if its header is not complete."""
    lead = data[start]
    if lead not in _PARAMETERS:
        if lead < 0x20:
            return 1
        end = start
        while end < len(data) and data[end] >= 0x20:
            end += 1
        return end - start
    if start + 1 >= len(data):
        return None
    letter = data[start + 1]
    fixed = _PARAMETERS[lead].get(letter)
    if fixed is not None:
        return 2 + fixed
    return _variable_length(data[start : start + 8], bytes((lead, letter)))


def _variable_length(head: bytes, code: bytes) -> int | None:
    """Length of a command whose header says how much follows; 2 (the bare letter) for one that nobody knows."""
    match code:
        case b"\x1b*":  # ESC * m nL nH: column picture
            if len(head) < 5:
                return None
            columns = head[3] + 256 * head[4]
            return _bounded(5, columns * (3 if head[2] >= 32 else 1))
        case b"\x1dv":  # GS v 0 m xL xH yL yH: raster picture
            if len(head) < 8:
                return None
            return _bounded(8, (head[4] + 256 * head[5]) * (head[6] + 256 * head[7]))
        case b"\x1d(" | b"\x1b(" | b"\x1c(":  # letter pL pH
            return None if len(head) < 5 else _bounded(5, head[3] + 256 * head[4])
        case b"\x1dV":  # GS V m, with a feed for m = 65, 66 ...
            if len(head) < 3:
                return None
            return 3 if head[2] in (0, 1, 48, 49) else 4
        case b"\x1dk":  # GS k m n d1...dn (m >= 65), or text ended by NUL
            if len(head) < 4:
                return None
            return _bounded(4, head[3]) if head[2] >= 65 else 3
        case _:
            return 2


def _bounded(header: int, body: int) -> int:
    return header + body if body <= MAX_COMMAND_BYTES else header


Align: TypeAlias = Literal["left", "center", "right"]


class Cell(msgspec.Struct, frozen=True):
    """One printed character; ``width`` and ``height`` are multiples of the normal cell, 1 to 8."""

    char: str
    width: int = 1
    height: int = 1
    bold: bool = False
    underline: bool = False
    inverse: bool = False


class TextRow(msgspec.Struct, frozen=True):
    """A line of paper."""

    cells: tuple[Cell, ...]
    align: Align = "left"

    @property
    def width(self) -> int:
        """In normal cells."""
        return sum(cell.width for cell in self.cells)

    @property
    def height(self) -> int:
        """In normal lines."""
        return max((cell.height for cell in self.cells), default=1)


class RasterRow(msgspec.Struct, frozen=True):
    """A picture: ``width_bytes`` bytes a dot line, most significant bit left, 1 is black."""

    width_bytes: int
    dots: bytes
    align: Align = "left"

    @property
    def height(self) -> int:
        """In normal lines of 30 dots, begun ones counted."""
        return -(-len(self.dots) // self.width_bytes // DOTS_PER_LINE)


class CutRow(msgspec.Struct, frozen=True):
    """The knife went through here."""


Row: TypeAlias = TextRow | RasterRow | CutRow


class Paper:
    """The printer's memory between bytes: code page, style and the line being filled."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._line: list[Cell] = []
        self._reset()

    def _reset(self) -> None:
        self._codec = CODEPAGES[0]
        self._align: Align = "left"
        self._width = self._height = 1
        self._bold = self._underline = self._inverse = False

    @property
    def line_is_empty(self) -> bool:
        return not self._line

    def perform(self, command: Command) -> list[Row]:
        """What comes out of the printer through this command; text stays inside until its line is fed."""
        if not command.code:
            return self._write(command.parameters)
        first = command.parameters[0] if command.parameters else 0
        match command.code:
            case b"\n" | b"\x0c":
                return [self._feed()]
            case b"\t":
                gap = 8 - sum(cell.width for cell in self._line) % 8
                return self._write(b" " * gap)
            case b"\x1b@":
                self._reset()
                self._line.clear()
            case b"\x1bd":
                return [self._feed() for _ in range(first)]
            case b"\x1bJ":
                return [self._feed()] if self._line else []
            case b"\x1dV" | b"\x1bi" | b"\x1bm":
                return [*([self._feed()] if self._line else []), CutRow()]
            case b"\x1dv":
                return self._raster(command)
            case _:
                self._set_style(command.code, first)
        return []

    def _set_style(self, code: bytes, value: int) -> None:
        match code:
            case b"\x1bt":
                self._codec = CODEPAGES.get(value, "ascii")
            case b"\x1ba" if self._line == []:  # takes effect only at the beginning of a line
                self._align = {1: "center", 2: "right", 49: "center", 50: "right"}.get(value, "left")  # type: ignore[assignment]
            case b"\x1b!":
                self._height, self._width = 1 + (value >> 4 & 1), 1 + (value >> 5 & 1)
                self._bold, self._underline = bool(value & 0x08), bool(value & 0x80)
            case b"\x1d!":
                self._width, self._height = 1 + (value >> 4 & 7), 1 + (value & 7)
            case b"\x1bE" | b"\x1bG":
                self._bold = bool(value & 1)
            case b"\x1b-":
                self._underline = value not in (0, 48)
            case b"\x1dB":
                self._inverse = bool(value & 1)
            case _:
                pass  # fonts, densities and the like leave no trace on this paper

    def _write(self, text: bytes) -> list[Row]:
        rows: list[Row] = []
        used = sum(cell.width for cell in self._line)
        for char in text.decode(self._codec, errors="replace"):
            shown = char if unicodedata.category(char) != "Cc" else "\ufffd"
            if used + self._width > self.columns and self._line:
                rows.append(self._feed())
                used = 0
            self._line.append(Cell(shown, self._width, self._height, self._bold, self._underline, self._inverse))
            used += self._width
        return rows

    def _feed(self) -> TextRow:
        row = TextRow(tuple(self._line), self._align)
        self._line.clear()
        return row

    def _raster(self, command: Command) -> list[Row]:
        if len(command.parameters) <= 6:
            return []
        width_bytes = command.parameters[2] + 256 * command.parameters[3]
        rows: list[Row] = [self._feed()] if self._line else []
        return [*rows, RasterRow(width_bytes, command.parameters[6:], self._align)] if width_bytes else rows


def decode(data: bytes, columns: int) -> list[Row]:
    """The paper that these bytes make, from a printer just switched on."""
    paper = Paper(columns)
    commands, _rest = split(data)
    rows = [row for command in commands for row in paper.perform(command)]
    return rows if paper.line_is_empty else [*rows, *paper.perform(Command(b"\n", b"", b"\n"))]


def as_text(rows: Iterable[Row], columns: int) -> str:
    """The paper in plain text, one line each, aligned with spaces; pictures and cuts in brackets."""
    return "".join(f"{_row_as_text(row, columns)}\n" for row in rows)


def _row_as_text(row: Row, columns: int) -> str:
    match row:
        case TextRow():
            indent = {"left": 0, "center": (columns - row.width) // 2, "right": columns - row.width}[row.align]
            text = "".join(cell.char for cell in row.cells)
            return (" " * max(indent, 0) + text).rstrip() if text.strip() else ""
        case RasterRow():
            return f"[picture {row.width_bytes * 8} x {len(row.dots) // row.width_bytes}]"
        case CutRow():
            return "[cut]"
