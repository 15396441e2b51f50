"""A 4x4 or 3x4 matrix keypad on the Pi's pins, by gpiozero on top of lgpio. KeypadScanner decides what was meant.

While nobody touches it all rows are driven low and the columns are pulled up: any key makes an edge on its column, and
until then nothing runs at all. The edge starts scanning: one row low at a time, the others left floating (never driven
high: two keys in one column would short two rows), columns read, every ``SCAN_INTERVAL_S`` until all keys are up again.
The pins are gpiozero's, and those of hardware.gpio_pins on a Pi; rows are open drains, so a scan only writes and reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from hardware.gpio import pin_factory
from hardware.interfaces import NO_JAM, DeviceError, Jam
from hardware.keypad_scanner import STUCK_AFTER_S, Contact, Frame, KeypadScanner, check_layout
from hardware.settings import KeypadSettings
from hardware.worker import Worker

log = logging.getLogger(__name__)

SCAN_INTERVAL_S = 0.0025
"""While a key is down."""
SETTLE_S = 0.00002
"""After a row is driven the column's wire needs this long to follow through the pull-up (50 kohm, some 100 pF)."""
HELD_LONG_S = 2.0
HELD_SCAN_INTERVAL_S = 0.02
"""A key leaned on, or stuck, is not worth hundreds of scans a second; a short tap beside it must still be seen."""
OPEN_DEADLINE_S = 10.0
LOW, FLOATING = 0, 1
"""What writing to a row does: it is an open drain."""


class _Pins(NamedTuple):
    """gpiozero's factory and its pins, claimed."""

    factory: Any
    rows: list[Any]
    columns: list[Any]


class MatrixKeypad:
    """Drives the pins. ``pin_factory`` is for tests; without it the pins are those of hardware.gpio."""

    def __init__(self, settings: KeypadSettings, pin_factory: Any = None) -> None:
        pins = (*settings.row_pins, *settings.column_pins)
        if len(set(pins)) != len(pins):
            raise ValueError(f"a keypad pin is used twice: rows {settings.row_pins}, columns {settings.column_pins}")
        check_layout(settings.layout, rows=len(settings.row_pins), columns=len(settings.column_pins))
        self._settings = settings
        self._given_factory = pin_factory
        self._pins = _Pins(None, [], [])
        self._scanner = KeypadScanner(settings.layout, settings.debounce_ms / 1000)
        self._on_key: Callable[[str], None] = lambda _key: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._on_long_press: Callable[[str], None] = lambda _key: None
        self._on_jam: Callable[[Jam], None] = lambda _jam: None
        self._jam = NO_JAM
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_scan: asyncio.TimerHandle | None = None
        self._scanning = False

    @property
    def description(self) -> str:
        s = self._settings
        return (
            f"matrix keypad {len(s.row_pins)} x {len(s.column_pins)}, rows GPIO {s.row_pins}, columns {s.column_pins}"
        )

    @property
    def scanning(self) -> bool:
        """False while the keypad is at rest and costs nothing."""
        return self._scanning

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
    ) -> None:
        """Claim the pins and wait for keys. Raises DeviceError if there is no GPIO chip or a pin is taken."""
        await self.close()
        worker = Worker("keypad open")
        try:
            self._pins = await worker.call(self._claim, deadline_s=OPEN_DEADLINE_S, dispose=self._release)
            for pin in self._pins.columns:  # here, because the event loop is what waits for edges
                pin.when_changed = self._on_edge
        except Exception as error:  # lgpio.error is a bare Exception, gpiozero's are RuntimeErrors, imports fail too
            self._let_go()
            raise _explain(error) from error
        finally:
            worker.stop()
        self._on_key, self._on_lost, self._on_jam, self._on_long_press = on_key, on_lost, on_jam, on_long_press
        self._scanner, self._jam = KeypadScanner(self._settings.layout, self._settings.debounce_ms / 1000), NO_JAM
        self._loop = asyncio.get_running_loop()
        self._start_scanning()  # a key may be down already

    async def close(self) -> None:
        self._let_go()

    def _claim(self) -> _Pins:
        factory = self._given_factory or pin_factory()
        pins = _Pins(factory, [], [])
        try:
            pins.rows.extend(factory.pin(number) for number in self._settings.row_pins)
            pins.columns.extend(factory.pin(number) for number in self._settings.column_pins)
            for pin in pins.columns:
                pin.input_with_pull("up")
                pin.edges = "falling"
            for pin in pins.rows:
                pin.claim_open_drain()
        except BaseException:
            self._release(pins)
            raise
        return pins

    def _release(self, pins: _Pins) -> None:
        for pin in pins.columns:
            with contextlib.suppress(Exception):  # the chip may be gone; there is nobody to tell
                pin.when_changed = None
        for pin in pins.rows:
            with contextlib.suppress(Exception):
                pin.function = "input"

    def _let_go(self) -> None:
        if self._next_scan is not None:
            self._next_scan.cancel()
            self._next_scan = None
        self._loop = None
        self._scanning = False
        pins, self._pins = self._pins, _Pins(None, [], [])
        if pins.factory is not None:
            self._release(pins)

    def _on_edge(self, _ticks: object, _state: object) -> None:
        """May run in a thread of the GPIO library. Scanning makes edges of its own, which mean nothing."""
        loop = self._loop
        if loop is None or self._scanning:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(self._start_scanning)

    def _start_scanning(self) -> None:
        if self._loop is not None and not self._scanning:
            self._scanning = True
            self._scan()

    def _scan(self) -> None:
        assert self._loop is not None
        self._next_scan = None
        now_s = self._loop.time()
        try:
            key = self._scanner.feed(self._read_frame(), now_s)
            long_pressed = self._scanner.long_press(now_s)
            done = self._scanner.idle and not self._wait_for_edge()
        except Exception as error:  # lgpio.error is a bare Exception
            self._let_go()
            self._on_lost(_explain(error))
            return
        if not done:
            held_long = self._scanner.held_s(now_s) > HELD_LONG_S
            self._next_scan = self._loop.call_later(HELD_SCAN_INTERVAL_S if held_long else SCAN_INTERVAL_S, self._scan)
        if (jam := self._scanner.jam(now_s)) != self._jam:
            self._tell(jam)
        if key is not None:
            self._on_key(key)
        if long_pressed is not None:
            self._on_long_press(long_pressed)

    def _tell(self, jam: Jam) -> None:
        """The log names no key that only may have been down: fingers on several keys spell people's numbers."""
        if set(jam.stuck) - set(self._jam.stuck):
            log.warning("key %s has been down for %.0f s: free it, or look for a short", jam.stuck, STUCK_AFTER_S)
        self._jam = jam
        self._on_jam(jam)

    def _read_frame(self) -> Frame:
        """One scan of the whole matrix; takes well under a millisecond."""
        closed: list[Contact] = []
        for pin in self._pins.rows:
            pin.state = FLOATING
        for row, row_pin in enumerate(self._pins.rows):
            row_pin.state = LOW
            time.sleep(SETTLE_S)
            closed += [(row, column) for column, column_pin in enumerate(self._pins.columns) if not column_pin.state]
            row_pin.state = FLOATING
        return frozenset(closed)

    def _wait_for_edge(self) -> bool:
        """Back to rest; True if a key went down meanwhile, whose edge was taken for one of the scan's own."""
        for pin in self._pins.rows:
            pin.state = LOW
        self._scanning = False
        time.sleep(SETTLE_S)
        if all(pin.state for pin in self._pins.columns):
            return False
        self._scanning = True
        return True


def _explain(error: Exception) -> DeviceError:
    if isinstance(error, ImportError):
        hint = "install the Pi's part: pip install 'netgiro-terminal[pi]'"
    elif isinstance(error, TimeoutError):
        hint = f"the GPIO chip did not answer within {OPEN_DEADLINE_S:g} s: restart the Pi"
    elif isinstance(error, OSError) and ".lgd-nfy" in str(error):
        hint = "lgpio keeps a pipe in the working directory: start the terminal where its user may write"
    else:
        hint = "check that this is a Raspberry Pi, that its user is in the group gpio, and the pins under [keypad]"
    return DeviceError(f"the keypad's pins cannot be used ({type(error).__name__}: {error}): {hint}")
