"""The panel at work: its web server and what stands behind it."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from hardware.register_cable import RegisterCable
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal import __version__
from terminal.app.app import Devices, TerminalApp
from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.view import Conditions, View
from terminal.demo.faults import FaultBoard
from terminal.demo.lab import Lab, story_routes
from terminal.demo.player import Player
from terminal.demo.recording import RecordingMiddleware, ScenarioRecorder
from terminal.demo.simulation import Simulate, simulation_routes
from terminal.demo.stage import Stage
from terminal.loop.bookkeeper import Input
from terminal.netgiro.sandbox.web import sandbox_routes
from terminal.panel.backend import About
from terminal.panel.changes import Part
from terminal.panel.counter import CounterBackend
from terminal.panel.promises import Captured
from terminal.panel.server import create_panel
from terminal.panel.story import Story
from terminal.panel.timeline import Timeline
from terminal.system.timestamps import timestamp_now
from terminal.system.web import WebServer

LIBRARIES = ("httpx", "msgspec", "pyserial", "python-escpos", "luma.oled", "gpiozero", "starlette", "uvicorn")


class PanelServer:
    """Looks on at a terminal with its configured devices.

    Listens before the terminal is started, so that a page opened early says so; ``attach`` names the terminal.
    """

    def __init__(self, config: Config, devices: Devices, address: tuple[str, int]) -> None:
        self._backend = CounterBackend(config, devices)
        self._timeline = Timeline(timestamp_now, lambda: self._backend.changes.publish(Part.TIMELINE))
        self._story = Story(self._timeline)
        about = About(
            version=__version__,
            phone=False,
            story=True,
            login=bool(config.panel.password_hash),
            real=_real_devices(devices, None),
            devices=_descriptions(devices),
            versions=versions(),
        )
        self._server = WebServer(
            create_panel(
                self._backend,
                story_routes(self._story),
                about=about,
                password_hash=config.panel.password_hash,
            ),
            *address,
        )

    @property
    def base_url(self) -> str:
        return self._server.base_url

    async def start(self) -> None:
        """Raises TerminalError if the address cannot be had."""
        await self._server.start()

    def attach(self, app: TerminalApp) -> None:
        self._story.app = app
        self._backend.attach(app)

    def view_changed(self, view: View) -> None:
        self._backend.view_changed(view)

    def decided(self, event: Input, decision: Decision) -> None:
        """A hook for the terminal's loop."""
        self._timeline.decided(event, decision)

    async def stop(self) -> None:
        self._backend.changes.close()
        await self._server.stop()


class StagePanel:
    """Everything there is to see and do at a simulated counter; with ``simulate`` also the simulation's worlds."""

    def __init__(self, stage: Stage, simulate: Simulate | None = None) -> None:
        self.stage = stage
        self._simulate = simulate
        backend = self.backend = CounterBackend(stage.config, stage.devices, stage.cable)
        changes = backend.changes
        self.story = Story(stage.timeline, ledger=self._ledger, register_log=backend.register_log)
        self.board = FaultBoard(stage, lambda: changes.publish(Part.FAULTS))
        self.player = Player(stage, backend, self.board, self.story)
        self._recorder = ScenarioRecorder(stage, backend)
        self._lab = Lab(self.board, self.player, self._recorder, changes)
        self.player.on_progress = self._lab.show_progress
        self._conditions = Conditions()
        stage.on_view = self._view_changed
        stage.on_app = self._attach
        stage.on_change = self.board.look
        stage.timeline.on_change = lambda: changes.publish(Part.TIMELINE)
        stage.sandbox.on_change = self._service_changed
        backend.on_device_change = self.board.look

    def routes(self) -> Sequence[BaseRoute]:
        worlds = simulation_routes(self._simulate) if self._simulate is not None else ()
        return [*sandbox_routes(self.stage.sandbox), *story_routes(self.story), *self._lab.routes(), *worlds]

    def server(self, address: tuple[str, int]) -> WebServer:
        about = About(
            version=__version__,
            story=True,
            lab=True,
            simulation=self._simulate is not None,
            real=_real_devices(self.stage.devices, self.stage.cable),
            versions=versions(),
        )
        recording = Middleware(RecordingMiddleware, recorder=self._recorder)
        panel = create_panel(self.backend, self.routes(), about=about, middleware=[recording])
        return WebServer(panel, *address)

    async def aclose(self) -> None:
        """Ends what is playing and every event stream."""
        await self._lab.aclose()
        self.backend.changes.close()

    def _attach(self, app: TerminalApp | None) -> None:
        self.story.app = app
        self.backend.attach(app)

    def _view_changed(self, view: View) -> None:
        self.backend.view_changed(view)
        if view.conditions != self._conditions:  # a receipt is on paper: one of the promises
            self._conditions = view.conditions
            self.backend.changes.publish(Part.TIMELINE)

    def _service_changed(self) -> None:
        self.backend.changes.publish(Part.CARTS, Part.TIMELINE)
        self.board.look()

    def _ledger(self) -> list[Captured]:
        return [Captured(one.reference, one.amount_kr) for one in self.stage.sandbox.book.captures]


def _real_devices(devices: Devices, cable: RegisterCable | None) -> tuple[str, ...]:
    simulated = {"keypad": SimulatedKeypad, "display": SimulatedDisplay, "printer": SimulatedPrinter}
    real = [name for name, kind in simulated.items() if not isinstance(getattr(devices, name), kind)]
    return tuple(real if cable is not None else [*real, "register"])


def _descriptions(devices: Devices) -> dict[str, str]:
    named = {"register": devices.register_port, **devices._asdict()}
    del named["register_port"]
    return {name: device.description for name, device in named.items() if device is not None}


def versions() -> dict[str, str]:
    """The program, what it runs on, and the libraries that matter when something is wrong."""
    found = {"netgiro-terminal": __version__, "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
