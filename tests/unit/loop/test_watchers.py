"""A keypad that comes and goes, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

from hardware.interfaces import NO_JAM, DeviceError, Jam
from hardware.keypad_scanner import STUCK_AFTER_S
from hardware.simulated import SimulatedKeypad
from terminal.counter.inputs import ConditionsChanged, Input, KeyPressed, KeysMissed
from terminal.loop.watchers import watch_keypad
from terminal.system.retrying import LONGEST_PAUSE_S, open_until_found
from tests.virtual_time import run_virtual

OPENING = ConditionsChanged({"keypad_opening": True})
THERE, MISSING = (ConditionsChanged({"keypad_ok": is_there, "keypad_opening": False}) for is_there in (True, False))
GONE = ConditionsChanged({"keypad_ok": False, "jam": NO_JAM})


class CountingKeypad(SimulatedKeypad):
    """How often it was tried to open it."""

    opened = 0

    async def open(
        self, on_key: Callable[[str], None], on_lost: Callable[[DeviceError], None], *others: Callable[..., None]
    ) -> None:
        self.opened += 1
        await super().open(on_key, on_lost, *others)


class LoosePlug(CountingKeypad):
    """Opens well and is lost at once, every time."""

    async def open(
        self, on_key: Callable[[str], None], on_lost: Callable[[DeviceError], None], *others: Callable[..., None]
    ) -> None:
        await super().open(on_key, on_lost, *others)
        on_lost(DeviceError("loose plug"))


def watch(keypad: SimulatedKeypad, scenario: Callable[[list[Input]], Awaitable[None]]) -> list[Input]:
    inbox: list[Input] = []

    async def whole() -> None:
        task = asyncio.ensure_future(watch_keypad(keypad, inbox.append))
        try:
            await scenario(inbox)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run_virtual(whole())
    return inbox


def test_keys_go_to_the_inbox_in_their_order() -> None:
    keypad = SimulatedKeypad()

    async def scenario(_inbox: list[Input]) -> None:
        await asyncio.sleep(1)
        await keypad.press("12#")

    assert watch(keypad, scenario) == [OPENING, THERE, KeyPressed("1"), KeyPressed("2"), KeyPressed("#")]


def test_keys_that_nobody_could_read_are_told() -> None:
    keypad = SimulatedKeypad()

    async def scenario(_inbox: list[Input]) -> None:
        await asyncio.sleep(1)
        await keypad.press("1")
        keypad.press_unread()

    assert watch(keypad, scenario) == [OPENING, THERE, KeyPressed("1"), KeysMissed()]


def test_a_keypad_that_is_missing_at_the_start_is_told_and_found_later() -> None:
    keypad = CountingKeypad()
    keypad.unplug()

    async def scenario(inbox: list[Input]) -> None:
        await asyncio.sleep(600)
        assert set(map(repr, inbox)) == {repr(OPENING), repr(MISSING)}
        assert keypad.opened < 30, "tried with growing pauses"
        keypad.plug_in()
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        await keypad.press("5")

    assert watch(keypad, scenario)[-2:] == [THERE, KeyPressed("5")]


def test_a_keypad_that_is_unplugged_is_told_and_works_again_when_it_is_back() -> None:
    keypad = SimulatedKeypad()

    async def scenario(inbox: list[Input]) -> None:
        await asyncio.sleep(1)
        keypad.unplug()
        await asyncio.sleep(1)
        assert inbox[:3] == [OPENING, THERE, GONE]
        keypad.plug_in()
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        await keypad.press("5")

    assert watch(keypad, scenario)[-2:] == [THERE, KeyPressed("5")]


def test_a_stuck_key_is_told_until_it_is_free_or_the_keypad_gone() -> None:
    keypad = SimulatedKeypad()

    async def scenario(_inbox: list[Input]) -> None:
        await asyncio.sleep(1)
        for free in (lambda: keypad.release("5"), lambda: asyncio.sleep(0, keypad.unplug())):
            await keypad.stick("5")
            await asyncio.sleep(STUCK_AFTER_S + 1)
            await free()
        await asyncio.sleep(0.1)

    stuck, free = ConditionsChanged({"jam": Jam(stuck="5")}), ConditionsChanged({"jam": NO_JAM})
    pressed = [KeyPressed("5"), KeyPressed("5", is_long=True)]
    assert watch(keypad, scenario) == [OPENING, THERE, *pressed, stuck, free, *pressed, stuck, GONE]


def test_a_keypad_with_a_loose_plug_does_not_keep_the_processor_busy() -> None:
    keypad = LoosePlug()

    async def scenario(_inbox: list[Input]) -> None:
        await asyncio.sleep(60)
        assert keypad.opened <= 61

    watch(keypad, scenario)


def test_pauses_between_tries_grow_and_stay_bounded() -> None:
    async def scenario() -> list[float]:
        loop = asyncio.get_running_loop()
        tries_s: list[float] = []

        async def open_device() -> None:
            tries_s.append(loop.time())
            if len(tries_s) < 9:
                raise DeviceError("not there")

        await open_until_found("a device", open_device)
        return [later - earlier for earlier, later in pairwise(tries_s)]

    assert run_virtual(scenario()) == [1, 2, 4, 8, 16, 30, 30, 30]
