"""What the journal is made of: rows that are only ever added, and what callers write and read. Pure.

A row has a table and a position in it, both of which the database and its text mirror share, so that each can be
brought up to date from the other. All rows of all tables together are a numbered chain: see chain.py. What a row's JSON
says is hashed there, so a field may be added to a row only with a default that is left out of the JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.sale.record import QueuedReceipt
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import ToldCloses


class Change(msgspec.Struct, frozen=True):
    """One durable change as it is found again."""

    seq: int
    at: str
    event: str
    sale: Sale


class RefundChange(msgspec.Struct, frozen=True):
    """The same of a refund."""

    seq: int
    at: str
    event: str
    refund: Refund


class EntryRow(msgspec.Struct, frozen=True, tag="entry", tag_field="row"):
    """The whole sale or refund after an event, as the JSON it was written in."""

    seq: int
    at: str
    event: str
    sale: msgspec.Raw


class ReceiptRow(msgspec.Struct, frozen=True, tag="receipt", tag_field="row"):
    """The state that a receipt has come into."""

    seq: int
    at: str
    receipt: QueuedReceipt


class CloseRow(msgspec.Struct, frozen=True, tag="close", tag_field="row"):
    """An end of day; ``last_seq`` is the last entry of the period that ended."""

    number: int
    at: str
    last_seq: int
    totals: msgspec.Raw


class NonceRow(msgspec.Struct, frozen=True, tag="nonces", tag_field="row"):
    """Every nonce used so far is below this mark. It also says what else is known for good, and may be known no more
    without harm."""

    high_water: int
    at: str = "-"
    """Older versions did not note it."""
    answers_signed: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """An answer of the service has carried a right signature; every later mark says so, too."""
    told_close: int | msgspec.UnsetType = msgspec.UNSET
    """The last end of day that the register has acknowledged. Every later mark repeats it, and the next one."""
    untold_close: int | msgspec.UnsetType = msgspec.UNSET
    """The last one that it asked for, as long as it has not acknowledged it."""
    asked_by: str | msgspec.UnsetType = msgspec.UNSET
    """Which of its programs has asked for that, where there are several."""

    @property
    def told_closes(self) -> ToldCloses:
        told, untold = self.told_close, self.untold_close
        asked_by = "" if self.asked_by is msgspec.UNSET else self.asked_by
        return ToldCloses(
            None if told is msgspec.UNSET else told, None if untold is msgspec.UNSET else untold, asked_by
        )

    def with_told_closes(self, closes: ToldCloses) -> NonceRow:
        """The next mark, which says so."""
        told, untold = (msgspec.UNSET if number is None else number for number in (closes.told, closes.untold))
        return replace(
            self,
            high_water=self.high_water + 1,
            told_close=told,
            untold_close=untold,
            asked_by=closes.asked_by or msgspec.UNSET,
        )


class RepairRow(msgspec.Struct, frozen=True, tag="repair", tag_field="row"):
    """The journal was found damaged and was made anew from what was left, or it was restored from a backup."""

    number: int
    at: str
    set_aside: str
    """Where the file before is kept; empty if it was gone."""
    entries: int
    receipts: int
    lost: tuple[str, ...]
    """What is known to be missing, in words."""
    may_lack_latest: bool
    """Nobody can say whether the last records before the damage are there."""
    last_written_s: float
    """When the journal was last written, as far as anything tells: Unix seconds by this machine's clock."""
    next_number: int
    """Sales are numbered from here on, so that no number that may have been lost is given twice."""
    is_undated: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """Nothing had set the clock: ``at`` may be long before the truth. Older versions did not ask."""

    @property
    def is_complete(self) -> bool:
        return not self.lost and not self.may_lack_latest


Row: TypeAlias = EntryRow | ReceiptRow | CloseRow | NonceRow | RepairRow


class ChainedRow(msgspec.Struct, frozen=True, tag="chained", tag_field="row"):
    """A row as a link of the chain: what the mirror holds, and what is handed on to a head office."""

    seq: int
    at: str
    kind: str
    body: msgspec.Raw
    """The row's JSON, as it was written."""
    hash: str
    """SHA-256 in hex over the hash before and all of this row."""


class ChainEnd(msgspec.Struct, frozen=True, tag="chain", tag_field="row"):
    """How far a chain has come."""

    epoch: str
    seq: int = 0
    hash: str = ""


class Positions(msgspec.Struct, frozen=True, kw_only=True, tag="positions", tag_field="row"):
    """How far each table has come."""

    entries: int = 0
    receipts: int = 0
    closes: int = 0
    high_water: int = 0
    repairs: int = 0

    def after(self, rows: Iterable[Row]) -> Positions:
        """With these rows added."""
        furthest = msgspec.structs.asdict(self)
        for row in rows:
            table, position = place_of(row)
            furthest[table] = max(furthest[table], position)
        return replace(self, **furthest)

    def reaches(self, row: Row) -> bool:
        """Whether that row is among what is there."""
        table, position = place_of(row)
        return bool(position <= getattr(self, table))

    def reaches_all(self, other: Positions) -> bool:
        """Whether nothing there is missing here."""
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return all(one >= another for one, another in zip(mine, theirs, strict=True))


def has_gone_on(since: Positions, now: Positions) -> bool:
    """Whether anything was written but for marks of nonces, which a start makes, and which a restore keeps."""
    return (now.entries, now.receipts, now.closes) != (since.entries, since.receipts, since.closes)


def place_of(row: Row) -> tuple[str, int]:
    """The field of :class:`Positions` that counts this row, and its number there."""
    match row:
        case EntryRow():
            return "entries", row.seq
        case ReceiptRow():
            return "receipts", row.seq
        case CloseRow():
            return "closes", row.number
        case NonceRow():
            return "high_water", row.high_water
        case RepairRow():
            return "repairs", row.number


_row_decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)


def read_row(body: bytes | str | msgspec.Raw) -> Row:
    """Raises msgspec.DecodeError."""
    return _row_decoder.decode(body)


def kind_of(row: Row) -> str:
    """As the chain names it: the tag of its JSON."""
    return str(row.__struct_config__.tag)
