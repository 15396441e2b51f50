"""``netgiro-terminal upgrade --from-office``: root's half of a release that the head office names.

systemd starts it when the service has put a ticket beside an archive. The folder is the service's own: what is in there
is taken as its owner, through no link, of bounded length, into a folder of root's, and only there verified. Nothing of
it counts but the signature: a service that was taken over gets a newer release of the same publisher installed at most.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from terminal.config.office_release import (
    ARCHIVE,
    BEGUN,
    FOLDER,
    INSTALLED,
    LONGEST_TICKET,
    LONGEST_WHY,
    NOT_NOW,
    READY,
    REFUSED,
    SIGNATURE,
    Outcome,
    is_ticket,
    read_outcome,
)
from terminal.errors import TerminalError
from terminal.install.release import LARGEST_ARCHIVE_BYTES
from terminal.install.trial import TRIAL, NotNow
from terminal.install.upgrade import KEYS, Upgrade
from terminal.system.files import write_whole
from terminal.system.owner import as_owner_of, create_new, open_regular

LARGEST_SIGNATURE_BYTES = 16 * 1024
CHUNK_BYTES = 128 * 1024
OUTCOME = "from-office.json"
"""In the folder of the slots."""
OVERLAY = "overlayroot"
"""What raspi-config's overlay calls its root."""
MOUNTS = Path("/proc/self/mounts")


def install_from_office(upgrade: Upgrade, is_allowed: Callable[[], bool], keys: Path = KEYS) -> Outcome | None:
    """One ticket, or the rest of a trial that a power cut has cut short. None: there was neither.

    ``is_allowed``: what config.toml says; it may raise TerminalError.
    """
    told = upgrade.slots.opt / OUTCOME
    if (upgrade.slots.opt / TRIAL).exists():
        begun = read_outcome(told)
        return _tell(told, _outcome(begun.ticket if begun else "", upgrade.finish_trial))
    spool = upgrade.journal.parent / FOLDER
    try:
        ticket = as_owner_of(spool, lambda: _take_ticket(spool), str)
    except OSError as error:
        raise TerminalError(f"{spool / READY}: {error}") from error
    if not ticket:
        return None
    _tell(told, Outcome(ticket, BEGUN))

    def install() -> None:
        if not is_allowed():
            raise TerminalError("office.takes_releases is false in this terminal's config.toml")
        _refuse_overlay()
        with tempfile.TemporaryDirectory(prefix="netgiro-terminal-") as work:
            archive, signature = Path(work, ARCHIVE), Path(work, SIGNATURE)
            _take(spool, archive, LARGEST_ARCHIVE_BYTES)
            _take(spool, signature, LARGEST_SIGNATURE_BYTES)
            upgrade.to_release(archive, signature, keys, by_itself=True)

    return _tell(told, _outcome(ticket, install))


def _outcome(ticket: str, work: Callable[[], None]) -> Outcome:
    try:
        work()
    except NotNow as error:
        return Outcome(ticket, NOT_NOW, _short(error))
    except TerminalError as error:
        return Outcome(ticket, REFUSED, _short(error))
    except OSError as error:  # no room for it, most of all
        return Outcome(ticket, NOT_NOW, _short(error))
    return Outcome(ticket, INSTALLED)


def _tell(path: Path, outcome: Outcome) -> Outcome:
    write_whole(path, msgspec.json.encode(outcome))
    path.chmod(0o644)  # the service reads it
    return outcome


def _take_ticket(spool: Path) -> str:
    """First of all it is gone: what fails is not begun again by itself."""
    path = spool / READY
    try:
        with open_regular(path) as file:
            ticket = file.read(LONGEST_TICKET + 1).decode("ascii", "replace")
    except FileNotFoundError:
        return ""
    finally:
        path.unlink(missing_ok=True)
    return ticket if is_ticket(ticket) else ""


def _take(spool: Path, to: Path, most_bytes: int) -> None:
    """A copy of the file of that name. Raises TerminalError, OSError."""
    with create_new(to) as target:
        as_owner_of(spool, lambda: _copy(spool / to.name, target, most_bytes))


def _copy(path: Path, target: BinaryIO, most_bytes: int) -> None:
    with open_regular(path) as source:
        if os.fstat(source.fileno()).st_size > most_bytes:
            raise TerminalError(f"{path} is longer than any release's")
        left = most_bytes  # it may grow meanwhile
        while left and (chunk := source.read(min(CHUNK_BYTES, left))):
            target.write(chunk)
            left -= len(chunk)
        target.flush()


def _refuse_overlay() -> None:
    if any(line.split()[:2] == [OVERLAY, "/"] for line in MOUNTS.read_text("utf-8", "replace").splitlines()):
        raise NotNow("this system forgets at its next start what is installed: raspi-config, Overlay File System, off")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:LONGEST_WHY]
