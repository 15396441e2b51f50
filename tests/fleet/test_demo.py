"""``make office-demo``: whatever ends it, what it has started ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import demo
from tests.patience import at_most


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_the_office_too(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    @contextlib.contextmanager
    def office(folder: Path, _collectors: int) -> Iterator[None]:
        events.append("started")
        try:
            yield
        finally:
            events.append("stopped")
            assert folder.is_dir(), "not before the processes that write there"

    async def sell(_office: None) -> None:
        signal.raise_signal(number)
        await asyncio.sleep(at_most(5))
        events.append("went on")

    monkeypatch.setattr(logging, "disable", lambda _level: None)
    monkeypatch.setattr(demo, "find_binaries", Path)
    monkeypatch.setattr(demo, "running_office", office)
    monkeypatch.setattr(demo, "_sell", sell)
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        assert demo.main() == 0
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert events == ["started", "stopped"]
