"""Letters on one-bit pixels: how wide a text is, how it breaks into lines, and its dots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from terminal.screen.glyphs import Drawn, Face, Glyph, ready

if TYPE_CHECKING:
    from PIL.Image import Image


def wrap(text: str, face: Face, width_px: int) -> tuple[str, ...]:
    """As few lines as possible; a new sentence on a new line if that costs none, else lines of even length."""
    lines = _fill(text, face, width_px)
    by_sentence = [line for part in text.replace(". ", ".\n").split("\n") for line in _fill(part, face, width_px)]
    if len(by_sentence) == len(lines) and ". " in text:
        return tuple(by_sentence)
    low_px, high_px = width_px // 2, width_px
    while len(lines) > 1 and high_px - low_px > 4:
        middle_px = (low_px + high_px) // 2
        narrower = _fill(text, face, middle_px)
        if len(narrower) == len(lines) and all(text_width_px(line, face) <= middle_px for line in narrower):
            lines, high_px = narrower, middle_px
        else:
            low_px = middle_px
    return tuple(lines)


def _fill(text: str, face: Face, width_px: int) -> list[str]:
    lines: list[str] = []
    for word in _WORDS.split(text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_px(longer, face) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def wrap_anywhere(text: str, face: Face, width_px: int) -> tuple[str, ...]:
    """Lines from left to right; a word that is wider than a line begins where it stands and is cut."""
    lines = [""]
    for word in text.split(" "):
        begun = f"{lines[-1]} {word}" if lines[-1] else word
        if text_width_px(begun, face) <= width_px:
            lines[-1] = begun
        elif text_width_px(word, face) <= width_px:
            lines.append(word)
        else:
            lines[-1:] = _cut(begun, face, width_px)
    return tuple(lines)


def _cut(text: str, face: Face, width_px: int) -> list[str]:
    lines = [""]
    for char in text:
        if lines[-1] and text_width_px(lines[-1] + char, face) > width_px:
            lines.append("")
        lines[-1] += char
    return lines


_WORDS = re.compile(r"(?<![#*]) ")
"""A key's sign stays beside its word."""
_AFTER_SIGN = re.compile(r"(?<=[0-9#*]) ")
AFTER_SIGN_PX = 2
"""More than a space is wide, between a digit or a key's sign and its word: at these sizes they run together."""


def text_width_px(text: str, face: Face) -> int:
    """The width of a text on one line, in pixels."""
    return sum(glyph_of(char, face).advance_px for char in text) + AFTER_SIGN_PX * len(_AFTER_SIGN.findall(text))


def runs(text: str, face: Face) -> Iterator[tuple[int, str]]:
    """The text in parts that are drawn in one go, each with how far to the right it begins."""
    at_px = 0
    for part in _AFTER_SIGN.split(text):
        yield at_px, part
        at_px += text_width_px(f"{part} ", face)


def draw_text(picture: Image, at_px: tuple[int, int], text: str, face: Face, *, fill: int) -> None:
    """On one line; ``at_px`` is its left end, at the top. All dots together begin where all boxes together do."""
    glyphs = [glyph_of(char, face) for char in text]
    pens_px = list(accumulate((glyph.advance_px for glyph in glyphs), initial=0))
    right_px, down_px = at_px
    right_px += min((0, *(pen + glyph.left_px for pen, glyph in zip(pens_px, glyphs, strict=False))))
    right_px -= min((0, *(pen + glyph.dots_left_px for pen, glyph in zip(pens_px, glyphs, strict=False))))
    down_px += min((glyph.top_px for glyph in glyphs), default=0)
    down_px -= min((glyph.dots_top_px for glyph in glyphs), default=0)
    for char, glyph, pen_px in zip(text, glyphs, pens_px, strict=False):
        if glyph.width_px and glyph.height_px:
            begin_px = (right_px + pen_px + glyph.dots_left_px, down_px + glyph.dots_top_px)
            picture.paste(fill, begin_px, _dots_of(char, face))


@lru_cache(maxsize=4096)
def glyph_of(char: str, face: Face) -> Glyph:
    """Looked up once: laying out asks for thousands."""
    return _drawn(char, face)[0]


@lru_cache(maxsize=256)
def _dots_of(char: str, face: Face) -> Image:
    from PIL import Image  # noqa: PLC0415  not before there is something to draw

    glyph, rows = _drawn(char, face)
    return Image.frombytes("1", (glyph.width_px, glyph.height_px), rows)


def _drawn(char: str, face: Face) -> Drawn:
    if (found := ready(char, face)) is not None:
        return found
    from terminal.screen.outlines import drawn  # noqa: PLC0415  FreeType takes 4 MiB, for letters that few shops have

    return drawn(char, face)
