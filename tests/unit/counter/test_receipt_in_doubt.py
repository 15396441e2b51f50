"""The question whether a receipt is whole: asked only when nothing else wants the keys."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace

from hardware.interfaces import LONG_PRESS_S
from terminal.counter.decide import decide
from terminal.counter.decision import Decision, JudgeReceiptIn, LetReadFor
from terminal.counter.inputs import ConditionsChanged, CounterEvent, KeyPressed, ReceiptJudged, ReprintLookedUp
from terminal.counter.rules import CounterRules
from terminal.counter.trouble import Trouble, receipt_asked_about, troubles_of
from terminal.counter.view import Conditions, Offer, View
from terminal.loop.timers import timer_event
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.sale import State
from tests.each import each_of
from tests.golden.samples import REFUND, REFUND_DONE
from tests.sales import walk_to

DOUBT = QueuedReceipt("7-customer-0", 7, ReceiptKind.CUSTOMER, 1, ReceiptState.DOUBTFUL)
RULES = CounterRules()
LONGEST_PAUSE_IN_TYPING_S = 0.5


def asked_about(receipt: QueuedReceipt) -> View:
    """The question has stood on the screen for long enough."""
    conditions = {"receipt_in_doubt": receipt, "pending_receipts": 1}
    asked = decide(View(), ConditionsChanged(conditions), RULES)
    return decide(asked.view, what_follows(asked), RULES).view


def what_follows(decision: Decision) -> CounterEvent:
    """The next event, at once or when its timer is due."""
    events = [*decision.follow_ups, *(due[1] for one in decision.effects if (due := timer_event(one)) is not None)]
    return cast("CounterEvent", events[0])


ASKS = asked_about(DOUBT)


@pytest.mark.parametrize(
    ("key", "judged"),
    [
        ("#", replace(DOUBT, state=ReceiptState.PRINTED)),
        ("*", replace(DOUBT, state=ReceiptState.QUEUED_AGAIN, copy=2)),
    ],
)
def test_a_key_answers_and_the_question_is_gone(key: str, judged: QueuedReceipt) -> None:
    pressed = decide(ASKS, KeyPressed(key), RULES)
    assert pressed.receipts == ()
    assert receipt_asked_about(pressed.view) is None
    answer = what_follows(pressed)
    decision = decide(pressed.view, answer, RULES)
    assert decision.receipts == (judged,)
    assert receipt_asked_about(decision.view) is None
    assert decide(decision.view, answer, RULES).receipts == (), "one answer"


def test_ok_says_that_a_receipt_is_whole_only_once_it_can_be_no_long_press() -> None:
    (effect,) = decide(ASKS, KeyPressed("#"), RULES).effects
    assert isinstance(effect, JudgeReceiptIn)
    assert effect.delay_s > LONG_PRESS_S


def test_a_long_press_that_opens_the_menu_says_nothing_of_the_receipt() -> None:
    down = decide(ASKS, KeyPressed("#"), RULES)
    held = decide(down.view, KeyPressed("#", is_long=True), RULES)
    assert held.view.menu.is_open
    later = decide(held.view, what_follows(down), RULES)
    assert later.receipts == ()
    closed = decide(later.view, KeyPressed("*", is_long=True), RULES).view
    assert receipt_asked_about(closed) == DOUBT, "it is asked again"


def test_a_long_press_says_nothing_even_where_a_sale_keeps_the_menu_shut() -> None:
    down = decide(ASKS, KeyPressed("#"), RULES)
    view = replace(down.view, sale=walk_to(State.ENTRY).sale)
    held = decide(view, KeyPressed("#", is_long=True), RULES)
    assert not held.view.menu.is_open
    assert decide(held.view, what_follows(down), RULES).receipts == ()


def test_an_answer_leaves_a_newer_question_alone() -> None:
    down = decide(ASKS, KeyPressed("#"), RULES)
    newer = replace(DOUBT, receipt_id="8-customer-0", sale_number=8)
    view = decide(down.view, ConditionsChanged({"receipt_in_doubt": newer}), RULES).view
    decision = decide(view, what_follows(down), RULES)
    assert [receipt.receipt_id for receipt in decision.receipts] == [DOUBT.receipt_id]
    assert receipt_asked_about(decision.view) == newer


def test_a_key_that_was_on_its_way_answers_nothing_and_the_question_is_read_anew() -> None:
    appeared = decide(View(), ConditionsChanged({"receipt_in_doubt": DOUBT}), RULES)
    (effect,) = appeared.effects
    assert isinstance(effect, LetReadFor)
    assert LONGEST_PAUSE_IN_TYPING_S < effect.delay_s < 1, "nobody waits for it"
    for key in "**#1C":
        pressed = decide(appeared.view, KeyPressed(key), RULES)
        assert pressed.receipts == pressed.follow_ups == ()
        assert receipt_asked_about(pressed.view) == DOUBT
        early = decide(pressed.view, what_follows(appeared), RULES)
        assert decide(early.view, KeyPressed("*"), RULES).follow_ups == (), "that time was before the key"
        appeared = decide(early.view, KeyPressed("2"), RULES)
    read = decide(appeared.view, what_follows(appeared), RULES)
    assert decide(read.view, KeyPressed("*"), RULES).follow_ups == (ReceiptJudged(DOUBT, is_whole=False),)


def test_keys_that_end_a_sale_and_wave_its_result_away_answer_nothing() -> None:
    view = replace(ASKS, sale=None, result=walk_to(State.REPORT).sale)
    view = decide(view, ConditionsChanged({}), RULES).view
    waved = decide(view, KeyPressed("*"), RULES)
    assert receipt_asked_about(waved.view) == DOUBT
    assert decide(waved.view, KeyPressed("*"), RULES).follow_ups == ()


def test_nobody_can_answer_a_question_that_is_gone_and_another_is_read_for_itself() -> None:
    appeared = decide(View(), ConditionsChanged({"receipt_in_doubt": DOUBT}), RULES)
    gone = decide(appeared.view, ConditionsChanged({"receipt_in_doubt": None}), RULES)
    assert decide(gone.view, what_follows(appeared), RULES).view == gone.view
    newer = replace(DOUBT, receipt_id="8-customer-0", sale_number=8)
    asked = decide(ASKS, ConditionsChanged({"receipt_in_doubt": newer}), RULES)
    assert decide(asked.view, KeyPressed("*"), RULES).follow_ups == ()
    again = decide(gone.view, ConditionsChanged({"receipt_in_doubt": DOUBT}), RULES)
    assert not decide(again.view, what_follows(appeared), RULES).view.question.is_read, "the old moment is over"


@each_of("key", "0123456789ABC")
def test_other_keys_answer_nothing(key: str) -> None:
    decision = decide(ASKS, KeyPressed(key), RULES)
    assert decision.receipts == ()
    assert receipt_asked_about(decision.view) == DOUBT


@each_of(
    "busy",
    [
        replace(ASKS, sale=walk_to(State.ENTRY).sale),
        replace(ASKS, result=walk_to(State.REPORT).sale),
        replace(ASKS, refund=REFUND),
        replace(ASKS, refund_result=REFUND_DONE),
        replace(ASKS, offer=Offer(1990)),
        decide(ASKS, KeyPressed("D"), RULES).view,
        replace(ASKS, conditions=replace(ASKS.conditions, keypad_ok=False)),
    ],
    ids=["sale", "result", "refund", "refund result", "offer", "menu", "trouble"],
)
@each_of("key", "#*")
def test_nobody_answers_what_is_not_on_the_screen(busy: View, key: str) -> None:
    assert receipt_asked_about(busy) is None
    decision = decide(busy, KeyPressed(key), RULES)
    assert decision.receipts == ()
    assert not any(isinstance(one, ReceiptJudged) for one in decision.follow_ups)
    assert not any(isinstance(one, JudgeReceiptIn) for one in decision.effects)


def test_receipt_that_is_being_printed_is_no_trouble_and_one_that_waits_is() -> None:
    waits = Conditions(pending_receipts=1)
    assert Trouble.RECEIPTS_PENDING in troubles_of(waits)
    assert troubles_of(replace(waits, is_printing=True)) == ()


def test_nothing_is_queued_for_a_printer_that_is_not_there() -> None:
    asked = ReprintLookedUp(sale=walk_to(State.REPORT).sale, kinds=(ReceiptKind.CUSTOMER,))
    assert decide(View(), asked, RULES).receipts != ()
    assert decide(View(), asked, replace(RULES, has_printer=False)).receipts == ()
