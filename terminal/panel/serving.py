"""The panel at work: its web server and the terminal it shows."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from hardware.register_cable import RegisterCable
from terminal.app import Devices, TerminalApp
from terminal.config import Config
from terminal.panel.changes import Part
from terminal.panel.counter import CounterBackend
from terminal.panel.server import create_panel
from terminal.view import View
from terminal.web import WebServer


class PanelServer:
    """Listens before the terminal is started, so that a page opened early says so; ``attach`` names the terminal."""

    def __init__(
        self,
        config: Config,
        devices: Devices,
        address: tuple[str, int],
        *,
        cable: RegisterCable | None = None,
        extra_routes: Sequence[BaseRoute] = (),
    ) -> None:
        self._backend = CounterBackend(config, devices, cable)
        self._server = WebServer(create_panel(self._backend, extra_routes), *address)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    async def start(self) -> None:
        """Raises TerminalError if the address cannot be had."""
        await self._server.start()

    def attach(self, app: TerminalApp) -> None:
        self._backend.attach(app)
        self._backend.changes.publish(*Part)

    def view_changed(self, view: View) -> None:
        self._backend.view_changed(view)

    def publish(self, part: Part) -> None:
        self._backend.changes.publish(part)

    async def stop(self) -> None:
        self._backend.changes.close()
        await self._server.stop()
