"""Barcode scanners: they type like a keyboard, or write to a serial line. Either way a code comes in one burst.

What ends a code is Enter, Tab or a line end, if the scanner is set to send one, and otherwise a silence that is longer
than any pause in a code. So no key need be pressed after it, and a scanner works as it comes out of its box.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from hardware.input_device import DROPPED, PRESSED, RELEASED, EventDecoder, InputDevice
from hardware.interfaces import DeviceError
from hardware.serial_port import TtySerialPort
from hardware.settings import ScannerSettings, SerialSettings

SILENCE_S = 1.0
"""Scanners type a character every 1 to 20 ms, the slowest every 50 ms; but some pause for longer within a code, by
radio above all, and what comes before the pause may be somebody's: goods whose number begins as the app's codes do.
"""
LONGEST_CODE = 128
"""What is longer is no code of ours and is thrown away whole."""

ENDS = "\r\n\t\x03\x04"
"""Enter, Tab, and what closes a frame on a serial line (ETX, EOT)."""
SEPARATORS = "\x1c\x1d\x1e\x1f"
"""FS, GS, RS, US: between the fields of one code, such as GS1's. Inside a code each becomes a space."""
DAMAGED = "\0"
"""A byte that arrived damaged, as the serial line passes it on. Its place is kept, as is that of everything that is not
ASCII: without it, a longer number of goods could become ten digits that are somebody's code."""
UNREADABLE = "?"
LOST = "\ufffd"
"""Some of the code is missing here, so that the rest of it is none."""

SHIFT_CODES = frozenset({42, 54})
CTRL_CODES = frozenset({29, 97})
ALT_CODES = frozenset({56, 100})
NUMBER_PAD = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"}
CHARACTERS = {
    **dict(zip(range(2, 14), "1234567890-=", strict=True)),
    **dict(zip(range(16, 28), "qwertyuiop[]", strict=True)),
    **dict(zip(range(30, 42), "asdfghjkl;'`", strict=True)),
    **dict(zip(range(43, 54), "\\zxcvbnm,./", strict=True)),
    **NUMBER_PAD, 55: "*", 74: "-", 78: "+", 83: ".", 98: "/",
    57: " ", 28: "\n", 96: "\n", 15: "\t",
}  # fmt: skip
"""Linux key codes (linux/input-event-codes.h) of the keys on a US keyboard, which scanners imitate."""
SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))
CONTROLS = {"6": "\x1e", "-": "\x1f"} | {
    char: chr(ord(char.upper()) & 0x1F) for char in "abcdefghijklmnopqrstuvwxyz[\\]"
}
"""What Ctrl makes of a key: many scanners type GS as Ctrl+], and Enter as Ctrl+M or Ctrl+J."""
LONGEST_ALT_CODE = 4


class CodeAssembler:
    """Characters in, whole codes out; the loop's clock tells when a code without an end is over.

    Once a code has come with its end, silence ends none any more: a scanner that pauses in a code would leave its two
    halves, and each could be somebody's code. A code whose end does not come is dropped.
    """

    def __init__(self, on_code: Callable[[str], None]) -> None:
        self._on_code = on_code
        self._text = ""
        self._is_spoiled = False
        self._timer: asyncio.TimerHandle | None = None
        self.sends_end = False
        """The last code came with an end of its own."""

    def feed(self, text: Iterable[str]) -> None:
        """More characters; a code is handed on when it ends, by one of ENDS or by SILENCE_S of silence."""
        for char in text:
            if char in ENDS:
                self.sends_end = self.sends_end or bool(self._text)
                self._finish()
            elif char == LOST:
                self._is_spoiled = True
            elif char in SEPARATORS or char == DAMAGED or not char.isascii() or char.isprintable():
                self._text = (self._text + _readable(char))[: LONGEST_CODE + 1]
        self.stop_waiting()
        if self._text or self._is_spoiled:
            self._timer = asyncio.get_running_loop().call_later(SILENCE_S, self._end_by_silence)

    def stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_by_silence(self) -> None:
        self._is_spoiled = self._is_spoiled or self.sends_end
        self.sends_end = False  # or it has been set to send none: the next code tells
        self._finish()

    def _finish(self) -> None:
        text, self._text = self._text.strip(), ""
        is_spoiled, self._is_spoiled = self._is_spoiled, False
        is_noise = not text.strip(UNREADABLE)
        if len(text) <= LONGEST_CODE and not is_spoiled and not is_noise:
            self._on_code(text)


def _readable(char: str) -> str:
    if char in SEPARATORS:
        return " "
    return char if char.isascii() and char.isprintable() else UNREADABLE


class HidDecoder:
    """Pure: bytes of input events in, characters out."""

    def __init__(self) -> None:
        self._events = EventDecoder()
        self._down: set[int] = set()
        """Of Shift, Ctrl and Alt."""
        self._typed_with_alt = ""

    def feed(self, data: bytes) -> str:
        """The characters that were typed, with LOST in place of those that the kernel dropped."""
        text = ""
        for code, value in self._events.feed(data):
            if (code, value) == DROPPED:
                self._down.clear()
                self._typed_with_alt = ""
                text += LOST
            elif code in SHIFT_CODES | CTRL_CODES | ALT_CODES:
                (self._down.discard if value == RELEASED else self._down.add)(code)
                if code in ALT_CODES and value == RELEASED:
                    text += self._end_alt()
            elif value == PRESSED and code in CHARACTERS:
                text += self._character(code)
        return text

    def _character(self, code: int) -> str:
        if self._down & ALT_CODES:
            self._typed_with_alt = (self._typed_with_alt + NUMBER_PAD.get(code, ""))[-LONGEST_ALT_CODE:]
            return ""
        char = CHARACTERS[code]
        if self._down & CTRL_CODES:
            return CONTROLS.get(char, "")
        if self._down & SHIFT_CODES and code not in NUMBER_PAD:
            return SHIFTED.get(char, char.upper())
        return char

    def _end_alt(self) -> str:
        """Scanners that work with any keyboard type a character's number on the number pad while Alt is down."""
        digits, self._typed_with_alt = self._typed_with_alt, ""
        return chr(int(digits)) if digits and int(digits) < 0x80 else ""


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

    @property
    def sends_end(self) -> bool:
        return self._assembler is not None and self._assembler.sends_end

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

    @property
    def sends_end(self) -> bool:
        return self._assembler is not None and self._assembler.sends_end

    async def close(self) -> None:
        await self._port.close()
        if self._assembler is not None:
            self._assembler.stop_waiting()


class SimulatedScanner:
    """``scan`` holds a code before it."""

    description = "simulated scanner"

    def __init__(self) -> None:
        self.sends_end = False
        self.pauses_after = 0
        """So many characters come of each code, then nothing for a while, then the others. 0: it never pauses."""
        self._on_code: Callable[[str], None] | None = None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._plugged = True

    async def open(self, on_code: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Raises DeviceError while it is unplugged."""
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
        on_code = self._on_code
        parts = (code,) if self.sends_end else (code[: self.pauses_after], code[self.pauses_after :])
        for part in filter(None, parts):
            on_code(part)

    def unplug(self) -> None:
        self._plugged = False
        if self._on_code is not None:
            self._on_code = None
            self._on_lost(DeviceError("simulated scanner: the cable is unplugged, plug it in"))

    def plug_in(self) -> None:
        self._plugged = True
