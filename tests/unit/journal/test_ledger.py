"""The books: a line for each end, none of them ever taken back, and sums that are the day's own."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.journal.file import JournalFile
from terminal.journal.ledger import OPEN, Booking, Periods
from terminal.sale.record import Record, RefundRecord
from terminal.sale.refund import RefundReason, RefundSource, RefundState
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import Close
from tests.sales import GUID, new_sale, refund_of


class Books:
    """A journal whose clock is set by hand."""

    def __init__(self, path: Path) -> None:
        self.at = "2026-11-30T12:00:00.000Z"
        self.journal = JournalFile(path, lambda: self.at)
        self.journal.open()

    def sale(self, number: int, *steps: tuple[State, Reason | None], amount_kr: int = 1990, **more: Any) -> Sale:
        sale = replace(new_sale(number, amount_kr=amount_kr), authorization_id=GUID, **more)
        for state, reason in steps:
            sale = replace(sale, state=state, reason=reason)
            self.journal.append(Record(f"to {state}", sale))
        return sale

    def paid(self, number: int, amount_kr: int = 1990) -> Sale:
        steps = ((State.ENTRY, None), (State.REPORT, Reason.PAID), (State.CLOSED, Reason.PAID))
        return self.sale(number, *steps, amount_kr=amount_kr)

    def refund(self, number: int, sale: Sale, amount_kr: int, *reasons: RefundReason | None, **more: Any) -> None:
        refund = refund_of(sale, number, amount_kr, created=self.at)
        for reason in (None, *reasons):
            state = RefundState.CLOSED if reason else RefundState.TRANSFER
            self.journal.append_refund(RefundRecord("x", replace(refund, state=state, reason=reason, **more)))

    def end_the_day(self) -> None:
        period = self.journal.open_period()
        self.journal.append_close(Close(period.number, period.totals))

    def lines(self, **choice: Any) -> list[Booking]:
        return list(self.journal.bookings(on_damaged=pytest.fail, **choice))


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path / "journal.db")


def told(lines: list[Booking]) -> list[tuple[int, str | None, int | None, int]]:
    return [(line.entry.number, line.entry.outcome, line.period, line.turnover_kr) for line in lines]


def test_what_has_not_ended_is_in_no_book(books: Books) -> None:
    books.sale(1, (State.ENTRY, None), (State.REPORT, Reason.PAID))
    assert books.lines() == []


def test_a_sale_belongs_to_the_month_in_which_it_ended(books: Books) -> None:
    books.at = "2026-11-30T23:59:58.000Z"
    sale = books.sale(1, (State.ENTRY, None))
    books.at = "2026-12-01T00:00:03.000Z"
    books.journal.append(Record("x", replace(sale, state=State.CLOSED, reason=Reason.PAID)))
    assert books.lines(until="2026-12-01T00:00:00.000Z") == []
    assert told(books.lines(since="2026-12-01T00:00:00.000Z")) == [(1, "approved", None, 1990)]


@pytest.mark.parametrize(
    ("first", "then", "turnover_kr"),
    [
        (Reason.NOT_TRACEABLE, Reason.SETTLED_PAID, (0, 1990)),
        (Reason.NOT_TRACEABLE, Reason.SETTLED_UNPAID, (0, 0)),
        (Reason.REFUND_DUE, Reason.REFUNDED, (1990, -1990)),
        (Reason.REFUND_DUE, Reason.SETTLED_PAID, (1990, 0)),
        (Reason.CASHIER_CANCELLED, Reason.PAID_LATE, (0, 1990)),
        (Reason.SETTLED_PAID, Reason.PROVED_UNPAID, (1990, -1990)),
    ],
)
def test_a_month_that_is_over_never_changes(
    books: Books, first: Reason, then: Reason, turnover_kr: tuple[int, int]
) -> None:
    ended = State.CLOSED if first in (Reason.CASHIER_CANCELLED, Reason.SETTLED_PAID) else State.ATTENTION
    sale = books.sale(1, (State.ENTRY, None), (ended, first))
    before = books.lines(until="2026-12-01T00:00:00.000Z")
    books.end_the_day()
    books.at = "2026-12-03T12:00:00.000Z"
    books.journal.append(Record("x", replace(sale, state=State.CLOSED, reason=then)))

    november = books.lines(until="2026-12-01T00:00:00.000Z")
    assert [line._replace(period=None) for line in november] == before
    december = books.lines(since="2026-12-01T00:00:00.000Z")
    assert (november[0].turnover_kr, december[0].turnover_kr) == turnover_kr
    assert (november[0].period, december[0].period) == (1, None)
    assert books.journal.open_period().totals.charged_kr == turnover_kr[1], "the slip bills what the books grew by"


def test_a_change_that_is_no_other_end_has_no_line(books: Books) -> None:
    sale = books.paid(1)
    books.journal.append(Record("x", replace(sale, support_reference="abc", acknowledged=True)))
    assert told(books.lines()) == [(1, "approved", None, 1990)]


def test_refunds_have_lines_of_their_own(books: Books) -> None:
    sale = books.paid(1)
    books.refund(2, sale, 500, RefundReason.DONE)
    books.refund(3, sale, 700, RefundReason.REFUSED)
    books.refund(4, sale, 100)
    assert told(books.lines()) == [(1, "approved", None, 1990), (2, "refunded", None, -500), (3, "refused", None, 0)]


def test_a_refund_that_a_sale_says_itself_is_not_counted_twice(books: Books) -> None:
    sale = books.sale(1, (State.ENTRY, None), (State.ATTENTION, Reason.REFUND_DUE))
    books.refund(2, sale, 1990, RefundReason.DONE, source=RefundSource.AUTOMATIC)
    books.journal.append(Record("x", replace(sale, state=State.CLOSED, reason=Reason.REFUNDED)))
    assert [line.turnover_kr for line in books.lines()] == [1990, 0, -1990]


def test_no_text_of_a_registers_is_taken_for_an_end(books: Books) -> None:
    books.sale(1, (State.ENTRY, None), register_id='"state":"closed"')
    assert books.lines() == []


def test_ends_of_day_choose_and_add_up_to_the_turnover_of_their_slips(books: Books) -> None:
    books.paid(1)
    due = books.sale(2, (State.ENTRY, None), (State.ATTENTION, Reason.REFUND_DUE), amount_kr=700)
    books.end_the_day()
    first = books.paid(3, 5000)
    books.refund(4, first, 1000, RefundReason.DONE)
    books.journal.append(Record("x", replace(due, state=State.CLOSED, reason=Reason.REFUNDED)))
    books.end_the_day()
    books.paid(5, 300)

    assert told(books.lines(periods=Periods(2, 2))) == [
        (3, "approved", 2, 5000),
        (4, "refunded", 2, -1000),
        (2, "refunded", 2, -700),
    ]
    assert [line.entry.number for line in books.lines(periods=Periods(1, 1))] == [1, 2]
    assert [line.entry.number for line in books.lines(periods=Periods(2, None))] == [3, 4, 2, 5]
    assert [line.entry.number for line in books.lines(periods=OPEN)] == [5]
    assert books.lines(periods=Periods(7, 9)) == []
    of_period: defaultdict[int | None, int] = defaultdict(int)
    for line in books.lines():
        of_period[line.period] += line.turnover_kr
    for number in (1, 2):
        period = books.journal.closed_period(number)
        assert period is not None
        assert period.totals.charged_kr == of_period[number]
    assert books.journal.open_period().totals.charged_kr == of_period[None]


def test_what_stands_is_newest_first_with_its_refunds(books: Books) -> None:
    sale = books.paid(1)
    books.refund(2, sale, 500, RefundReason.DONE)
    books.paid(3, 500)
    stands = list(books.journal.stands(on_damaged=pytest.fail))
    assert [(type(one.change).__name__, one.has_refunds) for one in stands] == [
        ("Change", False),
        ("RefundChange", False),
        ("Change", True),
    ]
    assert len(list(books.journal.stands(amount_kr=500, on_damaged=pytest.fail))) == 2
    assert len(list(books.journal.stands(outcome=Outcome.APPROVED, on_damaged=pytest.fail))) == 2
