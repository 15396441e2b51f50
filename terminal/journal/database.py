"""The journal's SQLite database: opened, read, and written in transactions. Blocking."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from terminal.errors import JournalError
from terminal.journal import schema, tables
from terminal.journal.rows import ChainedRow, Row
from terminal.system.owner import require_regular

PROGRESS_S = 5.0
PROGRESS_STEPS = 1000
"""SQLite's own, between looks at the clock."""

LARGEST_ROW_BYTES = 4 * 1024 * 1024
"""Far above any row of ours. One that somebody has made larger is damage, before it fills the memory."""


class Database:
    """One connection. A commit that returned survives a power cut (WAL with ``synchronous=FULL``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None

    @property
    def has_content(self) -> bool:
        """An empty file is what some file systems leave after a power cut."""
        return self.path.exists() and self.path.stat().st_size > 0

    @property
    def is_open(self) -> bool:
        return self._db is not None

    @property
    def connection(self) -> sqlite3.Connection:
        """Raises JournalError while it is closed."""
        if self._db is None:
            raise JournalError(f"the journal {self.path} is not open")
        return self._db

    def open(self, on_progress: Callable[[], None]) -> None:
        """For writing; made if it is not there. Raises JournalError, sqlite3.Error."""
        self._db = open_for_writing(self.path, on_progress)

    def open_for_reading(self) -> None:
        """Raises JournalError if it is of another version, sqlite3.Error."""
        self._db = open_for_reading(self.path)
        schema.check_version(self._db, self.path)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. When the block has ended without an error, its changes are on disk."""
        db = self.connection
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def insert(self, make_rows: Callable[[sqlite3.Connection], Iterable[Row]]) -> list[ChainedRow]:
        """Commit the rows, all or none; returns them as they are linked."""
        with self.transaction() as db:
            return [tables.insert_row(db, row) for row in list(make_rows(db))]


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Changes nothing, whatever is found. Raises sqlite3.Error, OSError."""
    _require_files(path)
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW_BYTES)
    return db


def real_path(path: Path) -> Path:
    """Where its links lead: two names of one journal have one lock and one mirror. Raises JournalError.

    Whoever owns a folder on the way may exchange it meanwhile.
    """
    try:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise JournalError(f"cannot find the journal {path}: {error.strerror}") from error


@contextmanager
def as_journal_error(what: str) -> Iterator[None]:
    """Whatever the files say becomes a JournalError that begins with ``what``."""
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, msgspec.DecodeError, OSError) as error:
        raise JournalError(f"{what}: {error}") from error


def open_for_writing(path: Path, on_progress: Callable[[], None] = lambda: None) -> sqlite3.Connection:
    """Made if it is not there, and brought to this program's form if it is older, which may take minutes.

    Raises JournalError if it is another program's or of a newer version, sqlite3.Error, OSError.
    """
    _require_files(path)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_ROW_BYTES)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA busy_timeout = 2000")
        schema.identify(db, path)
        with telling(db, on_progress):
            schema.prepare(db, lambda version: tables.fill_new(db, version))
        schema.check_version(db, path)
        schema.check_shape(db)
    except UnicodeDecodeError as error:  # SQLite's complaint about a schema repeats what it could not read
        db.close()
        raise schema.DamageFound("its schema cannot be read") from error
    except BaseException:
        db.close()
        raise
    return db


def _require_files(path: Path) -> None:
    """SQLite waits without end for whoever would write into a pipe."""
    for name in ("", "-wal", "-shm", "-journal"):
        require_regular(path.with_name(path.name + name))


@contextmanager
def telling(db: sqlite3.Connection, on_progress: Callable[[], None]) -> Iterator[None]:
    """Call ``on_progress`` every few seconds, at most, while the database works."""
    told_s = time.monotonic()

    def tell_now_and_then() -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= PROGRESS_S:
            told_s = time.monotonic()
            on_progress()

    db.set_progress_handler(tell_now_and_then, PROGRESS_STEPS)
    try:
        yield
    finally:
        db.set_progress_handler(None, 0)
