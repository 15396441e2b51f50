"""Which input goes before which while the disk takes nothing. The same with a real loop: test_loop.py."""

from __future__ import annotations

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.inputs import (
    CodeScanned,
    ConditionsChanged,
    EndOfDayRequested,
    Input,
    KeyPressed,
    MenuLeft,
    ReceiptJudged,
)
from terminal.counter.view import View
from terminal.loop.held_back import HeldBack, is_retried
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import new_sale

SALE = new_sale()
CANCEL = ev.CancelRequested(SALE.number, ev.Canceller.CASHIER)
ANSWER = ev.AnswerLost(SALE.number, 1, "cut off")
DEADLINE = ev.DeadlinePassed(SALE.number, State.CUSTOMER)
RESTORED = ev.PowerRestored(SALE.number)
RESULT = ev.ResultAcknowledged(SALE.number)
KEY = KeyPressed("*")
JUDGED = ReceiptJudged(QueuedReceipt("7-customer-0", 7, ReceiptKind.CUSTOMER, 1, ReceiptState.DOUBTFUL), is_whole=False)
SCAN = CodeScanned(Sensitive("5000041234"))


def holding(*inputs: Input) -> HeldBack:
    held_back = HeldBack()
    for one in inputs:
        held_back.hold(one)
    return held_back


@each_of(
    ("waiting", "event", "goes_before"),
    [
        (CANCEL, ANSWER, True),
        (DEADLINE, ANSWER, True),
        (ANSWER, ev.AnswerLost(SALE.number, 2, "again"), False),
        (ANSWER, CANCEL, False),
        (RESTORED, CANCEL, False),
        (RESTORED, ANSWER, True),
        (RESTORED, KEY, True),
        (RESTORED, SCAN, True),
        (CANCEL, KEY, False),
        (ANSWER, DEADLINE, False),
        (RESULT, DEADLINE, True),
        (JUDGED, DEADLINE, False),
        (RESTORED, reg.SaleRequest(1990, "42"), False),
        (CANCEL, ConditionsChanged({}), False),
    ],
)
def test_what_waits_goes_before_what_it_must_not_be_overtaken_by(
    waiting: Input, event: Input, goes_before: bool
) -> None:
    assert holding(waiting).goes_before(event) is goes_before


def test_nothing_waits_for_itself_and_an_input_is_held_once() -> None:
    held_back = holding(CANCEL, CANCEL)
    assert not held_back.goes_before(CANCEL)
    held_back.let_go(CANCEL)
    assert not held_back.goes_before(ANSWER)


def test_holding_nothing_holds_nothing() -> None:
    held_back = HeldBack()
    assert held_back.hold(None) is None
    held_back.let_go(ANSWER)
    assert not held_back.goes_before(ANSWER)


def test_the_cancel_in_an_input_is_kept_whoever_asked() -> None:
    cancelled = Decision(view=View(), record=Record("CancelRequested", SALE))
    keyed = Decision(view=View(), record=Record("CustomerIdentified", SALE))
    by_register = ev.CancelRequested(SALE.number, ev.Canceller.REGISTER)
    assert HeldBack().cancel_in(KEY, cancelled, SALE) == CANCEL
    assert HeldBack().cancel_in(KEY, keyed, SALE) is None
    assert HeldBack().cancel_in(reg.CancelRequest("42"), None, SALE) == by_register
    assert HeldBack().cancel_in(reg.CancelRequest(), None, SALE) == by_register
    assert HeldBack().cancel_in(reg.CancelRequest("43"), None, SALE) is None
    assert HeldBack().cancel_in(reg.CancelRequest("42"), None, None) is None
    assert holding(CANCEL).cancel_in(KEY, cancelled, SALE) is None, "one waits already"
    assert holding(CANCEL).cancel_in(CANCEL, None, SALE) is CANCEL


@each_of("event", [ANSWER, DEADLINE, RESTORED, RESULT, CANCEL, reg.ResultDelivered("42")])
def test_what_the_open_sale_needs_to_end_is_retried(event: Input) -> None:
    assert is_retried(event)


@each_of(
    "event",
    [KEY, SCAN, MenuLeft(1), EndOfDayRequested(), reg.SaleRequest(1990, "42"), reg.ResultRequest("42")],
)
def test_what_somebody_asks_again_is_not(event: Input) -> None:
    assert not is_retried(event)
