"""What is known of each payment's way to the shop's account: kept for the accountant's export.

A database beside the journal. It holds only what the service has told and can tell again, so it is never repaired: one
that is damaged is made anew, and ``reconcile`` fills it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from terminal.errors import TerminalError
from terminal.journal.database import open_for_reading
from terminal.journal.export import PaidOut
from terminal.reconciliation.findings import Kind
from terminal.reconciliation.report import Report

NAME = "settled.db"
_TABLE = """
CREATE TABLE IF NOT EXISTS settled (
    reference TEXT PRIMARY KEY,
    settlement TEXT,
    settled TEXT,
    fee_kr INTEGER,
    net_kr INTEGER,
    matched_by TEXT
) STRICT, WITHOUT ROWID
"""
_KEPT = ("settlement", "settled", "fee_kr", "net_kr", "matched_by")
_KEEP = "INSERT INTO settled VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " + ", ".join(
    f"{name} = coalesce(excluded.{name}, {name})" for name in _KEPT
)
"""What was found out once is not forgotten because it could not be asked for today."""


def keep_settled(folder: Path, report: Report) -> None:
    """What this reconciliation found replaces what an earlier one has found of the same sales. Raises TerminalError."""
    path = folder / NAME
    rows = [
        (one.reference, one.settlement, one.settled, one.fee_kr, one.net_kr, one.matched_by)
        for one in report.findings
        if one.kind is Kind.SALE and (one.settlement is not None or one.settled is not None)
    ]
    if not rows:
        return
    try:
        try:
            _write(path, rows)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # no space, no right, in use: another file helps nobody
                raise
            path.unlink(missing_ok=True)
            _write(path, rows)
    except (sqlite3.Error, OSError) as error:
        raise TerminalError(f"{path}: {error}") from error


def _write(path: Path, rows: Sequence[tuple[object, ...]]) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    os.close(fd)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(_TABLE)
        db.executemany(_KEEP, rows)


class Settled:
    """Asked by a sale's reference. Where nothing can be read, nothing is known."""

    def __init__(self, folder: Path) -> None:
        self._db: sqlite3.Connection | None = None
        if (path := folder / NAME).exists():
            with contextlib.suppress(sqlite3.Error, OSError):
                self._db = open_for_reading(path)

    def __call__(self, reference: str) -> PaidOut | None:
        if self._db is None:
            return None
        query = f"SELECT {', '.join(_KEPT)} FROM settled WHERE reference = ?"
        try:
            found = self._db.execute(query, (reference,)).fetchone()
        except sqlite3.Error:
            self.close()
            return None
        return PaidOut(*found) if found else None

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


@contextlib.contextmanager
def settled(folder: Path) -> Iterator[Settled]:
    known = Settled(folder)
    try:
        yield known
    finally:
        known.close()
