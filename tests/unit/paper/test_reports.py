"""What is printed of the open period: the figures as the journal has them, and nothing is ended by it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hardware.interfaces import DeviceError, Document, TextLine
from terminal.counter.menu import ReportKind
from terminal.journal.thread import Journal, JournalFile
from terminal.paper.receipt import Shop
from terminal.paper.reports import Reports
from terminal.paper.transaction_list import MOST_LINES, transaction_list
from terminal.sale.record import Record
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.totals import Close, Totals
from tests.unit.journal.journal_samples import a_sale
from tests.virtual_time import run_virtual

NOW = "2026-11-23T18:01:00.000Z"


class Paper:
    """Keeps what is printed, or has none."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.documents: list[Document] = []

    async def print_now(self, document: Document) -> None:
        if self.fault:
            raise DeviceError(self.fault)
        self.documents.append(document)

    @property
    def text(self) -> str:
        return "\n".join(item.text for document in self.documents for item in document if isinstance(item, TextLine))


def reports_on(journal: Journal, paper: Paper) -> Reports:
    return Reports(
        journal,
        paper.print_now,
        shop=Shop(),
        terminal_id="T1",
        language="is",
        columns=42,
        local_now=lambda: datetime(2026, 11, 23, 18, 1, tzinfo=UTC),
        clock_is_set=lambda: True,
    )


def test_x_report_counts_since_the_last_end_of_day_and_ends_nothing(tmp_path: Path) -> None:
    paper = Paper()

    async def scenario() -> None:
        journal = Journal(JournalFile(tmp_path / "journal.db", lambda: NOW))
        await journal.call(journal.file.open)
        journal.file.append(Record("Test", a_sale(1, State.CLOSED, Reason.PAID)))
        journal.file.append_close(Close(1, Totals()))
        journal.file.append(Record("Test", a_sale(2, State.CLOSED, Reason.PAID)))
        journal.file.append(Record("Test", a_sale(3, State.ATTENTION, Reason.REFUND_DUE)))
        reports = reports_on(journal, paper)
        for _ in range(2):
            period = await reports.open_period()
            assert (period.number, period.since) == (2, NOW)
            assert period.totals.of(Outcome.APPROVED).count == 1
            assert [sale.number for sale in period.totals.left_to_staff] == [3]
            await reports.print_x_report(period)
        assert journal.file.unprinted_receipts() == []
        await journal.close()

    run_virtual(scenario())
    assert len(paper.documents) == 2
    assert "X-YFIRLIT" in paper.text
    assert "2 (opið)" in paper.text
    assert "DAGSUPPGJÖR" not in paper.text


def test_list_of_the_day_has_what_was_begun_since_the_last_end_of_day(tmp_path: Path) -> None:
    paper = Paper()

    async def scenario() -> None:
        journal = Journal(JournalFile(tmp_path / "journal.db", lambda: NOW))
        await journal.call(journal.file.open)
        journal.file.append(Record("Test", a_sale(1, State.CLOSED, Reason.PAID)))
        journal.file.append_close(Close(1, Totals()))
        journal.file.append(Record("Test", a_sale(2, State.CLOSED, Reason.PAID)))
        journal.file.append(Record("Test", a_sale(3, State.ENTRY)))
        assert [entry.number for entry in journal.file.open_period_entries(9)] == [3, 2]
        assert [entry.number for entry in journal.file.open_period_entries(1)] == [3]
        reports = reports_on(journal, paper)
        await reports.print_for_menu(ReportKind.TRANSACTIONS)
        await reports.print_for_menu(ReportKind.X_REPORT)
        await journal.close()

    run_virtual(scenario())
    listed = [line for line in paper.text.splitlines() if " 23.11. " in f" {line} " or line.startswith(("2 ", "3 "))]
    assert [line.split()[0] for line in listed if "kr." in line] == ["2", "3"]
    assert "Í gangi" in paper.text
    assert "X-YFIRLIT" in paper.text


def test_list_of_the_busiest_day_ends_somewhere_and_says_so() -> None:
    sales = [a_sale(number, State.CLOSED, Reason.PAID) for number in range(MOST_LINES + 50, 0, -1)]
    slip = transaction_list(
        sales,
        shop=Shop(),
        terminal_id="T1",
        printed_at=datetime(2026, 11, 23, 18, 1, tzinfo=UTC),
        language="is",
        columns=32,
    )
    texts = [item.text for item in slip if isinstance(item, TextLine)]
    assert any("Eldri færslum er sleppt" in text for text in texts)
    numbers = [int(text.split()[0]) for text in texts if "kr." in text]
    assert numbers == list(range(51, MOST_LINES + 51)), "the newest, oldest first"


def test_paper_that_does_not_come_is_not_hidden(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(JournalFile(tmp_path / "journal.db", lambda: NOW))
        await journal.call(journal.file.open)
        reports = reports_on(journal, Paper("no paper"))
        try:
            with pytest.raises(DeviceError, match="no paper"):
                await reports.print_x_report(await reports.open_period())
        finally:
            await journal.close()

    run_virtual(scenario())
