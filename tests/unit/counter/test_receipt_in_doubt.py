"""The question whether a receipt is whole: asked only when nothing else wants the keys."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.inputs import KeyPressed, ReprintLookedUp
from terminal.counter.rules import CounterRules
from terminal.counter.trouble import Trouble, receipt_asked_about, troubles_of
from terminal.counter.view import Conditions, Offer, View
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState
from terminal.sale.sale import State
from tests.sales import walk_to

DOUBT = QueuedReceipt("7-customer-0", 7, ReceiptKind.CUSTOMER, 1, ReceiptState.DOUBTFUL)
ASKS = View(conditions=Conditions(receipt_in_doubt=DOUBT, pending_receipts=1))
RULES = CounterRules()


@pytest.mark.parametrize(
    ("key", "judged"),
    [
        ("#", replace(DOUBT, state=ReceiptState.PRINTED)),
        ("*", replace(DOUBT, state=ReceiptState.QUEUED_AGAIN, copy=2)),
    ],
)
def test_a_key_answers_and_the_question_is_gone(key: str, judged: QueuedReceipt) -> None:
    decision = decide(ASKS, KeyPressed(key), RULES)
    assert decision.receipts == (judged,)
    assert receipt_asked_about(decision.view) is None
    assert decide(decision.view, KeyPressed(key), RULES).receipts == ()


@pytest.mark.parametrize("key", "0123456789ABC")
def test_other_keys_answer_nothing(key: str) -> None:
    decision = decide(ASKS, KeyPressed(key), RULES)
    assert decision.receipts == ()
    assert receipt_asked_about(decision.view) == DOUBT


@pytest.mark.parametrize(
    "busy",
    [
        replace(ASKS, sale=walk_to(State.ENTRY).sale),
        replace(ASKS, result=walk_to(State.REPORT).sale),
        replace(ASKS, offer=Offer(1990)),
        decide(ASKS, KeyPressed("D"), RULES).view,
        replace(ASKS, conditions=replace(ASKS.conditions, keypad_ok=False)),
    ],
    ids=["sale", "result", "offer", "menu", "trouble"],
)
@pytest.mark.parametrize("key", "#*")
def test_nobody_answers_what_is_not_on_the_screen(busy: View, key: str) -> None:
    assert receipt_asked_about(busy) is None
    assert decide(busy, KeyPressed(key), RULES).receipts == ()


def test_receipt_that_is_being_printed_is_no_trouble_and_one_that_waits_is() -> None:
    waits = Conditions(pending_receipts=1)
    assert Trouble.RECEIPTS_PENDING in troubles_of(waits)
    assert troubles_of(replace(waits, is_printing=True)) == ()


def test_nothing_is_queued_for_a_printer_that_is_not_there() -> None:
    asked = ReprintLookedUp(sale=walk_to(State.REPORT).sale, kinds=(ReceiptKind.CUSTOMER,))
    assert decide(View(), asked, RULES).receipts != ()
    assert decide(View(), asked, replace(RULES, has_printer=False)).receipts == ()
