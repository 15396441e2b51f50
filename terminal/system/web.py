"""Serves an ASGI application on the daemon's own event loop, bounded in every way; the one HTTP server of this program.

uvicorn reads and writes the HTTP. What is added: it sleeps instead of waking ten times a second, callers are let in as
:mod:`terminal.system.accept` does it, a request has five seconds to arrive, head and body together, and an answer that
nobody reads ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from types import FrameType
from typing import Any, TypeAlias
from urllib.parse import unquote

import h11

from terminal.errors import TerminalError
from terminal.system.accept import USUAL, Acceptor, Limits
from terminal.system.lean_uvicorn import Config, H11Protocol, Server

SHUTDOWN_S = 2
REQUEST_S = 5.0
"""For a whole request to arrive, and for the next one to begin on a connection that is kept, unless there is room."""
UNREAD_S = 30.0
"""For a caller to read what was sent."""
_ABSOLUTE = re.compile(rb"(?is)https?://((?:[\w.~%-]+|\[[0-9a-f:.]+\])(?::[0-9]*)?)(/.*)?")
"""A request target with scheme and host; none with a user's name before the host, which would only hide that."""
LONGEST_HEAD = 16 * 1024
SLICE = 4 * 1024
"""h11 measures a head only while it waits for more of it: a long one must not pass because it came at once."""

_Message: TypeAlias = MutableMapping[str, Any]
AsgiApp: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]
"""As in starlette.types, which is not imported for it."""


def in_origin_form(app: AsgiApp) -> AsgiApp:
    """Accept ``GET http://host/path``, too: its host counts instead of the Host header (RFC 9112, 3.2.2)."""

    async def serve(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http" and (whole := _ABSOLUTE.fullmatch(scope["raw_path"])):
            raw_path = whole[2] or b"/"
            headers = [(b"host", whole[1]), *(header for header in scope["headers"] if header[0] != b"host")]
            scope = {**scope, "path": unquote(raw_path.decode("ascii")), "raw_path": raw_path, "headers": headers}
        await app(scope, receive, send)

    return serve


class WebServer(Server):
    """A uvicorn server that sleeps until it is told to stop and leaves the process's signals alone."""

    def __init__(
        self,
        app: AsgiApp,
        host: str,
        port: int,
        *,
        limits: Limits = USUAL,
        tls: ssl.SSLContext | None = None,
        rest_s: float = 0.0,
    ) -> None:
        """``rest_s``: how long a connection may rest between two requests while there is room; at least REQUEST_S."""
        super().__init__(
            Config(
                in_origin_form(app),
                host=host,
                port=port,
                http=BoundedProtocol,
                log_config=None,
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
                timeout_keep_alive=math.ceil(REQUEST_S),
                h11_max_incomplete_event_size=LONGEST_HEAD,
                proxy_headers=False,
                ws="none",
            )
        )
        self._host = host
        self._port = port
        self._limits = limits
        self._tls = tls
        self._rest_s = rest_s
        self._acceptor: Acceptor | None = None
        self._stopping = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    @property
    def base_url(self) -> str:
        """Where it listens; with port 0, after :meth:`start` only."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    async def start(self) -> None:
        """Listen. Raises TerminalError if the address cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio turns off Nagle's delay, 40 ms an answer, only where it reads TCP.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(self._limits.backlog)  # from now on callers wait instead of being refused
        except OSError as error:
            listener.close()
            raise TerminalError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; choose another port"
            ) from error
        self._port = listener.getsockname()[1]
        self._acceptor = Acceptor(listener, self.base_url, self._serve_connection, self._limits)
        self._serving = asyncio.create_task(self.serve(), name="web server")

    async def stop(self) -> None:
        """End every request and close the port; also before it has begun."""
        self.should_exit = True
        self._stopping.set()
        if self._serving is not None:
            await self._serving
            self._serving = None
        if self._acceptor is not None:
            self._acceptor.close()  # also if it was stopped before it had begun
            await self._acceptor.hang_up()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        assert self._acceptor is not None, "only by start()"
        self.servers = []  # asyncio's; ours is the acceptor
        await self.lifespan.startup()
        self.started = True
        if not self.should_exit:
            self._acceptor.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        await super().shutdown(sockets)

    async def _serve_connection(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
        protocol = BoundedProtocol(self.config, self.server_state, self.lifespan.state)
        protocol.rests_s = self._rests_s
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=REQUEST_S if self._tls else None,
                ssl_shutdown_timeout=REQUEST_S if self._tls else None,
            )
            await protocol.ended.wait()
        finally:
            protocol.hang_up()

    def _rests_s(self) -> float:
        assert self._acceptor is not None
        return REQUEST_S if self._acceptor.is_crowded else max(REQUEST_S, self._rest_s)

    async def main_loop(self) -> None:
        await self._stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        raise NotImplementedError("the daemon handles signals")


class BoundedProtocol(H11Protocol):
    """One connection, which ends if its caller neither speaks nor listens."""

    def __init__(self, config: Config, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.ended = asyncio.Event()
        self.rests_s: Callable[[], float] = lambda: REQUEST_S
        """How long from an answer to the beginning of the next request."""
        self._request_due: asyncio.TimerHandle | None = None
        self._reading_due: asyncio.TimerHandle | None = None

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for timer in (self._request_due, self._reading_due, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE])
        self._expect_request()

    def on_response_complete(self) -> None:
        self.timeout_keep_alive = math.ceil(self.rests_s())
        super().on_response_complete()
        if self._request_due is not None or self.conn.trailing_data[0]:
            self._expect_request()  # perhaps another one had come along, whole or in part

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_due = self.loop.call_later(UNREAD_S, self.hang_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading_due is not None:
            self._reading_due.cancel()
            self._reading_due = None

    def _expect_request(self) -> None:
        """Wait for what is missing of a request, counted from its beginning; for nothing once it is whole."""
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            if self._request_due is None:
                self._request_due = self.loop.call_later(REQUEST_S, self.hang_up)
        elif self._request_due is not None:
            self._request_due.cancel()
            self._request_due = None
