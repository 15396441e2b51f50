"""The queue of receipts alone: what each is made of, what is left out and why, and when its end is on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hardware.interfaces import Document, TextLine
from terminal.journal.thread import JournalFile
from terminal.paper.queue import ReceiptQueue
from terminal.paper.receipt import Shop
from terminal.paper.reconciliation import Reconciled
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record, RefundRecord, original
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close, totals_of
from tests.each import each_of
from tests.golden.samples import REFUND
from tests.unit.journal.journal_samples import a_sale, opened

CUSTOMER, MERCHANT, END_OF_DAY = ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT, ReceiptKind.END_OF_DAY
PAID = replace(a_sale(7, State.CLOSED, Reason.PAID), language="en")
RECONCILED = Reconciled(first="2026-11-22", last="2026-11-23", agree=12, differ=0, not_asked=0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    with opened(tmp_path / "journal.db") as journal:
        yield journal


def queue_on(journal: JournalFile, **more: Any) -> ReceiptQueue:
    return ReceiptQueue(
        journal,
        shop=Shop(),
        terminal_id="T1",
        language="is",
        columns=42,
        local_now=lambda: datetime(2026, 11, 23, 18, 1, tzinfo=UTC),
        clock_is_set=lambda: True,
        **more,
    )


def text_of(document: Document) -> str:
    return "\n".join(item.text for item in document if isinstance(item, TextLine))


def next_text(queue: ReceiptQueue) -> str:
    job = queue.next_job()
    assert job is not None
    return text_of(job.document)


@each_of(("kind", "text"), [(CUSTOMER, "Customer copy"), (MERCHANT, "Eintak söluaðila")])
def test_the_customers_copy_is_in_the_customers_language(tmp_path: Path, kind: ReceiptKind, text: str) -> None:
    with opened(tmp_path / f"{kind}.db") as journal:
        journal.append(Record("Test", PAID, (kind,)))
        assert text in next_text(queue_on(journal))


def test_a_refunds_receipt_is_made_of_the_refund(journal: JournalFile) -> None:
    journal.append_refund(RefundRecord("Test", REFUND, (CUSTOMER,)))
    assert REFUND.reference in next_text(queue_on(journal))


def test_the_days_slip_says_what_was_reconciled_and_that_the_paper_ends(journal: JournalFile) -> None:
    for number in (1, 2):
        journal.append_close(Close(number, totals_of(()), is_printed=True))
    plain = next_text(queue_on(journal))
    whole = next_text(queue_on(journal, paper_is_low=lambda: True, reconciled=lambda: RECONCILED))
    for part in ("22.11.2026-23.11.2026", "Pappír á þrotum"):
        assert (part in plain, part in whole) == (False, True)


@each_of(
    ("receipt", "why"),
    [
        (original(9, CUSTOMER), "its sale is not in the journal"),
        (original(8, CUSTOMER), "its sale has not ended"),
        (original(3, END_OF_DAY), "its end of day is not in the journal"),
    ],
)
def test_what_cannot_be_made_is_left_out_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, receipt: QueuedReceipt, why: str
) -> None:
    with opened(tmp_path / f"{receipt.receipt_id}.db") as journal:
        journal.append(Record("Test", a_sale(8, State.CUSTOMER)))
        journal.append_receipts([receipt])
        caplog.clear()
        assert queue_on(journal).next_job() is None
    assert caplog.messages == [f"receipt {receipt.receipt_id} is left out: {why}; see: netgiro-terminal journal verify"]


@each_of(
    ("name", "end", "states"),
    [
        ("printed", lambda queue, job: queue.printed(job), []),
        ("not begun", lambda queue, job: queue.not_printed(job, may_be_on_paper=False), [ReceiptState.QUEUED]),
        ("in doubt", lambda queue, job: queue.not_printed(job, may_be_on_paper=True), [ReceiptState.QUEUED_AGAIN]),
    ],
)
def test_what_became_of_a_receipt_is_on_disk_at_once(
    tmp_path: Path, name: str, end: Callable[[ReceiptQueue, Any], None], states: list[ReceiptState]
) -> None:
    with opened(tmp_path / f"{name}.db") as journal:
        journal.append(Record("Test", PAID, (CUSTOMER,)))
        queue = queue_on(journal)
        end(queue, queue.next_job())
        assert [one.state for one in journal.unprinted_receipts()] == states
