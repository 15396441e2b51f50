"""HTTP over sockets: what was never sent, what may have been, and which connection is used again."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from terminal.system.http_client import LARGEST_HEAD_BYTES, MOST_CONNECTIONS, DirectTransport, _Wire
from tests.each import each_of
from tests.unit.netgiro.client_bench import listening, read_request

SHORT_S = 0.02
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """Answers the requests of each connection with these bytes, one after the other, and then hangs up."""

    def __init__(self, *answers: bytes, resets: bool = False) -> None:
        self._answers = answers
        self._resets = resets
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for answer in self._answers:
            self.requests.append(await read_request(reader))
            writer.write(answer)
            await writer.drain()
        if self._resets:
            reset(writer)


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def client_of(**timeouts: float | None) -> httpx.AsyncClient:
    limits = httpx.Timeout(**{"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0, **timeouts})
    return httpx.AsyncClient(transport=DirectTransport(None), timeout=limits, trust_env=False)


def calling(serve: Any, work: Callable[[httpx.AsyncClient, str], Awaitable[Any]], **timeouts: float | None) -> Any:
    async def scenario() -> Any:
        async with listening(serve) as port, client_of(**timeouts) as client:
            return await work(client, f"http://127.0.0.1:{port}/v1")

    return asyncio.run(scenario())


async def post(client: httpx.AsyncClient, url: str) -> httpx.Response:
    return await client.post(url, content=b'{"a":1}')


async def post_twice(client: httpx.AsyncClient, url: str) -> tuple[bytes, bytes]:
    return (await post(client, url)).content, (await post(client, url)).content


# --- sent, or never sent ----------------------------------------------------------------------------------------------


@each_of(
    "answer",
    [
        *(
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
            b"\0" * 100,
            b"HTTP/9.9 1 x\r\n\r\n",
        ),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3,
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * 2 * LARGEST_HEAD_BYTES + b"\r\n\r\n",
    ],
)
def test_once_the_request_has_left_no_error_says_that_it_was_not_sent(answer: bytes) -> None:
    for resets in (False, True):
        server = Server(answer, resets=resets)
        with pytest.raises(httpx.TransportError) as caught:
            calling(server.serve, post)
        assert not isinstance(caught.value, NOT_SENT)
        assert b'{"a":1}' in server.requests[0]


def test_a_server_that_hangs_up_at_once_may_have_read_what_was_sent() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    with pytest.raises(httpx.TransportError) as caught:
        calling(hang_up, post)
    assert not isinstance(caught.value, NOT_SENT)


def test_a_server_that_says_nothing_is_waited_for_so_long_and_no_longer() -> None:
    async def be_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(httpx.ReadTimeout):
        calling(be_silent, post, read=SHORT_S)


def test_a_body_that_stops_is_waited_for_so_long_and_no_longer() -> None:
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK[:-1])
        await reader.read()

    with pytest.raises(httpx.ReadTimeout):
        calling(stop, post, read=SHORT_S)


def test_a_server_that_takes_no_connection_was_sent_nothing() -> None:
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        async def scenario() -> None:
            async with client_of(connect=SHORT_S) as client:
                await post(client, f"http://127.0.0.1:{full.getsockname()[1]}/v1")

        with pytest.raises(httpx.ConnectTimeout):
            asyncio.run(scenario())


def test_a_server_that_says_nothing_to_a_tls_client_was_sent_nothing() -> None:
    received = bytearray()

    async def be_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())

    async def scenario() -> None:
        tls = DirectTransport(ssl.create_default_context())
        client = httpx.AsyncClient(transport=tls, timeout=httpx.Timeout(5.0, connect=SHORT_S), trust_env=False)
        async with listening(be_silent) as port, client:
            await post(client, f"https://127.0.0.1:{port}/v1")

    with pytest.raises(httpx.ConnectTimeout):
        asyncio.run(scenario())
    assert received.startswith(b"\x16\x03"), "a handshake began"
    assert b'{"a":1}' not in received


def test_without_tls_nothing_is_sent_to_https() -> None:
    async def scenario() -> None:
        async with client_of() as client:
            with pytest.raises(httpx.ConnectError, match="only http"):
                await post(client, "https://127.0.0.1:9/v1")

    asyncio.run(scenario())


# --- answers ----------------------------------------------------------------------------------------------------------


@each_of(
    ("answer", "content"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000, b"x" * 1_000_000),
    ],
)
def test_every_way_to_send_a_body_is_read(answer: bytes, content: bytes) -> None:
    assert calling(Server(answer).serve, post).content == content


def test_headers_and_status_come_as_they_were_sent() -> None:
    answer = calling(Server(b"HTTP/1.1 418 No\r\nX-Sig: 1\r\nX-Sig: 2\r\ncontent-length: 0\r\n\r\n").serve, post)
    assert answer.status_code == 418
    assert answer.headers.get_list("x-sig") == ["1", "2"]


def test_what_came_before_a_connection_broke_is_read() -> None:
    async def scenario() -> None:
        wire = _Wire()
        wire.data_received(b"an")
        wire.data_received(b"swer")
        wire.connection_lost(ConnectionResetError("reset"))
        assert await wire.receive() == b"answer"
        with pytest.raises(OSError, match="reset"):
            await wire.receive()

    asyncio.run(scenario())


# --- connections ------------------------------------------------------------------------------------------------------


def test_a_connection_serves_one_request_after_the_other() -> None:
    server = Server(OK, OK)
    assert calling(server.serve, post_twice) == (b"{}", b"{}")
    assert server.connections == 1


@each_of(
    "first",
    [
        OK.replace(b"content", b"connection: close\r\ncontent"),
        OK.replace(b"1.1", b"1.0"),
        OK + OK.replace(b"{}", b"[]"),
        OK + b"\r\n",
    ],
)
def test_an_answer_that_nobody_asked_for_is_never_that_of_the_next_request(first: bytes) -> None:
    answers = itertools.chain([first], itertools.repeat(OK))
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await read_request(reader)
            writer.write(next(answers))

    assert calling(serve, post_twice) == (b"{}", b"{}")
    assert connections == 2


@each_of("late", [OK.replace(b"{}", b"[]"), b""])
def test_a_connection_on_which_more_came_later_or_that_was_closed_is_not_used_again(late: bytes) -> None:
    go_on = asyncio.Event()
    server = Server(OK, OK)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if server.connections:
            await server.serve(reader, writer)
            return
        server.connections += 1
        await read_request(reader)
        writer.write(OK)
        await go_on.wait()
        writer.write(late)
        if late:
            await reader.read()

    async def work(client: httpx.AsyncClient, url: str) -> tuple[bytes, bytes]:
        first = (await post(client, url)).content
        assert isinstance(client._transport, DirectTransport)
        news = client._transport._kept[0]._wire._news
        news.clear()
        go_on.set()
        await news.wait()
        return first, (await post(client, url)).content

    assert calling(serve, work) == (b"{}", b"{}")
    assert server.connections == 2


def test_a_connection_that_rested_too_long_is_not_used_again() -> None:
    server = Server(OK, OK)

    async def scenario() -> None:
        client = httpx.AsyncClient(transport=DirectTransport(None, kept_s=0.0), trust_env=False)
        async with listening(server.serve) as port, client:
            await post_twice(client, f"http://127.0.0.1:{port}/v1")

    asyncio.run(scenario())
    assert server.connections == 2


def test_a_connection_is_for_one_server() -> None:
    one, other = Server(OK, OK), Server(OK)

    async def scenario() -> None:
        async with listening(one.serve) as port, listening(other.serve) as other_port, client_of() as client:
            await post(client, f"http://127.0.0.1:{port}/v1")
            await post(client, f"http://127.0.0.1:{other_port}/v1")

    asyncio.run(scenario())
    assert (one.connections, other.connections) == (1, 1)


def test_only_so_many_connections_are_open_and_whoever_waits_for_one_has_sent_nothing() -> None:
    go_on = asyncio.Event()
    server = Server(OK)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        await server.serve(reader, writer)

    async def work(client: httpx.AsyncClient, url: str) -> None:
        calls = [asyncio.create_task(post(client, url)) for _ in range(MOST_CONNECTIONS)]
        await asyncio.sleep(0)
        with pytest.raises(httpx.PoolTimeout):
            await post(client, url)
        go_on.set()
        assert [(await one).content for one in calls] == [b"{}"] * MOST_CONNECTIONS
        assert (await post(client, url)).content == b"{}"

    calling(serve, work, pool=SHORT_S)


def test_a_call_that_is_cancelled_takes_its_connection_with_it_and_gives_its_turn_back() -> None:
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        await reader.read()
        hung_up.set()

    async def work(client: httpx.AsyncClient, url: str) -> None:
        for _ in range(2 * MOST_CONNECTIONS):
            asked.clear()
            hung_up.clear()
            call = asyncio.create_task(post(client, url))
            await asked.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await hung_up.wait()

    calling(serve, work, pool=SHORT_S)


def test_closing_hangs_up() -> None:
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await reader.read()
        hung_up.set()

    async def work(client: httpx.AsyncClient, url: str) -> None:
        await post(client, url)
        await client.aclose()
        await hung_up.wait()

    calling(serve, work)
