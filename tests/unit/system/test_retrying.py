"""Pauses that grow, and a device that is looked for until it is there."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from hardware.interfaces import DeviceError
from terminal.system import hotplug, retrying
from terminal.system.retrying import LONGEST_PAUSE_S, SHORTEST_PAUSE_S, Pauses, open_until_found
from tests.patience import at_most
from tests.virtual_time import run_virtual


def test_each_pause_is_twice_the_one_before_up_to_the_limit() -> None:
    pauses = Pauses(2.0, 30.0)
    assert [pauses.next_s() for _ in range(7)] == [2, 4, 8, 16, 30, 30, 30]
    pauses.reset()
    assert [pauses.next_s() for _ in range(2)] == [2, 4]


def test_the_limit_holds_from_the_first_pause_on() -> None:
    assert [Pauses().next_s(), Pauses(5.0, 5.0).next_s()] == [SHORTEST_PAUSE_S, 5.0]


def test_a_missing_device_is_named_once_and_tried_ever_more_seldom(caplog: pytest.LogCaptureFixture) -> None:
    tried_s: list[float] = []

    async def whole() -> None:
        async def open_device() -> None:
            tried_s.append(asyncio.get_running_loop().time())
            if len(tried_s) < 9:
                raise DeviceError("no keypad at /dev/input")

        await open_until_found("keypad", open_device)

    run_virtual(whole())
    waits_s = [round(after - before) for before, after in itertools.pairwise(tried_s)]
    assert waits_s == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert caplog.text.count("no keypad at /dev/input") == 1


def test_a_device_that_was_away_for_minutes_is_found_as_soon_as_it_is_plugged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in a folder such as /dev/serial/by-id, which vanishes with the cable and comes back with it."""
    monkeypatch.setattr(hotplug, "FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(hotplug, "SETTLED_AFTER_S", 0.0)
    monkeypatch.setattr(retrying.Pauses, "next_s", lambda _pauses: LONGEST_PAUSE_S)
    port, tries = tmp_path / "usb-scanner", 0

    async def open_device() -> None:
        nonlocal tries
        tries += 1
        if not port.is_symlink():
            asyncio.get_running_loop().call_later(0.01, port.symlink_to, "/dev/null")
            raise DeviceError("it is not there")

    async def scenario() -> None:
        for _ in range(2):
            await asyncio.wait_for(open_until_found("scanner", open_device), at_most(10))
            port.unlink()

    asyncio.run(scenario())
    assert tries == 4
