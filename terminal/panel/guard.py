"""Keeps other people's web sites away from the panel.

Any page in the same browser can send requests to a loopback port. Three checks stop it:

* ``Host`` must be a loopback name. This finds a foreign name that was made to point here ("DNS rebinding").
* ``Origin`` must be our own if there is one. Browsers add it to every foreign request that could do or read anything.
* ``Sec-Fetch-Site`` must not name another site, except for a link to a page. Browsers add it also to pictures and
  scripts that a foreign page embeds.

Behind a password any ``Host`` is accepted: the session's cookie belongs to the name under which it was given.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)

PAGES = ("/", "/login")
"""What a link on another site may lead to."""

_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: refuses what does not come from this machine's own pages or programs."""

    def __init__(self, app: ASGIApp, loopback_only: bool = True) -> None:
        self._app = app
        self._loopback_only = loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        problem = _problem(headers, self._loopback_only) or _embedding_problem(scope, headers)
        if problem is None:
            await self._app(scope, receive, send_with_headers)
        else:
            await JSONResponse({"error": problem}, 403)(scope, receive, send_with_headers)


def _problem(headers: Headers, loopback_only: bool) -> str | None:
    """Why the request is refused; None for one that may pass."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or (loopback_only and not _LOOPBACK_HOST.fullmatch(hosts[0])):
        return "This panel answers under localhost, 127.0.0.1 or [::1] only: use one of them in the address."
    own = (f"http://{hosts[0].lower()}", f"https://{hosts[0].lower()}")
    if any(origin.lower() not in own for origin in headers.getlist("origin")):
        return "This panel takes requests from its own page and from programs, not from other web pages."
    return None


def _embedding_problem(scope: Scope, headers: Headers) -> str | None:
    """For a request that a page of another site makes. Programs do not send the header."""
    if all(site in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
        return None
    follows_link = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if follows_link and headers.get("sec-fetch-dest") == "document" and scope["path"] in PAGES:
        return None
    return "This panel takes requests from its own page and from programs, not from other web pages."
