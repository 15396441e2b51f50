"""A Concert register with 7 bits and parity on a line without is noticed, once."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from hardware.simulated import SimulatedKeypad
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.app.seams import Seams
from terminal.config.schema import Config, JournalSettings
from terminal.register.concert.format import frame
from terminal.register.settings import RegisterSettings
from terminal.register.unknown.parity import ParityWatch
from tests.unit.register.parity_bench import with_parity
from tests.unit.register.scripted_port import ScriptedPort
from tests.virtual_time import run_virtual

PAYMENT = b"\x05" + frame(b"0100001990110352" + b" " * 10) + b"\x04"


def told(caplog: pytest.LogCaptureFixture, data: bytes, size: int) -> list[str]:
    caplog.set_level(logging.WARNING)
    caplog.clear()
    watch = ParityWatch()
    for at in range(0, len(data), size):
        watch.look(data[at : at + size])
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("data", [PAYMENT * 3, b"\x05\x04" * 3, b"\x05\x05\x05\x04"])
@pytest.mark.parametrize(("parity", "odd"), [("E", 0), ("O", 1)])
def test_it_is_said_once_with_what_to_set(
    caplog: pytest.LogCaptureFixture, data: bytes, size: int, parity: str, odd: int
) -> None:
    (warning,) = told(caplog, with_parity(data, odd), size)
    assert f'register.bytesize = 7 and register.parity = "{parity}"' in warning


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("data", [PAYMENT * 3, b"\x05\x04\x06\x05\x15", b"\x05\xff\x84\x05\x80", bytes(range(256))])
def test_a_right_line_and_noise_are_no_parity(caplog: pytest.LogCaptureFixture, data: bytes, size: int) -> None:
    assert told(caplog, data, size) == []


@pytest.mark.parametrize(("settings", "warnings"), [({}, 1), ({"bytesize": 7}, 0), ({"protocol": "zvt"}, 0)])
def test_the_terminal_watches_a_line_on_which_that_can_be(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, settings: dict[str, Any], warnings: int
) -> None:
    caplog.set_level(logging.WARNING, "terminal.register.unknown.parity")
    register = RegisterSettings(**{"protocol": "concert", **settings})
    config = Config(register=register, journal=JournalSettings(path=str(tmp_path / "journal.db")))
    port = ScriptedPort()
    port.first_bytes = b"\x05\x84"
    nobody = httpx.MockTransport(lambda _request: httpx.Response(503))

    async def scenario() -> None:
        app = TerminalApp(config, Devices(SimulatedKeypad(), None, None, port), seams=Seams(transport=nobody))
        await app.start()
        await app.stop()

    run_virtual(scenario())
    assert len([record for record in caplog.records if record.name == "terminal.register.unknown.parity"]) == warnings
