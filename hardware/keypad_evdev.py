"""A keypad that Linux already knows: a USB number pad, or the kernel's own gpio-matrix-keypad driver.

The kernel debounces. Only presses of known keys are taken; letters and the like on a full keyboard are ignored.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.input_device import PRESSED, EventDecoder, InputDevice
from hardware.interfaces import DeviceError, Jam

KEY_CODES = {
    **{code: str((code - 1) % 10) for code in range(2, 12)},
    71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0",
    **{0x200 + digit: str(digit) for digit in range(10)},
    0x20A: "*", 0x20B: "#", 0x20C: "A", 0x20D: "B", 0x20E: "C", 0x20F: "D",
    30: "A", 48: "B", 46: "C", 32: "D",
    28: "#", 96: "#",  # Enter
    1: "*", 14: "*", 55: "*", 111: "*",  # Escape, Backspace, *, Delete
    98: "A", 74: "C", 78: "D",  # / - + of a number pad
}  # fmt: skip
"""Linux key codes (linux/input-event-codes.h) and what they mean here."""


class EvdevDecoder:
    """Pure: bytes of input events in, keys out."""

    def __init__(self) -> None:
        self._events = EventDecoder()

    def feed(self, data: bytes) -> list[str]:
        presses = (code for code, value in self._events.feed(data) if value == PRESSED)
        return [KEY_CODES[code] for code in presses if code in KEY_CODES]


class EvdevKeypad:
    """Reports what is pressed on ``/dev/input/...``."""

    def __init__(self, path: str) -> None:
        if not path:
            raise ValueError("[keypad] driver = evdev needs device, such as /dev/input/by-id/...-event-kbd")
        self._path = path
        self._device = InputDevice(path, "keypad")

    @property
    def description(self) -> str:
        return f"keypad {self._path}"

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
    ) -> None:
        """Raises DeviceError if the device is missing, forbidden or in use. Of jams the kernel says nothing."""
        decoder = EvdevDecoder()

        def read(data: bytes) -> None:
            for key in decoder.feed(data):
                on_key(key)

        await self._device.open(read, on_lost)

    async def close(self) -> None:
        self._device.let_go()
