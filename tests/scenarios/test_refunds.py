"""A refund from the page of a simulated counter, on the whole of it in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from starlette.applications import Starlette

from terminal.demo.fault_recipes import FaultRequest
from terminal.demo.refunds import refund_routes
from terminal.demo.scenario import Expect, Scenario, Step, Words
from terminal.demo.stage import POWER_OFF_S, Stage
from terminal.demo.stage_panel import StagePanel
from tests.scenarios.test_scenarios import CONFIG, GRACE_S, on_stage
from tests.virtual_time import run_virtual

PAID = Scenario(
    title=Words("a", "a"),
    about=Words("b", "b"),
    steps=(
        Step(pay=1990),
        Step(keys="8223281#"),
        Step(expect=Expect(state="customer")),
        Step(accept=True),
        Step(expect=Expect(paid=1, promises="kept")),
    ),
)
Ask = Callable[..., Awaitable[httpx.Response]]


def at_paid_counter(folder: Path, check: Callable[[Stage, StagePanel, Ask], Awaitable[None]]) -> None:
    """One sale of 1.990 kr. is paid."""

    async def play() -> None:
        async with on_stage(CONFIG, folder) as (stage, panel):
            await panel.player.play(PAID, "paid")
            app = Starlette(routes=refund_routes(stage))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                await check(stage, panel, lambda **wish: client.post("/api/refund", json=wish))

    run_virtual(play(), limit_s=3600, grace_s=GRACE_S)


def test_a_part_of_it_and_then_the_rest_of_the_last_sale_are_refunded(tmp_path):
    async def check(stage, panel, ask):
        part = (await ask(sale=1, amount=490)).json()
        assert (part["sale_id"], part["amount"], part["outcome"]) == ("1", 490, "refunded")
        rest = (await ask(language="en")).json()
        assert (rest["amount"], rest["outcome"]) == (1500, "refunded")
        assert rest["text"] != part["text"]
        assert [refund.amount_kr for refund in stage.sandbox.book.refunds] == [490, 1500]
        nothing_left = await ask()
        assert nothing_left.status_code == 409

    at_paid_counter(tmp_path, check)


def test_what_cannot_be_refunded_is_refused_in_the_callers_language(tmp_path):
    async def check(stage, panel, ask):
        too_much, unknown = await ask(amount=1991, language="is"), await ask(sale=77)
        assert (too_much.status_code, unknown.status_code) == (409, 409)
        assert too_much.text == "Af þessari sölu má endurgreiða frá 1 kr. til 1.990 kr."
        assert (await ask(amount=0)).status_code == 400
        assert (await ask(sale="1")).status_code == 400
        assert stage.sandbox.book.refunds == []

    at_paid_counter(tmp_path, check)


def test_an_answer_that_was_lost_is_asked_for_again_and_the_money_moves_once(tmp_path):
    async def check(stage, panel, ask):
        await panel.board.apply(FaultRequest("server-lost-after", call="Refund"))
        answer = (await ask()).json()
        assert answer["outcome"] == "refunded"
        assert [refund.amount_kr for refund in stage.sandbox.book.refunds] == [1990]
        assert len([entry for entry in stage.timeline.after(0) if entry.name == "refund"]) == 2

    at_paid_counter(tmp_path, check)


def test_without_power_nobody_answers(tmp_path):
    async def check(stage, panel, ask):
        stage.surroundings.power_lost.set()
        await asyncio.sleep(POWER_OFF_S / 2)
        assert stage.handles is None
        assert (await ask()).status_code == 503

    at_paid_counter(tmp_path, check)
