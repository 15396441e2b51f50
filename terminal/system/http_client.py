"""HTTP/1.1 for httpx over asyncio's own connections. h11 knows the protocol; this file owns the sockets.

httpx would load httpcore and anyio for it: 2.8 MiB that an idle terminal keeps, and twice the processor time of a call.

Until a request has begun to leave, an error is a ConnectError, ConnectTimeout or PoolTimeout, and nothing else is one:
whoever calls tells by it what was never sent. A connection on which anything went wrong is not used again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import h11
import httpx

MOST_CONNECTIONS = 4
MOST_KEPT = 2
LARGEST_HEAD_BYTES = 100 * 1024
SSL_OBJECT = "ssl_object"
"""Of a response's extensions: what knows the server's certificate; None without TLS."""
MOST_UNREAD_BYTES = 256 * 1024
NEXT_ADDRESS_AFTER_S = 0.25
"""RFC 8305: a name may have an address of a kind that leads nowhere from here."""


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class DirectTransport(httpx.AsyncBaseTransport):
    """Keeps connections for the next request to the same server. Safe to use from several tasks of one loop."""

    def __init__(self, tls: ssl.SSLContext | None, *, kept_s: float = 60.0) -> None:
        """``tls``: for https, which without it cannot be called. ``kept_s``: how long a connection may be idle."""
        if tls is not None:
            tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._kept_s = kept_s
        self._turns = asyncio.Semaphore(MOST_CONNECTIONS)
        self._kept: list[_Connection] = []
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The head of the answer, with its body still to come. Raises httpx.TransportError."""
        limits_s: dict[str, float | None] = request.extensions.get("timeout", {})
        content = b"".join([part async for part in _parts_of(request)])
        with _translated(httpx.PoolTimeout, httpx.PoolTimeout):
            async with asyncio.timeout(limits_s.get("pool")):
                await self._turns.acquire()
        connection: _Connection | None = None
        try:
            connection = self._kept_for(request.url) or await self._connect(request.url, limits_s.get("connect"))
            connection.send(request, content)
            head = await connection.head(limits_s.get("read"))
        except BaseException:
            self._let_go(connection)
            raise
        body = _Body(self, connection, limits_s.get("read"))
        more = {SSL_OBJECT: connection.ssl_object}
        return httpx.Response(head.status_code, headers=head.headers.raw_items(), stream=body, extensions=more)

    async def aclose(self) -> None:
        self._is_closed = True
        while self._kept:
            self._kept.pop().abort()

    def _kept_for(self, url: httpx.URL) -> _Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.origin == _origin_of(url) and connection.is_quiet and connection.idle_s < self._kept_s:
                return connection
            connection.abort()
        return None

    async def _connect(self, url: httpx.URL, limit_s: float | None) -> _Connection:
        origin, loop = _origin_of(url), asyncio.get_running_loop()
        if origin.scheme == "https" and self._tls is None:
            raise httpx.ConnectError("there is no TLS here, so only http can be called")
        with _translated(httpx.ConnectTimeout, httpx.ConnectError):
            async with asyncio.timeout(limit_s):
                _, wire = await loop.create_connection(
                    _Wire, origin.host, origin.port, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S
                )
            if origin.scheme == "https" and self._tls is not None:
                async with asyncio.timeout(limit_s):
                    await wire.start_tls(self._tls, origin.host)
        return _Connection(origin, wire)

    def _let_go(self, connection: _Connection | None) -> None:
        """For another request, if it may have one."""
        self._turns.release()
        if connection is None:
            return
        if connection.is_ready_again() and len(self._kept) < MOST_KEPT and not self._is_closed:
            self._kept.append(connection)
        else:
            connection.abort()


class _Body(httpx.AsyncByteStream):
    """What httpx reads, and closes in any case."""

    def __init__(self, transport: DirectTransport, connection: _Connection, limit_s: float | None) -> None:
        self._transport = transport
        self._connection: _Connection | None = connection
        self._limit_s = limit_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (part := await self._connection.part(self._limit_s)) is not None:
            yield part

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport._let_go(connection)


class _Connection:
    """One request and its answer at a time."""

    def __init__(self, origin: _Origin, wire: _Wire) -> None:
        self.origin = origin
        self._wire = wire
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD_BYTES)
        self._idle_from_s = 0.0

    @property
    def is_quiet(self) -> bool:
        """Nothing has come since the last answer, not even its end."""
        return self._wire.is_silent

    @property
    def idle_s(self) -> float:
        return _now_s() - self._idle_from_s

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        return self._wire.ssl_object

    def send(self, request: httpx.Request, content: bytes) -> None:
        """In one piece; it is small."""
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        with _translated(httpx.WriteTimeout, httpx.WriteError):
            data = self._http.send(head) or b""
            if content:
                data += self._http.send(h11.Data(data=content)) or b""
            self._wire.write(data + (self._http.send(h11.EndOfMessage()) or b""))

    async def head(self, limit_s: float | None) -> h11.Response:
        while not isinstance(event := await self._next(limit_s), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("the server hung up without an answer")
        return event

    async def part(self, limit_s: float | None) -> bytes | None:
        """Of the body; None at its end."""
        event = await self._next(limit_s)
        return bytes(event.data) if isinstance(event, h11.Data) else None

    async def _next(self, limit_s: float | None) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        with _translated(httpx.ReadTimeout, httpx.ReadError):
            while (event := self._http.next_event()) is h11.NEED_DATA:
                async with asyncio.timeout(limit_s):
                    self._http.receive_data(await self._wire.receive())
        return event

    def is_ready_again(self) -> bool:
        """Whether the answer was read to its end, nothing came after it, and the server will take another request."""
        is_over = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not is_over or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        self._idle_from_s = _now_s()
        return True

    def abort(self) -> None:
        self._wire.abort()


class _Wire(asyncio.Protocol):
    """Bytes of one connection. Whatever has come can be read, also after the connection broke."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._has_ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raises OSError, also if the server is not the one that it should be."""
        assert self._transport is not None, "connected before"
        try:
            loop = asyncio.get_running_loop()
            self._transport = await loop.start_tls(self._transport, self, context, server_hostname=host)
        except BaseException:
            self.abort()
            raise

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > MOST_UNREAD_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        self._has_ended = True
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._has_ended, self._error = True, error
        self._news.set()

    @property
    def is_silent(self) -> bool:
        return not self._received and not self._has_ended

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        return self._transport.get_extra_info("ssl_object") if self._transport is not None else None

    def write(self, data: bytes) -> None:
        """Raises OSError if the connection has ended."""
        if self._transport is None or self._has_ended:
            raise ConnectionResetError("the connection has ended")
        self._transport.write(data)

    async def receive(self) -> bytes:
        """Empty at the end. Raises OSError if that came by a fault."""
        while self.is_silent:
            self._news.clear()
            await self._news.wait()
        if not self._received and self._error is not None:
            raise OSError(str(self._error)) from self._error
        data, self._received = bytes(self._received), bytearray()
        if self._transport is not None and not self._has_ended:
            self._transport.resume_reading()
        return data

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


@contextlib.contextmanager
def _translated(timeout: type[httpx.TransportError], fault: type[httpx.TransportError]) -> Iterator[None]:
    """In httpx's words."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise fault(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


async def _parts_of(request: httpx.Request) -> AsyncIterator[bytes]:
    assert isinstance(request.stream, httpx.AsyncByteStream)
    async for part in request.stream:
        yield part


def _origin_of(url: httpx.URL) -> _Origin:
    port = url.port or (443 if url.scheme == "https" else 80)
    return _Origin(url.scheme, url.raw_host.decode("ascii").strip("[]"), port)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
