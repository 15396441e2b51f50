"""A keypad that Linux already knows: a USB number pad, or the kernel's own gpio-matrix-keypad driver.

The kernel debounces. Only presses of known keys are taken; letters and the like on a full keyboard are ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hardware.input_device import DROPPED, PRESSED, RELEASED, EventDecoder, InputDevice
from hardware.interfaces import LONG_PRESS_S, DeviceError, Jam

KEY_CODES = {
    **{code: str((code - 1) % 10) for code in range(2, 12)},
    71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0",
    # Home, up, Page Up, left, middle, right, End, down, Page Down, Insert: pads that keep NumLock to themselves
    102: "7", 103: "8", 104: "9", 105: "4", 355: "5", 106: "6", 107: "1", 108: "2", 109: "3", 110: "0",
    **{0x200 + digit: str(digit) for digit in range(10)},
    0x20A: "*", 0x20B: "#", 0x20C: "A", 0x20D: "B", 0x20E: "C", 0x20F: "D",
    30: "A", 48: "B", 46: "C", 32: "D",
    28: "#", 96: "#",  # Enter
    1: "*", 14: "*", 55: "*",  # Escape, Backspace, *; not Delete, which is the comma of a pad without NumLock
    98: "A", 74: "C", 78: "D",  # / - + of a number pad
}  # fmt: skip
"""Linux key codes (linux/input-event-codes.h) and what they mean here."""
SHIFT_CODES = frozenset({42, 54})
SHIFTED = {4: "#", 9: "*"}
"""Shift+3 and Shift+8 of a full keyboard, and of small pads that type # and * in this way."""


class EvdevDecoder:
    """Pure: bytes of input events in, keys out."""

    def __init__(self) -> None:
        self._events = EventDecoder()
        self._down: set[int] = set()
        self._shifts: set[int] = set()
        self._held: int | None = None
        self._held_key = ""

    @property
    def held(self) -> str | None:
        """The key pressed last, while it is down and was by itself all the time."""
        return self._held_key if self._held is not None else None

    def feed(self, data: bytes) -> list[str]:
        """The keys that were pressed, as their characters, in order. A repetition of the kernel is no press."""
        keys = []
        for code, value in self._events.feed(data):
            if (code, value) == DROPPED:
                self._down.clear()
                self._shifts.clear()
                self._held = None
            elif code in SHIFT_CODES:
                (self._shifts.discard if value == RELEASED else self._shifts.add)(code)
            elif code in KEY_CODES and value == PRESSED:
                self._held = None if self._down - {code} else code
                self._held_key = SHIFTED.get(code, KEY_CODES[code]) if self._shifts else KEY_CODES[code]
                self._down.add(code)
                keys.append(self._held_key)
            elif code in KEY_CODES and value == RELEASED:
                self._held = None
                self._down.discard(code)
        return keys


class EvdevKeypad:
    """Reports what is pressed on ``/dev/input/...``."""

    def __init__(self, path: str) -> None:
        if not path:
            raise ValueError("[keypad] driver = evdev needs device, such as /dev/input/by-id/...-event-kbd")
        self._path = path
        self._device = InputDevice(path, "keypad")
        self._long_press: asyncio.TimerHandle | None = None

    @property
    def description(self) -> str:
        return f"keypad {self._path}"

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Raises DeviceError if the device is missing, forbidden or in use. The kernel tells no jams, misses none."""
        await self.close()
        decoder = EvdevDecoder()

        def read(data: bytes) -> None:
            keys = decoder.feed(data)
            if keys or decoder.held is None:
                self._stop_waiting()
                if decoder.held is not None:
                    loop = asyncio.get_running_loop()
                    self._long_press = loop.call_later(LONG_PRESS_S, on_long_press, decoder.held)
            for key in keys:
                on_key(key)

        def lose(error: DeviceError) -> None:
            self._stop_waiting()
            on_lost(error)

        await self._device.open(read, lose)

    async def close(self) -> None:
        self._stop_waiting()
        self._device.let_go()

    def _stop_waiting(self) -> None:
        if self._long_press is not None:
            self._long_press.cancel()
            self._long_press = None
