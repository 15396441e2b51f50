"""Concert's rule of the latest request: an answer is for the request that was asked last, and for no other customer."""

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
from terminal.register.concert.transport import LISTEN_TIMEOUT_S, PAUSE_S
from terminal.register.concert.wish import SAME_WISH_S
from tests.unit.register.concert.concert_bench import ACK, ENQ, EOT, NAK, SHORT_ACCEPTED, Bench, ask, sent

# --- the latest request -----------------------------------------------------------------------------------------------


def test_the_same_request_again_is_left_to_the_terminal_to_recognize() -> None:
    bench = Bench()
    first = bench.sell(ask())
    assert bench.request(ask()) == [first]
    bench.tell(SaleAccepted("T1-1"))
    bench.end(first)
    assert bench.answer() == sent(SHORT_ACCEPTED)
    assert bench.wait(60) == b""


def test_the_result_of_a_sale_that_the_register_gave_up_is_not_told_for_another() -> None:
    bench = Bench()
    first = bench.sell(ask())
    assert bench.request(ask("00000500"))[0] == CancelRequest("T1-1")
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""))
    assert bench.status() == "7"
    bench.end(first)
    assert bench.wait(60) == b""
    assert bench.requests[-1:] == [ResultRefusal("T1-1")]


def test_a_request_that_is_refused_gives_up_the_sale_before_it_too() -> None:
    bench = Bench()
    first = bench.sell(ask())
    assert bench.request(ask(kind="1")) == [CancelRequest("T1-1")]
    assert bench.status() == "7"
    bench.end(first)
    assert bench.wait(60) == b""
    assert bench.requests[-1:] == [ResultRefusal("T1-1")]


def test_an_answer_that_waits_while_the_register_asks_for_something_else_is_rejected() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.say(ENQ)
    bench.end(first)
    bench.say(ask("00000500"))
    bench.say(EOT)
    assert bench.requests == [
        ResultRefusal("T1-1"),
        SaleRequest(500, echo=bench.requests[-1].echo, repeats_within_s=SAME_WISH_S),  # type: ignore[union-attr]
    ]
    assert bench.wait(60) == b""


def test_an_answer_that_waits_while_the_register_asks_again_is_its_answer() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.say(ENQ)
    bench.end(first)
    bench.say(ask())
    bench.say(EOT)
    assert bench.requests == []
    assert bench.answer() == sent(SHORT_ACCEPTED)


def test_a_call_of_the_register_goes_before_an_answer_that_it_does_not_listen_to_yet() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    assert bench.wait(PAUSE_S) == ENQ
    assert bench.say(ENQ) == ACK
    assert bench.say(ask("00000500"), EOT) == ACK
    assert [type(request) for request in bench.requests] == [ResultRefusal, SaleRequest]


def test_after_the_registers_call_an_answer_that_it_still_waits_for_is_told() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    assert bench.wait(PAUSE_S) == ENQ
    assert bench.say(ENQ, ask(), EOT) == ACK + ACK
    assert bench.requests == []
    assert bench.answer() == sent(SHORT_ACCEPTED)
    assert bench.requests == [ResultDelivered("T1-1")]


def test_a_call_of_the_register_while_it_is_told_an_answer_is_not_taken() -> None:
    bench = Bench()
    bench.end(bench.sell(ask()))
    bench.wait(PAUSE_S)
    bench.say(ACK)
    assert bench.say(ENQ) == NAK
    assert bench.say(ask("00000500"), EOT) == b""
    assert bench.requests == []


def test_a_register_that_asked_for_something_else_is_not_told_the_old_result_even_if_its_eot_got_lost() -> None:
    bench = Bench()
    first = bench.sell(ask())
    assert bench.say(ENQ, ask("00000500")) == ACK + ACK
    bench.wait(LISTEN_TIMEOUT_S)
    bench.end(first)
    assert bench.wait(60) == b""
    assert bench.requests == [CancelRequest("T1-1"), ResultRefusal("T1-1")]


def test_a_register_whose_first_word_after_a_start_is_another_command_waits_for_no_sale() -> None:
    sale = Bench().sell(ask())
    bench = Bench()
    bench.end(sale)
    bench.request(ask("00000000", tail="A010B010CMD=STATE"))
    assert bench.status() == "7"
    assert bench.wait(60) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_a_cancel_after_a_start_does_not_say_which_sale_the_register_waits_for() -> None:
    sale = Bench().sell(ask())
    bench = Bench()
    bench.end(sale)
    assert bench.request(ask("00000000", tail="A010B010CMD=CANCEL")) == [CancelRequest()]
    bench.tell(SaleAccepted("T1-1"))
    assert bench.status() == "7", "it is too late"
    refused, anew = bench.request(ask())
    assert refused == ResultRefusal("T1-1")
    assert isinstance(anew, SaleRequest)
    assert anew.repeats_within_s == 0.0


# --- the next customer who pays as much -------------------------------------------------------------------------------


def test_the_same_request_is_a_repetition_while_the_terminal_would_wait_for_the_customer() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.wait(SAME_WISH_S - 1)
    assert bench.request(ask()) == [first]
    bench.tell(SaleAccepted("T1-1"))
    bench.end(first, age_s=SAME_WISH_S - 1)
    assert bench.answer() == sent(SHORT_ACCEPTED)


def test_later_the_same_request_is_the_next_customers_and_is_never_told_the_first_ones_payment() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.wait(SAME_WISH_S)
    bench.request(ask())
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""))
    assert bench.status() == "7"
    bench.requests.clear()
    bench.end(first, age_s=SAME_WISH_S + 10)
    assert bench.wait(300) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_that_holds_also_if_only_the_message_came_and_not_its_end() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.wait(SAME_WISH_S)
    bench.say(ENQ)
    bench.say(ask())
    bench.end(first, age_s=SAME_WISH_S)
    assert bench.wait(300) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_a_result_that_waits_is_not_told_to_the_next_customers_request() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.wait(SAME_WISH_S)
    bench.say(ENQ)
    bench.end(first, age_s=SAME_WISH_S)
    bench.say(ask())
    bench.say(EOT)
    assert bench.requests[0] == ResultRefusal("T1-1")
    assert isinstance(bench.requests[1], SaleRequest)
    assert bench.wait(300) == b""


@pytest.mark.parametrize("command", ["CANCEL", "STATE"])
def test_after_another_command_the_same_request_is_another_wish(command: str) -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.request(ask("00000000", tail=f"A010B010CMD={command}"))
    cancelled, anew = bench.request(ask())
    assert cancelled == CancelRequest("T1-1")
    assert isinstance(anew, SaleRequest)
    assert anew.repeats_within_s == 0.0
    bench.tell(SaleAccepted("T1-1"))
    bench.requests.clear()
    bench.end(first)
    bench.wait(300)
    assert ResultRefusal("T1-1") in bench.requests
    assert ResultDelivered("T1-1") not in bench.requests


def test_a_message_that_came_twice_before_its_end_stays_another_wish() -> None:
    bench = Bench()
    bench.sell(ask())
    bench.request(ask("00000000", tail="A010B010CMD=STATE"))
    bench.requests.clear()
    bench.say(ENQ)
    bench.say(ask())
    bench.wait(LISTEN_TIMEOUT_S + 0.1)
    bench.say(ENQ)
    bench.say(ask())
    bench.say(EOT)
    (anew,) = [one for one in bench.requests if isinstance(one, SaleRequest)]
    assert anew.repeats_within_s == 0.0


@pytest.mark.parametrize(("age_s", "is_told"), [(SAME_WISH_S - 32, True), (SAME_WISH_S - 29, False)])
def test_after_a_restart_the_age_of_the_sale_decides(age_s: float, is_told: bool) -> None:
    """Found paid a minute after it was asked for, it must not be given to who comes half a minute later."""
    sale = Bench().sell(ask())
    bench = Bench()
    bench.end(sale, age_s=age_s)
    bench.wait(30)
    bench.say(ENQ)
    bench.say(ask())
    bench.say(EOT)
    assert (ResultRefusal("T1-1") in bench.requests) is not is_told
    assert any(isinstance(one, SaleRequest) for one in bench.requests) is not is_told


def test_after_a_restart_a_register_that_asked_too_late_is_not_told() -> None:
    sale = Bench().sell(ask())
    bench = Bench()
    bench.request(ask())
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""))
    bench.status()
    bench.requests.clear()
    bench.end(sale, age_s=SAME_WISH_S + 20)
    assert bench.wait(300) == b""
    assert bench.requests == [ResultRefusal("T1-1")]


def test_the_same_amount_after_the_answer_is_the_next_customer() -> None:
    bench = Bench()
    first = bench.sell(ask())
    bench.end(first)
    bench.answer()
    assert bench.request(ask()) == [first]
