"""Opening what is no input device. Events are in test_keypad_evdev.py and test_scanner.py."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hardware.input_device import EV_SYN, EVENT, RELEASED, SYN_DROPPED, EventDecoder, InputDevice
from hardware.interfaces import DeviceError


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_what_cannot_be_waited_for_is_no_device_and_nothing_stays_open(tmp_path, make):
    path = tmp_path / "event0"
    make(path)

    async def main() -> None:
        before = os.listdir("/proc/self/fd")
        with pytest.raises(DeviceError, match="is no input device: check the path"):
            await InputDevice(str(path), "keypad").open(print, print)
        assert os.listdir("/proc/self/fd") == before

    asyncio.run(main())


def test_what_the_kernel_dropped_is_told_once_as_the_release_of_no_key():
    dropped = EVENT.pack(1, 2, EV_SYN, SYN_DROPPED, 0)
    assert list(EventDecoder().feed(dropped)) == [(0, RELEASED)]
