"""The answers of a reconciliation on disk, so that one that was interrupted does not ask for them again.

One JSON line an answer, under the mark of what was asked about. The file is a convenience: whatever cannot be read of
it is asked again, and it holds nothing that is not in the journal or in the service's records.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from terminal.errors import TerminalError
from terminal.reconciliation.findings import NoRecord
from terminal.sale.gateway import PaymentRecord, SettledItem, Settlement
from terminal.system.files import FileLock

NAME = "reconciliation.progress"
FRESH_S = 6 * 3600.0
"""An older answer is asked for again: something may have been refunded meanwhile."""
MOST_BYTES = 32 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True):
    mark: str
    service: str
    at_s: float
    record: PaymentRecord | None = None
    items: tuple[SettledItem, ...] | None = None
    """What a settlement is made of."""


_line_decoder = msgspec.json.Decoder(_Line)


class Progress:
    """Only one reconciliation at a time has it."""

    def __init__(self, folder: Path, service: str) -> None:
        self._lock = FileLock(folder / NAME)
        self._service = service
        self._known: dict[str, PaymentRecord | NoRecord] = {}
        self._items: dict[str, tuple[SettledItem, ...]] = {}
        self._file: BinaryIO | None = None

    def open(self, now_s: float) -> Self:
        """Raises TerminalError if another one is under way, or the file cannot be had."""
        path = self._lock.path
        try:
            self._lock.acquire()
            fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            self._file = os.fdopen(fd, "r+b", buffering=0)
            for line in self._file.read(MOST_BYTES).splitlines():
                self._take(line, now_s)
        except BlockingIOError as error:
            raise TerminalError("another reconciliation is under way; try again when it has ended") from error
        except OSError as error:
            self.close()
            raise TerminalError(f"{path}: {error.strerror}; run this with sudo") from error
        return self

    def __len__(self) -> int:
        return len(self._known)

    def get(self, mark: str) -> PaymentRecord | NoRecord | None:
        return self._known.get(mark)

    def put(self, mark: str, answer: PaymentRecord | NoRecord, now_s: float) -> None:
        """A full disk costs only the questions once more."""
        record = answer if isinstance(answer, PaymentRecord) else None
        self._write(b"\n" + msgspec.json.encode(_Line(mark, self._service, now_s, record)) + b"\n")

    def items_of(self, settlement: Settlement) -> Sequence[SettledItem] | None:
        return self._items.get(_mark(settlement))

    def put_items(self, settlement: Settlement, items: tuple[SettledItem, ...], now_s: float) -> None:
        line = _Line(_mark(settlement), self._service, now_s, items=items)
        self._write(b"\n" + msgspec.json.encode(line) + b"\n")

    def forget(self) -> None:
        """Everything was asked: the next reconciliation begins anew."""
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def _write(self, line: bytes) -> None:
        try:
            if self._file is not None:
                self._file.write(line)
        except OSError:
            return

    def _take(self, text: bytes, now_s: float) -> None:
        try:
            line = _line_decoder.decode(text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return
        if line.service != self._service or not 0 <= now_s - line.at_s <= FRESH_S:
            return
        if line.items is not None:
            self._items[line.mark] = line.items
        else:
            self._known[line.mark] = line.record or NoRecord()


def _mark(settlement: Settlement) -> str:
    """Another one as soon as the service says anything else of it."""
    return hashlib.sha256(msgspec.json.encode(settlement)).hexdigest()
