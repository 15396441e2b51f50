"""All rows of the journal as one numbered chain: each link's hash covers the row and the link before.

A row that was changed, added or removed in the past breaks every link after it, even if everything else is made to fit.
If somebody rewrites the whole chain, the heads show it: they are on paper, on the slips of ends of day, and at the head
office.

    hash = SHA-256("<hash before>\\n<seq> <at> <kind>\\n<the row's JSON>"), in hex; the first link follows ""

``seq`` counts from 1. The *epoch* is a random name made with the journal. It changes whenever the rows before a point
are no longer what they were: after a restore, and after a repair that could not bring back everything. The same rows
have the same hashes in every epoch, so the head on a slip can still be compared.

An entry's JSON is not kept twice: it is made from the columns of ``entries``.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from terminal.journal.rows import ChainedRow, ChainEnd, EntryRow, Positions, Row, kind_of, place_of, read_row
from terminal.journal.schema import DamageFound, read_entry

ENTRY = kind_of(EntryRow(0, "", "", msgspec.Raw(b"{}")))
_LINKS = (
    "SELECT chain.seq, chain.kind, chain.position, chain.body, chain.hash, "
    "entries.seq, entries.at, entries.event, entries.sale, entries.crc "
    f"FROM chain LEFT JOIN entries ON chain.kind = '{ENTRY}' AND entries.seq = chain.position"
)


def link(before: str, seq: int, at: str, kind: str, body: bytes) -> str:
    """The hash that follows from the hash of the link before."""
    return hashlib.sha256(f"{before}\n{seq} {at} {kind}\n".encode() + body).hexdigest()


def linked(row: Row, seq: int, before: str, body: bytes | None = None) -> ChainedRow:
    """The row as a link of the chain."""
    body, kind = body or msgspec.json.encode(row), kind_of(row)
    return ChainedRow(seq, row.at, kind, msgspec.Raw(body), link(before, seq, row.at, kind, body))


def new_epoch() -> str:
    return os.urandom(16).hex()


def end(db: sqlite3.Connection) -> ChainEnd:
    """How far it has come. Raises DamageFound."""
    epoch = db.execute("SELECT epoch FROM epoch").fetchone()
    if epoch is None:
        raise DamageFound("it does not say of which epoch it is")
    last = db.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    return ChainEnd(epoch[0], last[0], last[1].hex()) if last else ChainEnd(epoch[0])


def append(db: sqlite3.Connection, row: Row, body: bytes | None = None) -> ChainedRow:
    """Link a row that is in its table already; with the JSON that it was first written in, if there is one.

    Raises DamageFound.
    """
    last = db.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    chained = linked(row, last[0] + 1, last[1].hex(), body) if last else linked(row, 1, "", body)
    text = None if chained.kind == ENTRY else bytes(chained.body).decode()
    try:
        db.execute(
            "INSERT INTO chain (seq, kind, position, body, hash) VALUES (?, ?, ?, ?, ?)",
            (chained.seq, chained.kind, place_of(row)[1], text, bytes.fromhex(chained.hash)),
        )
    except sqlite3.IntegrityError as error:
        raise DamageFound("the chain does not end where it says") from error
    return chained


def rows_past(db: sqlite3.Connection, seq: int) -> Iterator[ChainedRow]:
    """Every link after that one, in order. Raises DamageFound."""
    for columns in db.execute(f"{_LINKS} WHERE chain.seq > ? ORDER BY chain.seq", (seq,)):
        yield _read(*columns)


def rows_after(db: sqlite3.Connection, start: Positions) -> Iterator[ChainedRow]:
    """Every link whose row is not reached there, in order. Raises DamageFound."""
    first = min((seq for seq in _first_after(db, start) if seq is not None), default=None)
    if first is None:
        return
    for chained in rows_past(db, first - 1):
        if not start.reaches(read_row(chained.body)):
            yield chained


def _first_after(db: sqlite3.Connection, start: Positions) -> Iterator[int | None]:
    places = zip(KINDS, msgspec.structs.astuple(start), strict=True)
    for kind, position in places:
        found = db.execute(
            "SELECT seq FROM chain WHERE kind = ? AND position > ? ORDER BY position LIMIT 1", (kind, position)
        ).fetchone()
        yield found[0] if found else None


KINDS = (ENTRY, "receipt", "close", "nonces", "repair")
"""In the order of the fields of :class:`Positions`, which is the order in which older journals were chained."""


def find(db: sqlite3.Connection, kind: str, position: int) -> ChainedRow | None:
    """The link of a row. Raises DamageFound."""
    query = f"{_LINKS} WHERE chain.kind = ? AND chain.position = ? ORDER BY chain.seq LIMIT 1"
    columns = db.execute(query, (kind, position)).fetchone()
    return _read(*columns) if columns else None


def _read(seq: int, kind: str, position: int, body: str | None, its_hash: bytes, *entry: Any) -> ChainedRow:
    if kind == ENTRY:
        if entry[0] is None:
            raise DamageFound(f"entry {position} is not there")
        row: Row = read_entry(*entry)
        text = msgspec.json.encode(row)
    else:
        text = (body or "").encode()
        try:
            row = read_row(text)
        except msgspec.DecodeError as error:
            raise DamageFound(f"link {seq} is not as it was written") from error
    return ChainedRow(seq, row.at, kind, msgspec.Raw(text), its_hash.hex())


def follows(before: str, row: ChainedRow) -> bool:
    return row.hash == link(before, row.seq, row.at, row.kind, bytes(row.body))


def broken_links(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """The links that do not follow from the one before, with their rows' places. Raises DamageFound."""
    before, expected = "", 1
    for seq, kind, position, *more in db.execute(f"{_LINKS} ORDER BY chain.seq"):
        row = _read(seq, kind, position, *more)
        if seq != expected or not follows(before, row) or place_of(read_row(row.body))[1] != position:
            yield seq, f"{kind} {position}"
        before, expected = row.hash, seq + 1


def begin_epoch(db: sqlite3.Connection, epoch: str) -> ChainEnd:
    db.execute("INSERT OR REPLACE INTO epoch (id, epoch) VALUES (1, ?)", (epoch,))
    return end(db)
