"""What the daemon does at night: a fault in one thing ends no other, and that thing is tried again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from terminal.config.schema import Config
from terminal.daemon import daemon
from tests.virtual_time import run_virtual


def test_a_fault_in_one_thing_ends_no_other(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    async def examine(_terminal: Any) -> None:
        ran.append("self-test")
        if len(ran) < 3:
            raise RuntimeError("the card is gone")
        await asyncio.Event().wait()

    async def reconcile(_config: Config, _terminal: Any) -> None:
        await asyncio.sleep(60)
        ran.append("reconciliation")
        await asyncio.Event().wait()

    monkeypatch.setattr(daemon, "_examine_nightly", examine)
    monkeypatch.setattr(daemon, "reconcile_nightly", reconcile)

    async def whole() -> None:
        config = Config()
        assert config.reconcile.daily
        monkeypatch.setattr(type(config.netgiro), "can_be_asked", True)
        nothing: Any = None
        night = asyncio.create_task(daemon._at_night(config, nothing))
        await asyncio.sleep(120)
        assert not night.done()
        night.cancel()
        await asyncio.gather(night, return_exceptions=True)

    run_virtual(whole())
    assert ran == ["self-test", "self-test", "self-test", "reconciliation"]
    assert caplog.text.count("self-test failed; starting it again") == 2
