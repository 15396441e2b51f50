"""Looks through the whole journal: is every row as it was written, and do all its parts agree?

Reads only, also beside a running terminal; takes as long as the journal is.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from terminal.errors import JournalError
from terminal.journal import chain, rebuild, tables
from terminal.journal.check import Comparison
from terminal.journal.database import open_for_reading, real_path
from terminal.journal.mirror import Mirror
from terminal.journal.rows import ReceiptRow, RepairRow, place_of
from terminal.journal.schema import DamageFound, check_version, read_entry
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import Totals, billed_kr, totals_of

SHORTEST_HEAD = 16
MOST_FINDINGS = 20
"""Of one kind; the rest is counted."""

_totals_decoder = msgspec.json.Decoder(Totals)


class Verification(NamedTuple):
    """What was found. ``problems`` want somebody's attention; ``notes`` explain what looks odd and is not."""

    entries: int
    sales: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def verify(path: Path, head: str = "") -> Verification:
    """Raises JournalError if there is no journal that this program can read.

    ``head`` is what the slip of an end of day says: its beginning is enough.
    """
    path = real_path(path)
    try:
        if not path.exists():
            raise JournalError(f"there is no journal at {path}")
        with contextlib.closing(open_for_reading(path)) as db:
            check_version(db, path)
            db.execute("BEGIN")  # one moment, whatever is written meanwhile
            return _verify(db, Mirror(rebuild.mirror_folder(path)), head)
    except JournalError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise JournalError(f"cannot read the journal {path}: {error}") from error


def _verify(db: sqlite3.Connection, mirror: Mirror, head: str) -> Verification:
    repairs = tables.repairs(db)[::-1]
    notes = [rebuild.tell(repair) for repair in repairs]
    checks = (
        _database(db),
        _entries(db, repairs),
        _chain(db),
        _ends_of_days(db, repairs),
        _sales(db),
        _receipt_queue(db),
        _mirror(db, mirror, notes),
        _numbers(db, repairs),
        _slip(db, head, notes),
    )
    problems = [problem for check in checks for problem in _bounded(check)]
    return Verification(
        entries=_count(db, "entries"),
        sales=_count(db, "sales"),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _bounded(findings: Iterable[str]) -> Iterator[str]:
    more = 0
    for count, finding in enumerate(findings):
        if count < MOST_FINDINGS:
            yield finding
        else:
            more += 1
    if more:
        yield f"... and {more} more like this"


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _database(db: sqlite3.Connection) -> Iterator[str]:
    """SQLite's own view: pages, order, indexes."""
    for (complaint,) in db.execute(f"PRAGMA integrity_check({MOST_FINDINGS})"):
        if complaint != "ok":
            yield f"the database is damaged: {complaint}"


def _entries(db: sqlite3.Connection, repairs: list[RepairRow]) -> Iterator[str]:
    """Each as its checksum says, and none missing but what a repair told of."""
    known = {lost for repair in repairs for lost in repair.lost}
    expected = 1
    for columns in db.execute(f"{tables.READERS['entries'][0]} ORDER BY seq"):
        try:
            tables.decode_entry(read_entry(*columns).sale)
        except (DamageFound, tables.NewerVersionError) as error:
            yield f"entry {columns[0]}: {error}"
        if columns[0] != expected and rebuild.name_gap("entry", expected, columns[0] - 1) not in known:
            yield f"entries {expected} to {columns[0] - 1} are missing"
        expected = columns[0] + 1


def _chain(db: sqlite3.Connection) -> Iterator[str]:
    """Every row in it, and each link as it follows from the one before."""
    places = zip(("entries", "receipts", "closes", "repairs"), ("entry", "receipt", "close", "repair"), strict=True)
    for table, kind in places:
        linked = "SELECT 1 FROM chain WHERE kind = ? AND position = rows.rowid"
        for (missing,) in db.execute(f"SELECT rowid FROM {table} AS rows WHERE NOT EXISTS ({linked})", (kind,)):
            yield f"{kind} {missing}: it is not in the chain of rows"
    try:
        for seq, row in chain.broken_links(db):
            yield f"row {seq} of the chain ({row}): it was changed, or what came before it"
    except DamageFound as error:
        yield f"the chain of rows ends early: {error}"


def _ends_of_days(db: sqlite3.Connection, repairs: list[RepairRow]) -> Iterator[str]:
    """Each total, held against the sales that ended in its period."""
    if any(repair.lost for repair in repairs):
        return  # what is known to be missing was counted, and is told of already
    start = 0
    for number, last_seq, text in db.execute("SELECT number, last_seq, totals FROM closes ORDER BY number"):
        try:
            told = _totals_decoder.decode(text)
            counted = totals_of(_ended_between(db, start, last_seq), billed_before=_billed_before(db, start, last_seq))
        except (msgspec.DecodeError, DamageFound, tables.NewerVersionError) as error:
            yield f"end of day {number} cannot be held against its sales: {error}"
        else:
            if _sums_of(told) != _sums_of(counted):
                yield f"end of day {number}: its totals are not those of its sales"
        start = last_seq


def _ended_between(db: sqlite3.Connection, start: int, last: int) -> Iterator[Sale | Refund]:
    """The sales and refunds that ended in a period, as each stood at its end. Raises DamageFound, NewerVersionError."""
    latest = "SELECT max(seq) FROM entries WHERE seq > ? AND seq <= ? GROUP BY sale_number"
    query = f"SELECT seq, at, event, sale, crc FROM entries WHERE seq IN ({latest}) ORDER BY seq"
    for columns in db.execute(query, (start, last)):
        yield tables.decode_entry(read_entry(*columns).sale)


def _billed_before(db: sqlite3.Connection, start: int, last: int) -> set[int]:
    """Of what ended in a period, once more perhaps, what was billed or returned before it. May raise the same."""
    of_period = "SELECT sale_number FROM entries WHERE seq > ?1 AND seq <= ?2"
    before = f"SELECT max(seq) FROM entries WHERE sale_number IN ({of_period}) AND seq <= ?1 GROUP BY sale_number"
    query = f"SELECT seq, at, event, sale, crc FROM entries WHERE seq IN ({before})"
    entries = (tables.decode_entry(read_entry(*columns).sale) for columns in db.execute(query, (start, last)))
    return {entry.number for entry in entries if billed_kr(entry)}


def _sums_of(totals: Totals) -> tuple[object, ...]:
    return totals.by_outcome, totals.refunds, totals.refunds_undone, totals.corrected_earlier


def _sales(db: sqlite3.Connection) -> Iterator[str]:
    """Where each sale stands, by its last entry."""
    latest = "SELECT max(seq) FROM entries GROUP BY sale_number"
    for number, seq, state, outcome, register_id, reference, sale_text in db.execute(
        "SELECT number, sales.seq, state, outcome, register_id, reference, sale FROM entries "
        f"LEFT JOIN sales ON number = sale_number WHERE entries.seq IN ({latest})"
    ):
        try:
            sale = tables.decode_entry(sale_text)
        except tables.NewerVersionError:
            continue  # told already
        stands = (number, state, outcome, register_id, reference)
        if stands != (sale.number, sale.state, sale.outcome, sale.register_id, sale.reference):
            yield f"sale {sale.number}: the list of sales does not say what entry {seq} says"
    for (number,) in db.execute("SELECT number FROM sales WHERE number NOT IN (SELECT sale_number FROM entries)"):
        yield f"sale {number}: in the list of sales without an entry"


def _receipt_queue(db: sqlite3.Connection) -> Iterator[str]:
    """Which receipts wait, by what was noted of each."""
    waiting: dict[str, QueuedReceipt] = {}
    query, read = tables.READERS["receipts"]
    for columns in db.execute(f"{query} ORDER BY seq"):
        try:
            row = read(*columns)
        except DamageFound as error:
            yield f"receipt note {columns[0]}: {error}"
            continue
        assert isinstance(row, ReceiptRow)
        waiting.pop(row.receipt.receipt_id, None)
        if row.receipt.state is not ReceiptState.PRINTED:
            waiting[row.receipt.receipt_id] = row.receipt
    queued = {row[0]: tables.read_receipt(*row) for row in db.execute(f"SELECT {tables.RECEIPT} FROM receipt_queue")}
    for name in sorted(waiting.keys() | queued.keys()):
        if waiting.get(name) != queued.get(name):
            yield f"receipt {name}: the queue does not say what was noted last"


def _mirror(db: sqlite3.Connection, mirror: Mirror, notes: list[str]) -> Iterator[str]:
    """Every row in it, as in the database."""
    compared = Comparison(db, mirror)
    for name in compared.different:
        yield f"{name}: the mirror says something else"
    for row in compared.absent:
        yield f"{' '.join(map(str, place_of(row)))}: in the mirror only"
    lost = False
    for name in ("entries", "receipts", "closes", "repairs"):
        if lacking := compared.lacking[name]:
            lost = True
            late = "; the next start of the terminal brings it up to date" if compared.is_only_late(name) else ""
            yield f"the mirror lacks {len(lacking)} of the {name}{late}"
    for damage in compared.damages:
        if not damage.is_torn_write:
            where = f"{damage.segment.name}, line {damage.first_line}, {damage.length} bytes"
            if lost:
                yield f"the mirror cannot be read at {where}"
            else:
                notes.append(f"the mirror cannot be read at {where}; what was there is elsewhere in it")


def _slip(db: sqlite3.Connection, head: str, notes: list[str]) -> Iterator[str]:
    """Whether an end of day has the head that a slip says."""
    digits = "".join(head.split()).lower()
    if not digits:
        return
    if len(digits) < SHORTEST_HEAD or set(digits) - set("0123456789abcdef"):
        yield f"{head!r} is no head: type all of the digits that stand on the slip"
        return
    heads = db.execute("SELECT position, lower(hex(hash)) FROM chain WHERE kind = 'close' ORDER BY position")
    found = [number for number, its_head in heads if its_head.startswith(digits)]
    if found:
        notes.append(f"the slip is that of end of day {found[0]}: no row before it was changed since")
    else:
        yield f"no end of day has the head {head}: the journal was changed, or the slip is of another one"


def _numbers(db: sqlite3.Connection, repairs: list[RepairRow]) -> Iterator[str]:
    """Receipt numbers without a sale, but for those that a repair left out on purpose."""
    left_out = {repair.next_number for repair in repairs}
    neighbours = "SELECT lag(number, 1, 0) OVER (ORDER BY number) AS before, number AS after FROM sales"
    for before, after in db.execute(f"SELECT before, after FROM ({neighbours}) WHERE after > before + 1"):
        if after not in left_out:
            yield f"no sale has the numbers {before + 1} to {after - 1}"
