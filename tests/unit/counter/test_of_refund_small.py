"""Refunds at the counter, at the edges: amounts, ids of one try, what begins by itself, and what staff correct."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import of_refund
from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision, ShowRefundFor
from terminal.counter.inputs import EndedRefundLookedUp, ReprintRequested
from terminal.counter.register_ids import Wish
from terminal.counter.rules import RefundRules
from terminal.counter.view import View
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import Outcome, Reason, Sale, State
from tests.each import each_of
from tests.sales import new_refund, refund_of, walk_to
from tests.unit.counter.refund_bench import DUE, PAID, RULES, begun

LONGEST_S = RULES.refund.max_days * 86_400
BOTH = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)


def test_a_refund_is_shown_as_long_as_a_sale() -> None:
    assert of_refund.RESULT_SHOWN_S == 12.0


@each_of(
    ("amount_kr", "is_begun"), [(-1, False), (0, False), (1, True), (2, True), (1990, True), (1991, False)], ids=str
)
def test_from_one_krona_to_all_that_is_left(amount_kr: int, is_begun: bool) -> None:
    decision = begun(amount_kr=amount_kr)
    assert (decision.refund_record is not None) is is_begun
    if not is_begun:
        assert decision.replies == (
            reg.RequestRefused("R8", reg.RefusalCode.AMOUNT, limit_kr=1990, limits_kr=(1, 1990), of_refund=True),
        )


@each_of(("returned_kr", "is_begun"), [(1989, True), (1990, False)])
def test_a_last_krona_goes_back(returned_kr: int, is_begun: bool) -> None:
    earlier = refund_of(PAID, 5, returned_kr, reason=RefundReason.DONE, state=RefundState.CLOSED)
    assert (begun(amount_kr=1, refunds=(earlier,)).refund_record is not None) is is_begun


@each_of(
    ("view", "changes", "code"),
    [
        (View(sale=walk_to(State.CUSTOMER).sale), {}, reg.RefusalCode.BUSY),
        (View(refund=new_refund()), {}, reg.RefusalCode.BUSY),
        (View(sale=walk_to(State.CUSTOMER).sale), {"source": RefundSource.COMMAND, "register_id": None}, None),
        (View(refund=new_refund()), {"source": RefundSource.COMMAND, "register_id": None}, None),
        (View(is_leaving=True), {"source": RefundSource.COMMAND, "register_id": None}, reg.RefusalCode.BUSY),
        (View(), {"rival_age_s": LONGEST_S}, reg.RefusalCode.NOT_FOUND),
        (View(), {"rival_age_s": LONGEST_S + 1}, None),
        (View(), {"sale_age_s": LONGEST_S}, None),
        (View(), {"sale_age_s": LONGEST_S + 1}, reg.RefusalCode.TOO_OLD),
    ],
    ids=str,
)
def test_what_stands_in_the_way_of_a_refund(view: View, changes: dict[str, Any], code: reg.RefusalCode | None) -> None:
    decision = begun(view, **changes)
    assert (decision.refund_record is None) is (code is not None)
    refused = decision.refused or next(iter(decision.replies), None)
    assert getattr(refused, "code", None) is code


@each_of(
    ("changes", "register_id", "operator"),
    [
        ({}, "R8", "Anna"),
        ({"register_id": None}, "T1-000008-A1B2C3", "Anna"),
        ({"register_id": None, "source": RefundSource.KEYPAD}, "", "Anna"),
        ({"register_id": None, "source": RefundSource.COMMAND}, "", "Anna"),
        ({"register_id": None, "source": RefundSource.AUTOMATIC, "amount_kr": None, "sale": DUE}, "", ""),
    ],
    ids=str,
)
def test_a_refund_names_who_asked_for_it(changes: dict[str, Any], register_id: str, operator: str) -> None:
    record = begun(View(operator="Anna"), **changes).refund_record
    assert record is not None
    assert record.event == "RefundRequested"
    assert (record.refund.register_id, record.refund.operator) == (register_id, operator)


def test_a_refund_from_the_keypad_takes_the_place_of_what_was_shown() -> None:
    menu = replace(View().menu, item=menus.Item.REFUND, page=menus.Page.AMOUNT)
    before = View(menu=menu, result=PAID, refund_result=new_refund(number=5))
    view = begun(before, source=RefundSource.KEYPAD, register_id=None).view
    assert (view.menu.is_open, view.result, view.refund_result) == (False, None, None)


# --- ids --------------------------------------------------------------------------------------------------------------


@each_of(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"amount_kr": None}, True),
        ({"amount_kr": 499}, False),
        ({"sale": replace(PAID, number=6)}, False),
        ({"sale": None}, False),
        ({"echo": "other"}, True),
        ({"names_one_try": True}, True),
        ({"names_one_try": True, "echo": "other"}, False),
    ],
    ids=str,
)
def test_the_same_request_again_is_of_the_same_payment_amount_and_try(changes: dict[str, Any], is_same: bool) -> None:
    known = new_refund(sale_number=PAID.number, reason=RefundReason.DONE, state=RefundState.CLOSED)
    wish = Wish(is_open=False, may_have_moved_money=True, age_s=60.0, told_s=30.0)
    (answer,) = begun(known=known, wish=wish, **changes).replies
    assert isinstance(answer, reg.RefundResult if is_same else reg.RequestRefused)
    if isinstance(answer, reg.RequestRefused):
        assert answer.code is reg.RefusalCode.DUPLICATE


# --- by itself --------------------------------------------------------------------------------------------------------


@each_of(
    "sale",
    [None, PAID, replace(DUE, reason=Reason.REFUNDED), replace(DUE, authorization_id=None)],
    ids=["none", "paid", "refunded", "unnamed"],
)
def test_by_itself_only_a_payment_that_is_due_and_named_goes_back(sale: Sale | None) -> None:
    view = View()
    decision = begun(view, source=RefundSource.AUTOMATIC, register_id=None, amount_kr=None, sale=sale)
    assert decision == Decision(view=view)


@each_of("is_possible", [True, False])
@each_of("earlier", [(), (new_refund(source=RefundSource.AUTOMATIC, reason=RefundReason.REFUSED),)], ids=len)
def test_by_itself_it_goes_back_once_and_where_that_can_be(earlier: tuple[Refund, ...], is_possible: bool) -> None:
    rules = replace(RULES, refund=replace(RULES.refund, is_possible=is_possible))
    decision = begun(
        None, rules, source=RefundSource.AUTOMATIC, register_id=None, amount_kr=None, sale=DUE, refunds=earlier
    )
    assert (decision.refund_record is not None) is (is_possible and not earlier)


# --- corrected --------------------------------------------------------------------------------------------------------


def corrected(refund: Refund, sale: Sale, *, is_done: bool) -> Decision:
    event = rs.RefundSettlementCorrected(refund.number, is_done, "gunnar")
    return decide(View(), EndedRefundLookedUp(event, refund, sale), RULES)


def settled(reason: RefundReason, source: RefundSource = RefundSource.COMMAND) -> Refund:
    return new_refund(reason=reason, source=source, state=RefundState.CLOSED, register_id="", settled_by="anna")


def test_what_was_not_done_after_all_is_written_alone_if_staff_had_wanted_it() -> None:
    decision = corrected(settled(RefundReason.SETTLED_DONE), PAID, is_done=False)
    assert decision.refund_record is not None
    assert decision.refund_record.refund.reason is RefundReason.SETTLED_NOT_DONE
    assert (decision.record, decision.view.attention) == (None, ())


def test_what_the_terminal_gave_back_itself_is_due_again_if_it_was_not_done() -> None:
    ended = replace(DUE, state=State.CLOSED, reason=Reason.REFUNDED)
    decision = corrected(settled(RefundReason.SETTLED_DONE, RefundSource.AUTOMATIC), ended, is_done=False)
    assert decision.record is not None
    assert (decision.record.sale.state, decision.record.sale.outcome) == (State.ATTENTION, Outcome.REFUND_DUE)
    assert [sale.number for sale in decision.view.attention] == [ended.number]


def test_what_was_done_after_all_ends_the_sale_that_it_was_begun_for() -> None:
    refund = settled(RefundReason.SETTLED_NOT_DONE, RefundSource.AUTOMATIC)
    decision = corrected(refund, DUE, is_done=True)
    assert decision.record is None
    assert ev.MoneyReturned(refund.sale_number) in decision.follow_ups


def test_what_was_done_after_all_is_printed_once_more() -> None:
    refund = settled(RefundReason.SETTLED_NOT_DONE)
    decision = corrected(refund, PAID, is_done=True)
    assert decision.refund_record is not None
    assert decision.refund_record.receipts == ()
    assert decision.follow_ups == (ReprintRequested(refund.number, BOTH),)


@each_of("reason", [RefundReason.DONE, RefundReason.REFUSED])
def test_what_the_service_has_said_is_not_corrected(reason: RefundReason) -> None:
    for is_done in (True, False):
        decision = corrected(settled(reason, RefundSource.AUTOMATIC), DUE, is_done=is_done)
        assert decision == Decision(view=View())


@each_of(
    ("source", "is_done"), [(RefundSource.COMMAND, False), (RefundSource.COMMAND, True), (RefundSource.AUTOMATIC, True)]
)
def test_no_other_correction_makes_a_returned_payment_due(source: RefundSource, is_done: bool) -> None:
    before = RefundReason.SETTLED_NOT_DONE if is_done else RefundReason.SETTLED_DONE
    returned = replace(DUE, state=State.CLOSED, reason=Reason.REFUNDED)
    decision = corrected(settled(before, source), returned, is_done=is_done)
    assert decision.refund_record is not None
    assert (decision.record, decision.view.attention) == (None, ())


# --- shown ------------------------------------------------------------------------------------------------------------


@each_of(
    ("event", "is_shown"),
    [
        (rs.RefundConfirmed(8, 1), False),
        (rs.RefundAnswerLost(8, 1), False),
        (rs.RefundPatienceOver(8, "transfer"), False),
    ],
    ids=["done", "lost", "late"],
)
def test_while_the_register_is_told_or_nobody_knows_no_end_is_shown(event: Any, is_shown: bool) -> None:
    decision = decide(begun().view, event, RULES)
    assert (decision.view.refund_result is not None) is is_shown
    assert any(isinstance(effect, ShowRefundFor) for effect in decision.effects) is is_shown


def test_once_the_register_has_it_its_end_is_shown() -> None:
    told = decide(begun().view, rs.RefundConfirmed(8, 1), RULES)
    ended = decide(told.view, rs.RefundResultTaken(8), RULES)
    assert ended.view.refund_result is not None
    assert ended.effects == (ShowRefundFor(8, 12.0),)
    assert ended.view.refund is None


def test_what_nobody_waits_for_ends_unseen() -> None:
    asked_for = begun(source=RefundSource.COMMAND, register_id=None).view
    done = decide(asked_for, rs.RefundConfirmed(8, 1), RULES)
    assert (done.view.refunds, done.view.refund_result) == ((), None)
    assert not any(isinstance(effect, ShowRefundFor) for effect in done.effects)


def test_the_shops_rules_are_possible_by_themselves() -> None:
    assert RefundRules().is_possible is RULES.refund.is_possible
