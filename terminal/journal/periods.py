"""What is asked of the journal about days: the open one, and those that have ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from terminal.journal import tables
from terminal.journal.schema import DamageFound, read_entry
from terminal.sale.events import SettlementCorrected
from terminal.sale.refund import Refund, RefundReason, RefundSource
from terminal.sale.refund_step import RefundSettlementCorrected
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.totals import (
    CHARGED,
    ENDED,
    ClosedPeriod,
    Corrected,
    CorrectedRefund,
    Period,
    Tally,
    Totals,
    with_earlier,
)

_ENTRY = "entries.seq, entries.at, entries.event, entries.sale, entries.crc"

_T = TypeVar("_T")
_totals_decoder = msgspec.json.Decoder(Totals)


class PeriodReading(ABC):
    """How a query is run is up to :class:`terminal.journal.file.JournalFile`."""

    @abstractmethod
    def _read(self, convert: Callable[..., _T], query: str, *values: object) -> list[_T]: ...

    @abstractmethod
    def _stream(self, convert: Callable[..., _T], query: str, *values: object) -> Iterator[_T]: ...

    @abstractmethod
    def _rows(self, query: str, *values: object) -> list[Any]: ...

    def open_period(self) -> Period:
        """The time since the last end of day."""
        last = self._rows("SELECT number, last_seq, at FROM closes ORDER BY number DESC LIMIT 1")
        number, last_seq, since = last[0] if last else (0, 0, None)
        numbered = self._rows(_ENDED, last_seq)
        ended = [figures for is_sale, *figures in numbered if is_sale]
        earlier = self._rows(_EARLIER, last_seq) if last_seq else []
        corrected = self._read(_corrected, _CORRECTED, last_seq, CORRECTIONS_LOOK_BACK)
        totals = Totals(
            by_outcome={Outcome(outcome): Tally(count, sum_kr) for outcome, count, sum_kr, _, _ in ended},
            corrected=tuple(one for one in corrected if isinstance(one, Corrected)),
            corrected_refunds=tuple(one for one in corrected if isinstance(one, CorrectedRefund)),
            by_operator={
                name: Tally(count, sum_kr) for name, count, sum_kr in self._rows(_BY_OPERATOR, last_seq) if name
            },
            refunds_by_operator={
                name: Tally(count, sum_kr)
                for name, count, sum_kr in self._rows(_REFUNDED_BY_OPERATOR, last_seq)
                if name
            },
            first_number=min((first for *_, first, _ in numbered), default=None),
            last_number=max((last for *_, last in numbered), default=None),
            refunds=Tally(*self._rows(_REFUNDED, last_seq)[0]),
            refunds_undone=Tally(*self._rows(_REFUNDS_UNDONE, last_seq)[0]),
        )
        billed = {Outcome(outcome): Tally(count, sum_kr) for outcome, count, sum_kr in earlier}
        return Period(number + 1, with_earlier(totals, billed), since)

    def open_period_began(self) -> str | None:
        """When the first thing was written since the last end of day; None: nothing was."""
        last_seq = "(SELECT last_seq FROM closes ORDER BY number DESC LIMIT 1)"
        rows = self._rows(f"SELECT at FROM entries WHERE seq > coalesce({last_seq}, 0) ORDER BY seq LIMIT 1")
        return str(rows[0][0]) if rows else None

    def closed_periods(self) -> Iterator[ClosedPeriod]:
        """Every end of day, newest first."""
        return self._stream(_closed_period, f"{_CLOSES} ORDER BY number DESC")

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None:
        """An end of day; without a number the last one."""
        periods = self._read(
            _closed_period,
            f"{_CLOSES} WHERE number = coalesce(?, (SELECT max(number) FROM closes))",
            number,
        )
        return periods[0] if periods else None


_ENDED = (
    "SELECT source IS NULL AS is_sale, outcome, count(*), sum(amount_kr), min(number), max(number) FROM sales "
    f"WHERE seq > ? AND state IN ('{ENDED[0]}', '{ENDED[1]}') AND outcome IS NOT NULL "
    "GROUP BY is_sale, outcome"
)
"""Sales and refunds, which share the numbers. The literals let SQLite answer from the index that holds only these."""


_OPERATOR = "CASE WHEN json_valid(entries.sale) THEN json_extract(entries.sale, '$.operator') END"
_BY_OPERATOR = (
    f"SELECT {_OPERATOR} AS operator, "
    "count(*), sum(amount_kr) "
    "FROM sales JOIN entries ON entries.seq = sales.seq "
    f"WHERE sales.seq > ? AND state IN ('{ENDED[0]}', '{ENDED[1]}') AND outcome = '{Outcome.APPROVED}' "
    """AND source IS NULL AND NOT instr(entries.sale, '"operator":""') GROUP BY operator ORDER BY operator"""
)
"""Most shops ask nobody who sells: of their sales no JSON is read."""
_SAYS_BILLED = " OR ".join(f"""instr(sale, '"reason":"{reason}"')""" for reason in Reason if reason.outcome in CHARGED)
_HAD_ENDED = " OR ".join(f"""instr(sale, '"state":"{state}"')""" for state in ENDED)
_MAY_BE_BILLED = ", ".join(f"'{outcome}'" for outcome in Outcome)
_EARLIER = (
    "SELECT outcome, count(*), sum(amount_kr) FROM sales "
    f"WHERE seq > ?1 AND state IN ('{ENDED[0]}', '{ENDED[1]}') AND source IS NULL "
    f"AND outcome IN ({_MAY_BE_BILLED}) "
    f"AND (SELECT ({_HAD_ENDED}) AND ({_SAYS_BILLED}) FROM entries WHERE sale_number = sales.number "
    "AND entries.seq <= ?1 ORDER BY entries.seq DESC LIMIT 1) GROUP BY outcome"
)
_CORRECTED = (
    f"SELECT {_ENTRY} FROM entries WHERE seq > max(?1, (SELECT coalesce(max(seq), 0) FROM entries) - ?2) "
    f"AND event IN ('{SettlementCorrected.__name__}', '{RefundSettlementCorrected.__name__}') ORDER BY seq"
)
CORRECTIONS_LOOK_BACK = 20_000
"""So many rows: more than a day of any shop."""
_REFUNDS_NOW = (
    "SELECT count(*), coalesce(sum(amount_kr), 0) FROM sales "
    f"WHERE seq > ?1 AND state IN ('{ENDED[0]}', '{ENDED[1]}') AND state = '{State.CLOSED}' "
    f"AND outcome {{}} '{Outcome.REFUNDED}' AND source IS NOT NULL AND source != '{RefundSource.AUTOMATIC}' "
    "AND {} coalesce((SELECT ({}) FROM entries WHERE sale_number = sales.number AND entries.seq <= ?1 "
    "ORDER BY entries.seq DESC LIMIT 1), 0)"
)
_SAYS_RETURNED = " OR ".join(
    f"""instr(sale, '"reason":"{reason}"')""" for reason in (RefundReason.DONE, RefundReason.SETTLED_DONE)
)
_REFUNDED = _REFUNDS_NOW.format("=", "NOT", _SAYS_RETURNED)
_REFUNDED_BY_OPERATOR = (
    f"SELECT (SELECT {_OPERATOR} FROM entries WHERE entries.seq = sales.seq) AS operator, "
    + _REFUNDED.removeprefix("SELECT ")
    + " GROUP BY operator ORDER BY operator"
)
_REFUNDS_UNDONE = _REFUNDS_NOW.format("!=", "", _SAYS_RETURNED)
_CLOSES = (
    "SELECT number, (SELECT at FROM closes AS before WHERE before.number = closes.number - 1), at, totals, "
    "(SELECT hex(hash) FROM chain WHERE kind = 'close' AND position = number) FROM closes"
)


def _closed_period(number: int, since: str | None, until: str, totals: str, head: str | None) -> ClosedPeriod:
    """Raises DamageFound."""
    try:
        decoded = _totals_decoder.decode(totals)
        return ClosedPeriod(number=number, since=since, until=until, totals=decoded, head=(head or "").lower())
    except msgspec.DecodeError as error:
        raise DamageFound(f"end of day {number} is not as it was written") from error


def _corrected(*columns: Any) -> Corrected | CorrectedRefund | None:
    """Raises DamageFound."""
    row = read_entry(*columns)
    entry = tables.decode_entry(row.sale)
    facts = (entry.number, entry.reference, entry.amount_kr)
    if entry.reason is None or entry.corrected_from is None:
        return None
    if isinstance(entry, Refund):
        return CorrectedRefund(*facts, entry.corrected_from, entry.reason, row.at, entry.settled_by)
    return Corrected(*facts, entry.corrected_from, entry.reason, row.at, entry.settled_by)
