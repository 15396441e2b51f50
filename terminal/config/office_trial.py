"""The office's settings as a terminal keeps them: what it runs, what it tries, and what it has refused.

    offered ──checked──▶ trial ──started──▶ (in effect) ──well──▶ running
       │                   │
       └──▶ refused ◀──────┴── not well, or started MOST_STARTS times without getting well

One file beside the journal, replaced whole, so after a power cut it holds either the state before or the one after. A
trial counts a start *before* it is in effect. So a document with which the terminal crashes or hangs is out of use
again, and nobody has to do anything. A refused document is not tried again, and a revision below one that was here is
never accepted.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec
from msgspec.structs import replace

from terminal.config.from_office import Document
from terminal.errors import TerminalError
from terminal.system.files import write_whole
from terminal.system.owner import as_owner_of, open_regular

FILE = "office-settings.json"
"""Beside the journal: the service can write nowhere else, and root takes from it no more than MAY_TRAVEL."""
LARGEST_BYTES = 64 * 1024
MOST_STARTS = 2
"""A power cut is no fault of a document; two starts in a row that did not get well are taken for one."""
LONGEST_WHY = 500

log = logging.getLogger(__name__)


class Trial(msgspec.Struct, frozen=True):
    document: Document
    failed_before: tuple[str, ...] = ()
    """What the doctor found wrong before it."""
    starts: int = 0


class Refusal(msgspec.Struct, frozen=True):
    revision: int
    sha256: str
    why: str


class Kept(msgspec.Struct, frozen=True):
    running: Document | None = None
    trial: Trial | None = None
    refused: Refusal | None = None
    newest: int = 0
    """The highest revision that was ever tried here."""

    @property
    def on_trial(self) -> Document | None:
        """The document that is in effect and not yet known to do."""
        if self.trial is not None and 0 < self.trial.starts <= MOST_STARTS:
            return self.trial.document
        return None

    @property
    def in_effect(self) -> Document | None:
        return self.on_trial or self.running

    def knows(self, revision: int, sha256: str) -> bool:
        """It runs, is tried, or was refused: there is nothing to do about it."""
        if self.trial is None and self.running is not None and self.running.sha256 == sha256:
            return True
        known = {(one.revision, one.sha256) for one in (self.running, self.refused) if one is not None}
        if self.trial is not None:
            known.add((self.trial.document.revision, self.trial.document.sha256))
        return (revision, sha256) in known

    def refuse(self, revision: int, sha256: str, why: str) -> Kept:
        return replace(self, refused=Refusal(revision, sha256, why[:LONGEST_WHY]))

    def begin(self, document: Document, failed_before: frozenset[str]) -> Kept:
        trial = Trial(document, tuple(sorted(failed_before)))
        return replace(self, trial=trial, newest=max(self.newest, document.revision))

    def started(self) -> Kept:
        assert self.trial is not None
        trial = replace(self.trial, starts=self.trial.starts + 1)
        counted = replace(self, trial=trial)
        if trial.starts <= MOST_STARTS:
            return counted
        return counted.failed(f"the terminal was started {MOST_STARTS} times with it and did not get well")

    def proved(self) -> Kept:
        assert self.trial is not None
        return replace(self, running=self.trial.document, trial=None, refused=None)

    def failed(self, why: str) -> Kept:
        """Back to what ran before."""
        assert self.trial is not None
        document = self.trial.document
        return replace(self.refuse(document.revision, document.sha256, why), trial=None)


_read = msgspec.json.Decoder(Kept).decode


def read_kept(folder: Path) -> Kept:
    """Nothing kept, if it cannot be read: then config.toml alone counts."""

    def work() -> Kept:
        with open_regular(folder / FILE) as file:
            return _read(file.read(LARGEST_BYTES + 1))

    try:
        if os.geteuid() == 0:
            return as_owner_of(folder, work, Kept)
        return work()
    except FileNotFoundError:
        return Kept()
    except (OSError, TerminalError, msgspec.DecodeError, RecursionError) as error:
        if not isinstance(error, OSError):
            log.error("the office's settings in %s cannot be read: %s", folder / FILE, error)
        return Kept()


def write_kept(folder: Path, kept: Kept) -> None:
    """Raises OSError."""
    write_whole(folder / FILE, msgspec.json.encode(kept))
