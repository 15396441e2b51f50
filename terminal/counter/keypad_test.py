"""The keypad test: which keys have come in so far, and what those that have not have in common. Pure.

Every key can be tried, also those that mean something in a menu, so the test is left by ``*`` twice in a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

LEAVE_KEY = "*"
STANDARD_LAYOUT = ("123A", "456B", "789C", "*0#D")
NUMBER_PAD = ("789", "456", "123", "*0#")
"""What a USB pad has at the least; which of A to D are on it shows when they are pressed."""
_BESIDE = "ABCD"


class KeypadTest(msgspec.Struct, frozen=True):
    """One test, from its first key on."""

    layout: tuple[str, ...] = STANDARD_LAYOUT
    """The keys that the pad should have, one string a row."""
    seen: str = ""
    """Each key once, in the order in which they came in."""
    last: str = ""

    @property
    def total(self) -> int:
        return len(set("".join(self.layout)) | set(self.seen))

    @property
    def missing(self) -> str:
        """Keys of the layout that have not come in."""
        return "".join(key for row in self.layout for key in row if key not in self.seen)

    @property
    def rows(self) -> tuple[str, ...]:
        """The pad as it is drawn: its layout, and beside it in a column of their own the keys that it has besides."""
        extra = [key for key in self.seen if key not in "".join(self.layout)]
        if not extra:
            return self.layout
        beside = [key if key in extra else " " for key in _BESIDE]
        height = max(len(self.layout), len(beside))
        width = max(len(row) for row in self.layout)
        rows = [*self.layout, *[""] * (height - len(self.layout))]
        return tuple(row.ljust(width) + key for row, key in zip(rows, [*beside, *" " * height], strict=False))

    def pressed(self, key: str) -> KeypadTest | None:
        """The test after a key; None once it is left."""
        if key == self.last == LEAVE_KEY:
            return None
        return replace(self, seen=self.seen if key in self.seen else self.seen + key, last=key)


def dead_lines(layout: Sequence[str], missing: str) -> Iterator[tuple[str, int]]:
    """Rows and columns, counted from 0, none of whose keys came in: ``("row", 2)``, ``("column", 0)``."""
    for number, row in enumerate(layout):
        if row and set(row) <= set(missing):
            yield "row", number
    for number, column in enumerate(zip(*layout, strict=False)):
        if set(column) <= set(missing):
            yield "column", number
