"""Root never works in the service's own folder: whoever owns that folder could have planted links there.

What lies outside is opened first, as root. Then the process becomes the folder's owner, for good
(:func:`become_owner_of`) or in a child process (:func:`as_owner_of`), and opens nothing through a link.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from terminal.errors import TerminalError

_T = TypeVar("_T")
LONGEST_ANSWER_BYTES = 16 * 1024 * 1024


def become_owner_of(folder: Path) -> None:
    """For good. Nothing for whoever is not root, or where root owns the folder. Raises OSError."""
    if os.geteuid() != 0:
        return
    owner = _nearest(folder).stat()
    if owner.st_uid == 0:
        return
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def as_owner_of(folder: Path, work: Callable[[], _T], returns: Any = None) -> _T:
    """Do the work as the folder's owner; this process stays what it is. Its errors are raised here.

    ``returns`` is the type of the result, without it None. It comes back as JSON of that type: whoever takes over the
    other process must not become root by what it says. An error comes as a TerminalError or an OSError. For commands
    only: it forks.
    """
    if os.geteuid() != 0 or _nearest(folder).stat().st_uid == 0:
        return work()
    sys.stdout.flush()
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _work_and_end(folder, work, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        answer = pipe.read(LONGEST_ANSWER_BYTES)  # whoever says more is hung up on
    os.waitpid(child, 0)
    result: _T = _read(folder, answer, returns)
    return result


class _Failure(msgspec.Struct, tag="failed", forbid_unknown_fields=True):
    text: str
    is_meant: bool


class _Done(msgspec.Struct, tag="done", forbid_unknown_fields=True):
    result: msgspec.Raw


def _read(folder: Path, answer: bytes, returns: Any) -> Any:
    """Raises TerminalError, OSError."""
    try:
        told = msgspec.json.decode(answer, type=_Done | _Failure)
        if isinstance(told, _Done):
            return msgspec.json.decode(told.result, type=returns, dec_hook=lambda kind, text: kind(text))
    except (msgspec.DecodeError, RecursionError, ValueError, TypeError) as error:
        raise TerminalError(f"the work in {folder} was cut short") from error
    raise TerminalError(told.text) if told.is_meant else OSError(told.text)


def _work_and_end(folder: Path, work: Callable[[], object], sending: int) -> None:
    """Never returns: what belongs to the parent must not run twice."""
    code = 1
    try:
        become_owner_of(folder)
        told: _Done | _Failure
        try:
            told = _Done(msgspec.Raw(msgspec.json.encode(work(), enc_hook=str)))
        except TerminalError as error:
            told = _Failure(_encodable(error), is_meant=True)
        except Exception as error:  # the parent says it, without a traceback from another process
            told = _Failure(_encodable(error), is_meant=False)
        with os.fdopen(sending, "wb") as pipe:
            pipe.write(msgspec.json.encode(told))
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _encodable(error: Exception) -> str:
    """A file's name may hold what is no text."""
    return str(error).encode("utf-8", "backslashreplace").decode()


def _nearest(folder: Path) -> Path:
    """The folder itself, or the one that it would be made in."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def open_regular(path: Path) -> BinaryIO:
    """For reading. Raises OSError, also for a link, and for a pipe or whatever else is no regular file."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _irregular(path)
    return os.fdopen(fd, "rb")


def require_regular(path: Path) -> None:
    """For what opens the file itself. Raises OSError if something else is there; nothing is fine."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise _irregular(path)


def _irregular(path: Path) -> OSError:
    return OSError(f"{path} is no regular file: move it away")


def create_new(path: Path) -> BinaryIO:
    """For writing, readable by its owner only. Raises OSError if anything is there, a link too."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(fd, "wb")
