"""``netgiro-terminal upgrade``: a new version beside the running one, and back by itself if it does not do.

0. Not while the voltage is too low or the processor throttled.
1. The release is verified and installed into the slot that is not in use; the running terminal notices nothing.
2. The new version must accept the configuration.
3. When no sale is open, the link ``current`` moves (one rename) and the daemon is asked to end; it refuses while a sale
   is open. systemd starts what ``current`` names.
4. The new daemon must be ready, answer with its version, and its doctor must find nothing wrong that was right before.
   Otherwise the link moves back and the old version is started again.

A newer journal: the old version refuses it, so it is backed up in step 3, once the terminal is idle. On the way back
the backup is put in its place if nothing was written meanwhile, no sale, no receipt and no end of day; else the new
version stays and says so, because what was written counts more.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from terminal.errors import JournalError, TerminalError
from terminal.install.release import open_release
from terminal.install.slots import Machine, Slots
from terminal.install.versions import OLDEST_RELEASE, is_older, newest
from terminal.journal.backup import back_up
from terminal.journal.database import open_for_reading
from terminal.journal.restore import restore
from terminal.system.ask import NotRunning
from terminal.system.files import FileLock
from terminal.system.owner import as_owner_of

KEYS = Path("/etc/netgiro-terminal/release-keys")
FLOOR = "oldest-release"
PAUSE_S = 0.5
NEW_FORM_S_PER_MIB = 0.5
"""On the slowest card and processor."""


class NotNow(TerminalError):
    """Nothing was changed, and at another time it may do."""


@dataclass(frozen=True)
class Upgrade:
    """One change of version."""

    slots: Slots
    machine: Machine
    journal: Path
    say: Callable[[str], None] = print
    patience_s: float = 600.0
    """How long to wait for the end of an open sale."""
    health_s: float = 90.0
    """How long the new version may take to be well."""
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def to_release(
        self,
        archive: Path,
        signature: Path,
        keys: Path = KEYS,
        *,
        allow_older: bool = False,
        by_itself: bool = False,
    ) -> None:
        """Raises TerminalError if the old version goes on; its sentence says why.

        ``by_itself``: nobody stands beside it. Then only a newer version, and only while the terminal runs, so that it
        can be seen whether it is well.
        """
        with _only_one(self.slots.opt), tempfile.TemporaryDirectory(prefix="netgiro-terminal-") as work:
            if trouble := self.machine.power_trouble():  # unpacking is the hardest work that this machine ever does
                raise NotNow(f"not now: {trouble}, then try again; nothing was changed")
            release = open_release(archive, signature, keys, Path(work))
            old = self.machine.version(self.slots.folder(self.slots.current))
            new = release.manifest.version
            self.say(f"{archive.name}: version {new}, signed by {release.signer}; in use is {old}")
            floor = self._floor()
            if is_older(new, floor):
                raise TerminalError(f"{new} has known holes: nothing older than {floor} is installed any more")
            if not allow_older and is_older(new, old):
                raise TerminalError(f"{new} is older than {old}; to go back on purpose: --allow-older")
            if by_itself and new == old:
                raise TerminalError(f"{new} is in use already")
            if by_itself and not self.machine.is_running():
                raise NotNow("the terminal does not run")
            spare = self.slots.spare
            self.machine.install(release, self.slots.folder(spare))
            self._change_to(spare, release.manifest.journal_schema)
            (self.slots.opt / FLOOR).write_text(f"{newest(floor, release.manifest.oldest_release)}\n", "ascii")

    def _floor(self) -> str:
        """A hole that was mended is not let in again by an old release, however well it is signed."""
        kept = self.slots.opt / FLOOR
        return newest(OLDEST_RELEASE, kept.read_text("ascii", "replace").strip() if kept.is_file() else OLDEST_RELEASE)

    def back(self) -> None:
        """To the version in the other slot, with the same care."""
        with _only_one(self.slots.opt):
            spare = self.slots.folder(self.slots.spare)
            if not (spare / "bin/netgiro-terminal").exists():
                raise TerminalError("the other slot holds no version to go back to")
            if "journal" in self.machine.failed_checks(spare) - self.machine.failed_checks(self._current_folder):
                raise TerminalError(
                    f"version {self.machine.version(spare)} cannot read the journal as it is now, and what was sold"
                    " since must not be lost: nothing was changed."
                    f" Copies from before the upgrade: {self.journal.parent}/before-*.db"
                )
            self._change_to(self.slots.spare, None)

    @property
    def _current_folder(self) -> Path:
        return self.slots.folder(self.slots.current)

    def _change_to(self, slot: str, journal_schema: int | None) -> None:
        old = self.slots.current
        new_folder, old_folder = self.slots.folder(slot), self.slots.folder(old)
        version = self.machine.version(new_folder)
        self.machine.check_config(new_folder)
        if not self.machine.is_running():
            self.slots.switch(slot)
            self.machine.put_files(new_folder)
            self.say(f"version {version} is in use; the terminal was not running and is not started")
            return
        wrong_before = self.machine.failed_checks(old_folder)
        self._wait_until_idle()
        kept = self._keep_journal(journal_schema, version)
        pid = self.machine.ask("status")["pid"]
        self.slots.switch(slot)
        try:
            self.machine.put_files(new_folder)
            self._restart()
            trouble = self._trouble(version, pid, new_folder, wrong_before, self._start_s(kept))
        except TerminalError as error:
            trouble = str(error)
        except KeyboardInterrupt:
            trouble = "interrupted"
        if trouble:
            self._return_to(old, kept, trouble)
        self.say(f"version {version} is in use and well; the one before stays in {old_folder}: upgrade --back")

    # --- the sale comes first -----------------------------------------------------------------------------------------

    def _wait_until_idle(self) -> None:
        told = False
        end_s = self.clock() + self.patience_s
        while (sale := self.machine.ask("status").get("sale")) is not None:
            if self.clock() > end_s:
                raise NotNow(f"sale {sale['number']} is still open after {self.patience_s:g} s; try again later")
            if not told:
                self.say(f"waiting for the end of sale {sale['number']}")
                told = True
            self.pause(PAUSE_S)

    def _restart(self) -> None:
        """The daemon itself refuses while a sale is open: one may have begun since we looked."""
        end_s = self.clock() + self.patience_s
        while True:
            try:
                self.machine.ask("restart")
            except NotRunning:
                self.machine.start()
                return
            except TerminalError:
                if self.clock() > end_s:
                    raise
                self.pause(PAUSE_S)
            else:
                return

    # --- is it well? --------------------------------------------------------------------------------------------------

    def _start_s(self, kept: _KeptJournal | None) -> float:
        """A journal is brought into its new form at the first start, and a large one takes its time."""
        return self.health_s + (kept.size_mib * NEW_FORM_S_PER_MIB if kept is not None else 0.0)

    def _trouble(self, version: str, old_pid: int, folder: Path, wrong_before: set[str], start_s: float) -> str:
        """Why the new version will not do; empty if it will."""
        end_s = self.clock() + start_s
        last = "it does not answer"
        while self.clock() < end_s:
            try:
                status = self.machine.ask("status")
            except TerminalError as error:
                last = str(error)
            else:
                if status["pid"] != old_pid and status["version"] == version:
                    worse = self.machine.failed_checks(folder) - wrong_before
                    return f"its doctor finds wrong what was right before: {', '.join(sorted(worse))}" if worse else ""
                last = f"version {status['version']} still runs"
            self.pause(PAUSE_S)
        return f"not ready within {start_s:g} s: {last}"

    def _return_to(self, old: str, kept: _KeptJournal | None, trouble: str) -> None:
        self.say(f"the new version will not do: {trouble}")
        with contextlib.suppress(TerminalError):  # if it answers at all, its open sale shall end first
            self._wait_until_idle()
        self.machine.stop()
        if kept is not None and kept.has_moved(self.journal):
            if kept.lacks_rows_of(self.journal):
                self.machine.start()
                raise TerminalError(
                    f"{trouble}. Something was sold, printed or closed meanwhile in a journal that the old version"
                    " cannot read, so the new version stays in use"
                )
            restore(kept.backup, self.journal, datetime.now().astimezone())
        self.slots.switch(old)
        folder = self.slots.folder(old)
        self.machine.put_files(folder)
        self.machine.start()
        raise TerminalError(f"{trouble}. Version {self.machine.version(folder)} is in use again")

    def _keep_journal(self, schema: int | None, version: str) -> _KeptJournal | None:
        if not self.journal.exists() or schema is None or schema == _journal_version(self.journal):
            return None
        backup = self.journal.with_name(f"before-{version}-{datetime.now():%Y%m%d-%H%M%S}.db")
        self.say(f"the new version keeps its journal in another form; the old one is kept as {backup}")
        end_s = self.clock() + self.patience_s
        while True:
            back_up(self.journal, backup)
            self._wait_until_idle()
            kept = _KeptJournal(backup)
            if not kept.lacks_rows_of(self.journal):
                return kept
            if self.clock() > end_s:
                raise NotNow("the shop is too busy to keep its journal as it is now; try again later")
            as_owner_of(backup.parent, backup.unlink)  # a sale came in between


class _KeptJournal(NamedTuple):
    """The journal as the old version knew it."""

    backup: Path

    def has_moved(self, journal: Path) -> bool:
        return _journal_version(journal) != _journal_version(self.backup)

    @property
    def size_mib(self) -> int:
        return _size_bytes(self.backup) // 2**20

    def lacks_rows_of(self, journal: Path) -> bool:
        """But for marks of nonces, which a start makes, and which a restore keeps."""
        return _rows(journal) != _rows(self.backup)


def _size_bytes(path: Path) -> int:
    return as_owner_of(path.parent, lambda: path.stat().st_size, int)


def _journal_version(path: Path) -> int:
    return int(_query(path, "PRAGMA user_version"))


def _rows(path: Path) -> list[int]:
    places = (("entries", "seq"), ("receipts", "seq"), ("closes", "number"))
    return [int(_query(path, f"SELECT coalesce(max({place}), 0) FROM {table}")) for table, place in places]


def _query(path: Path, query: str) -> Any:
    def work() -> Any:
        with contextlib.closing(open_for_reading(path)) as db:
            return db.execute(query).fetchone()[0]

    try:
        return as_owner_of(path.parent, work, int)
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be read: {error}") from error


@contextlib.contextmanager
def _only_one(opt: Path) -> Iterator[None]:
    lock = FileLock(opt / ".upgrading")
    try:
        lock.acquire()
    except BlockingIOError as error:
        raise NotNow("another upgrade is under way") from error
    except OSError as error:
        raise TerminalError(f"{opt}: {error.strerror}; an upgrade needs root: sudo netgiro-terminal upgrade") from error
    try:
        yield
    finally:
        lock.release()
