"""``netgiro-terminal upgrade``: a new version beside the running one, and back by itself if the new one does not work.

0. Nothing starts while the voltage is too low or the processor throttled.
1. The release is verified and installed into the slot that is not in use; the running terminal notices nothing.
2. The new version must accept the configuration.
3. When no sale is open, the link ``current`` moves (one rename) and the daemon is asked to end; it refuses while a sale
   is open. systemd starts the version that ``current`` names.
4. The new daemon must be ready and answer with its version, and its doctor must find no fault that was not there
   before. Otherwise the link moves back and the old version is started again.

The old version refuses a newer journal, so the journal is backed up in step 3, once the terminal is idle. On the way
back the backup replaces the journal if nothing was written meanwhile: no sale, no receipt and no end of day. Otherwise
the new version remains and says so, because the new records count more.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from terminal.errors import TerminalError
from terminal.install.kept_journal import KeptJournal, journal_version
from terminal.install.release import open_release
from terminal.install.trial import TRIAL, NotNow, Proving, Trial, only_one
from terminal.install.versions import OLDEST_RELEASE, is_older, newest
from terminal.journal.backup import back_up
from terminal.system.files import write_whole
from terminal.system.owner import as_owner_of

KEYS = Path("/etc/netgiro-terminal/release-keys")


@dataclass(frozen=True)
class Upgrade(Proving):
    """One change of version."""

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
        with only_one(self.slots.opt), tempfile.TemporaryDirectory(prefix="netgiro-terminal-") as work:
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
            floor = newest(floor, release.manifest.oldest_release)
            self._change_to(spare, release.manifest.journal_schema, floor if by_itself else "")
            self._raise_floor(floor)

    def back(self) -> None:
        """To the version in the other slot, with the same care.

        Raises TerminalError if there is none, if it cannot read the journal, or if it is not well.
        """
        with only_one(self.slots.opt):
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

    def _change_to(self, slot: str, journal_schema: int | None, trial_floor: str = "") -> None:
        """``trial_floor``: nobody watches; it is raised to that even if a power cut comes in between."""
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
        trial = Trial(old, tuple(sorted(wrong_before)), str(kept.backup) if kept else "", trial_floor or OLDEST_RELEASE)
        if trial_floor:
            write_whole(self.slots.opt / TRIAL, msgspec.json.encode(trial))
        try:
            self._try(slot, trial, pid, kept)
        finally:
            (self.slots.opt / TRIAL).unlink(missing_ok=True)

    def _try(self, slot: str, trial: Trial, pid: int, kept: KeptJournal | None) -> None:
        folder = self.slots.folder(slot)
        version = self.machine.version(folder)
        self.slots.switch(slot)
        try:
            self.machine.put_files(folder)
            self._restart()
            trouble = self._trouble(version, pid, folder, set(trial.wrong_before), self._start_s(kept))
        except TerminalError as error:
            trouble = str(error)
        except KeyboardInterrupt:
            trouble = "interrupted"
        if trouble:
            self._return_to(trial.back_to, kept, trouble)
        before = self.slots.folder(trial.back_to)
        self.say(f"version {version} is in use and well; the one before stays in {before}: upgrade --back")

    def _keep_journal(self, schema: int | None, version: str) -> KeptJournal | None:
        if not self.journal.exists() or schema is None or schema == journal_version(self.journal):
            return None
        backup = self.journal.with_name(f"before-{version}-{datetime.now():%Y%m%d-%H%M%S}.db")
        self.say(f"the new version keeps its journal in another form; the old one is kept as {backup}")
        end_s = self.clock() + self.patience_s
        while True:
            back_up(self.journal, backup)
            self._wait_until_idle()
            kept = KeptJournal(backup)
            if not kept.lacks_rows_of(self.journal):
                return kept
            if self.clock() > end_s:
                raise NotNow("the shop is too busy to keep its journal as it is now; try again later")
            as_owner_of(backup.parent, backup.unlink)  # a sale came in between
