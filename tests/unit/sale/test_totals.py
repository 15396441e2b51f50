"""Totals and the end of day: what counts, in which period, and that a period ends on disk before it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import JournalTrialDue
from terminal.counter.rules import CounterRules
from terminal.errors import JournalError
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.sale.record import Record
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import Close, Tally, ToldCloses, Totals, totals_of
from tests.each import each_of
from tests.unit.journal.journal_samples import a_sale, opened


def ended(number: int, reason: Reason = Reason.PAID, amount_kr: int = 1990, state: State = State.CLOSED) -> Sale:
    return replace(a_sale(number, state, reason), amount_kr=amount_kr)


# --- the sums ---------------------------------------------------------------------------------------------------------


def test_sales_are_counted_and_added_up_by_outcome() -> None:
    totals = totals_of(
        [
            ended(3),
            ended(4, amount_kr=10),
            ended(5, Reason.CUSTOMER_DECLINED, 500),
            ended(9, Reason.SETTLED_PAID, 1),
            ended(7, Reason.REFUND_DUE, 700, State.ATTENTION),
        ]
    )
    assert totals.by_outcome == {
        Outcome.APPROVED: Tally(3, 2001),
        Outcome.DECLINED: Tally(1, 500),
        Outcome.REFUND_DUE: Tally(1, 700),
    }
    assert (totals.first_number, totals.last_number, totals.count) == (3, 9, 5)
    assert totals.of(Outcome.CANCELLED) == Tally()


@each_of("state", [state for state in State if state not in (State.ATTENTION, State.CLOSED)])
def test_a_sale_that_goes_on_counts_later(state: State) -> None:
    assert totals_of([a_sale(1, state, Reason.PAID)]) == Totals()


# --- periods in the journal -------------------------------------------------------------------------------------------


def write(journal: JournalFile, *sales: Sale) -> None:
    for sale in sales:
        journal.append(Record("Test", sale))


def test_a_period_holds_what_ended_since_the_last_end_of_day(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        assert (journal.open_period().number, journal.open_period().totals) == (1, Totals())
        write(journal, ended(1), a_sale(2))
        assert journal.open_period().totals == totals_of([ended(1)])
        journal.append_close(Close(1, journal.open_period().totals))
        assert (journal.open_period().number, journal.open_period().totals) == (2, Totals())
        write(journal, ended(2))
        assert journal.open_period().totals == totals_of([ended(2)])


def test_a_sale_that_staff_settle_after_the_end_of_day_stands_in_the_next_period_too(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1, Reason.REFUND_DUE, state=State.ATTENTION))
        journal.append_close(Close(1, journal.open_period().totals))
        write(journal, ended(1, Reason.REFUNDED))
        assert journal.open_period().totals.by_outcome == {Outcome.REFUNDED: Tally(1, 1990)}


def test_an_end_of_day_survives_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        journal.append_close(Close(1, journal.open_period().totals))
    with opened(tmp_path / "journal.db") as journal:
        assert (journal.open_period().number, journal.open_period().totals) == (2, Totals())


def test_a_period_ends_once(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.append_close(Close(1, Totals()))
        with pytest.raises(JournalError):
            journal.append_close(Close(1, Totals()))


def test_the_last_ended_sale_is_the_newest_with_an_outcome(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        assert journal.last_ended_sale() is None
        write(journal, ended(1), ended(2, Reason.CUSTOMER_DECLINED), a_sale(3))
        assert journal.last_ended_sale() == ended(2, Reason.CUSTOMER_DECLINED)
        write(journal, a_sale(3, State.REPORT, Reason.PAID))
        assert journal.last_ended_sale() == a_sale(3, State.REPORT, Reason.PAID)


# --- asked for by a register ------------------------------------------------------------------------------------------


def bookkeeper_on(journal: JournalFile) -> Bookkeeper:
    bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", lambda: "2026-11-23T15:00:00.000Z"))
    bookkeeper.start()
    return bookkeeper


def test_totals_are_told_without_an_end(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        bookkeeper = bookkeeper_on(journal)
        for _ in range(2):
            (report,) = bookkeeper.handle(reg.TotalsRequest()).decision.replies
            assert report == reg.TotalsReport(number=1, totals=totals_of([ended(1)]), closed=False)


def test_the_end_of_day_is_on_disk_when_it_is_told(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        bookkeeper = bookkeeper_on(journal)
        (report,) = bookkeeper.handle(reg.TotalsRequest(close=True)).decision.replies
        assert report == reg.TotalsReport(number=1, totals=totals_of([ended(1)]), closed=True)
        assert journal.open_period().number == 2
        bookkeeper.handle(reg.TotalsDelivered(1))
        (report,) = bookkeeper.handle(reg.TotalsRequest(close=True)).decision.replies
        assert report == reg.TotalsReport(number=2, totals=Totals(), closed=True)


def test_an_end_of_day_whose_totals_got_lost_is_told_again_and_ends_nothing_more(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        bookkeeper = bookkeeper_on(journal)
        told = [bookkeeper.handle(reg.TotalsRequest(close=True)).decision.replies[0] for _ in range(3)]
        assert told == [reg.TotalsReport(number=1, totals=totals_of([ended(1)]), closed=True)] * 3
        assert journal.open_period().number == 2


def test_so_it_is_after_a_power_cut(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        first = bookkeeper_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies
        assert bookkeeper_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies == first
        assert journal.open_period().number == 2


def test_an_end_of_day_that_the_disk_does_not_take_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        journal.close()
        handled = bookkeeper.handle(reg.TotalsRequest(close=True))
        assert isinstance(handled.decision.replies[0], reg.RequestRefused)
        assert handled.decision.replies[0].code is reg.RefusalCode.UNAVAILABLE
        assert handled.retry == JournalTrialDue(), "the register asks again by itself"


def test_the_day_does_not_end_while_a_sale_is_open(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(reg.SaleRequest(1990))
        (refused,) = bookkeeper.handle(reg.TotalsRequest(close=True)).decision.replies
        assert isinstance(refused, reg.RequestRefused)
        assert refused.code is reg.RefusalCode.BUSY
        assert journal.open_period().number == 1


def test_the_last_result_comes_from_the_journal_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        (refused,) = bookkeeper.handle(reg.LastResultRequest()).decision.replies
        assert isinstance(refused, reg.RequestRefused)
        assert refused.code is reg.RefusalCode.NOT_FOUND
        write(journal, ended(1))
        (told,) = bookkeeper_on(journal).handle(reg.LastResultRequest()).decision.replies
        assert isinstance(told, reg.SaleResult)
        assert (told.register_id, told.reason, told.sale) == ("R1", Reason.PAID, ended(1))


def test_a_sale_that_goes_on_has_no_last_result_yet(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(reg.SaleRequest(1990, "R2"))
        assert bookkeeper.handle(reg.LastResultRequest()).decision.replies == (reg.TerminalBusy("R2"),)


def later_on(journal: JournalFile) -> Bookkeeper:
    """After a start, on another day by the clock."""
    bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", lambda: "2026-11-24T15:00:00.000Z"))
    bookkeeper.start()
    return bookkeeper


def test_a_start_and_a_clock_change_nothing_of_what_the_register_has_not_acknowledged(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        first = bookkeeper_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies
        journal.reserve_nonces(2000, answers_signed=True)
        assert later_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies == first
        write(journal, ended(2))
        (report,) = later_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies
        assert report == reg.TotalsReport(number=2, totals=totals_of([ended(2)]), closed=True), "another day"


def test_what_the_register_has_acknowledged_is_not_told_again_after_a_start(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write(journal, ended(1))
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(reg.TotalsRequest(close=True))
        bookkeeper.handle(reg.TotalsDelivered(1))
        rows = journal.chain_end().seq
        bookkeeper.handle(reg.TotalsDelivered(1))
        assert journal.chain_end().seq == rows, "a second time nothing is written"
        journal.reserve_nonces(2000)
        (report,) = bookkeeper_on(journal).handle(reg.TotalsRequest(close=True)).decision.replies
        assert report == reg.TotalsReport(number=2, totals=Totals(), closed=True)
        assert journal.told_closes() == ToldCloses(told=1, untold=2)


def test_what_the_register_was_told_is_in_the_mirror_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(reg.TotalsRequest(close=True))
        bookkeeper.handle(reg.TotalsDelivered(1))
        bookkeeper.handle(reg.TotalsRequest(close=True))
        bookkeeper.handle(reg.TotalsDelivered(2))
        bookkeeper.handle(reg.TotalsRequest(close=True, asked_by="Kassi 1"))
    path.unlink()
    with opened(path) as journal:
        assert journal.told_closes() == ToldCloses(told=2, untold=3, asked_by="Kassi 1")


@each_of(
    ("asked_by", "has_gone_on"),
    [("Kassi 1", True), ("Kassi 2", False), (None, True)],
    ids=["that program", "another", "all of them"],
)
def test_what_was_ended_before_a_start_is_known_to_who_has_gone_on_since(
    tmp_path: Path, asked_by: str | None, has_gone_on: bool
) -> None:
    with opened(tmp_path / f"{asked_by}.db") as journal:
        bookkeeper_on(journal).handle(reg.TotalsRequest(close=True, asked_by="Kassi 1"))
        later = later_on(journal)
        for _twice in range(2):
            later.handle(reg.TotalsDelivered(None, asked_by))
        told = ToldCloses(told=1) if has_gone_on else ToldCloses(untold=1, asked_by="Kassi 1")
        assert later.view.told_closes == journal.told_closes() == told
