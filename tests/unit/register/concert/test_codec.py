"""Concert, frame by frame, against the bytes of real registers' programs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

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
from terminal.register.concert.transport import LISTEN_TIMEOUT_S
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.sales import new_sale
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
    result,
    sent,
)

EUR = f"02 30 31 30 30 31 39 39 30 30 30 31 31 30 39 37 38 {SPACES} 41 30 31 30 42 30 31 30 03 06"
ISK_REFUND = f"02 30 31 30 30 31 39 39 30 30 30 31 31 32 33 35 32 {SPACES} 41 30 31 30 42 30 31 30 03 06"
WHOLE_KRONUR = f"02 30 31 30 30 30 30 31 39 39 30 30 31 30 33 35 32 {SPACES} 41 30 31 31 42 30 31 30 03 04"
PROTOCOL_E = f"02 30 31 30 30 30 30 31 39 39 30 31 31 30 33 35 32 {SPACES} 03 07"
UK_CANCEL = (
    "02 30 31 30 30 30 30 30 30 30 31 31 30 30 38 32 36 45 58 54 30 31 30 30 30 30 30 "
    "41 30 31 30 42 30 31 30 43 4D 44 3D 43 41 4E 43 45 4C 03 04"
)

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


@each_of("payload", [b"", b"0" * 25, b"0" * 257, b"01\xff001990" + b"0" * 20])
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


@each_of(
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


@each_of("tail", ["", "A010", "A010B011", "T012", "A010B0100000000000", "A010B010   ", "A01"])
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


@each_of("command", ["REVERSE", "REV123", "DUPLIC", "STATE", "PID", "LOGON", "RESET", "EOD", ""])
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
