"""The journal's own words and counts: what it raises, what is queued with what, what is known of a loss."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.errors import JournalError
from terminal.journal.backup import back_up
from terminal.journal.file import MIN_FREE_BYTES
from terminal.journal.restore import restore
from terminal.journal.thread import JournalFile
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, Record, RefundRecord, original
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close, Totals
from tests.sales import new_refund
from tests.unit.journal.closed_sales import all_is_lost
from tests.unit.journal.journal_samples import BOTH_COPIES, a_sale, append_paid, closed, opened, read_only


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def receipt_rows(journal: JournalFile) -> list[int]:
    rows = journal.rows_past(0, 10_000)
    return [json.loads(bytes(one.body))["seq"] for one in rows if one.kind == "receipt"]


def test_below_sixteen_mebibytes_no_sale_is_begun() -> None:
    assert MIN_FREE_BYTES == 16_777_216


def test_what_cannot_be_done_is_named_with_the_journals_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_asked: object) -> object:
        raise OSError(5, "the disk says no")

    with opened(path) as journal:
        for action, what, place in (
            (lambda: journal.append(Record("x", a_sale())), f"cannot write the journal {path}", "commit"),
            (journal.next_number, f"cannot read the journal {path}", "repairing"),
        ):
            with monkeypatch.context() as patched:
                patched.setattr(journal.pair, place, refuse)
                with pytest.raises(JournalError, match=f"^{what}: "):
                    action()
        monkeypatch.setattr(os, "statvfs", refuse)
        with pytest.raises(JournalError, match=r"^cannot ask for free disk space: "):
            journal.free_bytes()
        monkeypatch.setattr("terminal.journal.file.mend", refuse)
        with pytest.raises(JournalError, match=f"^cannot mend the journal {path}: "):
            journal.mend()
        journal.pair.connection.close()
        for action in (journal.chain_end, lambda: journal.rows_past(0, 1), lambda: list(journal.closed_periods())):
            with pytest.raises(JournalError, match=f"^cannot read the journal {path}: "):
                action()
    path.with_name("folder.db").mkdir()
    folder = path.with_name("folder.db")
    with pytest.raises(JournalError, match=f"^cannot open the journal {folder}: "):
        opened(folder)


def test_free_space_is_counted_in_bytes(path: Path) -> None:
    with opened(path) as journal:
        disk = os.statvfs(path.parent)
        assert journal.free_bytes() == pytest.approx(disk.f_bavail * disk.f_frsize, rel=0.2)
        assert journal.free_bytes() > 1_000_000


def test_a_sale_and_its_refund_are_written_together(path: Path) -> None:
    with opened(path) as journal:
        sale = closed(append_paid(journal, 1), Reason.REFUNDED)
        refund = new_refund(number=2, sale_number=1, reason=RefundReason.DONE, state=RefundState.CLOSED)
        before = len(journal.rows_past(0, 1000))
        journal.append_both(Record("a", sale, ()), RefundRecord("b", refund, BOTH_COPIES))
        assert journal.find_sale(1) == sale
        assert journal.find_refund(2) == refund
        assert [one.kind for one in journal.receipts_of(2)] == list(BOTH_COPIES)
        assert len(journal.rows_past(0, 1000)) == before + 4


def test_receipts_are_numbered_one_after_the_other_whatever_they_are_of(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        journal.append_close(Close(1, Totals(), is_printed=True))
        journal.append_close(Close(2, Totals(), is_printed=False))
        journal.append_receipts([replace(original(1, ReceiptKind.CUSTOMER), copy=1, receipt_id="1-customer-1")])
        append_paid(journal, 2)
        assert receipt_rows(journal) == [1, 2, 3, 4, 5, 6]
        slips = [one for one in journal.receipts_of(0) if one.kind is ReceiptKind.END_OF_DAY]
        assert [slip.period for slip in slips] == [1], "the second was not to be printed"


def test_what_is_open_or_has_changed_since_the_last_end_of_day_is_listed_newest_first(path: Path) -> None:
    with opened(path) as journal:
        first = append_paid(journal, 1)
        second = append_paid(journal, 2)
        assert journal.open_period_entries(10) == [second, first]
        journal.append_close(Close(1, Totals()))
        assert journal.open_period_entries(10) == []
        third = append_paid(journal, 3, until=State.CAPTURE)
        journal.append(Record("x", replace(first, reason=Reason.REFUND_DUE, state=State.ATTENTION)))
        assert [sale.number for sale in journal.open_period_entries(10)] == [3, 1]
        assert journal.open_period_entries(1) == [third]


def test_rows_are_read_in_order_and_so_many(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        rows = journal.rows_past(0, 1000)
        assert journal.rows_past(0, 3) == rows[:3]
        assert journal.rows_past(2, 3) == rows[2:5]


def test_without_a_loss_nothing_is_said_of_one(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        assert (journal.gap_since(), journal.first_since_loss(), journal.marks_lost_at_s()) == (None, 1, None)
        assert (journal.health, journal.repaired) == (JournalHealth.SOUND, None)
        assert journal.mend() == ["every entry was read, and where sales and receipts stand was worked out anew"]
        journal.pair.mirror_ok = False
        assert journal.health is JournalHealth.UNMIRRORED


def test_a_reader_repairs_nothing(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
    with read_only(path) as reader:
        reader.pair.repairing = lambda _read: pytest.fail("a reader repairs")  # type: ignore[method-assign]
        assert reader.next_number() == 2


def test_a_loss_is_said_until_somebody_acknowledges_it(tmp_path: Path) -> None:
    """The card was lost, and a backup without its end is put onto a new one; twice."""
    path = tmp_path / "card" / "journal.db"
    path.parent.mkdir()
    with opened(path) as journal:
        append_paid(journal, 1)
    for times in (1, 2):
        backup = tmp_path / f"backup{times}.db"
        back_up(path, backup)
        all_is_lost(path)
        restore(backup, path, datetime(2026, 11, 24, 12 + times, tzinfo=UTC))
        with opened(path) as journal:
            assert journal.health is JournalHealth.INCOMPLETE
            assert journal.gap_since() is not None
            assert journal.first_since_loss() > 2
            losses = [one.last_written_s for one in journal.repairs() if not one.is_complete]
            assert len(losses) == times
            assert journal.marks_lost_at_s() == max(losses)
            journal.append_receipts([original(9, ReceiptKind.END_OF_DAY)])
            assert journal.receipts_of(0)[-1].copy == 0, "a slip is of no sale"
            journal.append_receipts([original(1, ReceiptKind.CUSTOMER)])
            assert journal.receipts_of(1)[-1].copy == 1
