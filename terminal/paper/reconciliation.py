"""What came of the last reconciliation: as a slip of its own, and as some lines of the day's slip. Pure.

What was found of each sale is a sentence for whoever looks after the books, and stands in the command's own output.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.paper.receipt import centred, format_time, pair
from terminal.sale.money import format_kr
from terminal.texts.sentences import Words, words_in
from terminal.texts.words import Language


class Case(msgspec.Struct, frozen=True):
    """A sale or refund to look at."""

    number: int | None
    reference: str
    amount_kr: int


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """The journal held against the service's own records of these days, both included."""

    first: str
    last: str
    agree: int
    differ: int
    not_asked: int
    cases: tuple[Case, ...] = ()
    """The first of those that differ or could not be asked about."""


def reconciliation_slip(
    result: Reconciled, *, terminal_id: str, printed_at: datetime, language: Language, columns: Columns
) -> Document:
    """For the shop's binder: what to look at, and the sum of it."""
    words = words_in(language)
    receipt = words.receipt
    items: list[PaperItem] = [
        *centred(receipt.reconciled, columns, bold=True),
        *centred(f"{terminal_id} {format_time(printed_at)}", columns),
        TextLine(),
        *_counts(result, words, columns),
    ]
    if result.cases:
        items.append(TextLine())
    for case in result.cases:
        items += pair(str(case.number or ""), format_kr(case.amount_kr), columns)
        items += pair("", case.reference, columns)
    if (more := result.differ + result.not_asked - len(result.cases)) > 0:
        items += centred(receipt.reconcile_more.format(count=more), columns)
    if result.differ or result.not_asked:
        items += [TextLine(), *centred(receipt.reconcile_advice, columns)]
    return (*items, TextLine(), *centred(_verdict(result, words), columns, bold=True), Cut())


def reconciled_lines(result: Reconciled, words: Words, columns: Columns) -> Iterator[PaperItem]:
    """For the slip of an end of day."""
    yield TextLine()
    yield from centred(words.receipt.reconciled, columns, bold=True)
    yield from _counts(result, words, columns)
    if result.differ or result.not_asked:
        yield from centred(words.receipt.reconcile_advice, columns)


def _counts(result: Reconciled, words: Words, columns: Columns) -> Iterator[PaperItem]:
    receipt = words.receipt
    yield from pair(receipt.reconciled_days, f"{_day(result.first)}-{_day(result.last)}", columns)
    yield from pair(receipt.reconcile_agree, str(result.agree), columns)
    if result.differ:
        yield from pair(receipt.reconcile_differ, str(result.differ), columns)
    if result.not_asked:
        yield from pair(receipt.reconcile_not_asked, str(result.not_asked), columns)


def _verdict(result: Reconciled, words: Words) -> str:
    receipt = words.receipt
    if result.differ:
        return receipt.reconcile_differ
    return receipt.reconcile_not_asked if result.not_asked else receipt.reconcile_agree


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d.%m.%Y}"
