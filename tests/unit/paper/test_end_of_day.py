"""The slip of an end of day: queued with the end itself, printed once, and whole on every paper."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from msgspec.structs import replace

from hardware.interfaces import Cut, TextLine
from hardware.printer.encoder import to_codepage
from hardware.simulated import SimulatedPrinter
from terminal.counter import register_words as reg
from terminal.counter.inputs import EndOfDayRequested, Input, ReprintRequested
from terminal.counter.rules import CounterRules
from terminal.journal.thread import Journal, JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.printing import ReceiptPrinting
from terminal.paper.receipt import Shop
from terminal.sale.effects import ReceiptKind
from terminal.sale.money import format_kr
from terminal.sale.record import Record, original
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.totals import Close, ClosedPeriod, Totals, totals_of
from tests.each import each
from tests.golden.samples import GOLDEN, LANGUAGES, SHOP
from tests.golden.slips import DAY_CASES, DAYS, LISTS, X_REPORTS, as_text, day_path, day_slip
from tests.unit.journal.journal_samples import a_sale, opened
from tests.virtual_time import run_virtual

NOW = "2026-11-23T18:01:00.000Z"
DUE = a_sale(3, State.ATTENTION, Reason.REFUND_DUE)
LAST = ReprintRequested(kinds=(ReceiptKind.END_OF_DAY,))


def bookkeeper_on(journal: JournalFile, **rules: bool) -> Bookkeeper:
    bookkeeper = Bookkeeper(CounterRules(**rules), journal, Names("T1", lambda: NOW))  # type: ignore[arg-type]
    bookkeeper.start()
    return bookkeeper


def write_a_day(journal: JournalFile) -> None:
    journal.append(Record("Test", a_sale(1, State.CLOSED, Reason.PAID)))
    journal.append(Record("Test", a_sale(2, State.CLOSED, Reason.CUSTOMER_DECLINED)))
    journal.append(Record("Test", DUE))


# --- the end, and its slip with it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [EndOfDayRequested(), reg.TotalsRequest(close=True)])
def test_slip_is_queued_with_the_end_of_day(tmp_path: Path, asked: Input) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write_a_day(journal)
        decision = bookkeeper_on(journal).handle(asked).decision
        assert decision.queues_receipts
        assert journal.unprinted_receipts() == [original(1, ReceiptKind.END_OF_DAY)]
        period = journal.closed_period()
        assert period is not None
        assert (period.number, period.since) == (1, None)
        declined = journal.find_sale(2)
        assert declined is not None
        assert period.totals == totals_of([a_sale(1, State.CLOSED, Reason.PAID), declined, DUE], [DUE])
        assert journal.open_period().number == 2


def test_slip_and_end_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        other = sqlite3.connect(tmp_path / "journal.db")
        other.execute("CREATE TRIGGER no_paper BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'no paper'); END")
        other.close()
        assert bookkeeper_on(journal).handle(EndOfDayRequested()).decision.close is None
        assert journal.closed_period() is None


def test_slip_that_the_register_prints_is_handed_to_it_and_not_queued(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(EndOfDayRequested())
        before = journal.closed_period(1)
        assert before is not None
        write_a_day(journal)
        (report,) = bookkeeper.handle(reg.TotalsRequest(close=True, prints_slip=True)).decision.replies
        assert isinstance(report, reg.TotalsReport)
        ended = journal.closed_period(2)
        assert ended is not None
        assert ended.head == journal.rows_past(journal.chain_end().seq - 2, 1)[0].hash, "a mark of the register follows"
        head = ended.head
        assert report.slip == ClosedPeriod(number=2, since=before.until, until=NOW, totals=report.totals, head=head)
        assert [receipt.period for receipt in journal.unprinted_receipts()] == [1]
        assert [receipt.copy for receipt in bookkeeper.handle(LAST).decision.receipts] == [0]
        (report,) = bookkeeper.handle(reg.TotalsRequest(prints_slip=True)).decision.replies
        assert isinstance(report, reg.TotalsReport)
        assert report.slip is None


def test_without_a_printer_no_slip_is_queued(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        assert bookkeeper_on(journal, has_printer=False).handle(EndOfDayRequested()).decision.close is not None
        assert journal.unprinted_receipts() == []


def test_day_does_not_end_while_a_sale_is_open(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(reg.SaleRequest(1990, "42"))
        assert bookkeeper.handle(EndOfDayRequested()).decision.close is None
        assert journal.closed_period() is None


def test_what_earlier_days_left_to_staff_is_listed_until_it_is_settled(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        write_a_day(journal)
        bookkeeper = bookkeeper_on(journal)
        bookkeeper.handle(EndOfDayRequested())
        bookkeeper.handle(EndOfDayRequested())
        first, second = journal.closed_period(1), journal.closed_period(2)
        assert first is not None
        assert second is not None
        assert [sale.number for sale in second.totals.left_to_staff] == [3]
        assert second.totals.count == 0
        assert second.since == first.until


def test_end_of_day_of_an_older_program_has_no_list(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.append_close(Close(1, Totals()))
        with sqlite3.connect(tmp_path / "journal.db") as db:
            db.execute("DROP TRIGGER closes_update")
            db.execute('UPDATE closes SET totals = \'{"by_outcome":{},"first_number":null,"last_number":null}\'')
        period = journal.closed_period(1)
        assert period is not None
        assert period.totals == Totals()


# --- once more --------------------------------------------------------------------------------------------------------


def test_last_end_of_day_or_any_is_printed_again_as_a_copy(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        bookkeeper = bookkeeper_on(journal)
        assert bookkeeper.handle(LAST).decision.receipts == ()
        for _ in range(2):
            bookkeeper.handle(EndOfDayRequested())
        (second,) = bookkeeper.handle(LAST).decision.receipts
        (first,) = bookkeeper.handle(ReprintRequested(1, (ReceiptKind.END_OF_DAY,))).decision.receipts
        (again,) = bookkeeper.handle(LAST).decision.receipts
        told = [(one.receipt_id, one.period, one.sale_number, one.copy) for one in (second, first, again)]
        assert told == [("2-end_of_day-1", 2, 0, 1), ("1-end_of_day-1", 1, 0, 1), ("2-end_of_day-2", 2, 0, 2)]
        assert bookkeeper.handle(ReprintRequested(3, (ReceiptKind.END_OF_DAY,))).decision.receipts == ()


def test_slip_comes_out_once(tmp_path: Path) -> None:
    printer = SimulatedPrinter(columns=48)

    async def scenario() -> None:
        journal = Journal(JournalFile(tmp_path / "journal.db", lambda: NOW))
        await journal.call(journal.file.open)
        write_a_day(journal.file)
        bookkeeper_on(journal.file).handle(EndOfDayRequested())
        printing = ReceiptPrinting(
            printer,
            journal,
            lambda _event: None,
            shop=Shop(),
            terminal_id="T1",
            language="is",
            local_now=lambda: datetime(2026, 11, 23, 18, 1, tzinfo=UTC),
        )
        assert await printing.print_waiting()
        assert await printing.print_waiting()
        await journal.close()

    run_virtual(scenario())
    (slip,) = [receipt.text for receipt in printer.receipts if receipt.cut]
    assert "DAGSUPPGJÖR" in slip
    assert "T1-000003-ABCDEF" in slip


def test_slip_of_a_period_that_is_not_there_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.append_receipts([original(7, ReceiptKind.END_OF_DAY)])
        bookkeeper_on(journal).handle(EndOfDayRequested())
        printer = SimulatedPrinter(columns=48)

        async def scenario() -> None:
            printing = ReceiptPrinting(
                printer, Journal(journal), lambda _event: None, shop=Shop(), terminal_id="T1", language="is"
            )
            await printing.print_waiting()

        asyncio.run(scenario())
        assert len(printer.receipts) == 1


# --- on paper ---------------------------------------------------------------------------------------------------------


def test_slips_read_as_golden() -> None:
    with each() as case:
        for day in DAY_CASES:
            with case(*day):
                golden = day_path(*day).read_text(encoding="utf-8")
                assert as_text(day_slip(*day), day[-1]) == golden, "look at it, then python -m tests.golden"


def test_no_golden_slip_is_left_over() -> None:
    assert set(GOLDEN.glob("days/*/*.txt")) == {day_path(*day) for day in DAY_CASES}


def test_nothing_is_wider_than_the_paper_or_missing_from_the_code_page() -> None:
    with each() as case:
        for name, language, columns in product((*DAYS, *X_REPORTS, *LISTS), LANGUAGES, (24, 32, 42, 48, 64)):
            slip = day_slip(name, language, columns)
            with case(name, language, columns):
                assert isinstance(slip[-1], Cut)
                for line in slip:
                    if isinstance(line, TextLine):
                        assert len(line.text) <= (columns // 2 if line.double else columns)
                        assert to_codepage(line.text, "CP858") == line.text


def test_largest_sums_are_whole() -> None:
    sales = [replace(a_sale(number, State.CLOSED, Reason.PAID), amount_kr=99_999_999) for number in range(1, 999)]
    period = replace(DAYS["busy"][0], totals=totals_of(sales))
    slip = end_of_day_slip(
        period, copy=False, shop=SHOP, terminal_id="T1", printed_at=datetime.now(UTC), language="is", columns=32
    )
    text = "\n".join(line.text for line in slip if isinstance(line, TextLine))
    assert format_kr(period.totals.of(Outcome.APPROVED).sum_kr) in text
