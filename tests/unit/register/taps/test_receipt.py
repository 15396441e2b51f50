"""A receipt tap reads what the register prints, command by command, and stands in for the printer."""

from __future__ import annotations

import pytest

from hardware.printer.status import IN_ORDER, OFFLINE_CAUSE, PAPER_SENSOR, PRINTER, has_paper, is_answer, is_offline
from terminal.counter.register_words import RegisterRequest, ResultDelivered, SaleResult, TotalSeen
from terminal.register.settings import TotalRules
from terminal.register.taps.escpos_stream import (
    HALF_COMMAND_S,
    EscposReader,
    PrintedLine,
)
from terminal.register.taps.receipt import MOST_UNSENT_BYTES, SILENCE_S, ReceiptTap
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.unit.register.taps.printed_samples import CUT, KICK, RASTER, RECEIPT


def tap(*, plain: bool = False, stands_alone: bool = True) -> ReceiptTap:
    return ReceiptTap(TotalRules(), plain=plain, stands_alone=stands_alone)


def totals(protocol: ReceiptTap, data: bytes, now_s: float = 0.0) -> list[RegisterRequest]:
    """What is told at once."""
    return list(protocol.receive_data(data, now_s))


# --- the total --------------------------------------------------------------------------------------------------------


@each_of("end", [CUT, KICK, b"\x1dVB\x10", b"\x1bm", b"\x10\x14\x01\x00\x01"])
def test_a_total_is_told_when_the_receipt_is_complete(end: bytes) -> None:
    protocol = tap()
    assert totals(protocol, RECEIPT) == []
    assert totals(protocol, end) == [TotalSeen(1080)]
    assert totals(protocol, CUT) == []


def test_without_an_end_mark_silence_ends_a_receipt() -> None:
    protocol = tap()
    assert totals(protocol, RECEIPT) == []
    assert protocol.next_wakeup_s == SILENCE_S
    assert protocol.wake(SILENCE_S / 2) == []
    assert protocol.wake(SILENCE_S) == [TotalSeen(1080)]
    assert protocol.next_wakeup_s is None
    assert totals(protocol, CUT) == []


def test_a_drawer_that_opens_before_the_total_ends_nothing() -> None:
    protocol = tap()
    assert totals(protocol, KICK + b"SAMTALS\n" + KICK + b"1.990\n" + CUT) == [TotalSeen(1990)]


def test_slips_without_a_total_leave_the_offer_alone() -> None:
    protocol = tap()
    assert totals(protocol, RECEIPT + CUT + b"ELDHUS: 1 pizza\n" + CUT) == [TotalSeen(1080)]


def test_a_total_of_the_receipt_before_is_not_found_again() -> None:
    protocol = tap()
    assert totals(protocol, b"TIL GREIDSLU 500\n" + CUT + b"SAMTALS 700\n" + CUT) == [TotalSeen(500), TotalSeen(700)]


def test_the_next_customer_may_pay_the_same() -> None:
    assert totals(tap(), (RECEIPT + CUT) * 2) == [TotalSeen(1080)] * 2


def test_half_a_receipt_does_not_survive_its_cable() -> None:
    protocol = tap()
    totals(protocol, RECEIPT)
    assert protocol.connection_lost() == ()
    assert totals(protocol, CUT) == []


NOISE = [
    b"\x1d(A\xff\xff",
    b"\x1dv0\x00\xff\x00\xff\x03",
    b"\x1b*\x21\xff\xff",
    b"\x1d8L\xff\xff\x03\x00",
    b"\x1b&\x03 ~",
]


@each_of("noise", NOISE)
def test_noise_that_looks_like_a_long_command_costs_at_most_one_receipt(noise: bytes) -> None:
    protocol = tap()
    totals(protocol, noise)
    totals(protocol, RECEIPT + CUT)
    assert totals(protocol, RECEIPT + CUT, HALF_COMMAND_S + 0.1) == [TotalSeen(1080)]


@pytest.mark.parametrize("chunks", [[PRINTER], [bytes((byte,)) for byte in PRINTER]])
def test_a_register_that_asks_for_the_state_all_the_time_is_silent_all_the_same(chunks: list[bytes]) -> None:
    protocol = tap()
    totals(protocol, NOISE[0])
    for second in range(1, 5):
        for chunk in chunks:
            totals(protocol, chunk, float(second))
    assert protocol.data_to_send(), "it is answered again, too"
    assert totals(protocol, RECEIPT + CUT, 5.0) == [TotalSeen(1080)]


def test_a_picture_that_comes_slowly_is_a_picture() -> None:
    protocol, now_s = tap(), 0.0
    for at in range(0, len(RASTER), 4):
        assert totals(protocol, RASTER[at : at + 4], now_s) == []
        now_s += HALF_COMMAND_S - 0.1
    assert totals(protocol, RECEIPT + CUT, now_s) == [TotalSeen(1080)]


def test_plain_text_is_a_receipt_after_a_silence() -> None:
    protocol = tap(plain=True)
    assert totals(protocol, b"KAFFI 590\r\nSAMTALS 590\r\n") == []
    assert protocol.wake(SILENCE_S) == [TotalSeen(590)]


def test_between_receipts_is_after_the_cut_or_a_silence_whatever_is_polled() -> None:
    protocol = tap()
    assert protocol.is_between_receipts
    totals(protocol, RECEIPT)
    assert not protocol.is_between_receipts
    totals(protocol, CUT)
    assert protocol.is_between_receipts
    totals(protocol, PRINTER, 5.0)
    assert protocol.is_between_receipts


def test_a_result_counts_as_told() -> None:
    protocol = tap()
    result = SaleResult(register_id="T1-1", amount_kr=1990, reason=Reason.PAID, authorization_id=None, text="")
    protocol.send(result, 5.0)
    assert protocol.wake(5.0) == [ResultDelivered("T1-1")]


# --- standing in for the printer --------------------------------------------------------------------------------------


@each_of("question", [PRINTER, OFFLINE_CAUSE, b"\x10\x04\x03", PAPER_SENSOR])
def test_alone_it_says_that_it_is_on_line_and_has_paper(question: bytes) -> None:
    protocol = tap()
    totals(protocol, question)
    (answer,) = protocol.data_to_send()
    assert is_answer(answer)
    assert not is_offline(answer)
    assert has_paper(answer)


def test_alone_it_answers_what_else_registers_ask() -> None:
    protocol = tap()
    totals(protocol, IN_ORDER)
    assert has_paper(protocol.data_to_send()[0])
    totals(protocol, b"\x1dI\x42")
    assert protocol.data_to_send() == b"_NETGIRO\x00"
    totals(protocol, b"\x1da\xff\x1dI\x01\x1bv")
    assert protocol.data_to_send() == b"\x10\x00\x00\x00" + b"\x20" + b"\x00"


def test_before_a_real_printer_it_says_nothing() -> None:
    protocol = tap(stands_alone=False)
    totals(protocol, PRINTER + IN_ORDER + b"\x1da\xff\x1dI\x01")
    assert protocol.data_to_send() == b""


def test_questions_without_end_fill_no_memory() -> None:
    protocol = tap()
    totals(protocol, PRINTER * 10_000)
    assert len(protocol.data_to_send()) <= MOST_UNSENT_BYTES + 20


# --- a display on the same line, and other ways to write --------------------------------------------------------------


def lines_of(data: bytes, size: int = 1000) -> list[str]:
    reader = EscposReader()
    events = [event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])]
    return [event.text for event in events if isinstance(event, PrintedLine)]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_what_is_said_to_the_display_is_not_printed(size: int) -> None:
    data = b"KAFFI 590\n\x1b=\x02\x1b@\x0cSAMTALS 5.000\x1f\x24\x01\x02\n\x1b=\x01SAMTALS 590\n"
    assert lines_of(data, size) == ["KAFFI 590", "SAMTALS 590"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_may_end_with_cr_alone(size: int) -> None:
    assert lines_of(b"KAFFI 590\rSAMTALS 590\rTAKK\r\n", size) == ["KAFFI 590", "SAMTALS 590", "TAKK"]


def test_a_program_may_write_utf_8_whatever_it_has_chosen() -> None:
    assert lines_of("TIL GREIÐSLU 1.990\n".encode()) == ["TIL GREIÐSLU 1.990"]
    assert lines_of("TIL GREIÐSLU 1.990\n".encode("cp861").join([b"\x1bt\x23", b""])) == ["TIL GREIÐSLU 1.990"]


def test_receipts_that_are_pictures_are_told_once() -> None:
    protocol = tap()
    picture = b"\x1b@" + RASTER + b"\n" + CUT
    told = [totals(protocol, picture) for _ in range(3)]
    assert told == [[TotalSeen(None, is_picture=True)], [], []]


def test_a_logo_above_text_is_no_picture_of_a_receipt() -> None:
    protocol = tap()
    assert totals(protocol, RECEIPT + CUT) == [TotalSeen(1080)]
    assert totals(protocol, CUT + KICK + CUT) == []


def test_what_stands_below_the_total_counts_although_the_drawer_opens_between() -> None:
    protocol = tap()
    assert totals(protocol, b"SAMTALS 1.990\n" + KICK) == [TotalSeen(1990)]
    assert totals(protocol, b"REIDUFE 2.000\nTIL BAKA 10\n" + CUT) == [TotalSeen(None, paid_kr=1990)]
    assert totals(protocol, b"SAMTALS 1.990\n" + CUT) == [TotalSeen(1990)]


@each_of("end", [KICK + CUT, CUT + KICK, KICK + KICK + CUT + CUT, KICK])
def test_a_slip_is_told_once_however_it_ends(end: bytes) -> None:
    protocol = tap()
    assert totals(protocol, b"SAMTALS 1.990\n" + end + b"TAKK FYRIR\n") == [TotalSeen(1990)]
    assert list(protocol.wake(SILENCE_S)) == []
    assert totals(protocol, b"SAMTALS 1.990\n" + CUT, 10.0) == [TotalSeen(1990)]


def test_a_split_slip_tells_both_amounts_and_a_paid_one_neither() -> None:
    protocol = tap()
    assert totals(protocol, b"SAMTALS 1.990\nKORT 990\n" + CUT) == [TotalSeen(1000, other_kr=1990)]
    assert totals(protocol, b"SAMTALS 1.990\nKORT 1.990\n" + CUT) == [TotalSeen(None, paid_kr=1990)]
    assert totals(protocol, b"SAMTALS 1.990\nKORT 1.990\n") == []
    assert list(protocol.wake(SILENCE_S)) == [TotalSeen(None, paid_kr=1990)]


@pytest.mark.parametrize("begin", [b"", b"\x1b@"])
def test_without_a_knife_the_next_receipt_is_told_from_the_one_before(begin: bytes) -> None:
    """Even if it comes at once."""
    protocol = tap()
    assert totals(protocol, b"KAFFI 2.490\nSAMTALS 2.490\n" + KICK) == [TotalSeen(2490)]
    assert totals(protocol, begin + b"TE 1.990\nSAMTALS 1.990\nKORT 990\n" + KICK) == [TotalSeen(1000, other_kr=1990)]


def test_a_printer_that_is_set_up_anew_begins_another_receipt() -> None:
    protocol = tap()
    assert totals(protocol, b"\x1b@SAMTALS 700\nKORT 700\n" + KICK) == [TotalSeen(None, paid_kr=700)]
    assert totals(protocol, b"\x1b@TE 700\nSAMTALS 700\nSAMTALS 5\n" + KICK) == [TotalSeen(None, differing_kr=(700, 5))]
    assert totals(protocol, b"\x1b@SAMTALS 490\n" + CUT) == [TotalSeen(490)]


def test_a_sum_below_the_drawer_is_none() -> None:
    protocol = tap()
    assert totals(protocol, b"SAMTALS 1.990\n" + KICK) == [TotalSeen(1990)]
    assert totals(protocol, b"NETGIRO 1.990\nVSK 24%\nSamtals 382\n" + CUT) == []
