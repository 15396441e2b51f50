"""The HTTP of register programs: who calls, how much they may send, which web pages may. The rest is the codec's.

Served in this order: a web page's permission, the path, the token, the body. Nothing is read of whom nobody knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from hardware.interfaces import DeviceError
from terminal import __version__
from terminal.register.http import problems
from terminal.register.http.forms import LONGEST_WAIT_S, Paired, PairingForm, Printed, PrintForm
from terminal.register.http.frames import Answer, Call
from terminal.register.http.openapi import document
from terminal.register.http.operations import BY_SERVER, Operation, find_operation, methods_of
from terminal.register.http.paper import lines_on_paper
from terminal.register.http.problems import Code, problem
from terminal.register.http.programs import TooManyPrograms
from terminal.register.http.requests import Unreadable, read_form
from terminal.system.audit import audit
from terminal.system.shown import shown

if TYPE_CHECKING:
    from terminal.register.http.port import HttpPort

LONGEST_BODY = 4 * 1024
LONGEST_PRINT_BODY = 64 * 1024
AT_ONCE_S = 0.05
LONGEST_ANSWER_S = LONGEST_WAIT_S + 15.0
PRINT_S = 30.0
HEARTBEAT_S = 15.0
PREFLIGHT_S = 600
JSON = "application/json"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

log = logging.getLogger(__name__)


class Refused(Exception):
    """The request is answered with this problem."""

    def __init__(self, code: Code, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.problem = problem(code, detail)
        self.headers = dict(headers or {})


class NotAnswered(Exception):
    """The terminal has said nothing in time, or is stopping."""


class Application:
    """ASGI."""

    def __init__(self, port: HttpPort) -> None:
        self._port = port
        self._reference: bytes | None = None
        self._pairing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        origin = Headers(scope=scope).get("origin", "")
        is_allowed = origin.lower() in self._port.origins

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and is_allowed:
                ours = (("access-control-allow-origin", origin), ("vary", "Origin"))
                message["headers"] = [*message["headers"], *((a.encode(), b.encode("latin-1")) for a, b in ours)]
            await send(message)

        request = Request(scope, receive)
        try:
            if origin and not is_allowed:
                raise Refused(
                    Code.ORIGIN, "this web page may not call the terminal: name its origin in http.allowed_origins"
                )
            response = await self._respond(request)
        except Refused as refused:
            response = _problem(refused)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a register program's request failed")
            response = _problem(Refused(Code.FAILED, "the terminal's log says why"))
        with contextlib.suppress(ClientDisconnect):
            await response(scope, receive, send_with_headers)

    async def _respond(self, request: Request) -> Response:
        method, path = request.method, request.url.path
        if {"content-length", "transfer-encoding"} <= set(request.headers):  # a proxy may see two requests in it
            both = "send Content-Length or Transfer-Encoding, not both"
            raise Refused(Code.SYNTAX, both, {"Connection": "close"})
        if method == "OPTIONS" and "access-control-request-method" in request.headers:
            return _preflight(request)
        found = find_operation(method, path)
        if isinstance(found, Code):
            known = methods_of(path)
            allow = {"Allow": ", ".join([*known, "OPTIONS"])} if known else {}
            raise Refused(found, "" if known else f"there is nothing at {shown(path, 100)}: see /openapi.json", allow)
        operation = found.operation
        program = "" if operation.is_open else self._program(request)
        body = await _body(request, LONGEST_PRINT_BODY if operation.name == "print_lines" else LONGEST_BODY)
        if operation.name not in BY_SERVER:
            return await self._ask(request, _call(request, program, body))
        try:
            return await self._serve(operation, program, body)
        except Unreadable as error:
            raise Refused(error.code, str(error)) from error

    def _program(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        name = self._port.programs.name_of(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            detail = "send the header Authorization: Bearer TOKEN, with the token that POST /v1/pair has answered"
            raise Refused(Code.TOKEN, detail, {"WWW-Authenticate": "Bearer"})
        return name

    async def _ask(self, request: Request, call: Call) -> Response:
        """Unless the caller hangs up meanwhile, which is watched where the answer takes a while."""
        try:
            with self._port.asked(call) as asking:
                await asyncio.wait({asking}, timeout=AT_ONCE_S)
                if not asking.done():
                    await self._wait_for(asking, request)
                return _answered(await asking)
        except NotAnswered as error:
            raise Refused(Code.UNAVAILABLE, "the terminal does not answer: ask again with the same key") from error

    async def _wait_for(self, asking: asyncio.Future[Answer], request: Request) -> None:
        """Raises ClientDisconnect, NotAnswered."""
        leaving = asyncio.ensure_future(_until_gone(request))
        both: set[asyncio.Future[Any]] = {asking, leaving}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED, timeout=LONGEST_ANSWER_S)
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        if asking not in done:
            raise ClientDisconnect if leaving in done else NotAnswered

    async def _serve(self, operation: Operation, program: str, body: str) -> Response:
        """What needs no counter. Raises Refused, Unreadable."""
        match operation.name:
            case "pair":
                return await self._pair(read_form(body, PairingForm, operation))
            case "print_lines":
                return await self._print(read_form(body, PrintForm, operation))
            case "events":
                if not self._port.may_listen:
                    raise Refused(Code.TOO_MANY, "too many programs listen already")
                return StreamingResponse(self._events(program), media_type="text/event-stream", headers=_HEADERS)
        if self._reference is None:
            self._reference = msgspec.json.encode(document(__version__))
        return Response(self._reference, media_type=JSON, headers=_HEADERS)

    async def _pair(self, form: PairingForm) -> Response:
        name = " ".join("".join(char if char.isprintable() else " " for char in form.name).split())
        if not name:
            raise Refused(Code.SYNTAX, "name the program, such as the till on which it runs")
        async with self._pairing:
            try:
                token = await asyncio.to_thread(self._port.programs.pair, form.code, name)
            except TooManyPrograms as error:
                raise Refused(Code.TOO_MANY, "too many programs: netgiro-terminal pair --revoke NAME") from error
        if token is None:
            raise Refused(
                Code.PAIRING, "this code is not good, or not any more: ask the terminal for a new one (menu, or pair)"
            )
        audit(f"register program {name}", "its pairing code", "paired")
        paired = Paired(
            token=token,
            name=name,
            terminal=self._port.terminal_id,
            certificate_sha256=self._port.certificate_sha256 or None,
        )
        return _json(msgspec.json.encode(paired))

    async def _print(self, form: PrintForm) -> Response:
        paper = lines_on_paper(form.lines, self._port.columns, cut=form.cut)
        try:
            async with asyncio.timeout(PRINT_S):
                await self._port.print_now(paper)
        except (DeviceError, TimeoutError) as error:
            raise Refused(Code.PRINTER, str(error) or "the printer takes too long") from error
        return _json(msgspec.json.encode(Printed(lines=len(paper) - form.cut)))

    async def _events(self, program: str) -> AsyncIterator[bytes]:
        """At first how the terminal is, and what goes on; then every change."""
        with self._port.listening() as listener:
            yield b"retry: 1000\n\n"
            with contextlib.suppress(NotAnswered):
                async for name, data in self._now(program):
                    yield _event(name, data)
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        event = await listener.get()
                except TimeoutError:
                    if not self._port.programs.knows(program):
                        return
                    yield b": still here\n\n"
                    continue
                if event is None or not self._port.programs.knows(program):  # the end, or revoked meanwhile
                    return
                yield _event(event.name, bytes(event.body))

    async def _now(self, program: str) -> AsyncIterator[tuple[str, bytes]]:
        status = await self._port.ask(Call(number=0, program=program, method="GET", path="/v1/status"))
        yield "status", bytes(status.body)
        going_on = msgspec.json.decode(status.body).get("open")
        for kind in ("payment", "refund") if going_on else ():
            asked = Call(number=0, program=program, method="GET", path=f"/v1/{kind}s/{going_on}")
            found = await self._port.ask(asked)
            if found.status == 200:
                yield kind, bytes(found.body)


def _preflight(request: Request) -> Response:
    """A page that is allowed to call asks first; Chrome also whether it may call into a local network."""
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
        "Access-Control-Max-Age": str(PREFLIGHT_S),
    }
    for network in ("Private", "Local"):
        if request.headers.get(f"access-control-request-{network.lower()}-network") == "true":
            headers[f"Access-Control-Allow-{network}-Network"] = "true"
    return Response(status_code=204, headers=headers)


def _call(request: Request, program: str, body: str) -> Call:
    keys = request.headers.getlist("idempotency-key")
    if len(keys) > 1:
        raise Refused(Code.KEY, "send one Idempotency-Key")
    query = QueryParams(request.scope["query_string"])
    if len(query.multi_items()) > len(query):
        raise Refused(Code.SYNTAX, "each name may stand once in the query")
    return Call(
        number=0,
        program=program,
        method=request.method,
        path=request.url.path,
        query=dict(query),
        key=keys[0] if keys else None,
        body=body,
    )


async def _body(request: Request, longest: int) -> str:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            raise Refused(Code.TOO_LONG, f"the body is longer than {longest} bytes", {"Connection": "close"})
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused(Code.SYNTAX, "the body is not UTF-8") from error


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answered(answer: Answer) -> Response:
    media_type = JSON if answer.status < 400 else problems.MEDIA_TYPE
    return Response(bytes(answer.body), answer.status, media_type=media_type, headers=_HEADERS)


def _json(body: bytes) -> Response:
    return Response(body, media_type=JSON, headers=_HEADERS)


def _problem(refused: Refused) -> Response:
    body, headers = msgspec.json.encode(refused.problem), {**_HEADERS, **refused.headers}
    return Response(body, refused.problem.status, media_type=problems.MEDIA_TYPE, headers=headers)


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
