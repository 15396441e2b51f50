"""A register program's own lines as a document for our printer. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from hardware.interfaces import Columns, Cut, Document, TextLine


def lines_on_paper(lines: Sequence[str], columns: Columns, *, cut: bool) -> Document:
    """Each line as it is, spaces included; one that is too long goes on below. What is no letter becomes a space."""
    found = tuple(TextLine(part) for line in lines for part in _parts(line, columns))
    return (*found, Cut()) if cut else found


def _parts(line: str, columns: int) -> Iterator[str]:
    printable = "".join(char if char.isprintable() else " " for char in line).rstrip()
    if len(printable) <= columns:
        yield printable
        return
    yield from textwrap.wrap(printable, columns, drop_whitespace=True) or [""]
