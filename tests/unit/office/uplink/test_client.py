"""One connection, and whatever became of the last call on it, the next one has a connection again."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest

from terminal.config.from_office import Document
from terminal.office import compact, wire
from terminal.office.uplink import client as office_client
from terminal.office.uplink.client import OfficeClient, OfficeError
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"have":7}'


class StallingOffice:
    """Answers in part, late or never, until ``well``."""

    def __init__(self, seed: int) -> None:
        self.well = False
        self._chance = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                cut = len(ANSWER) if self.well else self._chance.randrange(len(ANSWER))
                writer.write(ANSWER[:cut])
                await writer.drain()
                if not self.well:
                    await asyncio.sleep(self._chance.choice((0.0, 0.04, 0.05, 0.06)))
                    writer.write(ANSWER[cut:])
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.mark.parametrize("seed", range(6))
def test_calls_that_were_given_up_cost_no_later_one_its_connection(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_client, "CALL_TIMEOUT_S", 0.05)

    async def call(client: OfficeClient) -> None:
        with contextlib.suppress(OfficeError):
            await client.have("T1", "e")

    async def scenario() -> None:
        office = StallingOffice(seed)
        server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
        client = OfficeClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", Sensitive("token"))
        for _ in range(8):
            await asyncio.gather(call(client), call(client))
        office.well = True
        monkeypatch.setattr(office_client, "CALL_TIMEOUT_S", 30.0)
        assert await client.have("T1", "e") == 7
        await client.close()
        server.close()

    asyncio.run(scenario())


class _Way(httpx.AsyncBaseTransport):
    """One that never carries a call again once it has lost one, as a pool whose only connection is held by nobody."""

    def __init__(self, ways: list[_Way]) -> None:
        self.closed = False
        self._is_dead = False
        self._loses = not ways
        ways.append(self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._is_dead:
            raise httpx.PoolTimeout("no connection is free")
        if self._loses:
            self._is_dead = True
            raise httpx.ReadTimeout("given up")
        return httpx.Response(503 if request.url.path.endswith("/busy") else 200, json={"have": 7})

    async def aclose(self) -> None:
        self.closed = True


def test_a_call_without_an_answer_is_followed_by_one_on_a_new_connection() -> None:
    async def scenario() -> None:
        ways: list[_Way] = []
        client = OfficeClient("http://127.0.0.1", Sensitive("token"), transport=lambda: _Way(ways))
        with pytest.raises(OfficeError):
            await client.have("T1", "e")
        assert await client.have("T1", "e") == 7
        with pytest.raises(OfficeError, match="503"):
            await client.have("T1", "busy")
        assert await client.have("T1", "e") == 7
        await client.close()
        assert [way.closed for way in ways] == [True, True], "an answer, whatever it says, costs no new connection"

    asyncio.run(scenario())


# --- rows in few bytes ------------------------------------------------------------------------------------------------

ROW = wire.Row(1, "t", "entry", msgspec.Raw(b'{"row":"entry","at":"t"}'), "0" * 64)


class _Office:
    """Says what it takes, and keeps how each batch came."""

    def __init__(self, accepts: str, refuses: int = 0) -> None:
        self.came: list[str] = []
        self._accepts = accepts
        self._refuses = refuses

    async def answer(self, request: httpx.Request) -> httpx.Response:
        headers = {"accept-encoding": self._accepts} if self._accepts else {}
        if request.method == "POST":
            self.came.append(request.headers["content-encoding"])
            if self.came[-1] == compact.ENCODING and self._refuses:
                return httpx.Response(self._refuses, json={"error": "no"}, headers=headers)
        return httpx.Response(200, json={"have": 1}, headers=headers)


def sent(accepts: str, refuses: int = 0, *, rows: tuple[wire.Row, ...] = (ROW,)) -> list[str]:
    office = _Office(accepts, refuses)

    async def scenario() -> None:
        transport = httpx.MockTransport(office.answer)
        client = OfficeClient("http://127.0.0.1", Sensitive("token"), transport=lambda: transport)
        await client.have("T1", "e")
        for _ in range(2):
            assert await client.send(wire.Batch("T1", "e", list(rows))) == 1
        await client.close()

    asyncio.run(scenario())
    return office.came


def test_rows_travel_whole_unless_the_office_has_asked_for_less() -> None:
    assert sent("") == ["gzip", "gzip"]
    assert sent("gzip, br") == ["gzip", "gzip"]
    assert sent(f"gzip, {compact.ENCODING}") == [compact.ENCODING] * 2


def test_an_office_that_wants_rows_whole_gets_them_at_once() -> None:
    assert sent(compact.ENCODING, 422) == [compact.ENCODING, "gzip"] * 2, "these rows: the next may do"


def test_rows_that_would_not_travel_are_sent_whole() -> None:
    assert sent(compact.ENCODING, rows=(msgspec.structs.replace(ROW, kind="other"),)) == ["gzip", "gzip"]


def test_any_other_refusal_is_told() -> None:
    with pytest.raises(OfficeError):
        sent(compact.ENCODING, 409)


# --- settings ---------------------------------------------------------------------------------------------------------


class _Endless(httpx.AsyncByteStream):
    """A document of fifty megabytes; counts how much of it was wanted."""

    def __init__(self) -> None:
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"revision":1,"text":"'
        while self.sent < 50_000_000:
            self.sent += 8192
            yield b"x" * 8192


@each_of(
    "content",
    [
        b'{"revision":1,"text":"\xff\xfe"}',
        b'{"revision":0,"text":""}',
        b'{"revision":1}',
        b"[" * 20_000,
        b"<html>",
        b'{"revision":1,"text":5}',
    ],
)
def test_a_document_that_is_none_is_an_error_of_the_office(content: bytes) -> None:
    with pytest.raises(OfficeError, match="cannot be read"):
        asyncio.run(_settings_of(lambda _request: httpx.Response(200, content=content)))


def test_of_a_document_without_end_no_more_is_read_than_may_be() -> None:
    endless = _Endless()
    with pytest.raises(OfficeError, match="too long"):
        asyncio.run(_settings_of(lambda _request: httpx.Response(200, stream=endless)))
    assert endless.sent < 100_000


def test_an_office_of_before_wishes_nothing() -> None:
    async def scenario() -> wire.StatusAnswer:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={"later": [1]}))
        client = OfficeClient("http://127.0.0.1", Sensitive("token"), transport=lambda: transport)
        return await client.report(b"")

    assert asyncio.run(scenario()) == wire.StatusAnswer()


async def _settings_of(answer: Callable[[httpx.Request], httpx.Response]) -> Document:
    transport = httpx.MockTransport(answer)
    client = OfficeClient("http://127.0.0.1", Sensitive("token"), transport=lambda: transport)
    try:
        return await client.settings("T1")
    finally:
        await client.close()
