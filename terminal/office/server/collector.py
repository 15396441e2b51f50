"""The HTTP that terminals speak; terminal/office/wire.py says what travels.

Holds nothing between two requests, so any number of these stand behind any load balancer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter as CounterOf
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from terminal.office import compact, wire
from terminal.office.server import access, archives, releases, reports, settings
from terminal.office.server.access import Access
from terminal.office.server.database import Connection, Pool
from terminal.office.server.store import Store, WantsWhole
from terminal.sale.sensitive import Sensitive

FEW_ROWS = 50
"""A batch of so many is from a counter that keeps up; a larger one is of a backlog, and these wait for each other."""
RETRY_AFTER_S = 5
BACKLOGS_WAITING = 12
"""More of them are sent away at once, and come back at random: each that waits here holds a connection, and a thousand
that wait would keep out who has one sale to send."""
PIECES_AT_ONCE = 2
"""A wave loads its archive at leisure, and never takes the connections of those who sell."""
MOST_ENROLMENT_BYTES = 1024
FRESH = {"Cache-Control": "no-store"}
"""Not said of a batch that was accepted: nobody keeps what a POST was answered, and it would be bytes for each sale."""
HEADERS_OF = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},  # who waits elsewhere leaves its place to others
}
ENCODINGS = {"Accept-Encoding": f"gzip, {compact.ENCODING}"}
"""What may be sent (RFC 7694)."""

Form = TypeVar("Form")

log = logging.getLogger(__name__)


class Refused(Exception):
    """The request is answered with this."""

    def __init__(self, status: int, text: str, **more: object) -> None:
        super().__init__(text)
        self.status = status
        self.more = more


class Counts:
    """What this process has done since its start."""

    def __init__(self) -> None:
        self.rows = 0
        self.answers: CounterOf[int] = CounterOf()


class Collector:
    """``routes`` answer terminals. Backlogs never take the last connections, so who keeps up never waits for them."""

    def __init__(self, pool: Pool, common_token: Sensitive, backlogs_at_once: int) -> None:
        self._pool = pool
        self._store = Store()
        self._common_token = common_token
        self._backlogs = asyncio.Semaphore(backlogs_at_once)
        self._waiting = 0
        self._pieces = asyncio.Semaphore(PIECES_AT_ONCE)
        self.counts = Counts()

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/v1/journal", self._answer(self._journal), methods=["POST"]),
            Route("/v1/journal/{terminal}/{epoch}", self._answer(self._have), methods=["GET"]),
            Route("/v1/status", self._answer(self._status), methods=["POST"]),
            Route("/v1/settings/{terminal}", self._answer(self._settings), methods=["GET"]),
            Route("/v1/release/{terminal}/{machine}", self._answer(self._release), methods=["GET"]),
            Route("/v1/archive/{terminal}/{sha256}/{number:int}", self._answer(self._piece), methods=["GET"]),
            Route("/v1/enrol", self._answer(self._enrol), methods=["POST"]),
            Route("/v1/health", self._answer(self._health), methods=["GET"]),
        ]

    async def _journal(self, request: Request) -> object:
        body = await self._known_body(request, compact.ENCODING)
        is_compact = _encoding(request) == compact.ENCODING
        batch: wire.Batch | compact.CompactBatch = (
            _read(compact.unpack, body) if is_compact else _read(wire.read_batch, body)
        )
        self.counts.rows += len(batch.rows)
        turn = contextlib.nullcontext() if len(batch.rows) <= FEW_ROWS else self._backlogs_turn()
        async with turn, self._admitted(request, batch.terminal) as connection:
            try:
                taken = await self._store.take(connection, batch)
            except WantsWhole:
                raise Refused(422, "send these rows whole") from None
            except ValueError as error:
                raise Refused(400, f"the request cannot be read: {error}") from error
        if taken.conflict is not None:
            log.error("terminal %s, epoch %s: row %d has another content", batch.terminal, batch.epoch, taken.conflict)
            raise Refused(
                409, f"row {taken.conflict} is known with another content", have=taken.have, conflict=taken.conflict
            )
        return wire.Have(taken.have)

    @contextlib.asynccontextmanager
    async def _backlogs_turn(self) -> AsyncIterator[None]:
        if self._waiting >= BACKLOGS_WAITING:
            raise Refused(503, "many counters have much to send: try again later")
        self._waiting += 1
        try:
            await self._backlogs.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._backlogs.release()

    async def _have(self, request: Request) -> object:
        terminal, epoch = request.path_params["terminal"], request.path_params["epoch"]
        _read(lambda path: msgspec.convert(path, dict[str, wire.TerminalId]), {"terminal": terminal, "epoch": epoch})
        async with self._admitted(request, terminal) as connection:
            return wire.Have(await self._store.have(connection, terminal, epoch))

    async def _status(self, request: Request) -> object:
        report = _read(wire.read_report, await self._known_body(request))
        async with self._admitted(request, report.terminal) as connection:
            await reports.keep(connection, report)
            offer = await settings.offer(connection, report.terminal)
            return wire.StatusAnswer(offer, await releases.wanted(connection, report.terminal))

    async def _settings(self, request: Request) -> object:
        terminal = request.path_params["terminal"]
        if not wire.is_terminal_id(terminal):
            raise Refused(400, "this is no terminal's id")
        async with self._admitted(request, terminal) as connection:
            document = await settings.document(connection, terminal)
        if document is None:
            raise Refused(404, "the office has no settings for this terminal")
        return document

    async def _release(self, request: Request) -> object:
        terminal, machine = request.path_params["terminal"], request.path_params["machine"]
        if not (wire.is_terminal_id(terminal) and wire.is_machine(machine)):
            raise Refused(400, "this is no terminal's id, or no kind of machine")
        async with self._admitted(request, terminal) as connection:
            offer = await archives.offer(connection, terminal, machine)
        if offer is None:
            raise Refused(404, f"the office has no archive for this terminal now, a {machine}")
        return offer

    async def _piece(self, request: Request) -> object:
        path = request.path_params
        terminal, sha256, number = path["terminal"], path["sha256"], path["number"]
        most = wire.pieces_of(wire.LARGEST_ARCHIVE_BYTES)
        if not (wire.is_terminal_id(terminal) and wire.is_hash(sha256) and number < most):
            raise Refused(400, "this names no piece of an archive")
        async with self._pieces, self._admitted(request, terminal) as connection:
            piece = await archives.piece(connection, terminal, sha256, number)
        if piece is None:
            raise Refused(404, "the office has no such piece for this terminal now")
        return piece

    async def _enrol(self, request: Request) -> object:
        asked = _read(wire.read_enrolment, await _body(request, MOST_ENROLMENT_BYTES))
        async with self._pool.connection() as connection:
            token = await access.enrol(connection, asked.terminal, asked.code)
        if token is None:
            raise Refused(403, "this code is not good for this terminal: ask the office for a new one")
        log.warning("terminal %s is enrolled", asked.terminal)
        return wire.Token(token)

    async def _health(self, request: Request) -> object:
        async with self._pool.connection() as connection:
            await connection.execute("SELECT 1")
        return {"ok": True}

    async def _known_body(self, request: Request, as_it_is: str = "identity") -> bytes:
        """Nothing is read of whom nobody knows. Raises Refused."""
        token = _token(request)
        async with self._pool.connection() as connection:
            if not await access.is_known(connection, token, self._common_token):
                raise Refused(401, "this token is not known here")
        return await _body(request, wire.LARGEST_BODY_BYTES, as_it_is)

    @contextlib.asynccontextmanager
    async def _admitted(self, request: Request, terminal: str) -> AsyncIterator[Connection]:
        """A connection for a request whose token speaks for this terminal. Raises Refused."""
        token = _token(request)
        async with self._pool.connection() as connection:
            match await access.check(connection, terminal, token, self._common_token):
                case Access.UNKNOWN_TOKEN:
                    raise Refused(401, "this token is not known here")
                case Access.NOT_THIS_TERMINAL:
                    raise Refused(403, f"this token does not speak for terminal {terminal}")
            yield connection

    def _answer(self, work: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            response = await answer_it(request)
            self.counts.answers[response.status_code] += 1
            return response

        async def answer_it(request: Request) -> Response:
            try:
                content = await work(request)
                if isinstance(content, bytes):
                    return Response(content, media_type="application/octet-stream", headers=FRESH)
                return _json(200, content, {} if request.url.path == "/v1/journal" else FRESH)
            except Refused as refused:
                headers = FRESH | HEADERS_OF.get(refused.status, {})
                return _json(refused.status, {"error": str(refused), **refused.more}, headers)
            except ClientDisconnect:
                return Response(status_code=400)
            except (psycopg.DataError, UnicodeError) as error:
                return _json(400, {"error": f"the database cannot keep this: {type(error).__name__}"})
            except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
                log.error("the database: %s: %s", type(error).__name__, " ".join(str(error).split())[:200])
                busy = {"error": "the database is not there now: try again later"}
                return _json(503, busy, FRESH | HEADERS_OF[503])

        return answer


def _json(status: int, content: object, headers: dict[str, str] = FRESH) -> Response:
    assert HTTPStatus(status)
    body = msgspec.json.encode(content)
    return Response(body, status, media_type="application/json", headers={**ENCODINGS, **headers})


def _read(read: Callable[[Any], Form], data: object) -> Form:
    try:
        return read(data)
    except ValueError as error:  # msgspec's, too
        raise Refused(400, f"the request cannot be read: {error}") from error
    except RecursionError as error:
        raise Refused(400, "the request is nested too deeply") from error


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(401, "send the header Authorization: Bearer TOKEN")
    return token.strip()


def _encoding(request: Request) -> str:
    return request.headers.get("content-encoding", "identity").lower()


async def _body(request: Request, most_bytes: int, as_it_is: str = "identity") -> bytes:
    """At most so much of it as may be; ``as_it_is``: an encoding that the caller unpacks. Raises Refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise Refused(413, f"the body is longer than {most_bytes} bytes")
    match _encoding(request):
        case encoding if encoding in ("identity", as_it_is):
            return bytes(body)
        case "gzip":
            return _read(wire.unpack, bytes(body))
        case other:
            raise Refused(415, f"Content-Encoding {other!r} is not known here: send gzip, or nothing")
