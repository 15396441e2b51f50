"""Concert's answers: their fields, and what becomes of one that nobody takes."""

from __future__ import annotations

import pytest

from terminal.counter.register_words import (
    RefusalCode,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleRequest,
)
from terminal.register.concert.codec import PATIENCE_S
from terminal.register.concert.transport import CALL_TIMEOUT_S, PAUSE_S, TELL_TIMEOUT_S, TRIES
from terminal.register.concert.wish import SAME_WISH_S
from terminal.sale.sale import Outcome, Reason
from tests.each import each_of
from tests.unit.register.concert.concert_bench import (
    ACK,
    ENQ,
    EOT,
    ISK_REPORT,
    NAK,
    SHORT_ACCEPTED,
    SHORT_REFUSED,
    SPACES,
    Bench,
    ask,
    sent,
)

ISK_IMMEDIATE = f"02 30 31 30 30 31 39 39 30 30 30 30 31 30 33 35 32 {SPACES} 41 30 31 31 42 30 31 30 03 04"
FULL_ACCEPTED = f"02 30 31 30 30 30 31 39 39 30 30 30 31 4E 45 54 47 49 52 4F {'20 ' * 48} 33 35 32 {SPACES} 03 7A"

# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "decimals", "reason", "answer"),
    [
        (ask(), 0, Reason.PAID, SHORT_ACCEPTED),
        (ask(), 0, Reason.CUSTOMER_DECLINED, SHORT_REFUSED),
        (sent(ISK_REPORT), 2, Reason.PAID, FULL_ACCEPTED),
    ],
)
def test_the_answer_has_the_length_and_the_fields_of_its_request(
    asked: bytes, decimals: int, reason: Reason, answer: str
) -> None:
    bench = Bench(decimals)
    request = bench.sell(asked)
    assert bench.wait(60) == b""
    bench.end(request, reason)
    assert bench.answer() == sent(answer)
    assert bench.requests == [ResultDelivered("T1-1")]
    assert bench.wait(60) == b""


@each_of("reason", Reason)
def test_only_a_payment_is_told_as_accepted(reason: Reason) -> None:
    bench = Bench()
    bench.end(bench.sell(ask()), reason)
    assert (bench.status() == "0") is (reason.outcome is Outcome.APPROVED)


@pytest.mark.parametrize("status", [6, 7])
def test_how_a_cancelled_sale_is_told_is_the_shops_choice(status: int) -> None:
    bench = Bench(cancelled_status=status)
    bench.end(bench.sell(ask()), Reason.CASHIER_CANCELLED)
    assert bench.status() == str(status)


def test_a_refusal_of_the_terminal_is_told_as_7() -> None:
    bench = Bench()
    bench.request(ask())
    bench.tell(RequestRefused(None, RefusalCode.AMOUNT, ""))
    assert bench.status() == "7"


def test_a_register_that_does_not_answer_our_call_is_called_again_and_then_given_up() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    assert bench.wait(PAUSE_S + TRIES * CALL_TIMEOUT_S) == ENQ * TRIES + EOT
    assert bench.requests == [ResultRefusal("T1-1")]


def test_a_register_that_is_not_ready_for_our_call_is_called_again() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    assert bench.wait(PAUSE_S) == ENQ
    assert bench.say(NAK) == b""
    assert bench.wait(CALL_TIMEOUT_S) == ENQ
    assert bench.say(ACK) == sent(SHORT_ACCEPTED)


def test_an_answer_that_is_refused_is_repeated_and_then_given_up() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    assert bench.say(ACK) == sent(SHORT_ACCEPTED)
    for _ in range(TRIES - 1):
        assert bench.say(NAK) == sent(SHORT_ACCEPTED)
    assert bench.requests == []
    assert bench.say(NAK) == EOT
    assert bench.requests == [ResultRefusal("T1-1")]


def test_an_answer_that_nobody_acknowledges_is_repeated_and_then_given_up() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    bench.say(ACK)
    assert bench.wait(TRIES * TELL_TIMEOUT_S) == sent(SHORT_ACCEPTED) * (TRIES - 1) + EOT
    assert bench.requests == [ResultRefusal("T1-1")]


def test_an_acknowledgement_that_comes_before_the_answer_has_left_does_not_count() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    bench.requests += bench.protocol.receive_data(ACK + ACK, bench.now_s)
    assert bench.requests == []
    assert bench.hear() == sent(SHORT_ACCEPTED)
    assert bench.say(ACK) == EOT


def test_after_a_restart_the_answer_still_has_the_fields_of_its_request() -> None:
    request = Bench(2).sell(sent(ISK_REPORT))
    restarted = Bench(2)
    restarted.end(request)
    assert restarted.wait(60) == b"", "the register may be waiting for something else by now"
    assert restarted.request(sent(ISK_REPORT)) == []
    assert restarted.answer() == sent(FULL_ACCEPTED)
    assert restarted.requests == [ResultDelivered("T1-1")]


def test_after_a_restart_a_result_that_nobody_asks_for_is_rejected() -> None:
    bench = Bench()
    bench.end(Bench().sell(ask()))
    assert bench.wait(SAME_WISH_S - 1) == b""
    assert bench.requests == []
    assert bench.wait(2) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_after_a_restart_a_register_that_asks_before_the_sale_has_ended_is_told_when_it_has() -> None:
    request = Bench().sell(ask())
    restarted = Bench()
    assert restarted.sell(ask()) == request
    restarted.end(request)
    assert restarted.answer() == sent(SHORT_ACCEPTED)


def test_a_result_of_another_protocol_is_nothing_to_tell_here() -> None:
    bench = Bench()
    bench.end(SaleRequest(1990, "42"), sale="42")
    assert bench.wait(60) == b""
    assert bench.requests == [ResultDelivered("42")]


def test_a_broken_line_keeps_the_answer_until_it_is_back() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    bench.say(ACK)
    assert bench.protocol.connection_lost() == ()
    assert bench.hear() == b""
    assert bench.wait(0.1) == ENQ
    assert bench.say(ACK) == sent(SHORT_ACCEPTED)


def test_a_result_that_cannot_be_told_for_too_long_is_not_told_any_more() -> None:
    bench = Bench()
    request = bench.sell(ask())
    bench.protocol.connection_lost()
    bench.end(request)
    bench.now_s += PATIENCE_S + 1
    assert bench.wait(60) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_a_result_that_comes_while_the_line_is_down_is_told_when_it_is_back() -> None:
    bench = Bench()
    request = bench.sell(ask())
    bench.protocol.connection_lost()
    bench.end(request)
    bench.now_s += 20
    assert bench.hear() == b""
    assert bench.wait(0.1) == ENQ


# --- a register that does not listen ----------------------------------------------------------------------------------


def test_a_register_that_calls_twice_in_the_middle_of_an_answer_goes_first() -> None:
    """Its driver tries three times within two seconds, and an answer that nobody takes lasts longer."""
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    assert bench.say(ACK) == sent(SHORT_ACCEPTED)
    assert bench.say(ENQ) == NAK
    bench.wait(0.7)
    assert bench.say(ENQ) == ACK
    assert bench.say(ask()) == ACK
    assert bench.say(EOT) == b""
    assert ResultRefusal("T1-1") not in bench.requests
    assert bench.answer() == sent(SHORT_ACCEPTED)


@each_of("takes_call", [True, False])
@each_of("silent_s", [tenth / 10 for tenth in range(0, 60, 3)])
def test_of_three_calls_after_an_unanswered_answer_one_is_heard(takes_call: bool, silent_s: float) -> None:
    """Whenever they begin: ENQ, ENQ, ENQ within two seconds is all that its driver tries."""
    bench = Bench()
    bench.end(bench.sell(ask()))
    assert bench.hear() + bench.wait(PAUSE_S) == ENQ
    if takes_call:
        assert bench.say(ACK) == sent(SHORT_ACCEPTED)
    bench.wait(silent_s)
    heard = b""
    for _ in range(3):
        heard = bench.say(ENQ)
        if heard.endswith(ACK):
            break
        heard += bench.wait(0.65)
    assert heard.endswith(ACK), heard
    assert bench.say(ask()) == ACK
    assert bench.say(EOT) == b""


# --- answers at once --------------------------------------------------------------------------------------------------


def test_where_the_shop_wants_it_a_request_is_received_and_its_result_is_not_told() -> None:
    bench = Bench(2, immediate_answer="received")
    request = bench.sell(sent(ISK_IMMEDIATE))
    assert bench.status() == "9"
    bench.requests.clear()
    bench.end(request)
    assert bench.wait(60) == b""
    assert bench.requests == [ResultDelivered("T1-1")]


def test_a_request_that_is_not_taken_is_not_received() -> None:
    bench = Bench(2, immediate_answer="received")
    bench.request(sent(ISK_IMMEDIATE))
    bench.tell(RequestRefused(None, RefusalCode.UNAVAILABLE, ""))
    assert bench.status() == "7"
