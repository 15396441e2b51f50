"""The receipt of a refund: money on its way back, on paper of its own. Pure, of plain values."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.paper.receipt import Shop, centred, footing, format_time, heading, large, pair
from terminal.sale.effects import ReceiptKind
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome
from terminal.texts.sentences import words_in, words_on_line
from terminal.texts.words import Advice, Language


class Layout(TypedDict):
    """What every receipt wants to know, whatever it is of."""

    copy: bool
    shop: Shop
    terminal_id: str
    printed_at: datetime
    language: Language
    columns: Columns
    clock_set: bool


def receipt_of_refund(refund: Refund, kind: ReceiptKind, layout: Layout) -> Document:
    """What the journal has of a refund, on paper."""
    words = words_on_line(layout["language"], layout["shop"].service_phone).refund
    problem = words.unknown if refund.reason is None else words.results[refund.reason]
    return refund_document(
        number=refund.number,
        sale_number=refund.sale_number,
        amount_kr=refund.amount_kr,
        refunded_at=datetime.fromisoformat(refund.created),
        reference=refund.reference,
        transaction_id=refund.authorization_id,
        register_id=refund.register_id,
        problem=None if refund.is_done else problem,
        kind=kind,
        **layout,
    )


def refund_document(
    *,
    number: int,
    sale_number: int,
    amount_kr: int,
    refunded_at: datetime,
    reference: str,
    transaction_id: str = "",
    register_id: str = "",
    problem: Advice | None = None,
    kind: ReceiptKind,
    copy: bool,
    shop: Shop,
    terminal_id: str,
    printed_at: datetime,
    language: Language,
    columns: Columns,
    clock_set: bool = True,
) -> Document:
    """``amount_kr`` is what was returned, above zero; on paper it is negative. ``problem``: it was not, or nobody
    knows.

    Raises ValueError for a time without a zone.
    """
    if printed_at.tzinfo is None or refunded_at.tzinfo is None:
        raise ValueError("a time has no time zone: pass datetime.now().astimezone()")
    words = words_in(language)
    receipt = words.receipt
    status = problem.what if problem is not None else words.outcomes[Outcome.REFUNDED]
    items: list[PaperItem] = [
        *heading(shop, words, copy=copy, columns=columns, title=receipt.payment_receipt),
        *centred(receipt.refund, columns, bold=True),
        *large(f"-{format_kr(amount_kr)}", columns),
        *centred(status.upper(), columns, bold=True),
        *centred(problem.next if problem is not None else "", columns),
        TextLine(),
    ]
    facts = [
        (receipt.date, format_time(refunded_at.astimezone(printed_at.tzinfo))),
        (receipt.printed, format_time(printed_at) if copy else ""),
        (receipt.terminal, terminal_id),
        (receipt.number, str(number)),
        (receipt.refunded_receipt, str(sale_number)),
        (receipt.register, register_id),
        (receipt.reference, reference),
        (receipt.transaction_id, transaction_id),
    ]
    for label, value in facts:
        if value:
            items.extend(pair(label, value, columns))
    items.extend([TextLine(), *footing(kind, words, has_paid=False, clock_set=clock_set, columns=columns), Cut()])
    return tuple(items)
