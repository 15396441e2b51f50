"""The receipt: one pure layout for every width of paper."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

import msgspec

from hardware.interfaces import Columns, Cut, Document, Logo, PaperItem, QrCode, TextLine
from terminal.sale.effects import ReceiptKind
from terminal.sale.money import format_kr
from terminal.sale.sale import Outcome, Sale
from terminal.texts.sentences import ToDo, Words, words_on_line
from terminal.texts.words import SERVICE_ADDRESS, SERVICE_NAME, Language


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """Who sells, as the shop's own receipts say it."""

    name: str = ""
    kennitala: str = ""
    lines: tuple[str, ...] = ()
    """Address, telephone, VAT number: whatever the shop's own receipts have under its name."""
    service_phone: str = ""
    """Whom staff call."""
    has_logo: bool = False
    reference_qr: bool = False
    """Whether the sale's reference is printed for scanners too."""
    is_training: bool = False
    """Nothing that is printed is real."""


def receipt_document(
    sale: Sale,
    *,
    kind: ReceiptKind,
    copy: bool,
    shop: Shop,
    terminal_id: str,
    printed_at: datetime,
    language: Language,
    columns: Columns,
    clock_set: bool = True,
) -> Document:
    """The receipt of a sale that has ended.

    ``copy`` marks a later print of the same receipt. ``printed_at`` must carry its time zone, which is also the one
    that the sale's time is shown in. Raises ValueError for an open sale or a time without a zone.
    """
    if sale.reason is None or not sale.has_ended:
        raise ValueError(f"sale {sale.number} is still open ({sale.state}): print its receipt once it has ended")
    if printed_at.tzinfo is None:
        raise ValueError("printed_at has no time zone: pass datetime.now().astimezone()")
    words = words_on_line(language, shop.service_phone)
    to_do = words.receipt.to_do.get(sale.reason.outcome) if kind is ReceiptKind.ATTENTION else None
    has_paid = sale.reason.outcome is Outcome.APPROVED
    title = words.receipt.payment_receipt if has_paid or sale.reason.outcome is Outcome.REFUNDED else ""
    items: list[PaperItem] = [
        *heading(shop, words, copy=copy, columns=columns, title=title),
        *_outcome(sale, to_do, words, columns),
        TextLine(),
    ]
    facts = [*_times(sale, words, printed_at, copy=copy), (words.receipt.terminal, terminal_id), *_facts(sale, words)]
    if kind is not ReceiptKind.CUSTOMER:
        facts.extend(_facts_for_staff(sale, words))
    for label, value in facts:
        items.extend(pair(label, value, columns))
    if to_do is not None:
        items.extend([TextLine(), *_numbered(to_do.steps, columns)])
    items.extend([TextLine(), *footing(kind, words, has_paid=has_paid, clock_set=clock_set, columns=columns)])
    if shop.reference_qr:
        items.append(QrCode(sale.reference))
    items.append(Cut())
    return tuple(items)


def heading(shop: Shop, words: Words, *, copy: bool, columns: int, title: str = "") -> Iterator[PaperItem]:
    """Whose paper it is, what it is, and whether it came out before."""
    if shop.is_training:
        yield from centred(words.training, columns, bold=True, double=True)
        yield from centred(words.training_no_money, columns, bold=True)
        yield TextLine()
    if shop.has_logo:
        yield Logo()
    yield from centred(shop.name, columns, bold=True)
    if shop.kennitala:
        yield from centred(f"{words.receipt.kennitala} {_format_kennitala(shop.kennitala)}", columns)
    for line in shop.lines:
        yield from centred(line, columns)
    yield TextLine()
    yield from centred(SERVICE_NAME, columns, double=True)
    yield from centred(title, columns)
    if copy:
        yield from centred(f"*** {words.receipt.reprint} ***", columns, bold=True)


def _outcome(sale: Sale, to_do: ToDo | None, words: Words, columns: int) -> Iterator[TextLine]:
    """What staff still have to do stands out more than that it is a sale."""
    assert sale.reason is not None
    amount, outcome = format_kr(sale.amount_kr), sale.reason.outcome
    if to_do is not None:
        yield from centred(to_do.title, columns, bold=True, double=True)
        yield from large(amount, columns)
        yield from centred(words.results[sale.reason].what, columns)
        return
    is_refund = outcome is Outcome.REFUNDED
    yield from centred(words.receipt.refund if is_refund else words.receipt.sale, columns, bold=True)
    yield from large(f"-{amount}" if is_refund else amount, columns)
    yield from centred(words.outcomes[outcome].upper(), columns, bold=True)
    if outcome is not Outcome.APPROVED:
        yield from centred(str(words.results[sale.reason]), columns)


def _times(sale: Sale, words: Words, printed_at: datetime, *, copy: bool) -> Iterator[tuple[str, str]]:
    """A refund has a time of its own: when its receipt came out first, which is when staff have settled it."""
    sold_at = datetime.fromisoformat(sale.created).astimezone(printed_at.tzinfo)
    if sale.outcome is Outcome.REFUNDED:
        yield words.receipt.sold, format_time(sold_at)
        if not copy:
            yield words.receipt.date, format_time(printed_at)
    else:
        yield words.receipt.date, format_time(sold_at)
    if copy:
        yield words.receipt.printed, format_time(printed_at)


def _facts(sale: Sale, words: Words) -> Iterator[tuple[str, str]]:
    """Label and value; facts that the sale does not have are left out."""
    yield words.receipt.number, str(sale.number)
    if sale.register_id != sale.reference:
        yield words.receipt.register, sale.register_id
    if sale.operator:
        yield words.receipt.operator, sale.operator
    if sale.customer_kind is not None:
        label = sale.customer_label.replace("•", "*")  # code pages have no bullet
        yield words.receipt.identified_by, f"{words.customer_kinds[sale.customer_kind]} {label}"
    if sale.invoice_number:
        yield words.receipt.invoice_number, sale.invoice_number
    yield words.receipt.reference, sale.reference
    if sale.authorization_id:
        yield words.receipt.transaction_id, sale.authorization_id


def _facts_for_staff(sale: Sale, words: Words) -> Iterator[tuple[str, str]]:
    if sale.outcome is Outcome.APPROVED:
        return
    if sale.support_reference:
        yield words.receipt.support_reference, sale.support_reference


def footing(kind: ReceiptKind, words: Words, *, has_paid: bool, clock_set: bool, columns: int) -> Iterator[TextLine]:
    """Whose copy it is. Only who has paid is thanked."""
    receipt = words.receipt
    if not clock_set:
        yield from centred(receipt.clock_not_set, columns)
    match kind:
        case ReceiptKind.CUSTOMER:
            yield from centred(receipt.customer_copy, columns)
            yield from centred(receipt.contact.format(address=SERVICE_ADDRESS), columns)
            if has_paid:
                yield from centred(receipt.thanks, columns)
        case ReceiptKind.MERCHANT:
            yield from centred(receipt.merchant_copy, columns)
        case ReceiptKind.ATTENTION:
            yield from centred(receipt.staff_slip, columns)


# --- lines ------------------------------------------------------------------------------------------------------------


def centred(text: str, columns: int, *, bold: bool = False, double: bool = False) -> Iterator[TextLine]:
    """As many lines as it takes."""
    for line in _wrap(text, columns // 2 if double else columns):
        yield TextLine(text=line, align="center", bold=bold, double=double)


def large(amount: str, columns: int) -> Iterator[TextLine]:
    """An amount is never broken: what is too long for double letters is printed in single ones."""
    yield from centred(amount, columns, bold=True, double=len(amount) <= columns // 2)


def pair(label: str, value: str, columns: int) -> Iterator[TextLine]:
    """Label left and value right; a value that does not fit beside its label goes below, whole."""
    value = _clean(value)
    gap = columns - len(label) - len(value)
    if gap >= 2:
        yield TextLine(text=f"{label}{' ' * gap}{value}")
        return
    yield from (TextLine(text=line) for line in _wrap(label, columns))
    yield from (TextLine(text=line, align="right") for line in _wrap(value, columns))


def _numbered(steps: Iterable[str], columns: int) -> Iterator[TextLine]:
    for number, step in enumerate(steps, 1):
        for line in _wrap(f"{number}. {step}", columns, indent="   "):
            yield TextLine(text=line)


def _wrap(text: str, columns: int, *, indent: str = "") -> list[str]:
    """Lines of at most ``columns`` characters, broken at spaces and hyphens where there are any. Loses no character.

    All but the first are indented.
    """
    cleaned = _clean(text)
    if 0 < len(cleaned) <= columns:
        return [cleaned]
    return list(_broken(cleaned, columns, indent))


@lru_cache(maxsize=128)  # most sentences are the same on every receipt
def _broken(text: str, columns: int, indent: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, columns, subsequent_indent=indent))


def _clean(text: str) -> str:
    """Accents composed, so that a character is a column; control characters and runs of space are one space.

    Soft hyphens and zero-width marks have no column of their own.
    """
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    if not composed.isprintable():
        composed = "".join(_shown(char) for char in composed)
    return " ".join(composed.split())


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return "" if unicodedata.category(char) == "Cf" else " "


def _format_kennitala(digits: str) -> str:
    return f"{digits[:6]}-{digits[6:]}" if len(digits) == 10 and digits.isdigit() else digits


def format_time(at: datetime) -> str:
    """As Icelandic receipts write it."""
    return f"{at:%d.%m.%Y %H:%M}"
