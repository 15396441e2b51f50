"""The transactions of the open period on paper, a line or two each, oldest first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.counter.trouble import Trouble
from terminal.paper.receipt import Shop, centred, format_time, heading, pair
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale
from terminal.texts.sentences import Words, words_in
from terminal.texts.words import Language

MOST_LINES = 200
"""Transactions on one slip: about two metres of paper."""


def transaction_list(
    entries: Sequence[Sale | Refund],
    *,
    shop: Shop,
    terminal_id: str,
    printed_at: datetime,
    language: Language,
    columns: Columns,
    clock_set: bool = True,
) -> Document:
    """``entries`` come newest first. Those beyond MOST_LINES are left out, and the slip says so."""
    words = words_in(language)
    receipt = words.receipt
    shown = list(reversed(entries[:MOST_LINES]))
    items: list[PaperItem] = [
        *heading(shop, words, copy=False, columns=columns),
        *centred(receipt.transactions, columns, bold=True),
        TextLine(),
        *pair(receipt.terminal, terminal_id, columns),
        *pair(receipt.until, format_time(printed_at), columns),
        TextLine(),
    ]
    if len(entries) > MOST_LINES:
        items.extend([*centred(receipt.earlier_left_out, columns), TextLine()])
    if not shown:
        items.extend(centred(receipt.no_transactions, columns))
    for entry in shown:
        items.extend(_lines(entry, words, printed_at, columns))
    if not clock_set:
        items.extend([TextLine(), *centred(receipt.clock_not_set, columns)])
    return (*items, Cut())


def _lines(entry: Sale | Refund, words: Words, printed_at: datetime, columns: Columns) -> Iterator[TextLine]:
    local = datetime.fromisoformat(entry.created).astimezone(printed_at.tzinfo)
    amount = -entry.amount_kr if isinstance(entry, Refund) else entry.amount_kr
    yield from pair(f"{entry.number} {local:%d.%m. %H:%M}", format_kr(amount), columns)
    of = f"  {words.receipt.refunded_receipt} {entry.sale_number}" if isinstance(entry, Refund) else ""
    yield from pair(of, _state(entry, words), columns)


def _state(entry: Sale | Refund, words: Words) -> str:
    if isinstance(entry, Sale):
        return words.outcomes[entry.outcome] if entry.outcome is not None else words.receipt.still_going_on
    if entry.is_done:
        return words.outcomes[Outcome.REFUNDED]
    return words.troubles[Trouble.REFUNDS_WAITING].what if entry.is_unknown else words.receipt.not_refunded
