"""The front panel's HTTP face: ``create_panel`` makes the web application; whoever composes the program serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hardware.interfaces import KEYS, DeviceError
from terminal.panel.answers import FRESH, answer_json, read_form, refusals
from terminal.panel.backend import About, PanelBackend
from terminal.panel.changes import TooManySubscribersError
from terminal.panel.event_stream import EventStream
from terminal.panel.guard import Guard
from terminal.panel.login import Doorkeeper, Login
from terminal.panel.own_user import OwnUser
from terminal.sale.sensitive import Sensitive

MAX_KEYS = 100
MAX_REGISTER_TEXT = 1000
LONGEST_RECEIPT_ID = 9

NOTHING_MORE = About()
NO_PASSWORD = Sensitive("")

_STATIC = Path(__file__).with_name("static")
_PAGE = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def create_panel(
    backend: PanelBackend,
    extra_routes: Sequence[BaseRoute] = (),
    *,
    about: About = NOTHING_MORE,
    password_hash: Sensitive = NO_PASSWORD,
    for_everybody: bool = False,
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """The panel as an ASGI application; ``extra_routes`` are served beside it, behind the same guard.

    ``about`` says what those routes bring, so that the page shows it. With ``password_hash`` nobody gets in without;
    without one the user that the program runs as, and ``for_everybody``, where it is a game, everybody on this machine.

    Call ``backend.changes.close()`` before stopping the web server: it ends the event streams, for which the server
    would otherwise wait.
    """
    panel = _Panel(backend, about)
    return Starlette(
        routes=[
            Route("/", panel.page),
            Route("/api/about", panel.about),
            Route("/api/state", panel.state),
            Route("/api/display.png", panel.display_png),
            Route("/api/keypad", panel.press, methods=["POST"]),
            Route("/api/register", panel.register_info),
            Route("/api/register", panel.register_send, methods=["POST"]),
            Route("/api/register/log", panel.register_log),
            Route("/api/receipts", panel.receipts),
            Route("/api/receipts/{receipt_id}.png", panel.receipt_png),
            Route("/api/receipts/{receipt_id}.bin", panel.receipt_bin),
            Route("/api/printer", panel.printer),
            Route("/api/printer", panel.set_printer, methods=["PUT"]),
            Route("/api/events", EventStream(backend), methods=["GET"]),
            *extra_routes,
            Mount("/static", _PageFiles(directory=_STATIC)),
        ],
        middleware=[*_doors(password_hash, for_everybody), *middleware],
        exception_handlers={
            HTTPException: _http_error,
            ClientDisconnect: _nobody_reads,
            DeviceError: _not_available,
            TooManySubscribersError: _not_available,
            Exception: _server_error,
        },
    )


def _doors(password_hash: Sensitive, for_everybody: bool) -> list[Middleware]:
    if not password_hash:
        return [Middleware(Guard)] if for_everybody else [Middleware(Guard), Middleware(OwnUser)]
    return [Middleware(Guard, loopback_only=False), Middleware(Login, doorkeeper=Doorkeeper(password_hash))]


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: str
    hold: bool = False
    """The last of them stays down for a long press."""


class _RegisterText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    send: str


class _PrinterChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    paper: Literal["ok", "low", "out"] | msgspec.UnsetType = msgspec.UNSET
    online: bool | msgspec.UnsetType = msgspec.UNSET
    cover: Literal["closed", "open"] | msgspec.UnsetType = msgspec.UNSET


class _Panel:
    """The endpoints, in the order of the routes."""

    def __init__(self, backend: PanelBackend, about: About) -> None:
        self._backend = backend
        self._about = about

    async def page(self, request: Request) -> Response:
        return FileResponse(_STATIC / "index.html", headers=_PAGE)

    async def about(self, request: Request) -> Response:
        return answer_json(replace(self._about, versions=await asyncio.to_thread(_versions)))

    async def state(self, request: Request) -> Response:
        return answer_json(self._backend.state())

    async def display_png(self, request: Request) -> Response:
        return Response(await self._backend.display_png(), media_type="image/png", headers=FRESH)

    async def press(self, request: Request) -> Response:
        form = await read_form(request, _Keys)
        with refusals():
            _check_keys(form.keys)
            await self._backend.press(form.keys, hold=form.hold)
        return answer_json({"pressed": len(form.keys)})

    async def register_info(self, request: Request) -> Response:
        return answer_json(self._backend.register_info())

    async def register_send(self, request: Request) -> Response:
        text = (await read_form(request, _RegisterText)).send
        if not 1 <= len(text) <= MAX_REGISTER_TEXT:
            raise HTTPException(400, f"send is {len(text)} characters long; it must be 1 to {MAX_REGISTER_TEXT}")
        with refusals():
            await self._backend.register_send(text)
        return answer_json({"sent": text})

    async def register_log(self, request: Request) -> Response:
        return answer_json(self._backend.register_log())

    async def receipts(self, request: Request) -> Response:
        return answer_json(self._backend.receipts())

    async def receipt_png(self, request: Request) -> Response:
        with refusals():
            png = await self._backend.receipt_png(_receipt_id(request))
        return Response(png, media_type="image/png", headers=FRESH)

    async def receipt_bin(self, request: Request) -> Response:
        with refusals():
            data = self._backend.receipt_bin(_receipt_id(request))
        return Response(data, media_type="application/octet-stream", headers=FRESH)

    async def printer(self, request: Request) -> Response:
        return answer_json(self._backend.printer())

    async def set_printer(self, request: Request) -> Response:
        change = await read_form(request, _PrinterChange)
        fields = ((name, getattr(change, name)) for name in change.__struct_fields__)
        given = {name: value for name, value in fields if value is not msgspec.UNSET}
        if not given:
            raise HTTPException(
                400, "say what to change: paper (ok, low, out), online (true, false), cover (closed, open)"
            )
        with refusals():
            self._backend.set_printer(msgspec.structs.replace(self._backend.printer(), **given))
        return answer_json(self._backend.printer())


class _PageFiles(StaticFiles):
    """The page's files, asked for again each time and answered 304: an update shows at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _receipt_id(request: Request) -> int:
    """Raises LookupError for what cannot be one, however long: Python refuses to read thousands of digits."""
    text = request.path_params["receipt_id"]
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_RECEIPT_ID):
        raise LookupError("no such receipt")
    return int(text)


def _check_keys(keys: str) -> None:
    if not 1 <= len(keys) <= MAX_KEYS:
        raise ValueError(f"keys names {len(keys)} keys; it must be 1 to {MAX_KEYS}")
    unknown = next((key for key in keys if key not in KEYS), None)
    if unknown is not None:
        raise ValueError(f"the keypad has no key {unknown!r}; its keys are {KEYS}")


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status, FRESH)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404 if error.detail == HTTPStatus.NOT_FOUND.phrase:  # the router's own
            return _error(404, f"There is nothing at {request.url.path}.")
        case 405:
            return _error(405, f"{request.url.path} does not take {request.method}.")
    return _error(error.status_code, error.detail)


async def _not_available(request: Request, error: Exception) -> Response:
    return _error(503, str(error))


async def _nobody_reads(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _server_error(request: Request, error: Exception) -> Response:
    return _error(500, "The panel failed. The terminal's log says why.")


def _versions() -> dict[str, str]:
    from terminal.panel.versions import versions  # noqa: PLC0415  a megabyte that few pages are opened for

    return versions()
