"""What a register asks for at the counter: a payment, its end, how things are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import CheckService, PreparePrinter, ShowResultFor
from terminal.counter.inputs import ConditionsChanged, ResultSeen
from terminal.counter.of_sale import RESULT_SHOWN_S
from terminal.counter.view import View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, State, Terms
from tests.each import each_of
from tests.sales import walk_to
from tests.unit.counter.desk_bench import OPEN_STATES, RULES, Desk, desk_with, ended, refusal

# --- PAY --------------------------------------------------------------------------------------------------------------


def test_a_request_starts_a_sale_under_the_shops_terms() -> None:
    terms = Terms(capture_mode=CaptureMode.AUTOMATIC)
    desk = Desk(replace(RULES, terms=terms))
    assert desk.ask(reg.SaleRequest(1990, "42")) == (reg.SaleAccepted("42"),)
    assert (desk.sale.number, desk.sale.amount_kr, desk.sale.register_id) == (7, 1990, "42")
    assert desk.sale.terms == terms
    assert desk.last.record is not None
    assert desk.last.record.event == "SaleRequested"
    assert [type(effect) for effect in desk.last.effects] == [CheckService, fx.SetDeadline, PreparePrinter]


def test_a_request_without_an_id_is_named_by_its_reference() -> None:
    desk = Desk()
    assert desk.ask(reg.SaleRequest(1990)) == (reg.SaleAccepted("T1-000007-A1B2C3"),)


def test_a_register_that_prints_the_customers_copy_gets_only_ours() -> None:
    desk = Desk()
    desk.ask(reg.SaleRequest(1990, "42", prints_receipt=True))
    assert (desk.sale.terms.customer_copy, desk.sale.terms.merchant_copy) == (False, True)


@each_of(("amount_kr", "limit_kr"), [(0, 10), (9, 10), (500_001, 500_000), (-5, 10)])
def test_an_amount_beyond_the_limits_is_refused_with_the_limit(amount_kr: int, limit_kr: int) -> None:
    desk = Desk()
    (reply,) = desk.ask(reg.SaleRequest(amount_kr, "42"))
    assert isinstance(reply, reg.RequestRefused)
    assert (reply.code, reply.limit_kr) == (reg.RefusalCode.AMOUNT, limit_kr)
    assert desk.view.sale is None
    assert desk.last.record is None


@pytest.mark.parametrize("amount_kr", [10, 500_000])
def test_the_limits_themselves_are_within(amount_kr: int) -> None:
    assert Desk().ask(reg.SaleRequest(amount_kr, "42")) == (reg.SaleAccepted("42"),)


def test_without_a_keypad_no_sale_is_begun_that_nobody_could_go_on_with() -> None:
    desk = Desk().happen(ConditionsChanged({"keypad_ok": False}))
    assert refusal(desk.ask(reg.SaleRequest(1990, "42"))) is reg.RefusalCode.UNAVAILABLE


@each_of("state", OPEN_STATES)
def test_a_second_sale_never_replaces_an_open_one(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    before = desk.view
    assert refusal(desk.ask(reg.SaleRequest(2990, "43"))) is reg.RefusalCode.BUSY
    assert refusal(desk.ask(reg.SaleRequest(1990))) is reg.RefusalCode.BUSY
    assert desk.view == before


def test_the_same_request_while_it_is_open_is_accepted_already() -> None:
    sale = walk_to(State.CUSTOMER).sale
    desk = desk_with(sale)
    assert desk.ask(reg.SaleRequest(1990, "42"), known=sale) == (reg.SaleAccepted("42"),)
    assert desk.last.record is None
    assert desk.view.sale == sale


@each_of("state", OPEN_STATES)
def test_the_id_of_the_open_sale_with_another_amount_is_a_duplicate(state: State) -> None:
    sale = walk_to(state).sale
    assert refusal(desk_with(sale).ask(reg.SaleRequest(2990, "42"), known=sale)) is reg.RefusalCode.DUPLICATE


def test_a_repetition_while_the_result_leaves_is_answered_with_it() -> None:
    """An acceptance would say that there is something to wait for."""
    desk = desk_with(walk_to(State.REPORT).sale)
    for request in (reg.SaleRequest(1990, "42"), reg.ResultRequest("42"), reg.CancelRequest("42")):
        (answer,) = desk.ask(request, known=desk.sale)
        assert isinstance(answer, reg.SaleResult), request


PAID_OR_PERHAPS = (Reason.PAID, Reason.NOT_TRACEABLE, Reason.REFUND_DUE, Reason.REFUNDED, Reason.SETTLED_PAID)
TWENTY_HOURS_S = 20 * 3600.0


@each_of("reason", PAID_OR_PERHAPS)
def test_an_id_under_which_money_may_have_moved_is_answered_with_that_for_its_hours(reason: Reason) -> None:
    desk = Desk()
    (answer,) = desk.ask(reg.SaleRequest(1990, "42"), known=ended(reason=reason), age_s=TWENTY_HOURS_S - 1, told_s=1e4)
    assert isinstance(answer, reg.SaleResult)
    assert (answer.register_id, answer.amount_kr, answer.reason) == ("42", 1990, reason)
    assert desk.last.record is None


@each_of("reason", PAID_OR_PERHAPS)
def test_another_amount_under_it_starts_nothing(reason: Reason) -> None:
    desk = Desk()
    assert refusal(desk.ask(reg.SaleRequest(2990, "42"), known=ended(reason=reason))) is reg.RefusalCode.DUPLICATE
    assert desk.last.record is None


@each_of("reason", Reason)
@each_of("amount_kr", [1990, 2990])
def test_after_its_hours_an_id_is_free(reason: Reason, amount_kr: int) -> None:
    desk = Desk()
    answers = desk.ask(
        reg.SaleRequest(amount_kr, "42"), known=ended(reason=reason), age_s=TWENTY_HOURS_S, told_s=TWENTY_HOURS_S
    )
    assert answers == (reg.SaleAccepted("42"),)
    assert (desk.sale.number, desk.sale.amount_kr) == (7, amount_kr)


def test_a_no_comes_again_for_ten_seconds_and_then_the_same_request_is_a_new_try() -> None:
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    (answer,) = Desk().ask(reg.SaleRequest(1990, "42"), known=declined, told_s=9.9)
    assert isinstance(answer, reg.SaleResult)
    desk = Desk()
    assert desk.ask(reg.SaleRequest(1990, "42"), known=declined, told_s=10.0) == (reg.SaleAccepted("42"),)
    assert desk.sale.number == 7


def test_a_no_that_was_never_told_is_told_first() -> None:
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    (answer,) = Desk().ask(reg.SaleRequest(1990, "42"), known=declined, age_s=3600.0, told_s=None)
    assert isinstance(answer, reg.SaleResult)


def test_another_amount_after_a_no_is_a_new_sale_at_once() -> None:
    desk = Desk()
    answers = desk.ask(reg.SaleRequest(2990, "42"), known=ended(reason=Reason.CUSTOMER_DECLINED), told_s=0.0)
    assert answers == (reg.SaleAccepted("42"),)


def test_a_new_try_waits_for_the_sale_that_is_open() -> None:
    desk = desk_with(replace(walk_to(State.CUSTOMER).sale, number=8, register_id="43"))
    declined = ended(reason=Reason.CUSTOMER_DECLINED)
    assert refusal(desk.ask(reg.SaleRequest(1990, "42"), known=declined, told_s=60.0)) is reg.RefusalCode.BUSY


def test_after_its_hours_an_id_names_nothing_that_could_be_asked_for() -> None:
    """Or a register whose first request of the day was lost would be told yesterday's result."""
    for request in (reg.ResultRequest("42"), reg.CancelRequest("42")):
        assert refusal(Desk().ask(request, known=ended(), age_s=TWENTY_HOURS_S)) is reg.RefusalCode.NOT_FOUND
        (answer,) = Desk().ask(request, known=ended(), age_s=TWENTY_HOURS_S - 1)
        assert isinstance(answer, reg.SaleResult)


def test_what_is_still_open_after_its_hours_is_of_another_day() -> None:
    """Or today's receipt of this number would be told how yesterday's ends."""
    for state in OPEN_STATES:
        sale = walk_to(state).sale
        for wanted in (1990, 2990):
            asked = {"known": sale, "age_s": TWENTY_HOURS_S}
            assert refusal(desk_with(sale).ask(reg.SaleRequest(wanted, "42"), **asked)) is reg.RefusalCode.BUSY
        for request in (reg.ResultRequest("42"), reg.CancelRequest("42")):
            assert refusal(desk_with(sale).ask(request, **asked)) is reg.RefusalCode.NOT_FOUND, state


def test_an_open_sale_keeps_its_id_for_as_long_as_a_customer_may_take() -> None:
    """However few hours an id has."""
    rules = replace(RULES, id_hours=0.001)
    desk = desk_with(walk_to(State.CUSTOMER).sale)
    desk.rules = rules
    assert desk.ask(reg.SaleRequest(1990, "42"), known=desk.sale, age_s=300.0) == (reg.SaleAccepted("42"),)


def test_the_shop_says_for_how_long() -> None:
    desk = Desk(replace(RULES, id_hours=0.5))
    assert refusal(desk.ask(reg.SaleRequest(2990, "42"), known=ended(), age_s=1799)) is reg.RefusalCode.DUPLICATE
    assert desk.ask(reg.SaleRequest(2990, "42"), known=ended(), age_s=1800) == (reg.SaleAccepted("42"),)


def test_an_ended_sale_is_told_also_while_another_is_open() -> None:
    desk = desk_with(replace(walk_to(State.CUSTOMER).sale, number=8, register_id="43"))
    (reply,) = desk.ask(reg.SaleRequest(1990, "42"), known=ended())
    assert isinstance(reply, reg.SaleResult)
    assert desk.sale.register_id == "43"


# --- CANCEL, STATUS and the rest --------------------------------------------------------------------------------------


@pytest.mark.parametrize("register_id", [None, "42"])
def test_the_register_may_cancel_what_is_open(register_id: str | None) -> None:
    desk = desk_with(walk_to(State.ENTRY).sale)
    accepted, result = desk.ask(reg.CancelRequest(register_id))
    assert accepted == reg.SaleAccepted("42")
    assert isinstance(result, reg.SaleResult)
    assert result.reason is Reason.REGISTER_CANCELLED


@each_of("state", [state for state in OPEN_STATES if state is not State.REPORT])
def test_cancelling_is_accepted_in_every_state_and_the_result_follows(state: State) -> None:
    desk = desk_with(walk_to(state).sale)
    replies = desk.ask(reg.CancelRequest("42"))
    assert replies[0] == reg.SaleAccepted("42")
    assert desk.sale.outcome is not Outcome.DECLINED
    if state in (State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK):
        assert desk.sale.state is State.VOID


def test_cancelling_what_is_over_is_answered_with_its_result() -> None:
    (reply,) = Desk().ask(reg.CancelRequest("42"), known=ended())
    assert isinstance(reply, reg.SaleResult)
    assert reply.outcome is Outcome.APPROVED


def test_cancelling_what_never_was_is_not_found() -> None:
    assert refusal(Desk().ask(reg.CancelRequest("99"))) is reg.RefusalCode.NOT_FOUND
    assert refusal(Desk().ask(reg.CancelRequest())) is reg.RefusalCode.NOTHING_OPEN
    other = desk_with(walk_to(State.CUSTOMER).sale)
    assert refusal(other.ask(reg.CancelRequest("99"))) is reg.RefusalCode.NOT_FOUND
    assert other.sale.state is State.CUSTOMER


def test_the_register_may_ask_how_it_stands() -> None:
    assert Desk().ask(reg.ResultRequest()) == (reg.TerminalReady(),)
    busy = desk_with(walk_to(State.CUSTOMER).sale)
    assert busy.ask(reg.ResultRequest()) == (reg.TerminalBusy("42"),)
    assert busy.ask(reg.ResultRequest("42")) == (reg.TerminalBusy("42"),)
    (reply,) = busy.ask(reg.ResultRequest("41"), known=ended(register_id="41"))
    assert isinstance(reply, reg.SaleResult)
    assert refusal(Desk().ask(reg.ResultRequest("99"))) is reg.RefusalCode.NOT_FOUND


def test_a_sale_that_stands_unknown_has_no_result_yet_whatever_was_wanted_of_it() -> None:
    """Its reason may say "cancelled" by now; told to the register, that would be an outcome."""
    walk = walk_to(State.CAPTURE).cancelled()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    assert (walk.sale.outcome, walk.sale.reason) == (Outcome.UNKNOWN, Reason.CASHIER_CANCELLED)
    assert Desk().ask(reg.ResultRequest("42"), known=walk.sale) == (reg.SaleAccepted("42"),)


def test_what_netgiro_has_no_call_for_is_refused() -> None:
    assert refusal(Desk().ask(reg.ReversalRequest(7))) is reg.RefusalCode.NOT_POSSIBLE
    assert refusal(Desk().ask(reg.RefundRequest(1990))) is reg.RefusalCode.NOT_POSSIBLE


def test_a_delivered_result_closes_the_sale_and_is_shown_for_a_while() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultDelivered("42"))
    assert desk.view.sale is None
    assert desk.view.result is not None
    assert desk.view.result.acknowledged
    assert desk.last.effects == (ShowResultFor(7, RESULT_SHOWN_S),)
    assert desk.happen(ResultSeen(7)).view.result is None


def test_a_delivery_of_another_result_closes_nothing() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultDelivered("41"))
    assert desk.sale.state is State.REPORT
    assert Desk().ask(reg.ResultDelivered("41")) == ()


def test_a_rejected_payment_waits_for_staff_and_does_not_hold_up_the_next_sale() -> None:
    desk = desk_with(walk_to(State.REPORT).sale)
    desk.ask(reg.ResultRefusal("42"))
    assert [sale.outcome for sale in desk.view.attention] == [Outcome.REFUND_DUE]
    assert desk.last.effects == (), "it stands until somebody has seen it"
    assert desk.ask(reg.SaleRequest(2990, "43")) == (reg.SaleAccepted("43"),)


def test_staff_settle_one_sale_while_a_customer_types_for_another() -> None:
    waiting = [replace(walk_to(State.ATTENTION).sale, number=number) for number in (3, 4)]
    desk = desk_with(walk_to(State.ENTRY).sale, attention=tuple(waiting)).press("822")
    desk.happen(ev.SettledByStaff(3, ev.Verdict.UNPAID))
    assert [sale.number for sale in desk.view.attention] == [3, 4], "that verdict does not fit, nothing changes"
    desk.happen(ev.SettledByStaff(3, ev.Verdict.REFUNDED, by="gunnar (user 1000)"))
    assert [sale.number for sale in desk.view.attention] == [4]
    assert desk.view.entry.digits.reveal() == "822"
    assert desk.last.record is not None
    assert desk.last.record.sale.settled_by == "gunnar (user 1000)"


def test_a_settled_sale_is_not_shown_as_unsettled_any_more() -> None:
    sale = walk_to(State.ATTENTION).sale
    desk = Desk(view=View(result=sale, attention=(sale,)))
    assert desk.happen(ev.SettledByStaff(7, ev.Verdict.REFUNDED)).view == View()


@each_of(
    ("request_", "looked_up"),
    [
        (reg.SaleRequest(1, "42"), "42"),
        (reg.CancelRequest("42"), "42"),
        (reg.ResultRequest(None), None),
        (reg.ResultDelivered("42"), None),
        (reg.ResultRefusal("42"), None),
    ],
)
def test_the_journal_is_asked_for_ids_that_matter(request_: Any, looked_up: str | None) -> None:
    assert reg.register_id_of(request_) == looked_up
