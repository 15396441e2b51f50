"""The line protocol's lines: ends, checksums, what is delivered, and what stays bounded."""

from __future__ import annotations

import tracemalloc

import pytest

from terminal.counter.register_words import (
    CancelRequest,
    RefusalCode,
    RegisterReply,
    RequestRefused,
    ResultDelivered,
    ResultRequest,
    SaleAccepted,
    SaleRequest,
    TerminalBusy,
    TerminalReady,
)
from terminal.register.line import answers
from terminal.register.line import codec as line_module
from terminal.register.line.codec import LineProtocol
from terminal.register.line.format import checksum
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.unit.register.line.line_bench import GUID, ask, result, say, with_checksum

# --- lines ------------------------------------------------------------------------------------------------------------


def test_ping_is_answered_by_the_protocol_itself() -> None:
    assert ask(b"PING\n") == ([], b"PONG\n")


@pytest.mark.parametrize(("end", "answer_end"), [(b"\n", b"\n"), (b"\r\n", b"\r\n"), (b"\r", b"\r\n")])
def test_every_line_end_is_one_and_is_answered_in_kind(end: bytes, answer_end: bytes) -> None:
    assert ask((b"PING" + end) * 3) == ([], (b"PONG" + answer_end) * 3)


def test_a_line_fed_byte_by_byte_asks_the_same() -> None:
    protocol = LineProtocol(0)
    requests = [r for byte in b"PAY 1990 ID=42\r\nSTATUS\r\n" for r in protocol.receive_data(bytes([byte]), 0.0)]
    assert requests == [SaleRequest(1990, "42"), ResultRequest(None)]
    assert protocol.data_to_send() == b""


def test_bytes_after_a_line_wait_for_their_own_end() -> None:
    protocol = LineProtocol(0)
    assert protocol.receive_data(b"STATUS\nPAY 19", 0.0) == [ResultRequest(None)]
    assert protocol.receive_data(b"90\n", 5.0) == [SaleRequest(1990, None)]


def test_empty_lines_mean_nothing() -> None:
    assert ask(b"\n\r\n\r  \n\n") == ([], b"")


def test_a_line_of_200_characters_is_read_and_a_longer_one_is_dropped_to_its_end_with_one_complaint() -> None:
    longest = b"STATUS X=" + b"y" * 191
    assert ask(longest + b"\n") == ([ResultRequest(None)], b"")
    requests, answer = ask(longest + b"y" * 100_000 + b"\nSTATUS\n")
    assert requests == [ResultRequest(None)]
    assert answer == b"ERR SYNTAX a line has at most 200 characters\n"


def test_half_a_line_from_before_a_crash_is_forgotten_after_a_minute() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"PAY 1990 ID=7", 0.0)
    assert protocol.receive_data(b"CANCEL\n", 60.5) == [CancelRequest(None)]


def test_an_echo_of_our_own_words_is_not_answered() -> None:
    said = b"PONG\nWAIT ID=42\nOK 1990 ID=42\nno declined id=42 x\nREADY\nBUSY ID=42\nERR SYNTAX PAY 1990\n"
    assert ask(said) == ([], b"")


# --- checksums --------------------------------------------------------------------------------------------------------


def test_a_right_checksum_is_answered_in_kind() -> None:
    assert checksum(b"PING") == 0x10
    assert ask(b"PING*10\n") == ([], b"PONG*16\n")


def test_a_checksum_may_be_written_in_either_case() -> None:
    line = with_checksum("PAY 7 ID=n")
    assert line.upper() != line.lower()
    head, _, digits = line.rpartition(b"*")
    for written in (digits.upper(), digits.lower()):
        assert ask(head + b"*" + written)[0] == [SaleRequest(7, "n")]


@each_of("line", [b"PAY 1990 ID=42*00", b"PING*1", b"PING*110", b"PING*", b"PING*G0", b"PING*+1", b"*"])
def test_a_wrong_checksum_starts_nothing_and_is_answered_with_one(line: bytes) -> None:
    requests, answer = ask(line + b"\n")
    text, _, digits = answer.rstrip().rpartition(b"*")
    assert requests == []
    assert text.startswith(b"ERR SYNTAX ")
    assert int(digits, 16) == checksum(text)


def test_a_sale_asked_for_with_a_checksum_is_answered_with_one_up_to_its_result() -> None:
    protocol = LineProtocol(0)
    (pay,) = protocol.receive_data(with_checksum("PAY 1990 ID=42"), 0.0)
    protocol.send(SaleAccepted("42"), 0.0, pay)
    assert protocol.data_to_send() == with_checksum("WAIT ID=42")
    protocol.receive_data(b"PING\n", 1.0)  # a plain line in between changes nothing for sale 42
    assert protocol.data_to_send() == b"PONG\n"
    protocol.wake(10.0)
    assert protocol.data_to_send() == with_checksum("WAIT ID=42")
    protocol.send(result(Reason.CUSTOMER_DECLINED, text="nei"), 11.0)
    assert protocol.data_to_send() == with_checksum("NO DECLINED ID=42 nei")


def test_a_sale_without_an_id_gets_its_checksums_too() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(with_checksum("PAY 1990"), 0.0)
    protocol.send(SaleAccepted("T1-7"), 0.0)
    protocol.send(result(register_id="T1-7"), 1.0)
    assert protocol.data_to_send() == with_checksum("WAIT ID=T1-7") + with_checksum(f"OK 1990 ID=T1-7 REF={GUID}")


def test_a_cancel_without_an_id_is_answered_as_it_was_written_though_the_sale_was_asked_for_otherwise() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"PAY 1990 ID=42\n", 0.0)
    protocol.send(SaleAccepted("42"), 0.0)
    protocol.receive_data(with_checksum("CANCEL"), 1.0)
    protocol.send(SaleAccepted("42"), 1.0)
    assert protocol.data_to_send() == b"WAIT ID=42\n" + with_checksum("WAIT ID=42")


def test_an_id_with_a_star_is_not_one_even_under_a_right_checksum() -> None:
    requests, answer = ask(with_checksum("PAY 1990 ID=a*b"))
    assert requests == []
    assert answer.startswith(b"ERR SYNTAX one ID= ")


def test_a_result_that_nobody_asked_for_has_no_checksum() -> None:
    assert say(result(register_id="from-before-the-restart"), after=b"PING*10\n").endswith(f"REF={GUID}\n".encode())


@each_of("reply", [TerminalReady(), RequestRefused(None, RefusalCode.BUSY, "x"), TerminalBusy("7"), SaleAccepted("7")])
def test_a_reply_without_a_known_id_follows_the_latest_request(reply: RegisterReply) -> None:
    assert b"*" in say(reply, after=with_checksum("STATUS"))
    assert b"*" not in say(reply, after=b"STATUS\n")


# --- delivery ---------------------------------------------------------------------------------------------------------


def test_a_result_is_delivered_once_its_bytes_have_left() -> None:
    protocol = LineProtocol(0)
    protocol.send(result(), 0.0)
    assert protocol.data_sent() == []
    assert protocol.data_to_send() == f"OK 1990 ID=42 REF={GUID}\r\n".encode()
    assert protocol.data_sent() == [ResultDelivered("42")]
    assert protocol.data_sent() == []
    assert protocol.data_to_send() == b""


def test_a_result_queued_during_a_write_belongs_to_the_next_one() -> None:
    protocol = LineProtocol(0)
    protocol.send(result(register_id="41"), 0.0)
    protocol.data_to_send()
    protocol.send(result(register_id="42"), 0.0)
    assert protocol.data_sent() == [ResultDelivered("41")]
    assert b"ID=42" in protocol.data_to_send()
    assert protocol.data_sent() == [ResultDelivered("42")]


def test_a_result_whose_bytes_were_cut_off_is_sent_again_on_a_clean_line() -> None:
    protocol = LineProtocol(0)
    protocol.send(result(), 0.0)
    protocol.data_to_send()
    assert protocol.connection_lost() == ()
    assert protocol.data_sent() == []
    assert protocol.data_to_send() == f"\r\nOK 1990 ID=42 REF={GUID}\r\n".encode()
    assert protocol.data_sent() == [ResultDelivered("42")]


def test_while_the_line_is_down_only_results_are_kept() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"PING\nPAY 19", 0.0)
    protocol.connection_lost()
    protocol.send(SaleAccepted("42"), 1.0)
    protocol.send(TerminalBusy("42"), 2.0)
    protocol.wake(50.0)
    protocol.send(result(), 51.0)
    protocol.send(result(register_id="41"), 52.0)
    protocol.send(result(), 53.0)
    ok = "OK 1990 ID={} REF=" + GUID + "\n"
    assert protocol.data_to_send() == (ok.format("41") + ok.format("42")).encode()
    assert protocol.data_sent() == [ResultDelivered("41"), ResultDelivered("42")]
    assert protocol.receive_data(b"90\n", 54.0) == []  # the rest of a line whose beginning was lost


def test_a_result_that_became_untrue_while_the_line_was_down_is_replaced() -> None:
    protocol = LineProtocol(0)
    protocol.connection_lost()
    protocol.send(result(), 1.0)
    protocol.send(result(reason=Reason.PROVED_UNPAID), 20.0)
    assert protocol.data_to_send() == b"NO UNKNOWN ID=42\r\n"
    assert protocol.data_sent() == [ResultDelivered("42")]


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_complaints_to_a_babbling_register_are_rationed_and_come_back_when_it_calms_down() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"x\n" * 10_000, 0.0)
    assert protocol.data_to_send().count(b"ERR SYNTAX") == line_module.COMPLAINTS_AT_ONCE
    protocol.receive_data(b"x\n" * 10_000, 1.0)
    assert protocol.data_to_send().count(b"ERR SYNTAX") == line_module.COMPLAINTS_PER_S
    protocol.receive_data(b"PING\n", 1.0)
    assert protocol.data_to_send() == b"PONG\n"
    protocol.receive_data(b"x\n", 2.0)
    assert protocol.data_to_send().count(b"ERR SYNTAX") == 1


def test_a_wire_that_takes_nothing_keeps_no_more_than_the_latest_words_and_results() -> None:
    protocol = LineProtocol(0)
    for number in range(2000):
        protocol.receive_data(f"PING\nSTATUS ID={number}\n".encode(), float(number))
        protocol.send(TerminalBusy(f"busy-{number}"), float(number))
        protocol.send(result(register_id=str(number)), float(number))
    waiting = protocol.data_to_send()
    assert len(waiting) <= answers.MOST_QUEUED_BYTES + answers.MOST_OPEN_RESULTS * 201
    assert b"BUSY ID=busy-1999\n" in waiting
    assert f"OK 1990 ID=1999 REF={GUID}\n".encode() in waiting


@pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.slow)])
@each_of("chunk", [b"x" * 1024, b"PING\n" * 200, b"\xff\r\n\x00" * 256, b"PAY 1990 ID=\n" * 75])
def test_hours_of_the_same_garbage_take_no_memory(chunk: bytes, times: int) -> None:
    protocol = LineProtocol(0)

    def babble(chunks: int, start_s: float) -> None:
        for number in range(chunks):
            protocol.receive_data(times * chunk, start_s + number)

    tracemalloc.start()
    try:
        babble(15, 0.0)  # the queue of answers is full by then
        before, _ = tracemalloc.get_traced_memory()
        babble(15, 15.0)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4096
