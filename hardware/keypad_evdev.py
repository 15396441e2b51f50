"""A keypad that Linux already knows: a USB number pad, or the kernel's own gpio-matrix-keypad driver.

The kernel debounces and delivers ``struct input_event`` records (linux/input.h). Only presses of known keys are taken;
letters and the like on a full keyboard are ignored. The device is grabbed, so no key reaches a login console.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Callable

from hardware.interfaces import DeviceError

EVENT = struct.Struct("llHHi")
"""Seconds, microseconds, type, code, value; native sizes, as the kernel writes them for this program."""
READ_EVENTS = 64
EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
PRESSED = 1
EVIOCGRAB = 0x40044590

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
    """Pure: bytes of input events in, keys out. After the kernel dropped events it waits for the next whole report."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[str]:
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        keys = []
        for _seconds, _microseconds, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN:
                self._skipping = code == SYN_DROPPED or (self._skipping and code != SYN_REPORT)
            elif kind == EV_KEY and value == PRESSED and not self._skipping and code in KEY_CODES:
                keys.append(KEY_CODES[code])
        return keys


class EvdevKeypad:
    """Reads ``/dev/input/...`` on the event loop."""

    def __init__(self, path: str) -> None:
        if not path:
            raise ValueError("[keypad] driver = evdev needs device, such as /dev/input/by-id/...-event-kbd")
        self._path = path
        self._fd = -1
        self._decoder = EvdevDecoder()
        self._on_key: Callable[[str], None] = lambda _key: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None

    @property
    def description(self) -> str:
        return f"keypad {self._path}"

    async def open(self, on_key: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Raises DeviceError if the device is missing, forbidden or in use."""
        await self.close()
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _explain(error, self._path) from error
        try:
            fcntl.ioctl(fd, EVIOCGRAB, 1)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):  # a pipe that plays a recording has nothing to grab
                os.close(fd)
                raise _explain(error, self._path) from error
        self._fd, self._decoder = fd, EvdevDecoder()
        self._on_key, self._on_lost = on_key, on_lost
        asyncio.get_running_loop().add_reader(fd, self._read)

    async def close(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_EVENTS * EVENT.size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._let_go()
            self._on_lost(DeviceError(f"{self._path} was unplugged: plug the keypad in again"))
            return
        for key in self._decoder.feed(data):
            self._on_key(key)


def _explain(error: OSError, path: str) -> DeviceError:
    match error.errno:
        case errno.ENOENT | errno.ENODEV:
            text = f"there is no {path}: plug the keypad in; `ls /dev/input/by-id` shows the names that stay the same"
        case errno.EACCES | errno.EPERM:
            text = f"no permission to read {path}: add this user to the group input (sudo usermod -aG input USER)"
        case errno.EBUSY:
            text = f"{path} is in use by another program: stop it"
        case _:
            text = f"{path} cannot be opened: {error.strerror}"
    return DeviceError(text)
