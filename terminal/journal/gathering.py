"""Brings together, in a new database, every row that can still be read, and their chain.

The sources in order: the mirror, the database that is there, a backup. They share the rows' places, so each row comes
in once. Rows whose link is known keep their order; rows of older versions, which had none, come before them.
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from terminal.journal import chain, check, tables
from terminal.journal.database import open_for_reading
from terminal.journal.mirror import Damage, Held, Mirror
from terminal.journal.rows import EntryRow, RepairRow, kind_of, place_of, read_row
from terminal.journal.schema import DamageFound, read_entry

ROWS_A_COMMIT = 2000
"""While making anew, so that no one commit takes long."""

_GATHERED = """
CREATE TEMP TABLE gathered (
    kind TEXT NOT NULL, position INTEGER NOT NULL, body TEXT, seq INTEGER, hash TEXT, PRIMARY KEY (kind, position)
)
"""


class Gathering:
    """Into a new database; ``finish`` in its last transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.may_lack_latest = True
        """Nobody can say whether the last rows are among them."""
        self._db = db
        self._epoch = ""
        self.changed: int | None = None
        """The first link that is not what it was."""
        self._repairs: list[RepairRow] = []
        """They come last: a database that has this repair's own is whole."""
        db.execute(_GATHERED)

    def gather(self, path: Path, mirror: Mirror, backup: Path | None) -> None:
        """Raises sqlite3.Error, OSError."""
        mirror.look()
        self._epoch = mirror.chain.epoch or _epoch_of(path)
        if backup is not None and _is_other_history(backup, path, mirror):
            self._take(_salvaged(backup))
            self._take_links(backup)
            return
        damages: list[Damage] = []
        harmless = 0

        def from_mirror() -> Iterator[Held]:
            nonlocal harmless
            before = (0, "")
            for held in mirror.held(damages):
                link = held.link
                if link is None or link.seq != before[0] + 1 or chain.follows(before[1], link):
                    yield held  # else somebody changed it: the other sources are asked
                before = (link.seq, link.hash) if link is not None else before
                if isinstance(held.row, EntryRow):  # what a damaged line before it held was written again, or is a gap
                    harmless = len(damages)

        self._take(from_mirror())
        for source in filter(None, (path, backup)):
            self._take(_salvaged(source))
            if _epoch_of(source) == self._epoch:
                self._take_links(source)
        # A commit that a power cut tore was never acted upon.
        late = [damage for damage in damages[harmless:] if not damage.is_torn_write]
        self.may_lack_latest = mirror.is_behind or not mirror.segments() or bool(late)

    def _take(self, source: Iterable[Held]) -> None:
        rows = iter(source)
        while some := list(itertools.islice(rows, ROWS_A_COMMIT)):
            self._db.execute("BEGIN IMMEDIATE")
            for held in some:
                with contextlib.suppress(sqlite3.IntegrityError):  # what cannot have been written, such as nothing
                    self._keep(held)
            self._db.execute("COMMIT")

    def _keep(self, held: Held) -> None:
        row, link = held
        if isinstance(row, RepairRow):
            self._repairs.append(row)
        else:
            tables.keep_row(self._db, row, again="IGNORE")
        text = bytes(link.body) if link is not None else msgspec.json.encode(row)
        body = None if isinstance(row, EntryRow) else text.decode()  # as it was first written, if that is known
        seq, its_hash = (link.seq, link.hash) if link is not None else (None, None)
        self._db.execute(
            "INSERT INTO gathered (kind, position, body, seq, hash) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET seq = coalesce(seq, excluded.seq), hash = coalesce(hash, excluded.hash)",
            (kind_of(row), place_of(row)[1], body, seq, its_hash),
        )

    def _take_links(self, source: Path) -> None:
        """Of rows that the mirror holds without one, or not at all."""
        with (
            contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
            contextlib.closing(open_for_reading(source)) as old,
        ):
            links = old.execute("SELECT seq, hex(hash), kind, position, body FROM chain ORDER BY seq")
            while some := links.fetchmany(ROWS_A_COMMIT):
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    "UPDATE gathered SET seq = ?1, hash = lower(?2), body = ?5 "
                    "WHERE kind = ?3 AND position = ?4 AND seq IS NULL",
                    [link for link in some if _is_as_written(*link[2:])],
                )
                self._db.execute("COMMIT")

    def finish(self) -> None:
        """The earlier repairs, and the chain over everything, in the order of old."""
        for earlier in self._repairs:
            tables.keep_row(self._db, earlier, again="IGNORE")
        newest = "SELECT max(position) FROM gathered WHERE kind = 'nonces' AND seq IS NULL"
        self._db.execute(f"DELETE FROM gathered WHERE kind = 'nonces' AND seq IS NULL AND position < ({newest})")
        order = " ".join(f"WHEN '{kind}' THEN {number}" for number, kind in enumerate(chain.KINDS))
        known = self._db.execute(
            "SELECT gathered.seq, gathered.hash, body, entries.seq, at, event, sale, crc FROM gathered "
            "LEFT JOIN entries ON kind = 'entry' AND entries.seq = position "
            f"WHERE kind != 'entry' OR entries.seq IS NOT NULL "
            f"ORDER BY gathered.seq, CASE kind {order} END, position"
        )
        for seq, its_hash, body, *entry in known:
            row = read_entry(*entry) if body is None else read_row(body)
            linked = chain.append(self._db, row, body.encode() if body is not None else None)
            if seq is not None and self.changed is None and (linked.seq, linked.hash) != (seq, its_hash):
                self.changed = seq

    def keep_epoch(self) -> None:
        """If the chain is what it was, it is the same journal still."""
        if self._epoch and self.changed is None:
            chain.begin_epoch(self._db, self._epoch)


def _epoch_of(path: Path) -> str:
    try:
        with contextlib.closing(open_for_reading(path)) as db:
            return str(db.execute("SELECT epoch FROM epoch").fetchone()[0])
    except (sqlite3.Error, TypeError, UnicodeDecodeError):
        return ""


def _is_as_written(kind: str, position: int, body: str | None) -> bool:
    """As far as its place and its text go: SQLite itself has no checksums."""
    if kind == chain.ENTRY or not isinstance(body, str):
        return kind == chain.ENTRY and body is None
    try:
        return place_of(read_row(body))[1] == position
    except msgspec.DecodeError:
        return False


def _is_other_history(backup: Path, path: Path, mirror: Mirror) -> bool:
    """Whether the last entry that both have is not the same. Raises sqlite3.Error."""
    with contextlib.closing(open_for_reading(backup)) as db:
        if check.tells_another_story(mirror, db):
            return True
        with (
            contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
            contextlib.closing(open_for_reading(path)) as current,
        ):
            shared = min(tables.positions(db).entries, tables.positions(current).entries)
            return tables.find_entry(db, shared) != tables.find_entry(current, shared)
    return False


# --- what can still be read of a database -----------------------------------------------------------------------------


def _salvaged(path: Path) -> Iterator[Held]:
    """What can still be read of a damaged database: each table from both ends up to the damage."""
    try:
        db = open_for_reading(path)
    except sqlite3.Error:
        return
    with contextlib.closing(db):
        for table in tables.READERS:
            for order in ("ASC", "DESC"):
                yield from _readable(db, table, order)


def _readable(db: sqlite3.Connection, table: str, order: str) -> Iterator[Held]:
    query, read = tables.READERS[table]
    try:
        for columns in db.execute(f"{query} ORDER BY rowid {order}"):
            try:
                yield Held(read(*columns))
            except (DamageFound, TypeError, ValueError):  # msgspec's errors are ValueErrors too
                continue
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return
