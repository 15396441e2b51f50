"""GET /api/events: server-sent events of every change (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from hardware.interfaces import DeviceError
from terminal.panel.backend import PanelBackend
from terminal.panel.changes import Part, Subscription

HEARTBEAT_S = 15.0
"""A browser, or anything between, must not take a quiet counter for a dead one."""
RECONNECT_MS = 1000


class EventStream:
    """ASGI endpoint. Each event is JSON: ``part`` says what changed, and small things come along as they now are.

    At first there is one event for every part, so a listener needs no other start, also not when it comes back.
    """

    def __init__(self, backend: PanelBackend) -> None:
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._backend.changes.subscribe() as subscription:
            headers = {"Cache-Control": "no-store"}
            stream = StreamingResponse(self._messages(subscription), media_type="text/event-stream", headers=headers)
            await stream(scope, receive, send)

    async def _messages(self, subscription: Subscription) -> AsyncIterator[bytes]:
        yield f"retry: {RECONNECT_MS}\n\n".encode()
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    parts = await subscription.wait()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if not parts:
                return
            for part in parts:
                yield b"data: " + msgspec.json.encode(self._event(part)) + b"\n\n"

    def _event(self, part: Part) -> dict[str, Any]:
        try:
            match part:
                case Part.STATE:
                    return {"part": part, "state": self._backend.state()}
                case Part.REGISTER:
                    return {"part": part, "register": self._backend.register_info()}
                case Part.PRINTER:
                    return {"part": part, "printer": self._backend.printer()}
        except DeviceError as error:  # a device that is missing must not end the news of the others
            return {"part": part, "error": str(error)}
        return {"part": part}
