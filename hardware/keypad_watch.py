"""Reads the contacts of a matrix keypad, on a thread of its own: what keeps the event loop busy keeps no key waiting.

While nobody touches the keypad all rows are driven low and the columns are pulled up: any key makes its column fall.
Until then the thread sleeps in the kernel. The edge starts scanning: one row low at a time, the others left floating
(never driven high: two keys in one column would short two rows), columns read, until all keys are up again.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from hardware.interfaces import Jam
from hardware.keypad_scanner import Contact, Frame, KeypadScanner

SCAN_INTERVAL_S = 0.0025
"""While a key is down."""
SETTLE_S = 0.00002
"""After a row is driven the column's wire needs this long to follow through the pull-up (50 kohm, some 100 pF)."""
HELD_LONG_S = 2.0
HELD_SCAN_INTERVAL_S = 0.02
"""A key leaned on, or stuck, is not worth hundreds of scans a second; a short tap beside it must still be seen."""
BLIND_AFTER_S = 0.06
"""Scans that lie further apart can miss a whole press, however quick the finger: the processor had no time even for
this thread. What is typed must then be typed again, so it is no shorter than a tap."""
MOST_EDGE_BYTES = 64 * 1024
EDGE = struct.Struct("=Q40x")
"""struct gpio_v2_line_event: when it was, in ns of the monotonic clock; what else it says is known."""
LOW, FLOATING = 0, 1
"""What writing to a row does: it is an open drain."""


class Pins(NamedTuple):
    """gpiozero's pins, claimed. ``edges`` are descriptors that are readable once a column has fallen."""

    rows: list[Any]
    columns: list[Any]
    edges: list[int]

    @classmethod
    def claim(cls, factory: Any, row_numbers: tuple[int, ...], column_numbers: tuple[int, ...]) -> Pins:
        """Raises whatever gpiozero and the kernel raise; then nothing is claimed."""
        pins = cls([], [], [])
        try:
            pins.rows.extend(factory.pin(number) for number in row_numbers)
            pins.columns.extend(factory.pin(number) for number in column_numbers)
            for pin in pins.columns:
                pin.input_with_pull("up")
                pins.edges.append(pin.claim_edges())
            for pin in pins.rows:
                pin.claim_open_drain()
        except BaseException:
            pins.release()
            raise
        return pins

    def release(self) -> None:
        for pin in (*self.rows, *self.columns):
            with contextlib.suppress(Exception):  # the chip may be gone; there is nobody to tell
                pin.function = "input"


class Report(NamedTuple):
    """What a scan came to."""

    key: str | None
    long_pressed: str | None
    jam: Jam
    blind_s: float = 0.0
    """So long nothing could be read while keys were used; 0 if that is short enough to miss none."""


class KeypadWatch:
    """``run`` it on a thread, where ``tell`` is called with all that is new. ``stop`` it from any other."""

    def __init__(
        self, pins: Pins, scanner: KeypadScanner, tell: Callable[[Report], None], clock: Callable[[], float]
    ) -> None:
        self.scanning = True
        """False while the keypad is at rest and costs nothing."""
        self._pins = pins
        self._scanner = scanner
        self._tell = tell
        self._clock = clock
        self._jam = scanner.jam(0.0)
        self._scanned_s: float | None = None
        """After a rest: when the contact closed that ended it. Whoever wakes late may find it open again."""
        self._stopping = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        for fd in (*pins.edges, self._wake):
            self._poll.register(fd, select.POLLIN)

    def run(self) -> None:
        """Until it is stopped; then the pins are free. Raises whatever the pins raise once the chip is gone."""
        try:
            while not self._stopping:  # at first as after an edge: a key may be down already
                self.scan()
                if self._scanner.idle:
                    self._rest()
                else:
                    held_long = self._scanner.held_s(self._clock()) > HELD_LONG_S
                    time.sleep(HELD_SCAN_INTERVAL_S if held_long else SCAN_INTERVAL_S)
        finally:
            self.scanning = False
            self._pins.release()
            fd, self._wake = self._wake, -1
            os.close(fd)

    def stop(self) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):  # it has ended by itself
            os.eventfd_write(self._wake, 1)

    def scan(self) -> None:
        """Read all contacts once and tell what is new."""
        now_s = self._clock()
        before_s, self._scanned_s = self._scanned_s, now_s
        blind_s = now_s - before_s if before_s is not None and now_s - before_s > BLIND_AFTER_S else 0.0
        key = self._scanner.feed(self._read_frame(), now_s)
        report = Report(key, self._scanner.long_press(now_s), self._scanner.jam(now_s), blind_s)
        if report != Report(None, None, self._jam):
            self._jam = report.jam
            self._tell(report)

    def _read_frame(self) -> Frame:
        """The whole matrix; takes well under a millisecond."""
        closed: list[Contact] = []
        for pin in self._pins.rows:
            pin.state = FLOATING
        for row, row_pin in enumerate(self._pins.rows):
            row_pin.state = LOW
            _settle()
            closed += [(row, column) for column, column_pin in enumerate(self._pins.columns) if not column_pin.state]
            row_pin.state = FLOATING
        return frozenset(closed)

    def _rest(self) -> None:
        """Until a key goes down, which it may have while the rows were driven one by one."""
        for pin in self._pins.rows:
            pin.state = LOW
        _settle()
        for fd in self._pins.edges:  # those of the scans mean nothing
            with contextlib.suppress(OSError):
                os.read(fd, MOST_EDGE_BYTES)
        if all(pin.state for pin in self._pins.columns):
            self.scanning = False
            self._poll.poll()
            self.scanning, self._scanned_s = True, self._first_edge_s()

    def _first_edge_s(self) -> float | None:
        """None if it was none that ended the rest."""
        edges = []
        for fd in self._pins.edges:
            with contextlib.suppress(OSError):
                edges.append(os.read(fd, MOST_EDGE_BYTES))
        return min((EDGE.unpack_from(edge)[0] / 1e9 for edge in edges if len(edge) >= EDGE.size), default=None)


def _settle() -> None:
    """Not by sleeping: that takes several times as long, and lets another thread in between the rows of a frame."""
    end_s = time.perf_counter() + SETTLE_S
    while time.perf_counter() < end_s:
        pass
