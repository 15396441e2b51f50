"""The letters of each face, drawn beforehand: faces/ has them, ``python -m terminal.screen.outlines`` draws them anew.

FreeType and the outlines of Roboto (Google, Apache License 2.0) would take 4 MiB for what are a few kilobytes of dots.
A file has a record for each byte of CODE_PAGE from FIRST on, then the rows of all letters, each from a whole byte on,
then a checksum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeAlias
from zlib import crc32

FOLDER = Path(__file__).with_name("faces")
DRAWN_BY = FOLDER / "freetype-version"
CODE_PAGE = "cp1252"
"""Icelandic, English, and the marks of good typography."""
FIRST, END = 0x20, 0x100
_RECORD = Struct("<H7b")
"""Where its rows begin, then a Glyph."""
_CHECKSUM = Struct("<I")


class Face(NamedTuple):
    """A cut of Roboto at one size. Regular stays open down to 11 pixels; Medium is a bold from 13 up."""

    cut: str
    size_px: int


class Glyph(NamedTuple):
    """One character: how far it moves the next one, and its box, from there and from the top of the line."""

    advance_px: int
    left_px: int
    top_px: int
    width_px: int
    height_px: int
    dots_left_px: int
    """Where its dots begin, which are as wide and as high. They may be a pixel right of the box, or below it."""
    dots_top_px: int

    @property
    def bottom_px(self) -> int:
        return self.top_px + self.height_px


Drawn: TypeAlias = tuple[Glyph, bytes]
"""A glyph and its rows, eight dots a byte."""


def path_of(face: Face) -> Path:
    return FOLDER / f"{face.cut}-{face.size_px}.glyphs"


def ready(char: str, face: Face) -> Drawn | None:
    """None if it was not drawn beforehand."""
    try:
        [code] = char.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return None
    content = _content(face)
    if code < FIRST or not content:
        return None
    at, *numbers = _RECORD.unpack_from(content, (code - FIRST) * _RECORD.size)
    glyph = Glyph(*numbers)
    return glyph, content[at : at + _row_bytes(glyph) * glyph.height_px]


@cache
def _content(face: Face) -> bytes:
    """Empty if there is no such file, or not a whole one: then outlines serve as well, and only take more memory."""
    try:
        kept = path_of(face).read_bytes()
    except OSError:
        return b""
    content = kept[: -_CHECKSUM.size]
    return content if kept[-_CHECKSUM.size :] == _CHECKSUM.pack(crc32(content)) else b""


def packed(draw: Callable[[str], Drawn]) -> bytes:
    """The content of a file."""
    records, rows, begin = bytearray(), bytearray(), (END - FIRST) * _RECORD.size
    for code in range(FIRST, END):
        glyph, dots = draw(bytes([code]).decode(CODE_PAGE, "replace"))
        records += _RECORD.pack(begin + len(rows), *glyph)
        rows += dots
    content = bytes(records + rows)
    return content + _CHECKSUM.pack(crc32(content))


def _row_bytes(glyph: Glyph) -> int:
    return -(-glyph.width_px // 8)
