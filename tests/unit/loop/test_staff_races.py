"""Staff who settle while something else is on its way: over the real loop and journal, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from terminal.counter.inputs import EndOfDayRequested, RefundRequested
from terminal.daemon import operations
from terminal.errors import TerminalError
from terminal.loop.bookkeeper import JOURNAL_RETRY_S
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.refund import RefundSource
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, State
from tests.sales import report_for
from tests.unit.loop import loop_bench
from tests.unit.loop.loop_bench import Terminal, run, settle
from tests.unit.loop.staff_bench import answer_a_trace, miss, unknown

PAID, UNPAID = ev.Verdict.PAID, ev.Verdict.UNPAID


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def unknown_in_mid_call(terminal: Terminal) -> None:
    """It stands unknown, and a capture is on its way."""
    await terminal.pay(until=State.CAPTURE)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        await miss(terminal, ev.RefusalReceived)
    await terminal.answer(Status.RESERVED)
    await terminal.happen(ev.DeadlinePassed(terminal.sale.number, State.CAPTURE))
    assert isinstance(terminal.outside.calls[-1], fx.RequestCapture)
    assert terminal.sale.stands_unknown


def test_the_operator_hears_what_became_of_it_once_the_call_is_answered(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown_in_mid_call(terminal)
        settling = asyncio.ensure_future(settle(terminal, UNPAID))
        await asyncio.sleep(3)
        assert not settling.done(), "the answer is not known yet"
        await terminal.answer(Status.PAID)
        assert await settling == {"outcome": Outcome.APPROVED, "state": State.REPORT}
        assert terminal.sale.reason is Reason.PAID

    run(path, scenario)


def test_the_operator_is_asked_to_look_again_after_a_call_that_tells_nothing(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown_in_mid_call(terminal)
        settling = asyncio.ensure_future(settle(terminal, UNPAID))
        await asyncio.sleep(1)
        await miss(terminal, ev.AnswerLost)
        with pytest.raises(TerminalError, match="Look the sale up once more"):
            await settling
        assert terminal.sale.stands_unknown
        assert (await settle(terminal, UNPAID))["outcome"] is Outcome.CANCELLED

    run(path, scenario)


def test_a_second_word_does_not_race_with_the_first(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown_in_mid_call(terminal)
        first = asyncio.ensure_future(settle(terminal, UNPAID))
        await asyncio.sleep(1)
        with pytest.raises(TerminalError, match="cannot be settled as paid"):
            await settle(terminal, PAID)
        call = terminal.outside.calls[-1]
        await terminal.happen(ev.RefusalReceived(call.sale_number, call.call, Refusal.NOT_SENT))
        assert (await first)["outcome"] is Outcome.CANCELLED

    run(path, scenario)


def test_the_wait_for_the_call_is_bounded(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown_in_mid_call(terminal)
        with pytest.raises(TerminalError, match="is on its way"):
            await asyncio.wait_for(settle(terminal, UNPAID), operations.LONGEST_CALL_S + 1)

    run(path, scenario)


def test_what_the_disk_has_refused_is_not_carried_out_later(path: Path) -> None:
    """One answer: "no" stays "no", whatever the disk does next."""

    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        terminal.disk.is_full = True
        with pytest.raises(TerminalError, match="nothing was noted"):
            await settle(terminal, PAID)
        terminal.disk.is_full = False
        await asyncio.sleep(3 * JOURNAL_RETRY_S)
        assert terminal.sale.stands_unknown
        assert (await settle(terminal, UNPAID))["outcome"] is Outcome.CANCELLED
        settled = [record.sale.reason for record in terminal.committed if record.event == "SettledByStaff"]
        assert settled == [Reason.SETTLED_UNPAID]

    run(path, scenario)


def test_a_word_behind_what_waits_for_the_disk_is_not_kept_either(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        terminal.disk.is_full = True
        await terminal.happen(ev.PowerRestored(terminal.sale.number))
        with pytest.raises(TerminalError, match="nothing was noted"):
            await settle(terminal, PAID)
        terminal.disk.is_full = False
        await asyncio.sleep(3 * JOURNAL_RETRY_S)
        assert terminal.sale.state is State.CAPTURE

    run(path, scenario)


@pytest.mark.parametrize("next_customer", [False, True], ids=["an idle counter", "the next sale"])
def test_a_proof_of_payment_after_the_sale_has_closed_is_not_dropped(path: Path, next_customer: bool) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        question, sale = terminal.outside.calls[-1], terminal.sale
        await settle(terminal, UNPAID)
        await terminal.happen(ev.ResultAcknowledged(sale.number))
        assert terminal.loop.view.sale is None
        if next_customer:
            await terminal.pay(250, "43", until=State.CUSTOMER)
        at_the_counter = terminal.loop.view.sale
        replies = len(terminal.outside.replies)
        await terminal.happen(ev.StatusReceived(sale.number, question.call, report_for(sale, Status.PAID)))
        (reopened,) = terminal.loop.view.attention
        assert (reopened.number, reopened.reason) == (sale.number, Reason.PAID_LATE)
        assert terminal.committed[-1].receipts == (ReceiptKind.ATTENTION,)
        assert terminal.loop.view.sale == at_the_counter, "whoever is at the counter goes on"
        assert len(terminal.outside.replies) == replies
        await terminal.happen(ev.SettledByStaff(sale.number, ev.Verdict.REFUNDED))
        assert terminal.loop.view.attention == ()

    async def after_a_start(terminal: Terminal) -> None:
        stored = terminal.disk.find_sale(1)
        assert stored is not None
        assert (stored.state, stored.outcome) == (State.CLOSED, Outcome.REFUNDED)

    run(path, scenario, after_a_start)


def test_a_proof_that_the_disk_refuses_comes_again(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        question, sale = terminal.outside.calls[-1], terminal.sale
        await settle(terminal, UNPAID)
        await terminal.happen(ev.ResultAcknowledged(sale.number))
        terminal.disk.is_full = True
        await terminal.happen(ev.StatusReceived(sale.number, question.call, report_for(sale, Status.PAID)))
        assert terminal.loop.view.attention == ()
        terminal.disk.is_full = False
        await asyncio.sleep(2 * JOURNAL_RETRY_S)
        assert [one.number for one in terminal.loop.view.attention] == [sale.number]

    run(path, scenario)


def test_a_callback_about_a_closed_sale_is_asked_about(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        sale = terminal.sale
        await settle(terminal, UNPAID)
        await terminal.happen(ev.ResultAcknowledged(sale.number))
        await terminal.happen(ev.CallbackReceived(sale.number, approved=True))
        query = terminal.outside.calls[-1]
        assert isinstance(query, fx.QueryStatus)
        await terminal.happen(ev.StatusReceived(sale.number, query.call, report_for(sale, Status.PAID)))
        assert [one.reason for one in terminal.loop.view.attention] == [Reason.PAID_LATE]

    run(path, scenario)


def test_the_result_that_is_shown_is_no_longer_not_paid(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        question, sale = terminal.outside.calls[-1], terminal.sale
        await settle(terminal, UNPAID)
        await terminal.happen(ev.ResultAcknowledged(sale.number))
        assert terminal.loop.view.result is not None
        assert terminal.loop.view.result.outcome is Outcome.CANCELLED
        await terminal.happen(ev.StatusReceived(sale.number, question.call, report_for(sale, Status.PAID)))
        assert terminal.loop.view.result.outcome is Outcome.REFUND_DUE

    run(path, scenario)


async def settled_while_a_capture_hangs(terminal: Terminal) -> None:
    """The request is still in the network; the register has its answer, and the counter is free."""
    await unknown(terminal)
    sale = terminal.sale
    await settle(terminal, UNPAID)
    await terminal.happen(ev.ResultAcknowledged(sale.number))
    assert terminal.loop.view.sale is None


def test_a_settled_sale_is_asked_about_beside_the_next_one(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settled_while_a_capture_hangs(terminal)
        await answer_a_trace(terminal, Status.RESERVED)
        assert isinstance(terminal.outside.calls[-1], fx.RequestVoid)
        await answer_a_trace(terminal, Status.RESERVED)
        await terminal.pay(250, "43", until=State.CUSTOMER)
        await terminal.happen(ev.TraceDue(1))
        assert isinstance(terminal.outside.calls[-1], fx.QueryStatus)
        await answer_a_trace(terminal, Status.PAID)
        (reopened,) = terminal.loop.view.attention
        assert (reopened.number, reopened.reason) == (1, Reason.PAID_LATE)
        assert terminal.loop.view.traced == ()
        assert terminal.sale.number == 2

    run(path, scenario)


def test_a_settled_sale_is_asked_about_after_a_start(path: Path) -> None:
    async def after_a_start(terminal: Terminal) -> None:
        query = terminal.outside.calls[-1]
        assert isinstance(query, fx.QueryStatus)
        await answer_a_trace(terminal, Status.PAID)
        assert [one.reason for one in terminal.loop.view.attention] == [Reason.PAID_LATE]

    async def and_no_more_once_it_is_open_again(terminal: Terminal) -> None:
        assert terminal.loop.view.traced == ()
        assert terminal.outside.calls == []

    run(path, settled_while_a_capture_hangs, after_a_start, and_no_more_once_it_is_open_again)


def test_what_was_settled_days_ago_is_not_asked_about(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def days_later(terminal: Terminal) -> None:
        assert terminal.loop.view.traced == ()
        assert terminal.outside.calls == []

    run(path, settled_while_a_capture_hangs)
    monkeypatch.setattr(loop_bench, "NOW", "2026-11-24T12:00:01.000Z")
    run(path, days_later)


def test_an_end_of_day_does_not_count_a_settled_sale_again(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settled_while_a_capture_hangs(terminal)
        await terminal.happen(EndOfDayRequested())
        await answer_a_trace(terminal, Status.RESERVED)
        await answer_a_trace(terminal, Status.CANCELLED)
        assert not any(sale.tracing for sale in terminal.loop.view.traced)
        assert terminal.disk.open_period().totals.count == 0

    run(path, scenario)


def test_an_answer_that_comes_twice_after_the_trace_is_over_asks_for_nothing(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settled_while_a_capture_hangs(terminal)
        (sale,) = terminal.loop.view.traced
        query = terminal.outside.calls[-1]
        await answer_a_trace(terminal, Status.CANCELLED)
        calls = len(terminal.outside.calls)
        await terminal.happen(ev.StatusReceived(sale.number, query.call, report_for(sale, Status.RESERVED)))
        assert len(terminal.outside.calls) == calls

    run(path, scenario)


# --- settled wrongly --------------------------------------------------------------------------------------------------


def test_a_settlement_is_corrected_by_a_further_entry_with_who_said_so(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        await settle(terminal, PAID, by="anna (user 1001)")
        with pytest.raises(TerminalError, match="once it is closed"):
            await settle(terminal, UNPAID, correct=True)
        await terminal.happen(ev.ResultAcknowledged(1))
        with pytest.raises(TerminalError, match="settle --correct"):
            await settle(terminal, UNPAID)
        before = len(terminal.committed)
        told = await settle(terminal, UNPAID, correct=True, by="gunnar (user 1000)")
        assert told == {"outcome": Outcome.CANCELLED, "state": State.CLOSED}
        (record,) = terminal.committed[before:]
        assert (record.event, record.sale.settled_by) == ("SettlementCorrected", "gunnar (user 1000)")
        assert isinstance(terminal.outside.calls[-1], fx.QueryStatus), "it is asked about again"
        sale = record.sale
        await terminal.happen(ev.StatusReceived(1, sale.calls, report_for(sale, Status.PAID)))
        assert [sale.reason for sale in terminal.loop.view.attention] == [Reason.PAID_LATE]

    run(path, scenario)


def test_what_was_paid_and_told_by_the_service_is_not_corrected(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        await terminal.happen(ev.ResultAcknowledged(1))
        for verdict in (UNPAID, ev.Verdict.REFUNDED):
            with pytest.raises(TerminalError, match="cannot be corrected"):
                await settle(terminal, verdict, correct=True)
        for number, verdict in ((7, "paid"), ("x", "paid"), (1, "perhaps"), (None, "paid")):
            with pytest.raises(TerminalError):
                await settle(terminal, verdict, sale=number, correct=True)

    run(path, scenario)


def test_what_money_was_given_back_on_was_paid(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await unknown(terminal)
        await settle(terminal, PAID)
        await terminal.happen(ev.ResultAcknowledged(1))
        await terminal.happen(RefundRequested(number=1, amount_kr=500, source=RefundSource.COMMAND))
        with pytest.raises(TerminalError, match="while nothing was given back"):
            await settle(terminal, UNPAID, correct=True)

    run(path, scenario)


def test_a_settled_refund_is_corrected_too_but_never_to_more_than_was_paid(path: Path) -> None:
    async def refund(terminal: Terminal, amount_kr: int) -> int:
        wanted = RefundRequested(number=1, amount_kr=amount_kr, source=RefundSource.COMMAND)
        await terminal.happen(wanted)
        (one,) = [one for one in (terminal.loop.view.refund, *terminal.loop.view.refunds) if one is not None]
        return one.number

    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        await terminal.happen(ev.ResultAcknowledged(1))
        number = await refund(terminal, 1500)
        for event in (rs.RefundAnswerLost(number, 1), rs.RefundRetryDue(number)):
            await terminal.happen(event)
        await terminal.happen(rs.RefundRefused(number, 2, Refusal.REQUEST_NOT_VALID))
        with pytest.raises(TerminalError, match="only what staff have settled"):
            await settle(terminal, "refunded", sale=number, correct=True)
        assert (await settle(terminal, "refunded", sale=number))["outcome"] == "refunded"
        with pytest.raises(TerminalError, match="is a refund"):
            await settle(terminal, "paid", sale=number, correct=True)
        told = await settle(terminal, "unpaid", sale=number, correct=True, by="gunnar (user 1000)")
        assert told == {"outcome": "refused", "state": "closed"}
        again = await refund(terminal, 1500)
        await terminal.happen(rs.RefundConfirmed(again, 1))
        with pytest.raises(TerminalError, match="as long as no more is given back"):
            await settle(terminal, "refunded", sale=number, correct=True)

    run(path, scenario)
