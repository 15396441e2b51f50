"""The journal as the uplink reads it: by a connection of its own, opened for each look, so that none waits for another.

What is written meanwhile is not held up: SQLite's readers never block its writer (WAL).
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from terminal.errors import JournalError
from terminal.journal import chain, schema
from terminal.journal.database import open_for_reading
from terminal.office import wire
from terminal.office.uplink.task import JournalEnd


def as_json(body: msgspec.Raw) -> msgspec.Raw:
    """What can travel. A journal writes nothing else; who tampers with one must not blind the office for all that
    follows: what is no JSON travels as a text, which does not follow from the row before, and that is an alarm."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.Raw(msgspec.json.encode(bytes(body).decode("utf-8", "replace").replace("\0", "")))
    return body


CACHE_KIB = 64
"""Of SQLite: the rows are read in their order, each once."""


class JournalReader:
    """Each look runs in a thread of its own, always the same one: what a thread has used of the memory remains its own.

    Each may raise JournalError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "office-journal")

    async def end(self) -> JournalEnd:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._end)

    async def rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        """The chain's epoch, and the next rows after ``seq``: at most so many, but one at least, however large."""
        look = partial(self._rows_after, seq, most_rows, most_bytes)
        return await asyncio.get_running_loop().run_in_executor(self._thread, look)

    def _end(self) -> JournalEnd:
        with self._looking() as db:
            end = chain.end(db)
            return JournalEnd(end.epoch, end.seq)

    def _rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        rows: list[wire.Row] = []
        size = 0
        with self._looking() as db:
            end = chain.end(db)
            for row in chain.rows_past(db, seq):
                size += len(bytes(row.body))
                if rows and (size > most_bytes or len(rows) == most_rows):
                    break
                rows.append(wire.Row(row.seq, row.at, row.kind, as_json(row.body), row.hash))
        return JournalEnd(end.epoch, end.seq), rows

    @contextlib.contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """One moment of the journal, also while it is made anew."""
        try:
            with contextlib.closing(open_for_reading(self._path)) as db:
                db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
                schema.check_version(db, self._path)
                db.execute("BEGIN")
                yield db
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise JournalError(f"the journal {self._path} cannot be read for the office: {error}") from error
