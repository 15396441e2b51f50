"""The loop and its bookkeeper, in virtual time: on disk first, one sale at a time, also when the disk says no."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import CounterEffect, Decision
from terminal.counter.inputs import ConditionsChanged, EndOfDayRequested, Input, KeyPressed
from terminal.counter.menu import Page
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.errors import JournalError
from terminal.journal.thread import MIN_FREE_BYTES, Journal, JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.inbox import MOST_WAITING, Inbox, WatchdogDue
from terminal.loop.loop import JOURNAL_RETRY_S, Loop
from terminal.loop.names import Names
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Outcome, Reason, Sale, State, Terms
from terminal.sale.totals import Close
from tests.sales import GUID, report_for
from tests.virtual_time import run_virtual

NOW = "2026-11-23T12:00:00.000Z"


class Disk(JournalFile):
    """The real journal; notes what it commits, and can be full, nearly full or broken."""

    def __init__(self, path: Path, story: list[str]) -> None:
        super().__init__(path, lambda: NOW)
        self.is_full = False
        self.free = MIN_FREE_BYTES * 100
        self._story = story

    def append(self, record: Record) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append(record)
        self._story.append(f"disk {record.event} {record.sale.state}")

    def append_close(self, close: Close) -> str:
        if self.is_full:
            raise JournalError("no space left on device")
        return super().append_close(close)

    def append_receipts(self, receipts: Iterable[QueuedReceipt]) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append_receipts(receipts)

    def free_bytes(self) -> int:
        return self.free


class Outside:
    """What is done to the world, in order; calls are kept for the test to answer."""

    def __init__(self, story: list[str]) -> None:
        self.replies: list[reg.RegisterReply] = []
        self.answered: list[reg.RegisterQuestion | None] = []
        """What each of them is the answer to."""
        self.calls: list[fx.Call] = []
        self._story = story

    def perform(self, effect: CounterEffect) -> None:
        self._story.append(f"do {type(effect).__name__}")
        if isinstance(effect, fx.Call):
            self.calls.append(effect)

    def reply(self, reply: reg.RegisterReply, to: reg.RegisterQuestion | None = None) -> None:
        self._story.append(f"reply {type(reply).__name__}")
        self.replies.append(reply)
        self.answered.append(to)


class Terminal:
    """One start of the daemon's core on a journal that outlives it."""

    def __init__(self, path: Path, capture_mode: CaptureMode = CaptureMode.MANUAL) -> None:
        self.story: list[str] = []
        self.disk = Disk(path, self.story)
        self.outside = Outside(self.story)
        self.views: list[View] = []
        self.committed: list[Record] = []
        self.watchdog = 0
        self.journal = Journal(self.disk)
        names = Names("T1", lambda: NOW, lambda: "a1b2c3")
        self.inbox = Inbox()
        self.loop = Loop(
            self.inbox,
            Bookkeeper(CounterRules(terms=Terms(capture_mode=capture_mode)), self.disk, names),
            self.journal,
            self.outside,
            on_view=self.views.append,
            on_decided=self._decided,
            on_watchdog=self._watchdog,
        )

    def _decided(self, _event: Input, decision: Decision) -> None:
        if decision.record is not None:
            self.committed.append(decision.record)

    def _watchdog(self) -> None:
        self.watchdog += 1

    async def happen(self, event: Input) -> Decision:
        """Hand it in and wait until everything that follows at once is done."""
        decision = await self.inbox.put_and_wait(event)  # type: ignore[arg-type]
        await self.inbox.put_and_wait(ConditionsChanged({}))
        return decision

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.happen(KeyPressed(key))

    async def answer(self, status: Status, **said: Any) -> None:
        """Answer the latest call."""
        call = self.outside.calls[-1]
        await self.happen(ev.StatusReceived(call.sale_number, call.call, report_for(self.sale, status, **said)))

    async def open_authorization(self) -> None:
        call = self.outside.calls[-1]
        opened = OpenedAuthorization(authorization_id=GUID)
        await self.happen(ev.AuthorizationOpened(call.sale_number, call.call, opened))

    async def pay(self, amount_kr: int = 1990, register_id: str = "42", until: State = State.CLOSED) -> None:
        """An ordinary sale, as far as it is wanted."""
        steps: list[tuple[State, Callable[[], Awaitable[Any]]]] = [
            (State.ENTRY, lambda: self.happen(reg.SaleRequest(amount_kr, register_id))),
            (State.AUTHORIZATION, lambda: self.press("8223281#")),
            (State.CUSTOMER, self.open_authorization),
            (State.CAPTURE, lambda: self.answer(Status.RESERVED)),
            (State.REPORT, lambda: self.answer(Status.PAID)),
            (State.CLOSED, lambda: self.happen(reg.ResultDelivered(register_id))),
        ]
        for state, step in steps:
            await step()
            if state is until:
                return

    @property
    def sale(self) -> Sale:
        assert self.loop.view.sale is not None
        return self.loop.view.sale

    @property
    def last_reply(self) -> reg.RegisterReply:
        return self.outside.replies[-1]


Scenario = Callable[[Terminal], Awaitable[None]]


def run(
    path: Path,
    *scenarios: Scenario,
    capture_mode: CaptureMode = CaptureMode.MANUAL,
    disk_is_full: bool = False,
) -> None:
    """Each scenario in a terminal of its own, one start after the other on the same journal: power cuts in between."""

    async def whole(scenario: Scenario) -> None:
        terminal = Terminal(path, capture_mode)
        terminal.disk.is_full = disk_is_full
        await terminal.journal.call(terminal.disk.open)
        await terminal.loop.start()
        loop = asyncio.ensure_future(terminal.loop.run())
        try:
            await terminal.inbox.put_and_wait(ConditionsChanged({}))
            await scenario(terminal)
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            await terminal.journal.close()

    for scenario in scenarios:
        run_virtual(whole(scenario))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


# --- on disk first ----------------------------------------------------------------------------------------------------


def test_every_step_of_a_sale_is_on_disk_before_anybody_hears_of_it(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay()
        assert [step for step in terminal.story if "SetDeadline" not in step] == [
            "disk SaleRequested entry",
            "reply SaleAccepted",
            "do CheckService",
            "do PreparePrinter",
            "disk CustomerIdentified authorization",
            "do RequestAuthorization",
            "disk AuthorizationOpened customer",
            "do QueryStatus",
            "disk StatusReceived capture",
            "do RequestCapture",
            "disk StatusReceived report",
            "reply SaleResult",
            "do OpenDrawer",
            "disk ResultAcknowledged closed",
            "do ShowResultFor",
        ]

    run(path, scenario)


def test_views_and_decisions_are_passed_on(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay()
        states = [view.sale.state for view in terminal.views if view.sale is not None]
        assert list(dict.fromkeys(states)) == [
            State.ENTRY,
            State.AUTHORIZATION,
            State.CUSTOMER,
            State.CAPTURE,
            State.REPORT,
        ]
        assert [record.sale.state for record in terminal.committed][-1] is State.CLOSED
        assert sum(len(record.receipts) for record in terminal.committed) == 2

    run(path, scenario)


def test_an_answer_carries_its_question_and_a_result_told_unasked_carries_none(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        asked = reg.SaleRequest(1990, "42")
        await terminal.happen(asked)
        cancel = reg.CancelRequest("42")
        await terminal.happen(cancel)
        assert [type(reply) for reply in terminal.outside.replies] == [
            reg.SaleAccepted,
            reg.SaleAccepted,
            reg.SaleResult,
        ]
        first, second, told = terminal.outside.answered
        assert (first is asked, second is cancel, told) == (True, True, None)

    run(path, scenario)


def test_a_view_that_did_not_change_is_not_shown_again(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        for _ in range(3):
            await terminal.happen(ConditionsChanged({"register_ok": False}))
        assert len(terminal.views) == 1

    run(path, scenario)


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


# --- one id, one sale -------------------------------------------------------------------------------------------------


def test_the_same_id_is_answered_with_its_result_also_after_a_restart(path: Path) -> None:
    async def again(terminal: Terminal) -> None:
        await terminal.happen(reg.SaleRequest(1990, "42"))
        result = terminal.last_reply
        assert isinstance(result, reg.SaleResult)
        assert (result.outcome, result.amount_kr, result.authorization_id) == (Outcome.APPROVED, 1990, GUID)
        assert terminal.loop.view.sale is None

    async def first(terminal: Terminal) -> None:
        await terminal.pay()
        await again(terminal)

    run(path, first, again)


def test_an_id_that_comes_again_with_another_amount_starts_nothing(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay()
        calls = len(terminal.outside.calls)
        await terminal.happen(reg.SaleRequest(2990, "42"))
        assert isinstance(terminal.last_reply, reg.RequestRefused)
        assert terminal.last_reply.code is reg.RefusalCode.DUPLICATE
        assert len(terminal.outside.calls) == calls

    run(path, scenario)


def test_numbers_and_references_go_on_after_a_restart(path: Path) -> None:
    async def sale(terminal: Terminal, register_id: str, number: int) -> None:
        await terminal.pay(register_id=register_id, until=State.ENTRY)
        assert (terminal.sale.number, terminal.sale.reference) == (number, f"T1-{number:06d}-A1B2C3")
        await terminal.press("*")
        await terminal.happen(reg.ResultDelivered(register_id))

    async def first(terminal: Terminal) -> None:
        await sale(terminal, "1", 1)
        await sale(terminal, "2", 2)

    async def second(terminal: Terminal) -> None:
        await sale(terminal, "3", 3)

    run(path, first, second)


def test_references_are_random_so_that_a_lost_journal_repeats_none() -> None:
    names = Names("T1", lambda: NOW)
    references = {names.reference(1) for _ in range(50)}
    assert len(references) > 45
    assert all(reference.startswith("T1-000001-") for reference in references)


# --- after a power cut ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut_in", "leads_to", "asks"),
    [
        (State.ENTRY, State.REPORT, None),
        (State.AUTHORIZATION, State.REPORT, None),
        (State.CUSTOMER, State.VOID, fx.RequestVoid),
        (State.CAPTURE, State.CAPTURE, fx.QueryStatus),
        (State.REPORT, State.REPORT, None),
    ],
)
def test_an_open_sale_is_settled_first_after_a_start(
    path: Path, cut_in: State, leads_to: State, asks: type[fx.Call] | None
) -> None:
    async def cut(terminal: Terminal) -> None:
        await terminal.pay(until=cut_in)

    async def restart(terminal: Terminal) -> None:
        assert terminal.sale.state is leads_to
        assert [type(call) for call in terminal.outside.calls] == ([asks] if asks else [])
        assert terminal.views, "the screen shows it"
        await terminal.happen(reg.SaleRequest(2990, "43"))
        assert isinstance(terminal.last_reply, reg.RequestRefused)
        assert terminal.last_reply.code is reg.RefusalCode.BUSY
        if leads_to is State.REPORT:
            assert any(isinstance(reply, reg.SaleResult) for reply in terminal.outside.replies), "the register is told"

    run(path, cut, restart)


def test_a_sale_found_open_takes_no_key_before_the_disk_has_taken_that_it_was(path: Path) -> None:
    """It would go on as if there had been no power cut, up to a capture."""

    async def cut(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        await terminal.answer(Status.CODE_REQUIRED)

    async def restart(terminal: Terminal) -> None:
        await terminal.press("1234#")
        terminal.disk.is_full = False
        await terminal.press("1234#")
        assert terminal.sale.state is State.CODE_ENTRY
        await asyncio.sleep(JOURNAL_RETRY_S + 0.1)
        assert terminal.sale.state is State.VOID
        assert [type(call) for call in terminal.outside.calls] == [fx.RequestVoid]

    run(path, cut)
    run(path, restart, disk_is_full=True)


def test_sales_found_open_are_settled_one_after_the_other(path: Path) -> None:
    """Two of them: what an older program, or a journal made anew, may leave."""

    async def cut(terminal: Terminal) -> None:
        await terminal.pay(until=State.ENTRY)
        second = replace(terminal.sale, number=2, reference="T1-000002-A1B2C3", register_id="43")
        terminal.disk.append(Record("SaleRequested", second))

    async def restart(terminal: Terminal) -> None:
        for register_id in ("42", "43"):
            await terminal.happen(reg.ResultDelivered(register_id))
        told = [reply.register_id for reply in terminal.outside.replies if isinstance(reply, reg.SaleResult)]
        assert told == ["42", "43"]
        assert terminal.disk.open_sales() == []

    run(path, cut, restart)


def test_a_capture_met_by_a_power_cut_is_paid_if_it_happened_and_never_sent_again_if_not(path: Path) -> None:
    async def cut(terminal: Terminal) -> None:
        await terminal.pay(until=State.CAPTURE)

    async def it_had_not_happened(terminal: Terminal) -> None:
        await terminal.answer(Status.RESERVED)
        assert [type(call) for call in terminal.outside.calls] == [fx.QueryStatus, fx.RequestVoid]
        await terminal.answer(Status.CANCELLED)
        assert (terminal.sale.outcome, terminal.sale.reason) == (Outcome.CANCELLED, Reason.POWER_CUT)
        await terminal.happen(reg.ResultDelivered("42"))

    async def it_had_happened(terminal: Terminal) -> None:
        await terminal.answer(Status.PAID)
        assert terminal.sale.outcome is Outcome.APPROVED

    run(path, cut, it_had_not_happened)
    run(path.with_name("other.db"), cut, it_had_happened)


def test_a_sale_that_waits_for_staff_still_waits_after_a_restart_and_holds_up_nobody(path: Path) -> None:
    async def rejected(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        await terminal.happen(reg.ResultRefusal("42"))

    async def restart(terminal: Terminal) -> None:
        assert [sale.outcome for sale in terminal.loop.view.attention] == [Outcome.REFUND_DUE]
        await terminal.pay(register_id="43")
        await terminal.happen(ev.SettledByStaff(1, ev.Verdict.REFUNDED))
        assert terminal.loop.view.attention == ()

    async def settled(terminal: Terminal) -> None:
        assert terminal.loop.view.attention == ()
        await terminal.happen(reg.ResultRequest("42"))
        assert isinstance(terminal.last_reply, reg.SaleResult)
        assert terminal.last_reply.outcome is Outcome.REFUNDED

    run(path, rejected, restart, settled)


# --- the inbox --------------------------------------------------------------------------------------------------------


def test_a_babbling_register_fills_the_inbox_only_so_far_and_what_matters_still_gets_in(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.CUSTOMER)
        before = len(terminal.outside.replies)
        for _ in range(5 * MOST_WAITING):
            terminal.inbox.put(reg.ResultRequest())
            terminal.inbox.put(KeyPressed("5"))
        await terminal.happen(ev.CancelRequested(1, ev.Canceller.CASHIER))
        assert terminal.sale.state is State.VOID
        assert len(terminal.outside.replies) - before <= MOST_WAITING

    run(path, scenario)


def test_the_watchdog_is_fed_by_the_loop_itself(path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        terminal.inbox.put(WatchdogDue())
        await terminal.happen(ConditionsChanged({}))
        assert terminal.watchdog == 1

    run(path, scenario)


@pytest.mark.parametrize(
    ("state", "settled"),
    [
        (State.ENTRY, True),
        (State.AUTHORIZATION, False),
        (State.CUSTOMER, True),
        (State.CAPTURE, False),
        (State.REPORT, False),
        (State.CLOSED, True),
    ],
)
def test_a_stop_waits_for_what_could_still_decide_a_sale(path: Path, state: State, settled: bool) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=state)
        assert terminal.loop.is_settled is settled

    run(path, scenario)


def test_a_listener_that_fails_ends_no_sale(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_view: View) -> None:
        raise ZeroDivisionError

    async def scenario(terminal: Terminal) -> None:
        terminal.loop._on_view = broken
        await terminal.pay()
        assert isinstance(terminal.last_reply, reg.SaleResult)

    run(path, scenario)
    assert "a listener failed" in caplog.text
