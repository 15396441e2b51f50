"""The network between a gateway and the simulated Netgíró, which keeps every request that it carries."""

from __future__ import annotations

from collections.abc import MutableSequence

import httpx

from terminal.netgiro.sandbox import Sandbox, create_app


class Overheard(httpx.ASGITransport):
    """``seen`` gets each request before it is carried."""

    def __init__(self, sandbox: Sandbox, seen: MutableSequence[httpx.Request]) -> None:
        super().__init__(create_app(sandbox), raise_app_exceptions=True)
        self._seen = seen

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._seen.append(request)
        return await super().handle_async_request(request)
