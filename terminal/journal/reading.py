"""Everything that can be asked of the journal. Nothing here reads history: sales are found where they stand now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from terminal.journal import tables
from terminal.journal.ledger import LedgerReading
from terminal.journal.periods import PeriodReading
from terminal.journal.rows import Change, NonceRow, RefundChange, RepairRow
from terminal.journal.schema import DamageFound, read_entry
from terminal.sale.record import QueuedReceipt
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import ENDED, ToldCloses

_ENTRY = "entries.seq, entries.at, entries.event, entries.sale, entries.crc"
ALL = f"SELECT {_ENTRY}, sales.number FROM sales JOIN entries ON entries.seq = sales.seq"
_STANDS = f"{ALL} AND sales.refund_of IS NULL"
_REFUNDS = f"{ALL} AND sales.refund_of IS NOT NULL"

_CHANGES = f"SELECT {_ENTRY}, sale_number FROM entries JOIN sales ON number = sale_number"

_T = TypeVar("_T")


class RefundReading(ABC):
    """What may be given back, and what was."""

    @abstractmethod
    def _sales(self, query: str, *values: object) -> list[Sale]: ...

    @abstractmethod
    def _sale(self, query: str, *values: object) -> Sale | None: ...

    @abstractmethod
    def _refunds(self, query: str, *values: object) -> list[Refund]: ...

    def find_payment(self, register_id: str) -> Sale | None:
        """The newest sale under that register id that was paid."""
        return self._sale(f"{_STANDS} WHERE sales.register_id = ? AND {_PAID} {_NEWEST}", register_id)

    def find_payment_by_receipt(self, receipt_number: int) -> Sale | None:
        """The newest paid sale with that number on a ZVT receipt: four digits, which go round."""
        if not 1 <= receipt_number <= 9999:
            return None
        return self._sale(f"{_STANDS} WHERE (sales.number - 1) % 9999 + 1 = ? AND {_PAID} {_NEWEST}", receipt_number)

    def find_payments_of_amount(self, amount_kr: int) -> list[Sale]:
        """The two newest payments of just this amount of which nothing is returned, nor on its way back."""
        oldest = "(SELECT max(number) FROM sales) - ?"
        return self._sales(f"{_STANDS} WHERE {_WHOLE} AND sales.number > {oldest} {_NEWEST_TWO}", amount_kr, LOOKS_BACK)

    def last_payment(self) -> Sale | None:
        return self._sale(f"{_STANDS} WHERE {_PAID} {_NEWEST}")

    def find_refund(self, number: int) -> Refund | None:
        found = self._refunds(f"{_REFUNDS} WHERE sales.number = ?", number)
        return found[0] if found else None

    def refunds_of(self, sale_number: int) -> list[Refund]:
        """Every refund of a sale, oldest first."""
        return self._refunds(f"{_REFUNDS} WHERE sales.refund_of = ? ORDER BY sales.number", sale_number)

    def last_register_refund(self) -> Refund | None:
        """The newest that a register has asked for."""
        newest = f"SELECT max(number) FROM sales INDEXED BY refunds_by_sale WHERE {_BY_REGISTER}"
        found = self._refunds(f"{_REFUNDS} WHERE sales.number = ({newest})")
        return found[0] if found else None

    def open_refunds(self) -> list[Refund]:
        """Refunds that are not over, oldest first."""
        return self._refunds(f"{_REFUNDS} WHERE sales.state != '{State.CLOSED}' ORDER BY sales.seq")


class JournalReading(RefundReading, PeriodReading, LedgerReading):
    """What :class:`terminal.journal.file.JournalFile` answers; how a query is run is up to it."""

    @abstractmethod
    def _read(self, convert: Callable[..., _T], query: str, *values: object) -> list[_T]:
        """The rows, converted. Raises JournalError."""

    @abstractmethod
    def _stream(self, convert: Callable[..., _T], query: str, *values: object) -> Iterator[_T]:
        """The same, one by one. Raises JournalError."""

    def last_entry_s(self) -> float:
        """When the newest entry was written, by the clock of that moment: Unix seconds; 0 without one."""
        return max(self._read(_written_s, "SELECT at FROM entries ORDER BY seq DESC LIMIT 1"), default=0.0)

    def nonce_high_water(self) -> int:
        rows = self._rows("SELECT high_water FROM nonces")
        return int(rows[0][0]) if rows else 0

    def answers_signed(self) -> bool:
        """Whether an answer of the service has ever carried a right signature."""
        return any(mark.answers_signed is True for mark in self._newest_mark())

    def told_closes(self) -> ToldCloses:
        """Which ends of day the register has acknowledged."""
        return next((mark.told_closes for mark in self._newest_mark()), ToldCloses())

    def _newest_mark(self) -> list[NonceRow]:
        return self._read(tables.read_mark, tables.NEWEST_MARK)

    def repairs(self) -> list[RepairRow]:
        """Every repair there ever was, oldest first."""
        return self._read(tables.read_repair, "SELECT repair FROM repairs ORDER BY number")

    def next_number(self) -> int:
        after_repair = max((repair.next_number for repair in self.repairs()), default=1)
        return max(after_repair, int(self._rows("SELECT coalesce(max(number), 0) + 1 FROM sales")[0][0]))

    def open_sales(self) -> list[Sale]:
        """Sales that a power cut left open, oldest first."""
        # The literal, not a parameter: else SQLite would not use the index that holds only these.
        return self._sales(f"{_STANDS} WHERE sales.state != '{State.CLOSED}' ORDER BY sales.seq")

    def traced_sales(self) -> list[Sale]:
        """Sales that have ended, a short time ago, and were still asked about when they were written, those that may be
        paid first, the oldest first."""
        unpaid = self._sales(_settled_lately(Reason.SETTLED_UNPAID.outcome), TRACES_LOOK_BACK)
        paid = self._sales(_settled_lately(Reason.SETTLED_PAID.outcome), PAID_TRACES_LOOK_BACK)
        return [sale for sale in (*unpaid, *paid) if sale.tracing]

    def find_sale(self, number: int) -> Sale | None:
        return self._sale(f"{_STANDS} WHERE sales.number = ?", number)

    def find_register_id(self, register_id: str) -> Sale | Refund | None:
        """The newest sale or refund under that register id."""
        query = f"{ALL} WHERE sales.register_id = ? ORDER BY sales.number DESC LIMIT 1"
        found = self._read(stands, query, register_id)
        return found[0] if found else None

    def changed_at(self, number: int) -> str | None:
        """When that sale came to stand as it does."""
        rows = self._rows(
            "SELECT entries.at FROM sales JOIN entries ON entries.seq = sales.seq WHERE sales.number = ?", number
        )
        return str(rows[0][0]) if rows else None

    def last_ended_sale(self) -> Sale | None:
        """The latest sale whose outcome is known."""
        return self._sale(
            f"{_STANDS} WHERE sales.state IN (?, ?, ?) ORDER BY sales.number DESC LIMIT 1", State.REPORT, *ENDED
        )

    def find_name(self, name: str) -> int | None:
        """The number of the sale or refund that is called so: by its number, its reference or its register id."""
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 18 else 0
        rows = self._rows(
            "SELECT number FROM sales WHERE number = ? OR reference = ? OR register_id = ? "
            "ORDER BY number = ? DESC, number DESC LIMIT 1",
            *(number, name, name, number),
        )
        return int(rows[0][0]) if rows else None

    def entries_of(self, name: str) -> list[Change]:
        """Every durable change of the sale that is called so, oldest first; none if a refund is called so."""
        number = self.find_name(name)
        return self._entries(f"{_CHANGES} AND refund_of IS NULL WHERE sale_number = ? ORDER BY entries.seq", number)

    def refund_entries_of(self, name: str) -> list[RefundChange]:
        """The same of the refund that is called so."""
        query = f"{_CHANGES} AND refund_of IS NOT NULL WHERE sale_number = ? ORDER BY entries.seq"
        return self._read(_refund_entry, query, self.find_name(name))

    def latest_refunds(self, *, since: str | None = None, until: str | None = None) -> Iterator[RefundChange]:
        """The last entry of every refund, newest first. ``since`` and ``until`` bound its creation (UTC)."""
        query = (
            f"{_REFUNDS} WHERE (?1 IS NULL OR created >= ?1) AND (?2 IS NULL OR created < ?2) "
            "ORDER BY sales.number DESC"
        )
        return self._stream(_refund_entry, query, since, until)

    def latest_entries(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        outcome: Outcome | None = None,
        oldest_first: bool = False,
        on_damaged: Callable[[str], None] | None = None,
    ) -> Iterator[Change]:
        """The last entry of every sale, newest sale first. ``since`` and ``until`` bound the sale's creation (UTC).

        With ``on_damaged`` a sale that cannot be read is left out and named to it; without, it raises JournalError.
        """

        def convert(*columns: Any) -> Change | None:
            try:
                return _entry(*columns)
            except (DamageFound, tables.NewerVersionError) as error:
                if on_damaged is None:
                    raise
                on_damaged(f"sale {columns[-1]} is left out: {error}")
                return None

        query = (
            f"{_STANDS} WHERE (?1 IS NULL OR created >= ?1) AND (?2 IS NULL OR created < ?2) "
            f"AND (?3 IS NULL OR outcome = ?3) ORDER BY sales.number {'ASC' if oldest_first else 'DESC'}"
        )
        return (entry for entry in self._stream(convert, query, since, until, outcome) if entry is not None)

    def last_entries(self, count: int) -> list[Change]:
        """The latest rows of sales, oldest first."""
        return self._entries(f"{_CHANGES} AND refund_of IS NULL ORDER BY entries.seq DESC LIMIT ?", count)[::-1]

    def unprinted_receipts(self) -> list[QueuedReceipt]:
        """Receipts that are not known to be on paper, oldest first."""
        return self._read(tables.read_receipt, tables.WAITING_RECEIPTS)

    def receipts_of(self, sale_number: int) -> list[QueuedReceipt]:
        """Every receipt of a sale as it was noted last; 0: those of all periods."""
        return self._read(
            tables.read_receipt,
            f"SELECT {tables.RECEIPT} FROM receipts WHERE seq IN "
            "(SELECT max(seq) FROM receipts WHERE sale_number = ? GROUP BY receipt_id) ORDER BY seq",
            sale_number,
        )

    def _sale(self, query: str, *values: object) -> Sale | None:
        sales = self._sales(query, *values)
        return sales[0] if sales else None

    def _sales(self, query: str, *values: object) -> list[Sale]:
        return [entry.sale for entry in self._entries(query, *values)]

    def _refunds(self, query: str, *values: object) -> list[Refund]:
        return [entry for entry in self._read(stands, query, *values) if isinstance(entry, Refund)]

    def _entries(self, query: str, *values: object) -> list[Change]:
        return self._read(_entry, query, *values)

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._read(lambda *columns: columns, query, *values)


_PAID = f"sales.outcome IN ('{Outcome.APPROVED}', '{Outcome.REFUND_DUE}')"
_NEWEST = "ORDER BY sales.number DESC LIMIT 1"
_NEWEST_TWO = "ORDER BY sales.number DESC LIMIT 2"
_WHOLE = (
    f"sales.amount_kr = ? AND sales.outcome = '{Outcome.APPROVED}' AND NOT EXISTS "
    "(SELECT 1 FROM sales AS back WHERE back.refund_of = sales.number AND back.outcome IS NOT 'refused')"
)
_BY_REGISTER = "refund_of IS NOT NULL AND register_id != ''"
TRACES_LOOK_BACK = 20_000
"""So many rows: more than a day of any shop."""
PAID_TRACES_LOOK_BACK = 1_000
"""Nearly every sale of a shop is paid, so fewer are read: more than a quarter of an hour of any shop."""
LOOKS_BACK = 50_000
"""So many numbers, for a payment that is named by its amount alone: a table of ten years is not read through."""


def _settled_lately(outcome: Outcome) -> str:
    return (
        f"{_STANDS} WHERE sales.seq > (SELECT coalesce(max(seq), 0) FROM entries) - ? "
        f"AND state IN ('{ENDED[0]}', '{ENDED[1]}') AND state = '{State.CLOSED}' "
        f"AND outcome = '{outcome}' AND source IS NULL ORDER BY sales.seq"
    )


def _written_s(at: str) -> float:
    """Raises DamageFound."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (TypeError, ValueError) as error:
        raise DamageFound(f"an entry is of no time: {error}") from error


def _entry(*columns: Any) -> Change:
    """Raises DamageFound if the row is not as it was written, or not of the sale that it was found for."""
    *entry, number = columns
    row = read_entry(*entry)
    sale = tables.decode_sale(row.sale)
    if sale.number != number:
        raise DamageFound(f"sale {number} stands at entry {row.seq}, which is of sale {sale.number}")
    return Change(row.seq, row.at, row.event, sale)


def _refund_entry(*columns: Any) -> RefundChange:
    row = read_entry(*columns[:-1])
    refund = stands(*columns)
    if not isinstance(refund, Refund):
        raise DamageFound(f"number {refund.number} is a sale where a refund should be")
    return RefundChange(row.seq, row.at, row.event, refund)


def stands(*columns: Any) -> Sale | Refund:
    """The sale or refund of an entry that must have the number in the last column. Raises DamageFound."""
    *entry, number = columns
    decoded = tables.decode_entry(read_entry(*entry).sale)
    if decoded.number != number:
        raise DamageFound(f"number {number} stands at an entry of number {decoded.number}")
    return decoded
