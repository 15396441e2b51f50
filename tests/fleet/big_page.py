"""``python -m tests.fleet.big_page --rows 5000000``: the page's queries over so many sales.

For each query: the processor time of the server, the pages of 8 KiB that it looks at, and how it finds its rows. What
is measured at five million is carried over to a hundred by plan and pages: a query that reaches its rows by an index
looks at as many of them however large the table is, and a deeper tree costs a page or two. One that reads a table that
grows from one end to the other fails the measurement.

The day itself is a chain's: every counter has sold in every hour of it, whatever ``--rows`` says. The journal, in its
months, is read by no query of the page; what the collector asks it is held against the months too.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from terminal.office.page import payouts_pages, queries
from terminal.office.page.queries import MOST
from terminal.office.server.database import migrate
from terminal.office.server.store import _KNOWN
from terminal.sale.sensitive import Sensitive
from tests.fleet.office import cpu_s_of
from tests.postgres import NOT_THERE, find_binaries, running_cluster

LONGEST_S = 0.3
"""Of a page: the sum of its queries."""
COUNTERS = 20_000
MONTHS = 12
OPEN_HOURS = 12
RUNS = 10
GROWS = frozenset({"sale", "turnover", "turnover_day", "journal"})
"""What has more rows each day. The others have one for each counter."""
SCANS = frozenset({"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"})

_FILL = (
    """
    INSERT INTO terminal (terminal, shop) SELECT 'T' || n, 'Shop ' || n / 10 FROM generate_series(1, %(counters)s) AS n
    """,
    """
    INSERT INTO status (terminal, document, received)
    SELECT 'T' || n, '{}', now() - CASE WHEN n %% 100 = 0 THEN interval '1 hour' ELSE interval '10 seconds' END
    FROM generate_series(1, %(counters)s) AS n
    """,
    f"""
    INSERT INTO sale (terminal, reference, number, epoch, seq, at, created, state, outcome, reason, amount_kr)
    SELECT 'T' || n %% %(counters)s + 1, 'T' || n %% %(counters)s + 1 || '-' || n, n, 'e', n, '',
           now() - (n::float / %(sales)s) * interval '{MONTHS} months', 'closed',
           CASE WHEN n %% 500000 = 7 THEN 'unknown' WHEN n %% 10 = 0 THEN 'declined' ELSE 'approved' END, '',
           100 + (n::bigint * 7919) %% 50000
    FROM generate_series(1, %(sales)s) AS n
    """,
    """
    INSERT INTO turnover (terminal, hour, sales, sum_kr)
    SELECT terminal, date_trunc('hour', created), count(*), sum(amount_kr) FROM sale
    WHERE outcome = 'approved' AND created < date_trunc('day', now()) GROUP BY 1, 2
    """,
    f"""
    INSERT INTO turnover (terminal, hour, sales, sum_kr)
    SELECT 'T' || n, date_trunc('day', now()) + hour * interval '1 hour', 20, 50000
    FROM generate_series(1, %(counters)s) AS n, generate_series(1, {OPEN_HOURS}) AS hour
    """,
    """
    INSERT INTO turnover_day (terminal, day, sales, sum_kr)
    SELECT terminal, hour::date, sum(sales), sum(sum_kr) FROM turnover GROUP BY 1, 2
    """,
    f"""
    SELECT ensure_month((date '2026-01-01' + n * interval '1 month')::date) FROM generate_series(0, {MONTHS - 1}) AS n
    """,
    """
    INSERT INTO journal (terminal, epoch, seq, month, at, kind, body, hash)
    SELECT 'T' || n %% 20 + 1, 'e', n / 20 + 1,
           (date '2026-01-01' + (n * 12 / %(rows)s::int) * interval '1 month')::date, '', 'entry', '{}', ''
    FROM generate_series(0, %(rows)s::int - 1) AS n
    """,
)
_INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = %(table)s::regclass AND NOT indisprimary
UNION ALL
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'p'
"""
_A_MONTH = "SELECT count(*) FROM journal WHERE month = date '2026-05-01'"
_OPEN_CASES = "SELECT count(*) FROM sale WHERE outcome IN ('unknown', 'refund_due')"


class Asked(NamedTuple):
    page: str
    name: str
    query: str
    values: Any = None


class Found(NamedTuple):
    asked: Asked
    seconds: float
    pages: int
    """Of 8 KiB, looked at in one run."""
    read: dict[str, str]
    """Tables that grow, and how their rows are found."""
    partitions: int
    """Of the journal that are looked into."""

    @property
    def is_well(self) -> bool:
        return self.seconds <= LONGEST_S and "Seq Scan" not in self.read.values()


def measure(sales: int, say: Callable[[str], None] = lambda _line: None, counters: int = COUNTERS) -> bool:
    """Whether every page is quick, and stays so."""
    with running_cluster() as cluster, psycopg.connect(cluster.create_database(), autocommit=True) as connection:
        fill(connection, sales, counters)
        [(size, hours)] = connection.execute(
            "SELECT pg_size_pretty(pg_total_relation_size('sale')), (SELECT reltuples::bigint FROM pg_class"
            " WHERE relname = 'turnover')"
        ).fetchall()
        say(f"{sales} sales ({size}) and {hours} hours of turnover, {counters} counters, {MONTHS} months")
        found = [_look(connection, asked) for asked in questions()]
        for one in found:
            ways = ", ".join(f"{table}: {way}" for table, way in sorted(one.read.items())) or "nothing that grows"
            what = f"{one.seconds * 1000:8.1f} ms {one.pages:7} pages  {one.asked.page:<9} {one.asked.name:<26} {ways}"
            say(what if one.is_well else f"{what}   <-- TOO MUCH")
        together = sum(one.seconds for one in found if one.asked.page == "today")
        say(f"{together * 1000:8.1f} ms for all of the first page")
        month = _look(connection, Asked("", "", _A_MONTH))
        say(f"journal: rows of one month are looked for in {month.partitions} of {MONTHS} partitions")
        known = _look(connection, Asked("", "", _KNOWN, {"terminal": "T1", "epoch": "e", "seqs": [1, 2, 3]}))
        say(f"journal: rows that are known already, by {set(known.read.values())} in {known.partitions} partitions")
        is_quick = all(one.is_well for one in found) and together <= LONGEST_S
        return is_quick and month.partitions == 1 and "Seq Scan" not in known.read.values()


def fill(connection: psycopg.Connection[tuple[Any, ...]], sales: int, counters: int) -> None:
    """Indexes and keys are made afterwards, which takes a fifth of the time."""
    info = connection.info
    asyncio.run(migrate(Sensitive(f"postgresql://{info.user}@/{info.dbname}?host={info.host}")))
    connection.execute("SET maintenance_work_mem = '256MB'")
    tables = ("sale", "turnover", "turnover_day")
    indexes = [one for table in tables for one in connection.execute(_INDEXES, {"table": table}).fetchall()]
    for drop, _make in indexes:
        connection.execute(drop.encode())
    rows = max(MONTHS * 100, min(sales // 10, 200_000))
    for statement in _FILL:
        connection.execute(statement.encode(), {"sales": sales, "rows": rows, "counters": counters})
    for _drop, make in indexes:
        connection.execute(make.encode())
    connection.execute("VACUUM ANALYZE")
    connection.execute("SET max_parallel_workers_per_gather = 0")  # what helpers take would not be seen


def questions() -> Iterator[Asked]:
    """What the pages ask, and what a search may be for."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = {"since": today, "until": today + timedelta(days=1), "most": MOST}
    yield Asked("today", "counters", queries._HEALTH)
    yield Asked("today", "how many open cases", _OPEN_CASES)
    yield Asked("today", "by hour", queries._HOURS, day)
    yield Asked("today", "by shop", queries._SHOPS, {"day": today.date(), "most": MOST})
    for show in ("all", "silent", "ill"):
        yield Asked("counters", show, queries._COUNTERS, {"show": show, "find": "", "like": "%", "most": MOST})
    find = {"show": "all", "find": "hop 17", "like": "%hop 17%", "most": MOST}
    yield Asked("counters", "a part of a shop's name", queries._COUNTERS, find)
    yield Asked("cases", "open cases", queries._CASES, {"most": MOST})
    yield Asked("payouts", "by shop", payouts_pages._SHOPS)
    yield Asked("alarms", "alarms", queries._ALARMS, (MOST,))
    for name, search in _searches(today):
        yield Asked("search", name, *queries._search(search, MOST))


def _searches(today: datetime) -> Iterator[tuple[str, queries.Search]]:
    a_week = {"since": today - timedelta(days=107), "until": today - timedelta(days=100)}
    yield "reference", queries.Search(reference="T17-")
    yield "reference, wide", queries.Search(reference="T1")
    yield "reference that is not there", queries.Search(reference="X")
    yield "amount", queries.Search(amount_kr=1990)
    yield "counter", queries.Search(terminal="T17")
    yield "counter that is not there", queries.Search(terminal="X")
    yield "outcome", queries.Search(outcome="declined")
    yield "rare outcome", queries.Search(outcome="refunded")
    yield "amount, outcome", queries.Search(amount_kr=1990, outcome="refunded")
    yield "counter, outcome", queries.Search(terminal="T17", outcome="declined")
    yield "counter, amount", queries.Search(terminal="T17", amount_kr=1)
    yield "a week", queries.Search(**a_week)  # type: ignore[arg-type]
    yield "a week, amount", queries.Search(amount_kr=1990, **a_week)  # type: ignore[arg-type]
    yield "a week, counter", queries.Search(terminal="T17", **a_week)  # type: ignore[arg-type]
    yield "a week, rare outcome", queries.Search(outcome="refunded", **a_week)  # type: ignore[arg-type]


def _look(connection: psycopg.Connection[tuple[Any, ...]], asked: Asked) -> Found:
    """The processor time that the server takes for it, which is the same whoever else is at work."""
    used_s = cpu_s_of(connection.info.backend_pid)
    for _ in range(RUNS):
        connection.execute(asked.query.encode(), asked.values).fetchall()
    seconds = (cpu_s_of(connection.info.backend_pid) - used_s) / RUNS
    query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {asked.query}".encode()
    explained = psycopg.ClientCursor(connection).execute(query, asked.values).fetchone()
    assert explained is not None
    plan = explained[0][0]["Plan"]
    read: dict[str, str] = {}
    partitions = set()
    for node in _nodes(plan):
        table = node.get("Relation Name", "")
        if table.startswith("journal_2"):
            partitions.add(table)
            table = "journal"
        if node["Node Type"] in SCANS and table in GROWS and read.get(table) != "Seq Scan":
            read[table] = node["Node Type"]
    return Found(asked, seconds, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], read, len(partitions))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.big_page", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="how many sales (default 5000000)")
    options = parser.parse_args(arguments)
    if find_binaries() is None:
        print(NOT_THERE, file=sys.stderr)
        return 2
    return int(not measure(options.rows, lambda line: print(line, flush=True)))


if __name__ == "__main__":
    sys.exit(main())
