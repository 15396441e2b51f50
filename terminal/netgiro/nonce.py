"""A nonce that never repeats or goes back, also on a Pi without a clock chip that boots in the past.

Nonces are the wall clock in ticks of 100 ns since the year 1, the scale of Netgíró's published example. A high-water
mark on disk is always ahead of every nonce used; after a start the first nonce is not below it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from terminal.errors import JournalError

TICKS_PER_S = 10_000_000
UNIX_EPOCH_TICKS = 62_135_596_800 * TICKS_PER_S
RESERVED_AHEAD_TICKS = 60 * TICKS_PER_S
"""How much one write reserves: at most one write a minute while calls are made."""


class NonceSource:
    """Gives out nonces. ``reserve`` stores the high-water mark durably before nonces below it are used."""

    def __init__(self, high_water: int, reserve: Callable[[int], Awaitable[None]], clock: Callable[[], float]) -> None:
        self._last = high_water
        self._reserved = high_water
        self._reserve = reserve
        self._clock = clock
        self._in_turn = asyncio.Lock()

    async def next(self) -> str:
        """The next nonce. Goes on in memory when the disk is full: only a power cut could then repeat one."""
        async with self._in_turn:  # else a second call could use what the first is still reserving
            now = UNIX_EPOCH_TICKS + int(self._clock() * TICKS_PER_S)
            self._last = nonce = max(now, self._last + 1)
            if nonce >= self._reserved:
                with contextlib.suppress(JournalError):  # the next one tries again
                    await self._reserve(nonce + RESERVED_AHEAD_TICKS)
                    self._reserved = nonce + RESERVED_AHEAD_TICKS
            return str(nonce)
