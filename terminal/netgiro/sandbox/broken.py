"""Connections that do not hold: one that was idle for too long, one that is closed before the answer is complete."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MOST_CONNECTIONS = 1000

_dropping: contextvars.ContextVar[bool] = contextvars.ContextVar("dropping", default=False)


class ConnectionDropped(httpx.RemoteProtocolError):
    """Ends a request without a complete answer.

    uvicorn closes the TCP connection when the application fails after the first bytes of an answer. A client on
    httpx.ASGITransport gets the exception itself; it is what httpx raises for a connection that closes too early.
    """


class Dropped(Response):
    """Promises a body, sends the beginning of it (maybe nothing), and drops the connection."""

    def __init__(
        self, beginning: bytes = b"", promised_bytes: int = 2, headers: Mapping[str, str] | None = None
    ) -> None:
        self.beginning = beginning
        self.sent_headers = {
            **(headers or {}),
            "content-type": "application/json",
            "content-length": str(promised_bytes),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _keep_server_log_quiet()
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.sent_headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        await send({"type": "http.response.body", "body": self.beginning, "more_body": True})
        _dropping.set(True)
        raise ConnectionDropped("The sandbox dropped the connection, as its faults asked for.")


def _not_dropping(record: logging.LogRecord) -> bool:
    return not _dropping.get()


def _keep_server_log_quiet() -> None:
    """uvicorn reports the exception in the request's own context, where alone the flag is up."""
    logging.getLogger("uvicorn.error").addFilter(_not_dropping)  # adding it again changes nothing


class Connections:
    """How long each connection has been idle."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_used_s: dict[Any, float] = {}

    def idle_s(self, client: Any) -> float:
        """How long nothing has come over this one; a new one was not idle. Notes that something comes now."""
        now_s = self._clock()
        before_s = self._last_used_s.pop(client, now_s)
        self._last_used_s[client] = now_s
        while len(self._last_used_s) > MOST_CONNECTIONS:
            self._last_used_s.pop(next(iter(self._last_used_s)))
        return now_s - before_s
