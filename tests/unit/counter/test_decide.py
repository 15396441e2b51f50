"""Who is answered what, what a key does, and what the view becomes. Sales themselves are tested in test_step.py."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hardware.interfaces import KEYS
from terminal.counter import register_words as reg
from terminal.counter.decision import CheckService
from terminal.counter.inputs import ConditionsChanged, KeyPressed, ResultSeen
from terminal.counter.of_keys import TAKE_OFFER_KEYS, offer_accepted
from terminal.counter.of_sale import LOOK_AFTER_LOSS_S
from terminal.counter.typing import Entry
from terminal.counter.view import Offer, View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import report_for, walk_to
from tests.unit.counter.desk_bench import OPEN_STATES, Desk, desk_with, ended

# --- keys -------------------------------------------------------------------------------------------------------------


def test_typed_digits_name_the_customer() -> None:
    desk = desk_with(walk_to(State.ENTRY).sale).press("8223281")
    assert desk.view.entry.digits == Sensitive("8223281")
    desk.press("#")
    assert desk.sale.state is State.AUTHORIZATION
    assert desk.view.entry == Entry()
    (request,) = desk.last.effects
    assert isinstance(request, fx.RequestAuthorization)


def test_a_typed_code_is_handed_in() -> None:
    desk = desk_with(walk_to(State.CODE_ENTRY).sale).press("1234#")
    assert desk.sale.state is State.CODE_CHECK
    assert any(isinstance(effect, fx.SubmitCode) and effect.code.reveal() == "1234" for effect in desk.last.effects)


@each_of(
    ("state", "leads_to"),
    [
        (State.ENTRY, State.REPORT),
        (State.AUTHORIZATION, State.AUTHORIZATION),
        (State.CUSTOMER, State.VOID),
        (State.CODE_ENTRY, State.VOID),
        (State.CODE_CHECK, State.VOID),
        (State.CAPTURE, State.CAPTURE),
        (State.VOID, State.VOID),
        (State.REPORT, State.REPORT),
    ],
)
def test_the_cancel_key_in_every_state(state: State, leads_to: State) -> None:
    desk = desk_with(walk_to(state).sale).press("*")
    assert desk.sale.state is leads_to
    assert desk.sale.reason is (Reason.PAID if state is State.REPORT else Reason.CASHIER_CANCELLED)


@each_of("state", OPEN_STATES)
def test_a_long_press_on_the_cancel_key_does_what_the_key_does_whatever_was_typed(state: State) -> None:
    empty, typed = desk_with(walk_to(state).sale), desk_with(walk_to(state).sale)
    cancelled = empty.press("*").view
    long = typed.press("12").hold("*").view
    assert (long.sale, long.result, long.entry) == (cancelled.sale, cancelled.result, cancelled.entry)


def test_a_long_press_cancels_an_entry_that_one_press_only_clears() -> None:
    desk = desk_with(walk_to(State.ENTRY).sale).press("822*")
    assert desk.sale.state is State.ENTRY
    desk.press("822").hold("*")
    assert desk.sale.reason is Reason.CASHIER_CANCELLED


def test_a_result_that_comes_while_the_cancel_key_is_still_down_can_be_read() -> None:
    desk = Desk(view=View(result=ended()))
    desk.happen(KeyPressed("*", is_long=True))
    assert desk.view.result == ended()


def test_a_long_press_declines_a_total_and_never_takes_one() -> None:
    offer = Offer(1990)
    desk = Desk(view=View(offer=offer))
    for key in TAKE_OFFER_KEYS:
        assert offer_accepted(desk.view, KeyPressed(key)) == reg.SaleRequest(1990)
        assert offer_accepted(desk.view, KeyPressed(key, is_long=True)) is None
    desk.happen(KeyPressed("*", is_long=True))
    assert desk.view.offer == replace(offer, is_open=False)


@each_of("state", [state for state in OPEN_STATES if state not in (State.ENTRY, State.CODE_ENTRY)])
def test_other_keys_do_nothing_while_nothing_is_typed(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    before = desk.view
    assert desk.press(KEYS.replace("*", "")).view == before


@pytest.mark.parametrize("key", "*#")
def test_a_key_clears_a_result_that_was_seen(key: str) -> None:
    shown = View(result=walk_to(State.CLOSED).sale)
    assert Desk(view=shown).press("5").view == shown
    assert Desk(view=shown).press(key).view == View()


def test_the_time_of_an_older_result_does_not_clear_a_newer_one() -> None:
    shown = View(result=walk_to(State.CLOSED).sale)
    assert Desk(view=shown).happen(ResultSeen(6)).view == shown


# --- conditions -------------------------------------------------------------------------------------------------------


@each_of(
    ("event", "reached"),
    [
        (ev.AnswerLost(7, 2), False),
        (ev.RefusalReceived(7, 2, Refusal.NOT_SENT), False),
        (ev.RefusalReceived(7, 2, Refusal.CREDENTIALS), True),
        (ev.StatusReceived(7, 2, report_for(walk_to(State.CUSTOMER).sale, Status.PENDING)), True),
    ],
)
@each_of("before", [True, False])
def test_the_end_of_each_call_tells_whether_the_service_is_reached(
    event: ev.AnswerReceived, reached: bool, before: bool
) -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale).happen(ConditionsChanged({"network_ok": before}))
    assert desk.happen(event).view.conditions.network_ok is reached

    looks = [effect for effect in desk.last.effects if isinstance(effect, CheckService)]
    assert looks == ([CheckService(LOOK_AFTER_LOSS_S)] if before and not reached else [])


def test_a_lost_call_is_looked_after_once_however_many_follow_and_beside_what_the_sale_does_itself() -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale)
    desk.happen(ev.AnswerLost(7, desk.sale.calls))
    effects = [type(effect) for effect in desk.last.effects]
    assert effects[-1] is CheckService
    assert fx.SetRetry in effects
    desk.happen(ev.RetryDue(7, State.CUSTOMER))
    desk.happen(ev.AnswerLost(7, desk.sale.calls))
    assert CheckService not in [type(effect) for effect in desk.last.effects]


def test_a_call_that_is_lost_when_its_sale_is_over_is_looked_after_too() -> None:
    desk = Desk().happen(ev.AnswerLost(7, 2))
    assert desk.last.effects == (CheckService(LOOK_AFTER_LOSS_S),)


def test_timers_say_nothing_about_the_network() -> None:
    desk = desk_with(walk_to(State.CUSTOMER).sale).happen(ConditionsChanged({"network_ok": False}))
    assert not desk.happen(ev.RetryDue(7, State.CUSTOMER)).view.conditions.network_ok


def test_events_of_a_sale_that_is_over_find_nobody() -> None:
    desk = Desk().happen(ev.StatusReceived(7, 2, report_for(walk_to(State.CUSTOMER).sale, Status.PAID)))
    assert (desk.view, desk.last.record, desk.last.effects) == (View(), None, ())


def test_receipts_are_queued_by_the_record_and_not_by_an_effect() -> None:
    walk = walk_to(State.CAPTURE)
    paid = ev.StatusReceived(7, walk.sale.calls, report_for(walk.sale, Status.PAID))
    desk = desk_with(walk.sale).happen(paid)
    assert desk.last.record is not None
    assert desk.last.record.receipts == (fx.ReceiptKind.CUSTOMER, fx.ReceiptKind.MERCHANT)
    assert not any(isinstance(effect, fx.PrintReceipt | fx.ReportResult) for effect in desk.last.effects)
    (result,) = desk.last.replies
    assert isinstance(result, reg.SaleResult)


def test_a_poll_that_changes_nothing_durable_is_not_written() -> None:
    walk = walk_to(State.CUSTOMER)
    pending = ev.StatusReceived(7, walk.sale.calls, report_for(walk.sale, Status.PENDING))
    assert desk_with(walk.sale).happen(pending).last.record is None
