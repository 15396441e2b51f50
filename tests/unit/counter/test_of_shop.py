"""Staff want a receipt again: marked as a copy, under an id of its own, on disk in one commit before it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.inputs import ReprintLookedUp, ReprintRequested
from terminal.counter.of_shop import MOST_PRINTS
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Reason, State, Terms
from tests.golden.samples import SALE

NOW = "2026-11-23T12:00:00.000Z"
CUSTOMER, MERCHANT = ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT
PAID = replace(SALE, number=7, state=State.CLOSED, reason=Reason.PAID)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalFile]:
    file = JournalFile(tmp_path / "journal.db", lambda: NOW)
    file.open()
    file.append(Record("ResultAcknowledged", PAID, (CUSTOMER, MERCHANT)))
    for receipt in file.unprinted_receipts():
        file.note_receipt(replace(receipt, state=ReceiptState.PRINTED))
    yield file
    file.close()


def bookkeeper_of(journal: JournalFile) -> Bookkeeper:
    return Bookkeeper(CounterRules(), journal, Names("T1", lambda: NOW))


def test_copy_is_queued_under_an_id_of_its_own(journal: JournalFile) -> None:
    handled = bookkeeper_of(journal).handle(ReprintRequested(7))
    expected = QueuedReceipt("7-customer-1", 7, CUSTOMER, 1, ReceiptState.QUEUED)
    assert handled.decision.receipts == (expected,)
    assert journal.unprinted_receipts() == [expected]


def test_each_reprint_is_another_copy(journal: JournalFile) -> None:
    bookkeeper = bookkeeper_of(journal)
    for _ in range(3):
        bookkeeper.handle(ReprintRequested(7, (CUSTOMER, MERCHANT)))
    queued = [(receipt.receipt_id, receipt.copy) for receipt in journal.unprinted_receipts()]
    assert queued == [(f"7-{kind}-{count}", count) for count in (1, 2, 3) for kind in (CUSTOMER, MERCHANT)]


def test_copy_comes_after_one_that_a_power_cut_made(journal: JournalFile) -> None:
    journal.note_receipt(QueuedReceipt("7-customer-0", 7, CUSTOMER, 1, ReceiptState.QUEUED))
    (receipt,) = bookkeeper_of(journal).handle(ReprintRequested(7)).decision.receipts
    assert (receipt.receipt_id, receipt.copy) == ("7-customer-1", 2)


def test_without_a_number_it_is_the_sale_that_ended_last(journal: JournalFile) -> None:
    journal.append(Record("SaleRequested", replace(SALE, number=8, register_id="8")))
    (receipt,) = bookkeeper_of(journal).handle(ReprintRequested()).decision.receipts
    assert receipt.sale_number == 7


def test_first_receipt_of_a_sale_that_had_none_is_no_copy(journal: JournalFile) -> None:
    declined = replace(SALE, number=9, register_id="9", state=State.CLOSED, reason=Reason.CUSTOMER_DECLINED)
    journal.append(Record("ResultAcknowledged", declined))
    (receipt,) = bookkeeper_of(journal).handle(ReprintRequested(9)).decision.receipts
    assert (receipt.receipt_id, receipt.copy) == ("9-customer-1", 0)


def test_of_a_sale_that_is_left_to_staff_the_slip_is_printed_again(journal: JournalFile) -> None:
    due = replace(SALE, number=9, register_id="9", state=State.ATTENTION, reason=Reason.REFUND_DUE)
    journal.append(Record("ResultRejected", due, (ReceiptKind.ATTENTION,)))
    (receipt,) = bookkeeper_of(journal).handle(ReprintRequested()).decision.receipts
    assert (receipt.receipt_id, receipt.copy) == ("9-attention-1", 1)
    journal.append(Record("SettledByStaff", replace(due, state=State.CLOSED, reason=Reason.REFUNDED)))
    (receipt,) = bookkeeper_of(journal).handle(ReprintRequested(9)).decision.receipts
    assert (receipt.receipt_id, receipt.copy) == ("9-customer-1", 0)


def test_receipt_that_was_asked_for_early_does_not_stand_in_for_the_sales_own(journal: JournalFile) -> None:
    due = replace(SALE, number=9, register_id="9", state=State.ATTENTION, reason=Reason.REFUND_DUE)
    journal.append(Record("ResultRejected", due))
    bookkeeper_of(journal).handle(ReprintRequested(9, (CUSTOMER,)))
    journal.append(Record("SettledByStaff", replace(due, state=State.CLOSED, reason=Reason.SETTLED_PAID), (CUSTOMER,)))
    ids = [(receipt.receipt_id, receipt.copy) for receipt in journal.unprinted_receipts()]
    assert ids == [("9-customer-1", 0), ("9-customer-0", 0)]


def test_receipt_that_a_sale_queues_by_itself_is_queued_once_however_often_that_is_tried(journal: JournalFile) -> None:
    journal.append(Record("ResultAcknowledged", PAID, (CUSTOMER, MERCHANT)))
    assert journal.unprinted_receipts() == []


def test_nothing_is_printed_by_hand_that_the_register_can_still_refuse(journal: JournalFile) -> None:
    told = replace(PAID, number=9, register_id="9", state=State.REPORT, terms=Terms(final_when_taken=True))
    journal.append(Record("StatusReceived", told))
    assert bookkeeper_of(journal).handle(ReprintRequested(9)).decision.receipts == ()


@pytest.mark.parametrize("number", [0, 99, 10])
def test_nothing_is_printed_of_a_sale_that_is_not_there_or_still_open(journal: JournalFile, number: int) -> None:
    journal.append(Record("SaleRequested", replace(SALE, number=10, register_id="10")))
    assert bookkeeper_of(journal).handle(ReprintRequested(number)).decision.receipts == ()
    assert journal.unprinted_receipts() == []


def test_prints_of_one_receipt_are_bounded() -> None:
    earlier = tuple(
        QueuedReceipt(f"7-customer-{index}", 7, CUSTOMER, index, ReceiptState.PRINTED) for index in range(MOST_PRINTS)
    )
    asked = ReprintLookedUp(sale=PAID, kinds=(CUSTOMER, MERCHANT), earlier=earlier)
    (receipt,) = decide(View(), asked, CounterRules()).receipts
    assert receipt.kind is MERCHANT
