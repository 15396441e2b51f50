"""A key that stays down is told a second time, by whatever driver. What the scanner makes of it is in its own tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hardware.input_device import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, SYN_REPORT
from hardware.interfaces import LONG_PRESS_S
from hardware.keypad_evdev import EvdevKeypad
from hardware.simulated import SimulatedKeypad
from tests.virtual_time import run_virtual

STAR, FIVE, HASH, LETTER = 55, 76, 96, 16
SYN = EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)
DROPPED = EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0)


class Pad:
    """A USB pad at the other end of a pipe, and what its driver reports: long presses in brackets."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.keypad = EvdevKeypad(str(path))
        self.reported = ""
        self._path = path
        self._fd = -1

    async def open(self) -> None:
        await self.keypad.open(self._hear, lambda _error: None, lambda _jam: None, lambda key: self._hear(f"({key})"))
        self._fd = os.open(self._path, os.O_WRONLY)

    def _hear(self, word: str) -> None:
        self.reported += word

    async def send(self, *events: bytes) -> None:
        os.write(self._fd, b"".join(events))
        await asyncio.sleep(0.001)

    def unplug(self) -> None:
        os.close(self._fd)


def down(code: int) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, 1) + SYN


def repeated(code: int) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, 2) + SYN


def up(code: int) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, 0) + SYN


def reported(folder: Path, scenario: Callable[[Pad], Awaitable[None]]) -> str:
    async def main() -> str:
        pad = Pad(folder / "event0")
        await pad.open()
        await scenario(pad)
        await asyncio.sleep(2 * LONG_PRESS_S)
        await pad.keypad.close()
        return pad.reported

    return run_virtual(main())


def test_a_usb_key_that_stays_down_is_a_long_press_once(tmp_path):
    async def scenario(pad: Pad) -> None:
        await pad.send(down(STAR))
        for _ in range(100):
            await asyncio.sleep(0.033)
            await pad.send(repeated(STAR))
        await pad.send(up(STAR))

    assert reported(tmp_path, scenario) == "*(*)"


def test_a_release_in_time_makes_it_a_short_one_each_time(tmp_path):
    async def scenario(pad: Pad) -> None:
        for _ in range(3):
            await pad.send(down(STAR))
            await asyncio.sleep(LONG_PRESS_S * 0.9)
            await pad.send(up(STAR))

    assert reported(tmp_path, scenario) == "***"


def test_another_key_in_between_makes_it_a_short_one(tmp_path):
    async def scenario(pad: Pad) -> None:
        await pad.send(down(STAR), down(FIVE), up(FIVE))

    assert reported(tmp_path, scenario) == "*5"


def test_a_key_that_means_nothing_is_none_in_between(tmp_path):
    async def scenario(pad: Pad) -> None:
        await pad.send(down(HASH))
        await pad.send(down(LETTER), up(LETTER))

    assert reported(tmp_path, scenario) == "#(#)"


def test_nothing_is_pressed_long_when_its_release_may_have_been_dropped(tmp_path):
    async def scenario(pad: Pad) -> None:
        await pad.send(down(STAR))
        await pad.send(DROPPED, SYN)

    assert reported(tmp_path, scenario) == "*"


@pytest.mark.parametrize("lose", [Pad.unplug, lambda pad: asyncio.ensure_future(pad.keypad.close())])
def test_nothing_is_pressed_long_on_a_pad_that_is_gone(tmp_path, lose):
    async def scenario(pad: Pad) -> None:
        await pad.send(down(STAR))
        lose(pad)

    assert reported(tmp_path, scenario) == "*"


def test_the_simulated_keypad_tells_it_as_a_real_one_does():
    async def main() -> str:
        keypad, heard = SimulatedKeypad(), []
        await keypad.open(heard.append, print, print, lambda key: heard.append(f"({key})"))
        await keypad.press("*")
        await keypad.press_long("*")
        await keypad.press_together("*0", hold_s=2 * LONG_PRESS_S)
        await keypad.stick("5")
        await asyncio.sleep(2 * LONG_PRESS_S)
        await keypad.close()
        return "".join(heard)

    assert run_virtual(main()) == "**(*)5(5)"
