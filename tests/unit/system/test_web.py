"""The web server of the daemon: listens before it says so, sleeps while nobody calls, ends when it is told to."""

from __future__ import annotations

import asyncio
import signal
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from terminal.errors import TerminalError
from terminal.system.web import SHUTDOWN_S, WebServer
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
            async with httpx.AsyncClient(trust_env=False) as client:
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
