"""Draws a screen on one-bit pixels.

Every text is drawn whole: sizes go down step by step, all roles together, until the screen fits. What does not fit at
the tightest step either is left out role by role, the least needed first; ``Layout.complete`` tells, and the tests hold
every message to it at 128x64.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from terminal.screens import Screen

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont


class Face(NamedTuple):
    """A cut of Roboto at one size. Regular stays open down to 11 pixels; Medium is a bold from 13 up."""

    cut: str
    size_px: int


def _steps(cuts_and_sizes: str) -> tuple[Face, ...]:
    return tuple(Face({"M": "RobotoMedium", "R": "Roboto"}[word[0]], int(word[1:])) for word in cuts_and_sizes.split())


FACES = {
    "banner": _steps("M16 M16 M15 M14 M13 M13"),
    "headline": _steps("M28 M24 M20 M18 M16 M14"),
    "prompt": _steps("M15 M14 M13 R13 R12 R11"),
    "entry": _steps("M20 M18 M16 M15 M14 M13"),
    "hint": _steps("R13 R13 R12 R12 R11 R11"),
    "marks": _steps("R12 R12 R12 R11 R11 R11"),
}
"""From the most generous step to the tightest."""
STEPS = range(6)
LEAST_GAPS_PX = (4, 3, 3, 3, 2, 1)
"""Between two roles, at each step; lines of one text stand a pixel closer, if there is one to spare."""

BAND_PADDING_PX = {"banner": 2, "marks": 1}
"""Roles that are drawn dark on a lit band at the edge, with its margin above and below."""
MOST_GAP_PX = 7
LEFT_OUT_FIRST = ("hint", "marks", "prompt", "banner")


class Block(NamedTuple):
    """One role's text in lines, with the vertical extent of its ink."""

    role: str
    face: Face
    lines: tuple[str, ...]
    ink_top_px: int
    ink_height_px: int
    line_gap_px: int
    top_px: int = 0

    @property
    def pitch_px(self) -> int:
        return self.ink_height_px + self.line_gap_px

    @property
    def height_px(self) -> int:
        return self.pitch_px * len(self.lines) - self.line_gap_px + 2 * BAND_PADDING_PX.get(self.role, 0)

    @property
    def width_px(self) -> int:
        return max(_width_px(line, self.face) for line in self.lines)


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
        is_band = block.role in BAND_PADDING_PX
        if is_band:
            draw.rectangle((0, block.top_px, size_px[0] - 1, block.top_px + block.height_px - 1), fill=1)
        top_px = block.top_px - block.ink_top_px + BAND_PADDING_PX.get(block.role, 0)
        for line in block.lines:
            left_px = (size_px[0] - _width_px(line, block.face)) // 2
            draw.text((left_px, top_px), line, fill=0 if is_band else 1, font=_font(block.face))
            top_px += block.pitch_px
    return picture


def lay_out(screen: Screen, size_px: tuple[int, int]) -> Layout:
    """The screen's texts in the largest sizes that fit."""
    texts = _texts(screen)
    asked = len(texts)
    blocks: list[Block] = []
    for left_out in ("", *LEFT_OUT_FIRST):
        if len(texts) > 1:
            texts.pop(left_out, None)
        for step in STEPS:
            blocks = [_block(role, text, step, size_px[0]) for role, text in texts.items()]
            if _fits(blocks, step, size_px):
                return Layout(_place(blocks, size_px[1]), complete=len(texts) == asked)
    return Layout(_place(blocks, size_px[1]), complete=False)


def _texts(screen: Screen) -> dict[str, str]:
    marks = screen.marks[0] if screen.marks else ""
    if len(screen.marks) > 1:
        marks += f" +{len(screen.marks) - 1}"
    texts = {
        "banner": screen.banner,
        "headline": screen.headline,
        "prompt": screen.prompt,
        "entry": screen.entry,
        "hint": screen.hint,
        "marks": marks,
    }
    return {role: text for role, text in texts.items() if text}


def _block(role: str, text: str, step: int, width_px: int) -> Block:
    face = FACES[role][step]
    lines = _wrap(text, face, width_px)
    inked = [_glyph(char, face) for line in lines for char in line if not char.isspace()]
    top_px = min((glyph.top_px for glyph in inked), default=0)
    bottom_px = max((glyph.bottom_px for glyph in inked), default=0)
    return Block(role, face, lines, top_px, bottom_px - top_px, max(1, LEAST_GAPS_PX[step] - 1))


def _fits(blocks: list[Block], step: int, size_px: tuple[int, int]) -> bool:
    """A banner may take a second line only if nothing else helps."""
    if step != STEPS[-1] and any(block.role == "banner" and len(block.lines) > 1 for block in blocks):
        return False
    height_px = sum(block.height_px for block in blocks) + LEAST_GAPS_PX[step] * (len(blocks) - 1)
    return height_px <= size_px[1] and all(block.width_px <= size_px[0] for block in blocks)


def _place(blocks: list[Block], height_px: int) -> tuple[Block, ...]:
    """Bands at the edges, the rest between them with even gaps."""
    head = [block for block in blocks if block.role == "banner"]
    body = [block for block in blocks if block.role not in BAND_PADDING_PX]
    foot = [block for block in blocks if block.role == "marks"]
    spare_px = height_px - sum(block.height_px for block in blocks)
    gap_px = max(0, min(MOST_GAP_PX, spare_px // max(1, len(blocks) - 1)))
    margin_px = max(0, spare_px - gap_px * (len(blocks) - 1)) // 2
    at_px = sum(block.height_px + gap_px for block in head) + margin_px
    placed = list(head)
    for block in body:
        placed.append(block._replace(top_px=at_px))
        at_px += block.height_px + gap_px
    return (*placed, *(block._replace(top_px=height_px - block.height_px) for block in foot))


# --- lines ------------------------------------------------------------------------------------------------------------


def _wrap(text: str, face: Face, width_px: int) -> tuple[str, ...]:
    """As few lines as possible; a new sentence on a new line if that costs none, else lines of even length."""
    lines = _fill(text, face, width_px)
    by_sentence = [line for part in text.replace(". ", ".\n").split("\n") for line in _fill(part, face, width_px)]
    if len(by_sentence) == len(lines) and ". " in text:
        return tuple(by_sentence)
    low_px, high_px = width_px // 2, width_px
    while len(lines) > 1 and high_px - low_px > 4:
        middle_px = (low_px + high_px) // 2
        narrower = _fill(text, face, middle_px)
        if len(narrower) == len(lines) and all(_width_px(line, face) <= middle_px for line in narrower):
            lines, high_px = narrower, middle_px
        else:
            low_px = middle_px
    return tuple(lines)


def _fill(text: str, face: Face, width_px: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width_px(longer, face) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _width_px(text: str, face: Face) -> int:
    return sum(_glyph(char, face).advance_px for char in text)


class Glyph(NamedTuple):
    """One character's advance, and the extent of its ink below the top of the line."""

    advance_px: int
    top_px: int
    bottom_px: int


@lru_cache(maxsize=4096)
def _glyph(char: str, face: Face) -> Glyph:
    """Measured once: laying out asks for thousands. One-bit Roboto has no kerning, so advances simply add up."""
    font = _font(face)
    _, top_px, _, bottom_px = font.getbbox(char, mode="1")
    return Glyph(int(font.getlength(char, mode="1")), int(top_px), int(bottom_px))


@cache
def _font(face: Face) -> FreeTypeFont:
    """Pillow's own font has no Icelandic letters; Roboto has them all."""
    import font_roboto  # noqa: PLC0415
    from PIL import ImageFont  # noqa: PLC0415

    path = getattr(font_roboto, face.cut)
    return ImageFont.truetype(path, face.size_px, layout_engine=ImageFont.Layout.BASIC)
