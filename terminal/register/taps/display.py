"""The display tap: the terminal is wired where the register's customer display would be, and reads the total off it.

The register knows nothing of this. So nothing starts by itself: a total is only offered, the cashier takes the offer
with a key, and the register is told nothing; screen and receipt tell how the sale ended.

The screen is looked at once the register has been silent for a moment: in the middle of a line ``1.990`` reads ``1``.
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.counter.register_words import (
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    ResultDelivered,
    SaleResult,
    TotalSeen,
)
from terminal.register.settings import Emulation, TotalRules
from terminal.register.taps.pole_display import PoleDisplay
from terminal.register.taps.total import NO_TOTAL, TotalFinder

SILENCE_S = 0.15
HALF_SEQUENCE_S = 2.0
"""No register pauses for so long within a sequence: its beginning was noise."""


class DisplayTap:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`; never says a word."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None
    """Nobody waits at the other end, and nobody is told."""

    def __init__(self, emulation: Emulation, rules: TotalRules) -> None:
        self._display = PoleDisplay(emulation)
        self._finder = TotalFinder(rules)
        self._look_at_s: float | None = None
        self._last_byte_s = 0.0
        self._seen = NO_TOTAL
        self._told: list[RegisterRequest] = []

    @property
    def lines(self) -> tuple[str, ...]:
        """What the display shows."""
        return self._display.screen.lines

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """Nothing yet: what stands there is read by :meth:`wake`."""
        if now_s - self._last_byte_s > HALF_SEQUENCE_S:
            self._display.forget_half_sequence()
        self._last_byte_s = now_s
        self._display.feed(data)
        self._look_at_s = now_s + SILENCE_S
        return ()

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """A result counts as told: there is nobody to tell."""
        if isinstance(reply, SaleResult):
            self._told.append(ResultDelivered(reply.register_id))

    def data_to_send(self) -> bytes:
        return b""

    def data_sent(self) -> Sequence[RegisterRequest]:
        return ()

    @property
    def next_wakeup_s(self) -> float | None:
        return 0.0 if self._told else self._look_at_s

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Look at the screen if it has been left alone for long enough."""
        requests, self._told = self._told, []
        if self._look_at_s is not None and now_s >= self._look_at_s:
            self._look_at_s = None
            requests += self._see(self._finder.on_display(self.lines))
        return requests

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """What the display showed is not known any more."""
        self._display.reset()
        self._look_at_s = None
        return self._see(NO_TOTAL)

    def _see(self, seen: TotalSeen) -> Sequence[RegisterRequest]:
        if seen == self._seen:
            return ()
        self._seen = seen
        return (seen,)
