"""The ends of day for people, accountants and programs: one line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from terminal.journal.export import csv_line, local_time
from terminal.sale.money import format_kr
from terminal.sale.sale import Outcome
from terminal.sale.totals import ClosedPeriod, figures

COLUMNS = (
    "end_of_day",
    "since",
    "until",
    "sales",
    "sales_kr",
    "refunds",
    "refunds_kr",
    "refund_due_kr",
    "refunded_earlier_kr",
    "billed_earlier_kr",
    "corrected_earlier_kr",
    "refunds_undone_kr",
    "charged_kr",
    "first_receipt",
    "last_receipt",
    "head",
)


def day_lines(days: Iterable[ClosedPeriod]) -> Iterator[str]:
    """Number, when it ended, what Netgíró bills for it, and of how many sales and refunds that comes."""
    for day in days:
        totals = day.totals
        sales, refunds = totals.of(Outcome.APPROVED).count, totals.refunds.count
        counted = f"{sales} sales" + (f", {refunds} refunds" if refunds else "")
        charged = format_kr(totals.charged_kr)
        yield f"{day.number:>6}  {local_time(day.until):%Y-%m-%d %H:%M:%S}  {charged:>13}  {counted}"


def days_csv(days: Iterable[ClosedPeriod], separator: str = ",") -> Iterator[str]:
    """RFC 4180 lines, the header first. Sales are gross."""
    yield csv_line(COLUMNS, separator)
    for day in days:
        yield csv_line(_row(day), separator)


def days_json(days: Iterable[ClosedPeriod]) -> Iterator[str]:
    """One JSON object a line: the figures of the command end-of-day, and when it was."""
    for day in days:
        when = {"since": _iso(day.since), "until": _iso(day.until), "head": day.head}
        yield json.dumps({**figures(day.number, day.totals), **when}, ensure_ascii=False)


def _row(day: ClosedPeriod) -> tuple[Any, ...]:
    totals = day.totals
    return (
        day.number,
        _iso(day.since),
        _iso(day.until),
        totals.of(Outcome.APPROVED).count,
        totals.of(Outcome.APPROVED).sum_kr,
        totals.refunds.count,
        totals.refunds.sum_kr,
        totals.of(Outcome.REFUND_DUE).sum_kr,
        totals.refunded_earlier.sum_kr,
        totals.billed_earlier.sum_kr,
        totals.corrected_earlier.sum_kr,
        totals.refunds_undone.sum_kr,
        totals.charged_kr,
        totals.first_number,
        totals.last_number,
        day.head,
    )


def _iso(at: str | None) -> str | None:
    return local_time(at).isoformat(timespec="seconds") if at is not None else None
