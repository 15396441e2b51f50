"""The journal as a file that somebody looks after: a backup while the terminal runs, mended while it does not.

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
from pathlib import Path
from typing import BinaryIO

from terminal.errors import JournalError
from terminal.journal import board, rebuild, tables
from terminal.journal.database import open_for_reading, real_path
from terminal.journal.file import JournalFile
from terminal.journal.rows import RepairRow
from terminal.system.files import sync_folder
from terminal.system.owner import as_owner_of, create_new, open_regular

COPY_BYTES = 1024 * 1024


def back_up(journal: Path, target: Path) -> int:
    """Copy the journal to a new file, readable by its owner only; returns its size in bytes. Raises JournalError.

    Root opens the new file, and whoever owns the journal's folder reads the journal: see system/owner.py.
    """
    if os.path.lexists(target):
        raise JournalError(f"{target} exists already; name a new file")
    with explained(f"cannot back up {journal} to {target}"):
        if target.parent.resolve() == journal.parent.resolve():
            return as_owner_of(journal.parent, lambda: _copy(journal, target), int)
        return _copy(journal, target)


def mend(journal: Path, now: Callable[[], str]) -> list[str]:
    """Look through the whole journal and make anew what is damaged; returns what was done. Raises JournalError.

    The terminal must be stopped.
    """

    def work() -> list[str]:
        with JournalFile(journal, now) as file:
            file.open()
            return file.mend()

    with explained(f"cannot mend {journal}"):
        return as_owner_of(journal.parent, work, list[str])


def acknowledge(journal: Path) -> RepairRow | None:
    """Note that somebody has seen what is missing: the terminal tells no longer. None if there is nothing to tell."""

    def work() -> RepairRow | None:
        with contextlib.closing(open_for_reading(journal)) as db:
            repair = next((one for one in tables.repairs(db) if not one.is_complete), None)
        if repair is not None:
            rebuild.acknowledge(real_path(journal), repair)
        return repair

    with explained(f"cannot acknowledge what is missing in {journal}"):
        return as_owner_of(journal.parent, work, RepairRow | None)


def move_here(journal: Path) -> str:
    """Let a journal that was written on another board belong to this one. Returns that board, or nothing."""
    with explained(f"cannot note the board beside {journal}"):
        return as_owner_of(journal.parent, lambda: board.move_here(real_path(journal)), str)


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


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into a JournalError that begins with ``what``."""
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # SQLite quotes what it cannot read
        raise JournalError(f"{what}: {error}") from error
