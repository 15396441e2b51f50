"""What is missing since a repair or a restore, in numbers and times: what rebuild.py says in words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal.database import as_journal_error
from terminal.journal.pair import Pair
from terminal.journal.rows import RepairRow
from terminal.sale.record import Gap

_POSITIONS = {"entries": "seq", "receipts": "seq", "closes": "number"}
_ROWS = " UNION ALL ".join(
    f"SELECT at, {position} AS place, lag({position}, 1, 0) OVER (ORDER BY {position}) AS before,"
    f" lag(at, 1, '') OVER (ORDER BY {position}) AS before_at FROM {table}"
    for table, position in _POSITIONS.items()
)
_HOLES = f"SELECT sum(place - before - 1), min(before_at), max(at) FROM ({_ROWS}) WHERE place > before + 1"
"""How many rows there were, when the one before the first hole was written, and the one behind the last."""


class KnownGap:
    """What :class:`terminal.journal.file.JournalFile` knows of it."""

    path: Path
    pair: Pair

    def gap_since(self) -> str | None:
        """When records were found to be missing, as long as nobody has acknowledged that.

        Empty if nothing had set the clock then, so that the gap never counts as old.
        """
        incomplete = self.pair.incomplete
        if incomplete is None or rebuild.is_acknowledged(self.path, incomplete):
            return None
        return "" if incomplete.is_undated else incomplete.at

    def first_since_loss(self) -> int:
        """The first number that was free when records were found to be missing; 1 if none are. Acknowledged or not."""
        return self.pair.incomplete.next_number if self.pair.incomplete is not None else 1

    def gap(self) -> Gap | None:
        """What is missing, as long as nobody has acknowledged it."""
        incomplete = self.pair.incomplete
        if incomplete is None or self.gap_since() is None:
            return None
        with as_journal_error(f"cannot read the journal {self.path}"):
            return gap_of(self.pair.connection, incomplete)

    def acknowledge_gap(self, repair: int) -> None:
        """Note that staff know what is missing since that repair: the terminal tells no longer."""
        incomplete = self.pair.incomplete
        with as_journal_error(f"cannot acknowledge what is missing in {self.path}"):
            if incomplete is None or incomplete.number != repair:
                raise JournalError("something else was found to be missing meanwhile")
            rebuild.acknowledge(self.path, incomplete)


def gap_of(db: sqlite3.Connection, repair: RepairRow) -> Gap:
    """Only a repair leaves holes, and each one tells of all that there are. Raises sqlite3.Error."""
    known, since, until = db.execute(_HOLES).fetchone()
    if repair.may_lack_latest:
        is_dated = repair.is_undated is msgspec.UNSET
        since, until = _last_entry_at(db, repair) if since is None else since, repair.at if is_dated else ""
    return Gap(
        repair=repair.number,
        since=since or "",
        until=until or "",
        known=known or 0,
        may_be_more=repair.may_lack_latest,
    )


def _last_entry_at(db: sqlite3.Connection, repair: RepairRow) -> str:
    """Of those that the repair has found; empty if it has found none."""
    found = db.execute("SELECT at FROM entries ORDER BY seq LIMIT 1 OFFSET ?", (repair.entries - 1,)).fetchone()
    return str(found[0]) if found and repair.entries else ""
