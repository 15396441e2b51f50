"""Programs that listen to events and stop reading: they cost a bounded piece of memory, and nobody else an event."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import httpx
import pytest

from terminal.register.http.port import MOST_UNREAD_EVENTS
from terminal.system import web
from tests.patience import at_most
from tests.unit.register.http.server_bench import Terminal, at_a_terminal

DEAF = 20
EVENTS = 3 * MOST_UNREAD_EVENTS
EVENT = {"text": "x" * 2000}
MOST_BUFFERED = 128 * 1024
"""Of one connection, above what its kernel has; the events that wait beside it are counted."""


async def listening(terminal: Terminal) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = int(terminal.port.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {terminal.token}\r\n\r\n".encode())
    await reader.readuntil(b"event: status")
    return reader, writer


@pytest.mark.slow
def test_deaf_listeners_are_let_go_and_the_others_miss_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "UNREAD_S", 0.5)

    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        server = terminal.port._server
        assert server is not None
        assert server._acceptor is not None
        server._acceptor._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # or the kernel takes it all
        deaf = [await listening(terminal) for _ in range(DEAF)]
        for reader, _writer in deaf:
            reader._transport.pause_reading()  # type: ignore[attr-defined]
        good, writer = await listening(terminal)
        most = 0
        for count in range(EVENTS):
            await terminal.tell("payment", {"count": count, **EVENT})
            async with asyncio.timeout(at_most(5)):
                await good.readuntil(f'"count": {count},'.encode())
            buffered = [one.transport.get_write_buffer_size() for one in server.server_state.connections]
            most = max(most, *buffered)
        assert most < MOST_BUFFERED
        assert (await client.get("/v1/status")).status_code == 200
        async with asyncio.timeout(at_most(5)):
            for reader, _writer in deaf:
                with contextlib.suppress(ConnectionError):
                    reader._transport.resume_reading()  # type: ignore[attr-defined]
                    await reader.read(-1)  # what had left, and then the end
        assert len(terminal.port._listeners) == 1
        for _reader, one in (*deaf, (good, writer)):
            one.transport.abort()

    at_a_terminal(tmp_path, scenario)
