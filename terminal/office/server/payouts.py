"""What was paid out to the chain, held against the sales of all its counters, in SQL.

What a settlement is made of names neither counter nor reference, so it is told by amount and time. With many counters
that fits several more often than with one: where it does, nobody chooses, and it is a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from terminal.office.server.database import Connection
from terminal.sale.gateway import SettledItem

TOLERANCE = timedelta(minutes=10)
"""Between the clocks, and from the begin of a sale to its payment."""
LENGTH_OF_DATE = 10
MOST_LINES = 1000

_ITEMS = """
CREATE TEMPORARY TABLE payout_item (
    item bigint PRIMARY KEY, settlement text NOT NULL, created text, earliest timestamptz, latest timestamptz,
    amount_kr bigint NOT NULL, fee_kr bigint NOT NULL
) ON COMMIT DROP
"""
_PAIRS = """
CREATE TEMPORARY TABLE payout_pair ON COMMIT DROP AS
SELECT item, sale.terminal, sale.reference,
       count(*) OVER (PARTITION BY item) AS sales,
       count(*) OVER (PARTITION BY sale.terminal, sale.reference) AS items
FROM payout_item JOIN sale ON sale.amount_kr = payout_item.amount_kr
    AND sale.created BETWEEN payout_item.earliest AND payout_item.latest
    AND sale.outcome IN ('approved', 'refund_due', 'refunded')
"""
_FOUND = """
CREATE TEMPORARY TABLE payout_found ON COMMIT DROP AS
SELECT 'matched' AS class, coalesce(shop, '') AS shop, terminal, reference, settlement, created, amount_kr, fee_kr
FROM payout_pair JOIN payout_item USING (item) LEFT JOIN terminal USING (terminal) WHERE sales = 1 AND items = 1
UNION ALL
SELECT 'ambiguous', CASE WHEN count(DISTINCT coalesce(shop, '')) = 1 THEN min(coalesce(shop, '')) ELSE '' END,
       string_agg(DISTINCT terminal, ' '), '', settlement, created, amount_kr, fee_kr
FROM payout_pair JOIN payout_item USING (item) LEFT JOIN terminal USING (terminal) WHERE sales > 1 OR items > 1
GROUP BY item, settlement, created, amount_kr, fee_kr
UNION ALL
SELECT 'uneven', '', string_agg(DISTINCT terminal, ' '),
       count(DISTINCT item) || ' paid out, ' || count(DISTINCT (terminal, reference)) || ' sold', '', min(created),
       amount_kr, 0
FROM payout_pair JOIN payout_item USING (item) WHERE sales > 1 OR items > 1
GROUP BY amount_kr HAVING count(DISTINCT item) <> count(DISTINCT (terminal, reference))
UNION ALL
SELECT 'no_sale', '', '', '', settlement, created, amount_kr, fee_kr
FROM payout_item WHERE NOT EXISTS (SELECT 1 FROM payout_pair WHERE payout_pair.item = payout_item.item)
UNION ALL
SELECT 'not_paid_out', coalesce(shop, ''), sale.terminal, sale.reference, '', sale.created::text, sale.amount_kr, 0
FROM sale LEFT JOIN terminal USING (terminal)
WHERE sale.created >= %(since)s AND sale.created < %(until)s AND sale.outcome IN ('approved', 'refund_due')
AND NOT EXISTS (
    SELECT 1 FROM payout_pair WHERE payout_pair.terminal = sale.terminal AND payout_pair.reference = sale.reference
)
"""
_SUMS = """
SELECT class, shop, count(*), sum(amount_kr)::bigint, sum(fee_kr)::bigint FROM payout_found
GROUP BY class, shop ORDER BY class, shop
"""
_LINES = """
SELECT class, shop, terminal, reference, settlement, created, amount_kr, fee_kr FROM payout_found
WHERE class <> 'matched' ORDER BY class, created, terminal, reference, settlement LIMIT %s
"""


class Sum(NamedTuple):
    """Of a class and a shop."""

    found: str
    """``matched``: just one sale fits, and nothing else fits that. ``ambiguous``: several fit. ``uneven``: an amount of
    which not as many were sold as were paid out, among those. ``no_sale``: none fits. ``not_paid_out``: a sale that
    fits nothing that was paid out."""
    shop: str
    """Where it is known to be of one."""
    lines: int
    sum_kr: int
    fee_kr: int

    @property
    def agrees(self) -> bool:
        return self.found in ("matched", "ambiguous")


class Line(NamedTuple):
    """Something to look at."""

    found: str
    shop: str
    terminal: str
    """Of what is ambiguous: all that it can be of."""
    reference: str
    settlement: str
    created: str | None
    amount_kr: int
    fee_kr: int


class HeldAgainst(NamedTuple):
    sums: list[Sum]
    lines: list[Line]
    """At most so many; the sums count all of them."""


async def hold_against(
    connection: Connection, paid_out: Iterable[tuple[str, SettledItem]], since: datetime, until: datetime
) -> HeldAgainst:
    """``paid_out``: settlements' numbers with their items; ``since`` and ``until`` bound the sales that are looked for.

    One transaction that changes nothing that lasts.
    """
    async with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        await cursor.execute(_ITEMS)
        async with cursor.copy("COPY payout_item FROM STDIN") as copy:
            for place, (settlement, item) in enumerate(paid_out):
                earliest, latest = _span(item.created)
                row = (place, settlement, item.created, earliest, latest, item.total_kr, item.fee_kr)
                await copy.write_row(row)
        await cursor.execute("ANALYZE payout_item")
        await cursor.execute(_PAIRS)
        await cursor.execute(_FOUND, {"since": since, "until": until})
        await cursor.execute(_SUMS)
        sums = [Sum(*row) async for row in cursor]
        await cursor.execute(_LINES, (MOST_LINES,))
        return HeldAgainst(sums, [Line(*row) async for row in cursor])


def _span(created: str | None) -> tuple[datetime, datetime] | tuple[None, None]:
    """When its sale can have begun; Iceland's clock is UTC all the year."""
    try:
        at = datetime.fromisoformat(created or "")
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if len(created or "") == LENGTH_OF_DATE:
            return at - TOLERANCE, at + timedelta(days=1)
        return at - TOLERANCE, at + TOLERANCE
    except (ValueError, OverflowError):
        return None, None
