"""The journal for people and programs: one line a sale, one line a change."""

from __future__ import annotations

import json
from datetime import datetime

from terminal.errors import TerminalError
from terminal.journal.thread import Change
from terminal.sale.money import format_kr
from terminal.sale.sale import State
from terminal.system.timestamps import timestamp


def parse_time(text: str | None) -> str | None:
    """An ISO 8601 time, local unless it says otherwise, as the journal writes times. Raises TerminalError."""
    if text is None:
        return None
    try:
        return timestamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise TerminalError(f"{text!r} is not a time: write for example 2026-11-23 or 2026-11-23T14:30") from error


def change_json(entry: Change) -> str:
    """One JSON object: the sale as it stood after that entry."""
    sale = entry.sale
    return json.dumps(
        {
            "sale_id": str(sale.number),
            "reference": sale.reference,
            "register_id": sale.register_id,
            "transaction_id": sale.authorization_id,
            "amount": sale.amount_kr,
            "state": sale.state,
            "outcome": sale.outcome,
            "reason": sale.reason if sale.outcome else None,
            "created": sale.created,
            "closed": entry.at if sale.state is State.CLOSED else None,
            "customer_kind": sale.customer_kind,
            "invoice_number": sale.invoice_number,
            "support_reference": sale.support_reference,
            "settled_by": sale.settled_by or None,
            "register_told": sale.acknowledged,
            "event": entry.event,
            "at": entry.at,
        },
        ensure_ascii=False,
    )


def change_line(entry: Change) -> str:
    """One line of ``journal list``."""
    sale = entry.sale
    result = (
        f"{sale.outcome} ({sale.reason})" if sale.outcome and sale.reason else sale.outcome or f"open: {sale.state}"
    )
    amount = format_kr(sale.amount_kr)
    return f"{sale.number:>6}  {_local(sale.created)}  {amount:>13}  {result:<32}  {sale.reference}"


def change_story(entry: Change) -> str:
    """One line of ``journal show``."""
    sale = entry.sale
    facts = [
        sale.outcome,
        sale.reason,
        sale.authorization_id,
        sale.invoice_number,
        sale.support_reference,
        sale.settled_by,
    ]
    return f"{_local(entry.at)}  {entry.event:<20} {sale.state:<14} {' '.join(fact for fact in facts if fact)}".rstrip()


def _local(time: str) -> str:
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
