"""A nonce that never repeats or goes back, also on a Pi without a clock chip that boots in the past.

Nonces are the wall clock in ticks of 100 ns since the year 1, the scale of Netgíró's published example. A high-water
mark on disk is always ahead of every nonce used; after a start the first nonce is not below it.
"""

from __future__ import annotations

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

    async def next(self) -> str:
        """The next nonce. Goes on in memory when the disk is full: only a power cut could then repeat one."""
        now = UNIX_EPOCH_TICKS + int(self._clock() * TICKS_PER_S)
        self._last = nonce = max(now, self._last + 1)
        if nonce >= self._reserved:
            self._reserved = nonce + RESERVED_AHEAD_TICKS
            try:
                await self._reserve(self._reserved)
            except JournalError:
                self._reserved = nonce  # try again with the next one
        return str(nonce)
