"""Draws a screen on one-bit pixels; layout.py says what goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from terminal.screen.keypad_picture import draw_keys, text_box
from terminal.screen.layout import (
    BAND_PADDING_PX,
    BODY_MARGIN_PX,
    STRIP_FACE,
    Block,
    above_strip,
    has_strip_beside,
    pages,
)
from terminal.screen.letters import draw_text, glyph_of, runs, text_width_px
from terminal.screen.screen import Countdown, Screen

if TYPE_CHECKING:
    from PIL.Image import Image

BAR_PX = (4, 5)
"""A countdown's bar: its distance from the digits, and its height."""
MOST_SHIFT_PX = 2
"""How far a picture moves against burn-in, if there is room; see :func:`render`."""


def render(
    screen: Screen,
    size_px: tuple[int, int],
    *,
    page: int | None = None,
    shift: int = 0,
    split_px: int = 0,
    is_large: bool = False,
) -> Image:
    """A mode ``"1"`` picture of one page of the screen, lit pixels white; ``page`` may count on for ever.

    Without ``page`` it is the one that staff have turned to, else the first.

    ``shift`` counts up as time goes by: each number puts the texts a pixel or two elsewhere, as far as there is room,
    so that no pixel of a screen that stands for hours is lit all the time. ``split_px`` and
    ``is_large`` as for :func:`pages`.
    """
    from PIL import Image  # noqa: PLC0415  not before there is something to draw

    if screen.strip:
        return _with_strip(screen, size_px, page=page, shift=shift, split_px=split_px, is_large=is_large)
    layouts = pages(screen, size_px, split_px, is_large)
    box = text_box(screen.keys, size_px)
    shown = (screen.page or 0) if page is None else page
    picture = _draw_texts(screen, layouts[shown % len(layouts)].blocks, box.size_px, shift, moves_down=not split_px)
    if screen.keys is None:
        return picture
    whole = Image.new("1", size_px)
    whole.paste(picture, (box.left_px, box.top_px))
    draw_keys(whole, screen.keys, size_px)
    return whole


def _with_strip(
    screen: Screen, size_px: tuple[int, int], *, page: int | None, shift: int, split_px: int, is_large: bool
) -> Image:
    from PIL import Image  # noqa: PLC0415

    bare, rest_px = replace(screen, strip=""), above_strip(size_px)
    if not has_strip_beside(size_px):
        shown = ((screen.page or 0) if page is None else page) % len(pages(screen, size_px, split_px, is_large))
        one, its_page = (bare, shown - 1) if shown else (Screen(headline=screen.strip), 0)
        return render(one, size_px, page=its_page, shift=shift, split_px=split_px, is_large=is_large)
    whole = Image.new("1", size_px)
    whole.paste(render(bare, rest_px, page=page, shift=shift, split_px=split_px, is_large=is_large), (0, 0))
    whole.paste(1, (0, rest_px[1], *size_px))
    left_px = (size_px[0] - text_width_px(screen.strip, STRIP_FACE)) // 2
    inked = [glyph_of(char, STRIP_FACE) for char in screen.strip if not char.isspace()]
    ink_px = max(glyph.bottom_px for glyph in inked)
    draw_text(whole, (left_px, size_px[1] - 1 - ink_px), screen.strip, STRIP_FACE, fill=0)
    return whole


def _draw_texts(
    screen: Screen, blocks: tuple[Block, ...], size_px: tuple[int, int], shift: int, *, moves_down: bool
) -> Image:
    from PIL import Image  # noqa: PLC0415

    picture = Image.new("1", size_px)
    right_px, down_px = _shift_px(shift, blocks, size_px[1])
    down_px = down_px if moves_down else 0
    for block in blocks:
        is_band = block.role in BAND_PADDING_PX
        if is_band:
            picture.paste(1, (0, block.top_px, size_px[0], block.top_px + block.height_px))
        top_px = block.top_px - block.ink_top_px + (block.padding_px if is_band else down_px)
        for line in block.lines:
            room_px = (size_px[0] - text_width_px(line, block.face)) // 2
            left_px = room_px + max(-room_px, min(room_px, right_px))
            if block.role == "body":
                left_px = max(0, min(2 * room_px, BODY_MARGIN_PX + right_px))
            if block.role == "countdown" and screen.countdown is not None:
                left_px = size_px[0] - text_width_px(line, block.face)
                _draw_bar(picture, screen.countdown, left_px, block.top_px + down_px, block.height_px)
            for right_of_px, part in runs(line, block.face):
                at_px = (left_px + right_of_px, top_px)
                draw_text(picture, at_px, part, block.face, fill=0 if is_band else 1)
            top_px += block.pitch_px
    return picture


def _shift_px(shift: int, blocks: tuple[Block, ...], height_px: int) -> tuple[int, int]:
    """Right and down. Walks round in a square; never off the glass, nor into a band."""
    steps = 2 * MOST_SHIFT_PX
    right, down = (
        ((shift % steps) - MOST_SHIFT_PX + 1, (shift // steps % steps) - MOST_SHIFT_PX + 1) if shift else (0, 0)
    )
    body = [block for block in blocks if block.role not in BAND_PADDING_PX]
    bands = [block for block in blocks if block.role in BAND_PADDING_PX]
    if not body:
        return right, 0
    top_px, bottom_px = body[0].top_px, body[-1].top_px + body[-1].height_px
    ceiling_px = max((band.top_px + band.height_px for band in bands if band.top_px < top_px), default=0)
    floor_px = min((band.top_px for band in bands if band.top_px >= bottom_px), default=height_px)
    return right, max(ceiling_px - top_px, min(floor_px - bottom_px, down))


def _draw_bar(picture: Image, countdown: Countdown, end_px: int, top_px: int, height_px: int) -> None:
    """What is left of the time, as a bar that gets shorter, left of the digits."""
    gap_px, thick_px = BAR_PX
    width_px = end_px - gap_px
    top_px += max(0, height_px - thick_px) // 2
    picture.paste(1, (0, top_px, width_px, top_px + thick_px))
    picture.paste(0, (1, top_px + 1, width_px - 1, top_px + thick_px - 1))
    lit_px = round((width_px - 4) * min(1.0, countdown.left_s / max(1, countdown.total_s)))
    if lit_px > 0:
        picture.paste(1, (2, top_px + 2, 2 + lit_px, top_px + thick_px - 2))
