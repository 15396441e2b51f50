"""The panel of a simulated counter: everything there is to see and do there."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from terminal import __version__
from terminal.app.handles import Handles
from terminal.counter.view import Conditions, View
from terminal.demo.faults import FaultBoard
from terminal.demo.lab import Lab
from terminal.demo.player import Player
from terminal.demo.recording import RecordingMiddleware, ScenarioRecorder
from terminal.demo.refunds import refund_routes
from terminal.demo.simulation import Simulate, simulation_routes
from terminal.demo.stage import Stage
from terminal.netgiro.sandbox.web import sandbox_routes
from terminal.panel.backend import About
from terminal.panel.changes import Part
from terminal.panel.counter import CounterBackend
from terminal.panel.promises import Captured
from terminal.panel.server import create_panel
from terminal.panel.serving import real_devices
from terminal.panel.story import Story, story_routes
from terminal.system.web import WebServer


class StagePanel:
    """Everything there is to see and do at a simulated counter; with ``simulate`` also the simulation's worlds."""

    def __init__(self, stage: Stage, simulate: Simulate | None = None) -> None:
        self.stage = stage
        self._simulate = simulate
        backend = self.backend = CounterBackend(stage.config, stage.devices, stage.cable)
        backend.program_token = stage.program_token
        changes = backend.changes
        self.story = Story(stage.timeline, ledger=self._ledger, register_log=backend.register_log)
        self.board = FaultBoard(stage, lambda: changes.publish(Part.FAULTS))
        self.player = Player(stage, backend, self.board, self.story)
        self._recorder = ScenarioRecorder(stage, backend)
        self._lab = Lab(self.board, self.player, self._recorder, changes)
        self.player.on_progress = self._lab.show_progress
        self._conditions = Conditions()
        stage.on_view = self._view_changed
        stage.on_terminal = self._attach
        stage.on_change = self.board.look
        stage.timeline.on_change = lambda: changes.publish(Part.TIMELINE)
        stage.sandbox.on_change = self._service_changed
        backend.on_device_change = self.board.look

    def routes(self) -> Sequence[BaseRoute]:
        worlds = simulation_routes(self._simulate) if self._simulate is not None else ()
        counter = [*story_routes(self.story), *refund_routes(self.stage), *self._lab.routes()]
        return [*sandbox_routes(self.stage.sandbox), *counter, *worlds]

    def server(self, address: tuple[str, int]) -> WebServer:
        about = About(
            version=__version__,
            story=True,
            lab=True,
            simulation=self._simulate is not None,
            kennitala=self.stage.config.identifier_rules().takes_kennitala,
            real=real_devices(self.stage.devices, self.stage.cable),
        )
        recording = Middleware(RecordingMiddleware, recorder=self._recorder)
        panel = create_panel(self.backend, self.routes(), about=about, for_everybody=True, middleware=[recording])
        return WebServer(panel, *address)

    async def aclose(self) -> None:
        """Ends what is playing and every event stream."""
        await self._lab.aclose()
        self.backend.changes.close()

    def _attach(self, terminal: Handles | None) -> None:
        self.story.terminal = terminal
        self.backend.attach(terminal)

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
