"""A ZVT session, command by command, against a register that was written from the specification."""

from __future__ import annotations

import pytest

from terminal.counter.register_words import (
    CancelRequest,
    ConditionRequest,
    RefundRequest,
    RefusalCode,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    TerminalCondition,
    TotalsReport,
    TotalsRequest,
)
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import Tally, Totals
from terminal.simulation.registers.zvt_frames import (
    payment,
    registration,
    repeat_receipt,
    status_fields,
)
from tests.each import each_of
from tests.sales import GUID
from tests.unit.register.zvt import zvt_dumps
from tests.unit.register.zvt.zvt_bench import COMPLETED, NAME, Bench, dump, result

# --- paying -----------------------------------------------------------------------------------------------------------


def test_a_payment_is_taken_told_and_ended() -> None:
    bench = Bench()
    bench.send(payment(1990))
    assert bench.requests == [SaleRequest(1990)]
    assert bench.heard == []
    bench.say(SaleAccepted(NAME))
    assert bench.heard == ["800000"]
    bench.say(result())
    assert bench.requests[1:] == [ResultDelivered(NAME)]
    assert bench.heard[2:] == [COMPLETED]
    assert status_fields(bench.register.heard[1]) == {
        0x27: b"\x00",
        0x04: bytes.fromhex("000000001990"),
        0x0B: bytes.fromhex("000007"),
        0x0C: bytes.fromhex("120000"),
        0x0D: bytes.fromhex("1123"),
        0x29: bytes.fromhex("00000012"),
        0x49: bytes.fromhex("0352"),
        0x87: bytes.fromhex("0007"),
        0x8A: b"\xff",
        0x3C: GUID.encode(),
        0x8B: b"Netgiro\0\0",
    }
    assert bench.protocol.next_wakeup_s is None


def test_the_currency_is_told_only_to_a_register_that_named_one() -> None:
    bench = Bench().paying(currency=None).say(result())
    assert 0x49 not in status_fields(bench.register.heard[1])


def test_with_two_decimals_the_amount_is_the_registers_own() -> None:
    bench = Bench(decimals=2).paying(199_000)
    assert bench.requests == [SaleRequest(1990)]
    bench.say(result())
    assert status_fields(bench.register.heard[1])[0x04] == bytes.fromhex("000000199000")


@each_of(
    ("reason", "code"),
    [
        (Reason.CUSTOMER_DECLINED, 0x05),
        (Reason.WRONG_CODE, 0x05),
        (Reason.BELOW_MINIMUM, 0xC8),
        (Reason.CASHIER_CANCELLED, 0x6C),
        (Reason.TIMED_OUT, 0x6C),
        (Reason.POWER_CUT, 0x6C),
        (Reason.NO_CONNECTION, 0xA3),
        (Reason.NO_ANSWER, 0xA1),
        (Reason.CREDENTIALS, 0xFF),
        (Reason.NOT_TRACEABLE, 0xFF),
        (Reason.REFUND_DUE, 0x6C),
        (Reason.REFUNDED, 0x6C),
        (Reason.SETTLED_UNPAID, 0x6C),
    ],
)
def test_what_is_not_paid_ends_with_an_abort_and_its_code(reason: Reason, code: int) -> None:
    bench = Bench().paying().say(result(reason))
    told = status_fields(bench.register.heard[1])
    assert told[0x27] == bytes([code])
    assert told[0x3C] == b"Heimild hafnad"
    assert not {0x87, 0x8A, 0x8B} & set(told)
    assert bench.heard[2:] == [f"061e01{code:02x}"]
    assert bench.requests[1:] == [ResultDelivered(NAME)]


@each_of("reason", Reason)
def test_only_a_payment_has_result_00(reason: Reason) -> None:
    bench = Bench().paying().say(result(reason))
    assert (bench.register.results == [0]) == (reason.outcome is Outcome.APPROVED)


def test_frames_leave_one_at_a_time_and_not_glued_to_an_acknowledgement() -> None:
    bench = Bench()
    (question,) = bench.protocol.receive_data(zvt_dumps.FROM_REGISTER["pay 1990"], 0.0)
    assert isinstance(question, SaleRequest)
    bench.protocol.send(SaleAccepted(NAME), 0.0, question)
    assert bench.protocol.data_to_send() == b"\x06"
    assert bench.protocol.next_wakeup_s is not None
    assert 0.05 <= bench.protocol.next_wakeup_s <= 0.1
    bench.protocol.wake(0.1)
    bench.protocol.send(result(), 0.1)
    assert bench.protocol.data_to_send() == zvt_dumps.FROM_TERMINAL["good"]
    bench.protocol.wake(1.0)
    assert bench.protocol.data_to_send() == b""


# --- what starts nothing ----------------------------------------------------------------------------------------------


@each_of(
    ("apdu", "decimals", "code"),
    [
        (payment(1990, "0978"), 0, "6f"),
        (payment(199_050), 2, "9a"),
        (bytes.fromhex("060100"), 0, "9a"),
        (bytes.fromhex("060103490352"), 0, "9a"),
        (bytes.fromhex("06010704000000001a90"), 0, "9a"),
        (bytes.fromhex("0601080400000000199077"), 0, "9a"),
        (bytes.fromhex("06010a04000000001990"), 0, "9a"),
        (bytes.fromhex("06ff00"), 0, "83"),
        (bytes.fromhex("0840010a"), 0, "fd"),
    ],
)
def test_what_cannot_be_understood_or_done_is_refused_at_once(apdu: bytes, decimals: int, code: str) -> None:
    bench = Bench(decimals=decimals).send(apdu)
    assert bench.requests == []
    assert bench.heard == [f"84{code}00"]


def test_a_foreign_currency_code_is_taken_if_the_shop_says_so() -> None:
    bench = Bench(accept_foreign_currency_code=True).paying(currency="0978").say(result())
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME)]
    assert status_fields(bench.register.heard[1])[0x49] == b"\x09\x78"


@each_of(("amount", "limit_kr", "code"), [(600_000, 500_000, "c3"), (50, 100, "c8"), (0, 1, "c8"), (1990, None, "9a")])
def test_the_shops_limits_have_their_codes(amount: int, limit_kr: int | None, code: str) -> None:
    bench = Bench().send(payment(amount)).say(RequestRefused(None, RefusalCode.AMOUNT, "", limit_kr))
    assert bench.heard == [f"84{code}00"]


@pytest.mark.parametrize(
    ("refusal", "code"), [(RefusalCode.BUSY, "9c"), (RefusalCode.UNAVAILABLE, "ff"), (RefusalCode.NOT_POSSIBLE, "83")]
)
def test_other_refusals_have_theirs(refusal: RefusalCode, code: str) -> None:
    bench = Bench().send(payment(1990)).say(RequestRefused(None, refusal, ""))
    assert bench.heard == [f"84{code}00"]


@each_of(
    ("refusal", "code"),
    [(RefusalCode.REFUND, "b4"), (RefusalCode.TOO_OLD, "b5"), (RefusalCode.NOT_FOUND, "b5"), (RefusalCode.BUSY, "9c")],
)
def test_what_cannot_be_reversed_is_told_with_why(refusal: RefusalCode, code: str) -> None:
    bench = Bench()
    bench.answers = lambda _request: RequestRefused(None, refusal, "")
    bench.send(dump("reversal of receipt 1"))
    assert bench.heard == [f"84{code}00"]


def test_reversals_and_refunds_are_asked_for_and_honestly_refused() -> None:
    bench = Bench()
    bench.answers = lambda _request: RequestRefused(None, RefusalCode.NOT_POSSIBLE, "")
    bench.send(dump("reversal of receipt 1")).send(dump("refund 1990"))
    assert bench.requests == [ReversalRequest(1), RefundRequest(1990)]
    assert bench.heard == ["84b500", "84b500"]


def test_a_command_that_nobody_decides_in_time_is_asked_to_wait() -> None:
    bench = Bench().send(payment(1990)).wait(4.5)
    assert bench.heard == ["849c00"]
    bench.say(SaleAccepted(NAME))  # too late
    assert bench.requests == [SaleRequest(1990), CancelRequest(NAME)]
    bench.say(SaleAccepted(NAME)).say(result(Reason.REGISTER_CANCELLED))
    assert bench.requests[2:] == [ResultRefusal(NAME)]
    assert bench.heard == ["849c00"]


# --- repetition -------------------------------------------------------------------------------------------------------


def test_a_repeated_command_starts_no_second_payment() -> None:
    bench = Bench()
    for _ in range(3):
        bench.send(payment(1990))
    bench.say(SaleAccepted(NAME))
    assert bench.requests == [SaleRequest(1990)]
    assert bench.heard == ["800000"]


def test_while_one_payment_is_open_another_must_wait() -> None:
    bench = Bench().paying()
    for apdu in (payment(1990), repeat_receipt(), dump("end of day"), dump("diagnosis")):
        bench.send(apdu)
    assert bench.requests == [SaleRequest(1990)]
    assert bench.heard == ["800000"] + 4 * ["849c00"]
    bench.say(result())
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_another_amount_gives_up_the_payment_that_runs() -> None:
    bench = Bench().paying(1990).send(payment(500))
    assert bench.requests[1:] == [CancelRequest(NAME), SaleRequest(500)]
    bench.say(RequestRefused(None, RefusalCode.BUSY, ""), bench.questions[-1]).say(result())
    assert (bench.heard[1:], bench.register.results) == (["849c00"], [])
    assert bench.wait(180).requests[3:] == [ResultRefusal(NAME)]


def test_a_register_that_starts_anew_gives_up_the_payment_that_runs() -> None:
    bench = Bench().paying().send(registration(0x82))
    assert bench.heard[1:] == ["800000", "060f0a19002900000012490352"]
    assert bench.requests[1:] == [CancelRequest(NAME)]
    bench.say(result()).send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


# --- registration, status, totals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "completion"),
    [("0352", "060f0a19002900000012490352"), (None, "060f0719002900000012")],
)
def test_a_registration_is_completed_with_the_terminals_name(currency: str | None, completion: str) -> None:
    bench = Bench().send(registration(0x82, currency))
    assert bench.heard == ["800000", completion]


def test_a_registration_in_another_currency_is_refused_and_changes_nothing() -> None:
    bench = Bench().send(dump("registration, BA, EUR"))
    assert bench.heard == ["841e036f0352"]
    assert bench.paying().wait(60).heard[1:] == ["800000"]


def test_logging_off_ends_intermediate_status() -> None:
    bench = Bench().registered(0x8A).send(dump("log-off"))
    assert bench.heard == ["800000"]
    assert "04ff010e" not in bench.paying().heard


@each_of(
    ("condition", "status"),
    [
        (TerminalCondition(), "00"),
        (TerminalCondition(busy=True), "9c"),
        (TerminalCondition(can_sell=False), "df"),
        (TerminalCondition(service_reached=False), "00"),
    ],
)
def test_a_status_enquiry_tells_how_the_terminal_is_doing(condition: TerminalCondition, status: str) -> None:
    bench = Bench().send(dump("status enquiry, no password")).say(condition)
    assert bench.requests == [ConditionRequest()]
    assert bench.heard == ["800000", f"060f09f0f0f54e47312e30{status}"]


def test_a_status_enquiry_may_want_no_version() -> None:
    bench = Bench().send(bytes.fromhex("050105 123456 0302")).say(TerminalCondition())
    assert bench.heard == ["800000", "060f0100"]


@pytest.mark.parametrize(("reached", "end"), [(True, COMPLETED), (False, "061e01a3")])
def test_a_diagnosis_tells_whether_the_service_is_reached(reached: bool, end: str) -> None:
    bench = Bench().send(dump("diagnosis")).say(TerminalCondition(service_reached=reached))
    assert bench.heard == ["800000", end]


@each_of("apdu", ["069303123456", "069108aa2611230c120000", "067900", "061800", "061a00"])
def test_housekeeping_is_acknowledged_and_completed(apdu: str) -> None:
    bench = Bench().send(bytes.fromhex(apdu))
    assert bench.heard == ["800000", COMPLETED]


@pytest.mark.parametrize("apdu", ["06e00cf005f1f0f748616c6c6f2121", "06d105004e657467", "06d100"])
def test_texts_for_our_display_and_printer_are_taken_and_left(apdu: str) -> None:
    bench = Bench().send(bytes.fromhex(apdu))
    assert (bench.requests, bench.heard) == ([], ["800000"])


@pytest.mark.parametrize(("name", "close"), [("end of day", True), (None, False)])
def test_totals_and_the_end_of_day(name: str | None, close: bool) -> None:
    bench = Bench(decimals=2).send(dump(name) if name else bytes.fromhex("061003123456"))
    assert bench.requests == [TotalsRequest(close=close)]
    totals = Totals(
        by_outcome={Outcome.APPROVED: Tally(12, 23_880), Outcome.DECLINED: Tally(3, 900)},
        first_number=9_998,
        last_number=10_012,
    )
    bench.say(TotalsReport(number=4, totals=totals, closed=close))
    told = status_fields(bench.register.heard[1])
    assert told[0x04] == bytes.fromhex("000002388000")
    assert told[0x60] == bytes.fromhex("9998 0013") + bytes(42) + bytes.fromhex("0c 000002388000")
    assert bench.heard[2:] == [COMPLETED]
