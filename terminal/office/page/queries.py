"""What the page asks the database. Every query has a bound, and none reads the journal itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any, NamedTuple

from terminal.office.server.database import Connection

SILENT_S = 300
"""A terminal says every minute how it is."""
MOST = 200
"""Lines on a page."""
OPEN_OUTCOMES = ["unknown", "refund_due"]

_HEALTH = f"""
SELECT count(*),
       count(*) FILTER (WHERE received IS NULL OR received < now() - interval '{SILENT_S} seconds'),
       count(*) FILTER (WHERE received >= now() - interval '{SILENT_S} seconds' AND troubles <> '{{}}')
FROM terminal LEFT JOIN status USING (terminal) WHERE revoked IS NULL
"""
_HOURS = """
SELECT hour, sum(sales)::bigint, sum(sum_kr)::bigint FROM turnover
WHERE hour >= %(since)s AND hour < %(until)s GROUP BY hour ORDER BY hour
"""
_SHOPS = """
SELECT coalesce(t.shop, ''), count(*), sum(d.sales)::bigint, sum(d.sum_kr)::bigint
FROM turnover_day AS d LEFT JOIN terminal AS t USING (terminal)
WHERE d.day = %(day)s GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT %(most)s
"""
_COUNTERS = f"""
SELECT terminal, shop, received, coalesce(troubles, '{{}}') FROM terminal LEFT JOIN status USING (terminal)
WHERE revoked IS NULL AND (%(find)s = '' OR terminal ILIKE %(like)s OR shop ILIKE %(like)s) AND CASE %(show)s
    WHEN 'silent' THEN received IS NULL OR received < now() - interval '{SILENT_S} seconds'
    WHEN 'ill' THEN received >= now() - interval '{SILENT_S} seconds' AND troubles <> '{{}}'
    ELSE true END
ORDER BY received NULLS FIRST, terminal LIMIT %(most)s
"""
_SALES = """
SELECT s.terminal, coalesce(t.shop, ''), s.number, s.reference, s.register_id, s.created, s.amount_kr, s.outcome,
       s.reason
FROM sale AS s LEFT JOIN terminal AS t USING (terminal) WHERE {}
ORDER BY s.created DESC, s.terminal, s.number LIMIT %(most)s
"""
_CASES = _SALES.format("s.outcome IN ('unknown', 'refund_due')").replace("created DESC", "created")
_ALARMS = """
SELECT a.terminal, coalesce(t.shop, ''), a.epoch, a.seq, a.kind, a.found, a.first_seen, a.times, a.seen_by, a.seen_at
FROM alarm AS a LEFT JOIN terminal AS t USING (terminal) ORDER BY a.seen_at IS NOT NULL, a.last_seen DESC LIMIT %s
"""
_SEEN = """
UPDATE alarm SET seen_by = %s, seen_at = now()
WHERE terminal = %s AND epoch = %s AND seq = %s AND kind = %s AND found = %s AND seen_at IS NULL RETURNING terminal
"""


class Health(NamedTuple):
    counters: int
    silent: int
    ill: int
    cases: int
    alarms: int


class Hour(NamedTuple):
    hour: datetime
    sales: int
    sum_kr: int


class ShopDay(NamedTuple):
    shop: str
    counters: int
    sales: int
    sum_kr: int


class CounterLine(NamedTuple):
    terminal: str
    shop: str
    received: datetime | None
    troubles: list[str]


class SaleLine(NamedTuple):
    terminal: str
    shop: str
    number: int
    reference: str
    register_id: str
    created: datetime
    amount_kr: int
    outcome: str
    reason: str


class AlarmLine(NamedTuple):
    terminal: str
    shop: str
    epoch: str
    seq: int
    kind: str
    found: str
    first_seen: datetime
    times: int
    seen_by: str | None
    seen_at: datetime | None


class LogLine(NamedTuple):
    at: datetime
    name: str
    did: str
    what: str


class Search(NamedTuple):
    """What is left out is not asked for."""

    reference: str = ""
    """How it begins."""
    terminal: str = ""
    amount_kr: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Search()


async def health(connection: Connection) -> Health:
    [(counters, silent, ill)] = await _all(connection, _HEALTH)
    [(cases,)] = await _all(connection, "SELECT count(*) FROM sale WHERE outcome IN ('unknown', 'refund_due')")
    [(alarms,)] = await _all(connection, "SELECT count(*) FROM alarm WHERE seen_at IS NULL")
    return Health(counters, silent, ill, cases, alarms)


async def hours(connection: Connection, since: datetime, until: datetime) -> list[Hour]:
    return [Hour(*row) for row in await _all(connection, _HOURS, {"since": since, "until": until})]


async def shops(connection: Connection, day: date) -> list[ShopDay]:
    return [ShopDay(*row) for row in await _all(connection, _SHOPS, {"day": day, "most": MOST})]


async def counters(connection: Connection, show: str, find: str) -> list[CounterLine]:
    values = {"show": show, "find": find, "like": f"%{_plain(find)}%", "most": MOST}
    return [CounterLine(*row) for row in await _all(connection, _COUNTERS, values)]


async def cases(connection: Connection) -> list[SaleLine]:
    return [SaleLine(*row) for row in await _all(connection, _CASES, {"most": MOST})]


async def sales(connection: Connection, search: Search, most: int = MOST) -> list[SaleLine]:
    query, values = _search(search, most)
    return [SaleLine(*row) for row in await _all(connection, query, values)]


async def stream_sales(connection: Connection, search: Search, most: int) -> AsyncIterator[SaleLine]:
    """In bounded memory."""
    query, values = _search(search, most)
    async with connection.transaction(), connection.cursor("export") as cursor:
        await cursor.execute(query.encode(), values)
        async for row in cursor:
            yield SaleLine(*row)


async def alarms(connection: Connection) -> list[AlarmLine]:
    return [AlarmLine(*row) for row in await _all(connection, _ALARMS, (MOST,))]


async def mark_seen(connection: Connection, name: str, alarm: tuple[str, str, int, str, str]) -> bool:
    return bool(await _all(connection, _SEEN, (name, *alarm)))


async def log_lines(connection: Connection) -> list[LogLine]:
    query = "SELECT at, name, did, what FROM audit ORDER BY at DESC LIMIT %s"
    return [LogLine(*row) for row in await _all(connection, query, (MOST,))]


async def note(connection: Connection, name: str, did: str, what: str = "") -> None:
    """Into the log."""
    query = "INSERT INTO audit (name, did, what) VALUES (%s, %s, %s)"
    await connection.execute(query, (name, did, what[:500]))


def _search(search: Search, most: int) -> tuple[str, dict[str, Any]]:
    conditions = {
        "s.reference LIKE %(reference)s": search.reference and f"{_plain(search.reference)}%",
        "s.terminal = %(terminal)s": search.terminal,
        "s.amount_kr = %(amount_kr)s": search.amount_kr,
        "s.created >= %(since)s": search.since,
        "s.created < %(until)s": search.until,
        "s.outcome = %(outcome)s": search.outcome,
    }
    wanted = [condition for condition, value in conditions.items() if value not in ("", None)]
    values: dict[str, Any] = {**search._asdict(), "most": most}
    values["reference"] = f"{_plain(search.reference)}%"
    return _SALES.format(" AND ".join(wanted) or "true"), values


def _plain(text: str) -> str:
    """As LIKE reads it."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _all(connection: Connection, query: str, values: Any = None) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query.encode(), values)
    return list(await cursor.fetchall()) if cursor.description else []
