"""One call over HTTP, whichever API it belongs to: the caller is checked, the work done, and the next fault happens.

A dialect is what the APIs do not share: how a caller is known, what a call's name and answer look like, what is signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from terminal.netgiro.sandbox.broken import Dropped
from terminal.netgiro.sandbox.faults import DROPPED_BEFORE, NEEDS_PAYMENT_INFO, Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.signing import CredentialsRefused, SignedBody
from terminal.netgiro.sandbox.spoiling import names_payment, spoiled

MAX_BODY_BYTES = 64 * 1024

Answer = tuple[int, Any]
"""The HTTP status and the JSON: an object, or a list of them."""


class BodyTooLong(ValueError):
    """The request's body is longer than that of any genuine call."""


class Dialect(Protocol):
    """One of Netgíró's APIs."""

    def check_caller(self, sandbox: Sandbox, request: Request, body: bytes) -> None:
        """Raise CredentialsRefused unless it is the provider."""

    def perform(self, sandbox: Sandbox, call: str, request: Request, body: bytes) -> Answer:
        """Carry it out: the HTTP status and the answer."""

    def refuse(self, status: int, message: str) -> Answer:
        """A call that did nothing."""

    def fault_answer(self, call: str, fault: Fault) -> Answer | None:
        """What this fault has the call answer instead of being carried out; None: it does not do that."""

    def sign(self, sandbox: Sandbox, request: Request, body: bytes) -> SignedBody:
        """The body with its headers."""


async def read_body(request: Request) -> bytes:
    """The whole body. Raises BodyTooLong, or ClientDisconnect if the caller went away."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLong(f"The body is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


class Call(NamedTuple):
    """One call that has arrived whole."""

    sandbox: Sandbox
    dialect: Dialect
    name: str
    request: Request
    body: bytes


async def serve(sandbox: Sandbox, dialect: Dialect, name: str, request: Request) -> Response:
    """One call, spoiled by the next fault if there is one for it."""
    was_idle_s = sandbox.connections.idle_s(request.client)
    try:
        call = Call(sandbox, dialect, name, request, await read_body(request))
    except BodyTooLong as error:
        status, answer = dialect.refuse(413, str(error))
        return JSONResponse(answer, status)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it
    sandbox.foresee(name, call.body)
    fault = sandbox.faults.next_for(name)
    if fault is None or (fault.fault == "stale" and was_idle_s < fault.delay_s):
        return _respond(call, _answer(call, None), None)
    return await _spoiled(call, fault)


async def _spoiled(call: Call, fault: Fault) -> Response:
    sandbox, kind = call.sandbox, fault.fault
    if kind not in NEEDS_PAYMENT_INFO:
        sandbox.faults.use(fault)
    if kind in DROPPED_BEFORE:
        return Dropped()
    if kind == "http_500_before":
        return _server_error()
    if kind == "slow_before":
        await sandbox.sleep(fault.delay_s)
    answer = _answer(call, fault)
    if kind in NEEDS_PAYMENT_INFO and names_payment(answer[1]):
        sandbox.faults.use(fault)
    if kind == "slow":
        await sandbox.sleep(fault.delay_s)
    if kind == "lost_after":
        return Dropped()
    if kind == "http_500_after":
        return _server_error()
    return _respond(call, answer, fault)


def _answer(call: Call, fault: Fault | None) -> Answer:
    """The call's HTTP status and answer; it is only carried out for the provider."""
    dialect = call.dialect
    try:
        if fault is not None and fault.fault == "unauthorized":
            raise CredentialsRefused(401, "The credentials are not accepted, as the faults asked for.")
        dialect.check_caller(call.sandbox, call.request, call.body)
    except CredentialsRefused as error:
        return dialect.refuse(error.status, str(error))
    if fault is not None and (instead := dialect.fault_answer(call.name, fault)) is not None:
        return instead
    with _troubled(call.sandbox, fault):
        return dialect.perform(call.sandbox, call.name, call.request, call.body)


@contextmanager
def _troubled(sandbox: Sandbox, fault: Fault | None) -> Iterator[None]:
    """Carry out a call while the service itself is not well."""
    kind = fault.fault if fault else ""
    if kind == "drops_reservation":
        sandbox.book.end_reservations()
    sandbox.book.lags = kind == "lags"
    try:
        yield
    finally:
        sandbox.book.lags = False


def _respond(call: Call, answer: Answer, fault: Fault | None) -> Response:
    status, said = answer
    signed = spoiled(fault, said, lambda body: call.dialect.sign(call.sandbox, call.request, body))
    if fault is not None and fault.fault == "truncated":
        return Dropped(signed.body[: len(signed.body) // 2], len(signed.body), signed.headers)
    return Response(signed.body, status, signed.headers, media_type="application/json; charset=utf-8")


def _server_error() -> Response:
    return HTMLResponse("<html><body><h1>Server Error in '/' Application.</h1></body></html>", 500)
