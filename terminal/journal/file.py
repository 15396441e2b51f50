"""The journal's files: the SQLite database, and beside it the text mirror it can be made anew from. Blocking.

A commit that returned survives a power cut (WAL with ``synchronous=FULL``, then the mirror's fsync). A database that
turns out to be damaged, at a start or in between, is set aside and made anew; see journal_repair.py. A mirror that
cannot be written holds up no sale: it is told, and brought up to date as soon as it can be.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from terminal.errors import JournalError, JournalInUseError
from terminal.journal import check as journal_check
from terminal.journal import rebuild as journal_repair
from terminal.journal import schema as journal_schema
from terminal.journal.mirror import Mirror
from terminal.journal.reading import JournalReading
from terminal.journal.rows import CloseRow, EntryRow, NonceRow, ReceiptRow, RepairRow, Row
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, QueuedReceipt, Record, original
from terminal.sale.totals import Close

MIN_FREE_BYTES = 16 * 1024 * 1024
"""Below this no new sale is started, so that the open one can always be finished."""
MOST_REPAIRS = 3
"""A disk that damages the journal again and again is beyond repair."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class JournalFile(JournalReading):
    """The journal on disk. Used from one thread. Every method raises JournalError if the disk says no."""

    def __init__(self, path: Path, now: Callable[[], str], *, read_only: bool = False) -> None:
        self.path = path
        self._now = now
        self._read_only = read_only
        self._db: sqlite3.Connection | None = None
        self._lock_fd: int | None = None
        self._mirror = Mirror(journal_repair.mirror_folder(path))
        self._repairs_left = MOST_REPAIRS
        self.on_progress: Callable[[], None] = lambda: None
        """Called every few seconds while one call takes long."""
        self.mirror_ok = True
        """The last commit is in the mirror too."""
        self.repaired: RepairRow | None = None
        """What a repair since this was made had to do."""
        self._incomplete: RepairRow | None = None
        """The last one that could not bring everything back."""

    # --- opening ------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Raises JournalError if it is in use, from a newer program, or neither readable nor to be made anew."""
        with _as_journal_error(f"cannot open the journal {self.path}"):
            if self._read_only:
                self._db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
                journal_schema.check_version(self._db, self.path)
            else:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._lock()
                self._open_database()
                self._repairing(self._agree_with_mirror)
                self._incomplete = next((one for one in reversed(self.repairs()) if not one.is_complete), None)

    def _open_database(self) -> None:
        """With a damaged or lost one made anew."""
        lost = not _has_content(self.path) and journal_repair.is_anything_left_of(self.path)
        if lost and (repair := journal_repair.finish(self.path, self._now())) is not None:
            self._tell(repair)
            lost = False
        try:
            if not lost:
                self._db = journal_repair.open_database(self.path)
                journal_check.check(self._db)
                return
        except sqlite3.DatabaseError as error:
            if not journal_check.is_damage(error):
                raise
            log.error("the journal %s is damaged: %s", self.path, error)
        self._make_anew()

    def _make_anew(self) -> None:
        if self._repairs_left == 0:
            raise JournalError(f"the journal {self.path} gets damaged again and again: change the SD card")
        self._close_database()
        self._mirror.close()
        self._tell(journal_repair.make_anew(self.path, self._mirror, self._now(), self.on_progress))
        self._repairs_left -= 1
        self._db = journal_repair.open_database(self.path)
        self._catch_up()

    def _tell(self, repair: RepairRow) -> None:
        self.repaired = repair
        self._incomplete = self._incomplete if repair.is_complete else repair
        log.warning("%s", journal_repair.tell(repair))

    def _agree_with_mirror(self) -> None:
        """Bring whichever is behind up to date; see journal_mirror.py for when that happens."""
        db = self._connection()
        try:
            self._mirror.look()
            if journal_check.is_foreign(self._mirror, db):
                kept = journal_repair.set_mirror_aside(self._mirror, self._now())
                log.error("the journal's mirror belongs to another journal: kept as %s, begun anew", kept)
                self._mirror.look()
            with self._transaction() as db, journal_repair.telling(db, self.on_progress):
                count = 0
                for count, row in enumerate(journal_repair.rows_missing_from(db, self._mirror), 1):  # noqa: B007
                    journal_schema.insert_row(db, row)
            if count:
                log.warning("the journal had lost its last %d rows: brought back from its mirror", count)
            if self.repaired is None:  # what a repair could not bring together nothing can
                journal_check.compare_latest(db, self._mirror)
        except JournalError:
            raise
        except OSError as error:
            self._mirror_failed(error)
        self._catch_up()

    def _lock(self) -> None:
        self._lock_fd = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalInUseError(f"the journal {self.path} is in use by another running terminal") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._close_database()
        self._mirror.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _close_database(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    # --- writing ------------------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        """Commit one change with its receipts, all or nothing."""
        sale, at = record.sale, self._now()

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            before = journal_schema.positions(db)
            yield EntryRow(before.entries + 1, at, record.event, msgspec.Raw(msgspec.json.encode(sale)))
            receipts = [original(sale.number, kind) for kind in record.receipts]
            new = [receipt for receipt in receipts if not journal_schema.has_receipt(db, receipt)]
            for seq, receipt in enumerate(new, before.receipts + 1):
                yield ReceiptRow(seq, at, receipt)

        self._commit(rows)

    def append_close(self, close: Close) -> None:
        """Commit an end of day with its slip: what is in the journal by now belongs to the period that ends."""
        at, totals = self._now(), msgspec.Raw(msgspec.json.encode(close.totals))

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            before = journal_schema.positions(db)
            yield CloseRow(close.number, at, before.entries, totals)
            if close.is_printed:
                yield ReceiptRow(before.receipts + 1, at, original(close.number, ReceiptKind.END_OF_DAY))

        self._commit(rows)

    def append_receipts(self, receipts: Iterable[QueuedReceipt]) -> None:
        """Commit receipts that are to be printed once more, all or nothing."""
        at = self._now()

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            for seq, receipt in enumerate(receipts, journal_schema.positions(db).receipts + 1):
                yield ReceiptRow(seq, at, receipt)

        self._commit(rows)

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        """Commit the new state of a receipt."""
        at = self._now()
        self._commit(lambda db: [ReceiptRow(journal_schema.positions(db).receipts + 1, at, receipt)])

    def reserve_nonces(self, high_water: int) -> None:
        self._commit(lambda _db: [NonceRow(high_water)])

    def _commit(self, make_rows: Callable[[sqlite3.Connection], Iterable[Row]]) -> None:
        """Database, then mirror; only then does it count as done."""

        def write() -> list[Row]:
            with self._transaction() as db:
                rows = list(make_rows(db))
                for row in rows:
                    journal_schema.insert_row(db, row)
            return rows

        with _as_journal_error(f"cannot write the journal {self.path}"):
            rows = self._repairing(write)
            if self.mirror_ok:
                try:
                    self._mirror.append(rows)
                except OSError as error:
                    self._mirror_failed(error)
            else:
                self._repairing(self._catch_up)

    def _catch_up(self) -> None:
        """Write to the mirror what it does not have."""
        db = self._connection()
        try:
            self._mirror.look()
            if not self._mirror.positions.reaches_all(journal_schema.positions(db)):
                self._mirror.note_behind()  # in case that this is cut short, and the database lost then
            with journal_repair.telling(db, self.on_progress):
                self._mirror.append(journal_schema.rows_after(db, self._mirror.positions))
            self._mirror.note_caught_up()
        except OSError as error:
            self._mirror_failed(error)
        else:
            if not self.mirror_ok:
                log.info("the journal's mirror is up to date again")
            self.mirror_ok = True

    def _mirror_failed(self, error: OSError) -> None:
        if self.mirror_ok:
            log.error("cannot write the journal's mirror %s: %s", self._mirror.folder, error)
        try:
            if not self._mirror.is_behind:
                self._mirror.note_behind()
        except OSError as worse:
            if self.mirror_ok:
                log.error("nor can it be noted that the mirror is behind: %s", worse)
        self.mirror_ok = False

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _repairing(self, work: Callable[[], _T]) -> _T:
        """Do it, and if the database turns out to be damaged, do it again on one made anew."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if self._read_only or not journal_check.is_damage(error):
                raise
            log.error("the journal %s is damaged: %s", self.path, error)
        self._make_anew()
        return work()

    def mend(self) -> list[str]:
        """Look through everything and make anew what is damaged; returns what was done since the start, in words."""
        done: list[str] = []
        with _as_journal_error(f"cannot mend the journal {self.path}"):
            compared = self._repairing(self._compare_all)
            with self._transaction() as db:
                journal_schema.refold(db)
            if self.repaired is not None:
                done.append(journal_repair.tell(self.repaired))
            if compared.different:
                kept = journal_repair.set_mirror_aside(self._mirror, self._now())
                done.append(f"the mirror said something else and was begun anew; the old one is kept as {kept}")
            elif lacking := sum(map(len, compared.lacking.values())):
                self._mirror.append(compared.rows_lacking(self._connection()))
                done.append(f"{lacking} rows that the mirror had lost were written to it anew")
            self._catch_up()
        return [*done, "every entry was read, and where sales and receipts stand was worked out anew"]

    def _compare_all(self) -> journal_check.Comparison:
        db = self._connection()
        with journal_repair.telling(db, self.on_progress):
            journal_check.read_through(db)
            compared = journal_check.Comparison(db, self._mirror)
        if compared.absent:
            raise journal_schema.DamageFound(f"{len(compared.absent)} rows are in the mirror only")
        return compared

    # --- health -------------------------------------------------------------------------------------------------------

    @property
    def health(self) -> JournalHealth:
        """What staff should know about it."""
        if self._incomplete is not None and not journal_repair.is_acknowledged(self.path, self._incomplete):
            return JournalHealth.INCOMPLETE
        if not self.mirror_ok:
            return JournalHealth.UNMIRRORED
        return JournalHealth.SOUND if self.repaired is None else JournalHealth.REPAIRED

    def marks_lost_at_s(self) -> float | None:
        """When marks of nonces may last have been lost: Unix seconds by this machine's clock."""
        return max((repair.last_written_s for repair in self.repairs() if not repair.is_complete), default=None)

    # --- reading ------------------------------------------------------------------------------------------------------

    def free_bytes(self) -> int:
        with _as_journal_error("cannot ask for free disk space"):
            disk = os.statvfs(self.path.parent)
            return disk.f_bavail * disk.f_frsize

    def _read(self, convert: Callable[..., _T], query: str, *values: object) -> list[_T]:
        with _as_journal_error(f"cannot read the journal {self.path}"):
            return self._repairing(lambda: [convert(*row) for row in self._connection().execute(query, values)])

    def _stream(self, convert: Callable[..., _T], query: str, *values: object) -> Iterator[_T]:
        with _as_journal_error(f"cannot read the journal {self.path}"):
            for row in self._connection().execute(query, values):
                yield convert(*row)

    def _connection(self) -> sqlite3.Connection:
        if self._db is None and self._lock_fd is not None:
            raise journal_schema.DamageFound("it could not be made anew so far")
        if self._db is None:
            raise JournalError(f"the journal {self.path} is not open")
        return self._db


def _has_content(path: Path) -> bool:
    """An empty file is what some file systems leave after a power cut."""
    return path.exists() and path.stat().st_size > 0


@contextmanager
def _as_journal_error(what: str) -> Iterator[None]:
    try:
        yield
    except JournalError:
        raise
    except (sqlite3.Error, msgspec.DecodeError, OSError) as error:
        raise JournalError(f"{what}: {error}") from error
