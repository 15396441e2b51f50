"""``office check`` on the office's machine, and how terminals are."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from terminal.office.server.check import examine
from terminal.office.server.database import connect
from terminal.office.server.reports import troubles_of
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.office_bench import Office, chained, running_office, sale_rows
from tests.postgres import running_cluster


async def levels(url: str) -> dict[str, str]:
    return {finding.what: finding.level for finding in await examine(Sensitive(url))}


def test_what_is_missing_is_found_and_how_to_mend_it(empty_database: str) -> None:
    async def work() -> None:
        assert (await levels(empty_database))["tables"] == "failed"
        async with running_office(empty_database) as office:
            found = await levels(empty_database)
            assert found == {
                "database": "ok",
                "tables": "ok",
                "roles": "ok",
                "durability": "failed",  # the tests' PostgreSQL trusts in no power cut
                "terminals": "ok",
                "alarms": "ok",
            }
            rows = chained(sale_rows(1))
            await office.send(rows)
            await office.send([msgspec.structs.replace(rows[0], kind="other")])
            assert (await levels(empty_database))["alarms"] == "failed"
        async with await connect(Sensitive(empty_database)) as connection:
            await connection.execute("INSERT INTO schema_migration VALUES ('9999_later.sql', 'x')")
        [_answers, newer] = await examine(Sensitive(empty_database))
        assert (newer.level, "install a newer one" in newer.found) == ("failed", True)

    asyncio.run(work())


def test_a_database_that_keeps_its_promises_is_well() -> None:
    async def work(url: str) -> None:
        async with running_office(url):
            assert set((await levels(url)).values()) == {"ok"}

    with running_cluster(durable=True) as durable:
        asyncio.run(work(durable.create_database()))


def test_a_database_that_is_not_there_is_a_finding() -> None:
    [finding] = asyncio.run(examine(Sensitive("postgresql://office:hunter2@127.0.0.1:1/office")))
    assert (finding.what, finding.level) == ("database", "failed")
    assert "hunter2" not in finding.line


@each_of(
    ("status", "troubles"),
    [
        ({"network_ok": True, "register_ok": True, "printer": "ok", "attention": []}, []),
        ({"network_ok": False, "journal_ok": False}, ["network", "journal"]),
        ({"printer": "cover_open"}, ["printer"]),
        ({"printer": "unknown"}, []),
        ({"attention": [{"number": 5}]}, ["attention"]),
        ({"keypad_ok": None}, ["keypad"]),
        ({}, []),
    ],
)
def test_what_is_trouble_of_a_status(status: dict[str, object], troubles: list[str]) -> None:
    assert troubles_of(status) == troubles


@pytest.mark.parametrize("value", ["x" * 200_000, "\0", {"deep": [None] * 1000}, 1e308])
def test_any_status_is_kept_in_bounds(database: str, value: object) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            answer = await office.post("/v1/status", {"terminal": "T1", "status": {"network_ok": False, "x": value}})
            assert answer.status_code == 200
            assert await office.rows("SELECT troubles, length(document) <= 65536 FROM status") == [(["network"], True)]

    asyncio.run(work())


async def said(office: Office) -> list[tuple[object, ...]]:
    return await office.rows("SELECT document FROM status")


def test_only_the_last_word_of_a_terminal_is_kept(database: str) -> None:
    async def work() -> None:
        async with running_office(database) as office:
            for state in ("idle", "capture"):
                await office.post("/v1/status", {"terminal": "T1", "status": {"state": state}})
            assert await said(office) == [('{"state":"capture"}',)]
            assert (await office.post("/v1/status", {"terminal": "T1", "status": []})).status_code == 400

    asyncio.run(work())
