"""Letters on one-bit pixels: how wide a text is, how it breaks into lines, and the font."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont


class Face(NamedTuple):
    """A cut of Roboto at one size. Regular stays open down to 11 pixels; Medium is a bold from 13 up."""

    cut: str
    size_px: int


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


class Glyph(NamedTuple):
    """One character's advance, and the extent of its ink below the top of the line."""

    advance_px: int
    top_px: int
    bottom_px: int


@lru_cache(maxsize=4096)
def glyph_of(char: str, face: Face) -> Glyph:
    """Measured once: laying out asks for thousands. One-bit Roboto has no kerning, so advances simply add up."""
    font = font_of(face)
    _, top_px, _, bottom_px = font.getbbox(char, mode="1")
    return Glyph(int(font.getlength(char, mode="1")), int(top_px), int(bottom_px))


@cache
def font_of(face: Face) -> FreeTypeFont:
    """Pillow's own font has no Icelandic letters; Roboto has them all."""
    import font_roboto  # noqa: PLC0415
    from PIL import ImageFont  # noqa: PLC0415

    path = getattr(font_roboto, face.cut)
    return ImageFont.truetype(path, face.size_px, layout_engine=ImageFont.Layout.BASIC)
