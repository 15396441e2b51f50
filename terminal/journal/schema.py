"""The shape of the journal's database, and what leads to it from every older one.

``entries``, ``receipts``, ``closes`` and ``repairs`` are only ever added to: triggers hold that. ``sales`` and
``receipt_queue`` are derived from them; see tables.py.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from terminal.errors import JournalError
from terminal.journal.rows import EntryRow

APPLICATION_ID = 0x4E47544A
SCHEMA_VERSION = 3
MOST_VERSIONS = 999
"""A higher number is damage."""

_KEPT = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    sale_number INTEGER NOT NULL,
    sale TEXT NOT NULL,
    crc INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_by_sale ON entries (sale_number);
CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    sale_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    copy INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX receipts_by_sale ON receipts (sale_number);
CREATE TABLE closes (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    totals TEXT NOT NULL
) STRICT;
CREATE TABLE repairs (number INTEGER PRIMARY KEY, repair TEXT NOT NULL) STRICT;
CREATE TABLE nonces (id INTEGER PRIMARY KEY CHECK (id = 1), high_water INTEGER NOT NULL) STRICT;
"""

_DERIVED = """
CREATE TABLE sales (
    number INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,
    register_id TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    created TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX sales_by_reference ON sales (reference);
CREATE INDEX sales_by_register_id ON sales (register_id);
CREATE INDEX sales_not_closed ON sales (seq) WHERE state != 'closed';
CREATE TABLE receipt_queue (
    first_seq INTEGER PRIMARY KEY,
    receipt_id TEXT NOT NULL UNIQUE,
    sale_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    copy INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
"""

DERIVED_TABLES = ("sales", "receipt_queue")
APPEND_ONLY = ("entries", "receipts", "closes", "repairs")


def _guards(*tables: str) -> str:
    return "".join(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END;"
        for table in tables
        for verb in ("UPDATE", "DELETE")
    )


_PERIODS = "".join(
    f"ALTER TABLE {table} ADD COLUMN period INTEGER NOT NULL DEFAULT 0;" for table in ("receipts", "receipt_queue")
)
"""A receipt can be of an end of day."""

_CHAIN = f"""
CREATE TABLE chain (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    position INTEGER NOT NULL,
    body TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX chain_by_place ON chain (kind, position);
CREATE TABLE epoch (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL) STRICT;
ALTER TABLE sales ADD COLUMN amount_kr INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN refund_of INTEGER;
ALTER TABLE sales ADD COLUMN source TEXT;
CREATE INDEX sales_ended ON sales (seq, state, outcome, source, amount_kr) WHERE state IN ('attention', 'closed');
CREATE INDEX refunds_by_sale ON sales (refund_of) WHERE refund_of IS NOT NULL;
{_guards("chain")}
"""
"""The chain over all rows; totals of a period without reading its sales; refunds, which share the sales' numbers."""

_CHANGES = (_KEPT + _guards(*APPEND_ONLY) + _DERIVED, _PERIODS, _CHAIN)
"""What leads from each schema version to the next, beginning with an empty file."""


class DamageFound(sqlite3.DatabaseError):
    """What is in the database cannot have been written there. SQLite itself has no checksums; rows that matter do."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def identify(db: sqlite3.Connection, path: Path) -> None:
    """Raises JournalError if it is another program's database, DamageFound if its header cannot be right."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return  # a new one
    application_id, version = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version")
    )
    if application_id != APPLICATION_ID and "entries" not in tables:
        raise JournalError(f"{path} is a database of another program: name another file in journal.path")
    if application_id != APPLICATION_ID or not 0 < version <= MOST_VERSIONS:
        raise DamageFound(f"its header says application {application_id:#x}, schema version {version}")


def check_shape(db: sqlite3.Connection) -> None:
    """Raises DamageFound unless every table and index is there as this program makes it."""
    query = "SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'index')"
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        prepare(model, lambda _version: None)
        missing = set(model.execute(query)) - set(db.execute(query))
    if missing:
        raise DamageFound(f"{', '.join(sorted(name for name, _ in missing))} is not there as it was made")


def prepare(db: sqlite3.Connection, fill: Callable[[int], None]) -> None:
    """Bring a new or older database to this schema; ``fill`` puts into new tables what follows from the old ones.

    It is given the version before. A power cut leaves the old schema or the new one.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    changes = "".join(_CHANGES[version:])
    if not changes:
        return
    try:
        db.executescript(f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; {changes}")
        fill(version)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def check_version(db: sqlite3.Connection, path: Path) -> None:
    """Raises JournalError unless this program can read it."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise JournalError(
            f"the journal {path} has schema version {version}, this program knows {SCHEMA_VERSION}: "
            "install the version of the program that wrote it"
        )


def checksum(row: EntryRow) -> int:
    """Against accidents; the chain is there against intent."""
    return zlib.crc32(row.sale, zlib.crc32(f"{row.seq} {row.at} {row.event}".encode()))


def read_entry(seq: int, at: str, event: str, sale: str, crc: int) -> EntryRow:
    """The columns of an entry. Raises DamageFound."""
    row = EntryRow(seq, at, event, msgspec.Raw(sale))
    if crc != checksum(row):
        raise DamageFound(f"entry {seq} is not as it was written")
    return row
