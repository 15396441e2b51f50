"""Concert, frame by frame, against the bytes of real registers' programs; and its rule of the latest request."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from terminal.counter.register_words import (
    CancelRequest,
    RefusalCode,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    SaleResult,
)
from terminal.register.concert import format as cf
from terminal.register.concert.codec import PATIENCE_S, ConcertProtocol
from terminal.register.concert.transport import CALL_TIMEOUT_S, LISTEN_TIMEOUT_S, PAUSE_S, TELL_TIMEOUT_S, TRIES
from terminal.register.concert.wish import SAME_WISH_S
from terminal.sale.sale import Outcome, Reason
from tests.sales import new_sale

ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"

SPACES = "20 " * 10
EUR = f"02 30 31 30 30 31 39 39 30 30 30 31 31 30 39 37 38 {SPACES} 41 30 31 30 42 30 31 30 03 06"
ISK_REPORT = f"02 30 31 30 30 31 39 39 30 30 30 31 31 30 33 35 32 {SPACES} 41 30 31 30 42 30 31 30 03 04"
ISK_IMMEDIATE = f"02 30 31 30 30 31 39 39 30 30 30 30 31 30 33 35 32 {SPACES} 41 30 31 31 42 30 31 30 03 04"
ISK_REFUND = f"02 30 31 30 30 31 39 39 30 30 30 31 31 32 33 35 32 {SPACES} 41 30 31 30 42 30 31 30 03 06"
WHOLE_KRONUR = f"02 30 31 30 30 30 30 31 39 39 30 30 31 30 33 35 32 {SPACES} 41 30 31 31 42 30 31 30 03 04"
PROTOCOL_E = f"02 30 31 30 30 30 30 31 39 39 30 31 31 30 33 35 32 {SPACES} 03 07"
UK_CANCEL = (
    "02 30 31 30 30 30 30 30 30 30 31 31 30 30 38 32 36 45 58 54 30 31 30 30 30 30 30 "
    "41 30 31 30 42 30 31 30 43 4D 44 3D 43 41 4E 43 45 4C 03 04"
)
SHORT_ACCEPTED = f"02 30 31 30 30 30 30 30 31 39 39 30 31 33 35 32 {SPACES} 03 36"
SHORT_REFUSED = f"02 30 31 37 30 30 30 30 31 39 39 30 31 33 35 32 {SPACES} 03 31"
FULL_ACCEPTED = f"02 30 31 30 30 30 31 39 39 30 30 30 31 4E 45 54 47 49 52 4F {'20 ' * 48} 33 35 32 {SPACES} 03 7A"


def ask(
    amount: str = "00001990", flag: str = "0", tail: str = "A010B010", *, kind: str = "0", currency: str = "352"
) -> bytes:
    return cf.frame(f"01{amount}{flag}1{kind}{currency}          {tail}".encode())


class Bench:
    """The terminal's end of a line, a clock, and what the terminal behind it would say."""

    def __init__(self, decimals: int = 0, **options: object) -> None:
        self.protocol = ConcertProtocol(decimals, **options)  # type: ignore[arg-type]
        self.now_s = 100.0
        self.requests: list[RegisterRequest] = []
        self.question: RegisterQuestion | None = None

    def say(self, *data: bytes) -> bytes:
        """The register sends; what it hears at once."""
        self.take(self.protocol.receive_data(b"".join(data), self.now_s))
        return self.hear()

    def take(self, requests: Sequence[RegisterRequest]) -> None:
        self.requests += requests
        for request in requests:
            if isinstance(request, RegisterQuestion):
                self.question = request

    def tell(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> None:
        """The terminal's word to a question, the latest if none is named."""
        self.protocol.send(reply, self.now_s, to or self.question)

    def hear(self) -> bytes:
        heard = self.protocol.data_to_send()
        self.requests += self.protocol.data_sent()
        return heard

    def wait(self, seconds: float) -> bytes:
        """Time passes; what the register hears meanwhile."""
        heard, end_s = b"", self.now_s + seconds
        while (due_s := self.protocol.next_wakeup_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.requests += self.protocol.wake(self.now_s)
            heard += self.hear()
        self.now_s = end_s
        return heard

    def request(self, frame: bytes) -> list[RegisterRequest]:
        """A whole conversation; the requests that came of it."""
        self.requests.clear()
        assert self.say(ENQ) == ACK
        assert self.say(frame) == ACK
        assert self.say(EOT) == b""
        return list(self.requests)

    def sell(self, frame: bytes, sale: str = "T1-1") -> SaleRequest:
        """A request that the terminal takes."""
        (request,) = self.request(frame)
        assert isinstance(request, SaleRequest)
        self.tell(SaleAccepted(sale))
        self.requests.clear()
        return request

    def end(self, request: SaleRequest, reason: Reason = Reason.PAID, sale: str = "T1-1", age_s: float = 0.0) -> None:
        self.protocol.send(replace(result(request, reason, sale), age_s=age_s), self.now_s)

    def answer(self) -> bytes:
        """Let the terminal call, and take its message; the frame."""
        assert self.hear() + self.wait(PAUSE_S) == ENQ
        frame = self.say(ACK)
        assert self.say(ACK) == EOT
        return frame

    def status(self) -> str:
        return chr(self.answer()[3])


def result(request: SaleRequest, reason: Reason = Reason.PAID, sale: str = "T1-1") -> SaleResult:
    return SaleResult(
        register_id=sale,
        amount_kr=request.amount_kr,
        reason=reason,
        authorization_id=None,
        text="",
        echo=request.echo,
    )


def sent(dump: str) -> bytes:
    return bytes.fromhex(dump)


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dump", "decimals", "amount_kr"), [(ISK_REPORT, 2, 1990), (PROTOCOL_E, 0, 1990), (ISK_REPORT, 0, 199_000)]
)
def test_both_lengths_of_request_ask_for_a_sale(dump: str, decimals: int, amount_kr: int) -> None:
    (request,) = Bench(decimals).request(sent(dump))
    assert isinstance(request, SaleRequest)
    assert (request.amount_kr, request.register_id) == (amount_kr, None)


def test_nothing_begins_before_the_register_ends_its_conversation() -> None:
    bench = Bench()
    bench.say(ENQ, ask())
    assert bench.requests == []
    assert bench.wait(60) == b""
    assert bench.say(EOT) == b""
    assert bench.requests == []


def test_a_register_may_end_before_it_has_read_our_answer() -> None:
    bench = Bench()
    assert bench.say(ENQ + ask() + EOT) == ACK + ACK
    assert len(bench.requests) == 1


def test_a_presence_test_is_acknowledged_and_starts_nothing() -> None:
    bench = Bench()
    assert bench.say(ENQ) == ACK
    assert bench.say(EOT) == b""
    assert bench.requests == []
    assert bench.wait(60) == b""


def test_a_request_is_repeated_after_nak_without_a_new_call() -> None:
    bench = Bench()
    broken = bytearray(ask())
    broken[5] ^= 1
    assert bench.say(ENQ, broken) == ACK + NAK
    assert bench.say(ask()) == ACK
    bench.say(EOT)
    assert len(bench.requests) == 1


def test_a_frame_whose_acknowledgement_was_lost_is_acknowledged_again_and_counts_once() -> None:
    bench = Bench()
    assert bench.say(ENQ, ask(), ask(), ask(), EOT) == ACK * 4
    assert len(bench.requests) == 1


def test_a_frame_that_nobody_announced_is_passed_over() -> None:
    bench = Bench()
    assert bench.say(ask(), EOT) == b""
    assert bench.requests == []


def test_half_a_frame_is_asked_for_again_after_a_while() -> None:
    bench = Bench()
    bench.say(ENQ, ask()[:20])
    assert bench.wait(LISTEN_TIMEOUT_S) == NAK
    assert bench.request(ask())


@pytest.mark.parametrize("payload", [b"", b"0" * 25, b"0" * 257, b"01\xff001990" + b"0" * 20])
def test_a_text_that_is_no_request_is_not_acknowledged(payload: bytes) -> None:
    assert Bench().say(ENQ, cf.frame(payload)) == ACK + NAK


def test_the_checksum_may_look_like_any_control_character() -> None:
    seen = set()
    for amount in range(64):
        frame = ask(f"{amount:08}")
        seen.add(frame[-1])
        (request,) = Bench().request(frame)
        assert isinstance(request, SaleRequest)
        assert request.amount_kr == amount
    assert seen >= {0x02, 0x03, 0x04, 0x05, 0x06}


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (sent(EUR), "currency"),
        (ask(currency="978"), "currency"),
        (sent(ISK_REFUND), "refund"),
        (ask(kind="1"), "credit"),
        (ask(kind="4"), "pre-authorization"),
        (ask(flag="2"), "an answer in TLV"),
        (ask("0000199x"), "amount"),
        (ask("        "), "amount"),
        (sent(WHOLE_KRONUR), "an answer at once"),
        (ask(tail="A010B010AUTHCODE=1"), "a code from a telephone call"),
        (ask(tail="A010B010CASHB=100;"), "cash back"),
        (cf.frame(b"01000019900C0352          A010B010"), "a cheque"),
    ],
)
def test_what_cannot_be_done_is_answered_with_7_and_starts_nothing(frame: bytes, why: str) -> None:
    bench = Bench()
    assert bench.request(frame) == [], why
    assert bench.status() == "7"


@pytest.mark.parametrize("tail", ["", "A010", "A010B011", "T012", "A010B0100000000000", "A010B010   ", "A01"])
def test_options_and_an_empty_tail_change_nothing_about_a_sale(tail: str) -> None:
    (request,) = Bench().request(ask(tail=tail))
    assert isinstance(request, SaleRequest)


def test_a_fraction_of_a_krona_is_refused_not_rounded() -> None:
    bench = Bench(2)
    assert bench.request(ask("00199050")) == []
    assert bench.status() == "7"


@pytest.mark.parametrize("currency", ["   ", "000", "352"])
def test_a_register_without_currencies_means_kronur(currency: str) -> None:
    (request,) = Bench().request(ask(currency=currency))
    assert isinstance(request, SaleRequest)


def test_a_foreign_currency_code_means_kronur_if_the_shop_says_so() -> None:
    bench = Bench(2, accept_foreign_currency_code=True)
    request = bench.sell(sent(EUR))
    assert request.amount_kr == 1990
    bench.end(request)
    assert bench.answer()[1:-2].decode() == "01" + "0" + "00199000" + "1" + "NETGIRO".ljust(55) + "978" + " " * 10


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


@pytest.mark.parametrize("reason", Reason)
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


# --- commands ---------------------------------------------------------------------------------------------------------


def cancelled_after(bench: Bench, reason: Reason) -> list[bytes]:
    """The answers to CMD=CANCEL and to the sale that it met."""
    sale = bench.sell(ask())
    assert bench.request(sent(UK_CANCEL)) == [CancelRequest()]
    bench.tell(SaleAccepted("T1-1"))
    assert bench.wait(5) == b""
    bench.requests.clear()
    bench.end(sale, reason)
    return [bench.answer(), bench.answer()]


def test_a_cancel_is_answered_with_9_once_nothing_was_paid_and_then_comes_the_sales_answer() -> None:
    bench = Bench()
    to_cancel, to_sale = cancelled_after(bench, Reason.REGISTER_CANCELLED)
    assert to_cancel[1:-2].decode() == "01" + "9" + "00000001" + "0" + "NETGIRO".ljust(55) + "826" + "EXT0100000"
    assert to_sale == sent(SHORT_REFUSED)
    assert bench.requests == [ResultDelivered("T1-1")]


def test_a_cancel_that_was_too_late_is_answered_with_7_and_the_sale_with_0() -> None:
    to_cancel, to_sale = cancelled_after(Bench(), Reason.PAID)
    assert chr(to_cancel[3]) == "7"
    assert to_sale == sent(SHORT_ACCEPTED)


def test_a_cancel_that_meets_a_result_on_its_way_has_failed() -> None:
    bench = Bench()
    sale = bench.sell(ask())
    bench.say(ENQ)
    bench.end(sale, Reason.CUSTOMER_DECLINED)
    bench.say(sent(UK_CANCEL), EOT)
    bench.tell(SaleAccepted("T1-1"))
    assert bench.answer() == sent(SHORT_REFUSED)
    assert bench.status() == "7"


def test_a_request_that_the_terminal_dropped_does_not_get_the_reply_to_the_next() -> None:
    bench = Bench()
    bench.request(ask("00000500"))
    bench.now_s += 60
    bench.request(ask())
    bench.tell(RequestRefused(None, RefusalCode.BUSY, ""))
    assert bench.answer() == sent(SHORT_REFUSED)


def test_a_late_word_to_one_request_is_not_taken_for_the_answer_to_another() -> None:
    bench = Bench()
    bench.request(sent(UK_CANCEL))
    cancel = bench.question
    bench.now_s += 10.5
    sale = bench.sell(ask(), "T1-2")
    bench.now_s += 1
    bench.tell(RequestRefused(None, RefusalCode.NOT_FOUND, ""), cancel)
    assert bench.wait(60) == b""
    bench.end(sale, sale="T1-2")
    assert bench.answer() == sent(SHORT_ACCEPTED)


def test_a_sale_that_its_register_gave_up_is_cancelled() -> None:
    bench = Bench()
    bench.sell(ask())
    cancelled, asked = bench.request(ask("00000500"))
    assert cancelled == CancelRequest("T1-1")
    assert isinstance(asked, SaleRequest)


def test_a_sale_that_is_accepted_only_after_its_register_gave_it_up_is_cancelled() -> None:
    bench = Bench()
    bench.request(ask())
    first = bench.question
    bench.request(ask("00000500"))
    bench.tell(SaleAccepted("T1-1"), first)
    bench.wait(0)
    assert bench.requests[-1:] == [CancelRequest("T1-1")]


def test_a_sale_of_another_protocol_whose_register_never_heard_of_it_is_not_told_as_taken() -> None:
    bench, taken = Bench(), result(SaleRequest(1990, echo="?"))
    for is_final, fate in ((True, ResultRefusal), (False, ResultDelivered)):
        bench.requests.clear()
        bench.protocol.send(replace(taken, sale=new_sale(final_when_taken=is_final)), bench.now_s)
        bench.wait(0)
        assert bench.requests == [fate("T1-1")]


def test_a_cancel_without_a_sale_has_failed() -> None:
    bench = Bench()
    assert bench.request(sent(UK_CANCEL)) == [CancelRequest()]
    bench.tell(RequestRefused(None, RefusalCode.NOT_FOUND, ""))
    assert bench.status() == "7"


@pytest.mark.parametrize("command", ["REVERSE", "REV123", "DUPLIC", "STATE", "PID", "LOGON", "RESET", "EOD", ""])
def test_other_commands_are_refused_and_leave_the_open_sale_alone(command: str) -> None:
    bench = Bench()
    sale = bench.sell(ask())
    gives_up = [] if command else [CancelRequest("T1-1")]
    assert bench.request(ask("00000001", tail=f"A010B010CMD={command}", currency="826")) == gives_up
    assert bench.status() == "7"
    if command:
        bench.end(sale)
        assert bench.answer() == sent(SHORT_ACCEPTED)


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_a_register_that_reads_nothing_fills_no_memory() -> None:
    bench = Bench()
    for _ in range(5000):
        bench.take(bench.protocol.receive_data(ENQ + ask() + EOT + ENQ + sent(UK_CANCEL) + EOT, bench.now_s))
        bench.tell(RequestRefused(None, RefusalCode.BUSY, ""))
        bench.now_s += 1
        bench.protocol.wake(bench.now_s)
    assert len(bench.hear()) < 1000
