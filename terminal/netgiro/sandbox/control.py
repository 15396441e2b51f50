"""/sandbox/...: the customer's phone, the ledger, faults and settings. Errors are JSON with a reason."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache, partial
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from terminal.netgiro.sandbox.answers import Form, app_code_row, decode
from terminal.netgiro.sandbox.carts import OutOfTurn, UnknownCart
from terminal.netgiro.sandbox.dialect import BodyTooLong, read_body
from terminal.netgiro.sandbox.faults import HELP, Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.settings import DeclineCode

DEFAULT_LIST_LENGTH = 100

Endpoint = Callable[[Sandbox, Request], Awaitable[Response]]


def control_routes(sandbox: Sandbox) -> list[Route]:
    """Everything under /sandbox."""

    def route(method: str, path: str, endpoint: Endpoint) -> Route:
        return Route(f"/sandbox{path}", partial(_answering_errors, endpoint, sandbox), methods=[method])

    return [
        Route("/sandbox", show_page, methods=["GET"]),
        route("GET", "/carts", _list_carts),
        route("DELETE", "/carts", _clear_carts),
        route("POST", "/carts/{transaction_id}/accept", _accept),
        route("POST", "/carts/{transaction_id}/reject", _reject),
        route("POST", "/carts/{transaction_id}/settle", _settle),
        route("GET", "/ledger", _list_ledger),
        route("GET", "/refunds", _list_refunds),
        route("POST", "/appcodes", _issue_app_code),
        route("GET", "/faults", _show_faults),
        route("PUT", "/faults", _replace_faults),
        route("DELETE", "/faults", _clear_faults),
        route("GET", "/settings", _show_settings),
        route("PUT", "/settings", _change_settings),
    ]


async def show_page(request: Request) -> Response:
    """The page for use by hand."""
    return HTMLResponse(_page())


@cache
def _page() -> str:
    return files("terminal.netgiro.sandbox").joinpath("page.html").read_text(encoding="utf-8")


async def _answering_errors(endpoint: Endpoint, sandbox: Sandbox, request: Request) -> Response:
    try:
        return await endpoint(sandbox, request)
    except UnknownCart as error:
        return JSONResponse({"error": str(error)}, 404)
    except OutOfTurn as error:
        return JSONResponse({"error": str(error)}, 409)
    except BodyTooLong as error:
        return JSONResponse({"error": str(error)}, 413)
    except (LookupError, ValueError) as error:
        return JSONResponse({"error": str(error)}, 400)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is left to read it


async def _list_carts(sandbox: Sandbox, request: Request) -> Response:
    sandbox.settle_due()
    limit = request.query_params.get("limit", str(DEFAULT_LIST_LENGTH))
    if not re.fullmatch(r"[0-9]{1,6}", limit):
        raise ValueError("limit is a whole number of carts, for example ?limit=20.")
    return JSONResponse(sandbox.carts(int(limit)))


async def _clear_carts(sandbox: Sandbox, request: Request) -> Response:
    sandbox.clear()
    return JSONResponse([])


async def _accept(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse(sandbox.cart_row(sandbox.accept(request.path_params["transaction_id"])))


class _Rejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: DeclineCode | None = None


async def _reject(sandbox: Sandbox, request: Request) -> Response:
    rejection = await _read_options(request, _Rejection)
    return JSONResponse(sandbox.cart_row(sandbox.reject(request.path_params["transaction_id"], rejection.code)))


async def _list_ledger(sandbox: Sandbox, request: Request) -> Response:
    sandbox.settle_due()
    return JSONResponse(sandbox.ledger())


async def _settle(sandbox: Sandbox, request: Request) -> Response:
    """Netgíró pays it out to the shop: from now on it can only be refunded."""
    return JSONResponse(sandbox.cart_row(sandbox.book.settle(request.path_params["transaction_id"].lower())))


async def _list_refunds(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse(sandbox.refunds())


class _AppCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kennitala: Annotated[str, msgspec.Meta(max_length=20)] | None = None


async def _issue_app_code(sandbox: Sandbox, request: Request) -> Response:
    options = await _read_options(request, _AppCodeRequest)
    return JSONResponse(app_code_row(*sandbox.issue_app_code(options.kennitala)), 201)


async def _show_faults(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse({"faults": msgspec.to_builtins(list(sandbox.faults)), "help": HELP})


async def _replace_faults(sandbox: Sandbox, request: Request) -> Response:
    body = await read_body(request)
    is_list = body.lstrip().startswith(b"[")
    sandbox.faults.replace(decode(body, list[Fault]) if is_list else [decode(body, Fault)])
    return await _show_faults(sandbox, request)


async def _clear_faults(sandbox: Sandbox, request: Request) -> Response:
    sandbox.faults.replace([])
    return await _show_faults(sandbox, request)


async def _show_settings(sandbox: Sandbox, request: Request) -> Response:
    return JSONResponse(msgspec.to_builtins(sandbox.settings))


async def _change_settings(sandbox: Sandbox, request: Request) -> Response:
    sandbox.change_settings(decode(await read_body(request), dict[str, Any]))
    return await _show_settings(sandbox, request)


async def _read_options(request: Request, form: type[Form]) -> Form:
    """A body that may be left out, and each of its fields too."""
    return decode(await read_body(request) or b"{}", form)
