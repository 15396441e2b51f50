"""The ZVT protocol's numbers, names and times, and what leaves without a wait."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from msgspec.structs import replace

from terminal.counter.register_words import (
    CancelRequest,
    Progress,
    RefundResult,
    ResultRefusal,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    Step,
    TerminalBusy,
    TotalsRequest,
)
from terminal.register.zvt.codec import ZvtProtocol
from terminal.sale.refund import RefundReason
from terminal.simulation.registers.zvt_frames import ABORT, GOOD, WAIT, payment, registration, reversal, status_fields
from tests.each import each_of
from tests.sales import new_refund, new_sale
from tests.unit.register.zvt.zvt_bench import NAME, Bench, result

DIAGNOSIS = bytes.fromhex("067000")
END_OF_DAY = bytes.fromhex("065003000000")


def test_a_sale_ends_within_t4_and_a_result_is_kept_for_three_minutes() -> None:
    assert (ZvtProtocol.longest_sale_s, ZvtProtocol.longest_report_s) == (140.0, 180.0)


@each_of(
    ("terminal_id", "number"),
    [("T12", "00000012"), ("", "00000000"), ("123456789", "23456789"), ("1~2-3", "00000123"), ("kassi", "00000000")],
)
def test_the_terminals_number_is_the_last_eight_digits_of_its_name(terminal_id: str, number: str) -> None:
    bench = Bench(terminal_id=terminal_id).send(registration(0, None))
    assert bench.heard[-1] == f"060f07190029{number}"


@each_of(("hours", "told"), [(0, b"\x12\0\0"), (3, b"\x15\0\0"), (-2, b"\x10\0\0")])
def test_a_time_is_told_in_the_shops_zone(hours: int, told: bytes) -> None:
    bench = Bench(zone=timezone(timedelta(hours=hours))).paying().say(result())
    (status,) = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x04\x0f"]
    assert status_fields(status)[0x0C] == told


def test_what_a_register_asks_for_by_habit_is_left_out() -> None:
    prints = Bench().registered(0x82).paying().say(result()).heard
    spared = Bench(without=0x82).registered(0x82).paying().say(result()).heard
    assert any(apdu.startswith("06d1") for apdu in prints)
    assert not any(apdu.startswith("06d1") for apdu in spared)


# --- at once ----------------------------------------------------------------------------------------------------------


def test_having_left_says_nothing() -> None:
    assert Bench().paying().protocol.data_sent() == []


def test_what_the_terminal_is_to_know_is_fetched_at_once() -> None:
    bench = Bench().send(payment(1990)).wait(4.5)
    bench.protocol.send(SaleAccepted(NAME), bench.now_s, SaleRequest(1990))
    assert bench.protocol.next_wakeup_s == 0.0
    assert bench.protocol.wake(bench.now_s) == [CancelRequest(NAME)]


def test_a_command_that_nobody_decides_is_answered_in_the_moment_it_is_overdue() -> None:
    bench = Bench().send(payment(1990))
    assert bench.protocol.data_to_send() == b""
    due_s = bench.protocol.next_wakeup_s
    assert due_s is not None
    bench.protocol.wake(due_s)
    assert WAIT[:2] in bench.protocol.data_to_send()


def test_progress_leaves_in_the_moment_it_is_heard_if_it_is_of_this_payment() -> None:
    bench = Bench().registered(0x8A).paying().wait(1.0)
    assert bench.protocol.data_to_send() == b""
    waiting = new_sale(register_id=NAME)
    bench.protocol.hear(Progress(replace(waiting, register_id="another"), Step.CUSTOMER), bench.now_s)
    assert bench.protocol.data_to_send() == b""
    bench.protocol.hear(Progress(waiting, Step.CUSTOMER), bench.now_s)
    assert b"\x04\xff" in bench.protocol.data_to_send()


# --- one thing at a time ----------------------------------------------------------------------------------------------


def test_a_second_command_waits_until_the_first_is_decided() -> None:
    bench = Bench().send(DIAGNOSIS).send(payment(1990))
    assert len(bench.questions) == 1


def test_an_abort_calls_off_a_payment_that_is_not_decided_and_nothing_else() -> None:
    bench = Bench().send(END_OF_DAY).send(ABORT)
    assert [type(request) for request in bench.requests] == [TotalsRequest]


def test_busy_that_answers_nobody_is_said_to_nobody() -> None:
    bench = Bench()
    bench.protocol.send(TerminalBusy("x"), bench.now_s)
    assert bench.settle().heard == []


@pytest.mark.parametrize("cut_first", [True, False])
def test_nothing_tells_that_money_is_back_once_the_time_is_over(cut_first: bool) -> None:
    done = RefundResult(
        register_id=NAME,
        refund=new_refund(reference=NAME, amount_kr=1990, register_id=NAME, reason=RefundReason.DONE),
    )
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x04\x0f" else GOOD).send(reversal(b"\0\7"))
    bench.say(SaleAccepted(NAME), bench.questions[-1])
    assert bench.questions == [ReversalRequest(7)]
    bench.register.acknowledges = cut_first
    bench = bench.cut().say(done) if cut_first else bench.say(done).cut()
    told = len(bench.register.results)
    bench.register.acknowledges = True
    bench.plug_in(after_s=181).wait(40)
    assert bench.requests[-1] == ResultRefusal(NAME)
    assert 0 not in bench.register.results[told:]


# --- whose result it is -----------------------------------------------------------------------------------------------


def test_a_result_of_another_sale_is_not_told_in_this_session() -> None:
    bench = Bench().paying().say(result(name="T1-000008-FFFFFF", number=8))
    assert bench.register.results == []
    assert bench.say(result()).register.results == [0]


def test_a_diagnosis_that_must_wait_and_did_not_hear_so_costs_no_payment() -> None:
    bench = Bench().paying()
    bench.register.command(DIAGNOSIS)
    bench.protocol.receive_data(bench.register.take_wire(), bench.now_s)
    bench.cut().plug_in(after_s=1.0)
    assert bench.say(result()).wait(5).register.results == [0]
    assert ResultRefusal(NAME) not in bench.requests
