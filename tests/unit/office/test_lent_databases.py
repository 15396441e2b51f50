"""That the next test gets nothing of what the one before it did."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
import pytest

from tests.office_bench import chained, running_office, sale_rows
from tests.office_databases import LentDatabases
from tests.postgres import Cluster


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_rows_are_gone(cluster: Cluster) -> None:
    async def work(url: str) -> None:
        async with running_office(url) as office:
            assert await office.rows("SELECT terminal FROM journal UNION SELECT terminal FROM terminal") == []
            await office.send(chained(sale_rows(1)))
            assert await office.rows("SELECT count(*) > 0 FROM journal") == [(True,)]

    with contextlib.closing(LentDatabases(cluster)) as databases:  # others' rows may be vacuumed just now
        with databases.lend() as first:
            asyncio.run(work(first))
        with databases.lend() as second:
            assert second == first
            asyncio.run(work(second))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE journal DISABLE TRIGGER append_only",
        "GRANT DELETE ON sale TO netgiro_page",
        "ALTER TABLE sale DROP COLUMN amount_kr CASCADE",
        "CREATE TABLE mine (a int)",
        "UPDATE schema_migration SET sha256 = 'x' WHERE name LIKE '0001%'",
    ],
)
def test_a_database_of_another_shape_is_lent_to_nobody_else(lent_databases: LentDatabases, statement: str) -> None:
    with lent_databases.lend() as first:
        change(first, statement)
    with lent_databases.lend() as second:
        assert second != first


def test_nor_is_one_into_which_somebody_may_still_commit(lent_databases: LentDatabases) -> None:
    with lent_databases.lend() as first:
        writing = psycopg.connect(first)
        writing.execute("INSERT INTO terminal (terminal) VALUES ('T1')")
    with writing, lent_databases.lend() as second:
        assert second != first
