"""One world of the simulation, to be read step by step: GET /api/simulation/{seed}.

The simulated world is no part of a terminal: whoever composes the program brings a way to run one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from terminal.errors import TerminalError
from terminal.panel.answers import answer_json

MOST_SEED = 999_999_999_999
"""More than anyone has run, and still a whole number in a browser."""


class SimulationError(TerminalError):
    """The world did not come to its end; the message says why."""


class StoryLine(msgspec.Struct, frozen=True):
    """One thing that happened in that world."""

    at_s: float
    """Virtual time since its start."""
    who: str
    what: str


class SimulatedWorld(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one seed; the same each time, as long as the program is."""

    seed: int
    mode: str
    """``terminal.sale.gateway.CaptureMode``."""
    protocol: str
    """What the register spoke."""
    sales: int
    cuts: int
    """How often the power went."""
    outcomes: dict[str, int]
    violations: tuple[str, ...]
    """Broken promises. None, or there is a bug."""
    story: tuple[StoryLine, ...]


Simulate = Callable[[int], Awaitable[SimulatedWorld]]
"""Runs one seed off the event loop, within a bounded time. Raises SimulationError."""


def simulation_routes(simulate: Simulate) -> Sequence[BaseRoute]:
    """One world at a time: two browsers that ask at once must not take the machine away from the terminal."""
    running = asyncio.Lock()

    async def world(request: Request) -> Response:
        seed = _seed(request.path_params["seed"])
        if running.locked():
            raise HTTPException(409, "another seed is being simulated: ask again in a second")
        async with running:
            try:
                return answer_json(await simulate(seed))
            except SimulationError as error:
                raise HTTPException(503, str(error)) from error

    return [Route("/api/simulation/{seed}", world)]


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SEED))):
        raise HTTPException(400, f"a seed is a whole number from 0 to {MOST_SEED}, for example /api/simulation/7")
    return int(text)
