"""Root never works in the service's own folder: whoever owns that folder could have planted links there.

What lies outside is opened first, as root. Then the process becomes the folder's owner, for good
(:func:`become_owner_of`) or in a child process (:func:`as_owner_of`), and opens nothing through a link.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from terminal.errors import TerminalError

_T = TypeVar("_T")


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


def as_owner_of(folder: Path, work: Callable[[], _T]) -> _T:
    """Do the work as the folder's owner; this process stays what it is. Its errors are raised here.

    The result has to survive pickling; an error comes as a TerminalError or an OSError. For commands only: it forks.
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
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        raise TerminalError(f"the work in {folder} was cut short")
    import pickle  # noqa: PLC0415  only here, where a command runs as root

    result, error = pickle.loads(answer)
    if error is not None:
        raise error
    done: _T = result
    return done


def _work_and_end(folder: Path, work: Callable[[], _T], sending: int) -> None:
    """Never returns: what belongs to the parent must not run twice."""
    import pickle  # noqa: PLC0415

    code = 1
    try:
        become_owner_of(folder)
        try:
            answer = pickle.dumps((work(), None))
        except TerminalError as error:
            answer = pickle.dumps((None, TerminalError(str(error))))
        except Exception as error:  # the parent says it, without a traceback from another process
            answer = pickle.dumps((None, OSError(str(error))))
        with os.fdopen(sending, "wb") as pipe:
            pipe.write(answer)
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the one that it would be made in."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def open_regular(path: Path) -> BinaryIO:
    """For reading. Raises TerminalError if it is a link or anything but a regular file, OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise TerminalError(f"{path} is not a regular file")
    return os.fdopen(fd, "rb")


def create_new(path: Path) -> BinaryIO:
    """For writing, readable by its owner only. Raises OSError if anything is there, a link too."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(fd, "wb")
