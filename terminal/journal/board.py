"""A journal belongs to the board that it is written on.

A copied card makes two terminals of one: each would answer its own register by what the other has sold, and go on with
the other's open sale. So on another board nothing is sold until somebody says that the card has moved there. The
board's number stands in a file beside the journal. Where no firmware tells a number, nothing can be noticed.
"""

from __future__ import annotations

import logging
from pathlib import Path

from terminal.errors import JournalError
from terminal.system.board import own_serial
from terminal.system.files import write_whole
from terminal.system.shown import shown

MOST_BYTES = 64

log = logging.getLogger(__name__)


def is_elsewhere(noted: str, here: str) -> bool:
    """The journal was written on another board, as far as both are known."""
    return bool(noted and here and noted != here)


def claim(path: Path) -> None:
    """Note the board when a journal is first opened. Raises JournalError on another one."""
    noted, here = _noted(path), own_serial()
    if is_elsewhere(noted, here):
        raise JournalError(f"{what_is_wrong(noted, here)}; {WHAT_TO_DO.format(path=path)}")
    if here and not noted:
        try:
            _write(path, here)
        except OSError as error:
            log.warning("cannot note the board beside the journal: %s", error)


def foreign_to(path: Path) -> str:
    """What is wrong if the journal belongs to another board; else empty."""
    noted, here = _noted(path), own_serial()
    return what_is_wrong(noted, here) if is_elsewhere(noted, here) else ""


def move_here(path: Path) -> str:
    """The journal belongs to this board from now on. Returns the board before it, or nothing. Raises OSError."""
    noted, here = _noted(path), own_serial()
    if not is_elsewhere(noted, here):
        return ""
    _write(path, here)
    return noted


def what_is_wrong(noted: str, here: str) -> str:
    return f"the journal was written on the board {noted}, and this is {here}"


WHAT_TO_DO = (
    "if the card has moved here for good: netgiro-terminal journal acknowledge; if it is a copy and the other terminal "
    "still sells: stop this one, give it a terminal.id of its own and move {path}* away"
)


def _write(path: Path, serial: str) -> None:
    write_whole(_note(path), f"{serial}\n".encode())


def _noted(path: Path) -> str:
    try:
        with _note(path).open("rb") as file:
            return shown(file.read(MOST_BYTES).decode("ascii", "replace").strip())
    except OSError:
        return ""


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.board")
