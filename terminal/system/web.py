"""Serves an ASGI application on the daemon's own event loop, without uvicorn's ten wake-ups a second."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from terminal.errors import TerminalError

if TYPE_CHECKING:
    from starlette.applications import Starlette

SHUTDOWN_S = 2


class WebServer(uvicorn.Server):
    """A uvicorn server that sleeps until it is told to stop and leaves the process's signals alone."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
                ws="none",
            )
        )
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._stopping = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where it listens; with port 0, after :meth:`start` only."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Listen. Raises TerminalError if the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio turns off Nagle's delay, 40 ms an answer, only where it reads TCP.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen()  # from now on callers wait instead of being refused
        except OSError as error:
            listener.close()
            raise TerminalError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; choose another port"
            ) from error
        self._socket = listener
        self._port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self.serve(sockets=[listener]), name="web server")

    async def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()
        if self._serving is not None:
            await self._serving
            self._serving = None

    async def main_loop(self) -> None:
        await self._stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        raise NotImplementedError("the daemon handles signals")
