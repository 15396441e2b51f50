"""``netgiro-terminal journal list`` and ``journal export``: sales for people, and the books for the accountant."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from terminal.commands.configured import journal_path, open_journal

if TYPE_CHECKING:
    from terminal.journal.export import Row, Sum
    from terminal.journal.ledger import Periods
    from terminal.journal.thread import JournalFile
    from terminal.reconciliation.settled import Settled

# Every command imports what it needs itself, so that none waits for what another one needs.
# ruff: noqa: PLC0415

_PERIODS = re.compile(r"(?P<first>[0-9]{1,9})(?P<range>-(?P<last>[0-9]{1,9})?)?|(?P<open>open)")


def add_books_commands(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    listing = verbs.add_parser(
        "list", parents=[common], help="list sales and refunds with their present state, newest first"
    )
    listing.add_argument("--json", action="store_true", help="one line with a JSON object for each sale")
    _add_choice(listing, "began")
    listing.set_defaults(command=_list)

    export = verbs.add_parser(
        "export", parents=[common], help="write the accountant's books: each sale and refund when it ended"
    )
    export.add_argument("--format", choices=["csv", "json"], default="csv", help="default: csv")
    export.add_argument("--separator", choices=[",", ";"], help="for csv; default: ',', with --excel ';'")
    export.add_argument(
        "--excel", action="store_true", help="a csv that a spreadsheet opens by a double click, with Icelandic letters"
    )
    export.add_argument("--output", metavar="FILE", type=Path, help="default: standard output")
    export.add_argument("--total", action="store_true", help="add a last row with the sums")
    export.add_argument(
        "--period",
        metavar="N",
        type=_periods,
        help="only sales of the end of day N; N-M: from one to another; N-: from N on; open: since the last",
    )
    _add_choice(export, "ended")
    export.set_defaults(command=_export)


def _add_choice(parser: argparse.ArgumentParser, when: str) -> None:
    parser.add_argument("--since", metavar="TIME", help=f"only sales that {when} at or after this ISO 8601 time")
    parser.add_argument("--until", metavar="TIME", help=f"only sales that {when} before this ISO 8601 time")
    parser.add_argument(
        "--outcome",
        choices=["approved", "declined", "cancelled", "failed", "unknown", "refund_due", "refunded"],
        help="only sales with this outcome",
    )
    parser.add_argument("--amount", metavar="KRONUR", type=int, help="only sales and refunds of exactly this amount")


def _periods(text: str) -> Periods:
    from terminal.journal.ledger import OPEN, Periods

    found = _PERIODS.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no end of day: write for example 7, 7-12, 7- or open")
    if found["open"]:
        return OPEN
    first = int(found["first"])
    last = int(found["last"]) if found["last"] else None if found["range"] else first
    if last is not None and last < first:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return Periods(first, last)


# --- list -------------------------------------------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    from terminal.journal.listing import HEADER, Sums, change_json, line_of, parse_time
    from terminal.journal.rows import Change

    damaged = _Damaged()
    with open_journal(options) as journal:
        stands = journal.stands(
            since=parse_time(options.since),
            until=parse_time(options.until),
            outcome=options.outcome,
            amount_kr=options.amount,
            on_damaged=damaged,
        )
        if options.json:
            for change, has_refunds in stands:
                if isinstance(change, Change):
                    print(change_json(change, journal.refunds_of(change.sale.number) if has_refunds else ()))
            return damaged.exit_code()
        print(HEADER)
        sums = Sums()
        for change, _ in stands:
            sums.add(change)
            print(line_of(change))
        print(sums.line())
    return damaged.exit_code()


# --- export -----------------------------------------------------------------------------------------------------------


def _export(options: argparse.Namespace) -> int:
    from terminal.journal.export import Sum
    from terminal.reconciliation.settled import settled

    if options.excel and options.format == "json":
        print("--excel is for --format csv", file=sys.stderr)
        return 2
    damaged, total = _Damaged(), Sum()
    folder = journal_path(options).parent
    with _target(options) as write, open_journal(options) as journal, settled(folder) as paid_out:
        write(_counted(_book_rows(journal, options, damaged, paid_out), total, with_row=options.total))
    if options.output is not None:
        print(total.line())
    elif sys.stderr.isatty():  # a program that wants the sums asks for --total
        print(total.line(), file=sys.stderr)
    return damaged.exit_code()


def _book_rows(
    journal: JournalFile, options: argparse.Namespace, damaged: _Damaged, paid_out: Settled
) -> Iterator[Row]:
    from terminal.journal.export import book_rows
    from terminal.journal.listing import parse_time

    bookings = journal.bookings(
        since=parse_time(options.since), until=parse_time(options.until), periods=options.period, on_damaged=damaged
    )
    chosen = (
        booking
        for booking in bookings
        if options.outcome in (None, booking.entry.outcome) and options.amount in (None, booking.entry.amount_kr)
    )
    return book_rows(chosen, paid_out)


def _counted(rows: Iterable[Row], total: Sum, *, with_row: bool) -> Iterator[Row]:
    for row in rows:
        total.add(row)
        yield row
    if with_row:
        yield total.row()


@contextmanager
def _target(options: argparse.Namespace) -> Iterator[Callable[[Iterable[Row]], None]]:
    """What writes rows to where they go, in the form that was asked for."""
    from terminal.journal.export import BYTE_ORDER_MARK, csv_lines, json_lines

    with _opened(options) as out:

        def write(rows: Iterable[Row]) -> None:
            separator = options.separator or (";" if options.excel else ",")
            lines = json_lines(rows) if options.format == "json" else csv_lines(rows, separator)
            if out is None:
                for line in lines:
                    print(line)
                return
            end = "\r\n" if options.excel else "\n"
            if options.excel:
                out.write(BYTE_ORDER_MARK.encode())
            out.writelines(f"{line}{end}".encode() for line in lines)
            out.flush()

        yield write


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[BinaryIO | None]:
    """Where bytes go, before root is given up; None: text to the output."""
    from terminal.errors import TerminalError

    if options.output is None:
        yield sys.stdout.buffer if options.excel else None
        return
    try:
        file = options.output.open("wb")
    except OSError as error:
        raise TerminalError(f"--output {options.output}: {error.strerror}") from error
    with file:
        yield file


class _Damaged:
    """Names the sales that cannot be read, and goes on."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, what: str) -> None:
        self._count += 1
        print(what, file=sys.stderr)

    def exit_code(self) -> int:
        if self._count:
            print(
                f"{self._count} damaged: stop the terminal, then: sudo netgiro-terminal journal mend", file=sys.stderr
            )
        return 1 if self._count else 0
