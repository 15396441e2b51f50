"""A version on trial: is it well, and if it is not, back to the one before.

An upgrade begins a trial, and ends it as long as it runs. If the power goes in between, whoever starts next ends it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from terminal.errors import TerminalError
from terminal.install.kept_journal import KeptJournal
from terminal.install.slots import Machine, Slots
from terminal.install.versions import OLDEST_RELEASE, newest
from terminal.journal.restore import restore
from terminal.system.ask import NotRunning
from terminal.system.files import FileLock

FLOOR = "oldest-release"
TRIAL = "on-trial"
"""There while a version that nobody watches is on trial, so that a power cut does not end the trial unjudged."""
NO_PID = -1
BOOT_S = 180.0
"""All of the machine starts then, and a Pi Zero takes its time."""
PAUSE_S = 0.5
NEW_FORM_S_PER_MIB = 0.5
"""On the slowest card and processor."""


class Trial(msgspec.Struct, frozen=True):
    """What a start after a power cut must know of it."""

    back_to: str
    """The slot."""
    wrong_before: tuple[str, ...] = ()
    backup: str = ""
    """Of the journal in its old form."""
    floor: str = OLDEST_RELEASE


class NotNow(TerminalError):
    """Nothing was changed, and at another time it may do."""


_read_trial = msgspec.json.Decoder(Trial).decode


@dataclass(frozen=True)
class Proving:
    """What an upgrade and the rest of one have in common."""

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

    def finish_trial(self) -> None:
        """The power went while a version was on trial, and it is what the machine started with. Raises TerminalError if
        the old version is in use again."""
        with only_one(self.slots.opt):
            path = self.slots.opt / TRIAL
            try:
                trial = _read_trial(path.read_bytes())
                new, kept = self.slots.current, KeptJournal(Path(trial.backup)) if trial.backup else None
                if new == trial.back_to:
                    raise NotNow("the power went in the middle of it")
                folder = self.slots.folder(new)
                try:
                    self.machine.put_files(folder)
                    version, start_s = self.machine.version(folder), BOOT_S + self._start_s(kept)
                    trouble = self._trouble(version, NO_PID, folder, set(trial.wrong_before), start_s)
                except TerminalError as error:
                    trouble = str(error)
                if trouble:
                    self._return_to(trial.back_to, kept, trouble)
                self._raise_floor(newest(self._floor(), trial.floor))
                self.say("the power went while it was on trial; it is well")
            except (OSError, msgspec.DecodeError) as error:
                raise TerminalError(f"{path}: {error}; what is in use stays") from error
            finally:
                path.unlink(missing_ok=True)

    def _raise_floor(self, floor: str) -> None:
        (self.slots.opt / FLOOR).write_text(f"{floor}\n", "ascii")

    def _floor(self) -> str:
        """A hole that was mended is not let in again by an old release, however well it is signed."""
        kept = self.slots.opt / FLOOR
        return newest(OLDEST_RELEASE, kept.read_text("ascii", "replace").strip() if kept.is_file() else OLDEST_RELEASE)

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

    def _start_s(self, kept: KeptJournal | None) -> float:
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

    def _return_to(self, old: str, kept: KeptJournal | None, trouble: str) -> None:
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


@contextlib.contextmanager
def only_one(opt: Path) -> Iterator[None]:
    """Hold the lock of upgrades. Raises NotNow if another one has it, TerminalError without the right to take it."""
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
