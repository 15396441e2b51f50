"""A ZVT session, command by command, against a register that was written from the specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hardware.interfaces import TextLine
from terminal.counter.register_words import (
    CancelRequest,
    ConditionRequest,
    LastResultRequest,
    RefundRequest,
    RefusalCode,
    RegisterReply,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    TerminalBusy,
    TerminalCondition,
    TotalsDelivered,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.zvt.transport import T2_S
from terminal.register.zvt.turns import PARTIAL_ISSUE
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import ClosedPeriod, Tally, Totals
from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    payment,
    registration,
    repeat_receipt,
    status_fields,
    unwrap,
)
from tests.sales import GUID
from tests.unit.register.zvt import zvt_dumps
from tests.unit.register.zvt.zvt_bench import NAME, RECEIPT, Bench, result

PRINTS = 0x82
PROGRESS = 0x08
COMPLETED = "060f00"


def dump(name: str) -> bytes:
    return unwrap(zvt_dumps.FROM_REGISTER[name])[0]


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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("reason", Reason)
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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    ("amount", "limit_kr", "code"), [(600_000, 500_000, "c3"), (50, 100, "c8"), (0, 1, "c8"), (1990, None, "9a")]
)
def test_the_shops_limits_have_their_codes(amount: int, limit_kr: int | None, code: str) -> None:
    bench = Bench().send(payment(amount)).say(RequestRefused(None, RefusalCode.AMOUNT, "", limit_kr))
    assert bench.heard == [f"84{code}00"]


@pytest.mark.parametrize(
    ("refusal", "code"), [(RefusalCode.BUSY, "9c"), (RefusalCode.UNAVAILABLE, "ff"), (RefusalCode.NOT_POSSIBLE, "83")]
)
def test_other_refusals_have_theirs(refusal: RefusalCode, code: str) -> None:
    bench = Bench().send(payment(1990)).say(RequestRefused(None, refusal, ""))
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


# --- late words of the terminal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "late"),
    [
        (dump("end of day"), TotalsReport(number=4, totals=Totals(), closed=True)),
        (dump("diagnosis"), TerminalCondition()),
        (dump("status enquiry, no password"), TerminalCondition()),
        (repeat_receipt(), result(name="T1-000006-AAAAAA")),
        (repeat_receipt(), SaleAccepted("T1-000006-AAAAAA")),
        (repeat_receipt(), RequestRefused(None, RefusalCode.NOT_FOUND, "")),
    ],
)
def test_a_late_word_to_one_command_is_not_taken_for_the_answer_to_the_next(
    command: bytes, late: RegisterReply
) -> None:
    bench = Bench().send(command).wait(4.5).send(payment(1990))
    first, second = bench.questions
    bench.say(late, first)
    assert bench.heard == ["849c00"]
    bench.say(SaleAccepted(NAME), second).say(result())
    assert bench.register.results == [0]
    assert bench.requests[2:] == [ResultDelivered(NAME)]


def test_a_payment_that_is_accepted_too_late_does_not_run_in_the_session_of_the_next() -> None:
    bench = Bench().send(payment(1990)).wait(4.5).send(payment(500))
    first, second = bench.questions
    bench.say(SaleAccepted(NAME), first)
    assert bench.requests[2:] == [CancelRequest(NAME)]
    bench.say(RequestRefused(None, RefusalCode.BUSY, ""), second)
    assert bench.heard == ["849c00", "849c00"]


def test_an_end_of_day_that_was_decided_too_late_is_asked_for_again() -> None:
    """The counter keeps it: it is not acknowledged."""
    bench = Bench().send(dump("end of day")).wait(4.5)
    bench.say(CLOSED).send(dump("end of day"))
    assert bench.requests == [TotalsRequest(close=True)] * 2


def test_an_end_of_day_is_acknowledged_when_every_frame_is() -> None:
    bench = Bench().send(dump("end of day")).say(CLOSED)
    assert bench.requests == [TotalsRequest(close=True), TotalsDelivered(4)]
    bench = Bench().registered(0x84).send(dump("end of day")).say(replace(CLOSED, slip=DAY))
    assert bench.requests[1:] == [TotalsDelivered(4)]


@pytest.mark.parametrize("what", [b"\x04\x0f", b"\x06\xd1"])
@pytest.mark.parametrize("answer", [NOT_EXPECTED, WAIT, None])
def test_an_end_of_day_that_is_not_taken_whole_is_not_acknowledged(what: bytes, answer: bytes | None) -> None:
    bench = Bench(slip_of=lambda _day: RECEIPT).registered(0x84)
    bench.register.manners = lambda apdu: answer if apdu[:2] == what else GOOD
    bench.send(dump("end of day")).say(replace(CLOSED, slip=DAY)).wait(60)
    assert bench.requests == [TotalsRequest(close=True, prints_slip=True)]


def test_totals_that_close_nothing_need_no_acknowledgement() -> None:
    bench = Bench().send(bytes.fromhex("061003123456")).say(replace(CLOSED, closed=False))
    assert bench.requests == [TotalsRequest()]


def test_a_payment_that_outlasts_its_session_is_told_to_nobody_who_has_not_asked() -> None:
    """The register gives up after T4, and the same amount is then the next customer's."""
    bench = Bench().paying().wait(181)
    assert bench.requests[1:] == [CancelRequest(NAME)]
    bench.send(payment(1990))
    bench.say(RequestRefused(None, RefusalCode.BUSY, ""), bench.questions[-1])
    assert bench.heard[-1] == "849c00"
    bench.register.heard.clear()
    bench.say(result()).wait(60)
    assert bench.heard == []


def test_intermediate_status_keeps_the_session_alive() -> None:
    bench = Bench().registered(0x08).paying().wait(400)
    assert bench.requests[1:] == []
    assert bench.say(result()).register.results == [0]


def test_the_same_amount_again_after_the_end_is_the_next_customer() -> None:
    bench = Bench().paying().say(result()).paying()
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME), SaleRequest(1990)]


def test_a_register_that_did_not_answer_the_end_may_go_on_at_once() -> None:
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x06\x0f" else GOOD).paying().say(result()).send(payment(500))
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME), SaleRequest(500)]


def test_echoes_of_a_told_result_mean_nothing() -> None:
    bench = Bench().paying().say(result()).say(result()).say(SaleAccepted(NAME)).wait(600)
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME)]
    assert len(bench.heard) == 3


# --- aborts and silence -----------------------------------------------------------------------------------------------


def test_an_abort_cancels_the_payment_and_its_result_follows() -> None:
    bench = Bench().paying().send(ABORT)
    assert bench.requests[1:] == [CancelRequest(NAME)]
    bench.say(SaleAccepted(NAME)).say(result(Reason.REGISTER_CANCELLED))
    assert bench.heard[:2] == ["800000", "800000"]
    assert bench.register.results == [0x6C]
    assert bench.heard[-1] == "061e016c"


def test_an_abort_that_comes_too_late_is_told_that_it_is_paid() -> None:
    bench = Bench().paying().send(ABORT).say(SaleAccepted(NAME)).say(result())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_an_abort_with_nothing_to_abort_is_good() -> None:
    bench = Bench().send(ABORT).send(ABORT)
    assert (bench.requests, bench.heard) == ([], ["800000", "800000"])


def test_an_abort_before_the_payment_is_accepted_reaches_it_all_the_same() -> None:
    bench = Bench().send(payment(1990)).send(ABORT)
    assert bench.requests == [SaleRequest(1990), CancelRequest()]
    bench.say(SaleAccepted(NAME)).say(SaleAccepted(NAME)).say(result(Reason.REGISTER_CANCELLED))
    assert bench.heard[:2] == ["800000", "800000"]
    assert bench.register.results == [0x6C]


def test_an_abort_while_the_result_is_told_does_not_undo_it() -> None:
    bench = Bench(lambda _apdu: None).paying().say(result()).send(ABORT)
    assert bench.heard[-1] == "800000"
    bench.send(GOOD)
    assert bench.requests == [SaleRequest(1990), ResultDelivered(NAME)]


def test_a_register_that_takes_no_frame_of_ours_gives_up_its_payment() -> None:
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().wait(3 * T2_S)
    assert bench.heard == 3 * ["800000"]
    assert bench.requests[1:] == [CancelRequest(NAME)]


# --- intermediate status ----------------------------------------------------------------------------------------------


def test_intermediate_status_is_told_to_a_register_that_asked_for_it() -> None:
    bench = Bench().registered(PROGRESS).paying().wait(32)
    assert bench.heard == ["800000", "04ff010e", "04ff0117", "04ff0117"]
    bench.say(result())
    assert bench.register.results == [0]
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_intermediate_status_is_not_told_to_any_other() -> None:
    assert Bench().registered(0x82).paying().wait(100).heard == ["800000"]


def test_an_abort_among_intermediate_status_is_answered() -> None:
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x04\xff" else GOOD).registered(PROGRESS).paying()
    bench.send(ABORT)
    assert bench.heard == ["800000", "04ff010e", "800000"]
    assert bench.requests[1:] == [CancelRequest(NAME)]


def test_a_register_that_takes_no_intermediate_status_is_gone() -> None:
    bench = Bench().registered(PROGRESS).paying()
    bench.register.acknowledges = False
    bench.wait(15 + 3 * T2_S)
    assert bench.requests[1:] == [CancelRequest(NAME)]


# --- a result that is not taken ---------------------------------------------------------------------------------------


def refusing(answer: bytes | None, *, times: int = 1000, what: bytes = b"\x04\x0f") -> Bench:
    """A register that answers the first results, or other frames, in this way."""
    left = [times]

    def manners(apdu: bytes) -> bytes | None:
        if apdu[:2] == what and left[0] > 0:
            left[0] -= 1
            return answer
        return GOOD

    return Bench(manners)


@pytest.mark.parametrize("answer", [NOT_EXPECTED, bytes.fromhex("846c00"), bytes.fromhex("849d0704000000000500")])
def test_a_refused_payment_is_rejected_and_taken_back(answer: bytes) -> None:
    bench = refusing(answer, times=1).paying().say(result())
    assert bench.requests[1:] == [ResultRefusal(NAME, said_so=answer[1] != PARTIAL_ISSUE)]
    assert bench.register.results == [0, 0x6C]
    assert bench.heard[-1] == "061e016c"


def test_a_register_that_asks_to_wait_is_told_again() -> None:
    bench = refusing(WAIT, times=3).paying().say(result())
    assert bench.register.results == [0]
    bench.wait(1.5)
    assert bench.register.results == [0]
    bench.wait(7)
    assert bench.register.results == [0, 0, 0, 0]
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_a_register_that_asks_to_wait_for_ever_does_not_have_it() -> None:
    bench = refusing(WAIT).paying().say(result()).wait(60)
    assert bench.register.results == [0] * 11 + [0x6C]
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_a_payment_says_how_often_it_may_be_told() -> None:
    bench = refusing(WAIT).paying(extra="0202").say(result()).wait(60)
    assert bench.register.results == [0] * 3 + [0x6C]


def test_a_register_that_never_answers_the_result_does_not_have_it() -> None:
    bench = refusing(None).paying().say(result()).wait(29)
    assert bench.requests == [SaleRequest(1990)]
    bench.wait(2)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
    bench.wait(10)
    assert bench.register.results == [0, 0x6C]
    assert bench.heard[-1] == "061e016c"


def test_a_payment_says_how_long_its_answer_may_take() -> None:
    bench = refusing(None).paying(extra="0105").say(result()).wait(5.5)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_a_register_that_takes_no_result_does_not_have_it() -> None:
    bench = Bench().paying()
    bench.register.acknowledges = False
    bench.say(result()).wait(3 * T2_S)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
    bench.wait(60)
    assert bench.register.results == [0] * 3 + [0x6C] * 3
    assert bench.protocol.next_wakeup_s is None


def test_what_was_not_paid_needs_no_answer() -> None:
    bench = Bench().paying()
    bench.register.acknowledges = False
    bench.say(result(Reason.CUSTOMER_DECLINED)).wait(3 * T2_S)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_a_refused_decline_is_a_decline_all_the_same() -> None:
    bench = refusing(NOT_EXPECTED).paying().say(result(Reason.CUSTOMER_DECLINED))
    assert bench.requests[1:] == [ResultDelivered(NAME)]
    assert bench.register.results == [0x05]
    assert bench.heard[-1] == "061e0105"


@pytest.mark.parametrize("cut_first", [True, False])
def test_nothing_tells_that_it_is_paid_once_the_time_is_over(cut_first: bool) -> None:
    bench = Bench(lambda apdu: None if apdu[:2] == b"\x04\x0f" else GOOD).paying()
    bench.register.acknowledges = cut_first
    bench = bench.cut().say(result()) if cut_first else bench.say(result()).cut()
    told = len(bench.register.results)
    bench.register.acknowledges = True
    bench.plug_in(after_s=181).wait(40)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
    assert bench.register.results[told:] == [0x6C]


def test_a_good_answer_after_the_time_is_over_is_too_late() -> None:
    bench = refusing(None).paying().say(result())
    bench.now_s += 181
    bench.send(GOOD)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


# --- the register prints ----------------------------------------------------------------------------------------------


def test_a_register_that_prints_gets_the_receipt_line_by_line() -> None:
    bench = Bench().registered(PRINTS).paying()
    assert bench.requests[-1] == SaleRequest(1990, prints_receipt=True)
    bench.say(result())
    lines = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x06\xd1"]
    assert [(line[3], line[4:].decode("cp437")) for line in lines] == [
        (0x00, "KVITTUN 7"),
        (0x40, "KAFFIHUSID"),
        (0x70, "Netgíró"),
        (0x00, "Samtals 1.990 kr."),
        (0x00, "rétt".rjust(32)),
        (0x81, ""),
    ]
    assert bench.heard[-1] == COMPLETED
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_a_register_that_knows_text_blocks_gets_one() -> None:
    bench = Bench().registered(PRINTS, extra="06062604 0a0206d3".replace(" ", "")).paying().say(result())
    blocks = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x06\xd3"]
    assert len(blocks) == 1
    assert "Samtals 1.990 kr.".encode("cp437") in blocks[0]
    assert blocks[0].endswith(b"\x09\x01\xff")


CLOSED = TotalsReport(number=4, totals=Totals(by_outcome={Outcome.APPROVED: Tally(1, 1990)}), closed=True)
DAY = ClosedPeriod(number=4, since=None, until="2026-11-23T18:01:00.000Z", totals=Totals())
PRINTS_SLIPS = 0x84


def day_ended_for(bench: Bench) -> Bench:
    bench.send(dump("end of day"))
    assert bench.requests == [TotalsRequest(close=True, prints_slip=True)]
    return bench.say(TotalsReport(number=4, totals=Totals(), closed=True, slip=DAY))


def test_a_register_that_prints_slips_gets_the_end_of_day_line_by_line() -> None:
    bench = day_ended_for(Bench(slip_of=lambda day: (TextLine(f"Uppgjör {day.number}"),)).registered(PRINTS_SLIPS))
    lines = [apdu[4:].decode("cp437") for apdu in bench.register.heard if apdu[:2] == b"\x06\xd1"]
    assert lines == ["Uppgjör 4", ""]
    assert bench.heard[-1] == COMPLETED


def test_a_register_that_knows_text_blocks_gets_the_end_of_day_as_no_customers_receipt() -> None:
    bench = Bench(slip_of=lambda day: (TextLine(f"Uppgjör {day.number}"),))
    day_ended_for(bench.registered(PRINTS_SLIPS, extra="06062604 0a0206d3".replace(" ", "")))
    (block,) = [apdu for apdu in bench.register.heard if apdu[:2] == b"\x06\xd3"]
    assert bytes.fromhex("1f070103") in block
    assert "Uppgjör 4".encode("cp437") in block


@pytest.mark.parametrize("config", [0x00, 0x02, 0x04, 0x80, 0x82])
def test_a_register_that_does_not_print_slips_asks_for_none(config: int) -> None:
    bench = Bench().registered(config).send(dump("end of day"))
    assert bench.requests == [TotalsRequest(close=True)]


@pytest.mark.parametrize("config", [0x00, 0x02, 0x04, 0x80, 0x84])
def test_a_register_that_does_not_print_lines_gets_none(config: int) -> None:
    bench = Bench().registered(config).paying()
    assert bench.requests[-1] == SaleRequest(1990)
    bench.say(result())
    assert len(bench.heard) == 3


def test_the_result_is_delivered_only_with_the_last_line_of_its_receipt() -> None:
    seen: list[int] = []
    bench = Bench().registered(PRINTS)

    def manners(apdu: bytes) -> bytes | None:
        if apdu[:2] == b"\x06\xd1":
            seen.append(sum(isinstance(request, ResultDelivered) for request in bench.requests))
        return GOOD

    bench.register.manners = manners
    bench.paying().say(result())
    assert seen == [0] * 6
    assert bench.requests[-1] == ResultDelivered(NAME)


def test_a_register_that_cannot_print_the_receipt_does_not_have_the_payment() -> None:
    bench = refusing(bytes.fromhex("84cc00"), what=b"\x06\xd1").registered(PRINTS).paying().say(result())
    assert bench.requests[1:] == [ResultRefusal(NAME, said_so=True)]
    assert bench.register.results == [0, 0x6C]


def test_a_register_whose_printer_is_slow_gets_the_line_again() -> None:
    bench = refusing(WAIT, what=b"\x06\xd1", times=2).registered(PRINTS).paying().say(result()).wait(5)
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_nothing_is_printed_of_what_was_not_paid() -> None:
    bench = Bench().registered(PRINTS).paying().say(result(Reason.CUSTOMER_DECLINED))
    assert not [apdu for apdu in bench.register.heard if apdu[0:2] == b"\x06\xd1"]


# --- repeat receipt ---------------------------------------------------------------------------------------------------


def test_the_last_result_is_told_again() -> None:
    bench = Bench().send(repeat_receipt())
    assert bench.requests == [LastResultRequest()]
    bench.say(result())
    assert bench.heard[0] == "800000"
    assert bench.register.results == [0]
    assert bench.heard[-1] == COMPLETED
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_its_receipt_is_printed_again_as_a_copy() -> None:
    bench = Bench().registered(PRINTS).send(repeat_receipt(service=None)).say(result(acknowledged=True))
    assert bench.register.results == []
    assert "AFRIT 7".encode("cp437") in bench.register.heard[1]
    assert bench.heard[-1] == COMPLETED


@pytest.mark.parametrize("service", [None, 0x00, 0x02])
def test_what_is_not_acknowledged_is_told_before_any_paper_says_paid(service: int | None) -> None:
    """The only way to repeat that some libraries know has no service byte."""
    bench = Bench().registered(PRINTS).say(result()).send(repeat_receipt(service)).say(result())
    assert bench.register.heard[1][:2] == b"\x04\x0f"
    assert bench.requests == [LastResultRequest(), ResultDelivered(NAME)]
    assert bench.wait(600).requests[2:] == []


def test_a_register_that_refuses_what_it_repeats_prints_nothing() -> None:
    bench = refusing(NOT_EXPECTED).registered(PRINTS).say(result()).send(repeat_receipt(service=None)).say(result())
    assert not [apdu for apdu in bench.register.heard if apdu[:2] == b"\x06\xd1"]
    assert bench.requests[1:] == [ResultRefusal(NAME, said_so=True)]


def test_the_register_may_want_no_print() -> None:
    bench = Bench().registered(PRINTS).send(repeat_receipt(service=0x03)).say(result())
    assert len(bench.heard) == 3


def test_a_result_that_is_not_paid_is_repeated_as_it_was() -> None:
    bench = Bench().registered(PRINTS).send(repeat_receipt()).say(result(Reason.REFUND_DUE))
    assert bench.register.results == [0x6C]
    assert bench.heard[-1] == COMPLETED


def test_without_any_sale_there_is_nothing_to_repeat() -> None:
    bench = Bench().send(repeat_receipt()).say(RequestRefused(None, RefusalCode.NOT_FOUND, ""))
    assert bench.heard == ["848300"]


@pytest.mark.parametrize("reply", [TerminalBusy(NAME), SaleAccepted(NAME)])
def test_a_sale_that_is_not_settled_yet_must_be_waited_for(reply: TerminalBusy | SaleAccepted) -> None:
    bench = Bench().send(repeat_receipt()).say(reply)
    assert bench.heard == ["849c00"]
    assert bench.requests == [LastResultRequest()]


def test_a_register_that_refuses_the_repetition_is_not_told_to_take_it_back() -> None:
    bench = refusing(NOT_EXPECTED).send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.heard[-1] == COMPLETED
    assert bench.requests[1:] == [ResultRefusal(NAME, said_so=True)]


# --- after a restart of the terminal ----------------------------------------------------------------------------------


def test_a_payment_found_after_a_restart_is_not_pushed() -> None:
    bench = Bench().say(result()).wait(179)
    assert (bench.requests, bench.heard) == ([], [])
    bench.wait(2)
    assert bench.requests == [ResultRefusal(NAME)]
    assert bench.protocol.next_wakeup_s is None


def test_a_payment_found_after_a_restart_is_told_to_a_register_that_asks() -> None:
    bench = Bench().say(result()).wait(60).send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.requests == [LastResultRequest(), ResultDelivered(NAME)]
    assert bench.wait(600).requests[2:] == []


def test_the_time_for_that_is_not_prolonged_by_asking() -> None:
    bench = refusing(WAIT).say(result()).wait(170).send(repeat_receipt()).say(result()).wait(30)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_a_register_that_begins_anew_has_given_up_what_was_before() -> None:
    bench = Bench().say(result()).send(payment(500))
    assert bench.requests == [ResultRefusal(NAME), SaleRequest(500)]


def test_what_was_not_paid_needs_nobody_to_ask() -> None:
    bench = Bench().say(result(Reason.POWER_CUT)).wait(1)
    assert (bench.requests, bench.heard) == ([ResultRefusal(NAME)], [])


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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("apdu", ["069303123456", "069108aa2611230c120000", "067900", "061800", "061a00"])
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


# --- the line ---------------------------------------------------------------------------------------------------------


def test_a_result_waits_for_a_line_that_comes_back() -> None:
    bench = Bench().paying().cut().say(result()).plug_in(after_s=20)
    assert bench.requests[1:] == [ResultDelivered(NAME)]
    assert bench.register.results == [0]


def test_a_result_that_the_line_swallowed_is_told_again() -> None:
    bench = Bench().paying()
    bench.register.acknowledges = False
    bench.say(result()).cut()
    bench.register.acknowledges = True
    bench.plug_in(after_s=3)
    assert bench.register.results == [0, 0]
    assert bench.requests[1:] == [ResultDelivered(NAME)]


def test_a_payment_whose_acceptance_the_line_swallowed_is_accepted_again() -> None:
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().cut()
    bench.register.acknowledges = True
    assert bench.plug_in(after_s=2).heard == ["800000", "800000"]
    assert bench.requests == [SaleRequest(1990)]


def unheard_acceptance() -> Bench:
    """The line goes before the register has heard that its payment was taken."""
    bench = Bench()
    bench.register.acknowledges = False
    bench.paying().cut()
    bench.register.acknowledges = True
    return bench


def test_an_acceptance_that_comes_too_late_is_not_said_and_its_payment_cancelled() -> None:
    bench = unheard_acceptance().plug_in(after_s=6)
    assert bench.heard == ["800000"]  # a second one would answer whatever the register has said since
    assert bench.requests[1:] == [CancelRequest(NAME)]
    assert bench.say(result(Reason.REGISTER_CANCELLED)).requests[2:] == [ResultRefusal(NAME)]


def test_a_payment_made_in_such_a_session_is_told_only_to_a_register_that_asks() -> None:
    bench = unheard_acceptance().say(result()).plug_in(after_s=6)
    assert (bench.heard, bench.register.results) == (["800000"], [])
    bench.send(repeat_receipt()).say(result())
    assert bench.register.results == [0]
    assert bench.requests[1:] == [LastResultRequest(), ResultDelivered(NAME)]


def test_a_decline_in_such_a_session_needs_nobody_to_ask() -> None:
    bench = unheard_acceptance().say(result(Reason.CUSTOMER_DECLINED)).plug_in(after_s=6)
    assert bench.requests[1:] == [ResultRefusal(NAME)]


def test_the_same_command_after_such_a_session_is_a_new_one() -> None:
    bench = unheard_acceptance().plug_in(after_s=6).send(payment(1990))
    assert bench.requests[2:] == [SaleRequest(1990)]


def test_what_was_being_said_of_no_payment_is_forgotten_with_the_line() -> None:
    bench = Bench(lambda _apdu: None).send(registration(0x82)).cut().plug_in(after_s=1)
    assert bench.wait(60).heard == ["800000", "060f0a19002900000012490352"]
    assert bench.paying().requests == [SaleRequest(1990, prints_receipt=True)]


def test_a_command_that_was_not_decided_when_the_line_went_starts_nothing() -> None:
    bench = Bench().send(payment(1990)).cut().say(SaleAccepted(NAME)).plug_in(after_s=1)
    assert bench.requests == [SaleRequest(1990), CancelRequest(NAME)]
