"""The sandbox's HTTP face: Netgíró's API under /v1, the customer's phone and the faults under /sandbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from terminal.netgiro.sandbox import answers
from terminal.netgiro.sandbox.book import Cart, OutOfTurn, UnknownCart
from terminal.netgiro.sandbox.broken import Dropped
from terminal.netgiro.sandbox.faults import CALLS, DROPPED_BEFORE, HELP, NEEDS_PAYMENT_INFO, Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.settings import DeclineCode, ResultCode
from terminal.netgiro.sandbox.signing import CredentialsRefused
from terminal.netgiro.sandbox.spoiling import spoiled

MAX_BODY_BYTES = 64 * 1024
DEFAULT_LIST_LENGTH = 100
JSON_TYPE = "application/json; charset=utf-8"

Endpoint = Callable[[Sandbox, Request], Awaitable[Response]]


def create_app(sandbox: Sandbox) -> Starlette:
    """The sandbox as a server of its own; its shutdown ends the sandbox's callbacks."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.aclose()

    page = Route("/", partial(_show_page, sandbox), methods=["GET"], name="sandbox-root")
    return Starlette(routes=[page, *sandbox_routes(sandbox)], lifespan=lifespan)


def sandbox_routes(sandbox: Sandbox) -> list[BaseRoute]:
    """The routes alone, for an application that serves more than the sandbox and calls ``sandbox.aclose()`` itself."""
    calls = [
        _AnyCaseRoute(f"/v1/Checkout/{call}", partial(_checkout, sandbox, call), methods=["POST"]) for call in CALLS
    ]

    def route(method: str, path: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(_answering_errors, endpoint, sandbox), methods=[method])

    return [
        *calls,
        Route("/sandbox", partial(_show_page, sandbox), methods=["GET"]),
        route("GET", "/sandbox/carts", _list_carts),
        route("DELETE", "/sandbox/carts", _clear_carts),
        route("POST", "/sandbox/carts/{transaction_id}/accept", _accept),
        route("POST", "/sandbox/carts/{transaction_id}/reject", _reject),
        route("GET", "/sandbox/ledger", _list_ledger),
        route("POST", "/sandbox/appcodes", _issue_app_code),
        route("GET", "/sandbox/faults", _show_faults),
        route("PUT", "/sandbox/faults", _replace_faults),
        route("DELETE", "/sandbox/faults", _clear_faults),
        route("GET", "/sandbox/settings", _show_settings),
        route("PUT", "/sandbox/settings", _change_settings),
    ]


class _AnyCaseRoute(Route):
    """A route whose path may be written in any case, as on Netgíró's own server."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


# Netgíró's API


async def _checkout(sandbox: Sandbox, call: str, request: Request) -> Response:
    """One of the four calls, spoiled by the next fault if there is one for it."""
    try:
        body = await _read_body(request)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it
    except ValueError as error:
        return JSONResponse(answers.refusal(ResultCode.BAD_REQUEST, str(error)), 413)
    fault = sandbox.faults.take(call)
    if fault is not None:
        sandbox.changed()
        return await _checkout_with_fault(sandbox, call, request, body, fault)
    status, answer = _authenticated(sandbox, call, request, body)
    return _signed(sandbox, request, status, answer, None)


async def _checkout_with_fault(sandbox: Sandbox, call: str, request: Request, body: bytes, fault: Fault) -> Response:
    kind = fault.fault
    if kind in DROPPED_BEFORE:
        return Dropped()
    if kind == "http_500_before":
        return _server_error()
    if kind == "slow_before":
        await sandbox.sleep(fault.seconds)
    status, answer = _authenticated(sandbox, call, request, body, fault)
    if kind in NEEDS_PAYMENT_INFO and not answer.get("PaymentInfo"):
        sandbox.faults.give_back(fault)
        sandbox.changed()
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
            raise CredentialsRefused(400, "netgiro_nonce was used before: send a new one with every call.")
        sandbox.gatekeeper.check(request.headers, _called_url(sandbox, request), body)
    except CredentialsRefused as error:
        return error.status, answers.refusal(ResultCode.BAD_REQUEST, str(error))
    if fault is not None and fault.fault == "result_code":
        return 200, answers.coded_answer(call, fault.code)
    return sandbox.perform(call, body)


def _signed(sandbox: Sandbox, request: Request, status: int, answer: dict[str, Any], fault: Fault | None) -> Response:
    url = _called_url(sandbox, request)
    signed = spoiled(fault, answer, lambda body: sandbox.sign(url, body))
    if fault is not None and fault.fault == "truncated":
        return Dropped(signed.body[: len(signed.body) // 2], len(signed.body), signed.headers)
    return Response(signed.body, status, signed.headers, media_type=JSON_TYPE)


def _server_error() -> Response:
    return HTMLResponse("<html><body><h1>Server Error in '/' Application.</h1></body></html>", 500)


def _called_url(sandbox: Sandbox, request: Request) -> str:
    """The URL as the client wrote it: the signature is made over exactly that string."""
    scope = request.scope
    path = scope.get("raw_path") or request.url.path.encode()
    query = scope["query_string"]
    target = (path + b"?" + query if query else path).decode("latin-1")
    if sandbox.public_base_url:
        return sandbox.public_base_url + target
    return f"{scope['scheme']}://{request.headers.get('host', '')}{target}"


# The customer's phone, the ledger, faults and settings


async def _answering_errors(endpoint: Endpoint, sandbox: Sandbox, request: Request) -> Response:
    """Errors of the control interface as JSON with a reason."""
    try:
        return await endpoint(sandbox, request)
    except UnknownCart as error:
        return JSONResponse({"error": str(error)}, 404)
    except OutOfTurn as error:
        return JSONResponse({"error": str(error)}, 409)
    except (LookupError, ValueError) as error:
        return JSONResponse({"error": str(error)}, 400)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it


async def _list_carts(sandbox: Sandbox, request: Request) -> Response:
    sandbox.settle_due()
    wanted = request.query_params.get("limit", str(DEFAULT_LIST_LENGTH))
    if not re.fullmatch(r"\d{1,6}", wanted, re.ASCII):
        raise ValueError("limit is a whole number of carts, for example ?limit=20.")
    return JSONResponse(sandbox.carts(int(wanted)))


async def _clear_carts(sandbox: Sandbox, request: Request) -> Response:
    sandbox.clear()
    return JSONResponse([])


async def _accept(sandbox: Sandbox, request: Request) -> Response:
    return _cart_response(sandbox, sandbox.accept(request.path_params["transaction_id"]))


class _Rejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: DeclineCode | None = None


async def _reject(sandbox: Sandbox, request: Request) -> Response:
    rejection = await _read(request, _Rejection)
    return _cart_response(sandbox, sandbox.reject(request.path_params["transaction_id"], rejection.code))


def _cart_response(sandbox: Sandbox, cart: Cart) -> Response:
    return JSONResponse(sandbox.cart_row(cart))


async def _list_ledger(sandbox: Sandbox, request: Request) -> Response:
    sandbox.settle_due()
    return JSONResponse(sandbox.ledger())


class _AppCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kennitala: Annotated[str, msgspec.Meta(max_length=20)] | None = None


async def _issue_app_code(sandbox: Sandbox, request: Request) -> Response:
    wanted = await _read(request, _AppCodeRequest)
    code, expires_s = sandbox.book.issue_app_code(wanted.kennitala)
    return JSONResponse(answers.app_code_row(code, expires_s), 201)


async def _show_faults(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse({"faults": [msgspec.to_builtins(fault) for fault in sandbox.faults], "help": HELP})


async def _replace_faults(sandbox: Sandbox, request: Request) -> Response:
    body = await _read_body(request)
    faults = answers.decode(body, list[Fault]) if body.lstrip()[:1] == b"[" else [answers.decode(body, Fault)]
    sandbox.faults.replace(faults)
    sandbox.changed()
    return await _show_faults(sandbox, request)


async def _clear_faults(sandbox: Sandbox, request: Request) -> Response:
    sandbox.faults.replace([])
    sandbox.changed()
    return await _show_faults(sandbox, request)


async def _show_settings(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse(msgspec.to_builtins(sandbox.settings))


async def _change_settings(sandbox: Sandbox, request: Request) -> Response:
    sandbox.change_settings(answers.decode(await _read_body(request), dict[str, Any]))
    return await _show_settings(sandbox, request)


async def _show_page(sandbox: Sandbox, request: Request) -> Response:
    return HTMLResponse(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))


# Reading requests


async def _read_body(request: Request) -> bytes:
    """The whole body. Raises ValueError if it is longer than any genuine call."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"The body is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


async def _read(request: Request, form: type[answers.Form]) -> answers.Form:
    """The body as one of the forms, all of whose fields may be left out, and the body with them."""
    return answers.decode(await _read_body(request) or b"{}", form)
