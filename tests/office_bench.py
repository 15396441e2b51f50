"""A head office to test: its application on a real database, asked over ASGI; and journals to send it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import httpx
import msgspec
import psycopg

from terminal.config.schema import Config, OfficeSettings
from terminal.office import wire
from terminal.office.server.database import build_pool, migrate
from terminal.office.server.serve import build_app
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.sensitive import Sensitive

TOKEN = "the-common-token"
EPOCH = "e1"


class Office:
    """What a terminal can ask, and what stands in the database."""

    def __init__(self, http: httpx.AsyncClient, url: str, stack: contextlib.AsyncExitStack) -> None:
        self.http = http
        self.url = url
        self._stack = stack
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def send(
        self, rows: Sequence[wire.Row], *, terminal: str = "T1", epoch: str = EPOCH, token: str = TOKEN
    ) -> httpx.Response:
        batch = wire.Batch(terminal, epoch, list(rows))
        return await self.http.post(
            "/v1/journal", content=msgspec.json.encode(batch), headers={"Authorization": f"Bearer {token}"}
        )

    async def post(self, path: str, content: object, token: str = TOKEN) -> httpx.Response:
        return await self.http.post(path, json=content, headers={"Authorization": f"Bearer {token}"})

    async def have(self, terminal: str = "T1", epoch: str = EPOCH, token: str = TOKEN) -> Any:
        answer = await self.http.get(f"/v1/journal/{terminal}/{epoch}", headers={"Authorization": f"Bearer {token}"})
        return answer.json()

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            connecting = psycopg.AsyncConnection.connect(self.url, autocommit=True)
            self._connection = await self._stack.enter_async_context(await connecting)
        cursor = await cast(Any, self._connection).execute(query, values)
        return list(await cursor.fetchall()) if cursor.description else []


@contextlib.asynccontextmanager
async def running_office(url: str, token: str = TOKEN) -> AsyncIterator[Office]:
    config = Config(office=OfficeSettings(database=Sensitive(url)), office_token=Sensitive(token))
    await migrate(config.office.database)
    async with (
        build_pool(Sensitive(url), "netgiro_collector", 4) as collecting,
        build_pool(Sensitive(url), "netgiro_page", 2) as looking,
        contextlib.AsyncExitStack() as stack,
    ):
        transport = httpx.ASGITransport(app=build_app(config, collecting, looking))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield Office(http, url, stack)


def chained(contents: Sequence[tuple[str, str, str]], first: int = 1, before: str = "") -> list[wire.Row]:
    """Rows of (at, kind, body) as a journal chains them."""
    rows: list[wire.Row] = []
    for seq, (at, kind, body) in enumerate(contents, first):
        row = wire.Row(seq, at, kind, msgspec.Raw(body.encode()), "")
        row = msgspec.structs.replace(row, hash=wire.link(before, row))
        before = row.hash
        rows.append(row)
    return rows


PAID: tuple[tuple[State, Reason | None], ...] = (
    (State.ENTRY, None),
    (State.CAPTURE, None),
    (State.CLOSED, Reason.PAID),
)


def sale_rows(
    number: int,
    states: Sequence[tuple[State, Reason | None]] = PAID,
    *,
    amount_kr: int = 1990,
    created: str = "2026-11-30T12:34:56.000Z",
    terminal: str = "T1",
) -> list[tuple[str, str, str]]:
    """The rows of one sale, to be chained."""
    rows = []
    for step, (state, reason) in enumerate(states):
        sale = Sale(
            number=number,
            reference=f"{terminal}-{number}",
            register_id=str(number),
            amount_kr=amount_kr,
            created=created,
            state=state,
            reason=reason,
            acknowledged=state is State.CLOSED,
        )
        body = msgspec.json.encode({"row": "entry", "seq": number, "event": "X", "sale": sale}).decode()
        rows.append((f"2026-11-30T12:{number % 60:02}:{step:02}.000Z", "entry", body))
    return rows
