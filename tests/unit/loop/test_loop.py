"""The loop and its bookkeeper, in virtual time: on disk first, one sale at a time, and what a start finds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import ConditionsChanged, KeyPressed
from terminal.counter.view import View
from terminal.loop.bookkeeper import JOURNAL_RETRY_S
from terminal.loop.inbox import MOST_WAITING, WatchdogDue
from terminal.loop.names import Names
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.record import Record
from terminal.sale.sale import Outcome, Reason, State
from tests.sales import GUID
from tests.unit.loop.loop_bench import NOW, Terminal, run


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
        assert len(terminal.views) == 2, "the first of all, and the changed one"

    run(path, scenario)


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
