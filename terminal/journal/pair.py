"""Database and mirror, kept in step: whichever is behind is brought up to date, a damaged database is made anew.

A commit counts once it is in the database and then in the mirror. A mirror that cannot be written holds up no sale: it
is reported, and brought up to date as soon as it can be. See mirror.py for the order and why.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from terminal.errors import JournalError, JournalInUseError
from terminal.journal import board, chain, check, rebuild, tables
from terminal.journal.background import BackgroundCheck
from terminal.journal.database import Database, telling
from terminal.journal.mirror import Mirror
from terminal.journal.rows import ChainedRow, ChainEnd, RepairRow, Row
from terminal.journal.schema import DamageFound
from terminal.system.files import FileLock

MOST_REPAIRS = 3
"""A disk that damages the journal again and again is beyond repair."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Pair:
    """Both files of one journal. Used from one thread. Raises JournalError, sqlite3.Error or OSError."""

    def __init__(self, path: Path, now: Callable[[], str]) -> None:
        self.path = path
        self.database = Database(path)
        self.mirror = Mirror(rebuild.mirror_folder(path))
        self.mirror_ok = True
        """The last commit is in the mirror too."""
        self.repaired: RepairRow | None = None
        """What a repair since this was made had to do."""
        self.incomplete: RepairRow | None = None
        """The last one that could not bring everything back."""
        self.on_progress: Callable[[], None] = lambda: None
        """Called every few seconds while one call takes long."""
        self.background: BackgroundCheck | None = None
        """While a large journal is looked through."""
        self._now = now
        self._lock = FileLock(Path(f"{path}.lock"))
        self._repairs_left = MOST_REPAIRS

    @property
    def connection(self) -> sqlite3.Connection:
        """Raises DamageFound after a repair that failed, so that the next call tries again."""
        if self._lock.is_held and not self.database.is_open:
            raise DamageFound("it could not be made anew so far")
        if self.background is not None:
            self.background.raise_damage()
        return self.database.connection

    # --- opening ------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Lock, claim this board, open both files and make them agree.

        Raises JournalInUseError if another process holds the lock, and JournalError.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._lock.acquire()
        except BlockingIOError as error:
            raise JournalInUseError(f"the journal {self.path} is in use by another running terminal") from error
        board.claim(self.path)
        self._open_database()
        self.repairing(self._agree)
        self.incomplete = next((one for one in tables.repairs(self.connection) if not one.is_complete), None)

    def close(self) -> None:
        self._stop_background()
        self.database.close()
        self.mirror.close()
        self._lock.release()

    def _open_database(self) -> None:
        """With a damaged or lost one made anew."""
        lost = not self.database.has_content
        if lost and (repair := rebuild.finish(self.path, self._now())) is not None:
            self._report(repair)
            lost = False
        is_empty, lost = lost, lost and rebuild.is_anything_left_of(self.path)
        if is_empty and not lost and (old := rebuild.replaced_beside(self.path)):
            raise JournalError(
                f"the journal {self.path} is gone, and {old[-1]} is there: a restore was cut short. Run it again "
                "(netgiro-terminal journal restore FILE), or move that file away to begin an empty journal"
            )
        try:
            if not lost:
                self.database.open(self.on_progress)
                if check.is_small(self.database.connection):
                    check.check(self.database.connection)
                else:
                    self.background = BackgroundCheck(self.path)
                    self.background.start()
                rebuild.discard_unfinished(self.path)
                return
        except sqlite3.DatabaseError as error:
            if not check.is_damage(error):
                raise
            log.error("the journal %s is damaged: %s", self.path, error)
        self._make_anew()

    def _make_anew(self) -> None:
        if self._repairs_left == 0:
            raise JournalError(f"the journal {self.path} gets damaged again and again: change the SD card")
        self._stop_background()
        self.database.close()
        self.mirror.close()
        self._report(rebuild.make_anew(self.path, self.mirror, self._now(), self.on_progress))
        self._repairs_left -= 1
        self.database.open(self.on_progress)
        self.catch_up()

    def _stop_background(self) -> None:
        if self.background is not None:
            self.background.stop()
            self.background = None

    def _report(self, repair: RepairRow) -> None:
        self.repaired = repair
        self.incomplete = self.incomplete if repair.is_complete else repair
        log.warning("%s", rebuild.tell(repair))

    def _agree(self) -> None:
        """Bring whichever is behind up to date; see mirror.py for when that happens."""
        db = self.connection
        try:
            self.mirror.look()
            if check.is_foreign(self.mirror, db):
                kept = rebuild.set_mirror_aside(self.mirror, self._now())
                log.error("the journal's mirror belongs to another journal: kept as %s, begun anew", kept)
                self.mirror.look()
            with self.database.transaction() as db, telling(db, self.on_progress):
                count = 0
                for count, (row, link) in enumerate(rebuild.rows_missing_from(db, self.mirror), 1):  # noqa: B007
                    tables.insert_row(db, row, bytes(link.body) if link is not None else None)
            if count:
                log.warning("the journal had lost its last %d rows: brought back from its mirror", count)
            if self.repaired is None:  # what a repair could not bring together nothing can
                check.compare_latest(db, self.mirror)
            has_all = self.mirror.positions.reaches_all(tables.positions(db)) and not self.mirror.is_behind
            if has_all and self.mirror.chain.epoch == chain.end(db).epoch:
                self.mirror_ok = True
                return
        except JournalError:
            raise
        except OSError as error:
            self._mirror_failed(error)
        self.catch_up()

    # --- writing ------------------------------------------------------------------------------------------------------

    def commit(self, make_rows: Callable[[sqlite3.Connection], Iterable[Row]]) -> list[ChainedRow]:
        """Database, then mirror; only then does it count as done. Returns the new links."""
        rows = self.repairing(lambda: self._insert(make_rows))
        if not self.mirror_ok:
            self.repairing(self.catch_up)
            return rows
        try:
            self.mirror.append(rows)
        except OSError as error:
            self._mirror_failed(error)
        return rows

    def _insert(self, make_rows: Callable[[sqlite3.Connection], Iterable[Row]]) -> list[ChainedRow]:
        _ = self.connection  # where that is damaged, a repair comes first
        return self.database.insert(make_rows)

    def catch_up(self) -> None:
        """Write to the mirror what it does not have."""
        db = self.connection
        try:
            self.mirror.look()
            epoch = chain.end(db).epoch
            if self.mirror.chain.epoch not in ("", epoch):  # what was made anew with something missing
                rebuild.set_mirror_aside(self.mirror, self._now())
                self.mirror.look()
            if self.mirror.chain.epoch != epoch:
                self.mirror.begin(ChainEnd(epoch))
            if not self.mirror.positions.reaches_all(tables.positions(db)):
                self.mirror.note_behind()  # in case that this is cut short, and the database lost then
            with telling(db, self.on_progress):
                self.mirror.append(chain.rows_after(db, self.mirror.positions))
            self.mirror.note_caught_up()
        except OSError as error:
            self._mirror_failed(error)
        else:
            if not self.mirror_ok:
                log.info("the journal's mirror is up to date again")
            self.mirror_ok = True

    def _mirror_failed(self, error: OSError) -> None:
        if self.mirror_ok:
            log.error("cannot write the journal's mirror %s: %s", self.mirror.folder, error)
        try:
            if not self.mirror.is_behind:
                self.mirror.note_behind()
        except OSError as worse:
            if self.mirror_ok:
                log.error("nor can it be noted that the mirror is behind: %s", worse)
        self.mirror_ok = False

    # --- repairs ------------------------------------------------------------------------------------------------------

    def repairing(self, work: Callable[[], _T]) -> _T:
        """Do it, and if the database turns out to be damaged, do it again on one made anew."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not check.is_damage(error):
                raise
            log.error("the journal %s is damaged: %s", self.path, error)
        self._make_anew()
        return work()
