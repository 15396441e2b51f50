"""Who waits for a device is woken when one appears, and otherwise after the pause."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from terminal.system import hotplug
from terminal.system.hotplug import plugged_in
from tests.patience import at_most
from tests.virtual_time import run_virtual


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hotplug, "FOLDERS", (str(tmp_path), str(tmp_path / "nobody")))
    monkeypatch.setattr(hotplug, "SETTLED_AFTER_S", 0.0)
    return tmp_path


def test_a_device_that_appears_ends_the_pause(folder: Path) -> None:
    async def scenario() -> None:
        waiting = asyncio.create_task(plugged_in(60.0))
        await asyncio.sleep(0)
        started_s = time.monotonic()
        (folder / "ttyUSB0").touch()
        assert await waiting
        assert time.monotonic() - started_s < at_most(10)

    asyncio.run(scenario())


def test_a_device_that_is_given_to_its_group_ends_it_too(folder: Path) -> None:
    async def scenario() -> None:
        (folder / "ttyUSB0").touch()
        waiting = asyncio.create_task(plugged_in(60.0))
        await asyncio.sleep(0)
        os.chmod(folder / "ttyUSB0", 0o660)
        assert await waiting

    asyncio.run(scenario())


def test_without_one_the_pause_runs_out(folder: Path) -> None:
    assert not run_virtual(plugged_in(30.0))


def test_where_nothing_can_be_watched_the_pause_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hotplug, "FOLDERS", ())
    assert not run_virtual(plugged_in(30.0))


def test_no_descriptor_is_left(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        run_virtual(plugged_in(1.0))
    assert len(os.listdir("/proc/self/fd")) == before
