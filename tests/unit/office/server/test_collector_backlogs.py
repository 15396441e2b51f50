"""Who has a backlog waits for its turn, or is sent away; who keeps up never waits for them."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from starlette.applications import Starlette

from terminal.office.server import collector as of_collector
from terminal.office.server.collector import BACKLOGS_WAITING, FEW_ROWS, RETRY_AFTER_S, Collector, Refused
from terminal.office.server.database import build_pool
from terminal.office.uplink.task import BATCH_BYTES, BATCH_ROWS
from terminal.sale.sensitive import Sensitive
from tests.office_bench import TOKEN, Office, chained, sale_rows

MANY = chained([row for number in range(FEW_ROWS) for row in sale_rows(number + 1)])
FEW = MANY[:3]


def test_a_sale_is_no_backlog_and_a_full_batch_of_a_terminal_is_one() -> None:
    assert 2 * len(sale_rows(1)) <= FEW_ROWS < BATCH_ROWS
    assert sum(len(bytes(row.body)) for row in MANY[: FEW_ROWS + 1]) < BATCH_BYTES


def test_a_backlog_that_finds_enough_others_waiting_is_sent_away_at_once() -> None:
    async def scenario() -> None:
        collector = Collector(None, Sensitive(TOKEN), 1)  # type: ignore[arg-type]

        async def wait() -> None:
            async with collector._backlogs_turn():
                pass

        async with collector._backlogs_turn():
            waiting = [asyncio.create_task(wait()) for _ in range(BACKLOGS_WAITING)]
            await asyncio.sleep(0)
            with pytest.raises(Refused, match="try again later") as refused:
                await wait()
            assert refused.value.status == 503
            waiting[0].cancel()
            await asyncio.sleep(0)
            late = asyncio.create_task(wait())  # a place is free again
            await asyncio.sleep(0)
            assert not late.done()
        await asyncio.gather(late, *waiting[1:])
        assert collector._waiting == 0
        await wait()

    asyncio.run(scenario())


def test_who_keeps_up_is_taken_while_backlogs_are_sent_away(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_collector, "BACKLOGS_WAITING", 0)

    async def scenario() -> None:
        url = Sensitive(database)
        async with contextlib.AsyncExitStack() as stack:
            pool = await stack.enter_async_context(build_pool(url, "netgiro_collector", 2))
            app = Starlette(routes=Collector(pool, Sensitive(TOKEN), 1).routes)
            transport = httpx.ASGITransport(app=app)
            http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1"))
            office = Office(http, database, stack)
            answer = await office.send(MANY)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, str(RETRY_AFTER_S))
            assert answer.headers["connection"] == "close", "its place is for others"
            assert (await office.send(FEW)).json() == {"have": 3}

    asyncio.run(scenario())
