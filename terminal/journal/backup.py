"""The journal as a file that somebody looks after: backup while the terminal runs, restore while it does not, export.

The database's own backup function is used, so a copy is whole whatever is being written meanwhile. Nothing here deletes
a journal, and nothing writes over a file.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from msgspec.structs import replace

from terminal.errors import JournalError
from terminal.journal import rebuild, tables
from terminal.journal.check import check
from terminal.journal.database import open_for_reading
from terminal.journal.export import local_time
from terminal.journal.file import JournalFile
from terminal.journal.mirror import Mirror
from terminal.journal.rebuild import NUMBERS_SKIPPED, last_written_s, mirror_folder
from terminal.journal.rows import EntryRow, NonceRow, Positions, RepairRow
from terminal.journal.schema import APPLICATION_ID, SCHEMA_VERSION
from terminal.system.files import FileLock, sync_folder
from terminal.system.owner import as_owner_of, create_new, open_regular
from terminal.system.timestamps import timestamp

COPY_BYTES = 1024 * 1024
NUMBERS_A_DAY = 500
"""Sale numbers left out for every day since a backup, where nothing tells how many there were."""


def back_up(journal: Path, target: Path) -> int:
    """Copy the journal to a new file, readable by its owner only; returns its size in bytes. Raises JournalError.

    Root opens the new file, and whoever owns the journal's folder reads the journal: see system/owner.py.
    """
    if os.path.lexists(target):
        raise JournalError(f"{target} exists already; name a new file")
    with _explained(f"cannot back up {journal} to {target}"):
        if target.parent.resolve() == journal.parent.resolve():
            return as_owner_of(journal.parent, lambda: _copy(journal, target))
        return _copy(journal, target)


def restore(backup: Path, journal: Path, set_aside_at: datetime) -> list[Path]:
    """Put a backup in the journal's place; returns where the old files are now. Raises JournalError.

    The terminal must be stopped. Sales after the backup are then in the old files only, which the journal says of
    itself from then on: see :class:`terminal.journal.rows.RepairRow`.
    """
    with _explained(f"{backup} is no backup of a journal"):
        file = open_regular(backup)
    with _explained(f"cannot restore {backup}"), file:
        return as_owner_of(journal.parent, lambda: _restore(file, backup, journal, set_aside_at))


def _restore(file: BinaryIO, backup: Path, journal: Path, set_aside_at: datetime) -> list[Path]:
    journal = Path(os.path.realpath(journal))  # by its owner: a link is not root's to follow
    with _locked(journal):
        fresh = journal.with_name(journal.name + ".restoring")
        fresh.unlink(missing_ok=True)  # of a restore that was cut short
        with create_new(fresh) as new:
            shutil.copyfileobj(file, new, COPY_BYTES)
            new.flush()
            os.fsync(new.fileno())
        try:
            check_backup(fresh, backup)
        except JournalError:
            fresh.unlink()
            raise
        stamp = f"{set_aside_at:%Y%m%d-%H%M%S}"
        _note_what_it_lacks(fresh, journal, f"{journal}.replaced-{stamp}", set_aside_at)
        moved = _set_aside(journal, stamp, keep=fresh)
        fresh.rename(journal)
        sync_folder(journal.parent)
        return moved


def _note_what_it_lacks(fresh: Path, journal: Path, set_aside: str, at: datetime) -> None:
    """Else numbers would be given twice and nonces go back, and nobody would be told that sales are missing."""
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        old = _end_of(journal)
        if old is not None and old.is_in(db):
            tables.keep_row(db, NonceRow(old.positions.high_water))
            return
        last = db.execute("SELECT at FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        unknown = NUMBERS_SKIPPED
        if old is None and last is not None:
            unknown += NUMBERS_A_DAY * max(0, (at.astimezone() - local_time(last[0])).days + 1)
        there = tables.positions(db)
        repair = RepairRow(
            number=max(there.repairs, old.positions.repairs if old else 0) + 1,
            at=timestamp(at),
            set_aside=set_aside if journal.exists() else "",
            entries=there.entries,
            receipts=there.receipts,
            lost=(f"everything after {last[0]}" if last else "everything",),
            may_lack_latest=False,
            last_written_s=last_written_s(journal, Mirror(mirror_folder(journal))),
            next_number=max(tables.next_number(db), old.next_number if old else 0) + unknown,
        )
        tables.keep_row(db, repair)


class _End(NamedTuple):
    """How far a journal had come."""

    positions: Positions
    last_entry: EntryRow | None
    next_number: int

    def is_in(self, db: sqlite3.Connection) -> bool:
        """Whether nothing of it is missing there, but for the mark of nonces."""
        there = replace(tables.positions(db), high_water=self.positions.high_water)
        is_same = self.last_entry is None or tables.find_entry(db, self.last_entry.seq) == self.last_entry
        return is_same and there.reaches_all(self.positions)


def _end_of(journal: Path) -> _End | None:
    """By database and mirror; None if either cannot be trusted to know."""
    mirror = Mirror(mirror_folder(journal))
    try:
        with contextlib.closing(open_for_reading(journal)) as db:
            check(db, None)
            mirror.look()
            positions = tables.positions(db)
            last_entry = tables.find_entry(db, positions.entries)
            next_number = tables.next_number(db)
        if mirror.is_behind or not positions.reaches_all(mirror.positions):
            return None
    except (sqlite3.Error, OSError, ValueError):
        return None
    return _End(positions, last_entry, next_number)


def mend(journal: Path, now: Callable[[], str]) -> list[str]:
    """Look through the whole journal and make anew what is damaged; returns what was done. Raises JournalError.

    The terminal must be stopped.
    """

    def work() -> list[str]:
        with JournalFile(journal, now) as file:
            file.open()
            return file.mend()

    with _explained(f"cannot mend {journal}"):
        return as_owner_of(journal.parent, work)


def acknowledge(journal: Path) -> RepairRow | None:
    """Note that somebody has seen what is missing: the terminal tells no longer. None if there is nothing to tell."""

    def work() -> RepairRow | None:
        with contextlib.closing(open_for_reading(journal)) as db:
            repair = next((one for one in tables.repairs(db) if not one.is_complete), None)
        if repair is not None:
            rebuild.acknowledge(journal, repair)
        return repair

    with _explained(f"cannot acknowledge what is missing in {journal}"):
        return as_owner_of(journal.parent, work)


def check_backup(path: Path, name: Path | None = None) -> None:
    """Raises JournalError, which calls it ``name``, unless the file is a whole journal that this program can read."""
    name = name or path
    with _explained(f"{name} is no backup of a journal"), contextlib.closing(open_for_reading(path)) as db:
        application_id, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application_id != APPLICATION_ID:
            raise JournalError(f"{name} is a database of another program")
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{name} was written by a newer version of the terminal (journal {version}, this one knows"
                f" {SCHEMA_VERSION}); restore it with that version"
            )
        if (finding := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise JournalError(f"{name} is damaged: {str(finding).splitlines()[0]}; take an older backup")


def _copy(source: Path, target: Path) -> int:
    """Whole and on disk, or not there; returns its size in bytes."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # of a copy that was cut short
    try:
        with create_new(part) as file:
            as_owner_of(source.parent, lambda: _write_copy(source, file))
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        part.rename(target)
        sync_folder(target.absolute().parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def _write_copy(source: Path, target: BinaryIO) -> None:
    """In one step, which is one moment of the journal: commits go on meanwhile and do not make it begin anew."""
    for leftover in source.parent.glob(f"{glob.escape(source.name)}.copy-*"):
        leftover.unlink()
    fd, name = tempfile.mkstemp(prefix=f"{source.name}.copy-", dir=source.parent)
    os.close(fd)
    copy = Path(name)
    try:
        with contextlib.closing(open_for_reading(source)) as old, contextlib.closing(sqlite3.connect(copy)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        with open_regular(copy) as file:
            shutil.copyfileobj(file, target, COPY_BYTES)
        target.flush()
    finally:
        copy.unlink()


def _set_aside(journal: Path, stamp: str, *, keep: Path) -> list[Path]:
    """Everything that belongs to the journal, by its name, but for the lock that we hold."""
    moved = []
    for file in sorted(journal.parent.glob(f"{journal.name}*")):
        if file == keep or file.name.endswith(".lock") or ".replaced-" in file.name:
            continue
        new = file.with_name(f"{journal.name}.replaced-{stamp}{file.name.removeprefix(journal.name)}")
        file.rename(new)
        moved.append(new)
    return moved


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator[None]:
    """The lock of a running terminal."""
    lock = FileLock(Path(f"{journal}.lock"))
    try:
        with lock:
            yield
    except BlockingIOError as error:
        raise JournalError("the terminal is running; stop it: sudo systemctl stop netgiro-terminal") from error


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{what}: {error}") from error
