"""What a ZVT register does with a result: refuses it, prints it, or asks for it again."""

from __future__ import annotations

import pytest

from hardware.interfaces import TextLine
from terminal.counter.register_words import (
    LastResultRequest,
    RefusalCode,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    TerminalBusy,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.zvt.transport import T2_S
from terminal.register.zvt.turns import PARTIAL_ISSUE
from terminal.sale.sale import Reason
from terminal.sale.totals import Totals
from terminal.simulation.registers.zvt_frames import (
    GOOD,
    NOT_EXPECTED,
    WAIT,
    repeat_receipt,
)
from tests.each import each_of
from tests.unit.register.zvt.zvt_bench import COMPLETED, DAY, NAME, Bench, dump, refusing, result

PRINTS = 0x82

# --- a result that is not taken ---------------------------------------------------------------------------------------


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


def test_a_payment_that_waits_for_the_cable_is_not_told_as_paid_once_the_record_contradicts_it() -> None:
    bench = Bench().paying().cut().say(result()).say(result(Reason.PROVED_UNPAID)).plug_in(3.0)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
    assert bench.register.results == [0x6C]
    assert bench.heard[-1] == "061e016c"


@pytest.mark.parametrize("answer", [WAIT, None])
def test_a_payment_that_the_register_has_not_taken_is_taken_back_once_the_record_contradicts_it(
    answer: bytes | None,
) -> None:
    bench = refusing(answer, times=1).paying().say(result()).say(result(Reason.PROVED_UNPAID)).wait(40)
    assert bench.requests[1:] == [ResultRefusal(NAME)]
    assert bench.register.results == [0, 0x6C]


def test_a_payment_that_the_register_has_taken_is_told_once_whatever_the_record_says_later() -> None:
    bench = Bench().paying().say(result()).say(result(Reason.PROVED_UNPAID)).wait(40)
    assert bench.requests[1:] == [ResultDelivered(NAME)]
    assert bench.register.results == [0]


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


@each_of("config", [0x00, 0x02, 0x04, 0x80, 0x82])
def test_a_register_that_does_not_print_slips_asks_for_none(config: int) -> None:
    bench = Bench().registered(config).send(dump("end of day"))
    assert bench.requests == [TotalsRequest(close=True)]


@each_of("config", [0x00, 0x02, 0x04, 0x80, 0x84])
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
