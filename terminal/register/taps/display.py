"""The display tap: the terminal is wired where the register's customer display would be, and reads the total off it.

The register knows nothing of this. So nothing starts by itself: a total is only offered, and the cashier accepts the
offer with a key. The register hears nothing; screen and receipt say how the sale ended.

It looks at the screen once the register has been silent for a moment: in the middle of a line ``1.990`` reads ``1``.
"""

from __future__ import annotations

from collections.abc import Sequence

from terminal.counter.register_words import RegisterRequest, TotalSeen
from terminal.register.settings import Emulation, TotalRules
from terminal.register.taps.pole_display import PoleDisplay
from terminal.register.taps.tap import Tap
from terminal.register.taps.total import NO_TOTAL, TotalFinder

SILENCE_S = 0.15
HALF_SEQUENCE_S = 2.0
"""No register pauses for so long within a sequence: its beginning was noise."""


class DisplayTap(Tap):
    """Implements :class:`terminal.register.protocol.RegisterProtocol`; never says a word."""

    def __init__(self, emulation: Emulation, rules: TotalRules) -> None:
        super().__init__()
        self._display = PoleDisplay(emulation)
        self._finder = TotalFinder(rules)
        self._last_byte_s = 0.0
        self._seen = NO_TOTAL

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

    def data_to_send(self) -> bytes:
        return b""

    def _after_silence(self) -> Sequence[RegisterRequest]:
        """Nobody writes on the screen any more."""
        return self._see(self._finder.on_display(self.lines))

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
