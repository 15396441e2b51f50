"""Finds out at a start whether the journal's database is sound. SQLite has no checksums and trusts what it reads."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator

from terminal.journal import chain, schema, tables
from terminal.journal.mirror import Damage, Mirror
from terminal.journal.rows import ChainedRow, EntryRow, ReceiptRow, Row, kind_of, place_of
from terminal.sale.record import ReceiptState

CHECK_S = 3.0
"""A start looks no longer; ``journal verify`` looks to the end."""
CHECKED_AT_START_BYTES = 16 * 1024 * 1024
"""A larger journal is opened at once, and looked through while the terminal works."""
MOST_CHECKED_BYTES = 64 * 1024 * 1024
"""What a card reads in about that time."""
BACKGROUND_CHECK_S = 120.0

_DAMAGE_CODES = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is bad, as opposed to a full disk or a lock."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # from Python's own module, which has no other word for it
        return str(error).startswith("Could not decode to UTF-8")
    if str(error) == "unsupported file format":  # without a code of its own
        return True
    return code in _DAMAGE_CODES or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_small(db: sqlite3.Connection) -> bool:
    return _size_bytes(db) <= CHECKED_AT_START_BYTES


def check(
    db: sqlite3.Connection, deadline_s: float | None = CHECK_S, is_stopped: Callable[[], bool] = lambda: False
) -> None:
    """Raises DamageFound. What is not found within the deadline counts as sound.

    Indexes are compared with their tables, those that decide whether something is paid again first: a page that a card
    did not write is whole and well-formed, only old. SQLite 3.40, which is Debian 12's, does not look up from a table's
    pages, however many; so with a deadline all of it is read only while it is small. Entries have their own checksums.
    """
    tables = [*schema.DERIVED_TABLES, "nonces", "closes", "repairs", "receipts"]
    if deadline_s is None or _size_bytes(db) <= MOST_CHECKED_BYTES:
        tables.append("1")  # everything
    if deadline_s is not None:
        end_s = time.monotonic() + deadline_s
        db.set_progress_handler(lambda: time.monotonic() > end_s or is_stopped(), 1000)
    try:
        for what in tables:
            complaint = str(db.execute(f"PRAGMA integrity_check({what})").fetchone()[0])
            if complaint != "ok":
                raise schema.DamageFound(complaint)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        db.set_progress_handler(None, 0)


def _size_bytes(db: sqlite3.Connection) -> int:
    count, size = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size"))
    return count * size


def is_foreign(mirror: Mirror, db: sqlite3.Connection) -> bool:
    """Whether the mirror is of another journal, or of an epoch of the chain that is over.

    Raises DamageFound if it is of another epoch and knows more: somebody has put an older database in its place.
    """
    if tells_another_story(mirror, db):
        return True
    if mirror.chain.epoch in ("", chain.end(db).epoch):
        return False
    if not tables.positions(db).reaches_all(mirror.positions):
        raise schema.DamageFound("it is older than its mirror, and of another epoch")
    return True


def tells_another_story(mirror: Mirror, db: sqlite3.Connection) -> bool:
    """Whether database and mirror differ, by the last entry that both could have."""
    shared = mirror.find_last_entry(tables.positions(db))
    if shared is None:
        return False
    found = tables.find_entry(db, shared.seq)
    return found is not None and found != shared


def compare_latest(db: sqlite3.Connection, mirror: Mirror) -> None:
    """Raises DamageFound unless the database knows what the mirror's last rows say.

    This finds a page that a card did not write even where the table, its indexes and its checksums agree.
    """
    sales: dict[int, EntryRow] = {}
    receipts: dict[str, ReceiptRow] = {}
    for row in mirror.latest_rows():
        if isinstance(row, EntryRow):
            number = tables.decode_entry(row.sale).number
            sales[number] = max(row, sales.get(number, row), key=lambda one: one.seq)
        elif isinstance(row, ReceiptRow):
            name = row.receipt.receipt_id
            receipts[name] = max(row, receipts.get(name, row), key=lambda one: one.seq)
    for number, entry in sales.items():
        _check_stands(db, number, entry)
    for note in receipts.values():
        _check_queued(db, note)


def _check_stands(db: sqlite3.Connection, number: int, entry: EntryRow) -> None:
    """Raises DamageFound unless that entry is there, and the sale is found as it or a later one says."""
    sale = tables.decode_entry(entry.sale)
    if tables.find_entry(db, entry.seq) != entry:
        raise schema.DamageFound(f"entry {entry.seq} is not there as it was written")
    stands = db.execute("SELECT seq, state, outcome FROM sales WHERE number = ?", (number,)).fetchone()
    by_id = "SELECT 1 FROM sales INDEXED BY sales_by_register_id WHERE register_id = ? AND number = ?"
    found = db.execute(by_id, (sale.register_id, number)).fetchone()
    if found is None or stands is None or stands[0] < entry.seq:
        raise schema.DamageFound(f"sale {number} is not found as entry {entry.seq} left it")
    if stands[0] == entry.seq and stands[1:] != (sale.state, sale.outcome):
        raise schema.DamageFound(f"sale {number} does not stand as entry {entry.seq} left it")


def _check_queued(db: sqlite3.Connection, row: ReceiptRow) -> None:
    """Raises DamageFound unless that note is there, and the receipt waits if it or a later one says so."""
    query, read = tables.READERS["receipts"]
    last = f"{query} WHERE sale_number = ? AND receipt_id = ? ORDER BY seq DESC LIMIT 1"
    columns = db.execute(last, (row.receipt.sale_number, row.receipt.receipt_id)).fetchone()
    noted = read(*columns) if columns else None
    if not isinstance(noted, ReceiptRow) or noted.seq < row.seq:
        raise schema.DamageFound(f"receipt note {row.seq} is not there")
    query = f"SELECT {tables.RECEIPT} FROM receipt_queue WHERE receipt_id = ?"
    queued = [tables.read_receipt(*columns) for columns in db.execute(query, (row.receipt.receipt_id,))]
    if queued != ([] if noted.receipt.state is ReceiptState.PRINTED else [noted.receipt]):
        raise schema.DamageFound(f"receipt note {noted.seq} says something else than the queue of receipts")


# --- from end to end --------------------------------------------------------------------------------------------------


def read_through(db: sqlite3.Connection) -> None:
    """Look at everything, without a deadline. Raises DamageFound."""
    check(db, None)
    for query, read in tables.READERS.values():
        for columns in db.execute(query):
            try:
                row = read(*columns)
                if isinstance(row, EntryRow):
                    tables.decode_entry(row.sale)
            except tables.NewerVersionError:
                raise
            except (TypeError, ValueError) as error:
                raise schema.DamageFound(f"a row is not as it was written: {error}") from error


_COMPARED = ("entries", "receipts", "closes", "repairs")


class Comparison:
    """Database and mirror, row by row."""

    def __init__(self, db: sqlite3.Connection, mirror: Mirror) -> None:
        self.there = tables.positions(db)
        self.end = chain.end(db)
        self.different: list[str] = []
        """Rows and links of which the two say something else."""
        self.absent: list[Row] = []
        """What the mirror has and the database should have."""
        self.damages: list[Damage] = []
        self.lacking: dict[str, list[int]] = {}
        """Rows of each table that the mirror has lost in its midst, or does not have yet."""
        self.last = dict.fromkeys(_COMPARED, 0)
        """The mirror's last row of each table."""
        seen = {table: bytearray(getattr(self.there, table) + 1) for table in _COMPARED}
        for row, link in mirror.held(self.damages):
            self._compare_link(db, link)
            table, position = place_of(row)
            if table in seen and self.there.reaches(row):  # else committed since
                seen[table][position] = 1
                self.last[table] = max(self.last[table], position)
                self._compare(db, row, table, position)
        for table in _COMPARED:
            rows = db.execute(f"SELECT rowid FROM {table} WHERE rowid <= ?", (getattr(self.there, table),))
            self.lacking[table] = [position for (position,) in rows if not seen[table][position]]

    def _compare(self, db: sqlite3.Connection, row: Row, table: str, position: int) -> None:
        try:
            found = tables.find_row(db, table, position)
        except (schema.DamageFound, ValueError):
            return  # that is the database's own trouble
        if found is None:
            self.absent.append(row)
        elif found != row:
            self.different.append(f"{kind_of(row)} {position}")

    def _compare_link(self, db: sqlite3.Connection, link: ChainedRow | None) -> None:
        if link is None or link.seq > self.end.seq:
            return
        columns = db.execute("SELECT hash FROM chain WHERE seq = ?", (link.seq,)).fetchone()
        if columns is None or columns[0].hex() != link.hash:
            self.different.append(f"link {link.seq}")

    def is_only_late(self, table: str) -> bool:
        """Whether all that the mirror lacks would come after its last row."""
        return all(position > self.last[table] for position in self.lacking[table])

    def rows_lacking(self, db: sqlite3.Connection) -> Iterator[ChainedRow]:
        """Raises DamageFound."""
        for kind, table in zip(("entry", "receipt", "close", "repair"), _COMPARED, strict=True):
            for position in self.lacking[table]:
                if (row := chain.find(db, kind, position)) is not None:
                    yield row
