"""The journal on disk, blocking: what can be written to it and asked of it. pair.py keeps its two files in step."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, Self, TypeVar

import msgspec
from msgspec.structs import replace

from terminal.journal import chain, tables
from terminal.journal.database import as_journal_error, real_path
from terminal.journal.gap import KnownGap
from terminal.journal.mending import mend
from terminal.journal.pair import Pair
from terminal.journal.reading import ALL, JournalReading, stands
from terminal.journal.rows import ChainedRow, ChainEnd, CloseRow, EntryRow, NonceRow, ReceiptRow, RepairRow, Row
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, QueuedReceipt, Record, RefundRecord, after_loss, original
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import Close, ToldCloses

MIN_FREE_BYTES = 16 * 1024 * 1024
"""Below this no new sale is started, so that the open one can always be finished."""

_T = TypeVar("_T")


class JournalFile(JournalReading, KnownGap):
    """The journal on disk. Used from one thread. Every method raises JournalError if the disk says no."""

    def __init__(self, path: Path, now: Callable[[], str], *, read_only: bool = False) -> None:
        self.path = real_path(path)
        self.pair = Pair(self.path, now)
        self._now = now
        self._read_only = read_only

    # --- opening ------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Raises JournalError if it is in use, from a newer program, or neither readable nor to be made anew.

        Read only, it locks, repairs and renames nothing.
        """
        with as_journal_error(f"cannot open the journal {self.path}"):
            if self._read_only:
                self.pair.database.open_for_reading()
            else:
                self.pair.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self.pair.close()

    def report_progress_to(self, on_progress: Callable[[], None]) -> None:
        """It is called every few seconds while one call takes long."""
        self.pair.on_progress = on_progress

    # --- writing ------------------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        """Commit one change with its receipts, all or nothing."""
        self._append((record.event, record.sale, record.receipts))

    def append_refund(self, record: RefundRecord) -> None:
        """Commit one change of a refund with its receipts, all or nothing."""
        self._append((record.event, record.refund, record.receipts))

    def append_both(self, record: Record, refunded: RefundRecord) -> None:
        """Commit a change of a sale and one of its refund, all or nothing."""
        self._append((record.event, record.sale, record.receipts), (refunded.event, refunded.refund, refunded.receipts))

    def _append(self, *changes: tuple[str, Sale | Refund, Iterable[ReceiptKind]]) -> None:
        at = self._now()

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            before = tables.positions(db)
            for seq, (event, entry, _kinds) in enumerate(changes, before.entries + 1):
                yield EntryRow(seq, at, event, msgspec.Raw(msgspec.json.encode(entry)))
            receipts = [original(entry.number, kind) for _event, entry, kinds in changes for kind in kinds]
            new = [receipt for receipt in receipts if not tables.has_receipt(db, receipt)]
            for seq, receipt in enumerate(new, before.receipts + 1):
                yield ReceiptRow(seq, at, self._as_it_is_queued(receipt))

        self._commit(rows)

    def _as_it_is_queued(self, receipt: QueuedReceipt) -> QueuedReceipt:
        return after_loss(receipt) if 0 < receipt.sale_number < self.first_since_loss() else receipt

    def append_close(self, close: Close) -> str:
        """Commit an end of day with its slip: what is in the journal by now belongs to the period that ends.

        Returns the chain's head, which covers all of it and the end of day itself.
        """
        at, totals = self._now(), msgspec.Raw(msgspec.json.encode(close.totals))

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            before = tables.positions(db)
            yield CloseRow(close.number, at, before.entries, totals)
            if close.is_printed:
                yield ReceiptRow(before.receipts + 1, at, original(close.number, ReceiptKind.END_OF_DAY))
            if (asked_by := close.asked_by) is not None:
                yield self._mark_of(db, lambda closes: closes._replace(untold=close.number, asked_by=asked_by))

        return self._commit(rows)[0].hash

    def note_close_told(self, number: int) -> None:
        """Commit that the register has acknowledged that end of day."""
        self._commit(lambda db: [self._mark_of(db, lambda closes: closes.with_told(number))])

    def _mark_of(self, db: sqlite3.Connection, change: Callable[[ToldCloses], ToldCloses]) -> NonceRow:
        """A mark that is ahead by one: what it says besides is what changes."""
        mark = replace(tables.newest_mark(db), high_water=tables.positions(db).high_water, at=self._now())
        return mark.with_told_closes(change(mark.told_closes))

    def append_receipts(self, receipts: Iterable[QueuedReceipt]) -> None:
        """Commit receipts that are to be printed once more, all or nothing."""
        at = self._now()

        def rows(db: sqlite3.Connection) -> Iterator[Row]:
            for seq, receipt in enumerate(receipts, tables.positions(db).receipts + 1):
                yield ReceiptRow(seq, at, self._as_it_is_queued(receipt))

        self._commit(rows)

    def note_receipt(self, receipt: QueuedReceipt) -> None:
        """Commit the new state of a receipt."""
        self.append_receipts([receipt])

    def reserve_nonces(self, high_water: int, answers_signed: bool = False) -> None:
        at = self._now()
        signed: Literal[True] | msgspec.UnsetType = True if answers_signed else msgspec.UNSET
        self._commit(lambda db: [replace(tables.newest_mark(db), high_water=high_water, at=at, answers_signed=signed)])

    def try_writing(self) -> None:
        """Commit what changes next to nothing: a mark of the nonces that is ahead by one.

        Not the mark as it stands: a row is known by its position, and two at one could not both be brought back.
        """
        self.reserve_nonces(self.nonce_high_water() + 1, self.answers_signed())

    def _commit(self, make_rows: Callable[[sqlite3.Connection], Iterable[Row]]) -> list[ChainedRow]:
        with as_journal_error(f"cannot write the journal {self.path}"):
            return self.pair.commit(make_rows)

    def mend(self) -> list[str]:
        """Look through everything and make anew what is damaged; returns what was done since the start, in words."""
        with as_journal_error(f"cannot mend the journal {self.path}"):
            return mend(self.pair, self._now)

    # --- health -------------------------------------------------------------------------------------------------------

    @property
    def repaired(self) -> RepairRow | None:
        """What a repair since this was made had to do."""
        return self.pair.repaired

    @property
    def health(self) -> JournalHealth:
        """What staff should know about it."""
        if self.gap_since() is not None:
            return JournalHealth.INCOMPLETE
        if not self.pair.mirror_ok:
            return JournalHealth.UNMIRRORED
        return JournalHealth.SOUND if self.repaired is None else JournalHealth.REPAIRED

    def marks_lost_at_s(self) -> float | None:
        """When marks of nonces may last have been lost: Unix seconds by this machine's clock."""
        return max((repair.last_written_s for repair in self.repairs() if not repair.is_complete), default=None)

    # --- reading ------------------------------------------------------------------------------------------------------

    def free_bytes(self) -> int:
        with as_journal_error("cannot ask for free disk space"):
            disk = os.statvfs(self.path.parent)
            return disk.f_bavail * disk.f_frsize

    def chain_end(self) -> ChainEnd:
        """The journal's epoch, and the last row's number and hash."""
        with as_journal_error(f"cannot read the journal {self.path}"):
            return chain.end(self.pair.connection)

    def open_period_entries(self, most: int) -> list[Sale | Refund]:
        """What was begun or has changed since the last end of day, as it stands; at most so many, the newest first."""
        since = "sales.seq > coalesce((SELECT last_seq FROM closes ORDER BY number DESC LIMIT 1), 0)"
        return self._read(stands, f"{ALL} WHERE {since} ORDER BY sales.number DESC LIMIT ?", most)

    def rows_past(self, seq: int, most: int) -> list[ChainedRow]:
        """At most so many rows after that one, in order."""
        with as_journal_error(f"cannot read the journal {self.path}"):
            return list(itertools.islice(chain.rows_past(self.pair.connection, seq), most))

    def _read(self, convert: Callable[..., _T], query: str, *values: object) -> list[_T]:
        def read() -> list[_T]:
            return [convert(*row) for row in self.pair.connection.execute(query, values)]

        with as_journal_error(f"cannot read the journal {self.path}"):
            return read() if self._read_only else self.pair.repairing(read)

    def _stream(self, convert: Callable[..., _T], query: str, *values: object) -> Iterator[_T]:
        with as_journal_error(f"cannot read the journal {self.path}"):
            for row in self.pair.connection.execute(query, values):
                yield convert(*row)
