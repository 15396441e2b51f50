"""From a picture to the bytes of an OLED controller, and from two pictures to what differs. Pure.

Most controllers keep the picture in *pages*: strips eight pixels high, a byte a column, the
lowest bit on top. Every page can be written from any column on, so a redraw sends only the columns that changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

JOIN_BELOW_COLUMNS = 10
"""Addressing a new place on the bus costs about as many bytes as sending this many unchanged columns."""


class Span(NamedTuple):
    """Columns of one page that must be sent."""

    page: int
    column: int
    data: bytes


def turned(picture: Image, rotate: int) -> Image:
    """The picture as the controller counts its columns and rows, mounted so many quarters clockwise."""
    from PIL import Image as Pillow  # noqa: PLC0415

    quarters = {1: Pillow.Transpose.ROTATE_270, 2: Pillow.Transpose.ROTATE_180, 3: Pillow.Transpose.ROTATE_90}
    return picture.transpose(quarters[rotate]) if rotate else picture


def to_pages(picture: Image) -> bytes:
    """All pages of a mode ``"1"`` picture from top to bottom; its height is a multiple of eight."""
    from PIL import Image as Pillow  # noqa: PLC0415

    count = picture.height // 8
    columns = picture.transpose(Pillow.Transpose.ROTATE_270).tobytes()  # a row for each column, lowest pixel first
    return b"".join(columns[count - 1 - page :: count] for page in range(count))


def changed_spans(before: bytes | None, after: bytes, width: int) -> Iterator[Span]:
    """What to send so that ``after`` is shown; everything if ``before`` is None, because nobody knows what is there."""
    for page in range(len(after) // width):
        new = after[page * width : (page + 1) * width]
        if before is None:
            yield Span(page, 0, new)
            continue
        old = before[page * width : (page + 1) * width]
        differing = [column for column in range(width) if old[column] != new[column]]
        yield from (Span(page, start, new[start:end]) for start, end in _joined(differing))


def _joined(columns: list[int]) -> Iterator[tuple[int, int]]:
    """Ranges that cover these columns, close ones in one."""
    start = end = -1
    for column in columns:
        if start >= 0 and column - end >= JOIN_BELOW_COLUMNS:
            yield start, end
            start = column
        elif start < 0:
            start = column
        end = column + 1
    if start >= 0:
        yield start, end
