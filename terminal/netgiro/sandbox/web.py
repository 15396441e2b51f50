"""The sandbox as a web application: Netgíró's API under /v1, everything else under /sandbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from terminal.netgiro.sandbox.checkout import checkout, no_such_call
from terminal.netgiro.sandbox.control import control_routes, show_page
from terminal.netgiro.sandbox.faults import CALLS
from terminal.netgiro.sandbox.service import Sandbox


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
        *(_AnyCaseRoute(f"/v1/Checkout/{call}", partial(checkout, sandbox, call), methods=["POST"]) for call in CALLS),
        Route("/v1/{rest:path}", no_such_call, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        *control_routes(sandbox),
    ]


class _AnyCaseRoute(Route):
    """A route whose path may be written in any case, as on Netgíró's own server."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)
