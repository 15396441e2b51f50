"""Lets in only who knows the panel's password, once one is set.

The session is a random cookie that scripts cannot read (HttpOnly) and that other sites' requests do not carry
(SameSite=Strict); the guard before this has checked ``Origin``. Guessing is slow: each guess costs a scrypt, they are
tried one at a time, and after three wrong ones everybody waits, longer each time. Restarting the program ends sessions.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from terminal.sale.sensitive import Sensitive
from terminal.system.password import LONGEST, password_matches

COOKIE = "panel_session"
SESSION_S = 12 * 3600.0
MAX_SESSIONS = 20
FREE_GUESSES = 3
LONGEST_PAUSE_S = 300.0
MAX_FORM_BYTES = 4 * LONGEST

OPEN_PATHS = ("/static/panel.css", "/static/favicon.svg")
_PAGE = Path(__file__).with_name("static") / "login.html"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers post a form with "Origin: null"
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


class Doorkeeper:
    """Sessions and guesses. Belongs to one event loop."""

    def __init__(self, password_hash: Sensitive, clock: Callable[[], float] = time.monotonic) -> None:
        self._password_hash = password_hash
        self._clock = clock
        self._sessions: dict[str, float] = {}
        self._wrong = 0
        self._next_guess_s = 0.0
        self._guessing = asyncio.Lock()

    def pause_s(self) -> float:
        """How long until the next guess is listened to."""
        return max(0.0, self._next_guess_s - self._clock())

    async def open_session(self, password: str) -> str | None:
        """A new session's token for the right password; None for a wrong one, or for one that came too early."""
        async with self._guessing:
            if self.pause_s() > 0:
                return None
            if not await asyncio.to_thread(password_matches, password, self._password_hash.reveal()):
                self._wrong += 1
                if self._wrong >= FREE_GUESSES:
                    self._next_guess_s = self._clock() + min(LONGEST_PAUSE_S, 2.0 ** (self._wrong - FREE_GUESSES + 1))
                return None
        self._wrong = 0
        self._forget_ended()
        while len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        token = secrets.token_urlsafe(32)
        self._sessions[token] = self._clock() + SESSION_S
        return token

    def knows(self, token: str) -> bool:
        self._forget_ended()
        return token in self._sessions

    def close_session(self, token: str) -> None:
        self._sessions.pop(token, None)

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
        token = _token(Headers(scope=scope))
        request = Request(scope, receive)
        answer: ASGIApp | None = None
        match scope["method"], scope["path"]:
            case "GET", "/login":
                answer = FileResponse(_PAGE, headers=_HEADERS)
            case "POST", "/login":
                answer = await self._log_in(request)
            case "POST", "/logout":
                self._doorkeeper.close_session(token)
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
        if (pause_s := self._doorkeeper.pause_s()) > 0:
            return _redirect(f"/login?wait={pause_s:.0f}")
        token = await self._doorkeeper.open_session(password)
        if token is None:
            return _redirect("/login?wrong=1")
        answer = _redirect("/")
        answer.set_cookie(
            COOKIE,
            token,
            max_age=int(SESSION_S),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer


def _redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, _HEADERS)


def _token(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
