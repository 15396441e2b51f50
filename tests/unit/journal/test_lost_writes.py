"""A card that says "written" and did not: the page is whole, well-formed, and old. Nothing in it looks like damage."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from terminal.journal import check
from terminal.journal.thread import JournalFile
from terminal.sale.record import JournalHealth, ReceiptState, Record
from terminal.sale.sale import Reason, State
from tests.unit.journal.journal_samples import append_paid, closed, opened

PAGE_BYTES = 4096
SALES = 36


class Pages(NamedTuple):
    """A journal's folder, its database at an earlier checkpoint, and what it answers."""

    folder: Path
    earlier: bytes
    answers: object


def answers(journal: JournalFile) -> object:
    """What decides whether something is paid twice, settled, or printed."""
    return [
        journal.open_sales(),
        journal.next_number(),
        [journal.find_register_id(f"R{number}") for number in range(1, SALES + 2)],
        journal.last_ended_sale(),
        journal.unprinted_receipts(),
        [journal.receipts_of(number) for number in range(1, SALES + 1)],
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("written") / "journal"
    path = folder / "journal.db"
    with opened(path) as journal:
        for number in range(1, 31):
            append_paid(journal, number)
        waiting = append_paid(journal, 31, until=State.REPORT)
        db = journal.pair.connection
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        earlier = path.read_bytes()
        journal.append(Record("ResultAcknowledged", closed(waiting, Reason.PAID)))
        for number in range(32, SALES):
            append_paid(journal, number)
        for receipt in journal.unprinted_receipts()[:40]:
            journal.note_receipt(replace(receipt, state=ReceiptState.PRINTED))
        append_paid(journal, SALES, until=State.CAPTURE)  # as a power cut finds it
        answered = answers(journal)
    return Pages(folder, earlier, answered)


@pytest.mark.parametrize("most_checked_bytes", [pytest.param(check.MOST_CHECKED_BYTES, marks=pytest.mark.slow), 0])
def test_any_page_that_was_not_written_is_noticed_and_nothing_is_missing(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_checked_bytes: int
) -> None:
    """Also in a journal that is too large to be looked through at a start."""
    monkeypatch.setattr(check, "MOST_CHECKED_BYTES", most_checked_bytes)
    newest = (pages.folder / "journal.db").read_bytes()
    lost = 0
    for start in range(0, len(pages.earlier), PAGE_BYTES):
        page = pages.earlier[start : start + PAGE_BYTES]
        if page == newest[start : start + PAGE_BYTES]:
            continue
        lost += 1
        copy = tmp_path / str(start)
        shutil.copytree(pages.folder, copy)
        (copy / "journal.db").write_bytes(newest[:start] + page + newest[start + PAGE_BYTES :])
        with opened(copy / "journal.db") as journal:
            assert answers(journal) == pages.answers, f"page {start // PAGE_BYTES + 1}"
        shutil.rmtree(copy)
    assert lost >= 10, "hardly a page changed in between: this proves little"


def test_a_start_does_not_read_all_of_a_large_journal(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of years would take longer than a start may."""

    def looked_at(deadline_s: float | None) -> list[str]:
        asked: list[str] = []
        with opened(pages.folder / "journal.db") as journal:
            db = journal.pair.connection
            db.set_trace_callback(asked.append)
            check.check(db, deadline_s)
            db.set_trace_callback(None)
        return [statement for statement in asked if "integrity_check" in statement]

    everything = "PRAGMA integrity_check(1)"
    assert looked_at(60.0)[-1] == everything
    monkeypatch.setattr(check, "MOST_CHECKED_BYTES", 4096)
    assert looked_at(60.0)[:2] == ["PRAGMA integrity_check(sales)", "PRAGMA integrity_check(receipt_queue)"]
    assert everything not in looked_at(60.0)
    assert looked_at(None)[-1] == everything


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sales SET state = 'report', seq = seq - 1 WHERE number = 31",
        "UPDATE sales SET state = 'closed' WHERE number = 36",
        "UPDATE sales SET outcome = 'declined' WHERE number = 35",
        "UPDATE sales SET register_id = 'R0' WHERE number = 35",
        "DELETE FROM sales WHERE number = 36",
        "UPDATE receipt_queue SET state = 'printing' WHERE receipt_id = '34-customer-0'",
        "DELETE FROM receipt_queue WHERE receipt_id = '34-customer-0'",
        "INSERT INTO receipt_queue VALUES (1, '1-customer-0', 1, 'customer', 0, 'queued', 0)",
        "DROP TRIGGER entries_delete; DELETE FROM entries WHERE sale_number = 30",
        "DROP TRIGGER receipts_delete; DELETE FROM receipts WHERE sale_number = 30",
    ],
)
def test_an_old_page_that_its_indexes_agree_with_is_noticed(pages: Pages, tmp_path: Path, statement: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(pages.folder, copy)
    with contextlib.closing(sqlite3.connect(copy / "journal.db")) as db:
        db.executescript(statement)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with opened(copy / "journal.db") as journal:
        assert journal.health is JournalHealth.REPAIRED
        assert answers(journal) == pages.answers
