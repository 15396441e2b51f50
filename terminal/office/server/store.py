"""Takes a batch of rows into PostgreSQL: all of it or nothing, each row once, in one transaction.

    lock this journal's head -> compare what is known -> check the chain -> insert -> fold -> move the head

What is known already and the same is nothing. What is known with another content is refused and leaves an alarm. A row
that does not follow from the one before it is kept all the same, with an alarm: to refuse it would hide every sale
after it, and the office wants to see both.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec
import psycopg

from terminal.office.compact import CompactBatch, chained
from terminal.office.server.database import Connection
from terminal.office.server.folding import fold
from terminal.office.wire import Batch, Row, broken_links

_HEAD = """
INSERT INTO journal_head (terminal, epoch) VALUES (%(terminal)s, %(epoch)s) ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT have, hash FROM journal_head WHERE terminal = %(terminal)s AND epoch = %(epoch)s FOR UPDATE"
_KNOWN = """
SELECT seq, at, kind, body, hash FROM journal
WHERE terminal = %(terminal)s AND epoch = %(epoch)s AND seq = ANY(%(seqs)s)
"""
_INSERT = """
INSERT INTO journal (terminal, epoch, month, seq, at, kind, body, hash)
SELECT %(terminal)s, %(epoch)s, %(month)s, * FROM
unnest(%(seqs)b::bigint[], %(ats)b::text[], %(kinds)b::text[], %(bodies)b::text[], %(hashes)b::text[])
ON CONFLICT DO NOTHING
"""
"""In binary, ``b``: as text each quote of a body is escaped, which took half of the collector's processor time."""
_MOVE = """
UPDATE journal_head SET have = %(have)s, hash = %(hash)s, received = now()
WHERE terminal = %(terminal)s AND epoch = %(epoch)s
"""
_ALARM = """
INSERT INTO alarm (terminal, epoch, seq, kind, found, known, body)
VALUES (%(terminal)s, %(epoch)s, %(seq)s, %(kind)s, %(found)s, %(known)s, %(body)s)
ON CONFLICT (terminal, epoch, seq, kind, found) DO UPDATE SET times = alarm.times + 1, last_seen = now()
"""
MOST_ALARMS = 20
"""From one batch: one is enough to be looked at, and nobody shall fill the disk with them."""


class WantsWhole(Exception):
    """What is known here does not lead to these rows, so each has to say itself what it is."""


class Taken(NamedTuple):
    """What became of a batch."""

    have: int
    conflict: int | None = None
    """The first ``seq`` that is known with another content; then nothing was kept."""


class Store:
    """Journals in the database. Safe to use from several tasks, and beside other collectors."""

    def __init__(self) -> None:
        self._months: set[date] = set()

    async def have(self, connection: Connection, terminal: str, epoch: str) -> int:
        cursor = await connection.execute(
            "SELECT have FROM journal_head WHERE terminal = %s AND epoch = %s", (terminal, epoch)
        )
        found = await cursor.fetchone()
        return int(found[0]) if found else 0

    async def take(self, connection: Connection, batch: Batch | CompactBatch) -> Taken:
        """Raises psycopg.Error, after which nothing of it is kept, or all of it if the commit's answer was lost, and
        WantsWhole."""
        month = datetime.now(UTC).date().replace(day=1)
        if month not in self._months:
            await connection.execute("SELECT ensure_month(%s)", (month,))
            self._months.add(month)
        async with connection.transaction():
            return await _take(connection, batch, month)


async def _take(connection: Connection, batch: Batch | CompactBatch, month: date) -> Taken:
    journal: dict[str, object] = {"terminal": batch.terminal, "epoch": batch.epoch}
    have, head_hash = await _locked_head(connection, journal)
    if isinstance(batch, CompactBatch):
        whole = chained(batch, head_hash) if batch.first == have + 1 else None
        if whole is None:
            raise WantsWhole
        batch = whole
    if (conflicts := await _conflicts(connection, journal, batch.rows, have)) != []:
        for known, row in conflicts[:MOST_ALARMS]:
            await _raise_alarm(connection, journal, "conflict", row, known.hash)
        return Taken(have, conflicts[0][1].seq)
    rows = _next_rows(batch.rows, have)
    if not rows:
        return Taken(have)
    for row in broken_links(head_hash, rows)[:MOST_ALARMS]:
        await _raise_alarm(connection, journal, "chain", row, head_hash if row is rows[0] else "")
    await _insert(connection, journal, rows, month)
    await fold(connection, batch.terminal, str(batch.epoch), rows)
    await connection.execute(_MOVE, {**journal, "have": rows[-1].seq, "hash": rows[-1].hash})
    return Taken(rows[-1].seq)


async def _locked_head(connection: Connection, journal: dict[str, object]) -> tuple[int, str]:
    """Nobody else takes rows of this journal until the transaction ends."""
    for _attempt in range(2):
        found = await (await connection.execute(_LOCK, journal)).fetchone()
        if found is not None:
            return int(found[0]), str(found[1])
        await connection.execute(_HEAD, journal)
    raise psycopg.OperationalError("a journal's head is there and is not")


async def _conflicts(
    connection: Connection, journal: dict[str, object], rows: Sequence[Row], have: int
) -> list[tuple[Row, Row]]:
    """Pairs of what is known and what came instead."""
    pairs = [(one, other) for one, other in itertools.pairwise(rows) if one.seq == other.seq]
    old = [row for row in rows if row.seq <= have]
    if old:
        cursor = await connection.execute(_KNOWN, {**journal, "seqs": [row.seq for row in old]})
        known = {row[0]: row async for row in cursor}
        for row in old:
            seq, at, kind, body, its_hash = known[row.seq]
            pairs.append((Row(seq, at, kind, msgspec.Raw(body), its_hash), row))
    return [(known, row) for known, row in pairs if _content(known) != _content(row)]


def _content(row: Row) -> tuple[object, ...]:
    return (row.seq, row.at, row.kind, bytes(row.body), row.hash)


def _next_rows(rows: Sequence[Row], have: int) -> list[Row]:
    """Those that come next, up to the first gap."""
    taken: list[Row] = []
    for row in rows:
        if row.seq == have + 1:
            taken.append(row)
            have = row.seq
    return taken


async def _insert(connection: Connection, journal: dict[str, object], rows: Sequence[Row], month: date) -> None:
    columns = {
        "month": month,
        "seqs": [row.seq for row in rows],
        "ats": [row.at for row in rows],
        "kinds": [row.kind for row in rows],
        "bodies": [row.text for row in rows],
        "hashes": [row.hash for row in rows],
    }
    cursor = await connection.execute(_INSERT, {**journal, **columns})
    if cursor.rowcount != len(rows):
        raise psycopg.IntegrityError(f"{journal}: rows behind the head are there already")


async def _raise_alarm(connection: Connection, journal: dict[str, object], kind: str, row: Row, known: str) -> None:
    found = {"seq": row.seq, "kind": kind, "found": row.hash, "known": known, "body": row.text}
    await connection.execute(_ALARM, {**journal, **found})
