"""What a new sale or refund is called, and when."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


class Names:
    """What a new sale is called, and when. The only source of randomness and of wall-clock time in a sale."""

    def __init__(
        self,
        terminal_id: str,
        now: Callable[[], str],
        random_hex: Callable[[], str] = lambda: os.urandom(3).hex(),
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``steady_s``: a clock that cannot be set."""
        self._terminal_id = terminal_id
        self._random_hex = random_hex
        self.now = now
        self.steady_s = steady_s

    def reference(self, number: int) -> str:
        """Unique for ever, also when the journal is lost and numbers start again."""
        return f"{self._terminal_id}-{number:06d}-{self._random_hex().upper()}"
