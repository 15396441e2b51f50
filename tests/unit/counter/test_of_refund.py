"""Refunds at the counter: who may start one, what the register is answered, what goes on behind the next sale."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import CheckService, Decision
from terminal.counter.inputs import KeyPressed, RefundRequested, RefundResultSeen
from terminal.counter.menu import Item, Menu, Page
from terminal.counter.register_ids import Wish
from terminal.counter.rules import CounterRules, RefundRules
from terminal.counter.view import View
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import Refusal
from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import Reason, Sale, State, Terms
from tests.each import each_of
from tests.sales import GUID, new_sale
from tests.unit.counter.refund_bench import DUE, PAID, RULES, begun, wish


def after(decision: Decision, *events: Any) -> Decision:
    for event in events:
        decision = decide(decision.view, event, RULES)
    return decision


def refusal(decision: Decision) -> reg.RefusalCode:
    (reply,) = decision.replies
    assert isinstance(reply, reg.RequestRefused)
    assert decision.refund_record is None
    assert decision.effects == ()
    return reply.code


def calls(decision: Decision) -> list[rs.RequestRefund]:
    return [effect for effect in decision.effects if isinstance(effect, rs.RequestRefund)]


DONE = rs.RefundConfirmed(8, 1)


def test_a_refund_is_on_disk_with_its_key_before_its_call_leaves() -> None:
    decision = begun()
    assert decision.refund_record is not None
    assert decision.refund_record.refund.idempotency_key == "cd" * 20
    (call,) = calls(decision)
    assert (call.authorization_id, call.amount_kr, call.idempotency_key) == (GUID, 500, "cd" * 20)
    assert decision.replies == (reg.SaleAccepted("R8"),)
    assert decision.view.refund is not None


def test_the_register_is_told_once_the_service_has_returned_the_money() -> None:
    done = after(begun(), DONE)
    (reply,) = done.replies
    assert isinstance(reply, reg.RefundResult)
    assert reply.refund.is_done
    assert done.refund_record is not None
    assert done.refund_record.receipts == (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
    told = decide(done.view, wish_delivered("R8"), RULES)
    assert told.view.refund is None
    assert told.view.refund_result is not None
    assert decide(told.view, RefundResultSeen(8), RULES).view.refund_result is None
    assert decide(told.view, KeyPressed("#"), RULES).view.refund_result is None


def wish_delivered(register_id: str) -> Any:
    from terminal.counter.inputs import RegisterRequestLookedUp  # noqa: PLC0415

    return RegisterRequestLookedUp(request=reg.ResultDelivered(register_id))


def test_without_an_amount_all_that_is_left_is_returned() -> None:
    earlier = begun().refund_record
    assert earlier is not None
    done = replace(earlier.refund, reason=RefundReason.DONE, state=RefundState.CLOSED)
    (call,) = calls(begun(amount_kr=None, refunds=(done,)))
    assert (call.amount_kr, call.is_whole) == (1490, False)
    (whole,) = calls(begun(amount_kr=None))
    assert (whole.amount_kr, whole.is_whole) == (1990, True)


def open_refund(**changes: Any) -> Refund:
    record = begun().refund_record
    assert record is not None
    return replace(record.refund, **changes)


@each_of(
    ("changes", "code"),
    [
        ({"sale": None}, reg.RefusalCode.NOT_FOUND),
        ({"amount_kr": 1991}, reg.RefusalCode.AMOUNT),
        ({"amount_kr": 0}, reg.RefusalCode.AMOUNT),
        ({"amount_kr": -500}, reg.RefusalCode.AMOUNT),
        ({"sale": replace(PAID, reason=Reason.CUSTOMER_DECLINED)}, reg.RefusalCode.REFUND),
        ({"sale": replace(PAID, authorization_id=None)}, reg.RefusalCode.REFUND),
        ({"sale_age_s": 90 * 86_400.0 + 1}, reg.RefusalCode.TOO_OLD),
    ],
)
def test_what_cannot_be_returned_starts_nothing(changes: dict[str, Any], code: reg.RefusalCode) -> None:
    assert refusal(begun(**changes)) is code


def test_nothing_starts_while_another_refund_of_that_sale_may_have_returned_everything() -> None:
    assert refusal(begun(refunds=(open_refund(number=6),))) is reg.RefusalCode.BUSY
    lost = open_refund(number=6, reason=RefundReason.NOT_TRACEABLE, state=RefundState.ATTENTION)
    assert refusal(begun(refunds=(lost,))) is reg.RefusalCode.BUSY


def test_nothing_is_left_of_a_payment_that_was_returned() -> None:
    whole = open_refund(amount_kr=1990, reason=RefundReason.DONE, state=RefundState.CLOSED)
    assert refusal(begun(refunds=(whole,))) is reg.RefusalCode.REFUND


@pytest.mark.parametrize("amount_kr", [5000, None])
def test_what_a_command_is_refused_the_register_does_not_hear(amount_kr: int | None) -> None:
    sale = PAID if amount_kr else None
    refused = begun(source=RefundSource.COMMAND, register_id=None, sale=sale, amount_kr=amount_kr)
    assert refused.replies == ()
    assert refused.refused is not None
    assert refused.refused.code is (reg.RefusalCode.AMOUNT if amount_kr else reg.RefusalCode.NOT_FOUND)


def test_the_shops_own_limits_count() -> None:
    rules = CounterRules(refund=RefundRules(max_amount_kr=400))
    (reply,) = decide(View(), wish(), rules).replies
    assert isinstance(reply, reg.RequestRefused)
    assert (reply.code, reply.limits_kr) == (reg.RefusalCode.AMOUNT, (1, 400))
    assert refusal(decide(View(), wish(), CounterRules(refund=RefundRules(is_possible=False)))) is (
        reg.RefusalCode.NOT_POSSIBLE
    )


def test_a_sale_and_an_awaited_refund_do_not_go_on_side_by_side() -> None:
    assert refusal(begun(View(sale=new_sale(9)))) is reg.RefusalCode.BUSY
    assert refusal(begun(begun().view, register_id="R9", number=9)) is reg.RefusalCode.BUSY


def wish_of(refund: Refund) -> Wish:
    return Wish(is_open=refund.is_unknown, may_have_moved_money=refund.outcome != "refused", age_s=60, told_s=60)


def test_the_same_request_again_is_answered_with_how_it_stands() -> None:
    first = begun()
    refund = open_refund()
    again = begun(first.view, known=refund, wish=wish_of(refund), refunds=(refund,))
    assert again.replies == (reg.SaleAccepted("R8"),)
    assert again.refund_record is None
    done = replace(refund, reason=RefundReason.DONE, state=RefundState.CLOSED)
    (reply,) = begun(known=done, wish=wish_of(done), refunds=(done,)).replies
    assert isinstance(reply, reg.RefundResult)
    assert reply.refund == done


def test_an_id_that_names_something_else_is_a_mistake() -> None:
    refund = open_refund()
    assert refusal(begun(known=refund, wish=wish_of(refund), amount_kr=600)) is reg.RefusalCode.DUPLICATE
    paid = Wish(is_open=False, may_have_moved_money=True, age_s=60, told_s=60)
    assert refusal(begun(known=PAID, wish=paid)) is reg.RefusalCode.DUPLICATE, "a sale has this id"


def test_a_refused_refund_may_be_tried_again_under_its_id() -> None:
    refused = open_refund(reason=RefundReason.REFUSED, state=RefundState.CLOSED)
    again = begun(known=refused, wish=wish_of(refused), refunds=(refused,), number=9)
    assert [call.refund_number for call in calls(again)] == [9]


@each_of("names_one_try", [False, True])
def test_what_a_gap_may_hide_of_a_refund_is_not_begun_again(names_one_try: bool) -> None:
    """Of an id that is known as done nothing can be missing; a refusal before the gap is not its last word."""
    lost, rest = reg.RefusalCode.RECORDS_LOST, {"gap_age_s": 30.0, "names_one_try": names_one_try}
    assert refusal(begun(**rest)) is lost
    refused = open_refund(reason=RefundReason.REFUSED, state=RefundState.CLOSED)
    assert refusal(begun(known=refused, wish=wish_of(refused), refunds=(refused,), **rest)) is lost
    just_told = replace(wish_of(refused), told_s=1.0)
    assert refusal(begun(known=refused, wish=just_told, refunds=(refused,), **rest)) is lost
    done = replace(refused, reason=RefundReason.DONE)
    assert isinstance(begun(known=done, wish=wish_of(done), refunds=(done,), **rest).replies[0], reg.RefundResult)
    since = replace(wish_of(refused), age_s=29.0)
    (told,) = begun(known=refused, wish=since, refunds=(refused,), **rest).replies
    assert isinstance(told, reg.RefundResult if names_one_try else reg.SaleAccepted)


def test_a_gap_holds_up_no_refund_without_an_id_of_a_payment_since() -> None:
    assert calls(begun(register_id=None, gap_age_s=30.0))


@each_of("source", [RefundSource.REGISTER, RefundSource.COMMAND, RefundSource.KEYPAD])
def test_whoever_asks_is_refused_what_may_have_been_given_back_in_a_gap(source: RefundSource) -> None:
    menu = Menu(page=Page.ASKING, item=Item.REFUND)
    view, lost = View(menu=menu), reg.RefusalCode.RECORDS_LOST
    refused = begun(view, source=source, register_id=None, is_before_gap=True)
    assert refused.refund_record is None
    assert calls(refused) == []
    told = {
        RefundSource.REGISTER: [reply.code for reply in refused.replies if isinstance(reply, reg.RequestRefused)],
        RefundSource.COMMAND: [refused.refused.code] if refused.refused is not None else [],
        RefundSource.KEYPAD: [refused.view.menu.refusal],
    }
    assert told[source] == [lost]
    question = begun(view, source=RefundSource.KEYPAD, register_id=None, is_question=True, is_before_gap=True)
    assert question.view.menu.refusal is lost, "before anybody types an amount"


def test_what_the_terminal_gives_back_itself_goes_on_in_a_gap() -> None:
    """Its key follows from the sale: the service carries it out once, whatever the journal has lost."""
    asked = {"source": RefundSource.AUTOMATIC, "sale": DUE, "register_id": None, "amount_kr": None}
    assert calls(begun(**asked, is_before_gap=True))


def test_whoever_waited_long_enough_is_told_and_the_refund_goes_on_behind_the_next_sale() -> None:
    late = after(begun(), rs.RefundAnswerLost(8, 1), rs.RefundPatienceOver(8, RefundState.TRANSFER))
    (reply,) = late.replies
    assert isinstance(reply, reg.RefundResult)
    assert reply.refund.outcome == "unknown"
    assert late.view.refund is None
    assert [one.number for one in late.view.refunds] == [8]
    done = after(late, rs.RefundRetryDue(8), rs.RefundConfirmed(8, 2))
    assert done.view.refunds == ()
    assert done.refund_record is not None
    assert done.refund_record.receipts == (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)


def test_a_lost_call_shows_that_there_is_no_connection() -> None:
    assert not after(begun(), rs.RefundAnswerLost(8, 1)).view.conditions.network_ok
    assert not after(begun(), rs.RefundRefused(8, 1, Refusal.NOT_SENT)).view.conditions.network_ok
    assert after(
        begun(), rs.RefundAnswerLost(8, 1), rs.RefundRetryDue(8), rs.RefundConfirmed(8, 2)
    ).view.conditions.network_ok


# --- a payment that the register did not accept ----------------------------------------------------------------------


def automatic(sale: Sale = DUE, *, view: View | None = None, **changes: Any) -> Decision:
    changes = {"amount_kr": None, "register_id": None, **changes}
    return begun(view or View(attention=(sale,)), source=RefundSource.AUTOMATIC, sale=sale, **changes)


def test_a_payment_that_the_register_refuses_is_returned_without_staff() -> None:
    paid = replace(PAID, state=State.REPORT, terms=Terms(refunds_itself=True))
    rejected = decide(View(sale=paid), ev.ResultRejected(7, said_so=True), RULES)
    assert rejected.follow_ups == (RefundRequested(number=7, source=RefundSource.AUTOMATIC),)
    assert rejected.record is not None
    assert rejected.record.receipts == (), "nobody has to do anything yet"


def test_a_register_that_fell_silent_may_have_taken_it_so_staff_look_first() -> None:
    paid = replace(PAID, state=State.REPORT, terms=Terms(refunds_itself=True, final_when_taken=True))
    for event in (ev.ResultRejected(7), ev.DeadlinePassed(7, State.REPORT)):
        silent = decide(View(sale=paid), event, RULES)
        assert silent.follow_ups == ()
        assert silent.record is not None
        assert silent.record.receipts == (ReceiptKind.ATTENTION,)


def test_a_shop_that_returns_such_payments_itself_gets_a_slip() -> None:
    rejected = decide(View(sale=replace(PAID, state=State.REPORT)), ev.ResultRejected(7), RULES)
    assert rejected.follow_ups == ()
    assert rejected.record is not None
    assert rejected.record.receipts == (ReceiptKind.ATTENTION,)


def test_what_the_terminal_returns_by_itself_holds_up_nobody_and_ends_the_sale() -> None:
    decision = automatic()
    assert decision.view.refund is None
    assert [one.number for one in decision.view.refunds] == [8]
    done = after(decision, DONE)
    assert done.follow_ups == (ev.MoneyReturned(7),)
    ended = after(done, ev.MoneyReturned(7))
    assert ended.record is not None
    assert (ended.record.sale.state, ended.record.sale.reason) == (State.CLOSED, Reason.REFUNDED)
    assert ended.record.receipts == (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
    assert ended.view.attention == ()


def test_a_sale_open_meanwhile_does_not_hold_up_the_money() -> None:
    assert calls(automatic(view=View(sale=new_sale(9), attention=(DUE,))))


def test_it_is_begun_once() -> None:
    mine = replace(open_refund(), source=RefundSource.AUTOMATIC)
    for state in (mine, replace(mine, reason=RefundReason.REFUSED, state=RefundState.CLOSED)):
        again = automatic(refunds=(state,))
        assert (again.refund_record, again.follow_ups, again.effects) == (None, (), ())


def test_a_power_cut_between_the_refund_and_the_end_of_its_sale_is_made_good() -> None:
    done = replace(open_refund(), source=RefundSource.AUTOMATIC, reason=RefundReason.DONE, state=RefundState.CLOSED)
    assert automatic(refunds=(done,)).follow_ups == (ev.MoneyReturned(7),)


def test_staff_hear_of_it_only_if_the_service_refuses() -> None:
    refused = after(automatic(), rs.RefundRefused(8, 1, Refusal.REQUEST_NOT_VALID))
    assert refused.refund_record is not None
    assert refused.refund_record.receipts == (ReceiptKind.ATTENTION,)
    assert [one.number for one in refused.view.attention] == [7]


def test_no_event_of_a_refund_nobody_knows_changes_anything() -> None:
    for event in (DONE, rs.RefundRetryDue(8), rs.RefundPowerRestored(8), rs.RefundSettledByStaff(8, True)):
        assert decide(View(), event, RULES) == Decision(view=View())


@pytest.mark.parametrize(("rival_age_s", "is_refused"), [(86_400.0, True), (91 * 86_400.0, False)])
def test_amount_that_two_payments_have_names_neither(rival_age_s: float, is_refused: bool) -> None:
    """Unless one is too old to be given back."""
    decision = begun(rival_age_s=rival_age_s)
    assert (decision.refund_record is None) == is_refused
    if is_refused:
        assert refusal(decision) is reg.RefusalCode.NOT_FOUND


def test_register_that_prints_its_receipts_prints_that_of_a_refund() -> None:
    record = begun(prints_receipt=True).refund_record
    assert record is not None
    assert not record.refund.terms.customer_copy
    assert record.refund.terms.merchant_copy


def test_the_last_moment_of_the_last_day_is_not_too_late() -> None:
    assert calls(begun(sale_age_s=RULES.refund.max_days * 86_400.0))


def test_what_the_register_and_staff_said_of_it_is_kept() -> None:
    record = begun(echo="ZVT 0978", description="x" * 150).refund_record
    assert record is not None
    assert (record.refund.register_echo, record.refund.description) == ("ZVT 0978", "x" * 100)


LOST = rs.RefundAnswerLost(8, 1)


def test_a_call_that_is_lost_is_followed_by_a_look_at_the_service_once() -> None:
    lost = after(begun(), LOST)
    assert CheckService() in lost.effects
    assert not lost.view.conditions.network_ok
    again = after(lost, rs.RefundRetryDue(8), rs.RefundAnswerLost(8, 2))
    assert CheckService() not in again.effects


def test_of_what_the_terminal_returns_itself_the_sale_has_the_receipts_and_ends_once() -> None:
    begin = automatic()
    assert after(begin, LOST).follow_ups == (), "nothing is returned yet"
    done = after(begin, DONE)
    assert done.follow_ups == (ev.MoneyReturned(7),)
    assert done.refund_record is not None
    assert done.refund_record.receipts == ()


def test_what_goes_on_behind_leaves_the_one_in_front_where_it_is() -> None:
    behind, front = open_refund(is_late=True), open_refund(number=9, register_id="R9")
    view = View(refund=front, refunds=(behind,))
    for event in (LOST, rs.RefundRetryDue(8)):
        decision = decide(view, event, RULES)
        assert (decision.view.refund, [one.number for one in decision.view.refunds]) == (front, [8])
    done = decide(view, DONE, RULES).view
    assert (done.refund, done.refunds) == (front, ())
