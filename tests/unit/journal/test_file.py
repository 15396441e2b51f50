"""The journal's promises to those who write and look things up."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.journal.verify import verify
from terminal.sale.record import QueuedReceipt, ReceiptState, Record, RefundRecord
from terminal.sale.refund import RefundReason, RefundSource, RefundState
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.sale.totals import Close, Tally, Totals, figures, totals_of
from tests.sales import refund_of
from tests.unit.journal.journal_samples import BOTH_COPIES, a_sale, append_paid, closed, opened, read_only

# --- sales ------------------------------------------------------------------------------------------------------------


def test_a_sale_is_found_as_it_last_stood(path: Path) -> None:
    with opened(path) as journal:
        sale = append_paid(journal, 1)
        append_paid(journal, 2, until=State.CAPTURE)
        assert journal.find_sale(1) == sale
        assert journal.find_register_id("R1") == sale
        assert journal.find_sale(3) is None
        assert journal.find_register_id("R3") is None


def test_open_sales_come_oldest_first_also_after_a_start(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        second = append_paid(journal, 2, until=State.CAPTURE)
        third = append_paid(journal, 3, until=State.ENTRY)
    with opened(path) as journal:
        assert journal.open_sales() == [second, third]


def test_numbers_count_on(path: Path) -> None:
    with opened(path) as journal:
        assert journal.next_number() == 1
        append_paid(journal, 7)
        assert journal.next_number() == 8


def test_the_last_ended_sale_is_the_newest_whose_outcome_is_known(path: Path) -> None:
    with opened(path) as journal:
        assert journal.last_ended_sale() is None
        paid = append_paid(journal, 1)
        append_paid(journal, 2, until=State.CUSTOMER)
        assert journal.last_ended_sale() == paid


def test_payments_of_an_amount_are_the_whole_ones_and_a_register_finds_its_last_refund(path: Path) -> None:
    journal = opened(path)
    for number in (1, 2, 3):
        append_paid(journal, number)
    assert [sale.number for sale in journal.find_payments_of_amount(1990)] == [3, 2]
    assert journal.find_payments_of_amount(1991) == []
    assert journal.last_register_refund() is None
    for number, sale_number, register_id, reason in (
        (4, 3, "R4", None),
        (5, 2, "R5", RefundReason.REFUSED),
        (6, 1, "", RefundReason.DONE),
    ):
        source = RefundSource.REGISTER if register_id else RefundSource.COMMAND
        refund = refund_of(a_sale(sale_number), number, 10, source=source, register_id=register_id, reason=reason)
        journal.append_refund(RefundRecord("RefundRequested", refund))
    whole = [sale.number for sale in journal.find_payments_of_amount(1990)]
    assert whole == [2], "one is on its way back, one was returned in part; what was refused is still whole"
    last = journal.last_register_refund()
    assert last is not None
    assert last.number == 5


def test_a_period_ends_with_the_day(path: Path) -> None:
    with opened(path) as journal:
        first = append_paid(journal, 1)
        period = journal.open_period()
        assert (period.number, period.totals) == (1, totals_of([first]))
        journal.append_close(Close(1, period.totals))
        waiting = append_paid(journal, 2, until=State.REPORT)
        assert journal.open_period().totals == Totals()
        second = closed(waiting, Reason.PAID)
        journal.append(Record("end", second))
        period = journal.open_period()
        assert (period.number, period.totals) == (2, totals_of([second]))


def test_the_numbers_of_a_period_are_those_of_its_sales_and_refunds(path: Path) -> None:
    """Both have receipts: staff look for the paper of every number between the first and the last."""
    with opened(path) as journal:
        paid = closed(append_paid(journal, 1, until=State.REPORT), Reason.PAID)
        journal.append(Record("end", paid))
        on_its_way = refund_of(paid, 2, 600)
        journal.append_refund(RefundRecord("RefundRequested", on_its_way))
        assert journal.open_period().totals == totals_of([paid, on_its_way])
        assert journal.open_period().totals.last_number == 1, "it may still end in the next period"
        for reason, state in (
            (RefundReason.DONE, RefundState.CLOSED),
            (RefundReason.NOT_TRACEABLE, RefundState.ATTENTION),
        ):
            refund = replace(on_its_way, state=state, reason=reason)
            journal.append_refund(RefundRecord("RefundEnded", refund))
            totals = journal.open_period().totals
            assert (totals.first_number, totals.last_number) == (1, 2)
            assert totals == totals_of([paid, refund])
        journal.append_close(Close(1, totals))
        journal.append_refund(RefundRecord("RefundEnded", replace(refund, state=RefundState.CLOSED)))
        later = journal.open_period().totals
        assert (later.first_number, later.last_number, later.count) == (2, 2, 0)


def test_what_is_refunded_counts_against_the_day_only_if_an_earlier_one_had_it(path: Path) -> None:
    with opened(path) as journal:
        due = replace(closed(append_paid(journal, 1, until=State.REPORT), Reason.REFUND_DUE), state=State.ATTENTION)
        journal.append(Record("end", due))
        first = journal.open_period().totals
        assert first.charged_kr == due.amount_kr
        journal.append_close(Close(1, first))
        journal.append(Record("settled", closed(due, Reason.REFUNDED)))
        same_day = closed(append_paid(journal, 2, until=State.REPORT), Reason.REFUNDED)
        journal.append(Record("settled", same_day))
        second = journal.open_period().totals
        assert second.refunded_earlier == Tally(1, due.amount_kr)
        assert first.charged_kr + second.charged_kr == 0


def test_the_days_tell_what_staff_have_corrected_and_bill_in_all_what_is_true(path: Path) -> None:
    """A day that is over is never changed: the difference stands in the day of the correction, with who and when."""
    asked, said = Reason.NOT_TRACEABLE, {"settled_by": "anna (user 1001)", "settled_from": Reason.NOT_TRACEABLE}

    def corrected(sale: Sale, reason: Reason) -> Record:
        by = "gunnar (user 1000)"
        return Record("SettlementCorrected", replace(sale, reason=reason, corrected_from=sale.reason, settled_by=by))

    with opened(path) as journal:
        unknown = replace(closed(append_paid(journal, 1, until=State.REPORT), asked), state=State.ATTENTION)
        journal.append(Record("end", unknown))
        other = replace(closed(append_paid(journal, 2, until=State.REPORT), asked), state=State.ATTENTION)
        journal.append(Record("end", other))
        days = [journal.open_period().totals]
        journal.append_close(Close(1, days[-1]))

        paid = replace(unknown, state=State.CLOSED, reason=Reason.SETTLED_PAID, **said)
        unpaid = replace(other, state=State.CLOSED, reason=Reason.SETTLED_UNPAID, **said)
        journal.append(Record("SettledByStaff", paid))
        journal.append(Record("SettledByStaff", unpaid))
        days.append(journal.open_period().totals)
        journal.append_close(Close(2, days[-1]))

        journal.append(corrected(paid, Reason.SETTLED_UNPAID))
        journal.append(corrected(unpaid, Reason.SETTLED_PAID))
        days.append(journal.open_period().totals)
        journal.append_close(Close(3, days[-1]))

        again = replace(paid, reason=Reason.SETTLED_UNPAID)
        journal.append(corrected(again, Reason.SETTLED_PAID))
        late = replace(again, state=State.ATTENTION, reason=Reason.PAID_LATE)
        journal.append(Record("StatusReceived", late))
        days.append(journal.open_period().totals)
        journal.append_close(Close(4, days[-1]))

        assert [day.charged_kr for day in days] == [0, 1990, 1990 - 1990, 1990]
        assert days[2].corrected_earlier == Tally(1, 1990)
        assert [(one.number, one.before, one.after, one.by) for one in days[2].corrected] == [
            (1, Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, "gunnar (user 1000)"),
            (2, Reason.SETTLED_UNPAID, Reason.SETTLED_PAID, "gunnar (user 1000)"),
        ]
        assert days[2].corrected[1].at == journal.changed_at(2)
        assert [one.number for one in days[3].corrected] == [1]
        assert [day.totals for day in journal.closed_periods()] == days[::-1]
        assert [entry.event for entry in journal.entries_of("2")][-2:] == ["SettledByStaff", "SettlementCorrected"]
        assert [entry.sale.settled_by for entry in journal.entries_of("2")][-2:] == [
            "anna (user 1001)",
            "gunnar (user 1000)",
        ]
    assert verify(path).problems == ()


def test_a_refund_that_staff_have_corrected_is_taken_back_on_that_day(path: Path) -> None:
    """Done, not done after all, done: each day bills what is true by then, and none is changed."""
    with opened(path) as journal:
        paid = append_paid(journal, 1)
        refund = refund_of(paid, 2, 600, state=RefundState.CLOSED, reason=RefundReason.SETTLED_DONE)
        journal.append_refund(RefundRecord("RefundSettledByStaff", refund))
        days = [journal.open_period().totals]
        journal.append_close(Close(1, days[-1]))
        for number, reason in enumerate((RefundReason.SETTLED_NOT_DONE, RefundReason.SETTLED_DONE), 2):
            refund = replace(refund, corrected_from=refund.reason, reason=reason, settled_by="gunnar (user 1000)")
            journal.append_refund(RefundRecord("RefundSettlementCorrected", refund))
            days.append(journal.open_period().totals)
            journal.append_close(Close(number, days[-1]))
        for reason in (RefundReason.SETTLED_NOT_DONE, RefundReason.SETTLED_DONE):
            refund = replace(refund, corrected_from=refund.reason, reason=reason)
            journal.append_refund(RefundRecord("RefundSettlementCorrected", refund))
        days.append(journal.open_period().totals)
        journal.append_close(Close(4, days[-1]))
    assert verify(path).problems == ()
    assert [day.charged_kr for day in days] == [paid.amount_kr - 600, 600, -600, 0]
    assert [day.refunds_undone for day in days] == [Tally(), Tally(1, 600), Tally(), Tally()]
    assert [day.refunds for day in days] == [Tally(1, 600), Tally(), Tally(1, 600), Tally()]
    assert [len(day.corrected_refunds) for day in days] == [0, 1, 1, 2]
    assert days[1].corrected_refunds[0].by == "gunnar (user 1000)"
    assert not days[1].corrected
    assert figures(2, days[1])["corrected"][0]["after"] == RefundReason.SETTLED_NOT_DONE


@pytest.mark.parametrize("name", ["2", "T1-000002-ABCDEF", "R2"])
def test_the_story_of_a_sale_is_found_by_each_of_its_names(path: Path, name: str) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        append_paid(journal, 2, until=State.CUSTOMER)
    with read_only(path) as journal:
        story = journal.entries_of(name)
        assert [entry.event for entry in story] == ["to entry", "to authorization", "to customer"]
        assert {entry.sale.number for entry in story} == {2}
        assert journal.entries_of("nobody") == []


def test_the_list_is_newest_first_and_can_be_bounded(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        journal.append(Record("end", closed(a_sale(2), Reason.NOT_TRACEABLE)))
        append_paid(journal, 3)

        def numbers(**bounds: str | Outcome) -> list[int]:
            return [entry.sale.number for entry in journal.latest_entries(**bounds)]  # type: ignore[arg-type]

        assert numbers() == [3, 2, 1]
        assert numbers(since="2026-11-23T14:02:00.000Z") == [3, 2]
        assert numbers(until="2026-11-23T14:02:00.000Z") == [1]
        assert numbers(outcome=Outcome.UNKNOWN) == [2]


def test_a_sale_that_stands_unknown_is_listed_as_unknown_until_it_ends(path: Path) -> None:
    unknown = replace(a_sale(1, State.CAPTURE), committed=True, settling=True, misses=3)
    with opened(path) as journal:
        journal.append(Record("AnswerLost", unknown))
        assert [entry.sale for entry in journal.latest_entries(outcome=Outcome.UNKNOWN)] == [unknown]
        journal.append(Record("StatusReceived", closed(unknown, Reason.PAID)))
        assert list(journal.latest_entries(outcome=Outcome.UNKNOWN)) == []


@pytest.mark.parametrize("statement", ["UPDATE entries SET event = ''", "DELETE FROM entries", "DELETE FROM receipts"])
def test_history_cannot_be_changed(path: Path, statement: str) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
    db = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)
    db.close()


@pytest.mark.parametrize("size", [10, 2000])
def test_nothing_at_the_counter_reads_history(path: Path, size: int) -> None:
    """SQLite's own count of the steps it took must not grow with the journal."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with opened(path) as journal:
        db = journal.pair.connection
        db.execute("BEGIN")
        for number in range(size):
            db.execute(
                "INSERT INTO entries (seq, at, event, sale_number, sale, crc) VALUES (?, '', '', ?, '{}', 0)",
                (number + 1, number + 1),
            )
            db.execute(
                "INSERT INTO sales VALUES (?, ?, ?, 'closed', 'approved', '', ?, 1990, NULL, NULL)",
                (number + 1, f"T{number}", f"R{number}", number + 1),
            )
        db.execute("COMMIT")
        append_paid(journal, size + 1, until=State.CAPTURE)
        db.set_progress_handler(count, 1)
        journal.open_sales()
        journal.find_sale(size + 1)
        journal.find_register_id(f"R{size + 1}")
        journal.find_register_id("nobody")
        journal.next_number()
        journal.unprinted_receipts()
        db.set_progress_handler(None, 0)
    assert steps < 400


# --- receipts and nonces ----------------------------------------------------------------------------------------------


def test_receipts_are_queued_with_their_sale_and_keep_their_place(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        append_paid(journal, 2)
        first = journal.unprinted_receipts()[0]
        for state in (ReceiptState.PRINTING, ReceiptState.QUEUED):
            journal.note_receipt(replace(first, state=state))
        names = [(receipt.sale_number, receipt.kind) for receipt in journal.unprinted_receipts()]
        assert names == [(number, kind) for number in (1, 2) for kind in BOTH_COPIES]
        journal.note_receipt(replace(first, state=ReceiptState.PRINTED))
        assert len(journal.unprinted_receipts()) == 3


def test_a_receipt_being_printed_is_found_so_after_a_start(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        first = journal.unprinted_receipts()[0]
        journal.note_receipt(replace(first, state=ReceiptState.PRINTING, copy=1))
    with opened(path) as journal:
        found: QueuedReceipt = journal.unprinted_receipts()[0]
        assert (found.receipt_id, found.state, found.copy) == (first.receipt_id, ReceiptState.PRINTING, 1)


def test_the_nonces_mark_is_kept_and_never_goes_back(path: Path) -> None:
    with opened(path) as journal:
        assert journal.nonce_high_water() == 0
        assert not journal.answers_signed()
        journal.reserve_nonces(700)
        assert not journal.answers_signed()
        journal.reserve_nonces(500)
    with opened(path) as journal:
        assert journal.nonce_high_water() == 700
