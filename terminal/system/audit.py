"""Who asked for what: a line in the log for whatever somebody does by hand, at every log level.

Who it was the kernel says (SO_PEERCRED), not the caller. Behind sudo everybody is root; then the name that sudo gave is
told besides, as what it is: the caller's word.
"""

from __future__ import annotations

import logging
import os
import pwd
import socket
import struct
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


def audit_command(what: str, outcome: str, journal_socket: Path = journald.SOCKET) -> None:
    """Say it for a command that does its work without the daemon; nowhere on a machine without systemd's journal."""
    if not journal_socket.exists():
        return
    record = log.makeRecord(
        log.name, logging.INFO, __file__, 0, "audit: %s, by %s: %s", (shown(what), own_name(), shown(outcome)), None
    )
    handler = journald.JournalHandler(journal_socket, logging.NullHandler())
    handler.setFormatter(logging.Formatter("<6>%(name)s: %(message)s"))
    handler.emit(record)
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
