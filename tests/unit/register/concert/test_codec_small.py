"""Concert's codec at its edges: words that come in the last moment, whose sale has ended, and fields of a frame."""

from __future__ import annotations

import pytest

from terminal.counter.register_words import (
    CancelRequest,
    RefusalCode,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
)
from terminal.register.concert import format as cf
from terminal.register.concert.codec import MOST_ASKED, REPLY_TIMEOUT_S, ConcertProtocol
from terminal.register.concert.format import ConcertError
from terminal.register.concert.transport import PAUSE_S
from terminal.register.concert.wish import SAME_WISH_S
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.unit.register.concert.concert_bench import ACK, ENQ, NAK, Bench, ask, result

CANCEL = ask(tail="CMD=CANCEL")


def asked(bench: Bench, frame: bytes | None = None) -> SaleRequest:
    (request,) = bench.request(frame or ask())
    assert isinstance(request, SaleRequest)
    return request


# --- the terminal's own word ------------------------------------------------------------------------------------------


@each_of(("late_s", "is_told"), [(REPLY_TIMEOUT_S, True), (REPLY_TIMEOUT_S + 0.1, False)])
@each_of("reply", [RequestRefused(None, RefusalCode.BUSY, ""), "result"], ids=["refused", "result"])
def test_a_no_of_the_terminal_is_told_until_the_register_waits_no_longer(
    reply: RequestRefused | str, late_s: float, is_told: bool
) -> None:
    bench = Bench()
    request = asked(bench)
    bench.now_s += late_s
    bench.tell(result(request) if isinstance(reply, str) else reply)
    heard = bench.hear() + bench.wait(PAUSE_S)
    assert heard == (ENQ if is_told else b"")


def test_a_result_is_kept_for_the_wish_the_register_and_the_telling() -> None:
    assert ConcertProtocol.longest_report_s == 90.0 + 20.0 + 3.0


def test_a_question_has_one_answer() -> None:
    bench = Bench()
    asked(bench)
    no = RequestRefused(None, RefusalCode.BUSY, "")
    bench.tell(no)
    assert bench.status() == cf.REFUSED
    bench.tell(no)
    assert bench.hear() + bench.wait(60.0) == b""


def test_a_result_that_is_said_twice_is_told_once() -> None:
    bench = Bench()
    request = bench.sell(ask())
    bench.end(request)
    bench.end(request)
    assert bench.status() == cf.ACCEPTED
    assert bench.hear() + bench.wait(60.0) == b""


@each_of("late_s", [0.0, REPLY_TIMEOUT_S + 0.1])
def test_a_sale_that_was_given_up_and_is_accepted_again_is_refused_in_time(late_s: float) -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.request(ask("00000250"))
    assert CancelRequest("T1-1") in [*bench.requests, *bench.protocol.wake(bench.now_s)]
    again = asked(bench)
    assert again.echo == first.echo
    bench.now_s += late_s
    bench.tell(SaleAccepted("T1-1"), again)
    heard = bench.hear() + bench.wait(PAUSE_S)
    assert (heard == ENQ) is (late_s == 0.0)
    bench.end(first)
    assert ResultRefusal("T1-1") in [*bench.requests, *bench.protocol.wake(bench.now_s)]


def test_so_many_questions_are_remembered() -> None:
    bench = Bench()
    questions = [asked(bench, ask(f"{number:08d}")) for number in range(1, MOST_ASKED + 2)]
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""), questions[0])
    assert bench.hear() + bench.wait(PAUSE_S) == b"", "the oldest is forgotten"
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""), questions[1])
    assert bench.hear() + bench.wait(PAUSE_S) == ENQ


def test_what_the_terminal_is_to_know_is_fetched_at_once() -> None:
    bench = Bench()
    bench.sell(ask())
    bench.protocol.send(result(SaleRequest(1, echo="ABC"), sale="T1-3"), bench.now_s)
    assert bench.protocol.next_wakeup_s == 0.0


# --- whose sale it is -------------------------------------------------------------------------------------------------


def test_the_end_of_another_sale_does_not_end_the_open_one() -> None:
    bench = Bench()
    bench.sell(ask())
    bench.protocol.send(result(SaleRequest(1, echo="ABC"), sale="T1-9"), bench.now_s)
    bench.protocol.wake(bench.now_s)
    bench.request(ask("00000250"))
    assert CancelRequest("T1-1") in [*bench.requests, *bench.protocol.wake(bench.now_s)]


def test_a_sale_that_has_ended_is_not_called_off_by_the_next_request() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.end(first, Reason.CUSTOMER_DECLINED)
    assert bench.status() == "7"
    bench.request(ask("00000250"))
    assert not any(isinstance(one, CancelRequest) for one in [*bench.requests, *bench.protocol.wake(bench.now_s)])


def test_a_new_request_while_a_result_is_out_is_received_where_the_shop_wants_it() -> None:
    bench = Bench(immediate_answer="received")
    first = bench.sell(ask())
    bench.end(first)
    bench.request(ask("00000250", tail="A011B010"))
    bench.tell(SaleAccepted("T1-2"))
    assert bench.status() == "9"


@each_of("echo", ["króna", "01", "\x7f" * 40])
def test_a_result_whose_echo_is_no_request_of_this_protocol_raises_nothing(echo: str) -> None:
    bench = Bench()
    bench.protocol.send(result(SaleRequest(1990, echo=echo)), bench.now_s)
    assert bench.hear() + bench.wait(SAME_WISH_S) == b""


# --- a frame's fields -------------------------------------------------------------------------------------------------


@each_of(("size", "is_one"), [(25, False), (26, True), (256, True), (257, False)])
def test_a_request_has_a_possible_length(size: int, is_one: bool) -> None:
    payload = b"01000019900100352".ljust(size, b" ")[:size]
    if is_one:
        assert cf.parse_request(payload).amount == "00001990"
    else:
        with pytest.raises(ConcertError, match=f"{size} characters"):
            cf.parse_request(payload)


@each_of(("flag", "is_plain"), [("0", True), ("1", True), ("2", False), ("~", False), (" ", False)])
def test_a_plain_sale_wants_one_of_two_answers(flag: str, is_plain: bool) -> None:
    assert cf.parse_request(ask(flag=flag)[1:-2]).is_plain_sale is is_plain


@each_of(("tail", "echo_ends"), [("A010", "A010"), ("A011", "A011"), ("", "A010")])
def test_an_echo_says_whether_the_register_waits(tail: str, echo_ends: str) -> None:
    request = cf.parse_request(ask(tail=tail)[1:-2])
    assert request.echo.endswith(echo_ends)
    assert len(request.echo) == 30
    assert cf.parse_request(request.echo.encode()).answers_at_once is (tail == "A011")


def test_an_answer_began_when_it_is_said_so() -> None:
    assert cf.Answer(cf.parse_request(ask()[1:-2]), cf.ACCEPTED).begun_s == 0.0


def test_a_payment_that_was_held_is_not_told_as_paid_once_the_record_contradicts_it() -> None:
    request = Bench().sell(ask())
    after_a_power_cut = Bench()
    after_a_power_cut.end(request, age_s=5.0)
    after_a_power_cut.end(request, Reason.PROVED_UNPAID, age_s=10.0)
    assert after_a_power_cut.request(ask()) == []
    assert after_a_power_cut.status() == "7"


def test_a_payment_that_waits_for_the_line_is_not_told_as_paid_once_the_record_contradicts_it() -> None:
    bench = Bench()
    request = bench.sell(ask())
    bench.end(request)
    bench.end(request, Reason.PROVED_UNPAID)
    assert bench.status() == "7"
    assert bench.requests == [ResultDelivered("T1-1")]
    assert bench.hear() + bench.wait(60.0) == b""


def test_a_payment_that_is_sent_again_says_what_is_true_by_now() -> None:
    bench = Bench()
    request = bench.sell(ask())
    bench.end(request)
    assert bench.hear() + bench.wait(PAUSE_S) == ENQ
    assert chr(bench.say(ACK)[3]) == cf.ACCEPTED
    bench.end(request, Reason.PROVED_UNPAID)
    assert chr(bench.say(NAK)[3]) == cf.REFUSED
