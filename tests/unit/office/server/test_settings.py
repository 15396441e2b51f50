"""What the office wishes each terminal to run, who said so, and what the terminals say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from terminal.config.from_office import LONGEST_BYTES, sha256_of
from terminal.errors import TerminalError
from terminal.office.server import access, settings
from terminal.office.server.database import Connection, connect
from terminal.sale.sensitive import Sensitive
from tests.office_bench import TOKEN, Office, running_office

TEXT = "[register]\nmax_amount = 900\n"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def at_office(database: str, work: Callable[[Office, Connection], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running_office(database) as office, await connect(Sensitive(database)) as connection:
            for terminal in ("T1", "T2"):
                await report(office, terminal)
            await work(office, connection)

    asyncio.run(run())


async def report(office: Office, terminal: str, **told: object) -> Any:
    answer = await office.post("/v1/status", {"terminal": terminal, "status": {"settings": told or None}})
    assert answer.status_code == 200
    return answer.json()


def test_a_terminal_is_offered_the_newest_document_of_its_group(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        assert await report(office, "T1") == {}
        assert (await office.http.get("/v1/settings/T1", headers=BEARER)).status_code == 404
        first = await settings.set_document(connection, "shops", "", "sigga")
        revision = await settings.set_document(connection, "shops", TEXT.replace("\n", "\r\n"), "sigga")
        assert revision > first
        await settings.move(connection, "T1", "shops", "sigga")
        offered = (await report(office, "T1"))["settings"]
        assert offered["sha256"] == sha256_of(TEXT)
        assert offered["revision"] > revision, "it is news for who came from another group"
        answer = await office.http.get("/v1/settings/T1", headers=BEARER)
        assert answer.json() == {"revision": offered["revision"], "text": TEXT}
        assert await report(office, "T2") == {}, "nobody has moved it"
        assert await office.rows("SELECT name, did, what FROM audit WHERE did = 'settings_group'") == [
            ("sigga", "settings_group", "T1, shops")
        ]

    at_office(database, work)


def test_revisions_rise_whatever_is_set_or_moved_within_a_second(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        seen = []
        for group in ("a", "b"):
            await settings.set_document(connection, group, f"# {group}\n", "sigga")
        for group in ("a", "b", "a", "b"):
            await settings.move(connection, "T1", group, "sigga")
            seen.append((await report(office, "T1"))["settings"]["revision"])
            await settings.set_document(connection, group, f"# {group} {len(seen)}\n", "sigga")
            seen.append((await report(office, "T1"))["settings"]["revision"])
        assert seen == sorted(set(seen))
        await settings.move(connection, "T1", "", "sigga")
        assert await report(office, "T1") == {}

    at_office(database, work)


def test_the_office_sees_who_runs_it_who_waits_and_who_refused(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await settings.set_document(connection, "shops", TEXT, "sigga")
        for terminal in ("T1", "T2"):
            await settings.move(connection, terminal, "shops", "sigga")
        [group] = await settings.groups(connection)
        assert (group.counters, group.running, group.refused, group.text) == (2, 0, 0, TEXT)
        offered = (await report(office, "T1"))["settings"]
        await report(office, "T1", **offered, on_trial=True)
        await report(office, "T2", refused_revision=offered["revision"] + 1, refused="register.min_amount: no")
        [group] = await settings.groups(connection)
        assert (group.counters, group.running, group.refused) == (2, 1, 1)
        [line] = await settings.refusals(connection)
        assert (line.terminal, line.why) == ("T2", "register.min_amount: no")

    at_office(database, work)


@pytest.mark.parametrize(
    "told",
    [
        {"revision": -1},
        {"revision": "x"},
        {"sha256": "x" * 10_000},
        {"refused": 5},
        {"refused": "\x00"},
        {"revision": 10**30},
    ],
)
def test_what_a_terminal_says_of_itself_cannot_hurt(database: str, told: dict[str, object]) -> None:
    async def work(office: Office, _connection: Connection) -> None:
        assert await report(office, "T1", **told) == {}
        assert await office.rows("SELECT settings_revision FROM status WHERE terminal = 'T1'") == [(0,)]

    at_office(database, work)


@pytest.mark.parametrize(
    "text",
    [
        '[netgiro]\nsecret_key = "hidden"',
        "[terminal]\ntraining = true",
        "[register]\nmin_amount = 900\nmax_amount = 100",
        '[receipt]\nlanguage = "de"',
        "[sale",
        "# " + "x" * LONGEST_BYTES,
        "\x00",
    ],
)
def test_what_no_terminal_would_take_is_not_even_kept(database: str, text: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        with pytest.raises(TerminalError) as refused:
            await settings.set_document(connection, "shops", text, "sigga")
        assert "hidden" not in str(refused.value)
        assert await office.rows("SELECT count(*)::int FROM settings_document") == [(0,)]
        assert await office.rows("SELECT count(*)::int FROM audit WHERE did = 'settings'") == [(0,)]

    at_office(database, work)


def test_names_that_are_none_and_terminals_that_are_not_known_are_refused(database: str) -> None:
    async def work(_office: Office, connection: Connection) -> None:
        for name in ("", "a b", "x" * 41, "../x", "þ"):
            with pytest.raises(TerminalError):
                await settings.set_document(connection, name, "", "sigga")
        await settings.set_document(connection, "shops", "", "sigga")
        for terminal, group in (("T9", "shops"), ("T1", "nowhere")):
            with pytest.raises(TerminalError):
                await settings.move(connection, terminal, group, "sigga")

    at_office(database, work)


def test_a_terminal_whose_token_was_revoked_is_told_nothing(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await settings.set_document(connection, "shops", TEXT, "sigga")
        await settings.move(connection, "T1", "shops", "sigga")
        await access.revoke(connection, "T1")
        assert (await office.post("/v1/status", {"terminal": "T1", "status": {}})).status_code == 403
        assert (await office.http.get("/v1/settings/T1", headers=BEARER)).status_code == 403
        for path in ("/v1/settings/T2", "/v1/settings/T1"):
            assert (await office.http.get(path, headers={"Authorization": "Bearer guess"})).status_code in (401, 403)
        assert (await office.http.get("/v1/settings/a%20b", headers=BEARER)).status_code == 400

    at_office(database, work)


def test_a_document_that_was_there_stays(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await settings.set_document(connection, "shops", TEXT, "sigga")
        for change in ("UPDATE settings_document SET document = ''", "DELETE FROM settings_document"):
            with pytest.raises(Exception, match="append-only"):
                await office.rows(change)

    at_office(database, work)
