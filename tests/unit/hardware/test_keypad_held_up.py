"""An event loop that is held up again and again, beside somebody who types fast; in virtual time."""

from __future__ import annotations

import random
from collections import deque

import pytest

from hardware.keypad import MatrixKeypad
from hardware.keypad_scanner import OPEN, Frame, KeypadScanner
from hardware.keypad_watch import KeypadWatch, Pins, Report
from hardware.settings import KeypadSettings
from hardware.simulated import LAYOUT_4X4
from tests.fast_typing import DEBOUNCE_S, type_fast_into

LONGEST_HOLD_UP_S = 0.2
FREE_S = 0.05


class Watch(KeypadWatch):
    """Scans when it is told to, and sees what it is told."""

    def __init__(self, loop: HeldUpLoop) -> None:
        self.seen, self.now_s = OPEN, 0.0
        super().__init__(Pins([], [], []), KeypadScanner(LAYOUT_4X4, DEBOUNCE_S), loop.call_soon, lambda: self.now_s)

    def _read_frame(self) -> Frame:
        return self.seen


class HeldUpLoop:
    """Takes what other threads bring, in order, but turns only when nothing holds it up."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._waiting: deque[Report] = deque()
        self._busy_until_s = 0.0
        self.most_waiting = 0
        self.keys: list[str] = []
        self.missed = 0
        self.keypad = MatrixKeypad(KeypadSettings(layout=LAYOUT_4X4))
        self.keypad._on_key = self.keys.append
        self.keypad._on_missed = self._miss
        self.watch = self.keypad._watch = Watch(self)

    def _miss(self) -> None:
        self.missed += 1

    def call_soon(self, report: Report) -> None:
        self._waiting.append(report)

    def scan(self, frame: Frame, now_s: float) -> None:
        """On the keypad's own thread, which no loop holds up."""
        self.watch.seen, self.watch.now_s = frame, now_s
        self.watch.scan()
        if now_s >= self._busy_until_s:
            self.turn()
            self._busy_until_s = now_s + self._rng.choice((0.0, FREE_S, self._rng.uniform(0, LONGEST_HOLD_UP_S)))

    def turn(self) -> None:
        self.most_waiting = max(self.most_waiting, sum(report.key is not None for report in self._waiting))
        while self._waiting:
            self.keypad._take(self.watch, self._waiting.popleft())


@pytest.mark.parametrize("presses", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_loop_that_is_held_up_gets_each_key_late_but_once_and_in_order(presses: int) -> None:
    rng = random.Random(presses)
    loop = HeldUpLoop(rng)
    wanted = type_fast_into(loop.scan, rng, presses)
    loop.turn()
    assert loop.keys == wanted
    assert loop.missed == 0, "a loop that is held up blinds nobody"
    assert loop.most_waiting > 1, "it was never held up for long"
