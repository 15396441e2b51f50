"""A request of somebody who has logged in, its form, and how it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from terminal.office.page.render import Frame
from terminal.office.server.database import Connection

MAX_FORM_BYTES = 32 * 1024
"""A document of settings takes up to three bytes a letter."""
LONGEST_FIELD = 100

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers post a form with "Origin: null"
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Visit(NamedTuple):
    """A request of somebody who has logged in."""

    request: Request
    connection: Connection
    frame: Frame

    @property
    def name(self) -> str:
        assert self.frame.visitor is not None
        return self.frame.visitor.name

    def given(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()[:LONGEST_FIELD]


Page = Callable[[Visit], Awaitable[Response]]


async def form_of(request: Request) -> dict[str, str]:
    """Its first values. An overlong one is none."""
    body = await _bounded_body(request)
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20) if body else {}
    return {name: values[0].replace("\0", "") for name, values in fields.items()}


async def _bounded_body(request: Request) -> bytes:
    known = getattr(request.state, "body", None)
    if known is None:
        known = b""
        async for chunk in request.stream():
            known += chunk
            if len(known) > MAX_FORM_BYTES:
                known = b""
                break
        request.state.body = known
    return bytes(known)


def html(page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, HEADERS)


def redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, HEADERS)
