"""The journal: what is on disk before anything irrevocable leaves this machine.

One SQLite file, WAL with ``synchronous=FULL``, so that a commit that returned survives a power cut. Rows are only ever
added: ``entries`` holds every durable change of every sale as the whole sale, ``receipts`` the life of every receipt.
Identifiers cannot get here: a sale has no field for them, and ``Sensitive`` text refuses to be encoded.

:class:`JournalFile` is the file itself, blocking; :class:`Journal` runs it on a thread of its own, so that a slow SD
card never holds up the event loop.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import msgspec

from terminal.effects import ReceiptKind
from terminal.errors import JournalError
from terminal.sale import Outcome, Sale, State
from terminal.totals import ENDED, Close, Period

APPLICATION_ID = 0x4E47544A
SCHEMA_VERSION = 2
MIN_FREE_BYTES = 16 * 1024 * 1024
"""Below this no new sale is started, so that the open one can always be finished."""

_SCHEMA = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    sale_number INTEGER NOT NULL,
    register_id TEXT NOT NULL,
    state TEXT NOT NULL,
    sale TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_sale ON entries (sale_number, seq);
CREATE INDEX entries_by_register_id ON entries (register_id, seq);
CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    receipt_id TEXT NOT NULL,
    sale_number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    copy INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE INDEX receipts_by_id ON receipts (receipt_id, seq);
CREATE TABLE nonces (id INTEGER PRIMARY KEY CHECK (id = 1), high_water INTEGER NOT NULL) STRICT;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;
CREATE TRIGGER receipts_remain BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;
"""

_CLOSES = """
CREATE TABLE closes (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    totals TEXT NOT NULL
) STRICT;
CREATE TRIGGER closes_stay BEFORE UPDATE ON closes BEGIN SELECT RAISE(ABORT, 'closes are append-only'); END;
CREATE TRIGGER closes_remain BEFORE DELETE ON closes BEGIN SELECT RAISE(ABORT, 'closes are append-only'); END;
"""

_CHANGES = (_SCHEMA, _CLOSES)
"""What leads from each schema version to the next, beginning with an empty file."""

_LATEST = "SELECT max(seq) FROM entries GROUP BY sale_number"


class ReceiptState(StrEnum):
    """The life of a receipt."""

    QUEUED = "queued"
    PRINTING = "printing"
    """Sent to the printer; after a power cut nobody knows whether it came out, so the next one is marked as a copy."""
    PRINTED = "printed"


class Record(msgspec.Struct, frozen=True):
    """One durable change: the sale after the event, and the receipts that belong to it."""

    event: str
    sale: Sale
    receipts: tuple[ReceiptKind, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """A row of the journal."""

    seq: int
    at: str
    event: str
    sale: Sale


class QueuedReceipt(msgspec.Struct, frozen=True):
    """A receipt that is not known to be on paper. One ``receipt_id`` per receipt and copy, kept through every retry."""

    receipt_id: str
    sale_number: int
    kind: ReceiptKind
    copy: int
    state: ReceiptState


class JournalFile:
    """The SQLite file. Blocking; used from one thread. Every method raises JournalError if the disk says no."""

    def __init__(self, path: Path, now: Callable[[], str], *, read_only: bool = False) -> None:
        self._path = path
        self._now = now
        self._read_only = read_only
        self._db: sqlite3.Connection | None = None
        self._lock_fd: int | None = None

    def open(self) -> None:
        with _as_journal_error(f"cannot open the journal {self._path}"):
            if self._read_only:
                self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
            else:
                self._db = self._open_for_writing()
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            raise JournalError(
                f"the journal {self._path} has schema version {version}, this program knows {SCHEMA_VERSION}: "
                "install the version of the program that wrote it"
            )

    def _open_for_writing(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock()
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 2000")
        if changes := "".join(_CHANGES[db.execute("PRAGMA user_version").fetchone()[0] :]):
            db.executescript(
                f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; {changes} PRAGMA user_version = {SCHEMA_VERSION}; "
                "COMMIT;"
            )
        return db

    def _lock(self) -> None:
        self._lock_fd = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(f"the journal {self._path} is in use by another running terminal") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    # --- writing ------------------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        """Commit one change with its receipts, all or nothing."""
        sale, at = record.sale, self._now()
        with self._transaction() as db:
            db.execute(
                "INSERT INTO entries (at, event, sale_number, register_id, state, sale) VALUES (?, ?, ?, ?, ?, ?)",
                (at, record.event, sale.number, sale.register_id, sale.state, msgspec.json.encode(sale).decode()),
            )
            for kind in record.receipts:
                receipt = QueuedReceipt(f"{sale.number}-{kind}-0", sale.number, kind, 0, ReceiptState.QUEUED)
                self._insert_receipt(db, receipt, at)

    def append_close(self, close: Close) -> None:
        """Commit an end of day: what is in the journal by now belongs to the period that ends."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO closes (number, at, last_seq, totals) "
                "SELECT ?, ?, coalesce(max(seq), 0), ? FROM entries",
                (close.number, self._now(), msgspec.json.encode(close.totals).decode()),
            )

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        """Commit the new state of a receipt."""
        with self._transaction() as db:
            self._insert_receipt(db, receipt, self._now())

    def reserve_nonces(self, high_water: int) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO nonces (id, high_water) VALUES (1, ?)", (high_water,))

    @staticmethod
    def _insert_receipt(db: sqlite3.Connection, receipt: QueuedReceipt, at: str) -> None:
        db.execute(
            "INSERT INTO receipts (at, receipt_id, sale_number, kind, copy, state) VALUES (?, ?, ?, ?, ?, ?)",
            (at, receipt.receipt_id, receipt.sale_number, receipt.kind, receipt.copy, receipt.state),
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _as_journal_error(f"cannot write the journal {self._path}"):
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    # --- reading ------------------------------------------------------------------------------------------------------

    def nonce_high_water(self) -> int:
        rows = self._rows("SELECT high_water FROM nonces")
        return int(rows[0][0]) if rows else 0

    def next_number(self) -> int:
        return int(self._rows("SELECT coalesce(max(sale_number), 0) + 1 FROM entries")[0][0])

    def open_sales(self) -> list[Sale]:
        """Sales that a power cut left open, oldest first."""
        rows = self._rows(
            f"SELECT sale FROM entries WHERE seq IN ({_LATEST}) AND state != ? ORDER BY seq", State.CLOSED
        )
        return [_sale(row[0]) for row in rows]

    def find_sale(self, number: int) -> Sale | None:
        rows = self._rows("SELECT sale FROM entries WHERE sale_number = ? ORDER BY seq DESC LIMIT 1", number)
        return _sale(rows[0][0]) if rows else None

    def find_register_id(self, register_id: str) -> Sale | None:
        rows = self._rows("SELECT sale FROM entries WHERE register_id = ? ORDER BY seq DESC LIMIT 1", register_id)
        return _sale(rows[0][0]) if rows else None

    def last_ended_sale(self) -> Sale | None:
        """The latest sale whose outcome is known."""
        rows = self._rows(
            "SELECT sale FROM entries WHERE state IN (?, ?, ?) ORDER BY sale_number DESC, seq DESC LIMIT 1",
            *(State.REPORT, *ENDED),
        )
        return _sale(rows[0][0]) if rows else None

    def open_period(self) -> Period:
        """The time since the last end of day."""
        number, last_seq = self._rows("SELECT coalesce(max(number), 0) + 1, coalesce(max(last_seq), 0) FROM closes")[0]
        rows = self._rows(
            "SELECT sale FROM entries WHERE seq IN "
            "(SELECT max(seq) FROM entries WHERE seq > ? AND state IN (?, ?) GROUP BY sale_number) ORDER BY seq",
            *(last_seq, *ENDED),
        )
        return Period(int(number), tuple(_sale(row[0]) for row in rows))

    def entries_of(self, name: str) -> list[Entry]:
        """Every durable change of one sale, oldest first. ``name`` is its number, its reference or its register id."""
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 18 else 0
        rows = self._rows(
            "SELECT sale_number FROM entries WHERE sale_number = ? OR sale ->> 'reference' = ? OR register_id = ? "
            "ORDER BY sale_number = ? DESC, seq DESC LIMIT 1",
            *(number, name, name, number),
        )
        if not rows:
            return []
        rows = self._rows("SELECT seq, at, event, sale FROM entries WHERE sale_number = ? ORDER BY seq", rows[0][0])
        return [Entry(seq, at, event, _sale(sale)) for seq, at, event, sale in rows]

    def latest_entries(
        self, *, since: str | None = None, until: str | None = None, outcome: Outcome | None = None
    ) -> Iterator[Entry]:
        """The last entry of every sale, newest sale first. ``since`` and ``until`` bound the sale's creation (UTC)."""
        query = f"SELECT seq, at, event, sale FROM entries WHERE seq IN ({_LATEST}) ORDER BY sale_number DESC"
        for seq, at, event, text in self._connection().execute(query):
            sale = _sale(text)
            if (since and sale.created < since) or (until and sale.created >= until):
                continue
            if outcome is None or sale.outcome is outcome:
                yield Entry(seq, at, event, sale)

    def unprinted_receipts(self) -> list[QueuedReceipt]:
        """Receipts that are not known to be on paper, oldest first."""
        rows = self._rows(
            "SELECT receipt_id, sale_number, kind, copy, state FROM receipts "
            "WHERE seq IN (SELECT max(seq) FROM receipts GROUP BY receipt_id) AND state != ? ORDER BY seq",
            ReceiptState.PRINTED,
        )
        return [QueuedReceipt(row[0], row[1], ReceiptKind(row[2]), row[3], ReceiptState(row[4])) for row in rows]

    def _rows(self, query: str, *values: object) -> list[Any]:
        with _as_journal_error(f"cannot read the journal {self._path}"):
            return self._connection().execute(query, values).fetchall()

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise JournalError(f"the journal {self._path} is not open")
        return self._db

    def free_bytes(self) -> int:
        with _as_journal_error("cannot ask for free disk space"):
            disk = os.statvfs(self._path.parent)
            return disk.f_bavail * disk.f_frsize


_decoder = msgspec.json.Decoder(Sale)


def _sale(text: object) -> Sale:
    try:
        return _decoder.decode(str(text))
    except msgspec.DecodeError as error:
        raise JournalError(f"a journal row cannot be read: {error}") from error


@contextmanager
def _as_journal_error(what: str) -> Iterator[None]:
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{what}: {error}") from error


_P = ParamSpec("_P")
_T = TypeVar("_T")


class Journal:
    """The journal for the event loop: the same methods, awaited, one at a time and in order."""

    def __init__(self, file: JournalFile) -> None:
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def call(self, method: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run one of ``file``'s methods on the journal's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: method(*args, **kwargs))

    async def append(self, record: Record) -> None:
        await self.call(self.file.append, record)

    async def close(self) -> None:
        await self.call(self.file.close)
        self._thread.shutdown()
