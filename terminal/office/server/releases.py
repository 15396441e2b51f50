"""Releases in waves, as the database has them; waves.py decides.

Whoever serves looks once a minute, one of them at a time. What stands here is a wish: a counter loads the release from
here (archives.py) or is upgraded by whoever looks after it, and says itself which version it runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import psycopg

from terminal.errors import TerminalError
from terminal.office.server.database import Connection
from terminal.office.server.waves import Member, Plan, State, judge, next_step

LOOK_EVERY_S = 60.0
MOST_HOURS = 8760
MOST_LINES = 200
_LOCK = "SELECT pg_try_advisory_xact_lock(1852273781)"
_ACTIVE = "SELECT version, sizes, stop_percent, silent_hours, now() FROM rollout WHERE state = 'running' FOR UPDATE"
_SEEN = """
UPDATE rollout_member AS m SET runs_since = now(), sold_then = coalesce(
    (SELECT max(number) FROM sale AS s WHERE s.terminal = m.terminal AND s.outcome = 'approved'), 0)
FROM status AS t WHERE t.terminal = m.terminal AND t.version = m.version AND m.version = %s AND m.runs_since IS NULL
"""
_MEMBERS = """
SELECT m.terminal, m.wave, m.since, m.state, coalesce(t.version, ''), t.received, m.runs_since,
       ARRAY(SELECT unnest(t.troubles) EXCEPT SELECT unnest(m.troubles) ORDER BY 1),
       m.runs_since IS NOT NULL AND EXISTS (SELECT 1 FROM sale AS s WHERE s.terminal = m.terminal
           AND s.outcome = 'approved' AND s.number > m.sold_then),
       CASE WHEN t.release_refused = m.version THEN t.release_why ELSE '' END,
       CASE WHEN t.release_refused = '' THEN t.release_why ELSE '' END
FROM rollout_member AS m LEFT JOIN status AS t USING (terminal) JOIN terminal AS c USING (terminal)
WHERE m.version = %s AND c.revoked IS NULL ORDER BY m.terminal
"""
_JUDGE = "UPDATE rollout_member SET state = %s, why = %s WHERE terminal = %s AND version = %s"
_OTHERS = """
SELECT c.terminal FROM (
    SELECT terminal, row_number() OVER (PARTITION BY shop ORDER BY md5(terminal || %(version)s)) AS place
    FROM terminal WHERE revoked IS NULL) AS c
JOIN status AS t USING (terminal)
WHERE t.version NOT IN ('', %(version)s)
  AND NOT EXISTS (SELECT 1 FROM rollout_member AS m WHERE m.terminal = c.terminal AND m.version = %(version)s)
ORDER BY c.place, md5(c.terminal || %(version)s) LIMIT %(most)s
"""
_BEGIN = """
INSERT INTO rollout_member (terminal, version, wave, troubles)
SELECT terminal, %s, %s, troubles FROM status WHERE terminal = ANY(%s)
"""
_END = "UPDATE rollout SET state = %s, why = %s WHERE version = %s"
_NOTE = "INSERT INTO audit (name, did, what) VALUES (%s, %s, %s)"
_START = """
INSERT INTO rollout (version, sizes, stop_percent, silent_hours, begun_by) VALUES (%s, %s, %s, %s, %s)
"""
_TURN = "UPDATE rollout SET state = %s, why = '' WHERE version = %s AND state = ANY(%s) RETURNING version"
_FROM: dict[str, list[str]] = {
    "paused": ["running"],
    "running": ["paused", "stopped"],
    "stopped": ["running", "paused"],
}
_WANTED = """
SELECT m.version FROM rollout_member AS m JOIN rollout AS r USING (version)
WHERE m.terminal = %s AND r.state = 'running' AND m.state IN ('waiting', 'proving')
"""
_ROLLOUTS = """
SELECT r.version, r.state, r.why, r.sizes, r.stop_percent, r.silent_hours, r.begun_by, r.began,
       (SELECT max(wave) FROM rollout_member AS m WHERE m.version = r.version)
FROM rollout AS r ORDER BY r.began DESC LIMIT 20
"""
_COUNTS = "SELECT state, count(*) FROM rollout_member WHERE version = %s GROUP BY state"
_LINES = """
SELECT m.terminal, coalesce(c.shop, ''), m.wave, m.state,
       CASE WHEN m.why = '' THEN coalesce(t.release_why, '') ELSE m.why END FROM rollout_member AS m
LEFT JOIN terminal AS c USING (terminal) LEFT JOIN status AS t USING (terminal)
WHERE m.version = %s AND m.state <> 'well'
ORDER BY m.state, m.wave, m.terminal LIMIT %s
"""


class Rollout(NamedTuple):
    version: str
    state: str
    why: str
    sizes: list[int]
    stop_percent: int
    silent_hours: int
    begun_by: str
    began: datetime
    wave: int | None
    counts: Mapping[str, int] = MappingProxyType({})
    """Of counters, by their state."""


class MemberLine(NamedTuple):
    terminal: str
    shop: str
    wave: int
    state: str
    why: str


async def start(connection: Connection, plan: Plan, by: str) -> None:
    """Raises TerminalError."""
    if not re.fullmatch(r"[0-9][0-9a-z.]{0,39}", plan.version):
        raise TerminalError(f"{plan.version[:40]!r} is no version of a release, such as 1.2.0")
    hours = int(plan.silent_after / timedelta(hours=1))
    if not 0 <= plan.stop_percent <= 100 or not 1 <= hours <= MOST_HOURS:
        raise TerminalError(f"stop at 0 to 100 %, and wait 1 to {MOST_HOURS} hours for who is silent")
    try:
        async with connection.transaction():
            await connection.execute(_START, (plan.version, list(plan.sizes), plan.stop_percent, hours, by))
            await connection.execute(_NOTE, (by, "release_start", f"{plan.version}, {plan.sizes}"))
    except psycopg.errors.UniqueViolation as error:
        raise TerminalError(
            f"another release is under way, or {plan.version} went out before: see office release list"
        ) from error


async def turn(connection: Connection, version: str, state: str, by: str) -> None:
    """To paused, stopped or, once somebody has looked into it, running again. Raises TerminalError."""
    try:
        async with connection.transaction():
            cursor = await connection.execute(_TURN, (state, version, _FROM[state]))
            if await cursor.fetchone() is None:
                raise TerminalError(f"release {version[:40]} cannot be {state} now: office release list")
            await connection.execute(_NOTE, (by, f"release_{state}", version))
    except psycopg.errors.UniqueViolation as error:
        raise TerminalError("another release is under way: stop that one first") from error


async def forgive(connection: Connection, terminal: str, version: str, by: str) -> None:
    """What failed there was not the release's fault. Raises TerminalError."""
    async with connection.transaction():
        cursor = await connection.execute(
            "UPDATE rollout_member SET state = 'well', why = '' WHERE terminal = %s AND version = %s"
            " AND state <> 'well' RETURNING terminal",
            (terminal, version),
        )
        if await cursor.fetchone() is None:
            raise TerminalError(f"terminal {terminal[:64]} has not failed {version[:40]}")
        await connection.execute(_NOTE, (by, "release_forgive", f"{terminal}, {version}"))


async def advance(connection: Connection) -> str:
    """Look at the counters of the release that runs, and take the next step; says what happened."""
    async with connection.transaction():
        locked = await (await connection.execute(_LOCK)).fetchone()
        found = await (await connection.execute(_ACTIVE)).fetchone() if locked and locked[0] else None
        if found is None:
            return ""
        version, sizes, stop_percent, silent_hours, now = found
        plan = Plan(version, tuple(sizes), stop_percent, timedelta(hours=silent_hours))
        await connection.execute(_SEEN, (version,))
        states = await _judged(connection, plan, now)
        most = plan.size_of(max((wave for wave, _ in states), default=0) + 1)
        cursor = await connection.execute(_OTHERS, {"version": version, "most": most})
        step = next_step(plan, states, [str(terminal) async for (terminal,) in cursor])
        if step.stop:
            await connection.execute(_END, ("stopped", step.stop, version))
            return f"release {version} is stopped: {step.stop}"
        if step.done:
            await connection.execute(_END, ("done", "", version))
            return f"release {version} is everywhere"
        if step.begin:
            wave = max((wave for wave, _ in states), default=0) + 1
            await connection.execute(_BEGIN, (version, wave, list(step.begin)))
            return f"release {version}: wave {wave}, {len(step.begin)} counters"
        return ""


async def _judged(connection: Connection, plan: Plan, now: datetime) -> list[tuple[int, State]]:
    states = []
    for row in await (await connection.execute(_MEMBERS, (plan.version,))).fetchall():
        member = Member(*row)._replace(state=State(row[3]), new_troubles=tuple(row[7] or ()))
        verdict = judge(plan, member, now)
        if verdict.state is not member.state:
            await connection.execute(_JUDGE, (verdict.state, verdict.why, member.terminal, plan.version))
        states.append((member.wave, verdict.state))
    return states


async def wanted(connection: Connection, terminal: str) -> str:
    """The version that this terminal should run; empty: no wish."""
    found = await (await connection.execute(_WANTED, (terminal,))).fetchone()
    return str(found[0]) if found else ""


async def rollouts(connection: Connection) -> list[Rollout]:
    """Newest first."""
    found = [Rollout(*row) for row in await (await connection.execute(_ROLLOUTS)).fetchall()]
    counted = []
    for one in found:
        rows = await (await connection.execute(_COUNTS, (one.version,))).fetchall()
        counted.append(one._replace(counts={str(state): int(count) for state, count in rows}))
    return counted


async def lines(connection: Connection, version: str) -> list[MemberLine]:
    """Counters that are to be upgraded, are not yet known to be well, or have failed."""
    cursor = await connection.execute(_LINES, (version, MOST_LINES))
    return [MemberLine(*row) for row in await cursor.fetchall()]
