"""The head office's page: who gets in, what it shows, who may do something."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import msgspec
import pytest

from terminal.office.page import logins, queries, render
from terminal.office.page.markup import Html, tag
from terminal.office.page.render import Frame
from terminal.office.page.site import read_search
from terminal.office.page.spreadsheet import harmless
from terminal.office.page.words import ENGLISH, ICELANDIC
from terminal.office.server import access
from terminal.office.server.database import connect
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from tests.office_bench import TOKEN, Office, chained, running_office, sale_rows

pytestmark = pytest.mark.usefixtures("quick_hashes")

PASSWORD = "leyniorð-1"
PAGES = [
    "/",
    "/counters",
    "/cases",
    "/payouts",
    "/payouts/chain",
    "/search",
    "/alarms",
    "/settings",
    "/releases",
    "/log",
]


def at_page(database: str, work: Callable[[Office, httpx.AsyncClient], Awaitable[None]], role: str = "operate") -> None:
    async def run() -> None:
        async with running_office(database) as office:
            await keep_person(database, "sigga", role)
            assert (await log_in(office.http)).headers["location"] == "/"
            await work(office, office.http)

    asyncio.run(run())


async def keep_person(database: str, name: str, role: str) -> None:
    async with await connect(Sensitive(database)) as connection:
        await logins.keep_person(connection, name, PASSWORD, role)  # type: ignore[arg-type]


async def log_in(http: httpx.AsyncClient, name: str = "sigga", password: str = PASSWORD) -> httpx.Response:
    return await http.post("/login", data={"name": name, "password": password})


async def sell(office: Office, database: str) -> None:
    async with await connect(Sensitive(database)) as connection:
        await access.make_code(connection, "T1", "Kría & <b>synir</b>")
    unknown = [(State.VOID, None), (State.ATTENTION, Reason.NOT_TRACEABLE)]
    rows = [*sale_rows(1), *sale_rows(2, amount_kr=500), *sale_rows(3, unknown, amount_kr=77)]
    assert (await office.send(chained(rows))).json() == {"have": 8}


def test_nobody_gets_in_without_logging_in(database: str) -> None:
    async def run() -> None:
        async with running_office(database) as office:
            office.http.cookies.set("office_session", "guess")
            for path in [*PAGES, "/export.csv?amount=1"]:
                answer = await office.http.get(path)
                assert (answer.status_code, answer.headers["location"]) == (303, "/login")
            assert (await office.http.post("/alarms/seen")).headers["location"] == "/login"
            assert (await office.http.get("/login")).status_code == 200
            assert (await office.http.get("/static/office.css")).status_code == 200

    asyncio.run(run())


@pytest.mark.parametrize(("language", "words"), [("is", ICELANDIC), ("en", ENGLISH)])
def test_every_page_speaks_both_languages(database: str, language: str, words: object) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await sell(office, database)
        for path in PAGES:
            answer = await http.get(path, params={"lang": language})
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
            assert words.title in answer.text  # type: ignore[attr-defined]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert f'<html lang="{language}">' in (await http.get("/")).text, "the choice is kept"

    at_page(database, work)


def test_a_day_shows_its_turnover_by_shop_and_hour(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await sell(office, database)
        page = (await http.get("/?day=2026-11-30&lang=en")).text
        assert "2.490 kr." in page
        assert "12–13: 2.490 kr., 2" in page
        assert "Kría &amp; &lt;b&gt;synir&lt;/b&gt;" in page
        assert "<b>synir" not in page
        assert "2.490 kr." not in (await http.get("/?day=2026-11-29")).text
        assert (await http.get("/?day=nonsense")).status_code == 200

    at_page(database, work)


def test_no_link_leads_into_the_future() -> None:
    now, health = datetime(2026, 11, 30, 23, 59, tzinfo=UTC), queries.Health(0, 0, 0, 0, 0)

    def shown(day: int) -> tuple[str, list[str]]:
        page = render.today(Frame(ENGLISH), render.Day(datetime(2026, 11, day, tzinfo=UTC), [], []), health, now)
        return re.findall("<h1>(.*?)</h1>", page)[0], re.findall(r"\?day=([-0-9]*)", page)

    assert shown(30) == ("Today", ["2026-11-29"])
    assert shown(29) == ("29.11.2026", ["2026-11-28", "2026-11-30"])


def test_counters_that_are_ill_or_silent_are_found(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        for terminal, status in (("T1", {"network_ok": False}), ("T2", {"printer": "paper_out"}), ("T3", {})):
            assert (await office.post("/v1/status", {"terminal": terminal, "status": status})).status_code == 200
        await office.rows("UPDATE status SET received = now() - interval '10 minutes' WHERE terminal = 'T2'")
        found = {
            show: re.findall(r"<td>(T\d)</td>", (await http.get("/counters", params={"show": show})).text)
            for show in ("all", "ill", "silent")
        }
        assert found == {"all": ["T2", "T1", "T3"], "ill": ["T1"], "silent": ["T2"]}
        assert "T3" not in (await http.get("/counters?find=T1")).text
        assert (await http.get("/counters", params={"find": "%_\\'"})).status_code == 200

    at_page(database, work)


def test_open_cases_are_listed_oldest_first(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await sell(office, database)
        page = (await http.get("/cases?lang=en")).text
        assert "T1-3" in page
        assert "unknown" in page
        assert "T1-1" not in page

    at_page(database, work)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reference=T1-", ["T1-3", "T1-2", "T1-1"]),
        ("reference=T1-2", ["T1-2"]),
        ("reference=T1_2", []),
        ("amount=1.990", ["T1-1"]),
        ("amount=500 kr.", ["T1-2"]),
        ("outcome=unknown", ["T1-3"]),
        ("since=2026-11-30T12:34&until=2026-11-30T12:35", ["T1-1", "T1-2", "T1-3"]),
        ("since=2026-12-01", []),
        ("terminal=T2", []),
    ],
)
def test_sales_are_found_and_exported(database: str, query: str, found: list[str]) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await sell(office, database)
        asked = quote(query, safe="=&")
        page = await http.get(f"/search?{asked}")
        assert sorted(re.findall(r"<td>(T1-\d)</td>", page.text)) == sorted(found)
        lines = list(csv.DictReader(io.StringIO((await http.get(f"/export.csv?{asked}")).text)))
        assert sorted(line["reference"] for line in lines) == sorted(found)
        assert await office.rows("SELECT name, did FROM audit WHERE did = 'export'") == [("sigga", "export")]

    at_page(database, work)


@pytest.mark.parametrize("query", ["amount=ten", "amount=-1", "since=yesterday", "until=9999-99-99"])
def test_what_cannot_be_searched_for_is_said(database: str, query: str) -> None:
    async def work(_office: Office, http: httpx.AsyncClient) -> None:
        answer = await http.get(f"/search?{query}&lang=en")
        assert answer.status_code == 400
        assert ENGLISH.not_understood in answer.text

    at_page(database, work)


async def raise_alarm(office: Office) -> None:
    rows = chained(sale_rows(1))
    await office.send(rows)
    assert (await office.send([msgspec.structs.replace(rows[1], kind="other")])).status_code == 409


def form_in(page: str, action: str) -> dict[str, str]:
    form = next(form for form in re.findall(r"<form.*?</form>", page) if f'action="{action}"' in form)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def test_who_operates_can_mark_an_alarm_as_seen_and_that_is_logged(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await raise_alarm(office)
        form = form_in((await http.get("/alarms")).text, "/alarms/seen")
        assert (await http.post("/alarms/seen", data={**form, "form_token": "guess"})).status_code == 403
        foreign = {"Origin": "https://evil.example"}
        assert (await http.post("/alarms/seen", data=form, headers=foreign)).status_code == 403
        assert await office.rows("SELECT seen_by FROM alarm") == [(None,)]
        assert (await http.post("/alarms/seen", data=form)).status_code == 303
        assert await office.rows("SELECT seen_by FROM alarm") == [("sigga",)]
        assert ("sigga", "alarm_seen") in await office.rows("SELECT name, did FROM audit")

    at_page(database, work)


def test_who_only_looks_changes_nothing(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await raise_alarm(office)
        page = (await http.get("/alarms")).text
        assert 'action="/alarms/seen"' not in page
        form = form_in(page, "/logout")
        answer = await http.post("/alarms/seen", data={**form, "terminal": "T1", "epoch": "e1", "seq": "2"})
        assert answer.status_code == 403
        assert await office.rows("SELECT seen_by FROM alarm") == [(None,)]

    at_page(database, work, role="look")


def test_a_session_ends_with_the_logout_and_with_another_password(database: str) -> None:
    async def work(_office: Office, http: httpx.AsyncClient) -> None:
        session = http.cookies["office_session"]
        form = form_in((await http.get("/")).text, "/logout")
        await http.post("/logout", data=form)
        assert not http.cookies.get("office_session")
        http.cookies.set("office_session", session)
        assert (await http.get("/")).status_code == 303
        http.cookies.clear()
        await log_in(http)
        assert (await http.get("/")).status_code == 200
        await keep_person(database, "sigga", "look")
        assert (await http.get("/")).status_code == 303

    at_page(database, work)


def test_guessing_is_slow_and_a_wrong_name_looks_like_a_wrong_password(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        wrong = [await log_in(http, password=f"wrong {n}") for n in range(4)]
        assert [answer.status_code for answer in wrong] == [403, 403, 403, 429]
        assert (await log_in(http)).status_code == 429
        unknown = await log_in(http, name="nobody")
        assert (unknown.status_code, unknown.text) == (403, wrong[0].text)
        pause = "SELECT extract(epoch FROM next_guess - now()) <= %s FROM person"
        await office.rows("UPDATE person SET wrong_guesses = 1000")
        await office.rows("UPDATE person SET next_guess = now()")
        await log_in(http, password="wrong again")
        assert await office.rows(pause, logins.LONGEST_PAUSE_S) == [(True,)], "nobody is locked out by others"

    at_page(database, work)


def test_a_terminals_token_opens_no_page(database: str) -> None:
    async def work(_office: Office, http: httpx.AsyncClient) -> None:
        http.cookies.clear()
        answer = await http.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.headers["location"] == "/login"

    at_page(database, work)


def test_markup_escapes_everything_that_is_not_markup() -> None:
    assert tag("p", "<&\"'", Html("<b>"), title='"x"', hidden=True, class_=None) == (
        '<p title="&quot;x&quot;" hidden>&lt;&amp;&quot;&#x27;<b></p>'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_spreadsheet_runs_what_a_register_wrote(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(-5) == -5


def test_a_search_for_nothing_is_none() -> None:
    empty = dict.fromkeys(("reference", "amount", "terminal", "since", "until", "outcome"), "")
    search = read_search(empty)
    assert search is not None
    assert search.is_empty
    assert read_search({**empty, "reference": "\0"}) is None


def test_both_languages_name_the_same_outcomes_and_troubles() -> None:
    for field in ("outcomes", "troubles", "deeds", "release_states", "release_turns"):
        assert getattr(ENGLISH, field).keys() == getattr(ICELANDIC, field).keys()
