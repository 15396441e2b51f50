"""A Linux input device (evdev), read on the event loop: number pads and scanners are both of this kind.

The kernel delivers ``struct input_event`` records (linux/input.h). The device is grabbed, so that no key reaches a
login console. NumLock does not matter: it changes what a console makes of a key, not the key's code.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator

from hardware.interfaces import DeviceError

EVENT = struct.Struct("llHHi")
"""Seconds, microseconds, type, code, value; native sizes, as the kernel writes them for this program."""
READ_EVENTS = 64
EV_SYN, EV_KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
RELEASED, PRESSED = 0, 1
DROPPED = (0, RELEASED)
"""Code 0 is no key's."""
EVIOCGRAB = 0x40044590


class EventDecoder:
    """Pure: bytes in, ``(code, value)`` of keys out. After the kernel dropped events it waits for a whole report.

    In place of what was dropped there is one ``DROPPED``: releases may have been among it.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Code and value (0 released, 1 pressed, 2 repeated) of each key event; half a record waits for its rest."""
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for _seconds, _microseconds, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN:
                if code == SYN_DROPPED:
                    yield DROPPED
                self._skipping = code == SYN_DROPPED or (self._skipping and code != SYN_REPORT)
            elif kind == EV_KEY and not self._skipping:
                yield code, value


class InputDevice:
    """``/dev/input/...``; ``name`` is what staff call it."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name
        self._fd = -1
        self._on_events: Callable[[bytes], None] = lambda _data: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None

    async def open(self, on_events: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Grab it and start reading. Raises DeviceError if it is missing, forbidden or in use."""
        self.let_go()
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self._explain(error) from error
        try:
            fcntl.ioctl(fd, EVIOCGRAB, 1)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):  # a pipe that plays a recording has nothing to grab
                os.close(fd)
                raise self._explain(error) from error
        try:
            asyncio.get_running_loop().add_reader(fd, self._read)
        except OSError as error:  # a file or a folder, which cannot be waited for
            os.close(fd)
            raise DeviceError(
                f"{self._path} is no input device: check the path, `ls /dev/input/by-id` shows them"
            ) from error
        self._fd, self._on_events, self._on_lost = fd, on_events, on_lost

    def let_go(self) -> None:
        """Close it; may be called twice."""
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
        if data:
            self._on_events(data)
            return
        self.let_go()
        self._on_lost(DeviceError(f"{self._path} was unplugged: plug the {self._name} in again"))

    def _explain(self, error: OSError) -> DeviceError:
        path = self._path
        match error.errno:
            case errno.ENOENT | errno.ENODEV:
                names = "`ls /dev/input/by-id` shows the names that stay the same"
                text = f"there is no {path}: plug the {self._name} in; {names}"
            case errno.EACCES | errno.EPERM:
                text = f"no permission to read {path}: add this user to the group input (sudo usermod -aG input USER)"
            case errno.EBUSY:
                text = f"{path} is in use by another program: stop it"
            case _:
                text = f"{path} cannot be opened: {error.strerror}"
        return DeviceError(text)
