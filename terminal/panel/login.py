"""Lets in only people who know the panel's password, once one is set.

The session is a random cookie. Scripts cannot read it (HttpOnly), and requests from other sites do not carry it
(SameSite=Strict); the guard before this has checked ``Origin``. Sessions end when the program restarts.

Guessing is slow: each guess costs a scrypt. After three wrong guesses from an address, that address waits, longer each
time. Only that address waits, so a guesser locks nobody else out. A browser that was let in before carries a second
cookie that says so, and has its own count of wrong guesses. So the owner gets in even if somebody guesses behind the
same proxy (OWASP's "device cookies"). That cookie opens nothing by itself. It is signed with a key made of the
password's hash, so it is valid after a restart and ends with the password.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from terminal.sale.sensitive import Sensitive
from terminal.system.audit import audit
from terminal.system.password import LONGEST, password_matches

COOKIE, DEVICE_COOKIE = "panel_session", "panel_device"
SESSION_S = 12 * 3600.0
DEVICE_S = 365 * 24 * 3600
MAX_SESSIONS = 20
FREE_GUESSES = 3
LONGEST_PAUSE_S = 300.0
MOST_COUNTED = 500
"""Callers whose wrong guesses are remembered."""
MOST_WAITING = 4
"""Guesses of strangers that wait for each other; a browser that is known has a queue of its own."""
MAX_FORM_BYTES = 4 * LONGEST

OPEN_PATHS = ("/static/panel.css", "/static/favicon.svg")
_PAGE = Path(__file__).with_name("static") / "login.html"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers post a form with "Origin: null"
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

log = logging.getLogger(__name__)


class _Guesses(NamedTuple):
    """Wrong ones of one caller since the last right one."""

    wrong: int = 0
    next_s: float = 0.0


class Doorkeeper:
    """Sessions and guesses. Belongs to one event loop. A caller is an address, or a device that was let in before."""

    def __init__(self, password_hash: Sensitive, clock: Callable[[], float] = time.monotonic) -> None:
        self._password_hash = password_hash
        self._clock = clock
        self._sessions: dict[str, float] = {}
        self._guesses: dict[str, _Guesses] = {}
        self._strangers, self._devices = asyncio.Lock(), asyncio.Lock()
        self._waiting = 0
        self._device_key = hmac.digest(password_hash.reveal().encode(), b"panel device cookie", "sha256")

    def pause_s(self, caller: str) -> float:
        """How long until this caller's next guess is listened to."""
        return max(0.0, self._guesses.get(caller, _Guesses()).next_s - self._clock())

    async def open_session(self, password: str, caller: str) -> str | None:
        """A new session's token for the right password; None for a wrong one, or for one that came too early."""
        is_device = _is_device(caller)
        if not is_device and self._waiting >= MOST_WAITING:
            return None
        self._waiting += not is_device
        try:
            async with self._devices if is_device else self._strangers:
                if self.pause_s(caller) > 0:
                    return None
                if not await asyncio.to_thread(password_matches, password, self._password_hash.reveal()):
                    self._count_wrong(caller)
                    return None
        finally:
            self._waiting -= not is_device
        self._guesses.pop(caller, None)
        self._forget_ended()
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = self._clock() + SESSION_S
        return token

    def _count_wrong(self, caller: str) -> None:
        wrong = self._guesses.pop(caller, _Guesses()).wrong + 1
        pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(30, wrong - FREE_GUESSES + 1)) if wrong >= FREE_GUESSES else 0.0
        self._guesses[caller] = _Guesses(wrong, self._clock() + pause_s)
        if len(self._guesses) > MOST_COUNTED:
            del self._guesses[min(self._guesses, key=lambda one: self._guesses[one].next_s)]

    def new_device(self) -> str:
        """What a browser that was let in may show the next time."""
        name = secrets.token_urlsafe(12)
        return f"{name}.{self._device_signature(name)}"

    def device(self, cookie: str) -> str | None:
        """The caller behind this cookie, if it is one of ours."""
        name, _, signature = cookie.partition(".")
        is_ours = hmac.compare_digest(signature.encode(), self._device_signature(name).encode())
        return f"{_DEVICE}{name}" if is_ours else None

    def _device_signature(self, name: str) -> str:
        return hmac.digest(self._device_key, name.encode(), hashlib.sha256).hex()

    def knows(self, token: str) -> bool:
        self._forget_ended()
        return token in self._sessions

    def close_session(self, token: str) -> bool:
        """Whether there was one."""
        return self._sessions.pop(token, None) is not None

    def _forget_ended(self) -> None:
        now_s = self._clock()
        self._sessions = {token: end_s for token, end_s in self._sessions.items() if end_s > now_s}


class Login:
    """ASGI middleware: serves /login and /logout, and lets nothing else pass without a session."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app = app
        self._doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _cookie(Headers(scope=scope), COOKIE)
        request = Request(scope, receive)
        answer: ASGIApp | None = None
        match scope["method"], scope["path"]:
            case "GET", "/login":
                answer = FileResponse(_PAGE, headers=_HEADERS)
            case "POST", "/login":
                answer = await self._log_in(request)
            case "POST", "/logout":
                if self._doorkeeper.close_session(token):
                    audit("panel logout", _address(request), "session ended")
                answer = _redirect("/login")
            case _, path if path in OPEN_PATHS or self._doorkeeper.knows(token):
                answer = self._app
            case "GET", "/":
                answer = _redirect("/login")
            case _:
                answer = JSONResponse({"error": "Log in first: POST password=... to /login."}, 401, _HEADERS)
        await answer(scope, receive, send)

    async def _log_in(self, request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_FORM_BYTES:
                    return JSONResponse({"error": "The form is too long."}, 413, _HEADERS)
        except ClientDisconnect:
            return Response(status_code=400)
        password = parse_qs(body.decode("utf-8", "replace"), max_num_fields=5).get("password", [""])[0]
        shown = _cookie(request.headers, DEVICE_COOKIE)
        address = _address(request)
        caller = self._doorkeeper.device(shown) or address
        if (pause_s := self._doorkeeper.pause_s(caller)) > 0:
            return _redirect(f"/login?wait={pause_s:.0f}")
        token = await self._doorkeeper.open_session(password, caller)
        if token is None:
            log.warning("panel login refused: %s", address)
            return _redirect("/login?wrong=1")
        audit("panel login", address, "session opened")
        device = shown if _is_device(caller) else self._doorkeeper.new_device()
        answer = _redirect("/")
        for name, value, age_s, path in (
            (COOKIE, token, int(SESSION_S), "/"),
            (DEVICE_COOKIE, device, DEVICE_S, "/login"),
        ):
            is_https = request.url.scheme == "https"
            answer.set_cookie(name, value, age_s, path=path, httponly=True, samesite="strict", secure=is_https)
        return answer


_DEVICE = "device "


def _is_device(caller: str) -> bool:
    return caller.startswith(_DEVICE)


def _address(request: Request) -> str:
    """The caller's; of IPv6 the network, because every machine there has many addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host or "unknown address"
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, _HEADERS)


def _cookie(headers: Headers, name: str) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
