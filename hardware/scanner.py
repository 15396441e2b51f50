"""Barcode scanners: they type like a keyboard, or write to a serial line. Either way a code comes in one burst.

What ends a code is Enter, Tab or a line end, if the scanner is set to send one, and otherwise a silence that no
scanner makes inside a code. So no key need be pressed after it, and a scanner works as it comes out of its box.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from hardware.input_device import PRESSED, RELEASED, EventDecoder, InputDevice
from hardware.interfaces import DeviceError
from hardware.serial_port import TtySerialPort
from hardware.settings import ScannerSettings, SerialSettings

SILENCE_S = 0.1
"""Scanners type a character every 1 to 20 ms; the slowest setting of some is 50 ms."""
LONGEST_CODE = 128
"""What is longer is no code of ours and is thrown away whole."""

END = "\n"
SHIFT_CODES = frozenset({42, 54})
CHARACTERS = {
    **{code: str((code - 1) % 10) for code in range(2, 12)},
    71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0",
    **dict(zip(range(16, 26), "qwertyuiop", strict=True)),
    **dict(zip(range(30, 39), "asdfghjkl", strict=True)),
    **dict(zip(range(44, 51), "zxcvbnm", strict=True)),
    12: "-", 74: "-", 28: END, 96: END, 15: END,
}  # fmt: skip
"""Linux key codes (linux/input-event-codes.h) of the keys on a US keyboard, which scanners imitate."""


class CodeAssembler:
    """Characters in, whole codes out; the loop's clock tells when a code without an end is over."""

    def __init__(self, on_code: Callable[[str], None]) -> None:
        self._on_code = on_code
        self._text = ""
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, text: Iterable[str]) -> None:
        for char in text:
            if char in "\r\n\t":
                self._finish()
            elif char.isascii() and char.isprintable():
                self._text = (self._text + char)[: LONGEST_CODE + 1]
        self.stop_waiting()
        if self._text:
            self._timer = asyncio.get_running_loop().call_later(SILENCE_S, self._finish)

    def stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self) -> None:
        text, self._text = self._text.strip(), ""
        if 0 < len(text) <= LONGEST_CODE:
            self._on_code(text)


class HidDecoder:
    """Pure: bytes of input events in, characters out."""

    def __init__(self) -> None:
        self._events = EventDecoder()
        self._shifts: set[int] = set()

    def feed(self, data: bytes) -> str:
        text = ""
        for code, value in self._events.feed(data):
            if code in SHIFT_CODES:
                (self._shifts.discard if value == RELEASED else self._shifts.add)(code)
            elif value == PRESSED and code in CHARACTERS:
                char = CHARACTERS[code]
                text += char.upper() if self._shifts and char.isalpha() else char
        return text


class HidScanner:
    """A scanner that Linux takes for a keyboard, grabbed so that nothing of a code reaches a console."""

    def __init__(self, path: str) -> None:
        if not path:
            raise ValueError("[scanner] driver = evdev needs device, such as /dev/input/by-id/...-event-kbd")
        self._path = path
        self._device = InputDevice(path, "scanner")
        self._assembler: CodeAssembler | None = None

    @property
    def description(self) -> str:
        return f"scanner {self._path}"

    async def open(self, on_code: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Raises DeviceError if the device is missing, forbidden or in use."""
        await self.close()
        decoder, assembler = HidDecoder(), CodeAssembler(on_code)
        await self._device.open(lambda data: assembler.feed(decoder.feed(data)), on_lost)
        self._assembler = assembler

    async def close(self) -> None:
        self._device.let_go()
        if self._assembler is not None:
            self._assembler.stop_waiting()


class SerialScanner:
    """A scanner on a serial line of its own, or one whose USB cable is a serial line."""

    def __init__(self, settings: ScannerSettings) -> None:
        if not settings.device:
            raise ValueError("[scanner] driver = serial needs device, such as /dev/serial/by-id/...")
        self._port = TtySerialPort(SerialSettings(port=settings.device, baudrate=settings.baudrate))
        self._assembler: CodeAssembler | None = None

    @property
    def description(self) -> str:
        return f"scanner on {self._port.description}"

    async def open(self, on_code: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Raises DeviceError if the line is missing, forbidden or in use."""
        await self.close()
        assembler = CodeAssembler(on_code)
        await self._port.open(lambda data: assembler.feed(data.decode("latin-1")), on_lost)
        self._assembler = assembler

    async def close(self) -> None:
        await self._port.close()
        if self._assembler is not None:
            self._assembler.stop_waiting()


class SimulatedScanner:
    """``scan`` holds a code before it."""

    description = "simulated scanner"

    def __init__(self) -> None:
        self._on_code: Callable[[str], None] | None = None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._plugged = True

    async def open(self, on_code: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        if not self._plugged:
            raise DeviceError("simulated scanner: the cable is unplugged, plug it in")
        self._on_code, self._on_lost = on_code, on_lost

    async def close(self) -> None:
        self._on_code = None

    def scan(self, code: str) -> None:
        """Raises DeviceError if the scanner is not open, ValueError for what is no code."""
        if not 0 < len(code) <= LONGEST_CODE or not code.isascii() or not code.isprintable():
            raise ValueError(f"a code has 1 to {LONGEST_CODE} printable ASCII characters")
        if self._on_code is None:
            raise DeviceError("simulated scanner: it is not open, or its cable is unplugged")
        self._on_code(code)

    def unplug(self) -> None:
        self._plugged = False
        if self._on_code is not None:
            self._on_code = None
            self._on_lost(DeviceError("simulated scanner: the cable is unplugged, plug it in"))

    def plug_in(self) -> None:
        self._plugged = True
