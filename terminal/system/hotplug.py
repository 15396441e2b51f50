"""Wakes whoever looks for a device that is not there: the kernel says at once when something is plugged in.

By inotify on /dev, and on the folders in it where devices appear by name. It is watched only while somebody looks, so
an idle terminal pays nothing. Where it cannot be watched, the pause just runs out.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

FOLDERS = ("/dev", "/dev/input", "/dev/serial/by-id", "/dev/serial/by-path", "/dev/usb")
CREATED, MOVED_HERE, ATTRIBUTES = 0x100, 0x80, 0x4
"""IN_CREATE, IN_MOVED_TO, and IN_ATTRIB: udev gives a new device to its group a moment after the kernel made it."""
NON_BLOCKING, CLOSE_ON_EXEC = 0o4000, 0o2000000
SETTLED_AFTER_S = 0.3
"""Names and groups are in place by then."""


async def nothing_plugged_in(timeout_s: float) -> bool:
    """For a device that has no file in /dev, such as one on the network."""
    await asyncio.sleep(timeout_s)
    return False


async def plugged_in(timeout_s: float) -> bool:
    """True as soon as a device has appeared, False after ``timeout_s``. Never raises OSError."""
    watch = _open_watch()
    if watch < 0:
        return await nothing_plugged_in(timeout_s)
    appeared = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(watch, appeared.set)
        async with asyncio.timeout(timeout_s):
            await appeared.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(watch)
        os.close(watch)
    await asyncio.sleep(SETTLED_AFTER_S)
    return True


def _open_watch() -> int:
    """A descriptor that becomes readable; -1 if there is none to be had."""
    import ctypes  # noqa: PLC0415  20 ms, and only where something is missing

    try:
        system = ctypes.CDLL(None, use_errno=True)
        watch = int(system.inotify_init1(NON_BLOCKING | CLOSE_ON_EXEC))
    except (OSError, AttributeError):
        return -1
    if watch < 0:
        return -1
    added = [
        system.inotify_add_watch(watch, os.fsencode(folder), CREATED | MOVED_HERE | ATTRIBUTES)
        for folder in FOLDERS
        if Path(folder).is_dir()
    ]
    if not any(number >= 0 for number in added):
        with suppress(OSError):
            os.close(watch)
        return -1
    return watch
