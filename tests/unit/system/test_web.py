"""The web server of the daemon: listens before it says so, sleeps while nobody calls, ends when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from terminal.errors import TerminalError
from terminal.system import web
from terminal.system.accept import USUAL, Limits
from terminal.system.web import SHUTDOWN_S, WebServer
from tests.loopback import LOOPBACK
from tests.patience import at_most


async def hello(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


def app() -> Starlette:
    return Starlette(routes=[Route("/", hello)])


def test_a_caller_right_after_the_start_is_served() -> None:
    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0)
        await server.start()
        try:
            async with httpx.AsyncClient(**LOOPBACK) as client:
                response = await client.get(server.base_url)
        finally:
            await server.stop()
        assert response.text == "hello"
        assert "server" not in response.headers

    asyncio.run(scenario())


def test_an_address_that_is_taken_is_explained() -> None:
    async def scenario() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(TerminalError, match=f"127.0.0.1:{port}.*choose another port"):
                await WebServer(app(), "127.0.0.1", port).start()

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_explained(host: str) -> None:
    async def scenario() -> None:
        with pytest.raises(TerminalError, match="cannot listen"):
            await WebServer(app(), host, 0).start()

    asyncio.run(scenario())


def test_after_a_stop_nobody_listens_and_the_port_is_free_again() -> None:
    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0)
        await server.start()
        port = int(server.base_url.rpartition(":")[2])
        await asyncio.sleep(0)
        await server.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        again = WebServer(app(), "127.0.0.1", port)
        await again.start()
        await again.stop()

    asyncio.run(scenario())


def test_a_stop_right_after_the_start_ends_at_once() -> None:
    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0)
        await server.start()
        async with asyncio.timeout(at_most(SHUTDOWN_S + 1)):
            await server.stop()
            await server.stop()

    asyncio.run(scenario())


def test_a_caller_that_never_finishes_does_not_hold_up_the_stop() -> None:
    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0)
        await server.start()
        port = int(server.base_url.rpartition(":")[2])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        await writer.drain()
        async with asyncio.timeout(at_most(5)):
            while not server.server_state.connections:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0)
        async with asyncio.timeout(at_most(SHUTDOWN_S + 2)):
            await server.stop()
        writer.close()
        await writer.wait_closed()

    asyncio.run(scenario())


def test_the_processs_signals_stay_with_the_daemon() -> None:
    async def scenario() -> None:
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        server = WebServer(app(), "127.0.0.1", 0)
        await server.start()
        await asyncio.sleep(0)
        assert {number: signal.getsignal(number) for number in before} == before
        await server.stop()

    asyncio.run(scenario())


def test_an_ipv6_address_is_written_with_brackets() -> None:
    assert WebServer(app(), "::1", 8023).base_url == "http://[::1]:8023"


class Caller:
    """A client that says what it likes, byte by byte if it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def hear_all(self) -> bytes:
        """Until the server hangs up."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(at_most(5)):
                return await self._reader.read()
        return b""

    async def hear(self) -> bytes:
        async with asyncio.timeout(at_most(5)):
            return await self._reader.read(4096)

    def hang_up(self) -> None:
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def served(
    application: Starlette, limits: Limits = USUAL, rest_s: float = 0.0
) -> AsyncIterator[Callable[[], Awaitable[Caller]]]:
    server = WebServer(application, "127.0.0.1", 0, limits=limits, rest_s=rest_s)
    await server.start()
    callers: list[Caller] = []

    async def call() -> Caller:
        callers.append(Caller(*await asyncio.open_connection("127.0.0.1", int(server.base_url.rpartition(":")[2]))))
        return callers[-1]

    try:
        yield call
    finally:
        for caller in callers:
            caller.hang_up()
        await server.stop()


WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "REQUEST_S", 0.2)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345",
    ],
)
def test_a_request_that_does_not_arrive_is_not_waited_for(beginning: bytes) -> None:
    async def scenario() -> None:
        async with served(app()) as call:
            caller = await call()
            await caller.say(beginning)
            await caller.hear_all()  # an answer perhaps, but then the end

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_a_byte_now_and_then_wins_no_time() -> None:
    async def scenario() -> None:
        async with served(app()) as call:
            caller = await call()

            async def drip() -> None:
                while True:
                    await caller.say(b"X-A: b\r\n")
                    await asyncio.sleep(0.02)

            await caller.say(b"GET / HTTP/1.1\r\n")
            dripping = asyncio.ensure_future(drip())
            started_s = asyncio.get_running_loop().time()
            assert await caller.hear_all() == b""
            assert asyncio.get_running_loop().time() - started_s < at_most(2)
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_a_connection_that_is_kept_serves_the_next_request_and_two_at_once() -> None:
    async def scenario() -> None:
        async with served(app()) as call:
            caller = await call()
            for _ in range(2):
                await caller.say(WHOLE)
                assert b"hello" in await caller.hear()
                await asyncio.sleep(0.15)
            await caller.say(WHOLE + WHOLE)
            heard = b""
            while heard.count(b"hello") < 2:
                heard += await caller.hear()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_a_connection_may_rest_while_there_is_room_and_no_half_request_may() -> None:
    async def scenario() -> None:
        async with served(app(), Limits(connections=4), rest_s=60.0) as call:
            resting = []
            for _ in range(3):
                resting.append(await call())
                await resting[-1].say(WHOLE)
                assert b"hello" in await resting[-1].hear()
            assert await resting[2].hear_all() == b"", "three of four places were taken then"
            for caller in resting[:2]:
                await caller.say(WHOLE)
                assert b"hello" in await caller.hear()
            await resting[0].say(WHOLE[:-2])
            assert await resting[0].hear_all() == b""
            await resting[1].say(WHOLE + WHOLE[:-2])
            assert (await resting[1].hear_all()).endswith(b"hello"), "nor one that came along with a whole one"

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_an_answer_that_takes_longer_than_a_request_may_is_waited_for() -> None:
    async def slow(_request: Request) -> PlainTextResponse:
        await asyncio.sleep(0.5)
        return PlainTextResponse("at last")

    async def scenario() -> None:
        async with served(Starlette(routes=[Route("/", slow)])) as call:
            caller = await call()
            await caller.say(WHOLE)
            assert b"at last" in await caller.hear()

    asyncio.run(scenario())


def test_a_caller_who_reads_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "UNREAD_S", 0.2)
    ended = asyncio.Event()

    async def endless(_request: Request) -> StreamingResponse:
        async def much() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65536
                    await asyncio.sleep(0)
            finally:
                ended.set()

        return StreamingResponse(much())

    async def scenario() -> None:
        async with served(Starlette(routes=[Route("/", endless)])) as call:
            caller = await call()
            caller._reader._transport.pause_reading()  # type: ignore[attr-defined]
            await caller.say(WHOLE)
            async with asyncio.timeout(at_most(5)):
                await ended.wait()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_idle_callers_do_not_keep_the_others_out() -> None:
    async def scenario() -> None:
        async with served(app(), Limits(connections=4)) as call:
            for _ in range(12):
                await call()
            caller = await call()
            await caller.say(WHOLE)
            assert b"hello" in await caller.hear()

    asyncio.run(scenario())


def test_a_head_without_end_is_refused() -> None:
    async def scenario() -> None:
        async with served(app()) as call:
            caller = await call()
            await caller.say(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * (2 * web.LONGEST_HEAD))
            assert (await caller.hear_all()).startswith(b"HTTP/1.1 400 ")

    asyncio.run(scenario())


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Ours, and that of a caller who trusts it."""
    certificate = tmp_path / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(
        [*made, *names, "-keyout", tmp_path / "key.pem", "-out", certificate], check=True, capture_output=True
    )
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(certificate, tmp_path / "key.pem")
    theirs = ssl.create_default_context(cafile=str(certificate))
    return ours, theirs


def test_behind_tls_a_caller_without_it_gets_nothing(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    ours, theirs = tls

    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0, tls=ours)
        await server.start()
        url = server.base_url.replace("127.0.0.1", "localhost")
        try:
            async with httpx.AsyncClient(trust_env=False, verify=theirs) as client:
                assert (await client.get(url)).text == "hello"
                with pytest.raises(httpx.HTTPError):
                    await client.get(url.replace("https:", "http:"))
                assert (await client.get(url)).text == "hello"
        finally:
            await server.stop()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_impatient")
def test_a_caller_who_never_finishes_the_handshake_is_hung_up_on(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async def scenario() -> None:
        server = WebServer(app(), "127.0.0.1", 0, tls=tls[0])
        await server.start()
        port = int(server.base_url.rpartition(":")[2])
        try:
            for beginning in (b"", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01\x40\x00"):
                caller = Caller(*await asyncio.open_connection("127.0.0.1", port))
                await caller.say(beginning)
                await caller.hear_all()  # an alert perhaps, but then the end
                caller.hang_up()
        finally:
            await server.stop()

    asyncio.run(scenario())
