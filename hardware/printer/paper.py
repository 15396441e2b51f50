"""What ESC/POS leaves on a receipt printer's paper: commands in, lines of paper out. Pure.

Text stands in the code page chosen last; commands set its style, feed, cut and draw pictures (Epson, "ESC/POS
Application Programming Guide"). :mod:`hardware.printer.escpos_commands` cuts a stream into commands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from hardware.printer.escpos_commands import Command, split

CODEPAGES = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859_7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862",
    39: "iso8859_2", 40: "iso8859_15", 45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254",
}  # fmt: skip
"""``ESC t n``: the code page each number selects on Epson's own printers, as a Python codec."""

CHINESE_SIGN = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
DOTS_PER_LINE = 30
"""Line spacing after a reset."""

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

    def __init__(self, columns: int, *, chinese: bool = False) -> None:
        self.columns = columns
        self.chinese_after_reset = chinese
        """Whether two bytes beyond ASCII are one sign until FS . says no."""
        self._line: list[Cell] = []
        self._reset()

    def _reset(self) -> None:
        self._codec = CODEPAGES[0]
        self._chinese = self.chinese_after_reset
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
            case b"\x1c&" | b"\x1c.":
                self._chinese = command.code == b"\x1c&"
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
        if self._chinese:
            text = CHINESE_SIGN.sub(b"\0", text)
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


def decode(data: bytes, columns: int, *, chinese: bool = False) -> list[Row]:
    """The paper that these bytes make, from a printer just switched on."""
    paper = Paper(columns, chinese=chinese)
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
