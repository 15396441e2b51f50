"""The web server of register programs on a real socket, with a terminal behind it that answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from terminal.register.http.frames import Answer, Event, line_of
from terminal.register.http.port import HttpPort, Listen
from terminal.register.http.programs import Programs
from tests.loopback import LOOPBACK
from tests.patience import at_most

STATUS = {"open": None, "ready": True}
PAGE = "https://pos.example.is"


class Terminal:
    """Behind the port: notes what is handed on, and answers it, unless it is to wait."""

    def __init__(self, folder: Path, listen: Listen) -> None:
        self.port = HttpPort(listen, Programs(folder / "register-programs.json"), "T7")
        self.heard: list[dict[str, Any]] = []
        self.stirred = asyncio.Event()
        self.waits = False
        self.writing: list[asyncio.Future[None]] = []
        self.token = self.port.programs.admit("Kassi 1")

    def hear(self, data: bytes) -> None:
        for line in data.splitlines():
            frame = json.loads(line)
            self.heard.append(frame)
            self.stirred.set()
            if frame["type"] == "call" and not (self.waits and "payments" in frame["path"]):
                status, body = (200, STATUS) if frame["path"] == "/v1/status" else (201, {"id": "x"})
                answer = Answer(number=frame["number"], status=status, body=msgspec.Raw(json.dumps(body).encode()))
                self.writing.append(asyncio.ensure_future(self.port.write(line_of(answer))))

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(at_most(5)):
            while not is_so():
                self.stirred.clear()
                await self.stirred.wait()

    async def tell(self, name: str, body: object) -> None:
        await self.port.write(line_of(Event(name=name, body=msgspec.Raw(json.dumps(body).encode()))))


@contextlib.asynccontextmanager
async def opened(folder: Path, **listen: Any) -> AsyncIterator[tuple[Terminal, httpx.AsyncClient]]:
    terminal = Terminal(folder, Listen("127.0.0.1", 0, **listen))
    await terminal.port.open(terminal.hear, lambda _error: None)
    headers = {"Authorization": f"Bearer {terminal.token}"}
    client = httpx.AsyncClient(base_url=terminal.port.base_url, headers=headers, timeout=at_most(10), **LOOPBACK)
    try:
        async with client:
            yield terminal, client
    finally:
        await terminal.port.close()


def at_a_terminal(
    folder: Path, scenario: Callable[[Terminal, httpx.AsyncClient], Awaitable[None]], **listen: Any
) -> None:
    async def run() -> None:
        async with opened(folder, **listen) as (terminal, client):
            await scenario(terminal, client)

    asyncio.run(run())


async def answers(terminal: Terminal, request: str) -> bytes:
    """Until the terminal closes the connection."""
    port = int(terminal.port.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode())
        async with asyncio.timeout(at_most(3)):
            return await reader.read(-1)
    finally:
        writer.close()
