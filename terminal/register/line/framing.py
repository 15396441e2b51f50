"""Cuts the bytes of the line protocol into lines, and rations what may be said again and again. Holds one line."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_LINE = 200
HALF_LINE_LIFETIME_S = 60.0
"""Longer than a person takes over a line; a register that comes back after a crash starts with a clean one."""

_PIECES = re.compile(rb"[^\r\n]+|\r|\n")


class LineFramer:
    """Cuts bytes into lines, in any chunking; holds at most one line."""

    def __init__(self) -> None:
        self.line_end = b"\r\n"
        """How the register is answered: as it ends its own lines, CRLF if it uses CR."""
        self._last_byte_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget half a line."""
        self._line = bytearray()
        self._too_long = False
        self._after_cr = False

    def feed(self, data: bytes, now_s: float) -> Iterator[bytes | None]:
        """The lines that end in ``data``, without the empty ones; None stands for one that was too long."""
        if now_s - self._last_byte_s > HALF_LINE_LIFETIME_S:
            self.reset()
        self._last_byte_s = now_s
        for match in _PIECES.finditer(data):
            piece = match.group()
            second_of_crlf = self._after_cr and piece == b"\n"
            self._after_cr = piece == b"\r"
            if piece not in (b"\r", b"\n"):
                self._too_long = self._too_long or len(self._line) + len(piece) > LONGEST_LINE
                self._line += piece[: LONGEST_LINE - len(self._line)]
            elif not second_of_crlf:
                self.line_end = b"\r\n" if self._after_cr else b"\n"
                line, too_long = bytes(self._line), self._too_long
                self._line.clear()
                self._too_long = False
                if line:
                    yield None if too_long else line


class Ration:
    """So many at once, and so many a second in the long run."""

    def __init__(self, most: int, per_s: float) -> None:
        self._most = most
        self._per_s = per_s
        self._left = float(most)
        self._counted_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Whether there is one left."""
        if self._counted_s is not None:
            self._left = min(self._most, self._left + max(0.0, now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
