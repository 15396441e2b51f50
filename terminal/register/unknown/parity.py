"""Notices a Concert register that sends 7 bits and parity to a line that is set to 8 bits without.

Nothing else does: the calls look like noise, or are answered and then come to nothing. ENQ (05) has even parity and EOT
(04), STX (02) odd, so one of them comes with its top bit set, which no character of this protocol has.
"""

from __future__ import annotations

import logging
import re

log = logging.getLogger(__name__)

_MARKS = {"E": re.compile(rb"\x05[\x82\x84]"), "O": re.compile(rb"\x85[\x85\x02\x04]")}


class ParityWatch:
    """Is shown what comes in, and says it once."""

    def __init__(self) -> None:
        self._last = b""
        self._has_told = False

    def look(self, data: bytes) -> None:
        """More bytes of the line; warns once, when they look like seven bits with parity."""
        if self._has_told:
            return
        seen = self._last + data
        self._last = seen[-1:]
        for parity, mark in _MARKS.items():
            if mark.search(seen):
                self._has_told = True
                log.warning(
                    "the register seems to send 7 bits with parity, which are read as 8 without: set"
                    ' register.bytesize = 7 and register.parity = "%s"',
                    parity,
                )
