"""How a ZVT register is told the end of a sale: until when that counts, what is held, and that it counts once."""

from __future__ import annotations

from datetime import UTC

from msgspec.structs import replace

from terminal.counter.register_words import RegisterRequest, ResultDelivered, ResultRefusal, SaleResult
from terminal.register.zvt import format as zf
from terminal.register.zvt import telling as zt
from terminal.register.zvt.result import Wording
from terminal.register.zvt.telling import Telling
from terminal.register.zvt.transport import ZvtLink
from terminal.register.zvt.turns import Answer, Ended, Frame, Purpose, Turns
from tests.each import each_of
from tests.unit.register.zvt.zvt_bench import NAME, receipt_of, result

WORDING = Wording(terminal_id="00000012", decimals=0, zone=UTC)
OTHER = result(name="T1-000008-A1B2C3", number=8)
LONGEST_S = 180.0


class Words:
    """A telling, what it has for the terminal, and a register that answers the frame whose turn it is."""

    def __init__(self) -> None:
        self.turns = Turns(ZvtLink())
        self.requests: list[RegisterRequest] = []
        self.telling = Telling(self.turns, WORDING, receipt_of, self.requests, LONGEST_S)

    @property
    def next(self) -> Frame | None:
        return self.turns.next_frame

    def answer(self, now_s: float, answer: Answer = Answer.GOOD) -> None:
        frame = self.turns._frames.popleft()
        self.telling.answered(Ended(frame, answer), now_s)

    def again(self, told: SaleResult, now_s: float, service: int = 0) -> None:
        self.telling.tell_again(told, service, now_s)


def test_the_times_are_these() -> None:
    assert (zt.RESULT_ANSWER_S, zt.LONGEST_RESULT_ANSWER_S) == (30.0, 60.0)


@each_of(("is_held", "now_s", "is_taken"), [(True, 179.0, True), (True, 180.0, False), (False, 349.0, True)])
def test_a_result_that_was_held_counts_no_longer_because_it_is_asked_for(
    is_held: bool, now_s: float, is_taken: bool
) -> None:
    words = Words()
    if is_held:
        words.telling.take_unasked(result(), 0.0)
    words.again(result(), 170.0)
    words.answer(now_s)
    assert words.requests == [ResultDelivered(NAME) if is_taken else ResultRefusal(NAME)]


def test_what_is_held_of_one_sale_is_no_time_of_another_and_is_not_forgotten_over_it() -> None:
    words = Words()
    words.telling.take_unasked(result(), 0.0)
    words.again(OTHER, 170.0)
    assert words.telling.held_until_s == 180.0
    words.answer(349.0)
    assert words.requests == [ResultDelivered(OTHER.register_id)]


@each_of(
    ("told", "is_held", "service", "purpose"),
    [
        (result(acknowledged=True), True, 0, Purpose.RESULT),
        (result(acknowledged=True), False, 0, Purpose.END),
        (result(acknowledged=True), False, zt.WITH_STATUS, Purpose.RESULT),
        (result(), False, 0, Purpose.RESULT),
        (replace(result(), sale=None), False, 0, Purpose.END),
    ],
    ids=["held", "heard", "wanted", "unheard", "no sale"],
)
def test_a_result_is_told_first_if_its_register_may_not_have_it(
    told: SaleResult, is_held: bool, service: int, purpose: Purpose
) -> None:
    words = Words()
    if is_held:
        words.telling.take_unasked(told, 0.0)
    words.again(told, 10.0, service)
    assert words.next is not None
    assert words.next.purpose is purpose


def test_a_result_that_is_told_again_is_in_the_registers_currency() -> None:
    words = Words()
    words.telling.registration = zf.Registration(currency=b"\x03\x52")
    words.again(result(), 0.0)
    assert words.next is not None
    assert words.next.apdu == WORDING.status(result(), currency=b"\x03\x52")
    assert words.next.apdu != WORDING.status(result(), currency=None)


@each_of("answer", [Answer.GOOD, Answer.REFUSED])
def test_what_is_decided_is_decided_once(answer: Answer) -> None:
    words = Words()
    words.again(result(), 0.0)
    words.answer(1.0, answer)
    decided = [ResultDelivered(NAME) if answer is Answer.GOOD else ResultRefusal(NAME, True)]
    assert words.requests == decided
    words.answer(2.0)
    words.turns.queue(b"\x80\x00\x00", Purpose.PRINT)
    words.telling.stop_if_expired(1000.0)
    words.telling.hold()
    assert (words.requests, words.telling.held_until_s) == (decided, None)


@each_of(
    ("now_s", "purposes", "is_over"),
    [
        (179.0, [Purpose.RESULT], False),
        (180.0, [Purpose.RESULT], True),
        (180.0, [Purpose.PRINT], True),
        (180.0, [Purpose.END], False),
        (180.0, [], False),
    ],
)
def test_once_the_time_is_over_nothing_more_says_paid(now_s: float, purposes: list[Purpose], is_over: bool) -> None:
    words = Words()
    words.again(result(), 0.0)
    words.turns.forget_queued()
    for purpose in purposes:
        words.turns.queue(b"\x80\x00\x00", purpose)
    words.telling.stop_if_expired(now_s)
    assert words.requests == ([ResultRefusal(NAME)] if is_over else [])
