"""The loop when the disk says no: nothing leaves, nothing is called done, and it goes on when the disk is well."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import (
    ConditionsChanged,
    EndOfDayRequested,
    Input,
    JournalTrialDue,
    KeyPressed,
    QuestionRead,
)
from terminal.counter.menu import MenuRules, Page
from terminal.counter.menu_codes import CodeJudged, CodeVerdict
from terminal.journal.thread import MIN_FREE_BYTES
from terminal.loop.bookkeeper import JOURNAL_RETRY_S, NEARLY_FULL_RETRY_S
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Outcome, Reason, State
from tests.unit.loop.loop_bench import Terminal, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


# --- a disk that says no ----------------------------------------------------------------------------------------------


def test_a_full_disk_refuses_a_new_sale_and_takes_the_next_one_when_it_is_well_again(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        terminal.disk.is_full = True
        await terminal.happen(reg.SaleRequest(1990, "42"))
        assert isinstance(terminal.last_reply, reg.RequestRefused)
        assert terminal.last_reply.code is reg.RefusalCode.UNAVAILABLE
        assert terminal.loop.view.sale is None
        assert not terminal.loop.view.conditions.journal_ok
        terminal.disk.is_full = False
        await terminal.happen(reg.SaleRequest(1990, "42"))
        assert terminal.last_reply == reg.SaleAccepted("42")
        assert terminal.loop.view.conditions.journal_ok
        assert terminal.sale.number == 1, "no number is used up by a sale that never was"

    run(path, scenario)


def test_what_staff_say_of_a_receipt_is_retried_and_its_commit_shows_that_the_disk_is_well(path: Path) -> None:
    doubt = QueuedReceipt("7-customer-0", 7, ReceiptKind.CUSTOMER, 1, ReceiptState.DOUBTFUL)

    async def scenario(terminal: Terminal) -> None:
        terminal.disk.append_receipts([doubt])
        await terminal.happen(ConditionsChanged({"receipt_in_doubt": doubt}))
        await terminal.happen(QuestionRead(terminal.loop.view.question.turn))
        terminal.disk.is_full = True
        await terminal.press("*")
        await terminal.happen(ConditionsChanged({}))
        assert not terminal.loop.view.conditions.journal_ok
        assert terminal.disk.unprinted_receipts() == [doubt]
        terminal.disk.is_full = False
        await asyncio.sleep(2 * JOURNAL_RETRY_S)
        assert terminal.disk.unprinted_receipts() == [replace(doubt, state=ReceiptState.QUEUED_AGAIN, copy=2)]
        assert terminal.loop.view.conditions.journal_ok
        assert terminal.loop.view.judged is None

    run(path, scenario)


@pytest.mark.parametrize("by_clock", [True, False])
def test_an_end_of_day_that_the_disk_did_not_take_comes_again_or_is_told(path: Path, by_clock: bool) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.ENTRY)
        await terminal.press("*")
        await terminal.happen(reg.ResultDelivered("42"))
        await terminal.press("*")
        terminal.disk.is_full = True
        if by_clock:
            assert (await terminal.happen(EndOfDayRequested(due_at="2026-11-23T22:00:00.000Z"))).failure
        else:
            await terminal.press("D5#")
            await terminal.happen(ConditionsChanged({}))
        assert (terminal.loop.view.menu.page is Page.NOT_WRITTEN) != by_clock
        terminal.disk.is_full = False
        await asyncio.sleep(2 * JOURNAL_RETRY_S)
        await terminal.happen(ConditionsChanged({}))
        assert (terminal.disk.closed_period() is not None) == by_clock

    run(path, scenario)


def test_a_word_of_staff_that_the_disk_did_not_take_is_answered_and_can_be_said_again(path: Path) -> None:
    async def leave_to_staff(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        due = replace(terminal.sale, state=State.ATTENTION, reason=Reason.REFUND_DUE, committed=True)
        terminal.disk.append(Record("ResultRejected", due))

    async def settle(terminal: Terminal) -> None:
        await terminal.press("D#1234#")
        await terminal.happen(CodeJudged(CodeVerdict.RIGHT))
        await terminal.press("1#")
        await terminal.happen(ConditionsChanged({}))

    async def scenario(terminal: Terminal) -> None:
        terminal.disk.is_full = True
        await settle(terminal)
        assert terminal.loop.view.menu.page is Page.NOT_WRITTEN
        assert len(terminal.loop.view.attention) == 1
        await terminal.press("*")
        terminal.disk.is_full = False
        await settle(terminal)
        assert terminal.loop.view.menu.page is Page.DONE
        assert terminal.loop.view.attention == ()

    run(path, leave_to_staff, scenario, menu=MenuRules(has_staff_code=True))


def test_a_disk_that_is_well_again_is_noticed_though_nothing_waits_for_it(path: Path) -> None:
    """Else a question about a receipt waits behind "the journal cannot be written" until the next sale."""

    async def scenario(terminal: Terminal) -> None:
        terminal.disk.is_full = True
        for _ in range(3):
            await terminal.happen(reg.SaleRequest(1990, "42"))
        await asyncio.sleep(5.5 * JOURNAL_RETRY_S)
        assert not terminal.loop.view.conditions.journal_ok
        assert terminal.story.count("disk tried") == 5, "one trial at a time"
        terminal.disk.is_full = False
        mark = terminal.disk.nonce_high_water()
        await asyncio.sleep(2 * JOURNAL_RETRY_S)
        assert terminal.loop.view.conditions.journal_ok
        assert terminal.disk.nonce_high_water() == mark + 1
        tried = terminal.story.count("disk tried")
        await asyncio.sleep(60)
        assert terminal.story.count("disk tried") == tried, "no more than that"

    run(path, scenario)


def test_a_nearly_full_disk_is_not_tried_again_and_again(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        terminal.disk.free = MIN_FREE_BYTES - 1
        await terminal.happen(reg.SaleRequest(1990, "42"))
        await asyncio.sleep(60)
        assert not terminal.loop.view.conditions.journal_ok
        assert "disk tried" not in terminal.story

    run(path, scenario)


def test_a_disk_that_has_room_again_is_noticed_within_a_minute_though_nobody_looks(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        terminal.disk.free = MIN_FREE_BYTES - 1
        await terminal.happen(reg.SaleRequest(1990, "42"))
        await asyncio.sleep(3600)
        assert not terminal.loop.view.conditions.journal_ok
        terminal.disk.free = MIN_FREE_BYTES
        await asyncio.sleep(NEARLY_FULL_RETRY_S + 0.1)
        assert terminal.loop.view.conditions.journal_ok
        await asyncio.sleep(3600)
        assert terminal.story.count("disk tried") == 1

    run(path, scenario)


@pytest.mark.parametrize("look", [reg.ConditionRequest(), KeyPressed("B"), JournalTrialDue(is_look=True)], ids=str)
def test_a_disk_that_has_room_again_is_noticed_by_whoever_looks(path: Path, look: Input) -> None:
    """A register that asks whether the terminal can sell would not ask for a sale, so no commit would show it."""

    async def scenario(terminal: Terminal) -> None:
        terminal.disk.free = MIN_FREE_BYTES - 1
        await terminal.happen(reg.SaleRequest(1990, "42"))
        await asyncio.sleep(60)
        await terminal.happen(look)
        assert not terminal.loop.view.conditions.journal_ok
        terminal.disk.free = MIN_FREE_BYTES
        await terminal.happen(look)
        assert terminal.loop.view.conditions.journal_ok
        if isinstance(look, reg.ConditionRequest):
            assert isinstance(terminal.last_reply, reg.TerminalCondition)
            assert terminal.last_reply.journal_ok, "already in this answer"
        await terminal.happen(look)
        assert terminal.story.count("disk tried") == 1, "a look at a journal that works costs no write"

    run(path, scenario)


def test_a_look_at_a_disk_that_is_still_full_begins_no_trials_of_its_own(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        terminal.disk.is_full = True
        await terminal.happen(ConditionsChanged({"journal_ok": False}))
        for _ in range(3):
            await terminal.happen(JournalTrialDue(is_look=True))
        await asyncio.sleep(60)
        assert terminal.story.count("disk tried") == 3
        assert not terminal.loop.view.conditions.journal_ok

    run(path, scenario)


def test_an_end_of_day_shows_that_the_disk_is_well(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.happen(ConditionsChanged({"journal_ok": False}))
        await terminal.happen(EndOfDayRequested())
        assert terminal.loop.view.conditions.journal_ok

    run(path, scenario)


def test_a_nearly_full_disk_takes_no_new_sale_but_ends_the_open_one(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        terminal.disk.free = MIN_FREE_BYTES - 1
        await terminal.answer(Status.RESERVED)
        await terminal.answer(Status.PAID)
        await terminal.happen(reg.ResultDelivered("42"))
        await terminal.happen(reg.SaleRequest(1990, "43"))
        assert isinstance(terminal.last_reply, reg.RequestRefused)
        await terminal.happen(reg.SaleRequest(1990, "42"))
        assert isinstance(terminal.last_reply, reg.SaleResult), "a stored result needs no space"

    run(path, scenario)


def test_a_capture_that_could_not_be_written_does_not_leave_until_it_is(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        terminal.disk.is_full = True
        await terminal.answer(Status.RESERVED)
        assert terminal.sale.state is State.CUSTOMER, "the sale stays where it was"
        await asyncio.sleep(10 * JOURNAL_RETRY_S)
        assert "do RequestCapture" not in terminal.story
        terminal.disk.is_full = False
        await asyncio.sleep(JOURNAL_RETRY_S + 0.1)
        assert terminal.sale.state is State.CAPTURE
        assert terminal.story.count("do RequestCapture") == 1

    run(path, scenario)


def test_a_payment_is_told_and_printed_only_once_it_is_on_disk(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CAPTURE)
        terminal.disk.is_full = True
        await terminal.answer(Status.PAID)
        await asyncio.sleep(5)
        assert not any(isinstance(reply, reg.SaleResult) for reply in terminal.outside.replies)
        terminal.disk.is_full = False
        await asyncio.sleep(JOURNAL_RETRY_S + 0.1)
        assert isinstance(terminal.last_reply, reg.SaleResult)
        assert terminal.last_reply.outcome is Outcome.APPROVED

    run(path, scenario)


def test_keys_that_could_not_be_written_are_pressed_again_by_hand(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.ENTRY)
        terminal.disk.is_full = True
        await terminal.press("8223281#")
        assert terminal.sale.state is State.ENTRY
        assert terminal.loop.view.entry.digits.reveal() == "8223281"
        terminal.disk.is_full = False
        await asyncio.sleep(5)
        assert terminal.sale.state is State.ENTRY, "nothing is sent behind the customer's back"
        await terminal.press("#")
        assert terminal.sale.state is State.AUTHORIZATION

    run(path, scenario)


def test_a_cancellation_that_could_not_be_written_is_not_called_accepted(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        terminal.disk.is_full = True
        await terminal.happen(reg.CancelRequest("42"))
        assert isinstance(terminal.last_reply, reg.RequestRefused)
        assert terminal.sale.state is State.CUSTOMER
        terminal.disk.is_full = False
        await asyncio.sleep(JOURNAL_RETRY_S + 0.1)
        assert terminal.sale.state is State.VOID, "it is carried out as soon as it can be"

    run(path, scenario)


CANCELS: dict[str, tuple[Input, ...]] = {
    "the cashier": (KeyPressed("*"),),
    "the cashier, again and again": (KeyPressed("*"), KeyPressed("*"), KeyPressed("*")),
    "the register": (reg.CancelRequest("42"),),
    "the clock": (ev.CancelRequested(1, ev.Canceller.CLOCK),),
    "the deadline": (ev.DeadlinePassed(1, State.CUSTOMER),),
}


@pytest.mark.parametrize("who", CANCELS)
def test_what_was_cancelled_while_the_disk_took_nothing_is_not_captured_afterwards(path: Path, who: str) -> None:
    """Meanwhile the customer has accepted, and the cashier was paid in another way."""

    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        terminal.disk.is_full = True
        await terminal.answer(Status.RESERVED)
        for event in CANCELS[who]:
            await terminal.happen(event)
        await asyncio.sleep(60)
        terminal.disk.is_full = False
        await asyncio.sleep(2 * JOURNAL_RETRY_S + 0.1)
        assert terminal.sale.state is State.VOID
        assert not any(isinstance(call, fx.RequestCapture) for call in terminal.outside.calls)

    run(path, scenario)


def test_a_proof_of_payment_that_waited_for_the_disk_counts_all_the_same(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CAPTURE)
        terminal.disk.is_full = True
        await terminal.answer(Status.PAID)
        await terminal.press("*")
        terminal.disk.is_full = False
        await asyncio.sleep(2 * JOURNAL_RETRY_S + 0.1)
        assert isinstance(terminal.last_reply, reg.SaleResult)
        assert terminal.last_reply.outcome is Outcome.APPROVED

    run(path, scenario)


def test_a_deadline_does_not_overtake_what_the_disk_has_refused(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        terminal.disk.is_full = True
        await terminal.happen(reg.ResultDelivered("42"))
        terminal.disk.is_full = False
        await terminal.happen(ev.DeadlinePassed(1, State.REPORT))  # before the register's word comes again
        assert terminal.sale.state is State.REPORT
        await asyncio.sleep(2 * JOURNAL_RETRY_S + 0.1)
        stored = terminal.disk.find_sale(1)
        assert stored is not None
        assert (stored.state, stored.acknowledged) == (State.CLOSED, True)

    run(path, scenario)


def test_a_callback_that_could_not_be_written_is_not_acknowledged(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        terminal.disk.is_full = True
        decision = await terminal.happen(ev.CallbackReceived(1, True))
        assert decision.effects == ()
        terminal.disk.is_full = False
        await asyncio.sleep(5)
        assert not terminal.sale.committed, "the service was told no: it will call again"

    run(path, scenario, capture_mode=CaptureMode.SERVER_CALLBACK)
