"""Draws decoded paper as a picture, at the dots of a 203 dpi print head: Roboto, each letter in a cell of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import lru_cache

from font_roboto import Roboto, RobotoBold
from PIL import Image, ImageDraw, ImageFont, ImageOps

from hardware.interfaces import Columns
from hardware.printer.paper import DOTS_PER_LINE, Cell, CutRow, RasterRow, Row, TextRow

CELL_PX = (12, 24)
"""Font A of every printer this code has met."""
LINE_PX = DOTS_PER_LINE
MARGIN_PX = 24
FONT_PX = 21
MAX_HEIGHT_PX = 20_000

PAPER, INK, CUT_LINE = 255, 24, 170


def draw(rows: Sequence[Row], columns: Columns, scale: int = 1) -> Image.Image:
    """A greyscale picture of the whole strip, enlarged by the whole number ``scale``.

    Raises ValueError for a scale other than 1 to 4. What is longer than MAX_HEIGHT_PX is cut off.
    """
    if not 1 <= scale <= 4:
        raise ValueError(f"scale is {scale}; it can be 1 to 4")
    width = columns * CELL_PX[0]
    heights = [_height(row) for row in rows]
    height = min(sum(heights) + 2 * MARGIN_PX, MAX_HEIGHT_PX)
    picture = Image.new("L", (width + 2 * MARGIN_PX, height), PAPER)
    y = MARGIN_PX
    for row, row_height in zip(rows, heights, strict=True):
        if y + row_height > height:
            break
        _draw_row(picture, row, y, width)
        y += row_height
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def draw_strip(rows: Sequence[Row], columns: Columns) -> Image.Image:
    """The rows alone, as wide as the print head, without the paper's margins."""
    picture = draw(rows, columns)
    return picture.crop((MARGIN_PX, MARGIN_PX, picture.width - MARGIN_PX, picture.height - MARGIN_PX))


def _height(row: Row) -> int:
    match row:
        case TextRow():
            return LINE_PX + (row.height - 1) * CELL_PX[1]
        case RasterRow():
            return len(row.dots) // row.width_bytes
        case CutRow():
            return LINE_PX


def _draw_row(picture: Image.Image, row: Row, y: int, width: int) -> None:
    match row:
        case TextRow():
            x = MARGIN_PX + _indent(row.align, width - row.width * CELL_PX[0])
            for cell in row.cells:
                glyph = _glyph(cell)
                picture.paste(glyph, (x, y + (row.height - cell.height) * CELL_PX[1]))
                x += glyph.width
        case RasterRow():
            size = (row.width_bytes * 8, len(row.dots) // row.width_bytes)
            dots = ImageOps.invert(Image.frombytes("1", size, row.dots).convert("L"))
            picture.paste(dots, (MARGIN_PX + _indent(row.align, width - size[0]), y))
        case CutRow():
            for x in range(0, picture.width, 16):
                ImageDraw.Draw(picture).line((x, y + LINE_PX // 2, x + 8, y + LINE_PX // 2), fill=CUT_LINE, width=2)


def _indent(align: str, room: int) -> int:
    return max({"left": 0, "center": room // 2, "right": room}.get(align, 0), 0)


@lru_cache(maxsize=1024)
def _glyph(cell: Cell) -> Image.Image:
    """One cell. Roboto is not a typewriter face: letters too wide for the cell are squeezed into it."""
    font = _font(cell.bold)
    advance = max(CELL_PX[0], round(font.getlength(cell.char)))
    glyph = Image.new("L", (advance, CELL_PX[1]), PAPER)
    ImageDraw.Draw(glyph).text((advance / 2, CELL_PX[1] - 5), cell.char, font=font, fill=INK, anchor="ms")
    if cell.underline:
        ImageDraw.Draw(glyph).line((0, CELL_PX[1] - 2, advance, CELL_PX[1] - 2), fill=INK)
    if cell.inverse:
        glyph = ImageOps.invert(glyph)
    size = (CELL_PX[0] * cell.width, CELL_PX[1] * cell.height)
    return glyph if glyph.size == size else glyph.resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=2)
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    with contextlib.suppress(OSError):
        return ImageFont.truetype(RobotoBold if bold else Roboto, FONT_PX)
    raise FileNotFoundError("font-roboto has lost its font files: run the installer again (sudo make install)")
