"""The books: each time a sale or a refund came to its end, or to another end than before.

A line of the books is never taken back. A sale that was left to staff in one month and settled in the next has a line
in both, each as it then stood, so a month that is over never changes. What a line means for the turnover is the
difference to the line before of the same sale.
"""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from terminal.journal.rows import Change, RefundChange
from terminal.journal.schema import DamageFound, read_entry
from terminal.journal.tables import NewerVersionError, decode_entry
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import ENDED, billed_kr

_T = TypeVar("_T")

_SAYS_ENDED = " OR ".join(f"""instr({{0}}.sale, '"state":"{state}"')""" for state in ENDED)
"""A quotation mark inside a text has a backslash before it, so no text of a register's says this."""
_ENTRY = "entries.seq, entries.at, entries.event, entries.sale, entries.crc, entries.sale_number"
_BOOKED = f"""
SELECT {_ENTRY}, (
    SELECT CASE WHEN {_SAYS_ENDED.format("earlier")} THEN earlier.seq END FROM entries AS earlier
    WHERE earlier.sale_number = entries.sale_number AND earlier.seq < entries.seq ORDER BY earlier.seq DESC LIMIT 1
)
FROM entries JOIN sales ON sales.number = entries.sale_number
WHERE entries.seq > ?1 AND (?2 IS NULL OR entries.seq <= ?2)
AND (?3 IS NULL OR entries.at >= ?3) AND (?4 IS NULL OR entries.at < ?4)
AND (
    (sales.seq = entries.seq AND sales.state IN ({", ".join(f"'{state}'" for state in ENDED)}))
    OR {_SAYS_ENDED.format("entries")}
)
ORDER BY entries.seq
"""
"""What stands now is found by the table of sales as well, so that damage to it is noticed. What has ended never goes
on, so whether there was an end before shows in the entry before.
"""
_ENTRY_AT = "SELECT seq, at, event, sale, crc, sale_number FROM entries WHERE seq = ?"
_STANDS = f"""
SELECT {_ENTRY}, EXISTS (SELECT 1 FROM sales AS back WHERE back.refund_of = sales.number)
FROM sales JOIN entries ON entries.seq = sales.seq
WHERE (?1 IS NULL OR created >= ?1) AND (?2 IS NULL OR created < ?2)
AND (?3 IS NULL OR outcome = ?3) AND (?4 IS NULL OR amount_kr = ?4) ORDER BY sales.number DESC
"""


class Booking(NamedTuple):
    """One line of the books."""

    at: str
    """When it came to this end."""
    entry: Sale | Refund
    """As it then stood."""
    period: int | None
    """The end of day that it belongs to; None: that day has not ended yet."""
    turnover_kr: int
    """What it adds to what the service bills; negative if it takes away."""


class Periods(NamedTuple):
    """Ends of day, both included."""

    first: int | None
    """None: only what no end of day has counted yet."""
    last: int | None
    """None: also what no end of day has counted yet."""


OPEN = Periods(None, None)


class Standing(NamedTuple):
    """A sale or a refund as it now stands."""

    change: Change | RefundChange
    has_refunds: bool


class LedgerReading(ABC):
    """A part of :class:`terminal.journal.reading.JournalReading`."""

    @abstractmethod
    def _read(self, convert: Callable[..., _T], query: str, *values: object) -> list[_T]: ...

    @abstractmethod
    def _stream(self, convert: Callable[..., _T], query: str, *values: object) -> Iterator[_T]: ...

    def bookings(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        periods: Periods | None = None,
        on_damaged: Callable[[str], None],
    ) -> Iterator[Booking]:
        """In the order in which they came to be. ``since`` and ``until`` bound the end (UTC), not the begin.

        What cannot be read is left out and named to ``on_damaged``.
        """
        closes = self._read(_pair, "SELECT last_seq, number FROM closes ORDER BY number")
        last_seqs = [last_seq for last_seq, _ in closes]
        first, last = _bounds(closes, periods)

        def convert(*columns: Any) -> Booking | None:
            *entry, before = columns
            try:
                sale = _read_entry(*entry)
                earlier = next(iter(self._read(_read_entry, _ENTRY_AT, before)), None) if before is not None else None
            except (DamageFound, NewerVersionError) as error:
                on_damaged(f"sale {entry[-1]} is left out: {error}")
                return None
            if sale.state not in ENDED:
                return None
            turnover_kr = billed_kr(sale) - (billed_kr(earlier) if earlier is not None else 0)
            if earlier is not None and earlier.outcome == sale.outcome and not turnover_kr:
                return None
            place = bisect.bisect_left(last_seqs, entry[0])
            period = closes[place][1] if place < len(closes) else None
            return Booking(entry[1], sale, period, turnover_kr)

        rows = self._stream(convert, _BOOKED, first, last, since, until)
        return (booking for booking in rows if booking is not None)

    def stands(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        outcome: str | None = None,
        amount_kr: int | None = None,
        on_damaged: Callable[[str], None],
    ) -> Iterator[Standing]:
        """Every sale and refund as it now stands, the newest first. ``since`` and ``until`` bound its begin (UTC)."""

        def convert(*columns: Any) -> Standing | None:
            *place, has_refunds = columns
            seq, at, event, *_ = place
            try:
                entry = _read_entry(*place)
            except (DamageFound, NewerVersionError) as error:
                on_damaged(f"sale {place[-1]} is left out: {error}")
                return None
            if isinstance(entry, Refund):
                return Standing(RefundChange(seq, at, event, entry), has_refunds=False)
            return Standing(Change(seq, at, event, entry), bool(has_refunds))

        rows = self._stream(convert, _STANDS, since, until, outcome, amount_kr)
        return (standing for standing in rows if standing is not None)


def _pair(last_seq: int, number: int) -> tuple[int, int]:
    return last_seq, number


def _bounds(closes: list[tuple[int, int]], periods: Periods | None) -> tuple[int, int | None]:
    """The entries between these ends of day: after the first, up to the last; None: all that there is."""
    if periods is None:
        return 0, None
    earlier = [last_seq for last_seq, number in closes if periods.first is None or number < periods.first]
    before = max(earlier, default=0)
    if periods.last is None:
        return before, None
    return before, max((last_seq for last_seq, number in closes if number <= periods.last), default=0)


def _read_entry(*columns: Any) -> Sale | Refund:
    """Raises DamageFound, NewerVersionError."""
    *entry, number = columns
    decoded = decode_entry(read_entry(*entry).sale)
    if decoded.number != number:
        raise DamageFound(f"it stands at an entry of number {decoded.number}")
    return decoded
