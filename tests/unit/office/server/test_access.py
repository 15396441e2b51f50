"""Who may speak for which terminal."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from terminal.errors import TerminalError
from terminal.office.server import access
from terminal.office.server.database import ROLES, build_pool, connect, migrate, migrations, pending
from terminal.sale.sensitive import Sensitive
from tests.office_bench import chained, running_office
from tests.postgres import Cluster

ROWS = chained([("2026-11-30T12:00:00.000Z", "entry", "{}")])


async def code_for(database: str, terminal: str, shop: str | None = None) -> str:
    async with await connect(Sensitive(database)) as connection:
        return await access.make_code(connection, terminal, shop)


def test_without_the_right_token_nothing_is_taken_or_told(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            assert (await office.send(ROWS, token="wrong")).status_code == 401
            assert (await office.http.post("/v1/journal", content=b"x" * 10_000_000)).status_code == 401
            assert (await office.post("/v1/journal", {}, token="wrong")).status_code == 401
            no_token = await office.http.get("/v1/journal/T1/e1")
            assert (no_token.status_code, no_token.headers["www-authenticate"]) == (401, "Bearer")
            assert (await office.have(token="wrong")).keys() == {"error"}
            assert await office.rows("SELECT count(*) FROM journal") == [(0,)]
            assert await office.rows("SELECT count(*) FROM terminal") == [(0,)], "who has no token leaves nothing"

    asyncio.run(work())


def test_without_a_common_token_an_empty_one_does_not_count(database: str) -> None:
    async def work() -> None:
        async with running_office(database, token="") as office:
            for header in ("Bearer ", "Bearer", "", "Basic eDp5"):
                answer = await office.http.get("/v1/journal/T1/e1", headers={"Authorization": header})
                assert answer.status_code == 401

    asyncio.run(work())


def test_a_terminal_that_was_enrolled_has_a_token_of_its_own(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            code = await code_for(database, "T1", "Laugavegur 1")
            assert (await office.send(ROWS)).status_code == 200, "the code alone changes nothing"
            answer = await office.http.post("/v1/enrol", json={"terminal": "T1", "code": code.lower()})
            token = answer.json()["token"]
            assert (await office.send(ROWS, token=token)).json() == {"have": 1}
            assert (await office.send(ROWS)).status_code == 403, "the common token speaks for it no more"
            assert (await office.send(ROWS, token=token, terminal="T2")).status_code == 401
            assert (await office.send(ROWS, terminal="T2")).status_code == 200
            kept = await office.rows("SELECT shop, token_sha256 FROM terminal WHERE terminal = 'T1'")
            assert kept == [("Laugavegur 1", access.digest(token))]

    asyncio.run(work())


def test_a_code_is_good_once_for_one_terminal_and_for_an_hour(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:

            async def enrol(terminal: str, code: str) -> int:
                return (await office.http.post("/v1/enrol", json={"terminal": terminal, "code": code})).status_code

            code = await code_for(database, "T1")
            assert await enrol("T2", code) == 403
            assert await enrol("T1", "AAAA-AAAA-AAAA") == 403
            assert await enrol("T1", code) == 200
            assert await enrol("T1", code) == 403
            old, new = await code_for(database, "T1"), await code_for(database, "T1")
            assert await enrol("T1", old) == 403
            await office.rows("UPDATE enrolment SET expires = now() - interval '1 second'")
            assert await enrol("T1", new) == 403

    asyncio.run(work())


def test_a_revoked_terminal_is_refused_until_it_is_enrolled_again(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            await office.send(ROWS)
            async with await connect(Sensitive(database)) as connection:
                assert await access.revoke(connection, "T1")
                assert not await access.revoke(connection, "T9")
            assert (await office.send(ROWS)).status_code == 403
            code = await code_for(database, "T1")
            token = (await office.post("/v1/enrol", {"terminal": "T1", "code": code})).json()["token"]
            assert (await office.send(ROWS, token=token)).json() == {"have": 1}
            assert (await office.send(ROWS)).status_code == 403

    asyncio.run(work())


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE journal SET body = '{}'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "CREATE TABLE mine (a int)",
        "SELECT password_hash FROM person",
        "UPDATE sale SET amount_kr = 1; DELETE FROM sale",
        "SELECT * FROM session",
        "INSERT INTO settings_document VALUES ('x', 1, '', '', '')",
        "INSERT INTO rollout (version, sizes, stop_percent, silent_hours, begun_by) VALUES ('1', '{1}', 1, 1, '')",
        "DELETE FROM rollout_member",
    ],
)
def test_the_collector_may_do_no_more_than_it_needs(database: str, query: str) -> None:
    async def work() -> None:
        async with build_pool(Sensitive(database), "netgiro_collector", 1) as pool, pool.connection() as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(query)  # type: ignore[call-overload]

    asyncio.run(work())


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO journal SELECT * FROM journal",
        "UPDATE journal SET body = '{}'",
        "SELECT token_sha256 FROM terminal",
        "DELETE FROM audit",
        "UPDATE person SET role = 'operate'",
        "INSERT INTO person VALUES ('x', 'y', 'look')",
        "UPDATE settings_document SET document = ''",
        "UPDATE status SET version = '9'",
        "DELETE FROM rollout",
    ],
)
def test_the_page_may_do_no_more_than_it_needs(database: str, query: str) -> None:
    async def work() -> None:
        async with build_pool(Sensitive(database), "netgiro_page", 1) as pool, pool.connection() as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(query)  # type: ignore[call-overload]

    asyncio.run(work())


def test_not_even_the_owner_changes_the_journal_by_accident(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            await office.send(ROWS)
            for query in ("UPDATE journal SET body = '{}'", "DELETE FROM journal"):
                with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                    await office.rows(query)

    asyncio.run(work())


def test_migrations_are_done_once_and_never_change(empty_database: str) -> None:
    async def work() -> None:
        url = Sensitive(empty_database)
        assert await asyncio.gather(migrate(url), migrate(url)) in (
            [[one.name for one in migrations()], []],
            [[], [one.name for one in migrations()]],
        )
        async with await connect(url) as connection:
            assert await pending(connection) == []
            await connection.execute("UPDATE schema_migration SET sha256 = 'x' WHERE name LIKE '0001%'")
            with pytest.raises(TerminalError, match="never changes"):
                await pending(connection)
            await connection.execute("INSERT INTO schema_migration VALUES ('9999_later.sql', 'x')")
            with pytest.raises(TerminalError, match="install a newer one"):
                await pending(connection)

    asyncio.run(work())


def test_a_user_who_may_not_make_tables_is_told_what_to_do(empty_database: str) -> None:
    async def work() -> None:
        async with await connect(Sensitive(empty_database)) as connection:
            await connection.execute("DROP ROLE IF EXISTS weak")
            await connection.execute("CREATE ROLE weak LOGIN")
        with pytest.raises(TerminalError, match="office migrate"):
            await migrate(Sensitive(empty_database.replace("owner@", "weak@")))

    asyncio.run(work())


@pytest.mark.parametrize("rights", ["CREATEROLE", "NOCREATEROLE"])
def test_a_database_whose_owner_is_no_administrator_will_do(cluster: Cluster, rights: str) -> None:
    async def work() -> None:
        database, user = cluster.create_database(), f"plain_{rights.lower()}"
        async with await connect(Sensitive(database)) as connection:
            for role in ROLES:
                await connection.execute(f"DROP OWNED BY {role}".encode())
            await connection.execute(f"CREATE ROLE {user} LOGIN {rights}".encode())
            await connection.execute(f"ALTER DATABASE {database.split('/')[3].split('?')[0]} OWNER TO {user}".encode())
        async with running_office(database.replace("owner@", f"{user}@")) as office:
            assert (await office.send(ROWS)).json() == {"have": 1}

    asyncio.run(work())


def test_a_password_in_the_address_is_told_nobody() -> None:
    async def work() -> None:
        with pytest.raises(TerminalError) as told:
            await connect(Sensitive("postgresql://office:hunter2@127.0.0.1:1/office"))
        assert "hunter2" not in str(told.value)

    asyncio.run(work())
