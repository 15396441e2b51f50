"""What ``office reconcile`` has found, kept for the page: the last few runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from terminal.office.server.database import Connection
from terminal.office.server.payouts import HeldAgainst, Line, Sum

RUNS_KEPT = 24

_RUN = """
INSERT INTO reconciliation_run (ran_at, first_day, last_day, ran_by) VALUES (clock_timestamp(), %s, %s, %s)
RETURNING ran_at
"""
_SUM = "INSERT INTO reconciliation_sum (ran_at, class, shop, lines, sum_kr, fee_kr) VALUES (%s, %s, %s, %s, %s, %s)"
_LINE = """
INSERT INTO reconciliation_line
    (ran_at, place, class, shop, terminal, reference, settlement, created, amount_kr, fee_kr)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_TIDY = """
DELETE FROM {} WHERE ran_at NOT IN (SELECT ran_at FROM reconciliation_run ORDER BY ran_at DESC LIMIT %s)
"""
_NEWEST = "SELECT ran_at, first_day, last_day, ran_by FROM reconciliation_run ORDER BY ran_at DESC LIMIT 1"
_SUMS = "SELECT class, shop, lines, sum_kr, fee_kr FROM reconciliation_sum WHERE ran_at = %s ORDER BY class, shop"
_LINES = """
SELECT class, shop, terminal, reference, settlement, created, amount_kr, fee_kr FROM reconciliation_line
WHERE ran_at = %s ORDER BY place LIMIT %s
"""


class Run(NamedTuple):
    ran_at: datetime
    first: date
    last: date
    ran_by: str


async def keep(connection: Connection, result: HeldAgainst, first: date, last: date, by: str) -> None:
    """In the place of the oldest one."""
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(_RUN, (first, last, by))
        found = await cursor.fetchone()
        assert found is not None
        await cursor.executemany(_SUM, [(found[0], *one) for one in result.sums])
        await cursor.executemany(_LINE, [(found[0], place, *one) for place, one in enumerate(result.lines)])
        for table in ("reconciliation_line", "reconciliation_sum", "reconciliation_run"):
            await cursor.execute(_TIDY.format(table).encode(), (RUNS_KEPT,))


async def newest(connection: Connection) -> Run | None:
    found = await (await connection.execute(_NEWEST)).fetchone()
    return Run(*found) if found else None


async def sums_of(connection: Connection, run: Run) -> list[Sum]:
    return [Sum(*row) for row in await (await connection.execute(_SUMS, (run.ran_at,))).fetchall()]


async def lines_of(connection: Connection, run: Run, most: int) -> list[Line]:
    """Of what does not simply agree."""
    return [Line(*row) for row in await (await connection.execute(_LINES, (run.ran_at, most))).fetchall()]
