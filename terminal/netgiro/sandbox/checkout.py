"""Netgíró's four calls over HTTP: the signature is checked, the work done, and the next fault made to happen."""

from __future__ import annotations

from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from terminal.netgiro.sandbox.answers import coded_answer, refusal
from terminal.netgiro.sandbox.broken import Dropped
from terminal.netgiro.sandbox.faults import CALLS, DROPPED_BEFORE, NEEDS_PAYMENT_INFO, Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.settings import ResultCode
from terminal.netgiro.sandbox.signing import NONCE_WAS_USED, CredentialsRefused
from terminal.netgiro.sandbox.spoiling import spoiled

MAX_BODY_BYTES = 64 * 1024


class BodyTooLong(ValueError):
    """The request's body is longer than that of any genuine call."""


async def read_body(request: Request) -> bytes:
    """The whole body. Raises BodyTooLong, or ClientDisconnect if the caller went away."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLong(f"The body is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


async def no_such_call(request: Request) -> Response:
    """Anything else under /v1: say what there is."""
    there_is = ", ".join(f"/v1/Checkout/{call}" for call in CALLS)
    return JSONResponse(refusal(ResultCode.BAD_REQUEST, f"There is nothing here. POST to one of {there_is}."), 404)


async def checkout(sandbox: Sandbox, call: str, request: Request) -> Response:
    """One of the four calls, spoiled by the next fault if there is one for it."""
    try:
        body = await read_body(request)
    except BodyTooLong as error:
        return JSONResponse(refusal(ResultCode.BAD_REQUEST, str(error)), 413)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it
    sandbox.foresee(call, body)
    fault = sandbox.faults.next_for(call)
    if fault is None:
        status, answer = _authenticated(sandbox, call, request, body)
        return _signed(sandbox, request, status, answer, None)
    return await _spoiled_checkout(sandbox, call, request, body, fault)


async def _spoiled_checkout(sandbox: Sandbox, call: str, request: Request, body: bytes, fault: Fault) -> Response:
    kind = fault.fault
    if kind not in NEEDS_PAYMENT_INFO:
        sandbox.faults.use(fault)
    if kind in DROPPED_BEFORE:
        return Dropped()
    if kind == "http_500_before":
        return _server_error()
    if kind == "slow_before":
        await sandbox.sleep(fault.seconds)
    status, answer = _authenticated(sandbox, call, request, body, fault)
    if kind in NEEDS_PAYMENT_INFO and answer.get("PaymentInfo"):
        sandbox.faults.use(fault)
    if kind == "slow":
        await sandbox.sleep(fault.seconds)
    if kind == "lost_after":
        return Dropped()
    if kind == "http_500_after":
        return _server_error()
    return _signed(sandbox, request, status, answer, fault)


def _authenticated(
    sandbox: Sandbox, call: str, request: Request, body: bytes, fault: Fault | None = None
) -> tuple[int, dict[str, Any]]:
    """The call's HTTP status and answer; it is only carried out for the provider."""
    try:
        if fault is not None and fault.fault == "nonce_refused":
            raise CredentialsRefused(400, NONCE_WAS_USED)
        sandbox.gatekeeper.check(request.headers, _called_url(sandbox, request), body)
    except CredentialsRefused as error:
        return error.status, refusal(ResultCode.BAD_REQUEST, str(error))
    if fault is not None and fault.fault == "result_code":
        return 200, coded_answer(call, fault.code)
    return sandbox.perform(call, body)


def _signed(sandbox: Sandbox, request: Request, status: int, answer: dict[str, Any], fault: Fault | None) -> Response:
    url = _called_url(sandbox, request)
    signed = spoiled(fault, answer, lambda body: sandbox.sign(url, body))
    if fault is not None and fault.fault == "truncated":
        return Dropped(signed.body[: len(signed.body) // 2], len(signed.body), signed.headers)
    return Response(signed.body, status, signed.headers, media_type="application/json; charset=utf-8")


def _server_error() -> Response:
    return HTMLResponse("<html><body><h1>Server Error in '/' Application.</h1></body></html>", 500)


def _called_url(sandbox: Sandbox, request: Request) -> str:
    """The URL as the client wrote it: the signature is made over exactly that string."""
    scope = request.scope
    path: bytes = scope.get("raw_path") or request.url.path.encode()
    target = path + b"?" + scope["query_string"] if scope["query_string"] else path
    base = sandbox.public_base_url or f"{scope['scheme']}://{request.headers.get('host', '')}"
    return base + target.decode("latin-1")
