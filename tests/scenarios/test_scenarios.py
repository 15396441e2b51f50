"""Every scenario that ships, played on the whole simulated counter in virtual time.

Real: the terminal, its journal on disk, the serial driver over a pseudo-terminal, the HTTP client up to its transport,
the ESC/POS bytes. Simulated: contacts, pixels, paper, the service (the sandbox, called without a socket) and time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from hardware.settings import KeypadSettings
from terminal.config.schema import Config
from terminal.demo.lab import library
from terminal.demo.scenario import Scenario
from terminal.demo.stage import Stage
from terminal.demo.stage_panel import StagePanel
from terminal.netgiro.sandbox import Sandbox, Settings, build_sandbox, create_app
from tests.virtual_time import run_virtual

START_S = 1_795_000_000.0
GRACE_S = 0.004
"""How long to look, by the wall's clock, whether bytes come out of a pseudo-terminal before time jumps."""
LIBRARY = library()
CONFIG = replace(Config(), keypad=KeypadSettings(driver="simulated", debounce_ms=1))


def play(scenario: Scenario, folder: Path, config: Config = CONFIG) -> None:
    run_virtual(_play(scenario, folder, config), limit_s=3 * 3600, grace_s=GRACE_S)


async def _play(scenario: Scenario, folder: Path, config: Config) -> None:
    async with on_stage(config, folder) as (_stage, panel):
        await panel.player.play(scenario, "test")


@asynccontextmanager
async def on_stage(config: Config, folder: Path) -> AsyncIterator[tuple[Stage, StagePanel]]:
    """The whole counter, started, on the running loop's time."""
    loop = asyncio.get_running_loop()

    def sandbox(settings: Settings) -> Sandbox:
        return build_sandbox(settings=settings, clock=lambda: START_S + loop.time(), rng=random.Random(1))

    transport = _Late()
    async with Stage(config, folder, build_sandbox=sandbox, transport=transport) as stage:
        transport.inner = httpx.ASGITransport(create_app(stage.sandbox))
        stage.keypad.bounces = False
        panel = StagePanel(stage)
        await stage.start("http://127.0.0.1")
        try:
            yield stage, panel
        finally:
            await panel.aclose()
            await stage.stop()


class _Late(httpx.AsyncBaseTransport):
    """Leads to the sandbox, which the stage makes after its transport."""

    inner: httpx.AsyncBaseTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.inner.handle_async_request(request)


ONE_OF_EACH_KIND = (
    *("02-kennitala", "03-app-code", "06-register-cancels", "08-accepts-at-cancel", "11-wrong-code-thrice"),
    *("14-confirm-answer-lost", "18-wrong-signature", "21-no-network", "22-paper-out", "26-line-noise"),
    *("28-cut-before-confirm", "33-disk-full-in-mid-sale", "37-bad-day"),
)
"""A way to pay, a way to cancel, and each thing that fails: call, network, paper, line, power, disk, all of them."""
every_scenario = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in ONE_OF_EACH_KIND else (pytest.mark.slow,)) for name in LIBRARY],
)


@every_scenario
def test_scenario(name, tmp_path):
    play(LIBRARY[name], tmp_path)


def test_there_are_enough():
    assert len(LIBRARY) >= 20
    assert set(ONE_OF_EACH_KIND) < set(LIBRARY)
