"""The page's routes: who asks, what was asked, and which picture it gets.

Every form carries its session's token, so that no other site can send one; the session's cookie goes to this site only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from terminal.config.addresses import is_loopback
from terminal.office.page import chain_pages, logins, payouts_pages, queries, releases_pages, render, settings_pages
from terminal.office.page.asked import HEADERS, Page, Visit, form_of, html, redirect
from terminal.office.page.queries import Search
from terminal.office.page.render import Frame
from terminal.office.page.spreadsheet import csv_line
from terminal.office.page.words import WORDS, Words
from terminal.office.server.database import Pool

SESSION_COOKIE = "office_session"
LANGUAGE_COOKIE = "office_language"
MOST_EXPORTED = 1_000_000

_EXPORT_HEADS = ("terminal", "shop", "number", "reference", "register_id", "created", "amount_kr", "outcome", "reason")


class Site:
    """``routes`` for browsers."""

    def __init__(self, pool: Pool, language: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._pool = pool
        self._language = language
        self._now = now
        self._guessing = asyncio.Lock()

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._page(self._today)),
            Route("/counters", self._page(self._counters)),
            Route("/cases", self._page(self._cases)),
            Route("/payouts", self._page(payouts_pages.overview)),
            Route("/payouts/chain", self._page(chain_pages.overview)),
            Route("/payouts/chain.csv", self._page(chain_pages.export)),
            Route("/search", self._page(self._search)),
            Route("/export.csv", self._page(self._export)),
            Route("/alarms", self._page(self._alarms)),
            Route("/alarms/seen", self._page(self._mark_seen), methods=["POST"]),
            Route("/settings", self._page(settings_pages.overview)),
            Route("/settings/set", self._page(settings_pages.set_document), methods=["POST"]),
            Route("/settings/move", self._page(settings_pages.move), methods=["POST"]),
            Route("/releases", self._page(releases_pages.overview)),
            Route("/releases/turn", self._page(releases_pages.turn), methods=["POST"]),
            Route("/log", self._page(self._log)),
            Route("/login", self._guarded(self._login), methods=["GET", "POST"]),
            Route("/logout", self._page(self._logout), methods=["POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).with_name("static"))),
        ]

    # --- pages --------------------------------------------------------------------------------------------------------

    async def _today(self, asked: Visit) -> Response:
        now = self._now().astimezone(UTC)
        day = _day(asked.given("day")) or now
        day = day.replace(hour=0, minute=0, second=0, microsecond=0)
        span = (day, day + timedelta(days=1))
        health = await queries.health(asked.connection)
        hours, shops = await queries.hours(asked.connection, *span), await queries.shops(asked.connection, day.date())
        return html(render.today(asked.frame, render.Day(day, hours, shops), health, now))

    async def _counters(self, asked: Visit) -> Response:
        show, find = asked.given("show") or "all", asked.given("find")
        lines = await queries.counters(asked.connection, show, find)
        return html(render.counters(asked.frame, show, find, lines, self._now()))

    async def _cases(self, asked: Visit) -> Response:
        return html(render.cases(asked.frame, await queries.cases(asked.connection)))

    async def _search(self, asked: Visit) -> Response:
        given = {key: asked.given(key) for key in ("reference", "amount", "terminal", "since", "until", "outcome")}
        wanted = read_search(given)
        if wanted is None:
            return html(render.search(asked.frame, Search(), given, None), 400)
        lines = [] if wanted.is_empty else await queries.sales(asked.connection, wanted)
        return html(render.search(asked.frame, wanted, given, lines))

    async def _export(self, asked: Visit) -> Response:
        given = {key: asked.given(key) for key in ("reference", "amount", "terminal", "since", "until", "outcome")}
        wanted = read_search(given)
        if wanted is None or wanted.is_empty:
            return html(render.message(asked.frame, asked.frame.words.not_understood), 400)
        await queries.note(asked.connection, asked.name, "export", str(asked.request.url.query))
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="sales.csv"'}
        return StreamingResponse(self._csv(wanted), media_type="text/csv; charset=utf-8", headers=headers)

    async def _csv(self, wanted: Search) -> AsyncIterator[str]:
        yield csv_line(_EXPORT_HEADS)
        async with self._pool.connection() as connection:
            async for line in queries.stream_sales(connection, wanted, MOST_EXPORTED):
                yield csv_line(line._replace(created=line.created.astimezone(UTC)))

    async def _alarms(self, asked: Visit) -> Response:
        return html(render.alarms(asked.frame, await queries.alarms(asked.connection)))

    async def _mark_seen(self, asked: Visit) -> Response:
        form = await form_of(asked.request)
        seq = form.get("seq", "")
        alarm = (form.get("terminal", ""), form.get("epoch", ""), int(seq) if seq.isdigit() else 0)
        rest = (form.get("kind", ""), form.get("found", ""))
        async with asked.connection.transaction():
            if await queries.mark_seen(asked.connection, asked.name, (*alarm, *rest)):
                what = f"{alarm[0]}, {alarm[1]}, {seq}"
                await queries.note(asked.connection, asked.name, "alarm_seen", what)
        return redirect("/alarms")

    async def _log(self, asked: Visit) -> Response:
        return html(render.log(asked.frame, await queries.log_lines(asked.connection)))

    # --- coming and going ---------------------------------------------------------------------------------------------

    async def _login(self, request: Request) -> Response:
        words = self._words(request)
        if request.method == "GET":
            return self._with_language(request, html(render.login(words, "")))
        form = await form_of(request)
        try:
            async with self._pool.connection() as connection:
                name, password = form.get("name", ""), form.get("password", "")
                token = await logins.log_in(connection, name, password, self._guessing)
        except logins.TooEarly:
            return html(render.login(words, words.wait), 429)
        if token is None:
            return html(render.login(words, words.wrong), 403)
        answer = redirect("/")
        answer.set_cookie(
            SESSION_COOKIE,
            token,
            max_age=logins.SESSION_S,
            httponly=True,
            samesite="strict",
            secure=not is_loopback(request.url.hostname or ""),
        )
        return answer

    async def _logout(self, asked: Visit) -> Response:
        await logins.log_out(asked.connection, asked.name, asked.request.cookies.get(SESSION_COOKIE, ""))
        answer = redirect("/login")
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    # --- around them --------------------------------------------------------------------------------------------------

    def _page(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """For who has logged in only; what changes something, for who may operate and came from our own form."""

        async def answer(request: Request) -> Response:
            words = self._words(request)
            async with self._pool.connection() as connection:
                visitor = await logins.who(connection, request.cookies.get(SESSION_COOKIE, ""))
                if visitor is None:
                    return redirect("/login")
                frame = Frame(words, visitor)
                if request.method == "POST":
                    if (await form_of(request)).get("form_token") != visitor.form_token:
                        return html(render.message(frame, words.form_old), 403)
                    if not visitor.operates and request.url.path != "/logout":
                        return html(render.message(frame, words.may_not), 403)
                return self._with_language(request, await page(Visit(request, connection, frame)))

        return self._guarded(answer)

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            origin = request.headers.get("origin")
            if (
                request.method == "POST"
                and origin is not None
                and urlsplit(origin).netloc != request.headers.get("host")
            ):
                return Response("This form came from another site.", 403, HEADERS)
            try:
                return await answer(request)
            except ClientDisconnect:
                return Response(status_code=400)
            except psycopg.DataError:
                return Response("The database cannot look for this.", 400, HEADERS)
            except (psycopg.Error, PoolTimeout, TooManyRequests):
                return Response("The database is not there now: try again in a minute.", 503, HEADERS)

        return guarded

    def _words(self, request: Request) -> Words:
        chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
        return WORDS.get(chosen, WORDS[self._language])

    def _with_language(self, request: Request, answer: Response) -> Response:
        if (chosen := request.query_params.get("lang", "")) in WORDS:
            answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * 86_400, samesite="lax")
        return answer


def read_search(given: dict[str, str]) -> Search | None:
    """None if it cannot be understood."""
    amount = re.sub(r"[ .]|kr\.?$", "", given["amount"])
    since, until = _day(given["since"]), _day(given["until"])
    if (amount and not re.fullmatch(r"[0-9]{1,12}", amount)) or (given["since"] and not since):
        return None
    if given["until"] and not until:
        return None
    if any("\0" in value for value in given.values()):
        return None
    return Search(
        given["reference"], given["terminal"], int(amount) if amount else None, since, until, given["outcome"]
    )


def _day(text: str) -> datetime | None:
    """A day or a minute, in UTC."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if 2000 <= at.year <= 2200 else None
