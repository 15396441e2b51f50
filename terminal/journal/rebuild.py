"""Makes a damaged journal anew; check.py finds out that it is damaged.

A damaged database is renamed, never deleted or written to. The new one is built beside it from the mirror and from
whatever can still be read of the damaged one, and takes its place only when it is whole; a power cut in between leaves
everything to be done again, or only the names to be changed. What could not be brought back is kept as a row of
``repairs``, in words.
"""

from __future__ import annotations

import contextlib
import glob
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from terminal.errors import JournalError
from terminal.journal import schema, tables
from terminal.journal.check import check
from terminal.journal.database import open_for_writing, telling
from terminal.journal.gathering import Gathering
from terminal.journal.mirror import Held, Mirror
from terminal.journal.rows import EntryRow, ReceiptRow, RepairRow
from terminal.sale.record import after_loss
from terminal.system.clock import clock_is_synchronised
from terminal.system.files import sync_file, sync_folder
from terminal.system.owner import create_new

NUMBERS_SKIPPED = 100
"""Sale numbers left out when the last ones may have been lost."""
NUMBERS_A_DAY = 500
"""Left out for every day since a backup, where nothing tells how many there were."""
MOST_GAPS_TOLD = 5
MOST_SET_ASIDE = 100
"""Files of one second."""


def mirror_folder(path: Path) -> Path:
    return path.with_name(f"{path.name}.mirror")


def is_anything_left_of(path: Path) -> bool:
    """Whether there was a journal, though its database is gone, and something of it can be brought back."""
    return any(mirror_folder(path).glob("*.log")) or any(path.parent.glob(f"{glob.escape(path.name)}.damaged-*"))


def replaced_beside(path: Path) -> list[Path]:
    """What restores have left: beside an empty journal it means that the journal is not really empty."""
    name = glob.escape(path.name)
    return sorted([*path.parent.glob(f"{name}.replaced-*"), *path.parent.glob(f"{name}.restoring*")])


# --- database and mirror ----------------------------------------------------------------------------------------------


def set_mirror_aside(mirror: Mirror, now: str) -> Path:
    mirror.close()
    kept = free_name(mirror.folder, "other", now)
    mirror.folder.rename(kept)
    return kept


def rows_missing_from(db: sqlite3.Connection, mirror: Mirror) -> Iterator[Held]:
    """What only the mirror has, each once, in order. Raises DamageFound if entries before that are in neither."""
    reached = tables.positions(db)
    if reached.reaches_all(mirror.positions):
        return
    for held in mirror.held(start=reached):
        row = held.row
        if not reached.reaches(row):
            if isinstance(row, EntryRow) and row.seq > reached.entries + 1:
                raise schema.DamageFound(f"entry {reached.entries + 1} is lost")
            reached = reached.after([row])
            yield held


# --- making it anew ---------------------------------------------------------------------------------------------------


def make_anew(
    path: Path, mirror: Mirror, now: str, on_progress: Callable[[], None], *, backup: Path | None = None
) -> RepairRow:
    """Set the damaged database aside, build a new one, and tell what came of it. Raises OSError, sqlite3.Error.

    With a backup the new one holds what any of the three still has; see restore.py. A year's journal takes seconds on a
    fast disk and minutes on a Pi: ``on_progress`` is called while it goes on.
    """
    set_aside = free_name(path, "damaged" if backup is None else "replaced", now)
    written_s = last_written_s(path, mirror)
    new = _new(path)
    discard_unfinished(path)
    with contextlib.closing(open_for_writing(new)) as db, telling(db, on_progress):
        db.execute("PRAGMA synchronous = NORMAL")  # the checkpoint at the end puts all of it on disk
        gathering = Gathering(db)
        gathering.gather(path, mirror, backup)
        db.execute("BEGIN IMMEDIATE")
        gathering.finish()
        tables.refold(db)
        repair = _account(db, may_lack_latest=gathering.may_lack_latest, is_restore=backup is not None, now=now)
        if repair.is_complete and gathering.changed is not None:
            repair = replace(repair, lost=(f"what row {gathering.changed} of the chain said when it was written",))
        if not repair.is_complete:  # what is missing may be the note that one came out
            _mark_waiting_receipts(db, now)
        if repair.is_complete and backup is None:
            gathering.keep_epoch()
        repair = replace(
            repair,
            at=now,
            is_undated=_is_undated(),
            set_aside=str(set_aside) if path.exists() else "",
            last_written_s=written_s,
        )
        tables.insert_row(db, repair)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sync_file(new)
    put_in_place(path, set_aside)
    return repair


def _is_undated() -> Literal[True] | msgspec.UnsetType:
    """A clock that nobody has set since the start may be behind, on a new card by months."""
    return msgspec.UNSET if clock_is_synchronised() else True


def _mark_waiting_receipts(db: sqlite3.Connection, now: str) -> None:
    waiting = [tables.read_receipt(*row) for row in db.execute(tables.WAITING_RECEIPTS)]
    marked = [after_loss(receipt) for receipt in waiting if after_loss(receipt) != receipt]
    for seq, receipt in enumerate(marked, tables.positions(db).receipts + 1):
        tables.insert_row(db, ReceiptRow(seq, now, receipt))


def finish(path: Path, now: str) -> RepairRow | None:
    """What a power cut left of a repair that was done but for the names; None if there is no such thing.

    Only while there is no database at ``path``, or an empty one. Raises OSError.
    """
    new = _new(path)
    if not new.exists():
        return None
    try:
        with contextlib.closing(open_for_writing(new)) as db:
            check(db, None)
            # Repairs are written last.
            last = db.execute("SELECT repair FROM repairs ORDER BY number DESC LIMIT 1").fetchone()
            repair = tables.read_repair(*last) if last else None
    except sqlite3.DatabaseError:
        return None
    if repair is not None:
        is_the_rest = repair.set_aside and not path.exists()
        put_in_place(path, Path(repair.set_aside) if is_the_rest else free_name(path, "damaged", now))
    return repair


def discard_unfinished(path: Path) -> None:
    """What was built beside a whole database was never put in place, and would be too old later. Raises OSError."""
    for leftover in (_new(path), Path(f"{_new(path)}-wal"), Path(f"{_new(path)}-shm")):
        leftover.unlink(missing_ok=True)


def put_in_place(path: Path, set_aside: Path) -> None:
    """The database first: without its log it would pass for a sound one."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{set_aside}{suffix}")
    _new(path).rename(path)
    sync_folder(path.parent)


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _account(db: sqlite3.Connection, *, may_lack_latest: bool, is_restore: bool, now: str) -> RepairRow:
    """What is there, what is known to be missing, and where to go on safely."""
    there = tables.positions(db)
    lost = (
        *_gaps(db, "entry", "entries", "seq"),
        *_gaps(db, "receipt note", "receipts", "seq"),
        *_gaps(db, "end of day", "closes", "number"),
    )
    unknown = NUMBERS_SKIPPED if may_lack_latest else 0
    if may_lack_latest and is_restore:
        last = db.execute("SELECT at FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        lost = (*lost, f"everything after {last[0]}" if last else "everything")
        unknown += NUMBERS_A_DAY * _days_between(last[0] if last else now, now)
    return RepairRow(
        number=there.repairs + 1,
        at="",
        set_aside="",
        entries=int(db.execute("SELECT count(*) FROM entries").fetchone()[0]),
        receipts=int(db.execute("SELECT count(*) FROM receipts").fetchone()[0]),
        lost=lost,
        may_lack_latest=may_lack_latest,
        last_written_s=0.0,
        next_number=tables.next_number(db) + unknown,
    )


def _days_between(first: str, last: str) -> int:
    """Begun ones; 0 if either is no time."""
    try:
        return max(0, (datetime.fromisoformat(last) - datetime.fromisoformat(first)).days + 1)
    except (TypeError, ValueError):
        return 0


def _gaps(db: sqlite3.Connection, name: str, table: str, position: str) -> tuple[str, ...]:
    """``entry 3``, ``entry 7 to 9``: the numbers up to the last that are not there."""
    found = []
    for before, after in db.execute(
        f"SELECT before, after FROM (SELECT lag({position}, 1, 0) OVER (ORDER BY {position}) AS before, "
        f"{position} AS after FROM {table}) WHERE after > before + 1"
    ):
        found.append(name_gap(name, before + 1, after - 1))
    if len(found) > MOST_GAPS_TOLD:
        found[MOST_GAPS_TOLD:] = [f"{len(found) - MOST_GAPS_TOLD} more gaps of this kind"]
    return tuple(found)


def name_gap(name: str, first: int, last: int) -> str:
    return f"{name} {first}" if first == last else f"{name} {first} to {last}"


def last_written_s(path: Path, mirror: Mirror) -> float:
    """Not later than now, unless the clock has been set back since; files tell that, as far as they are there."""
    times_s = [time.time()]
    for file in (path, Path(f"{path}-wal"), *mirror.segments()[-1:]):
        with contextlib.suppress(OSError):
            times_s.append(file.stat().st_mtime)
    return max(times_s)


def free_name(path: Path, what: str, now: str) -> Path:
    """A name beside ``path``, with ``what`` and the date, that is free. Raises JournalError if all are in use."""
    stamp = "".join(char for char in now[:19] if char.isalnum()) or "undated"
    for number in range(1, MOST_SET_ASIDE):
        name = path.with_name(f"{path.name}.{what}-{stamp}" + (f"-{number}" if number > 1 else ""))
        if not name.exists():
            return name
    raise JournalError(f"too many files named {path.name}.{what}-{stamp}: move them away")


def tell(repair: RepairRow) -> str:
    """For the log and for ``journal verify``."""
    kept = f"; what was there before is kept as {repair.set_aside}" if repair.set_aside else ""
    missing = [*repair.lost, *(["perhaps the last records before the damage"] if repair.may_lack_latest else [])]
    what = f"missing: {', '.join(missing)}" if missing else "nothing is missing"
    return f"{repair.at}: the journal was made anew from {repair.entries} entries, {what}{kept}"


# --- who has seen it --------------------------------------------------------------------------------------------------


def acknowledge(path: Path, repair: RepairRow) -> None:
    """Note beside the journal that somebody knows what is missing since that repair. Raises OSError."""
    file = _acknowledged(path)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with create_new(part) as new:
        new.write(_name_of(repair).encode())
        new.flush()
        os.fsync(new.fileno())
    part.rename(file)
    sync_folder(path.parent)


def is_acknowledged(path: Path, repair: RepairRow) -> bool:
    try:
        return _acknowledged(path).read_text(encoding="utf-8") == _name_of(repair)
    except (OSError, ValueError):
        return False


def _acknowledged(path: Path) -> Path:
    return path.with_name(f"{path.name}.acknowledged")


def _name_of(repair: RepairRow) -> str:
    return f"repair {repair.number} of {repair.at}\n"
