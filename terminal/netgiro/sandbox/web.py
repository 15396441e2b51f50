"""The sandbox as a web application: Netgíró's APIs under /v1, /v2 and /partner, everything else under /sandbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from terminal.netgiro.sandbox import checkout, v2
from terminal.netgiro.sandbox.control import control_routes, show_page
from terminal.netgiro.sandbox.dialect import Dialect, serve
from terminal.netgiro.sandbox.faults import V1_CALLS, V1_LOOK_UP
from terminal.netgiro.sandbox.service import Sandbox

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def create_app(sandbox: Sandbox) -> Starlette:
    """The sandbox as a server of its own, its page at the root; shutting it down ends the sandbox's callbacks."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.aclose()

    return Starlette(routes=[Route("/", show_page), *sandbox_routes(sandbox)], lifespan=lifespan)


def sandbox_routes(sandbox: Sandbox) -> list[BaseRoute]:
    """The routes alone, for an application that serves more than the sandbox and calls ``sandbox.aclose()`` itself."""
    return [
        *(_route(sandbox, checkout.V1, "POST", f"/v1/Checkout/{call}", call) for call in V1_CALLS),
        _route(sandbox, checkout.V1, "GET", "/v1/Payment/Get", V1_LOOK_UP),
        _route(sandbox, v2.V2, "POST", "/v2/checkout/payment", "payment"),
        _route(sandbox, v2.V2, "GET", "/v2/checkout/status/{transaction_id}", "status"),
        _route(sandbox, v2.V2, "GET", "/v2/transaction/details/{transaction_id}", "details"),
        *(_route(sandbox, v2.V2, "POST", f"/v2/transaction/{call}", call) for call in ("capture", "cancel", "refund")),
        _route(sandbox, v2.V2, "GET", "/v2/settlement/list", "settlements"),
        _route(sandbox, v2.V2, "GET", "/v2/settlement/items/{transaction_id}", "settlement_items"),
        _route(sandbox, v2.PARTNER, "POST", "/partner/refund", "refund"),
        _route(sandbox, v2.PARTNER, "GET", "/partner/transaction/{transaction_id}", "details"),
        Route("/v1/{rest:path}", checkout.no_such_call, methods=METHODS),
        Route("/v2/{rest:path}", v2.no_such_call, methods=METHODS),
        Route("/partner/{rest:path}", v2.no_such_call, methods=METHODS),
        *control_routes(sandbox),
    ]


def _route(sandbox: Sandbox, dialect: Dialect, method: str, path: str, call: str) -> Route:
    return _AnyCaseRoute(path, partial(serve, sandbox, dialect, call), methods=[method])


class _AnyCaseRoute(Route):
    """A route whose path may be written in any case, as on Netgíró's own server."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)
