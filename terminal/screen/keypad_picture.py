"""Draws a keypad on one-bit pixels: pressed keys dark on a lit cell, jammed ones struck out, the last one large.

The pad stands at the left edge, as high as the display. What is left of the display is for texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from terminal.screen.glyphs import Face
from terminal.screen.letters import draw_text, glyph_of
from terminal.screen.screen import KeyGrid

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

LARGEST_CELL_PX = (15, 16)
LARGEST_SMALL_CELL_PX = (9, 10)
"""A cell lower than a letter's own size has its key in dots."""
WIDEST_PAD_PX = 64
CELL_FACE = Face("RobotoMedium", 14)
CELL_FACE_NEEDS_PX = 14
LARGE_FACE = Face("RobotoMedium", 28)
LARGE_BOX_PX = (22, 24)
GAP_PX = 3

_DOTS = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# .## ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# ..# .#. .#.",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    "A": ".#. #.# ### #.# #.#",
    "B": "##. #.# ##. #.# ##.",
    "C": ".## #.. #.. #.. .##",
    "D": "##. #.# #.# #.# ##.",
    "*": "... #.# .#. #.# ...",
    "#": ".#.#. ##### .#.#. ##### .#.#.",
}
"""Letters five pixels high, which no outline font has."""


class Box(NamedTuple):
    """A part of the display."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int

    @property
    def size_px(self) -> tuple[int, int]:
        return self.width_px, self.height_px


def text_box(keys: KeyGrid | None, size_px: tuple[int, int]) -> Box:
    """Where the texts go: beside the pad, below the large key, or on a low display beside that, too."""
    width_px, height_px = size_px
    if keys is None:
        return Box(0, 0, width_px, height_px)
    left_px, top_px, large_width_px, large_height_px = _large_box(keys, size_px)
    if keys.last and _is_low(size_px):
        left_px += large_width_px
    elif keys.last:
        top_px += large_height_px
    return Box(left_px, top_px, width_px - left_px, height_px - top_px)


def draw_keys(picture: Image, keys: KeyGrid, size_px: tuple[int, int]) -> None:
    """The pad and the large key; the texts are left to others."""
    from PIL.ImageDraw import Draw  # noqa: PLC0415  nothing else draws lines

    draw = Draw(picture)
    width_px, height_px = _cell_px(keys, size_px)
    top_px = (size_px[1] - height_px * len(keys.rows)) // 2
    for number, row in enumerate(keys.rows):
        for column, key in enumerate(row):
            if not key.isspace():
                cell = Box(column * width_px, top_px + number * height_px, width_px - 1, height_px - 1)
                _draw_cell(picture, draw, key, cell, is_lit=key in keys.seen, is_jammed=key in keys.jammed)
    if keys.last:
        _draw_letter(picture, keys.last, _large_box(keys, size_px), LARGE_FACE, fill=1)


def _is_low(size_px: tuple[int, int]) -> bool:
    return size_px[1] < 2 * LARGE_BOX_PX[1]


def _cell_px(keys: KeyGrid, size_px: tuple[int, int]) -> tuple[int, int]:
    """With the dark line to the next cell."""
    widest_px, highest_px = LARGEST_SMALL_CELL_PX if _is_low(size_px) else LARGEST_CELL_PX
    columns, rows = max(len(row) for row in keys.rows), len(keys.rows)
    return min(widest_px, WIDEST_PAD_PX // columns), min(highest_px, size_px[1] // rows)


def _large_box(keys: KeyGrid, size_px: tuple[int, int]) -> Box:
    left_px = _cell_px(keys, size_px)[0] * max(len(row) for row in keys.rows) + GAP_PX
    if _is_low(size_px):
        return Box(left_px, 0, LARGE_BOX_PX[0], size_px[1])
    return Box(left_px, 0, size_px[0] - left_px, LARGE_BOX_PX[1])


def _draw_cell(picture: Image, draw: ImageDraw, key: str, cell: Box, *, is_lit: bool, is_jammed: bool) -> None:
    left_px, top_px, right_px, bottom_px = (
        cell.left_px,
        cell.top_px,
        cell.left_px + cell.width_px - 1,
        cell.top_px + cell.height_px - 1,
    )
    if is_jammed:
        draw.rectangle((left_px, top_px, right_px, bottom_px), outline=1)
        draw.line((left_px, top_px, right_px, bottom_px), fill=1)
        draw.line((left_px, bottom_px, right_px, top_px), fill=1)
        return
    if is_lit:
        draw.rectangle((left_px, top_px, right_px, bottom_px), fill=1)
    if min(cell.size_px) < CELL_FACE_NEEDS_PX:
        _draw_dots(draw, key, cell, fill=0 if is_lit else 1)
    else:
        _draw_letter(picture, key, cell, CELL_FACE, fill=0 if is_lit else 1)


def _draw_dots(draw: ImageDraw, char: str, box: Box, *, fill: int) -> None:
    lines = _DOTS[char].split()
    left_px = box.left_px + (box.width_px - len(lines[0])) // 2
    top_px = box.top_px + (box.height_px - len(lines)) // 2
    dots = [(left_px + x, top_px + y) for y, line in enumerate(lines) for x, dot in enumerate(line) if dot == "#"]
    draw.point(dots, fill=fill)


def _draw_letter(picture: Image, char: str, box: Box, face: Face, *, fill: int) -> None:
    """A character with its ink in the middle of the box."""
    glyph = glyph_of(char, face)
    at_px = (
        box.left_px + (box.width_px - glyph.width_px) // 2 - glyph.left_px,
        box.top_px + (box.height_px - glyph.height_px) // 2 - glyph.top_px,
    )
    draw_text(picture, at_px, char, face, fill=fill)
