"""The simulated counter's HTTP face beyond its devices: faults, scenarios, recording. ``story_routes`` goes everywhere.

GET  /api/timeline?after=SEQ   what happened lately          GET  /api/journal    the journal's latest rows
GET  /api/promises             what holds about money        GET  /api/states.svg the states of a sale
GET  PUT DELETE /api/faults    what can go wrong             GET  /api/magic      amounts that decide a sale
GET  /api/scenarios            the library                   POST /api/scenarios/play   {"name": …} or {"toml": …}
POST /api/scenarios/stop                                     POST /api/recording        {"on": true}
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from terminal.demo.fault_recipes import FaultRequest
from terminal.demo.faults import HELP, FaultBoard, magic_amounts
from terminal.demo.player import Player, Progress, ScenarioFailed
from terminal.demo.recording import ScenarioRecorder
from terminal.demo.scenario import Scenario, read_scenario
from terminal.panel.answers import answer_json, read_form, refusals
from terminal.panel.changes import Changes, Part


def library() -> dict[str, Scenario]:
    """The scenarios that ship with the program, by name."""
    folder = files("terminal.demo").joinpath("scenarios")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {file.name.removesuffix(".toml"): read_scenario(file.read_text(encoding="utf-8")) for file in found}


class _Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str | None = None
    toml: str | None = None
    pace_s: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0


class _Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool


class Lab:
    """Faults, scenarios and recording as endpoints."""

    def __init__(self, board: FaultBoard, player: Player, recorder: ScenarioRecorder, changes: Changes) -> None:
        self._board = board
        self._player = player
        self._recorder = recorder
        self._changes = changes
        self._playing: asyncio.Task[None] | None = None
        self.progress: Progress | None = None

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/api/faults", self._faults),
            Route("/api/faults", self._apply_fault, methods=["PUT"]),
            Route("/api/faults", self._clear_faults, methods=["DELETE"]),
            Route("/api/magic", self._magic),
            Route("/api/scenarios", self._scenarios),
            Route("/api/scenarios/play", self._play, methods=["POST"]),
            Route("/api/scenarios/stop", self._stop, methods=["POST"]),
            Route("/api/recording", self._record, methods=["POST"]),
        ]

    def show_progress(self, progress: Progress) -> None:
        """A hook for the player."""
        self.progress = progress
        self._changes.publish(Part.SCENARIO)

    async def aclose(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)

    async def _faults(self, request: Request) -> Response:
        return answer_json({"faults": self._board.states(), "help": HELP})

    async def _apply_fault(self, request: Request) -> Response:
        fault = await read_form(request, FaultRequest)
        with refusals():
            await self._board.apply(fault)
        return await self._faults(request)

    async def _clear_faults(self, request: Request) -> Response:
        await self._board.clear()
        return await self._faults(request)

    async def _magic(self, request: Request) -> Response:
        return answer_json(magic_amounts())

    async def _scenarios(self, request: Request) -> Response:
        listed = [
            {"name": name, "title": scenario.title, "about": scenario.about, "steps": len(scenario.steps)}
            for name, scenario in library().items()
        ]
        return answer_json({"scenarios": listed, "progress": self.progress, "recording": self._recorder.is_on})

    async def _play(self, request: Request) -> Response:
        """Begin to play. With ``?wait=1`` the answer comes at the end: 409 says where it failed."""
        form = await read_form(request, _Play)
        name, scenario = _chosen(form)
        if self._playing is not None and not self._playing.done():
            raise HTTPException(409, "a scenario is being played: stop it, or wait for its end")
        self._playing = asyncio.create_task(self._player.play(scenario, name, form.pace_s), name="scenario")
        self._playing.add_done_callback(_take_result)
        if request.query_params.get("wait"):
            try:
                await asyncio.shield(self._playing)
            except ScenarioFailed as error:
                raise HTTPException(409, str(error)) from error
            except asyncio.CancelledError:
                if not self._playing.cancelled():
                    raise  # it is this request that was given up
                raise HTTPException(409, "the scenario was stopped") from None
        return answer_json({"playing": name, "steps": len(scenario.steps)})

    async def _stop(self, request: Request) -> Response:
        if self._playing is not None:
            self._playing.cancel()
            with contextlib.suppress(asyncio.CancelledError, ScenarioFailed):
                await self._playing
        return answer_json({"playing": None})

    async def _record(self, request: Request) -> Response:
        switch = await read_form(request, _Switch)
        toml: str | None = None
        if switch.on:
            self._recorder.start()
        elif self._recorder.is_on:
            await self._player.settle()  # the last receipt belongs to what was seen
            with refusals():
                toml = self._recorder.finish()
        self._changes.publish(Part.SCENARIO)
        return answer_json({"recording": self._recorder.is_on, "toml": toml})


def _take_result(task: asyncio.Task[Any]) -> None:
    """A failure has been shown as progress; nobody needs to be told that nobody awaited it."""
    if not task.cancelled():
        task.exception()


def _chosen(form: _Play) -> tuple[str, Scenario]:
    if (form.name is None) == (form.toml is None):
        raise HTTPException(400, "say name (see GET /api/scenarios) or toml, one of them")
    if form.toml is not None:
        with refusals():
            return "own", read_scenario(form.toml)
    scenario = library().get(str(form.name))
    if scenario is None:
        raise HTTPException(404, f"there is no scenario {form.name!r}: see GET /api/scenarios")
    return str(form.name), scenario
