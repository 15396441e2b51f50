"""Where the texts of a screen go on one-bit pixels.

Every text is drawn whole: sizes go down step by step, all roles together, until the screen fits. What does not fit on
one page is spread over several, which take turns; what matters most stays on all of them. The tests hold every message
to one page at 128x64 and to few at 128x32. Only a text that fits on no page by itself is left out, and told:
``Layout.complete``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from hardware.settings import TOP_COLOUR_ROWS
from terminal.screen.glyphs import Face
from terminal.screen.keypad_picture import text_box
from terminal.screen.letters import glyph_of, text_width_px, wrap, wrap_anywhere
from terminal.screen.screen import Screen


def _steps(cuts_and_sizes: str) -> tuple[Face, ...]:
    return tuple(Face({"M": "RobotoMedium", "R": "Roboto"}[word[0]], int(word[1:])) for word in cuts_and_sizes.split())


FACES = {
    "banner": _steps("M16 M16 M15 M14 M13 M13 M13 M20 M18 M16"),
    "headline": _steps("M28 M24 M20 M18 M16 M14 R11 M32 M28 M24"),
    "prompt": _steps("M15 M14 M13 R13 R12 R11 R11 M24 M20 M17"),
    "entry": _steps("M20 M18 M16 M15 M14 M13 R11 M28 M24 M20"),
    "hint": _steps("R13 R13 R12 R12 R11 R11 R11 R20 R18 R16"),
    "countdown": _steps("R12 R12 R11 R11 R11 R11 R11 R18 R16 R16"),
    "marks": _steps("R12 R12 R12 R11 R11 R11 R11 R16 R16 R14"),
}
"""From the most generous step to the tightest."""
STEPS = range(6)
TIGHTEST = 6
"""Only so that the amount and what is typed stand together with a text on a low display."""
LARGE_STEPS = range(7, 10)
"""Where all texts are to be large: fewer on a page, and more pages. What is too long even alone is as otherwise."""
LEAST_GAPS_PX = (4, 3, 3, 3, 2, 1, 1, 4, 3, 2)
"""Between two roles, at each step; lines of one text stand a pixel closer, if there is one to spare."""

BODY_FACE = Face("Roboto", 11)
BODY_INK_PX = (3, 10)
"""Where a letter begins and how high it is with its tail; an accent may touch the line above."""
BODY_MARGIN_PX = 1
LEAST_BODY_LINES = 3
"""Banner and hint do not stay where fewer would fit beside them."""

STRIP_PX = 11
LEAST_ABOVE_STRIP_PX = 32
STRIP_FACE = Face("RobotoMedium", 11)
BAND_PADDING_PX = {"banner": 2, "marks": 1}
"""Roles that are drawn dark on a lit band at the edge, with its margin above and below."""
MOST_GAP_PX = 7
LEFT_OUT_FIRST = ("countdown", "hint", "marks", "prompt", "banner")


class Room(NamedTuple):
    """Where texts may go. The glass may have another colour above ``split_px`` than below; no text crosses that row."""

    width_px: int
    height_px: int
    split_px: int = 0

    @property
    def small_is_above(self) -> bool:
        return 0 < self.split_px <= self.height_px // 2

    @property
    def small_px(self) -> int:
        """The height of the smaller part."""
        return self.split_px if self.small_is_above or not self.split_px else self.height_px - self.split_px

    @property
    def large_end_px(self) -> int:
        """The row below the larger part."""
        return self.split_px if self.split_px and not self.small_is_above else self.height_px


class Block(NamedTuple):
    """One role's text in lines, with the vertical extent of its ink."""

    role: str
    face: Face
    lines: tuple[str, ...]
    ink_top_px: int
    ink_height_px: int
    line_gap_px: int
    padding_px: int = 0
    """Of a band, above and below."""
    top_px: int = 0

    @property
    def pitch_px(self) -> int:
        return self.ink_height_px + self.line_gap_px

    @property
    def height_px(self) -> int:
        return self.pitch_px * len(self.lines) - self.line_gap_px + 2 * self.padding_px

    @property
    def width_px(self) -> int:
        return max(text_width_px(line, self.face) for line in self.lines)


class Layout(NamedTuple):
    """Where everything goes. ``complete``: nothing of the screen was left out or cut."""

    blocks: tuple[Block, ...]
    complete: bool


def has_strip_beside(size_px: tuple[int, int]) -> bool:
    """A low display has no row to spare: there the strip is a page of its own, the first."""
    return size_px[1] >= LEAST_ABOVE_STRIP_PX + STRIP_PX


def above_strip(size_px: tuple[int, int]) -> tuple[int, int]:
    """What a strip at the lower edge leaves."""
    return (size_px[0], size_px[1] - STRIP_PX) if has_strip_beside(size_px) else size_px


@lru_cache(maxsize=64)
def pages(screen: Screen, size_px: tuple[int, int], split_px: int = 0, is_large: bool = False) -> tuple[Layout, ...]:
    """The screen on one page, or if it does not fit, on as few as possible. A countdown makes way for a mark.

    ``split_px``: no line of text crosses that row, above which the glass has another colour. ``is_large``: see
    ``LARGE_STEPS``.
    """
    if screen.strip:
        bare = pages(replace(screen, strip=""), above_strip(size_px), split_px, is_large)
        alone = Screen(headline=screen.strip)
        return bare if has_strip_beside(size_px) else (*pages(alone, size_px, split_px), *bare)
    if screen.body:
        return tuple(_body_pages(screen, size_px, split_px))
    texts, box = _texts(screen), text_box(screen.keys, size_px)
    room = Room(*box.size_px, max(0, split_px - box.top_px))
    steps = LARGE_STEPS if is_large and screen.keys is None else STEPS
    whole = _lay_out_roles(texts, set(texts), room, steps)
    if whole is not None:
        return (whole,)
    if screen.countdown is not None and screen.marks:
        return pages(replace(screen, countdown=None), size_px, split_px, is_large)
    stays = {"banner"} if screen.banner else {"headline", "entry"} & texts.keys()
    found: list[Layout] = []
    waiting = [role for role in texts if role not in stays]
    while waiting:
        taken, layouts = _next_pages(texts, stays, waiting, room, steps)
        found += layouts
        waiting = waiting[taken:]
    if not any(stays <= {block.role for block in layout.blocks} for layout in found):
        whole = _lay_out_roles(texts, stays, room, steps) or _lay_out_roles(texts, stays, room)
        found.insert(0, whole or _cut(texts, stays, room))
    seen_at_once = {"entry"} & texts.keys()
    return tuple(sorted(found, key=lambda layout: not seen_at_once <= {block.role for block in layout.blocks}))


def _body_pages(screen: Screen, size_px: tuple[int, int], split_px: int) -> Iterator[Layout]:
    """Banner and hint around the first page, the hint below the others; on a low display a page of their own, which
    comes first, but not before a message: "any key" ends it, and it is to be read.
    """
    width_px, height_px = size_px
    room = Room(width_px, height_px, split_px)
    banner = _block("banner", screen.banner, STEPS[-1], room)
    hint = _block("hint", screen.hint, STEPS[-1], room)
    below = hint._replace(top_px=height_px - hint.height_px)
    others_px = room.small_px if room.small_is_above else BODY_INK_PX[0]
    first_px, end_px = max(banner.height_px + 1, others_px), min(below.top_px - 1, room.large_end_px)
    count = _body_lines(end_px - first_px)
    is_low, is_message = count < LEAST_BODY_LINES, len(screen.body) == 1
    alone = Layout(_place([banner, hint], height_px), complete=True)
    if is_low:
        around, first_px, count = [], others_px, _body_lines(height_px - others_px)
        if not is_message:
            yield alone
    else:
        around = [banner, below]
    for paragraph in screen.body:
        lines = wrap_anywhere(paragraph, BODY_FACE, width_px - 2 * BODY_MARGIN_PX)
        while lines:
            body = Block("body", BODY_FACE, lines[:count], *BODY_INK_PX, 1, top_px=first_px)
            yield Layout((*around[:-1], body, *around[-1:]), complete=True)
            lines = lines[count:]
            if around:
                around, first_px, count = [below], others_px, _body_lines(end_px - others_px)
    if is_low and is_message:
        yield alone


def _body_lines(height_px: int) -> int:
    return (height_px + 1) // (BODY_INK_PX[1] + 1)


def _next_pages(
    texts: dict[str, str], stays: set[str], waiting: list[str], room: Room, steps: Sequence[int]
) -> tuple[int, Sequence[Layout]]:
    """A page with what stays and as many as possible of the roles that wait; how many, and the page.

    The amount of a sale stays in any case: a text that leaves it no room is spread over pages, a line on each.
    """
    for taken in range(len(waiting), 0, -1):
        layout = _lay_out_roles(texts, stays | set(waiting[:taken]), room, steps)
        if layout is not None:
            return taken, [layout]
    role = waiting[0]
    if "headline" in stays:
        more = (*steps, TIGHTEST) if steps is STEPS else steps
        lines = wrap(texts[role], FACES[role][more[-1]], room.width_px)
        for parts in ((texts[role],), lines):
            found = [_lay_out_roles({**texts, role: part}, stays | {role}, room, more) for part in parts]
            if None not in found:
                return 1, [layout for layout in found if layout is not None]
    if steps is not STEPS:
        return 1, _large_pages(texts[role], role, room) or _next_pages(texts, stays, [role], room, STEPS)[1]
    return 1, [_lay_out_roles(texts, {role}, room) or _cut(texts, {role}, room)]


def _large_pages(text: str, role: str, room: Room) -> list[Layout]:
    """A text by itself, with as many lines on each page as there is room for; none if a word is too long for it."""
    lines = wrap(text, FACES[role][LARGE_STEPS[-1]], room.width_px)
    for count in range(len(lines), 0, -1):
        parts = [" ".join(lines[at : at + count]) for at in range(0, len(lines), count)]
        found = [_lay_out_roles({role: part}, {role}, room, LARGE_STEPS) for part in parts]
        if None not in found:
            return [layout for layout in found if layout is not None]
    return []


def lay_out(screen: Screen, size_px: tuple[int, int]) -> Layout:
    """The screen's texts in the largest sizes that fit on one page; what does not fit is left out."""
    return _lay_out(_texts(screen), Room(*text_box(screen.keys, size_px).size_px))


def _lay_out(texts: dict[str, str], room: Room) -> Layout:
    roles = set(texts)
    for left_out in ("", *LEFT_OUT_FIRST):
        if len(roles) > 1:
            roles.discard(left_out)
        layout = _lay_out_roles(texts, roles, room)
        if layout is not None:
            return layout._replace(complete=len(roles) == len(texts))
    return _cut(texts, roles, room)


def _lay_out_roles(texts: dict[str, str], roles: set[str], room: Room, steps: Sequence[int] = STEPS) -> Layout | None:
    for step in steps:
        blocks = [_block(role, text, step, room) for role, text in texts.items() if role in roles]
        if room.split_px:
            placed = _place_around_split(texts, blocks, step, room)
        else:
            placed = _place(blocks, room.height_px) if _fits(blocks, step, room) else None
        if placed is not None:
            return Layout(placed, complete=True)
    return None


def _place_around_split(texts: dict[str, str], blocks: list[Block], step: int, room: Room) -> tuple[Block, ...] | None:
    """One text in the small part of the glass and the others in the large one, or all of them there."""
    ordered = sorted(blocks, key=lambda block: block.role == "marks")
    single = ordered[0] if room.small_is_above else ordered[-1]
    small = _largest_that_fits(single.role, texts[single.role], step, Room(room.width_px, room.small_px))
    large_room = Room(room.width_px, room.height_px - room.small_px)
    for alone in (small, None):
        others = [block for block in ordered if alone is None or block is not single]
        if not others or not _fits(others, step, large_room):
            continue
        large_top_px = room.small_px if room.small_is_above else 0
        placed = [block._replace(top_px=block.top_px + large_top_px) for block in _place(others, large_room.height_px)]
        if alone is not None:
            small_top_px = 0 if room.small_is_above else room.large_end_px
            placed.append(alone._replace(top_px=small_top_px + (room.small_px - alone.height_px) // 2))
        return tuple(sorted(placed, key=lambda block: block.top_px))
    return None


def _largest_that_fits(role: str, text: str, step: int, room: Room) -> Block | None:
    blocks = (_block(role, text, smaller, room) for smaller in STEPS[step:])
    return next(
        (block for block in blocks if block.height_px <= room.height_px and block.width_px <= room.width_px), None
    )


def _cut(texts: dict[str, str], roles: set[str], room: Room) -> Layout:
    """More than any page holds, in the smallest sizes and over the edge."""
    blocks = [_block(role, text, STEPS[-1], room) for role, text in texts.items() if role in roles]
    return Layout(_place(blocks, room.height_px), complete=False)


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
        "countdown": str(screen.countdown or ""),
        "marks": marks,
    }
    return {role: text for role, text in texts.items() if text}


@lru_cache(maxsize=256)
def _block(role: str, text: str, step: int, room: Room) -> Block:
    face = FACES[role][step]
    lines = wrap(text, face, room.width_px)
    inked = [glyph_of(char, face) for line in lines for char in line if not char.isspace()]
    top_px = min((glyph.top_px for glyph in inked), default=0)
    bottom_px = max((glyph.bottom_px for glyph in inked), default=0)
    padding_px = BAND_PADDING_PX.get(role, 0)
    if room.small_px or room.height_px <= TOP_COLOUR_ROWS:  # a band is no higher than the strip that it may stand in
        padding_px = max(0, min(padding_px, (TOP_COLOUR_ROWS - (bottom_px - top_px)) // 2))
    return Block(role, face, lines, top_px, bottom_px - top_px, max(1, LEAST_GAPS_PX[step] - 1), padding_px)


def _fits(blocks: list[Block], step: int, room: Room) -> bool:
    """A banner may take a second line only if nothing else helps."""
    if step != STEPS[-1] and any(block.role == "banner" and len(block.lines) > 1 for block in blocks):
        return False
    height_px = sum(block.height_px for block in blocks) + LEAST_GAPS_PX[step] * (len(blocks) - 1)
    return height_px <= room.height_px and all(block.width_px <= room.width_px for block in blocks)


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
