"""Puts a journal together again from a backup and whatever the journal and its mirror still hold.

The new journal is built beside the old one, as after damage: see rebuild.py. The one moment that counts is the rename
that takes the old database away: a power cut before it leaves the old journal; after it the next start finds the new
one whole and only changes its name. Nothing is deleted: what was there before is kept under another name, the mirror
too.
"""

from __future__ import annotations

import contextlib
import glob
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal.backup import COPY_BYTES, explained
from terminal.journal.database import open_for_reading, real_path
from terminal.journal.mirror import Mirror
from terminal.journal.rows import RepairRow
from terminal.journal.schema import APPLICATION_ID, SCHEMA_VERSION
from terminal.system.clock import clock_is_synchronised
from terminal.system.files import FileLock
from terminal.system.owner import as_owner_of, create_new, open_regular
from terminal.system.timestamps import timestamp


class Restored(NamedTuple):
    """What a restore did."""

    replaced: list[Path]
    """Where the files before are now."""
    repair: RepairRow
    """What it could not bring back."""


def restore(backup: Path, journal: Path, at: datetime) -> Restored:
    """Bring together the backup and whatever the journal and its mirror still hold. Raises JournalError.

    The terminal must be stopped. What nobody can know is a gap, of which the journal tells from then on: see
    :class:`terminal.journal.rows.RepairRow`. A power cut leaves the old journal or the new one.
    """
    with explained(f"{backup} is no backup of a journal"):
        file = open_regular(backup)
    with explained(f"cannot restore {backup}"), file:
        return as_owner_of(journal.parent, lambda: _restore(file, backup, journal, at), Restored)


def _restore(file: BinaryIO, backup: Path, journal: Path, at: datetime) -> Restored:
    journal = real_path(journal)  # by its owner: a link is not root's to follow
    with _locked(journal):
        fresh = journal.with_name(journal.name + ".restoring")
        fresh.unlink(missing_ok=True)  # of a restore that was cut short
        with create_new(fresh) as new:
            shutil.copyfileobj(file, new, COPY_BYTES)
        try:
            check_backup(fresh, backup)
            _check_clock(fresh, timestamp(at))
            mirror = Mirror(rebuild.mirror_folder(journal))
            repair = rebuild.make_anew(journal, mirror, timestamp(at), lambda: None, backup=fresh)
        finally:
            fresh.unlink()
    replaced = sorted(journal.parent.glob(f"{glob.escape(Path(repair.set_aside).name)}*")) if repair.set_aside else []
    return Restored(replaced, repair)


def check_backup(path: Path, name: Path | None = None) -> None:
    """Raises JournalError, which calls it ``name``, unless the file is a whole journal that this program can read."""
    name = name or path
    with explained(f"{name} is no backup of a journal"), contextlib.closing(open_for_reading(path)) as db:
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


def _check_clock(backup: Path, now: str) -> None:
    """Raises JournalError if the clock is certainly behind, as on a new card before it has a network.

    By the days since the backup the new journal skips numbers that may have been used.
    """
    if clock_is_synchronised():  # then the one was ahead that wrote the backup
        return
    with contextlib.closing(open_for_reading(backup)) as db:
        last = db.execute("SELECT at FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    if last is not None and now < last[0]:
        raise JournalError(
            f"this machine's clock says {now}, and the backup goes to {last[0]}: set the clock, then restore (sudo"
            " timedatectl set-ntp true, or: sudo timedatectl set-time 'YYYY-MM-DD HH:MM')"
        )


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator[None]:
    """The lock of a running terminal."""
    lock = FileLock(Path(f"{journal}.lock"))
    try:
        with lock:
            yield
    except BlockingIOError as error:
        raise JournalError("the terminal is running; stop it: sudo systemctl stop netgiro-terminal") from error
