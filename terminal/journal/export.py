"""Sales for the accountant, as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from terminal.journal.rows import Change
from terminal.sale.sale import State
from terminal.system.shown import shown

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
)

_BEGINS_FORMULA = frozenset("=+-@＝＋－＠|%")


def export_csv(entries: Iterable[Change], separator: str = ",") -> Iterator[str]:
    """RFC 4180 lines, the header first."""
    yield csv_line(COLUMNS, separator)
    for entry in entries:
        yield csv_line([harmless(value) for value in _row(entry).values()], separator)


def export_json(entries: Iterable[Change]) -> Iterator[str]:
    """One JSON object a line."""
    for entry in entries:
        yield json.dumps(_row(entry), ensure_ascii=False)


def _row(entry: Change) -> dict[str, str | int | None]:
    sale = entry.sale
    created = local_time(sale.created)
    return dict(
        zip(
            COLUMNS,
            (
                sale.number,
                f"{created:%Y-%m-%d}",
                created.isoformat(timespec="seconds"),
                sale.amount_kr,
                sale.outcome,
                sale.reason,
                sale.reference,
                sale.authorization_id,
                sale.invoice_number,
                sale.register_id,
                sale.state,
                local_time(entry.at).isoformat(timespec="seconds") if sale.state is State.CLOSED else None,
            ),
            strict=True,
        )
    )


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
    text = shown(value)
    return f"'{text}" if text.lstrip()[:1] in _BEGINS_FORMULA else text
