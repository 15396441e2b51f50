"""The panel that opens once the terminal is ready."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from hardware.simulated import SimulatedDisplay, SimulatedKeypad
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.config.schema import Config, JournalSettings, NetgiroSettings, PanelSettings
from terminal.counter.decision import CheckService, Decision
from terminal.counter.inputs import EndOfDayRequested
from terminal.counter.view import View
from terminal.daemon.late_panel import LatePanel
from tests.integration.counter import free_port
from tests.unit.register.scripted_port import ScriptedPort


def devices() -> Devices:
    return Devices(SimulatedKeypad(), SimulatedDisplay(), None, ScriptedPort())


def config_with(folder: Path, listen: str) -> Config:
    return replace(
        Config(),
        journal=JournalSettings(path=str(folder / "journal.db")),
        netgiro=NetgiroSettings(base_url="http://127.0.0.1:9/v1"),
        panel=PanelSettings(listen=listen),
    )


def test_it_tells_of_what_was_decided_before_it_opened(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"

    async def scenario() -> None:
        config, on = config_with(tmp_path, address), devices()
        panel, app = LatePanel(config, on), TerminalApp(config, on)
        panel.decided(EndOfDayRequested(), Decision(view=View(), effects=(CheckService(),)))
        await app.start()
        await panel.open()
        await panel.open()
        panel.attach(app.handles)
        async with httpx.AsyncClient(base_url=f"http://{address}") as page:
            assert (await page.get("/api/state")).json()["state"] == "idle"
            assert "EndOfDayRequested" in (await page.get("/api/timeline")).text
        await panel.stop()
        await app.stop()

    asyncio.run(scenario())


def test_an_address_that_cannot_be_had_is_told_and_takes_nothing_from_sales(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            panel = LatePanel(config_with(tmp_path, f"127.0.0.1:{taken.getsockname()[1]}"), devices())
            await panel.open()
            panel.view_changed(View())
            await panel.stop()

    asyncio.run(scenario())
    assert "cannot listen on 127.0.0.1:" in caplog.text


def test_without_an_address_there_is_none(tmp_path: Path) -> None:
    async def scenario() -> None:
        panel = LatePanel(config_with(tmp_path, ""), devices())
        await panel.open()
        panel.decided(EndOfDayRequested(), Decision(view=View()))
        assert not panel._early
        await panel.stop()

    asyncio.run(scenario())
