"""The journal as a file that somebody looks after: backup while the terminal runs, restore while it does not, export.

The database's own backup function is used, so a copy is whole whatever is being written meanwhile. Nothing here deletes
a journal, and nothing writes over a file.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from terminal.errors import JournalError
from terminal.journal import rebuild as journal_repair
from terminal.journal import schema as journal_schema
from terminal.journal.check import check
from terminal.journal.mirror import Mirror
from terminal.journal.rebuild import NUMBERS_SKIPPED, last_written_s, mirror_folder
from terminal.journal.rows import EntryRow, NonceRow, Positions, RepairRow
from terminal.journal.thread import APPLICATION_ID, SCHEMA_VERSION, Entry, JournalFile
from terminal.sale.sale import State
from terminal.system.timestamps import timestamp

PAGES_A_STEP = 256
"""The copy gives way to the terminal between steps of this many pages."""
NUMBERS_A_DAY = 500
"""Sale numbers left out for every day since a backup, where nothing tells how many there were."""

COLUMNS = (
    "receipt_number",
    "date",
    "time",
    "amount_kr",
    "outcome",
    "reason",
    "reference",
    "transaction_id",
    "invoice_number",
    "register_id",
    "state",
    "closed",
)


def back_up(journal: Path, target: Path) -> int:
    """Copy the journal to a new file, readable by its owner only; returns its size in bytes. Raises JournalError."""
    if target.exists():
        raise JournalError(f"{target} exists already; name a new file")
    with _explained(f"cannot back up {journal} to {target}"):
        _copy(journal, target)
        return target.stat().st_size


def restore(backup: Path, journal: Path, set_aside_at: datetime) -> list[Path]:
    """Put a backup in the journal's place; returns where the old files are now. Raises JournalError.

    The terminal must be stopped. Sales after the backup are then in the old files only, which the journal says of
    itself from then on: see :class:`terminal.journal.rows.RepairRow`.
    """
    check_backup(backup)
    with _explained(f"cannot restore {backup}"), _locked(journal):
        fresh = journal.with_name(journal.name + ".restoring")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()  # of a restore that was cut short
        _copy(backup, fresh)
        stamp = f"{set_aside_at:%Y%m%d-%H%M%S}"
        _note_what_it_lacks(fresh, journal, f"{journal}.replaced-{stamp}", set_aside_at)
        folder = journal.parent.stat()
        os.chown(fresh, folder.st_uid, folder.st_gid)
        moved = _set_aside(journal, stamp, keep=fresh)
        fresh.rename(journal)
        _sync(journal.parent)
        return moved


def _note_what_it_lacks(fresh: Path, journal: Path, set_aside: str, at: datetime) -> None:
    """Else numbers would be given twice and nonces go back, and nobody would be told that sales are missing."""
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        old = _end_of(journal)
        if old is not None and old.is_in(db):
            journal_schema.keep_row(db, NonceRow(old.positions.high_water))
            return
        last = db.execute("SELECT at FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        unknown = NUMBERS_SKIPPED
        if old is None and last is not None:
            unknown += NUMBERS_A_DAY * max(0, (at.astimezone() - local_time(last[0])).days + 1)
        there = journal_schema.positions(db)
        repair = RepairRow(
            number=max(there.repairs, old.positions.repairs if old else 0) + 1,
            at=timestamp(at),
            set_aside=set_aside if journal.exists() else "",
            entries=there.entries,
            receipts=there.receipts,
            lost=(f"everything after {last[0]}" if last else "everything",),
            may_lack_latest=False,
            last_written_s=last_written_s(journal, Mirror(mirror_folder(journal))),
            next_number=max(journal_schema.next_number(db), old.next_number if old else 0) + unknown,
        )
        journal_schema.keep_row(db, repair)


class _End(NamedTuple):
    """How far a journal had come."""

    positions: Positions
    last_entry: EntryRow | None
    next_number: int

    def is_in(self, db: sqlite3.Connection) -> bool:
        """Whether nothing of it is missing there, but for the mark of nonces."""
        there = replace(journal_schema.positions(db), high_water=self.positions.high_water)
        is_same = self.last_entry is None or journal_schema.find_entry(db, self.last_entry.seq) == self.last_entry
        return is_same and there.reaches_all(self.positions)


def _end_of(journal: Path) -> _End | None:
    """By database and mirror; None if either cannot be trusted to know."""
    mirror = Mirror(mirror_folder(journal))
    try:
        with contextlib.closing(_connect(journal)) as db:
            check(db, None)
            mirror.look()
            positions = journal_schema.positions(db)
            last_entry = journal_schema.find_entry(db, positions.entries)
            next_number = journal_schema.next_number(db)
        if mirror.is_behind or not positions.reaches_all(mirror.positions):
            return None
    except (sqlite3.Error, OSError, ValueError):
        return None
    return _End(positions, last_entry, next_number)


def mend(journal: Path, now: Callable[[], str]) -> list[str]:
    """Look through the whole journal and make anew what is damaged; returns what was done. Raises JournalError.

    The terminal must be stopped.
    """
    try:
        with JournalFile(journal, now) as file:
            file.open()
            return file.mend()
    finally:
        with _explained(f"cannot give {journal} back to its owner"):
            owner = journal.parent.stat()
            for part in journal.parent.glob(f"{journal.name}*"):
                for path in (part, *part.rglob("*")):
                    os.chown(path, owner.st_uid, owner.st_gid)


def acknowledge(journal: Path) -> RepairRow | None:
    """Note that somebody has seen what is missing: the terminal tells no longer. None if there is nothing to tell."""
    with _explained(f"cannot acknowledge what is missing in {journal}"):
        with contextlib.closing(_connect(journal)) as db:
            rows = db.execute("SELECT repair FROM repairs ORDER BY number DESC").fetchall()
        repair = next((repair for row in rows if not (repair := journal_schema.read_repair(*row)).is_complete), None)
        if repair is not None:
            journal_repair.acknowledge(journal, repair)
        return repair


def check_backup(path: Path) -> None:
    """Raises JournalError unless the file is a whole journal that this program can read."""
    with _explained(f"{path} is no backup of a journal"), contextlib.closing(_connect(path)) as db:
        application_id, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application_id != APPLICATION_ID:
            raise JournalError(f"{path} is a database of another program")
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{path} was written by a newer version of the terminal (journal {version}, this one knows"
                f" {SCHEMA_VERSION}); restore it with that version"
            )
        if (finding := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise JournalError(f"{path} is damaged: {str(finding).splitlines()[0]}; take an older backup")


def _copy(source: Path, target: Path) -> None:
    """Whole and on disk, or not there."""
    part = target.with_name(target.name + ".part")
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.closing(_connect(source)) as old, contextlib.closing(sqlite3.connect(part)) as new:
            old.backup(new, pages=PAGES_A_STEP)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        fd = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(fd)
        os.close(fd)
        part.rename(target)
        _sync(target.absolute().parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


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
    path = Path(f"{journal}.lock")
    is_new = not path.exists()
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        if is_new:
            folder = journal.parent.stat()
            os.fchown(fd, folder.st_uid, folder.st_gid)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise JournalError("the terminal is running; stop it: sudo systemctl stop netgiro-terminal") from error
    finally:
        os.close(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"{what}: {error}") from error


# --- for the accountant -----------------------------------------------------------------------------------------------


def export_csv(entries: Iterable[Entry], separator: str = ",") -> Iterator[str]:
    """RFC 4180 lines, the header first."""
    yield _csv_line(COLUMNS, separator)
    for entry in entries:
        yield _csv_line([_harmless(value) for value in _row(entry).values()], separator)


def export_json(entries: Iterable[Entry]) -> Iterator[str]:
    """One JSON object a line."""
    for entry in entries:
        yield json.dumps(_row(entry), ensure_ascii=False)


def _row(entry: Entry) -> dict[str, str | int | None]:
    sale = entry.sale
    created = local_time(sale.created)
    return dict(
        zip(
            COLUMNS,
            (
                sale.number,
                f"{created:%Y-%m-%d}",
                created.isoformat(timespec="seconds"),
                sale.amount_kr,
                sale.outcome,
                sale.reason,
                sale.reference,
                sale.authorization_id,
                sale.invoice_number,
                sale.register_id,
                sale.state,
                local_time(entry.at).isoformat(timespec="seconds") if sale.state is State.CLOSED else None,
            ),
            strict=True,
        )
    )


def local_time(text: str) -> datetime:
    """The journal's UTC time as the wall clock showed it then, with its offset: no hour of a year is ambiguous."""
    return datetime.fromisoformat(text).astimezone()


def _csv_line(values: Iterable[object], separator: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="").writerow(values)
    return buffer.getvalue()


def _harmless(value: str | int | None) -> str | int | None:
    """A register's text must not become a formula in the accountant's spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
