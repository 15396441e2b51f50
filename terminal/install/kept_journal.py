"""The journal as it was before an upgrade, kept for the way back."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from terminal.errors import JournalError
from terminal.journal.database import open_for_reading
from terminal.journal.rows import Positions, has_gone_on
from terminal.system.owner import as_owner_of


class KeptJournal(NamedTuple):
    """The journal as the old version knew it."""

    backup: Path

    def has_moved(self, journal: Path) -> bool:
        return journal_version(journal) != journal_version(self.backup)

    @property
    def size_mib(self) -> int:
        return _size_bytes(self.backup) // 2**20

    def lacks_rows_of(self, journal: Path) -> bool:
        return has_gone_on(since=_positions(self.backup), now=_positions(journal))


def _size_bytes(path: Path) -> int:
    return as_owner_of(path.parent, lambda: path.stat().st_size, int)


def journal_version(path: Path) -> int:
    return int(_query(path, "PRAGMA user_version"))


def _positions(path: Path) -> Positions:
    places = (("entries", "seq"), ("receipts", "seq"), ("closes", "number"))
    last = {table: int(_query(path, f"SELECT coalesce(max({place}), 0) FROM {table}")) for table, place in places}
    return Positions(**last)


def _query(path: Path, query: str) -> Any:
    def work() -> Any:
        with contextlib.closing(open_for_reading(path)) as db:
            return db.execute(query).fetchone()[0]

    try:
        return as_owner_of(path.parent, work, int)
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be read: {error}") from error
