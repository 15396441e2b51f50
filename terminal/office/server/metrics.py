"""Prometheus metrics of the head office, with ``[metrics] listen`` only: on a port of its own, for this machine alone.

A port of its own, because a proxy in front of the page stands on this machine as well: by a caller's address alone
everybody would be let in. All of it is asked of the database at each scrape, so each collector says the same; what is
of one process says so in its help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from terminal.config.addresses import is_loopback
from terminal.office.server.collector import Counts
from terminal.office.server.database import Connection, Pool
from terminal.system.accept import Limits

SCRAPERS = Limits(connections=4)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SILENT_S = 300

_COUNTERS = f"""
SELECT count(*),
       count(*) FILTER (WHERE received IS NULL OR received < now() - interval '{SILENT_S} seconds'),
       count(*) FILTER (WHERE received >= now() - interval '{SILENT_S} seconds' AND troubles <> '{{}}'),
       coalesce(sum(reconciled_differ), 0)::bigint, coalesce(sum(reconciled_not_asked), 0)::bigint
FROM terminal LEFT JOIN status USING (terminal) WHERE revoked IS NULL
"""
_TROUBLES = f"""
SELECT trouble, count(*) FROM status CROSS JOIN LATERAL unnest(troubles) AS trouble
WHERE received >= now() - interval '{SILENT_S} seconds' GROUP BY trouble ORDER BY trouble
"""
_CASES = "SELECT count(*) FROM sale WHERE outcome IN ('unknown', 'refund_due')"
_ALARMS = "SELECT count(*) FROM alarm WHERE seen_at IS NULL"
_TODAY = """
SELECT coalesce(sum(sales), 0)::bigint, coalesce(sum(sum_kr), 0)::bigint FROM turnover_day
WHERE day = (now() AT TIME ZONE 'UTC')::date
"""
_NEWEST = "SELECT extract(epoch FROM now() - max(received))::float FROM journal_head"
_ROLLOUT = "SELECT version, state FROM rollout ORDER BY began DESC LIMIT 1"
_MEMBERS = "SELECT state, count(*) FROM rollout_member WHERE version = %s GROUP BY state"
MEMBER_STATES = ("waiting", "proving", "well", "failed")
ROLLOUT_STATES = ("running", "paused", "stopped", "done")


class Sample(NamedTuple):
    name: str
    value: float
    label: str = ""
    """``state="well"``."""


class Metric(NamedTuple):
    kind: str
    help: str


METRICS = {
    "database_up": Metric("gauge", "1 while the database answers; without it most others are missing"),
    "counters": Metric("gauge", "Counters that are known and not revoked"),
    "counters_silent": Metric("gauge", f"Those that have said nothing for {SILENT_S} seconds"),
    "counters_ill": Metric("gauge", "Those that say that something is wrong with them"),
    "counters_in_trouble": Metric("gauge", "The same by what is wrong; one counter may have several"),
    "open_cases": Metric("gauge", "Sales of which it is unknown whether they were paid, and refunds that are due"),
    "alarms": Metric("gauge", "Journals that are not what their counter first sent, and nobody has looked into"),
    "sales_today": Metric("gauge", "Paid sales of this day, UTC"),
    "turnover_today_kronur": Metric("gauge", "What they add up to"),
    "last_row_age_seconds": Metric("gauge", "Since the newest row of any journal came in"),
    "reconciliation_differences": Metric("gauge", "Lines that differ in the counters' last reconciliations"),
    "reconciliation_unasked": Metric("gauge", "Lines of them about which Netgíró could not be asked"),
    "release": Metric("gauge", "1 for the state of the newest release"),
    "release_counters": Metric("gauge", "Counters of the newest release by their state"),
    "rows_total": Metric("counter", "Rows of journals that this process was sent"),
    "answers_total": Metric("counter", "Answers to terminals of this process by their HTTP status"),
}


def metrics_app(pool: Pool, counts: Counts) -> Starlette:
    """GET /metrics."""
    one_at_a_time = asyncio.Lock()

    async def answer(request: Request) -> Response:
        if not is_loopback((request.url.hostname or "").strip("[]")):  # a page whose name leads here
            return PlainTextResponse("This is for programs on this machine.", 403)
        async with one_at_a_time:
            return Response(text_of([*await _of_database(pool), *_of_process(counts)]), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", answer)])


async def _of_database(pool: Pool) -> list[Sample]:
    try:
        async with pool.connection() as connection:
            return [Sample("database_up", 1), *await samples(connection)]
    except (psycopg.Error, PoolTimeout, TooManyRequests):
        return [Sample("database_up", 0)]


def _of_process(counts: Counts) -> list[Sample]:
    answers = [Sample("answers_total", n, f'status="{status}"') for status, n in sorted(counts.answers.items())]
    return [Sample("rows_total", counts.rows), *answers]


async def samples(connection: Connection) -> list[Sample]:
    """As they are now."""
    [(known, silent, ill, differ, not_asked)] = await _all(connection, _COUNTERS)
    [(cases,)], [(alarms,)] = await _all(connection, _CASES), await _all(connection, _ALARMS)
    [(sales, sum_kr)] = await _all(connection, _TODAY)
    [(age_s,)] = await _all(connection, _NEWEST)
    found = [
        Sample("counters", known),
        Sample("counters_silent", silent),
        Sample("counters_ill", ill),
        *(Sample("counters_in_trouble", n, f'trouble="{name}"') for name, n in await _all(connection, _TROUBLES)),
        Sample("open_cases", cases),
        Sample("alarms", alarms),
        Sample("sales_today", sales),
        Sample("turnover_today_kronur", sum_kr),
        Sample("reconciliation_differences", differ),
        Sample("reconciliation_unasked", not_asked),
    ]
    if age_s is not None:
        found.append(Sample("last_row_age_seconds", age_s))
    for version, state in await _all(connection, _ROLLOUT):
        counts = dict(await _all(connection, _MEMBERS, version))
        found += [Sample("release", one == state, f'state="{one}"') for one in ROLLOUT_STATES]
        found += [Sample("release_counters", counts.get(one, 0), f'state="{one}"') for one in MEMBER_STATES]
    return found


def text_of(found: Iterable[Sample]) -> str:
    """Prometheus' text format; the labels' values are words of our own."""
    by_name: dict[str, list[Sample]] = {}
    for sample in found:
        by_name.setdefault(sample.name, []).append(sample)
    lines = []
    for name, each in by_name.items():
        full = f"netgiro_office_{name}"
        lines += [f"# HELP {full} {METRICS[name].help}", f"# TYPE {full} {METRICS[name].kind}"]
        lines += [
            f"{full}{{{one.label}}} {one.value:.17g}" if one.label else f"{full} {one.value:.17g}" for one in each
        ]
    return "\n".join(lines) + "\n"


async def _all(connection: Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    return list(await (await connection.execute(query.encode(), values or None)).fetchall())
