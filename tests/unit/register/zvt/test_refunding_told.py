"""The result of a refund, told and printed by a ZVT register: at the end, once more, after waits, and too late."""

from __future__ import annotations

from typing import Any

from terminal.counter.register_words import (
    LastResultRequest,
    RefundResult,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
)
from terminal.register.zvt.telling import REPETITIONS
from terminal.sale.refund import RefundReason
from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    registration,
    repeat_receipt,
    reversal,
    status_fields,
)
from tests.each import each_of
from tests.sales import new_refund
from tests.unit.register.zvt.zvt_bench import COMPLETED, NAME, Bench, refusing

PRINTS = 0x82
TEXT_BLOCKS = "060626040a0206d3"


def told(reason: RefundReason | None = RefundReason.DONE) -> RefundResult:
    refund = new_refund(reference=NAME, amount_kr=1990, register_id=NAME, reason=reason)
    return RefundResult(register_id=NAME, refund=refund)


def returning(bench: Bench, apdu: bytes = reversal(b"\0\7")) -> Bench:
    bench.send(apdu)
    return bench.say(SaleAccepted(NAME), bench.questions[-1])


def repeated(bench: Bench, service: int | None, result: RefundResult) -> Bench:
    bench.send(repeat_receipt(service))
    return bench.say(result, bench.questions[-1])


def printed(bench: Bench) -> list[str]:
    lines = [apdu for apdu in bench.register.heard if apdu[:2] in (b"\x06\xd1", b"\x06\xd3")]
    return [line[4:].decode("cp437") for line in lines]


# --- at the end -------------------------------------------------------------------------------------------------------


def test_a_register_that_prints_gets_the_receipt_and_then_has_the_result() -> None:
    bench = returning(Bench().registered(PRINTS)).say(told())
    assert printed(bench)[0] == "KVITTUN 8"
    assert len(printed(bench)) == 6
    assert bench.heard[-1] == COMPLETED
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_a_register_that_knows_text_blocks_gets_one() -> None:
    bench = returning(Bench().registered(PRINTS, extra=TEXT_BLOCKS)).say(told())
    (block,) = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x06\xd3"]
    assert b"KVITTUN 8" in block


@each_of("config", [0x00, 0x02, 0x80])
def test_a_register_that_does_not_print_gets_no_line(config: int) -> None:
    assert printed(returning(Bench().registered(config)).say(told())) == []


@each_of("reason", [None, RefundReason.REFUSED, RefundReason.NOT_TRACEABLE, RefundReason.NO_CONNECTION])
def test_nothing_is_printed_of_what_was_not_returned(reason: RefundReason | None) -> None:
    bench = returning(Bench().registered(PRINTS)).say(told(reason))
    assert printed(bench) == []
    assert bench.requests[-1] == ResultDelivered(NAME)


# --- asked for again --------------------------------------------------------------------------------------------------


@each_of(
    ("service", "results", "lines"),
    [(None, [], 6), (0x00, [], 6), (0x01, [0], 6), (0x02, [], 0), (0x03, [0], 0)],
)
def test_the_service_byte_chooses_what_is_repeated(service: int | None, results: list[int], lines: int) -> None:
    bench = repeated(Bench().registered(PRINTS), service, told())
    assert bench.register.results == results
    assert len(printed(bench)) == lines
    assert all(line == "AFRIT 8" for line in printed(bench)[:1])
    assert bench.heard[0] == "800000"
    assert bench.heard[-1] == COMPLETED
    # Where nothing is said but the end, only the command after it tells that the register has it.
    assert bench.requests[0] == LastResultRequest()
    if results or lines:
        assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_what_is_repeated_names_the_currency_of_the_registration() -> None:
    for currency in ("0352", None):
        bench = repeated(Bench().registered(0, currency=currency), 0x03, told())
        (status,) = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x04\x0f"]
        assert (0x49 in status_fields(status)) is (currency is not None)


def test_what_was_not_returned_is_repeated_without_a_copy() -> None:
    bench = repeated(Bench().registered(PRINTS), 0x01, told(RefundReason.REFUSED))
    assert bench.register.results == [0x05]
    assert printed(bench) == []


def test_a_refund_that_ends_when_no_register_waits_is_told_to_one_that_asks() -> None:
    bench = Bench().say(told())
    assert (bench.heard, bench.requests) == ([], [ResultRefusal(NAME)])
    repeated(bench, 0x01, told())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_the_time_for_a_repetition_begins_with_it() -> None:
    bench = refusing(WAIT, times=3)
    repeated(bench, 0x01, told()).wait(8)
    assert bench.register.results == [0] * 4
    assert bench.requests[-1] == ResultDelivered(NAME)


# --- waits ------------------------------------------------------------------------------------------------------------


@each_of("waits", [1, REPETITIONS - 1, REPETITIONS])
def test_so_often_a_register_may_ask_to_wait(waits: int) -> None:
    bench = returning(refusing(WAIT, times=waits)).say(told()).wait(60)
    assert bench.register.results == [0] * (waits + 1)
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_once_more_and_it_does_not_have_it() -> None:
    bench = returning(refusing(WAIT, times=REPETITIONS + 1)).say(told()).wait(60)
    assert bench.register.results == [0] * (REPETITIONS + 1)
    assert bench.requests[-1] == ResultRefusal(NAME)
    assert bench.heard[-1] == COMPLETED, "the money is back all the same"


def test_between_two_tries_are_two_seconds() -> None:
    bench = returning(refusing(WAIT, times=1)).say(told()).wait(1.5)
    assert bench.register.results == [0]
    assert bench.wait(0.6).register.results == [0, 0]


def test_a_register_that_asks_to_wait_when_the_time_is_over_is_told_no_more() -> None:
    for late_s in (180.0, 181.0):
        bench = returning(refusing(None)).say(told())
        bench.register.manners = lambda _apdu: GOOD
        bench.now_s += late_s
        bench.send(WAIT).wait(30)
        assert bench.register.results == [0]
        assert bench.requests[-1] == ResultRefusal(NAME)


def test_what_is_queued_behind_a_refused_result_is_not_printed() -> None:
    bench = returning(refusing(NOT_EXPECTED).registered(PRINTS)).say(told())
    assert printed(bench) == []
    assert bench.heard[-1] == COMPLETED
    assert bench.requests[-1] == ResultRefusal(NAME)


# --- a session that is gone -------------------------------------------------------------------------------------------


def test_a_register_that_registers_anew_does_not_have_the_result_before() -> None:
    bench = returning(refusing(None)).say(told())
    bench.register.manners = lambda _apdu: GOOD
    bench.send(registration(0))
    refused: list[Any] = [request for request in bench.requests if isinstance(request, ResultRefusal)]
    assert refused == [ResultRefusal(NAME)]
    assert not any(isinstance(request, ResultDelivered) for request in bench.requests)


def test_an_abort_while_it_is_told_undoes_nothing() -> None:
    bench = returning(refusing(WAIT, times=1)).say(told()).send(ABORT).wait(5)
    assert bench.register.results[-1] == 0
    assert bench.requests[-1] == ResultDelivered(NAME)
