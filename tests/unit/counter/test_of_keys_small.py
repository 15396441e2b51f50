"""Keys that mean nothing, what a test of the keypad shows, and the pages of training and of a doubtful receipt."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hardware.interfaces import LONG_PRESS_S
from terminal.counter import menu as menus
from terminal.counter import menu_wishes as wishes
from terminal.counter import of_doubt
from terminal.counter.decide import decide
from terminal.counter.decision import LetReadFor, LockMenuFor, ShowMenuFor
from terminal.counter.inputs import (
    CodeScanned,
    ConditionsChanged,
    KeyPressed,
    NightCame,
    ReprintLookedUp,
    ResultSeen,
    TrainingNotSwitched,
)
from terminal.counter.menu_codes import CodeJudged, CodeVerdict
from terminal.counter.of_keys import offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, Question, View
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import new_refund, unknown_capture, walk_to
from tests.unit.counter.desk_bench import ended

RULES = CounterRules(languages=("is", "en"))
DOUBT = QueuedReceipt("7-customer-0", 7, ReceiptKind.CUSTOMER, 0, ReceiptState.DOUBTFUL)


def pressed(view: View, keys: str, rules: CounterRules = RULES) -> View:
    for key in keys:
        view = decide(view, KeyPressed(key), rules).view
    return view


@each_of(
    "view",
    [
        View(result=ended()),
        View(refund_result=new_refund()),
        View(is_training=True),
        View(is_training=True, training_amount="19"),
        View(asks_operator=True),
    ],
    ids=["a result", "a refund", "training", "an amount", "who"],
)
def test_a_key_that_no_pad_has_means_nothing(view: View) -> None:
    assert pressed(view, "~") == view


def test_a_receipt_in_doubt_is_judged_by_two_keys_only() -> None:
    asked = decide(View(), ConditionsChanged({"receipt_in_doubt": DOUBT, "pending_receipts": 1}), RULES).view
    asked = replace(asked, question=replace(asked.question, is_read=True))
    assert pressed(asked, "~").judged is None
    assert pressed(asked, "#").judged == DOUBT
    assert of_doubt.JUDGED_AFTER_S == LONG_PRESS_S + 0.5


@each_of("keys", ["1", "12#", "*", "0", "D"])
def test_while_money_is_on_its_way_back_no_key_means_anything(keys: str) -> None:
    for view in (View(refund=new_refund(), asks_operator=True), View(refund=new_refund(), is_training=True)):
        assert pressed(view, keys) == view


@each_of(("key", "is_asked"), [("#", True), ("A", False), ("1", False), ("~", False)])
def test_an_amount_of_training_is_asked_for_by_one_key(key: str, is_asked: bool) -> None:
    view = View(is_training=True, training_amount="1990")
    assert (offer_accepted(view, KeyPressed(key)) is not None) is is_asked
    for busy in (replace(view, refund=new_refund()), replace(view, is_leaving=True)):
        assert offer_accepted(busy, KeyPressed(key)) is None


@each_of(("keys", "amount"), [("1990", "1990"), ("0019", "19"), ("12345678", "123456"), ("19*", ""), ("1B9", "19")])
def test_an_amount_of_training_has_six_digits_and_no_zero_before_them(keys: str, amount: str) -> None:
    assert pressed(View(is_training=True), keys).training_amount == amount


@each_of("view", [View(is_training=True, offer=Offer(1990)), View(offer=Offer(1990))], ids=["training", "no training"])
def test_an_offer_is_waved_away_by_a_key_that_is_no_amount(view: View) -> None:
    assert pressed(view, "*").offer == Offer(1990, is_open=False)


def test_whoever_comes_says_who_they_are_beside_an_offer() -> None:
    view = pressed(View(asks_operator=True, offer=Offer(1990)), "12")
    assert (view.operator_typed, view.offer) == ("12", Offer(1990))


def test_a_scanned_code_means_nothing_once_the_customer_is_known() -> None:
    for state in (State.CUSTOMER, State.CODE_ENTRY):
        view = View(sale=walk_to(state).sale)
        assert decide(view, CodeScanned(Sensitive("17")), RULES).view == view


# --- the menu ---------------------------------------------------------------------------------------------------------


def test_in_the_test_of_the_keypad_a_scanned_code_shows_its_length() -> None:
    menu = replace(View().menu, item=menus.Item.KEYPAD, page=menus.Page.KEYPAD, turn=4)
    decision = decide(View(menu=menu), CodeScanned(Sensitive("50000412345")), RULES)
    assert (decision.view.menu.scanned, decision.view.menu.turn) == (11, 5)
    assert decision.effects == (ShowMenuFor(5, menus.SHOWN_S),)


@each_of(
    ("verdict", "page"),
    [
        (CodeVerdict.RIGHT, menus.Page.ASKING),
        (CodeVerdict.WRONG, menus.Page.CODE),
        (CodeVerdict.LOCKED, menus.Page.CODE),
        (CodeVerdict.FAILED, menus.Page.NOT_WRITTEN),
    ],
)
def test_only_after_a_right_code_something_is_done_at_once(verdict: CodeVerdict, page: menus.Page) -> None:
    menu = replace(View().menu, item=menus.Item.PAIRING, page=menus.Page.CHECKING)
    decision = decide(View(menu=menu), CodeJudged(verdict), RULES)
    assert decision.view.menu.page is page
    assert (wishes.MakePairingCode() in decision.effects) is (verdict is CodeVerdict.RIGHT)


def test_a_right_code_that_comes_too_late_does_nothing() -> None:
    for menu in (View().menu, replace(View().menu, item=menus.Item.PAIRING, page=menus.Page.ASKING)):
        decision = decide(View(menu=menu), CodeJudged(CodeVerdict.RIGHT), RULES)
        assert (decision.view.menu, wishes.MakePairingCode() in decision.effects) == (menu, False)


@each_of(("locked_s", "is_locked"), [(0.0, False), (0.5, True), (60.0, True)])
def test_codes_are_locked_as_long_as_their_keeper_says(locked_s: float, is_locked: bool) -> None:
    menu = replace(View().menu, item=menus.Item.PAIRING, page=menus.Page.CHECKING)
    decision = decide(View(menu=menu), CodeJudged(CodeVerdict.WRONG, locked_s), RULES)
    assert (LockMenuFor(locked_s) in decision.effects) is is_locked


@each_of("key", ["0", "#"])
def test_a_key_that_stays_down_changes_no_open_menu(key: str) -> None:
    menu = replace(View().menu, item=menus.Item.REPRINT_LAST, page=menus.Page.ASKING)
    sale = unknown_capture().sale
    assert sale.stands_unknown
    view = View(menu=menu, sale=sale)
    assert decide(view, KeyPressed(key, is_long=True), RULES).view == view


def test_a_menu_that_shows_nothing_new_is_not_shown_for_longer() -> None:
    sale = ended()
    asked = ReprintLookedUp(sale=sale, kinds=(), by_keypad=True)
    assert decide(View(), asked, RULES).effects == ()
    menu = replace(View().menu, item=menus.Item.REPRINT_LAST, page=menus.Page.ASKING, turn=4)
    shown = decide(View(menu=menu), asked, RULES)
    assert (shown.view.menu.page, shown.effects) == (menus.Page.DONE, (ShowMenuFor(5, menus.SHOWN_S),))


# --- training ---------------------------------------------------------------------------------------------------------


def test_what_the_disk_did_not_take_is_said_on_a_page_of_its_own() -> None:
    menu = replace(View().menu, turn=4)
    decision = decide(View(is_leaving=True, menu=menu), TrainingNotSwitched(), RULES)
    shown = decision.view.menu
    assert (shown.item, shown.page, shown.turn) == (menus.Item.TRAINING, menus.Page.NOT_WRITTEN, 5)
    assert decision.effects == (ShowMenuFor(5, menus.SHOWN_S),)
    assert not decision.view.is_leaving


def test_when_training_ends_nothing_of_it_is_shown_any_more() -> None:
    rules = CounterRules(menu=menus.MenuRules(can_train=True))
    view = View(is_training=True, result=ended(), refund_result=new_refund())
    left = decide(view, NightCame(), rules).view
    assert left.is_leaving
    assert (left.result, left.refund_result, left.menu.is_open) == (None, None, False)


# --- a question -------------------------------------------------------------------------------------------------------


def test_a_question_is_read_anew_only_after_a_key_that_came_too_early() -> None:
    asked = decide(View(), ConditionsChanged({"receipt_in_doubt": DOUBT, "pending_receipts": 1}), RULES)
    question = asked.view.question
    assert question == Question(DOUBT, turn=View().question.turn + 1)
    assert LetReadFor(question.turn, of_doubt.READ_AFTER_S) in asked.effects
    other: Any
    for other in (ResultSeen(3), ConditionsChanged({"network_ok": False})):
        after = decide(asked.view, other, RULES)
        assert after.view.question == question
        assert not any(isinstance(effect, LetReadFor) for effect in after.effects)
    hasty = decide(asked.view, KeyPressed("#"), RULES)
    assert hasty.view.question == replace(question, turn=question.turn + 1)
