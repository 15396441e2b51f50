"""A nonce that never repeats or goes back, also on a Pi without a clock chip that boots in the past.

Nonces are the wall clock in ticks of 100 ns since the year 1, the scale of Netgíró's published example. A high-water
mark on disk is always ahead of every nonce used; after a start the first nonce is not below it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from terminal.errors import JournalError
from terminal.sale.gateway import CallRefused, Refusal

TICKS_PER_S = 10_000_000
UNIX_EPOCH_TICKS = 62_135_596_800 * TICKS_PER_S
RESERVED_AHEAD_TICKS = 60 * TICKS_PER_S
"""How much one write reserves: about two writes a minute while calls are made."""
RENEWED_AHEAD_TICKS = RESERVED_AHEAD_TICKS // 2
"""Reserved anew from here on, so that a disk that is full for a moment holds up no call."""


AFTER_LOSS_S = 600.0
"""Added to the last known time where marks were lost: more than any one mark reserves."""


def mark_after_loss(high_water: int, last_written_s: float | None) -> int:
    """A mark ahead of every nonce used, though marks written until ``last_written_s`` (Unix seconds) may be lost."""
    if last_written_s is None:
        return high_water
    return max(high_water, UNIX_EPOCH_TICKS + int((last_written_s + AFTER_LOSS_S) * TICKS_PER_S))


Reserve = Callable[[int, bool], Awaitable[None]]
"""Stores a mark durably, with the word whether the service signs."""


class NonceSource:
    """Gives out nonces. ``reserve`` stores the high-water mark durably before nonces below it are used.

    The mark also carries what must outlive a restart: that the service signs its answers. Once it has done so, an
    answer without a signature is none, so that nobody else can answer in its place.
    """

    def __init__(
        self, high_water: int, reserve: Reserve, clock: Callable[[], float], *, answers_signed: bool = False
    ) -> None:
        self.answers_signed = answers_signed
        self._last = high_water
        self._reserved = high_water
        self._reserve = reserve
        self._clock = clock
        self._in_turn = asyncio.Lock()

    async def next(self) -> str:
        """The next nonce. Raises CallRefused(NOT_SENT) if the disk does not take the mark that it needs."""
        async with self._in_turn:  # else a second call could use what the first is still reserving
            now = UNIX_EPOCH_TICKS + int(self._clock() * TICKS_PER_S)
            nonce = max(now, self._last + 1)
            if nonce >= self._reserved - RENEWED_AHEAD_TICKS:
                await self._reserve_beyond(nonce)
            self._last = nonce
            return str(nonce)

    async def note_signed(self) -> None:
        """An answer had a right signature. If the disk does not take it now, the next mark says it."""
        if self.answers_signed:
            return
        self.answers_signed = True
        async with self._in_turn:
            with contextlib.suppress(CallRefused):
                await self._reserve_beyond(self._reserved)

    async def _reserve_beyond(self, nonce: int) -> None:
        try:
            await self._reserve(nonce + RESERVED_AHEAD_TICKS, self.answers_signed)
            self._reserved = nonce + RESERVED_AHEAD_TICKS
        except JournalError as error:
            if nonce >= self._reserved:  # after a power cut nobody would know that it was used
                raise CallRefused(Refusal.NOT_SENT, f"no nonce can be reserved: {error}") from error
