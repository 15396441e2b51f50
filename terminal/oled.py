"""Draws a screen on one-bit pixels.

Every text is drawn whole: sizes go down step by step, all roles together, until the screen fits. Only what does not fit
at the smallest size either is left out, hints before prompts; ``Layout.complete`` tells, and the tests hold every
message to it at 128x64.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from terminal.screens import Screen

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

SIZES_PX = {
    "banner": (17, 17, 16, 15, 14, 13),
    "headline": (28, 24, 21, 18, 16, 14),
    "prompt": (15, 14, 13, 12, 11, 10),
    "entry": (22, 20, 18, 16, 14, 12),
    "hint": (12, 12, 11, 11, 10, 10),
}
"""Font sizes by role, from the most generous step to the tightest. RobotoMedium is readable down to 10 pixels."""

STEPS = 6
MARKS_SIZE_PX = 10
LEAST_GAP_PX = 2
MOST_GAP_PX = 7
LEFT_OUT_FIRST = ("hint", "marks", "prompt", "banner")


class Block(NamedTuple):
    """One role's text in lines; ``top_px`` and ``height_px`` are those of its ink."""

    role: str
    lines: tuple[str, ...]
    size_px: int
    ink_top_px: int
    line_height_px: int
    top_px: int = 0

    @property
    def height_px(self) -> int:
        padding = 2 * BAND_PADDING_PX if self.role in BANDS else 0
        return self.line_height_px * len(self.lines) - LINE_GAP_PX + padding


BANDS = ("banner", "marks")
"""Roles that are drawn dark on a lit band."""
BAND_PADDING_PX = 2
LINE_GAP_PX = 2


class Layout(NamedTuple):
    """Where everything goes. ``complete``: nothing of the screen was left out or cut."""

    blocks: tuple[Block, ...]
    complete: bool


def render(screen: Screen, size_px: tuple[int, int]) -> Image:
    """A mode ``"1"`` picture of the screen, lit pixels white."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  not before there is something to draw

    picture = Image.new("1", size_px)
    draw = ImageDraw.Draw(picture)
    for block in lay_out(screen, size_px).blocks:
        lit = block.role not in BANDS
        top = block.top_px
        if not lit:
            draw.rectangle((0, top, size_px[0] - 1, top + block.height_px - 1), fill=1)
            top += BAND_PADDING_PX
        font = _font(block.size_px)
        for line in block.lines:
            left = (size_px[0] - _width(font, line)) // 2
            draw.text((left, top - block.ink_top_px), line, fill=int(lit), font=font)
            top += block.line_height_px
    return picture


def lay_out(screen: Screen, size_px: tuple[int, int]) -> Layout:
    """The screen's texts in the largest sizes that fit."""
    texts = _texts(screen, size_px[0])
    complete = True
    for left_out in (None, *LEFT_OUT_FIRST):
        if left_out is not None:
            complete = complete and left_out not in texts
            texts.pop(left_out, None)
        for step in range(STEPS):
            blocks = [_block(role, text, step, size_px[0]) for role, text in texts.items()]
            if _fits(blocks, size_px):
                return Layout(_place(blocks, size_px[1]), complete)
    return Layout(_place(blocks, size_px[1]), complete=False)


def _texts(screen: Screen, width_px: int) -> dict[str, str]:
    texts = {
        "banner": screen.banner,
        "headline": screen.headline,
        "prompt": screen.prompt,
        "entry": screen.entry,
        "hint": screen.hint,
        "marks": _marks_line(screen.marks, width_px),
    }
    return {role: text for role, text in texts.items() if text}


def _marks_line(marks: tuple[str, ...], width_px: int) -> str:
    """As many marks as one line takes, and the number of the others."""
    font = _font(MARKS_SIZE_PX)
    for count in range(len(marks), 0, -1):
        more = f" +{len(marks) - count}" if count < len(marks) else ""
        line = " · ".join(marks[:count]) + more
        if _width(font, line) <= width_px - 4:
            return line
    return "".join(marks[:1])


def _block(role: str, text: str, step: int, width_px: int) -> Block:
    size_px = MARKS_SIZE_PX if role == "marks" else SIZES_PX[role][step]
    font = _font(size_px)
    lines = (text,) if role in ("marks", "entry") else _wrap(text, font, width_px)
    boxes = [font.getbbox(line) for line in lines]
    top = int(min(box[1] for box in boxes))
    bottom = int(max(box[3] for box in boxes))
    return Block(role, lines, size_px, top, bottom - top + LINE_GAP_PX)


def _fits(blocks: list[Block], size_px: tuple[int, int]) -> bool:
    height_px = sum(block.height_px for block in blocks) + LEAST_GAP_PX * (len(blocks) - 1)
    return height_px <= size_px[1] and all(
        _width(_font(block.size_px), line) <= size_px[0] for block in blocks for line in block.lines
    )


def _place(blocks: list[Block], height_px: int) -> tuple[Block, ...]:
    """Bands at the edges, the rest spread evenly between them."""
    heads = [block for block in blocks if block.role == "banner"]
    feet = [block for block in blocks if block.role == "marks"]
    body = [block for block in blocks if block.role not in BANDS]
    top = sum(block.height_px for block in heads)
    bottom = height_px - sum(block.height_px for block in feet)
    spare = bottom - top - sum(block.height_px for block in body)
    gap = max(0, min(MOST_GAP_PX, spare // (len(body) + 1)))
    at = top + max(0, spare - gap * (len(body) - 1)) // 2
    placed = [block._replace(top_px=0) for block in heads]
    for block in body:
        placed.append(block._replace(top_px=at))
        at += block.height_px + gap
    return (*placed, *(block._replace(top_px=bottom) for block in feet))


def _wrap(text: str, font: FreeTypeFont, width_px: int) -> tuple[str, ...]:
    """As few lines as possible, and these as even as possible."""
    words = [(word, font.getlength(word)) for word in text.split()]
    space = font.getlength(" ")
    lines = _greedy(words, space, width_px)
    low, high = width_px // 2, width_px
    while len(lines) > 1 and high - low > 4:
        middle = (low + high) // 2
        narrower = _greedy(words, space, middle)
        if len(narrower) == len(lines) and all(width <= middle for _, width in words):
            lines, high = narrower, middle
        else:
            low = middle
    return tuple(" ".join(line) for line in lines)


def _greedy(words: list[tuple[str, float]], space: float, width_px: float) -> list[list[str]]:
    lines: list[list[str]] = []
    used = 0.0
    for word, width in words:
        if lines and used + space + width <= width_px:
            lines[-1].append(word)
            used += space + width
        else:
            lines.append([word])
            used = width
    return lines


def _width(font: FreeTypeFont, text: str) -> int:
    return int(-(-font.getlength(text) // 1))


@cache
def _font(size_px: int) -> FreeTypeFont:
    """Pillow's own font has no Icelandic letters; Roboto has them all."""
    from font_roboto import RobotoMedium  # noqa: PLC0415
    from PIL import ImageFont  # noqa: PLC0415

    return ImageFont.truetype(RobotoMedium, size_px, layout_engine=ImageFont.Layout.BASIC)
