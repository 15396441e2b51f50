"""What the terminal promises about money, checked against three books: its journal, the service's, the register's.

Pure. A promise is "kept", "open" while a sale is still under way and nothing is wrong yet, or "broken".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from terminal.sale.sale import Outcome, Sale, State

Light = Literal["kept", "open", "broken"]


class Captured(msgspec.Struct, frozen=True):
    """Money that moved, as the service has it."""

    reference: str
    amount_kr: int


class Told(msgspec.Struct, frozen=True):
    """A final answer that went out to the register."""

    register_id: str
    paid: bool
    amount_kr: int | None = None


class Promise(msgspec.Struct, frozen=True):
    """One light. ``details`` names the sales it is about, unless it is kept."""

    name: str
    light: Light
    details: tuple[str, ...] = ()


def promises(
    sales: Sequence[Sale], captured: Sequence[Captured], told: Sequence[Told], receipts_due: Mapping[int, int]
) -> list[Promise]:
    """All lights. ``sales`` is the journal's last word on each sale; ``receipts_due`` counts what waits for paper."""
    return [
        _told_is_paid(sales, captured),
        _paid_once(captured),
        _told_as_written(sales, told),
        _told_once(told),
        _everything_ends(sales),
        _on_paper(sales, receipts_due),
    ]


def _told_is_paid(sales: Sequence[Sale], captured: Sequence[Captured]) -> Promise:
    """A sale that ended is approved if and only if the service has its money, and exactly that amount."""
    amounts = {capture.reference: capture.amount_kr for capture in captured}
    wrong, waiting = [], []
    for sale in sales:
        paid = amounts.get(sale.reference)
        if sale.state in (State.ATTENTION, State.CLOSED, State.REPORT):
            said = sale.outcome in (Outcome.APPROVED, Outcome.REFUND_DUE, Outcome.REFUNDED)
            known = sale.outcome is not Outcome.UNKNOWN
            if (known and (paid is not None) != said) or paid not in (None, sale.amount_kr):
                wrong.append(sale)
        elif paid is not None:
            waiting.append(sale)
    return _promise("told_is_paid", wrong, waiting)


def _paid_once(captured: Sequence[Captured]) -> Promise:
    twice = [reference for reference, times in Counter(one.reference for one in captured).items() if times > 1]
    return Promise("paid_once", "broken" if twice else "kept", tuple(twice))


def _told_as_written(sales: Sequence[Sale], told: Sequence[Told]) -> Promise:
    """What the register heard is what the journal says."""
    by_id = {sale.register_id: sale for sale in sales}
    wrong = []
    for answer in told:
        sale = by_id.get(answer.register_id)
        if sale is None or sale.outcome in (None, Outcome.UNKNOWN, Outcome.REFUND_DUE, Outcome.REFUNDED):
            continue
        if answer.paid != (sale.outcome is Outcome.APPROVED) or answer.amount_kr not in (None, sale.amount_kr):
            wrong.append(sale)
    untold = [sale for sale in sales if sale.state is State.REPORT]
    return _promise("told_as_written", wrong, untold)


def _told_once(told: Sequence[Told]) -> Promise:
    """One outcome per register id, for ever."""
    outcomes: dict[str, set[bool]] = {}
    for answer in told:
        outcomes.setdefault(answer.register_id, set()).add(answer.paid)
    both = tuple(register_id for register_id, said in outcomes.items() if len(said) > 1)
    return Promise("told_once", "broken" if both else "kept", both)


def _everything_ends(sales: Sequence[Sale]) -> Promise:
    waiting = [sale for sale in sales if sale.state is not State.CLOSED]
    return _promise("everything_ends", (), waiting)


def _on_paper(sales: Sequence[Sale], receipts_due: Mapping[int, int]) -> Promise:
    waiting = [sale for sale in sales if receipts_due.get(sale.number)]
    return _promise("on_paper", (), waiting)


def _promise(name: str, wrong: Iterable[Sale], waiting: Iterable[Sale]) -> Promise:
    if broken := tuple(sale.reference for sale in wrong):
        return Promise(name, "broken", broken)
    if still := tuple(sale.reference for sale in waiting):
        return Promise(name, "open", still)
    return Promise(name, "kept")
