"""What follows from rows: where each sale stands, and what was paid by terminal, hour and day.

In the transaction of the rows themselves, so it is never behind them and never counted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from terminal.office.server.database import Connection
from terminal.office.wire import Row
from terminal.sale.sale import Outcome, Sale

YEARS = range(1970, 2200)
MOST = 1 << 53
LONGEST_WORD = 200
UNREAD = "unread"
"""Of a sale that only a newer version of this program can judge."""

_LOCK = "SELECT 1 FROM terminal WHERE terminal = %s FOR NO KEY UPDATE"
_STANDING = """
SELECT reference, epoch, seq, at, created, outcome, amount_kr FROM sale
WHERE terminal = %s AND reference = ANY(%s)
"""
_SALES = """
INSERT INTO sale (terminal, epoch, reference, number, seq, at, created, state, outcome, reason, amount_kr, register_id)
SELECT %(terminal)s, %(epoch)s, * FROM unnest(
    %(reference)b::text[], %(number)b::bigint[], %(seq)b::bigint[], %(at)b::text[], %(created)b::timestamptz[],
    %(state)b::text[], %(outcome)b::text[], %(reason)b::text[], %(amount_kr)b::bigint[], %(register_id)b::text[])
ON CONFLICT (terminal, reference) DO UPDATE SET
    epoch = excluded.epoch, number = excluded.number, seq = excluded.seq, at = excluded.at,
    created = excluded.created, state = excluded.state, outcome = excluded.outcome, reason = excluded.reason,
    amount_kr = excluded.amount_kr, register_id = excluded.register_id
"""
_TURNOVER = """
INSERT INTO turnover (terminal, hour, sales, sum_kr)
SELECT %s, * FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[])
ON CONFLICT (terminal, hour) DO UPDATE SET
    sales = turnover.sales + excluded.sales, sum_kr = turnover.sum_kr + excluded.sum_kr
"""
_DAYS = """
INSERT INTO turnover_day (terminal, day, sales, sum_kr)
SELECT %s, (hour AT TIME ZONE 'UTC')::date, sum(sales), sum(sum_kr)
FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[]) AS hours (hour, sales, sum_kr) GROUP BY 2
ON CONFLICT (terminal, day) DO UPDATE SET
    sales = turnover_day.sales + excluded.sales, sum_kr = turnover_day.sum_kr + excluded.sum_kr
"""


class SaleRow(NamedTuple):
    """Where a sale stands after a row; the fields are the columns of the table ``sale``."""

    reference: str
    number: int
    seq: int
    at: str
    created: datetime
    state: str
    outcome: str
    reason: str
    amount_kr: int
    register_id: str


class _Body(msgspec.Struct):
    sale: Sale


class _NewerSale(msgspec.Struct):
    """What can be read of a sale whose terminal knows more words than this program."""

    number: int
    reference: str
    created: str
    amount_kr: int
    state: str
    reason: str | None = None
    register_id: str = ""
    outcome: str = UNREAD


class _NewerBody(msgspec.Struct):
    sale: _NewerSale


_decoder = msgspec.json.Decoder(_Body)
_newer_decoder = msgspec.json.Decoder(_NewerBody)


def read_sale(row: Row) -> SaleRow | None:
    """None if the row is not about a sale, or cannot be read: it is kept all the same."""
    sale: Sale | _NewerSale
    try:
        try:
            sale = _decoder.decode(row.body).sale
        except msgspec.DecodeError:
            sale = _newer_decoder.decode(row.body).sale
        created = datetime.fromisoformat(sale.created)
    except ValueError:  # msgspec's, too
        return None
    words = (sale.reference, sale.register_id, sale.state, sale.reason or "")
    numbers = (sale.number, sale.amount_kr)
    is_plausible = created.tzinfo is not None and created.year in YEARS and all(0 <= one < MOST for one in numbers)
    if not is_plausible or any("\0" in word or len(word) > LONGEST_WORD for word in words):
        return None
    return SaleRow(
        sale.reference,
        sale.number,
        row.seq,
        row.at,
        created,
        sale.state,
        sale.outcome or "",
        sale.reason or "",
        sale.amount_kr,
        sale.register_id,
    )


async def fold(connection: Connection, terminal: str, epoch: str, rows: Sequence[Row]) -> None:
    """Bring the tables ``sale``, ``turnover`` and ``turnover_day`` up to the next rows of a journal."""
    latest = {sale.reference: sale for row in rows if (sale := read_sale(row)) is not None}
    if not latest:
        return
    await connection.execute(_LOCK, (terminal,))  # beside another journal of the same terminal
    cursor = await connection.execute(_STANDING, (terminal, list(latest)))
    standing = {row[0]: _Standing(*row[1:]) async for row in cursor}
    newer = [sale for sale in latest.values() if _is_newer(sale, epoch, standing.get(sale.reference))]
    if not newer:
        return
    columns: dict[str, Any] = {
        name: list(column) for name, column in zip(SaleRow._fields, zip(*newer, strict=True), strict=True)
    }
    await connection.execute(_SALES, {"terminal": terminal, "epoch": epoch, **columns})
    if changes := list(_changes(newer, standing)):
        hours, sales, sums = zip(*changes, strict=True)
        for turnover in (_TURNOVER, _DAYS):
            await connection.execute(turnover, (terminal, list(hours), list(sales), list(sums)))


class _Standing(NamedTuple):
    epoch: str
    seq: int
    at: str
    created: datetime
    outcome: str
    amount_kr: int


def _is_newer(sale: SaleRow, epoch: str, standing: _Standing | None) -> bool:
    """Within one journal the later row counts. A journal that was restored from a backup tells old sales again, so
    between two journals the later time counts."""
    if standing is None:
        return True
    return sale.seq > standing.seq if epoch == standing.epoch else sale.at >= standing.at


def _changes(newer: Sequence[SaleRow], standing: Mapping[str, _Standing]) -> Iterator[tuple[datetime, int, int]]:
    """By how much the turnover of each hour changes."""
    counts: dict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    for sale in newer:
        for one, sign in ((standing.get(sale.reference), -1), (sale, 1)):
            if one is not None and one.outcome == Outcome.APPROVED:
                hour = one.created.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
                counts[hour][0] += sign
                counts[hour][1] += sign * one.amount_kr
    for hour in sorted(counts):
        sales, sum_kr = counts[hour]
        if sales or sum_kr:
            yield hour, sales, sum_kr
