"""A release in waves on a real database: who is asked to upgrade, what ends a wave, who may hold it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from terminal.errors import TerminalError
from terminal.office.server import access, releases
from terminal.office.server.database import Connection, connect
from terminal.office.server.waves import Plan
from terminal.sale.sensitive import Sensitive
from terminal.system import password
from tests.office_bench import Office, chained, running_office, sale_rows
from tests.unit.office.page.test_settings_pages import form_token
from tests.unit.office.page.test_site import at_page

PLAN = Plan("1.1.0", (1, 2), 30, timedelta(hours=24))


def at_office(database: str, work: Callable[[Office, Connection], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running_office(database) as office, await connect(Sensitive(database)) as connection:
            for terminal, shop in (("T1", "A"), ("T2", "A"), ("T3", "B")):
                await report(office, terminal, "1.0.0")
                await access.make_code(connection, terminal, shop)
            await work(office, connection)

    asyncio.run(run())


async def report(office: Office, terminal: str, version: object, **told: object) -> str:
    answer = await office.post("/v1/status", {"terminal": terminal, "status": {"version": version, **told}})
    assert answer.status_code == 200
    return str(answer.json().get("release", ""))


async def members(office: Office) -> dict[str, str]:
    rows = await office.rows("SELECT terminal, state FROM rollout_member ORDER BY terminal")
    return dict(rows)


async def sell(office: Office, terminal: str, number: int) -> None:
    rows = chained(sale_rows(number, terminal=terminal))
    assert (await office.send(rows, terminal=terminal, epoch=f"e{number}")).status_code == 200


def test_a_wave_is_over_only_when_each_counter_runs_it_and_was_paid_for_a_sale(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await releases.start(connection, PLAN, "sigga")
        assert await releases.advance(connection) == "release 1.1.0: wave 1, 1 counters"
        [first] = await members(office)
        asked = {terminal: await report(office, terminal, "1.0.0") for terminal in ("T1", "T2", "T3")}
        assert asked == {**dict.fromkeys(asked, ""), first: "1.1.0"}
        await sell(office, first, 1)
        assert await releases.advance(connection) == ""
        assert await report(office, first, "1.1.0") == "1.1.0"
        assert await releases.advance(connection) == "", "its sale was made with the version before"
        assert await members(office) == {first: "proving"}
        await sell(office, first, 2)
        assert await releases.advance(connection) == "release 1.1.0: wave 2, 2 counters"
        assert (await members(office))[first] == "well"
        assert await report(office, first, "1.1.0") == ""

    at_office(database, work)


def test_the_first_counters_are_of_different_shops(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await releases.start(connection, PLAN._replace(sizes=(2,)), "sigga")
        await releases.advance(connection)
        assert sorted({"T1": "A", "T2": "A", "T3": "B"}[one] for one in await members(office)) == ["A", "B"]

    at_office(database, work)


def test_a_counter_that_went_back_stops_it_until_somebody_has_looked(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await releases.start(connection, PLAN, "sigga")
        await releases.advance(connection)
        [first] = await members(office)
        await report(office, first, "1.1.0")
        await releases.advance(connection)
        await report(office, first, "1.0.0")
        assert "is stopped: 1 of 1 counters failed" in await releases.advance(connection)
        assert await report(office, first, "1.0.0") == "", "nothing goes out any more"
        [line] = await releases.lines(connection, "1.1.0")
        assert (line.state, line.why) == ("failed", "it went back to 1.0.0")
        await releases.turn(connection, "1.1.0", "running", "sigga")
        assert "is stopped" in await releases.advance(connection)
        await releases.forgive(connection, first, "1.1.0", "sigga")
        await releases.turn(connection, "1.1.0", "running", "sigga")
        assert "wave 2" in await releases.advance(connection)
        deeds = await office.rows("SELECT did FROM audit WHERE name = 'sigga' ORDER BY at")
        assert [did for (did,) in deeds] == ["release_start", "release_running", "release_forgive", "release_running"]

    at_office(database, work)


def test_who_was_silent_for_hours_has_failed_and_a_revoked_counter_holds_nobody_up(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await releases.start(connection, PLAN._replace(sizes=(2,), stop_percent=60), "sigga")
        await releases.advance(connection)
        silent, revoked = await members(office)
        await office.rows("UPDATE rollout_member SET since = now() - interval '2 days'")
        await office.rows("UPDATE status SET received = now() - interval '25 hours' WHERE terminal = %s", silent)
        await access.revoke(connection, revoked)
        assert "stopped" in await releases.advance(connection)
        assert (await members(office))[silent] == "failed"

    at_office(database, work)


def test_one_release_at_a_time_and_what_is_none_is_refused(database: str) -> None:
    async def work(_office: Office, connection: Connection) -> None:
        assert await releases.advance(connection) == ""
        for plan in (PLAN._replace(version="x; --"), PLAN._replace(stop_percent=101), PLAN._replace(version="")):
            with pytest.raises(TerminalError):
                await releases.start(connection, plan, "sigga")
        await releases.start(connection, PLAN, "sigga")
        with pytest.raises(TerminalError, match="another release"):
            await releases.start(connection, PLAN._replace(version="1.2.0"), "sigga")
        await releases.turn(connection, "1.1.0", "paused", "sigga")
        assert await releases.advance(connection) == ""
        await releases.turn(connection, "1.1.0", "stopped", "sigga")
        await releases.start(connection, PLAN._replace(version="1.2.0"), "sigga")
        for version, state in (("1.1.0", "running"), ("9", "paused")):
            with pytest.raises(TerminalError):
                await releases.turn(connection, version, state, "sigga")
        with pytest.raises(TerminalError):
            await releases.forgive(connection, "T1", "1.1.0", "sigga")

    at_office(database, work)


@pytest.mark.parametrize("version", [5, None, "x" * 5000, "\x00", ["1.1.0"]])
def test_a_version_that_is_none_is_kept_as_text_or_not(database: str, version: object) -> None:
    async def work(office: Office, connection: Connection) -> None:
        assert await report(office, "T1", version) == ""
        await releases.start(connection, PLAN._replace(sizes=(9,)), "sigga")
        await releases.advance(connection)

    at_office(database, work)


@pytest.mark.parametrize("role", ["operate", "look"])
def test_the_page_shows_it_and_who_may_operate_holds_it(
    database: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "LOG_N", 10)

    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await report(office, "T1", "1.0.0")
        async with await connect(Sensitive(database)) as connection:
            await releases.start(connection, PLAN, "jón")
            await releases.advance(connection)
        page = (await http.get("/releases?lang=en")).text
        assert "goes out" in page
        assert "to upgrade" in page
        assert ("<button>Pause" in page) is (role == "operate")
        sent = {"form_token": await form_token(http), "version": "1.1.0", "state": "paused"}
        answer = await http.post("/releases/turn", data=sent)
        assert answer.status_code == (303 if role == "operate" else 403)
        assert await office.rows("SELECT state FROM rollout") == [("paused" if role == "operate" else "running",)]
        if role == "operate":
            for state in ("paused", "done", ""):
                assert (await http.post("/releases/turn", data={**sent, "state": state})).status_code == 400

    at_page(database, work, role)
