"""What is known of a printer from earlier days: a small file, by the printer's address.

Silence means one thing of a printer that never said a word, and another of one that always answered.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Protocol

import msgspec

log = logging.getLogger(__name__)

MOST_PRINTERS = 8
"""The ones used last."""
LARGEST_FILE_BYTES = 64 * 1024


class Known(msgspec.Struct, frozen=True):
    """What a printer has shown of itself; None: it has not been asked yet."""

    answers: bool = False
    """It has answered DLE EOT."""
    confirms: bool | None = None
    """It answers GS r in its turn."""
    reports: bool | None = None
    """It reports by itself when it is asked to (GS a)."""


_decoder = msgspec.json.Decoder(dict[str, Known])


class Memory(Protocol):
    """Both block. Neither raises: a terminal prints without a memory, too."""

    def recall(self, address: str) -> Known: ...

    def keep(self, address: str, known: Known) -> None: ...


class ShortMemory:
    """Lasts as long as the program."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def recall(self, address: str) -> Known:
        return self._known.get(address, Known())

    def keep(self, address: str, known: Known) -> None:
        self._known[address] = known


class MemoryFile:
    """One file for all printers of a terminal, written anew as a whole: a power cut leaves the old or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, address: str) -> Known:
        return self._read().get(address, Known())

    def keep(self, address: str, known: Known) -> None:
        """Remember this printer as the newest; the oldest beyond MOST_PRINTERS go. A disk that fails is only logged."""
        printers = self._read()
        printers.pop(address, None)
        printers[address] = known
        newest = dict(list(printers.items())[-MOST_PRINTERS:])
        try:
            self._write(msgspec.json.format(msgspec.json.encode(newest)))
        except OSError as error:
            log.warning("%s cannot be written, the printer is tried anew after a restart: %s", self._path, error)

    def _read(self) -> dict[str, Known]:
        """Empty if there is no such file, or it is not as it was written: the printer is then tried anew."""
        try:
            with self._path.open("rb") as file:
                return _decoder.decode(file.read(LARGEST_FILE_BYTES))
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            log.warning("%s cannot be read, the printer is tried anew: %s", self._path, error)
            return {}

    def _write(self, data: bytes) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(fd)
        os.replace(new, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
