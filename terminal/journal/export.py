"""The books for the accountant, as CSV or JSON lines: each sale and refund when it came to its end."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeAlias

from terminal.journal.ledger import Booking
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import State
from terminal.system.shown import shown

Row: TypeAlias = dict[str, str | int | None]

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes Icelandic letters for others."""

_BEGINS_FORMULA = frozenset("=+-@＝＋－＠|%")


class PaidOut(NamedTuple):
    """What is known of a payment's way to the shop's account."""

    settlement: str | None
    """V1 tells only when a payment was paid out, not in which settlement, nor what that cost."""
    settled: str | None
    fee_kr: int | None
    net_kr: int | None
    matched_by: str | None
    """How it is known: what a settlement is made of names no reference."""


class Sum:
    """Of the rows that have gone by."""

    def __init__(self) -> None:
        self.sales = 0
        self.refunds = 0
        self.turnover_kr = 0
        self.fee_kr: int | None = None
        self.net_kr: int | None = None

    def add(self, row: Row) -> None:
        if row["kind"] == "refund":
            self.refunds += 1
        else:
            self.sales += 1
        self.turnover_kr += int(row["turnover_kr"] or 0)
        if row["settlement"] is not None:
            self.fee_kr = (self.fee_kr or 0) + int(row["fee_kr"] or 0)
            self.net_kr = (self.net_kr or 0) + int(row["net_kr"] or 0)

    def line(self) -> str:
        return f"sales: {self.sales}, refunds: {self.refunds}, turnover: {format_kr(self.turnover_kr)}"

    def row(self) -> Row:
        """Under the same columns."""
        sums: Row = {"turnover_kr": self.turnover_kr, "fee_kr": self.fee_kr, "net_kr": self.net_kr}
        return dict.fromkeys(COLUMNS) | {"kind": "total"} | sums


def book_rows(bookings: Iterable[Booking], paid_out: Callable[[str], PaidOut | None]) -> Iterator[Row]:
    """``paid_out`` is asked by a sale's reference. Its settlement stands beside the line that billed it."""
    for booking in bookings:
        known = paid_out(booking.entry.reference) if booking.turnover_kr > 0 else None
        yield dict(zip(COLUMNS, (*_columns(booking), *(known or _NOT_KNOWN)), strict=True))


COLUMNS = (
    "receipt_number",
    "date",
    "time",
    "amount_kr",
    "outcome",
    "reason",
    "reference",
    "transaction_id",
    "invoice_number",
    "register_id",
    "state",
    "closed",
    "kind",
    "refund_of",
    "booked",
    "ended",
    "end_of_day",
    "turnover_kr",
    "operator",
    "settlement",
    "settled",
    "fee_kr",
    "net_kr",
    "matched_by",
)
_NOT_KNOWN = (None,) * len(PaidOut._fields)


def _columns(booking: Booking) -> tuple[str | int | None, ...]:
    entry = booking.entry
    begun, ended = local_time(entry.created), local_time(booking.at)
    is_refund = isinstance(entry, Refund)
    return (
        entry.number,
        begun.date().isoformat(),
        begun.isoformat(timespec="seconds"),
        -entry.amount_kr if is_refund else entry.amount_kr,
        entry.outcome,
        entry.reason,
        entry.reference,
        entry.authorization_id,
        None if isinstance(entry, Refund) else entry.invoice_number,
        entry.register_id,
        entry.state,
        ended.isoformat(timespec="seconds") if entry.state == State.CLOSED else None,
        "refund" if is_refund else "sale",
        entry.sale_number if isinstance(entry, Refund) else None,
        ended.date().isoformat(),
        ended.isoformat(timespec="seconds"),
        booking.period,
        booking.turnover_kr,
        entry.operator,
    )


def csv_lines(rows: Iterable[Row], separator: str = ",") -> Iterator[str]:
    """RFC 4180 lines, the header first."""
    yield csv_line(COLUMNS, separator)
    for row in rows:
        yield csv_line(map(harmless, row.values()), separator)


def json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """One JSON object a line."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False)


def local_time(text: str) -> datetime:
    """The journal's UTC time as the wall clock showed it then, with its offset: no hour of a year is ambiguous."""
    return datetime.fromisoformat(text).astimezone()


def csv_line(values: Iterable[object], separator: str = ",") -> str:
    """One line of RFC 4180, every value in quotes."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="", quoting=csv.QUOTE_ALL).writerow(values)
    return buffer.getvalue()


def harmless(value: str | int | None) -> str | int | None:
    """A text from outside must be one cell, and no formula in the accountant's spreadsheet."""
    if not isinstance(value, str):
        return value
    text = value if value.isalnum() else shown(value)
    return f"'{text}" if text.lstrip()[:1] in _BEGINS_FORMULA else text
