"""The journal for people and programs: one line a sale, one line a change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from terminal.errors import TerminalError
from terminal.journal.rows import Change, RefundChange
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale, State
from terminal.sale.totals import Tally, billed_kr
from terminal.system.shown import shown
from terminal.system.timestamps import timestamp


def parse_time(text: str | None) -> str | None:
    """An ISO 8601 time, local unless it says otherwise, as the journal writes times. Raises TerminalError."""
    if text is None:
        return None
    try:
        return timestamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise TerminalError(f"{text!r} is not a time: write for example 2026-11-23 or 2026-11-23T14:30") from error


def change_json(entry: Change, refunds: Iterable[Refund] = ()) -> str:
    """One JSON object: the sale as it stood after that entry, and what is to go back of it or has gone back."""
    sale = entry.sale
    returned = [_refund_facts(refund) for refund in refunds]
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
            "refunds": returned,
            "event": entry.event,
            "at": entry.at,
        },
        ensure_ascii=False,
    )


def refund_json(entry: RefundChange) -> str:
    """One JSON object: the refund as it stood after that entry."""
    refund = entry.refund
    more = {"of": str(refund.sale_number), "reason": refund.reason, "event": entry.event, "at": entry.at}
    return json.dumps({**_refund_facts(refund), **more}, ensure_ascii=False)


def _refund_facts(refund: Refund) -> dict[str, str | int | None]:
    return {
        "refund_id": str(refund.number),
        "reference": refund.reference,
        "register_id": refund.register_id,
        "amount": refund.amount_kr,
        "outcome": refund.outcome,
        "created": refund.created,
        "settled_by": refund.settled_by or None,
    }


HEADER = f"{'number':>6}  {'begun':<19}  {'amount':>13}  {'ended as':<32}  {'register':<14}  reference"


def line_of(change: Change | RefundChange) -> str:
    """One line of ``journal list``, under :data:`HEADER`."""
    if isinstance(change, RefundChange):
        refund = change.refund
        why = "" if refund.is_done or refund.is_unknown or refund.reason is None else f" ({refund.reason})"
        return _line(refund, -refund.amount_kr, f"refund of {refund.sale_number}: {refund.outcome}{why}")
    sale = change.sale
    result = (
        f"{sale.outcome} ({sale.reason})" if sale.outcome and sale.reason else sale.outcome or f"open: {sale.state}"
    )
    return _line(sale, sale.amount_kr, result)


def _line(entry: Sale | Refund, amount_kr: int, result: str) -> str:
    register_id = shown(entry.register_id, 40)
    amount = format_kr(amount_kr)
    return (
        f"{entry.number:>6}  {_local(entry.created)}  {amount:>13}  {result:<32}  {register_id:<14}  {entry.reference}"
    )


class Sums:
    """Of the lines that have gone by: what each outcome comes to, and what the service bills for all of it."""

    def __init__(self) -> None:
        self._of: dict[str, Tally] = {}
        self._billed_kr = 0

    def add(self, change: Change | RefundChange) -> None:
        if isinstance(change, RefundChange):
            entry: Sale | Refund = change.refund
            name, amount_kr = f"refunds {entry.outcome}", -entry.amount_kr
        else:
            entry = change.sale
            name, amount_kr = entry.outcome or "open", entry.amount_kr
        before = self._of.get(name, Tally())
        self._of[name] = Tally(before.count + 1, before.sum_kr + amount_kr)
        self._billed_kr += billed_kr(entry)

    def line(self) -> str:
        told = (f"{name}: {tally.count}, {format_kr(tally.sum_kr)}" for name, tally in sorted(self._of.items()))
        return "; ".join([*told, f"turnover: {format_kr(self._billed_kr)}"])


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


def refund_story(entry: RefundChange) -> str:
    """One line of ``journal show``."""
    refund = entry.refund
    facts = [refund.outcome, refund.reason, refund.support_reference, refund.settled_by]
    return (
        f"{_local(entry.at)}  {entry.event:<20} {refund.state:<14} {' '.join(fact for fact in facts if fact)}".rstrip()
    )


def _local(time: str) -> str:
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")
