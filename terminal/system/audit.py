"""Who asked for what: a line in the log for whatever somebody does by hand, at every log level.

Who it was the kernel says (SO_PEERCRED), not the caller. Behind sudo everybody is root; then the name that sudo gave is
told besides, as what it is: the caller's word.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from terminal.system import journald
from terminal.system.log_limit import UNLIMITED
from terminal.system.shown import shown

LONGEST_NAME = 40

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

_PEER = struct.Struct("3i")
"""struct ucred: pid, uid, gid."""


def audit(what: str, by: str, outcome: str) -> None:
    """Say it in the daemon's log."""
    log.info("audit: %s, by %s: %s", shown(what), by, shown(outcome), extra=UNLIMITED)


@contextlib.contextmanager
def audited(what: str, journal_socket: Path = journald.SOCKET) -> Iterator[None]:
    """Around what a command does without the daemon: say it to systemd's journal, if there is one."""
    by = own_name()  # before it becomes somebody else
    outcome = "did not end"
    try:
        yield
        outcome = "done"
    except Exception as error:
        outcome = str(error) or type(error).__name__
        raise
    finally:
        _tell_journal(f"audit: {shown(what)}, by {by}: {shown(outcome)}", journal_socket)


def _tell_journal(text: str, journal_socket: Path) -> None:
    if not journal_socket.exists():
        return
    handler = journald.JournalHandler(journal_socket, logging.NullHandler())
    handler.setFormatter(logging.Formatter("<6>%(name)s: %(message)s"))
    handler.emit(log.makeRecord(log.name, logging.INFO, __file__, 0, text, (), None))
    handler.close()


def peer_name(connection: socket.socket, claim: object = None) -> str:
    """Who is at the other end of a UNIX socket; ``claim`` is whom they say they act for."""
    pid, uid, _gid = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return f"{user_name(uid)}, process {pid}{_claimed(claim)}"


def own_name() -> str:
    """Who runs this process."""
    return f"{user_name(os.getuid())}{_claimed(sudo_user())}"


def sudo_user() -> str | None:
    """Whom sudo runs this for, as it says."""
    return os.environ.get("SUDO_USER")


def user_name(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (user {uid})"
    except KeyError:
        return f"user {uid}"


def _claimed(claim: object) -> str:
    return f", says for {shown(claim, LONGEST_NAME)}" if isinstance(claim, str) and claim else ""
