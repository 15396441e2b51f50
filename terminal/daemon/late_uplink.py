"""The way to a head office, from the moment when the terminal is ready: it takes as long to load as the terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.daemon.operations import Desk
from terminal.system.lean_imports import lighten_httpx

if TYPE_CHECKING:
    from terminal.daemon.uplink import Uplink


class LateUplink:
    """``start`` it when the terminal runs. What is decided before is in the journal, and goes along from there."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._uplink: Uplink | None = None

    async def start(self, desk: Desk) -> None:
        """If there is to be one."""
        if self._config.office.url:
            self._uplink = await asyncio.to_thread(_build, self._config)
            self._uplink.start(desk)

    def decided(self, event: Input, decision: Decision) -> None:
        """A hook for the terminal's loop."""
        if self._uplink is not None:
            self._uplink.decided(event, decision)

    async def stop(self) -> None:
        if self._uplink is not None:
            await self._uplink.stop()


def _build(config: Config) -> Uplink:
    lighten_httpx()
    from terminal.daemon.uplink import Uplink  # noqa: PLC0415  only when configured

    return Uplink(config)
