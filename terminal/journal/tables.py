"""Rows into the tables of the database, and out of them again.

``sales`` and ``receipt_queue`` are derived from the kept rows in the same transaction: where each sale stands and which
receipts still wait, so that nothing that happens at the counter reads history, however long it is. :func:`refold` makes
them anew; ``journal verify`` compares.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, assert_never

import msgspec

from terminal.errors import JournalError
from terminal.journal import chain
from terminal.journal.rows import (
    ChainedRow,
    CloseRow,
    EntryRow,
    NonceRow,
    Positions,
    ReceiptRow,
    RepairRow,
    Row,
    read_row,
)
from terminal.journal.schema import DERIVED_TABLES, DamageFound, checksum, read_entry
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import Totals

# --- rows in ----------------------------------------------------------------------------------------------------------

_sale_decoder = msgspec.json.Decoder(Sale)
_refund_decoder = msgspec.json.Decoder(Refund)
_repair_decoder = msgspec.json.Decoder(RepairRow)
_totals_decoder = msgspec.json.Decoder(Totals)
_receipt_ready = msgspec.json.Decoder(QueuedReceipt)
_REFUND_BEGINS = b'{"is":"refund"'


class NewerVersionError(JournalError, ValueError):
    """A row is as it was written, by a program that knew more words."""


def decode_entry(text: str | bytes | msgspec.Raw) -> Sale | Refund:
    """A sale or a refund whose checksum was right. Raises NewerVersionError."""
    body = text.encode() if isinstance(text, str) else bytes(text)
    try:
        return (_refund_decoder if body.startswith(_REFUND_BEGINS) else _sale_decoder).decode(body)
    except msgspec.DecodeError as error:
        raise NewerVersionError(
            f"a sale cannot be read ({error}): install the version of the program that wrote it"
        ) from error


def decode_sale(text: str | bytes | msgspec.Raw) -> Sale:
    """The same, where only a sale can be. Raises NewerVersionError, DamageFound."""
    decoded = decode_entry(text)
    if not isinstance(decoded, Sale):
        raise DamageFound(f"number {decoded.number} is a refund where a sale should be")
    return decoded


def read_receipt(*columns: object) -> QueuedReceipt:
    """The columns of a receipt. Raises DamageFound."""
    try:
        return msgspec.convert(dict(zip(_RECEIPT_COLUMNS, columns, strict=False)), QueuedReceipt)
    except msgspec.ValidationError as error:
        raise DamageFound(f"receipt {columns[0]} is not as it was written") from error


def read_close(number: int, at: str, last_seq: int, totals: str) -> CloseRow:
    """The columns of an end of day. Raises DamageFound."""
    try:
        _totals_decoder.decode(totals)
    except (msgspec.DecodeError, TypeError) as error:
        raise DamageFound(f"end of day {number} is not as it was written") from error
    return CloseRow(number, at, last_seq, msgspec.Raw(totals))


def read_repair(text: str) -> RepairRow:
    """The column of a repair. Raises DamageFound."""
    try:
        return _repair_decoder.decode(text)
    except msgspec.DecodeError as error:
        raise DamageFound("what is told of a repair is not as it was written") from error


NEWEST_MARK = "SELECT body FROM chain WHERE kind = 'nonces' ORDER BY position DESC LIMIT 1"


def read_mark(body: str | None) -> NonceRow:
    """The link of a mark. Raises DamageFound."""
    try:
        row = read_row(body or "")
    except msgspec.DecodeError as error:
        raise DamageFound("the newest mark of nonces is not as it was written") from error
    if not isinstance(row, NonceRow):
        raise DamageFound("the newest mark of nonces is something else")
    return row


_RECEIPT_COLUMNS = tuple(field.name for field in msgspec.structs.fields(QueuedReceipt))
RECEIPT = ", ".join(_RECEIPT_COLUMNS)
"""The columns of a receipt in a query, as :func:`read_receipt` wants them."""
WAITING_RECEIPTS = f"SELECT {RECEIPT} FROM receipt_queue ORDER BY first_seq"
"""Those that are not known to be on paper, the oldest first."""
_VALUES = ", ".join("?" for _column in _RECEIPT_COLUMNS)


def insert_row(db: sqlite3.Connection, row: Row, body: bytes | None = None) -> ChainedRow:
    """Add a row and its link, and to the derived tables what follows from it. ``body``: see chain.py."""
    keep_row(db, row)
    match row:
        case EntryRow():
            fold_entry(db, row.seq, decode_entry(row.sale))
        case ReceiptRow():
            fold_receipt(db, row.seq, row.receipt)
    return chain.append(db, row, body)


def keep_row(db: sqlite3.Connection, row: Row, *, again: Literal["ABORT", "IGNORE"] = "ABORT") -> None:
    """Add a row; its link is left to chain.py, the derived tables to :func:`refold`.

    ``again``: what to do if its place is taken.
    """
    match row:
        case EntryRow():
            db.execute(
                f"INSERT OR {again} INTO entries (seq, at, event, sale_number, sale, crc) VALUES (?, ?, ?, ?, ?, ?)",
                (row.seq, row.at, row.event, decode_entry(row.sale).number, bytes(row.sale).decode(), checksum(row)),
            )
        case ReceiptRow():
            db.execute(
                f"INSERT OR {again} INTO receipts (seq, at, {RECEIPT}) VALUES (?, ?, {_VALUES})",
                (row.seq, row.at, *msgspec.structs.astuple(row.receipt)),
            )
        case CloseRow():
            db.execute(
                f"INSERT OR {again} INTO closes (number, at, last_seq, totals) VALUES (?, ?, ?, ?)",
                (row.number, row.at, row.last_seq, bytes(row.totals).decode()),
            )
        case NonceRow():
            db.execute(
                "INSERT INTO nonces (id, high_water) VALUES (1, ?1) "
                "ON CONFLICT (id) DO UPDATE SET high_water = max(high_water, ?1)",
                (row.high_water,),
            )
        case RepairRow():
            text = msgspec.json.encode(row).decode()
            db.execute(f"INSERT OR {again} INTO repairs (number, repair) VALUES (?, ?)", (row.number, text))
        case _:
            assert_never(row)


def fold_entry(db: sqlite3.Connection, seq: int, entry: Sale | Refund) -> None:
    """Where that sale or refund now stands."""
    db.execute(
        "INSERT INTO sales "
        "(number, reference, register_id, state, outcome, created, seq, amount_kr, refund_of, source) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET "
        "state = excluded.state, outcome = excluded.outcome, seq = excluded.seq",
        (
            *(entry.number, entry.reference, entry.register_id, entry.state, entry.outcome, entry.created),
            *(seq, entry.amount_kr),
            *((entry.sale_number, entry.source) if isinstance(entry, Refund) else (None, None)),
        ),
    )


def fold_receipt(db: sqlite3.Connection, seq: int, receipt: QueuedReceipt) -> None:
    """A receipt keeps its place in the queue until it is printed."""
    if receipt.state is ReceiptState.PRINTED:
        db.execute("DELETE FROM receipt_queue WHERE receipt_id = ?", (receipt.receipt_id,))
        return
    db.execute(
        f"INSERT INTO receipt_queue (first_seq, {RECEIPT}) VALUES (?, {_VALUES}) "
        "ON CONFLICT (receipt_id) DO UPDATE SET copy = excluded.copy, state = excluded.state",
        (seq, *msgspec.structs.astuple(receipt)),
    )


def refold(db: sqlite3.Connection) -> None:
    """Make the derived tables anew from what they are derived from."""
    for table in DERIVED_TABLES:
        db.execute(f"DELETE FROM {table}")
    latest = "SELECT max(seq) FROM entries GROUP BY sale_number"
    for seq, sale in db.execute(f"SELECT seq, sale FROM entries WHERE seq IN ({latest}) ORDER BY seq"):
        fold_entry(db, seq, decode_entry(sale))
    query, _read = READERS["receipts"]
    for seq, _at, *receipt in db.execute(f"{query} ORDER BY seq"):
        fold_receipt(db, seq, read_receipt(*receipt))


# --- rows out ---------------------------------------------------------------------------------------------------------


def positions(db: sqlite3.Connection) -> Positions:
    """How far each table has come; without a scan."""
    return Positions(
        entries=_one(db, "SELECT max(seq) FROM entries"),
        receipts=_one(db, "SELECT max(seq) FROM receipts"),
        closes=_one(db, "SELECT max(number) FROM closes"),
        high_water=_one(db, "SELECT max(high_water) FROM nonces"),
        repairs=_one(db, "SELECT max(number) FROM repairs"),
    )


def _one(db: sqlite3.Connection, query: str, *values: object) -> int:
    return int(db.execute(query, values).fetchone()[0] or 0)


def newest_mark(db: sqlite3.Connection) -> NonceRow:
    """Raises DamageFound."""
    return next((read_mark(*columns) for columns in db.execute(NEWEST_MARK)), NonceRow(0))


def has_receipt(db: sqlite3.Connection, receipt: QueuedReceipt) -> bool:
    """Whether it was ever queued."""
    query = "SELECT count(*) FROM receipts WHERE sale_number = ? AND receipt_id = ?"
    return bool(_one(db, query, receipt.sale_number, receipt.receipt_id))


def repairs(db: sqlite3.Connection) -> list[RepairRow]:
    """Newest first. Raises DamageFound."""
    return [read_repair(*row) for row in db.execute("SELECT repair FROM repairs ORDER BY number DESC")]


def next_number(db: sqlite3.Connection) -> int:
    """Of a sale: one that was never given. Raises DamageFound."""
    after_repairs = (repair.next_number for repair in repairs(db))
    return max(1, _one(db, "SELECT max(number) + 1 FROM sales"), *after_repairs)


READERS: Mapping[str, tuple[str, Callable[..., Row]]] = {
    "entries": ("SELECT seq, at, event, sale, crc FROM entries", read_entry),
    "receipts": (
        "SELECT * FROM receipts",  # also of an older database, which has fewer columns
        lambda seq, at, *receipt: ReceiptRow(seq, at, read_receipt(*receipt)),
    ),
    "closes": ("SELECT number, at, last_seq, totals FROM closes", read_close),
    "nonces": ("SELECT high_water FROM nonces", NonceRow),
    "repairs": ("SELECT repair FROM repairs", read_repair),
}
"""How each table is read back: its query, and what makes a row of the columns.

The latter may raise DamageFound, ValueError or TypeError.
"""


def all_rows(db: sqlite3.Connection) -> Iterator[Row]:
    """Table by table, each in its order. Raises DamageFound, ValueError or TypeError."""
    for query, read in READERS.values():
        for columns in db.execute(f"{query} ORDER BY rowid"):
            yield read(*columns)


def fill_new(db: sqlite3.Connection, version: int) -> None:
    """Put into new tables what follows from those of an older schema. Raises DamageFound."""
    if 0 < version < 3:
        db.execute(
            "UPDATE sales SET amount_kr = (SELECT CASE WHEN json_valid(sale) THEN json_extract(sale, '$.amount_kr') "
            "ELSE 0 END FROM entries WHERE entries.seq = sales.seq)"
        )
        try:
            for row in all_rows(db):
                chain.append(db, row)
        except (TypeError, ValueError) as error:
            raise DamageFound(f"a row is not as it was written: {error}") from error
    if version < 3:
        chain.begin_epoch(db, chain.new_epoch())


def find_row(db: sqlite3.Connection, table: str, position: int) -> Row | None:
    """Raises DamageFound or ValueError."""
    query, read = READERS[table]
    found = db.execute(f"{query} WHERE rowid = ?", (position,)).fetchone()
    return read(*found) if found else None


def find_entry(db: sqlite3.Connection, seq: int) -> EntryRow | None:
    """Raises DamageFound."""
    found = db.execute("SELECT seq, at, event, sale, crc FROM entries WHERE seq = ?", (seq,)).fetchone()
    return read_entry(*found) if found else None
