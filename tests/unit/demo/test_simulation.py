"""A world of the simulation over HTTP: what it tells, and that it can neither hang nor pile up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

import httpx
from starlette.routing import BaseRoute

from terminal.demo import demo
from terminal.demo.demo import simulated_world
from terminal.demo.simulation import MOST_SEED, SimulatedWorld, simulation_routes
from terminal.panel.server import create_panel
from terminal.simulation.run import simulate
from tests.each import each_of
from tests.panel_fake import FakeCounter


def at_panel(check: Callable[[httpx.AsyncClient], Awaitable[None]], routes: Sequence[BaseRoute] | None = None) -> None:
    async def scenario() -> None:
        shown = simulation_routes(simulated_world) if routes is None else routes
        app = create_panel(FakeCounter(), shown, for_everybody=True)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8023") as client:
            await check(client)

    asyncio.run(scenario())


def test_seed_tells_the_story_that_the_simulation_tells():
    async def check(client):
        answer = (await client.get("/api/simulation/7")).json()
        result = simulate(7, tell=True)
        assert answer["seed"] == 7
        assert answer["mode"] == result.capture_mode
        assert answer["outcomes"] == result.outcomes
        assert answer["violations"] == []
        assert len(result.story) > 10
        assert [(line["at_s"], line["who"], line["what"]) for line in answer["story"]] == [
            (line.at_s, line.who, line.what) for line in result.story
        ]

    at_panel(check)


@each_of("seed", ["-1", "x", "1.5", "٧", str(MOST_SEED + 1), "9" * 5000])
def test_what_is_no_seed_is_refused_with_an_example(seed):
    async def check(client):
        answer = await client.get(f"/api/simulation/{seed}")
        assert answer.status_code == 400
        assert "for example /api/simulation/7" in answer.json()["error"]

    at_panel(check)


def test_one_world_runs_at_a_time():
    async def scenario():
        started, go_on = asyncio.Event(), asyncio.Event()

        async def wait(seed: int) -> SimulatedWorld:
            started.set()
            await go_on.wait()
            return SimulatedWorld(
                seed=seed, mode="manual", protocol="line", sales=0, cuts=0, outcomes={}, violations=(), story=()
            )

        transport = httpx.ASGITransport(create_panel(FakeCounter(), simulation_routes(wait), for_everybody=True))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8023") as client:
            first = asyncio.create_task(client.get("/api/simulation/1"))
            await started.wait()
            second = await client.get("/api/simulation/2")
            assert second.status_code == 409
            assert "ask again" in second.json()["error"]
            go_on.set()
            assert (await first).json()["seed"] == 1
            assert (await client.get("/api/simulation/2")).json()["seed"] == 2

    asyncio.run(scenario())


def test_world_that_takes_too_long_is_ended_and_the_next_one_runs(monkeypatch):
    async def check(client):
        with monkeypatch.context() as hasty:
            hasty.setattr(demo, "SIMULATION_DEADLINE_S", 0.0)
            answer = await client.get("/api/simulation/7")
        assert answer.status_code == 503
        assert "netgiro-terminal simulate --seed 7 --story" in answer.json()["error"]
        assert (await client.get("/api/simulation/8")).json()["seed"] == 8

    at_panel(check)


def test_process_that_says_nothing_is_named(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    async def check(client):
        answer = await client.get("/api/simulation/7")
        assert answer.status_code == 503
        assert "seed 7 could not be simulated" in answer.json()["error"]

    at_panel(check)


def test_panel_without_a_simulation_has_no_worlds():
    async def check(client):
        assert (await client.get("/api/simulation/7")).status_code == 404
        assert (await client.get("/api/about")).json()["simulation"] is False

    at_panel(check, routes=())
