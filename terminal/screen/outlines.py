"""Draws letters with FreeType: all of faces/ beforehand, and while the terminal runs those that faces/ lacks.

``python -m terminal.screen.outlines`` writes faces/ anew.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import font_roboto
from PIL import Image, ImageFont

from terminal.screen.glyphs import DRAWN_BY, FOLDER, Drawn, Face, Glyph, packed, path_of

if TYPE_CHECKING:
    from PIL._imaging import ImagingCore
    from PIL.ImageFont import FreeTypeFont

_CLEAR = " " * 3
"""No letter reaches so far beyond its own advance."""


@cache
def font_of(face: Face) -> FreeTypeFont:
    """Pillow's own font has no Icelandic letters; Roboto has them all."""
    path = getattr(font_roboto, face.cut)
    return ImageFont.truetype(path, face.size_px, layout_engine=ImageFont.Layout.BASIC)


def drawn(char: str, face: Face) -> Drawn:
    """One-bit Roboto has no kerning, so a text is its characters, each an advance further."""
    font = font_of(face)
    mask, (left_px, top_px) = font.getmask2(char, mode="1")
    dots, advance_px = _picture(mask), int(font.getlength(char, mode="1"))
    box = int(left_px), int(top_px), *dots.size
    place = _place_of(dots, char, font, advance_px) or box[:2]
    return Glyph(advance_px, *box, *place), dots.tobytes()


def _place_of(dots: Image.Image, char: str, font: FreeTypeFont, advance_px: int) -> tuple[int, int] | None:
    """Left and top. Pillow tells only where the outline is, so look at it beside a full stop on the same line."""
    if (ink := dots.getbbox()) is None:
        return None
    before_px = int(font.getlength(_CLEAR, mode="1"))
    line = _picture(font.getmask2(f"{_CLEAR}{char}{_CLEAR}.", mode="1")[0])
    end_px = before_px + advance_px + before_px
    beside, stop = line.crop((0, 0, end_px, line.height)).getbbox(), line.crop((end_px, 0, *line.size)).getbbox()
    if beside is None or stop is None:
        return None
    baseline_px = font.getmetrics()[0] - stop[3]
    return beside[0] - before_px - ink[0], baseline_px + beside[1] - ink[1]


def _picture(mask: ImagingCore) -> Image.Image:
    picture = Image.new("1", mask.size)
    if all(mask.size):
        picture.im.paste(mask, (0, 0, *mask.size))
    return picture


def faces_of_screens() -> set[Face]:
    """Every face that a screen may be laid out with."""
    from terminal.screen.keypad_picture import CELL_FACE, LARGE_FACE  # noqa: PLC0415  these import what imports this
    from terminal.screen.layout import BODY_FACE, FACES, STRIP_FACE  # noqa: PLC0415

    return {CELL_FACE, LARGE_FACE, BODY_FACE, STRIP_FACE}.union(*FACES.values())


def write_faces() -> None:
    """Into faces/, and which FreeType drew them."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for face in faces_of_screens():
        path_of(face).write_bytes(packed(partial(drawn, face=face)))
    DRAWN_BY.write_text(f"{features.version('freetype2')}\n", encoding="ascii")


if __name__ == "__main__":
    from PIL import features

    write_faces()
