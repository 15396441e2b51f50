"""The slips of a period: what the accountant needs of it, and what staff have not brought to an end. Pure.

The Z slip is of an end of day, the X slip of the period that is still open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hardware.interfaces import Columns, Cut, Document, PaperItem, TextLine
from terminal.counter.trouble import Trouble
from terminal.paper.receipt import Shop, centred, format_time, heading, large, pair
from terminal.paper.reconciliation import Reconciled, reconciled_lines
from terminal.sale.money import format_kr
from terminal.sale.sale import Outcome
from terminal.sale.totals import CHARGED, ClosedPeriod, Corrected, CorrectedRefund, LeftToStaff, Period, Tally, Totals
from terminal.texts.sentences import Words, words_in
from terminal.texts.words import Language

HEAD_DIGITS = 32
HEAD_GROUP = 8


def end_of_day_slip(
    period: ClosedPeriod,
    *,
    copy: bool,
    shop: Shop,
    terminal_id: str,
    printed_at: datetime,
    language: Language,
    columns: Columns,
    clock_set: bool = True,
    paper_low: bool = False,
    reconciled: Reconciled | None = None,
) -> Document:
    """The Z slip of a period that has ended.

    ``copy`` marks a later print. ``printed_at`` carries the time zone in which times are printed.
    """
    words = words_in(language)
    receipt = words.receipt
    facts = [(receipt.period, str(period.number))]
    if period.since is not None:
        facts.append((receipt.since, _local_time(period.since, printed_at)))
    facts.append((receipt.until, _local_time(period.until, printed_at)))
    if copy:
        facts.append((receipt.printed, format_time(printed_at)))
    items: list[PaperItem] = [
        *heading(shop, words, copy=copy, columns=columns),
        *centred(receipt.end_of_day, columns, bold=True, double=True),
        *_charged(period.totals, words, columns),
        *_figures([*facts, (receipt.terminal, terminal_id)], period.totals, words, printed_at, columns),
    ]
    if reconciled is not None:
        items.extend(reconciled_lines(reconciled, words, columns))
    if period.head:
        items.extend([TextLine(), *centred(receipt.head, columns)])
        for line in _digits(period.head):
            items.extend(centred(line, columns))
    if paper_low:
        items.extend([TextLine(), *centred(words.troubles[Trouble.PAPER_LOW].what, columns)])
    return (*items, *_clock(words, columns, clock_set=clock_set), Cut())


def x_report_slip(
    period: Period,
    *,
    shop: Shop,
    terminal_id: str,
    printed_at: datetime,
    language: Language,
    columns: Columns,
    clock_set: bool = True,
) -> Document:
    """The same figures of the open period, as they are at ``printed_at``. Nobody must take it for an end of day."""
    words = words_in(language)
    receipt = words.receipt
    facts = [(receipt.period, receipt.still_open.format(number=period.number))]
    if period.since is not None:
        facts.append((receipt.since, _local_time(period.since, printed_at)))
    facts.append((receipt.until, format_time(printed_at)))
    return (
        *heading(shop, words, copy=False, columns=columns),
        *centred(receipt.x_report, columns, bold=True, double=True),
        *centred(receipt.closes_nothing, columns),
        *_charged(period.totals, words, columns),
        *_figures([*facts, (receipt.terminal, terminal_id)], period.totals, words, printed_at, columns),
        *_clock(words, columns, clock_set=clock_set),
        Cut(),
    )


def _charged(totals: Totals, words: Words, columns: Columns) -> Iterator[PaperItem]:
    yield from centred(words.receipt.charged, columns, bold=True)
    yield from large(format_kr(totals.charged_kr), columns)
    yield TextLine()


def _figures(
    facts: list[tuple[str, str]],
    totals: Totals,
    words: Words,
    printed_at: datetime,
    columns: Columns,
) -> Iterator[PaperItem]:
    receipt = words.receipt
    if totals.first_number is not None:
        facts = [*facts, (receipt.numbers, f"{totals.first_number}-{totals.last_number}")]
    for label, value in facts:
        yield from pair(label, value, columns)
    yield TextLine()
    yield from _outcomes(totals, words, columns)
    if totals.operators:
        yield TextLine()
        yield from centred(receipt.operators, columns, bold=True)
        for name in totals.operators:
            sold = totals.by_operator.get(name, Tally())
            yield from pair(f"{name} ({sold.count})", format_kr(sold.sum_kr), columns)
            if (given := totals.refunds_by_operator.get(name)) is not None:
                yield from pair(f"  {receipt.refunds} ({given.count})", format_kr(-given.sum_kr), columns)
    if totals.corrected or totals.corrected_refunds:
        yield TextLine()
        yield from centred(receipt.corrected, columns, bold=True)
        for one in totals.corrected:
            said = [words.results[reason].what for reason in (one.before, one.after)]
            yield from _corrected(one, said, printed_at, columns)
        for back in totals.corrected_refunds:
            said = [words.refund.results[reason].what for reason in (back.before, back.after)]
            yield from _corrected(back, said, printed_at, columns)
    if totals.left_to_staff:
        yield TextLine()
        yield from centred(receipt.left_to_staff, columns, bold=True)
        for sale in totals.left_to_staff:
            yield from _left_to_staff(sale, words, printed_at, columns)


def _clock(words: Words, columns: Columns, *, clock_set: bool) -> Iterator[PaperItem]:
    if not clock_set:
        yield TextLine()
        yield from centred(words.receipt.clock_not_set, columns)


def _digits(head: str) -> Iterator[str]:
    """The first half of it: more than enough, and it can be typed."""
    for start in range(0, HEAD_DIGITS, 2 * HEAD_GROUP):
        middle = start + HEAD_GROUP
        yield f"{head[start:middle]} {head[middle : middle + HEAD_GROUP]}"


def _outcomes(totals: Totals, words: Words, columns: int) -> Iterator[TextLine]:
    """What the service bills, apart from what did not become a payment, and how many sales that are in all."""
    receipt = words.receipt
    yield from centred(receipt.charged, columns, bold=True)
    for outcome in CHARGED:
        if (tally := totals.of(outcome)).count or outcome is Outcome.APPROVED:
            yield from pair(f"{_name(outcome, words)} ({tally.count})", format_kr(tally.sum_kr), columns)
    if totals.refunds.count:
        returned = f"-{format_kr(totals.refunds.sum_kr)}"
        yield from pair(f"{receipt.refunds} ({totals.refunds.count})", returned, columns)
    if (undone := totals.refunds_undone).count:
        yield from pair(f"{receipt.refunds_undone} ({undone.count})", format_kr(undone.sum_kr), columns)
    if (earlier := totals.refunded_earlier).count:
        yield from pair(f"{receipt.refunded_earlier} ({earlier.count})", f"-{format_kr(earlier.sum_kr)}", columns)
    if (billed := totals.billed_earlier).count:
        yield from pair(f"{receipt.billed_earlier} ({billed.count})", f"-{format_kr(billed.sum_kr)}", columns)
    if (unpaid := totals.corrected_earlier).count:
        yield from pair(f"{receipt.corrected_earlier} ({unpaid.count})", f"-{format_kr(unpaid.sum_kr)}", columns)
    others = [(outcome, totals.of(outcome)) for outcome in Outcome if outcome not in CHARGED]
    others = [(outcome, _without_earlier(outcome, tally, totals)) for outcome, tally in others if tally.count]
    if any(tally.count for _, tally in others):
        yield TextLine()
        yield from centred(receipt.not_charged, columns, bold=True)
    for outcome, tally in others:
        if tally.count:
            yield from pair(f"{_name(outcome, words)} ({tally.count})", format_kr(tally.sum_kr), columns)
    yield TextLine()
    yield from pair(receipt.all_sales, str(totals.count), columns)


def _without_earlier(outcome: Outcome, tally: Tally, totals: Totals) -> Tally:
    """Those that were refunded on the day of their sale have cost nobody anything."""
    if outcome is not Outcome.REFUNDED:
        return tally
    earlier = totals.refunded_earlier
    return Tally(tally.count - earlier.count, tally.sum_kr - earlier.sum_kr)


def _corrected(
    one: Corrected | CorrectedRefund, said: list[str], printed_at: datetime, columns: int
) -> Iterator[TextLine]:
    """What staff had said, what they say now, when and who."""
    before, after = (words.rstrip(".") for words in said)
    yield from pair(f"{one.number} {before} > {after}", format_kr(one.amount_kr), columns)
    yield from pair(f"  {_local_time(one.at, printed_at)}", one.by, columns)


def _left_to_staff(sale: LeftToStaff, words: Words, printed_at: datetime, columns: int) -> Iterator[TextLine]:
    yield from pair(f"{sale.number} {_name(sale.outcome, words)}", format_kr(sale.amount_kr), columns)
    yield from pair(f"  {_local_time(sale.created, printed_at)}", sale.reference, columns)


def _name(outcome: Outcome, words: Words) -> str:
    """As staff know it from the slip that asks them to do something, else as the screen says it."""
    to_do = words.receipt.to_do.get(outcome)
    return to_do.title.capitalize() if to_do is not None else words.outcomes[outcome]


def _local_time(text: str, printed_at: datetime) -> str:
    return format_time(datetime.fromisoformat(text).astimezone(printed_at.tzinfo))
