"""A 4x4 or 3x4 matrix keypad on the Pi's pins, by gpiozero on the kernel's character device.

Three parts: KeypadWatch reads the contacts, on a thread of its own; KeypadScanner decides what was meant; MatrixKeypad
brings that to the event loop. A loop that is held up gets its keys late, and never fewer or others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hardware.gpio import pin_factory
from hardware.interfaces import NO_JAM, DeviceError, Jam
from hardware.keypad_scanner import STUCK_AFTER_S, KeypadScanner, check_layout
from hardware.keypad_watch import KeypadWatch, Pins, Report
from hardware.settings import KeypadSettings
from hardware.worker import Worker

log = logging.getLogger(__name__)

OPEN_DEADLINE_S = 10.0
CLOSE_DEADLINE_S = 1.0


class MatrixKeypad:
    """Drives the pins. ``pin_factory`` is for tests; without it the pins are those of hardware.gpio."""

    def __init__(self, settings: KeypadSettings, pin_factory: Any = None) -> None:
        pins = (*settings.row_pins, *settings.column_pins)
        if len(set(pins)) != len(pins):
            raise ValueError(f"a keypad pin is used twice: rows {settings.row_pins}, columns {settings.column_pins}")
        check_layout(settings.layout, rows=len(settings.row_pins), columns=len(settings.column_pins))
        self._settings = settings
        self._given_factory = pin_factory
        self._watch: KeypadWatch | None = None
        self._ended = asyncio.Event()
        """Of the watch before this one: the pins are free."""
        self._on_key: Callable[[str], None] = lambda _key: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._on_long_press: Callable[[str], None] = lambda _key: None
        self._on_missed: Callable[[], None] = lambda: None
        self._on_jam: Callable[[Jam], None] = lambda _jam: None
        self._jam = NO_JAM

    @property
    def description(self) -> str:
        s = self._settings
        return (
            f"matrix keypad {len(s.row_pins)} x {len(s.column_pins)}, rows GPIO {s.row_pins}, columns {s.column_pins}"
        )

    @property
    def scanning(self) -> bool:
        """False while the keypad is at rest and costs nothing."""
        return self._watch is not None and self._watch.scanning

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Claim the pins and wait for keys. Raises DeviceError if there is no GPIO chip or a pin is taken."""
        await self.close()
        worker = Worker("keypad open")
        try:
            pins = await worker.call(self._claim, deadline_s=OPEN_DEADLINE_S, dispose=Pins.release)
        except Exception as error:  # gpiozero's are RuntimeErrors, the kernel's OSErrors, imports fail too
            raise _explain(error) from error
        finally:
            worker.stop()
        self._on_key, self._on_lost, self._on_jam, self._on_long_press = on_key, on_lost, on_jam, on_long_press
        self._on_missed = on_missed
        self._jam = NO_JAM
        self._start(pins)

    def _claim(self) -> Pins:
        return Pins.claim(self._given_factory or pin_factory(), self._settings.row_pins, self._settings.column_pins)

    def _start(self, pins: Pins) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def on_loop(function: Callable[..., None], *args: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(function, watch, *args)

        def work() -> None:
            try:
                watch.run()
            except Exception as error:
                on_loop(self._lose, error)
            on_loop(lambda _watch: ended.set())

        scanner = KeypadScanner(self._settings.layout, self._settings.debounce_ms / 1000)
        watch = KeypadWatch(pins, scanner, partial(on_loop, self._take), time.monotonic)
        self._watch, self._ended = watch, ended
        threading.Thread(target=work, name="keypad", daemon=True).start()

    async def close(self) -> None:
        """The pins are free when it returns."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._ended.wait()

    def _lose(self, watch: KeypadWatch, error: Exception) -> None:
        if watch is self._watch:
            self._watch = None
            self._on_lost(_explain(error))

    def _take(self, watch: KeypadWatch, report: Report) -> None:
        if watch is not self._watch:
            return
        if report.blind_s:
            log.warning("the keypad could not be read for %.0f ms: a key may be missing", 1000 * report.blind_s)
            self._on_missed()
        if report.jam != self._jam:
            self._tell(report.jam)
        if report.key is not None:
            self._on_key(report.key)
        if report.long_pressed is not None:
            self._on_long_press(report.long_pressed)

    def _tell(self, jam: Jam) -> None:
        """The log names no key that only may have been down: fingers on several keys spell people's numbers."""
        if set(jam.stuck) - set(self._jam.stuck):
            log.warning("key %s has been down for %.0f s: free it, or look for a short", jam.stuck, STUCK_AFTER_S)
        self._jam = jam
        self._on_jam(jam)


def _explain(error: Exception) -> DeviceError:
    if isinstance(error, ImportError):
        hint = f"a library is missing ({error.name}): install the terminal again"
    elif isinstance(error, TimeoutError):
        hint = f"the GPIO chip did not answer within {OPEN_DEADLINE_S:g} s: restart the Pi"
    else:
        hint = "check that this is a Raspberry Pi, that its user is in the group gpio, and the pins under [keypad]"
    return DeviceError(f"the keypad's pins cannot be used ({type(error).__name__}: {error}): {hint}")
