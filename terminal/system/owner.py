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
from typing import Any, BinaryIO, NamedTuple, TypeVar

import msgspec

from terminal.errors import TerminalError

_T = TypeVar("_T")
LONGEST_ANSWER_BYTES = 16 * 1024 * 1024
MOST_LINKS = 40
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def become_owner_of(folder: Path) -> None:
    """For good. Nothing for whoever is not root, or where root owns the folder. Raises OSError."""
    if os.geteuid() == 0:
        _become(_owner_of(folder))


def as_owner_of(folder: Path, work: Callable[[], _T], returns: Any = None) -> _T:
    """Do the work as the folder's owner; this process stays what it is. Its errors are raised here.

    ``returns`` is the type of the result, without it None. It comes back as JSON of that type: whoever takes over the
    other process must not become root by what it says. An error comes as a TerminalError or an OSError. For commands
    only: it forks.
    """
    owner = _owner_of(folder) if os.geteuid() == 0 else None
    if owner is None:
        return work()
    sys.stdout.flush()
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _work_and_end(owner, work, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        answer = pipe.read(LONGEST_ANSWER_BYTES)  # whoever says more is hung up on
    os.waitpid(child, 0)
    result: _T = _read(folder, answer, returns)
    return result


class _Owner(NamedTuple):
    uid: int
    gid: int


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


def _work_and_end(owner: _Owner, work: Callable[[], object], sending: int) -> None:
    """Never returns: what belongs to the parent must not run twice."""
    code = 1
    try:
        _become(owner)
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


def _become(owner: _Owner | None) -> None:
    if owner is not None:
        os.setgroups([])
        os.setgid(owner.gid)
        os.setuid(owner.uid)


def _owner_of(folder: Path) -> _Owner | None:
    """Of the folder itself, or of the one that it would be made in; None if that is root. Raises TerminalError.

    From where a folder is not root's, its owner may exchange whatever stands in it at any time: below it no link is
    followed, and nothing there is root's.
    """
    at = os.open("/", _FOLDER)
    try:
        waiting = [*reversed(folder.absolute().parts[1:])]
        is_roots, links = True, 0
        while waiting:
            name = waiting.pop()
            try:
                found = os.stat(name, dir_fd=at, follow_symlinks=False)
            except FileNotFoundError:
                break
            if stat.S_ISLNK(found.st_mode) and is_roots and found.st_uid == 0 and links < MOST_LINKS:
                links += 1
                target = Path(os.readlink(name, dir_fd=at))
                waiting += reversed(target.parts)  # an absolute one begins at / again
                continue
            try:
                deeper = os.open(name, _FOLDER, dir_fd=at)
            except OSError as error:
                raise TerminalError(
                    f"{folder}: {name} is no folder, or a link that may lead anywhere: move it away"
                ) from error
            os.close(at)
            at = deeper
            is_roots = is_roots and os.fstat(at).st_uid == 0
        facts = os.fstat(at)
    finally:
        os.close(at)
    if facts.st_uid == 0 and not is_roots:
        raise TerminalError(
            f"{folder} is root's in another user's folder: give it to that user (chown), or move it away"
        )
    return _Owner(facts.st_uid, facts.st_gid) if facts.st_uid else None


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
