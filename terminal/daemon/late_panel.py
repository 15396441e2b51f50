"""The panel of a running terminal, from the moment when the terminal is ready: its web server takes as long to load."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from terminal.app.devices import Devices
from terminal.app.handles import Handles
from terminal.config.addresses import parse_listen
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.counter.view import View
from terminal.errors import TerminalError

if TYPE_CHECKING:
    from terminal.panel.serving import PanelServer

MOST_EARLY = 100
"""Decisions of the start, which its story begins with."""

log = logging.getLogger(__name__)


class LatePanel:
    """Listens as soon as it is opened, if there is to be one. Before, it only remembers what was decided."""

    def __init__(self, config: Config, devices: Devices) -> None:
        self._config = config
        self._devices = devices
        self._server: PanelServer | None = None
        self._early: deque[tuple[Input, Decision]] = deque(maxlen=MOST_EARLY)

    async def open(self) -> None:
        """Once, however often it is called. An address that cannot be had is logged: sales go on without a panel."""
        if not self._config.panel.listen or self._server is not None:
            return
        server = await asyncio.to_thread(_build, self._config, self._devices)
        try:
            await server.start()
        except TerminalError as error:
            log.error("%s", error)
            return
        self._server = server
        while self._early:
            server.decided(*self._early.popleft())

    def attach(self, terminal: Handles | None) -> None:
        if self._server is not None:
            self._server.attach(terminal)

    def view_changed(self, view: View) -> None:
        if self._server is not None:
            self._server.view_changed(view)

    def decided(self, event: Input, decision: Decision) -> None:
        """A hook for the terminal's loop."""
        if self._server is not None:
            self._server.decided(event, decision)
        elif self._config.panel.listen:
            self._early.append((event, decision))

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()


def _build(config: Config, devices: Devices) -> PanelServer:
    from terminal.panel.serving import PanelServer  # noqa: PLC0415  only when configured

    return PanelServer(config, devices, parse_listen(config.panel.listen))
