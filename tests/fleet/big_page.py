"""The page's queries over many sales: how long each takes, and how the database finds its rows.

What is measured at five million is carried over to more by its plan: a query that reaches its rows by an index reads as
many of them however large the table is, and a deeper tree costs a page or two. One that reads a table from one end to
the other would not, and fails the measurement. The journal, in its partitions, is read by no query of the page; what
the collector asks it is held against the partitions too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import psycopg

from terminal.office.page import queries
from terminal.office.page.queries import MOST
from terminal.office.server.database import migrate
from terminal.office.server.store import _KNOWN
from terminal.sale.sensitive import Sensitive
from tests.fleet.office import cpu_s_of
from tests.postgres import running_cluster

LONGEST_S = 0.3
COUNTERS = 20_000
MONTHS = 12
RUNS = 20
GROWS = frozenset({"sale", "turnover", "journal"})
"""What has more rows each day. The others have one for each counter."""

_FILL = (
    f"""
    INSERT INTO terminal (terminal, shop) SELECT 'T' || n, 'Shop ' || n / 10 FROM generate_series(1, {COUNTERS}) AS n
    """,
    f"""
    INSERT INTO status (terminal, document, received)
    SELECT 'T' || n, '{{}}', now() - CASE WHEN n %% 100 = 0 THEN interval '1 hour' ELSE interval '10 seconds' END
    FROM generate_series(1, {COUNTERS}) AS n
    """,
    f"""
    INSERT INTO sale (terminal, reference, number, epoch, seq, at, created, state, outcome, reason, amount_kr)
    SELECT 'T' || n %% {COUNTERS} + 1, 'T' || n %% {COUNTERS} + 1 || '-' || n, n, 'e', n, '',
           now() - (n::float / %(sales)s) * interval '{MONTHS} months', 'closed',
           CASE WHEN n %% 500000 = 7 THEN 'unknown' WHEN n %% 10 = 0 THEN 'declined' ELSE 'approved' END, '',
           100 + (n::bigint * 7919) %% 50000
    FROM generate_series(1, %(sales)s) AS n
    """,
    """
    INSERT INTO turnover (terminal, hour, sales, sum_kr)
    SELECT terminal, date_trunc('hour', created), count(*), sum(amount_kr) FROM sale
    WHERE outcome = 'approved' GROUP BY 1, 2
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
_A_MONTH = "SELECT count(*) FROM journal WHERE month = date '2026-05-01'"
_SCAN = re.compile(r"((?:Seq|Index|Index Only|Bitmap Heap) Scan)(?: Backward)?(?: using \w+)? on (\w+)")
_DAY = {"since": "today", "until": "tomorrow", "most": MOST}


class Found(NamedTuple):
    name: str
    seconds: float
    read: dict[str, str]
    """Tables that grow, and how their rows are found."""
    partitions: int
    """Of the journal that are looked into."""

    @property
    def is_well(self) -> bool:
        return self.seconds <= LONGEST_S and "Seq Scan" not in self.read.values()


def measure(sales: int, say: Callable[[str], None] = lambda _line: None) -> bool:
    """Whether every query of the page is quick, and stays so."""
    with running_cluster() as cluster, psycopg.connect(cluster.create_database(), autocommit=True) as connection:
        fill(connection, sales)
        found = list(look(connection))
        [(size, month_only)] = connection.execute(
            "SELECT pg_size_pretty(pg_total_relation_size('sale')), (SELECT reltuples::bigint FROM pg_class"
            " WHERE relname = 'turnover')"
        ).fetchall()
        say(f"{sales} sales ({size}) and {month_only} hours of turnover, {COUNTERS} counters, {MONTHS} months")
        for one in found:
            ways = ", ".join(f"{table}: {way}" for table, way in sorted(one.read.items())) or "nothing that grows"
            say(f"{one.seconds * 1000:8.1f} ms  {one.name:<22} {ways}{'' if one.is_well else '   <-- TOO MUCH'}")
        pruned = _plan(connection, "of a month", _A_MONTH, None)
        say(f"journal: rows of one month are looked for in {pruned.partitions} of {MONTHS} partitions")
        known = _plan(connection, "known rows", _KNOWN, {"terminal": "T1", "epoch": "e", "seqs": [1, 2, 3]})
        say(f"journal: rows that are known already, by {set(known.read.values())} in {known.partitions} partitions")
        return all(one.is_well for one in found) and pruned.partitions == 1 and "Seq Scan" not in known.read.values()


def fill(connection: psycopg.Connection[tuple[Any, ...]], sales: int) -> None:
    info = connection.info
    asyncio.run(migrate(Sensitive(f"postgresql://{info.user}@/{info.dbname}?host={info.host}")))
    for statement in _FILL:
        connection.execute(statement.encode(), {"sales": sales, "rows": max(MONTHS * 100, min(sales // 10, 200_000))})
    connection.execute("VACUUM ANALYZE")
    connection.execute("SET max_parallel_workers_per_gather = 0")  # what helpers take would not be seen


def look(connection: psycopg.Connection[tuple[Any, ...]]) -> Iterator[Found]:
    health = {"counters": queries._HEALTH, "open cases": queries._CASES}
    yield _plan(connection, "today, counters", health["counters"], None)
    yield _plan(connection, "today, by hour", queries._HOURS, _DAY)
    yield _plan(connection, "today, by shop", queries._SHOPS, _DAY)
    for show in ("all", "silent", "ill"):
        yield _plan(connection, f"counters, {show}", queries._COUNTERS, _of_counters(show))
    yield _plan(connection, "open cases", queries._CASES, {"most": MOST})
    for name, search in _SEARCHES.items():
        yield _plan(connection, f"search by {name}", *queries._search(search, MOST))


def _of_counters(show: str) -> dict[str, object]:
    return {"show": show, "find": "", "like": "%", "most": MOST}


_SEARCHES = {
    "reference": queries.Search(reference="T17-"),
    "amount": queries.Search(amount_kr=1990),
    "counter": queries.Search(terminal="T17"),
    "outcome": queries.Search(outcome="declined"),
    "rare outcome": queries.Search(outcome="refunded"),
    "amount, outcome": queries.Search(amount_kr=1990, outcome="refunded"),
}


def _plan(connection: psycopg.Connection[tuple[Any, ...]], name: str, query: str, values: Any) -> Found:
    """The processor time that the server takes for it, which is the same whoever else is at work."""
    used_s = cpu_s_of(connection.info.backend_pid)
    for _ in range(RUNS):
        connection.execute(query.encode(), values).fetchall()
    seconds = (cpu_s_of(connection.info.backend_pid) - used_s) / RUNS
    explained = psycopg.ClientCursor(connection).execute(f"EXPLAIN {query}".encode(), values)
    lines = [line for (line,) in explained.fetchall()]
    read: dict[str, str] = {}
    partitions = set()
    for line in lines:
        match = _SCAN.search(line)
        if match is None:
            continue
        table = re.sub(r"^journal_\d{4}_\d{2}$", "journal", match[2])
        if table == "journal":
            partitions.add(match[2])
        if table in GROWS:
            read[table] = "Seq Scan" if "Seq Scan" in (match[1], read.get(table)) else match[1]
    return Found(name, seconds, read, len(partitions))
