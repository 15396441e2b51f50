"""The line protocol, line by line: what each asks for, what each reply says, and in which order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from terminal.counter.register_words import (
    CancelRequest,
    RefundRequest,
    RefusalCode,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultRequest,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    TerminalBusy,
    TerminalReady,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.line import answers
from terminal.register.line.codec import LineProtocol
from terminal.register.line.format import to_ascii
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import Tally, Totals
from tests.each import each_of
from tests.unit.register.line.line_bench import GUID, ask, result, say, with_checksum


def report(outcome: Outcome, count: int, sum_kr: int) -> TotalsReport:
    return TotalsReport(number=7, totals=Totals(by_outcome={outcome: Tally(count, sum_kr)}), closed=False)


# --- requests ---------------------------------------------------------------------------------------------------------


@each_of(
    ("line", "request_"),
    [
        (b"PAY 1990", SaleRequest(1990, None)),
        (b"PAY 1990 ID=42", SaleRequest(1990, "42")),
        (b"pay  1990   id=42 ", SaleRequest(1990, "42")),
        (b"PAY ID=42 1990", SaleRequest(1990, "42")),
        (b"PAY 1990 TILL=3 ID=a/b;c=d CLERK=Jon", SaleRequest(1990, "a/b;c=d")),
        (b"PAY 1990 ID=" + b"x" * 64, SaleRequest(1990, "x" * 64)),
        (b"PAY 0001", SaleRequest(1, None)),
        (b"CANCEL", CancelRequest(None)),
        (b"Cancel Id=42", CancelRequest("42")),
        (b"STATUS", ResultRequest(None)),
        (b"STATUS ID=42", ResultRequest("42")),
        (b"STATUS FOO=1", ResultRequest(None)),
        (b"REFUND 500 OF=42 ID=43", RefundRequest(500, "42", "43")),
        (b"void id=43 of=42", ReversalRequest(of="42", register_id="43")),
        (b"TOTALS", TotalsRequest()),
        (b"PAY 1990 ID=42 OF=7", SaleRequest(1990, "42")),
        (b"PAY\t1990 \tID=42", SaleRequest(1990, "42")),
        (b"\x00PAY 1990", SaleRequest(1990, None)),
        (b"\x0c\x11\x13STATUS", ResultRequest(None)),
        (b"\xef\xbb\xbfCANCEL", CancelRequest(None)),
        (b"\xff\xfeCANCEL", CancelRequest(None)),
    ],
)
def test_a_request_is_read_and_left_to_the_terminal_to_answer(line: bytes, request_: RegisterRequest) -> None:
    assert ask(line + b"\n") == ([request_], b"")


def test_ids_keep_their_case() -> None:
    assert ask(b"STATUS ID=aB\n")[0] == [ResultRequest("aB")]


def test_a_register_with_two_decimals_means_kronur_all_the_same() -> None:
    assert ask(b"PAY 199000 ID=42\n", decimals=2) == ([SaleRequest(1990, "42")], b"")


@each_of(
    "line", [b"PAY 19.90", b"PAY -1", b"PAY +1", b"PAY 1e3", b"PAY abc", b"PAY 1,990", b"PAY =5", b"PAY 1234567890123"]
)
def test_a_bad_amount_is_answered_and_starts_nothing(line: bytes) -> None:
    requests, answer = ask(line + b"\n")
    assert requests == []
    assert answer.startswith(b"ERR AMOUNT ")


def test_a_fraction_of_a_krona_is_a_bad_amount() -> None:
    requests, answer = ask(b"PAY 199050\n", decimals=2)
    assert requests == []
    assert answer == b"ERR AMOUNT the amount has a fraction of a krona: check the register's decimals\n"


@each_of(
    "line",
    [
        b"HELLO",
        b"PAY",
        b"PAY ID=42",
        b"PAY 1990 2000",
        b"PAY 1990 ID=",
        b"PAY 1990 ID=" + b"x" * 65,
        b"PAY 1990 ID=1 id=2",
        b"CANCEL 42",
        b"STATUS 42",
        b"PING PING",
        b"PAY 1990 ID=\xfe",
        b"PING\x1b",
        b"PAY 1990 ID=a*b",
        b"PAY 1\t990",
        b"PAY 199\x00",
        b"PAY 1990\xef\xbb\xbf",
        b"REFUND 500",
        b"REFUND 500 OF=42",
        b"REFUND OF=42 ID=43",
        b"VOID OF=42",
        b"VOID ID=43",
        b"VOID 500 OF=42 ID=43",
        b"VOID OF=42 OF=43 ID=44",
        b"x" * 201,
    ],
)
def test_a_line_that_is_not_understood_is_answered_and_starts_nothing(line: bytes) -> None:
    requests, answer = ask(line + b"\n")
    assert requests == []
    assert answer.startswith(b"ERR SYNTAX ")
    assert answer.count(b"\n") == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_is_named_as_such(encoding: str) -> None:
    requests, answer = ask("PAY 1990 ID=42\r\n".encode(encoding))
    assert requests == []
    assert answer.startswith(b"ERR SYNTAX this is UTF-16")
    assert answer.count(b"\n") == 1


def test_what_is_given_back_names_what_was_paid() -> None:
    assert b"REFUND 500 OF=42 ID=43" in ask(b"REFUND 500\n")[1]


@pytest.mark.parametrize("amount", [b"1,5", b"-1", b"1.990"])
def test_a_bad_amount_to_give_back_starts_nothing(amount: bytes) -> None:
    requests, answer = ask(b"REFUND " + amount + b" OF=42 ID=43\n")
    assert requests == []
    assert answer.startswith(b"ERR AMOUNT ")


# --- the order of answers ---------------------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_questions() -> None:
    protocol = LineProtocol(0)
    (status,) = protocol.receive_data(b"PING\nPING\nSTATUS\nPING\nHELLO\n", 0.0)
    assert protocol.data_to_send() == b"PONG\nPONG\n"
    protocol.send(TerminalReady(), 0.1, status)
    assert protocol.data_to_send().split(b"\n")[:2] == [b"READY", b"PONG"]


def test_a_result_that_was_asked_for_comes_in_its_place() -> None:
    protocol = LineProtocol(0)
    first, second = protocol.receive_data(b"STATUS ID=42\nPING\nSTATUS\n", 0.0)
    protocol.send(TerminalReady(), 0.0, second)
    protocol.send(result(), 0.0, first)
    assert protocol.data_to_send() == f"OK 1990 ID=42 REF={GUID}\nPONG\nREADY\n".encode()


def test_a_result_that_nobody_asked_for_waits_for_no_question() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"STATUS\nPING\n", 0.0)
    protocol.send(result(), 0.0)
    assert protocol.data_to_send() == f"OK 1990 ID=42 REF={GUID}\n".encode()


def test_a_question_without_an_answer_holds_up_the_others_for_a_while_only() -> None:
    protocol = LineProtocol(0)
    (status,) = protocol.receive_data(b"STATUS\nPING\n", 0.0)
    assert protocol.next_wakeup_s == answers.ANSWER_S
    protocol.wake(answers.ANSWER_S)
    assert protocol.data_to_send() == b"PONG\n"
    protocol.send(TerminalReady(), 20.0, status)
    assert protocol.data_to_send() == b"READY\n"


def test_a_line_that_broke_brings_back_no_answer_to_a_question_from_before() -> None:
    protocol = LineProtocol(0)
    (status,) = protocol.receive_data(b"STATUS ID=42\nPING\n", 0.0)
    protocol.connection_lost()
    protocol.send(result(), 1.0, status)
    assert protocol.data_to_send() == b""


@pytest.mark.parametrize("breaks", [1, 2])
def test_a_line_that_was_cut_off_is_ended_before_the_next_one_however_often_the_line_broke(breaks: int) -> None:
    """Else the register takes what it has of it for the beginning of the next answer."""
    protocol = LineProtocol(0)
    protocol.receive_data(b"PING\n", 0.0)
    assert protocol.data_to_send() == b"PONG\n"
    for _ in range(breaks):
        protocol.connection_lost()
    protocol.receive_data(b"PING\n", 1.0)
    assert protocol.data_to_send() == b"\nPONG\n"
    protocol.data_sent()
    protocol.receive_data(b"PING\n", 2.0)
    assert protocol.data_to_send() == b"PONG\n"


# --- replies ----------------------------------------------------------------------------------------------------------


@each_of(
    ("reply", "line"),
    [
        (SaleAccepted("42"), "WAIT ID=42"),
        (TerminalReady(), "READY"),
        (TerminalBusy("42"), "BUSY ID=42"),
        (RequestRefused("43", RefusalCode.BUSY, "Bíðið"), "ERR BUSY Bidid"),
        (RequestRefused(None, RefusalCode.AMOUNT, "of há"), "ERR AMOUNT of ha"),
        (RequestRefused("42", RefusalCode.UNAVAILABLE, "Diskur fullur"), "ERR UNAVAILABLE Diskur fullur"),
        (RequestRefused("42", RefusalCode.NOT_FOUND, "Engin sala"), "ERR UNKNOWN Engin sala"),
        (RequestRefused(None, RefusalCode.NOTHING_OPEN, "Engin sala"), "ERR UNKNOWN Engin sala"),
        (RequestRefused("42", RefusalCode.DUPLICATE, "Annað"), "ERR DUPLICATE Annad"),
        (RequestRefused("42", RefusalCode.REFUND, "Ekkert eftir"), "ERR REFUND Ekkert eftir"),
        (RequestRefused("42", RefusalCode.TOO_OLD, "Of gömul"), "ERR REFUND Of gomul"),
        (RequestRefused("42", RefusalCode.NOT_POSSIBLE, "Ekki hér"), "ERR UNAVAILABLE Ekki her"),
        (report(Outcome.APPROVED, 3, 5970), "TOTALS 3 5970 REFUNDS=0 REFUNDED=0 PERIOD=7"),
        (report(Outcome.DECLINED, 3, 5970), "TOTALS 0 0 REFUNDS=0 REFUNDED=0 PERIOD=7"),
        (result(Reason.PAID), f"OK 1990 ID=42 REF={GUID}"),
        (result(Reason.CUSTOMER_DECLINED, text="Heimild hafnað"), "NO DECLINED ID=42 Heimild hafnad"),
        (result(Reason.REGISTER_CANCELLED), "NO CANCELLED ID=42"),
        (result(Reason.POWER_CUT), "NO CANCELLED ID=42"),
        (result(Reason.TIMED_OUT), "NO TIMEOUT ID=42"),
        (result(Reason.NO_ANSWER), "NO UNAVAILABLE ID=42"),
        (result(Reason.NOT_TRACEABLE), "NO UNKNOWN ID=42"),
    ],
)
def test_a_reply_has_its_words(reply: RegisterReply, line: str) -> None:
    assert say(reply, after=b"STATUS\n") == line.encode() + b"\n"


@each_of("reason", Reason)
def test_every_reason_is_one_ok_or_no_line(reason: Reason) -> None:
    said = say(result(reason, text="x"))
    assert said.startswith(b"OK 1990 ID=42" if reason.outcome is Outcome.APPROVED else b"NO ")
    assert said.count(b"\n") == 1


def test_the_amount_is_answered_in_the_registers_own_scale() -> None:
    assert say(result(), decimals=2).startswith(b"OK 199000 ID=42 ")


def test_long_texts_are_cut_to_a_line_with_room_for_the_checksum() -> None:
    refused = RequestRefused("42", RefusalCode.BUSY, "þ" * 500)
    assert len(say(refused, after=b"STATUS\n")) == 200 + 1
    cut = say(refused, after=with_checksum("STATUS"))
    assert len(cut) == 200 + 1
    assert cut == with_checksum(cut.decode().rpartition("*")[0])


def test_icelandic_becomes_readable_ascii() -> None:
    assert to_ascii("Þú átt að ýta á * – „ÆÖÐ“ æöð\n1.990\u00a0kr. ✓") == 'Thu att ad yta a - "AeOD" aeod 1.990 kr. ?'


def test_an_id_from_elsewhere_stays_one_word() -> None:
    assert say(SaleAccepted("Sala nr. 7*\n"), after=b"STATUS\n") == b"WAIT ID=Sala_nr._7\n"


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_wait_is_repeated_every_ten_seconds_until_the_result() -> None:
    protocol = LineProtocol(0)
    assert protocol.next_wakeup_s is None
    protocol.send(SaleAccepted("42"), 100.0)
    protocol.data_to_send()
    said = []
    for now_s in (105.0, 110.0, 115.0, 120.0):
        protocol.wake(now_s)
        said.append(protocol.data_to_send())
    assert said == [b"", b"WAIT ID=42\r\n", b"", b"WAIT ID=42\r\n"]
    assert protocol.next_wakeup_s == 130.0
    protocol.send(result(), 125.0)
    assert protocol.next_wakeup_s is None


def test_a_result_whose_id_is_another_days_is_told_to_nobody_and_ends_the_waiting() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"PAY 1990 ID=42\n", 0.0)
    protocol.send(SaleAccepted("42"), 0.0)
    protocol.data_to_send()
    protocol.send(replace(result(), named_for_s=0.0), 7.0)
    assert (protocol.data_to_send(), protocol.next_wakeup_s) == (b"", None)


def test_a_result_waits_for_a_line_that_is_down_no_longer_than_its_id_names_it() -> None:
    for up_again_s, told in ((99.0, b"OK 1990"), (100.0, b"")):
        protocol = LineProtocol(0)
        protocol.connection_lost()
        protocol.send(replace(result(), named_for_s=90.0), 10.0)
        protocol.wake(up_again_s)
        assert protocol.data_to_send()[:7] == told


def test_busy_for_the_id_of_the_waiting_ends_it() -> None:
    protocol = LineProtocol(0)
    protocol.send(SaleAccepted("42"), 0.0)
    protocol.send(RequestRefused("42", RefusalCode.BUSY), 1.0)
    assert protocol.next_wakeup_s is None


def test_another_sales_refusal_or_result_does_not_end_the_waiting() -> None:
    protocol = LineProtocol(0)
    protocol.send(SaleAccepted("42"), 0.0)
    protocol.send(RequestRefused("43", RefusalCode.BUSY, ""), 1.0)
    protocol.send(result(register_id="41"), 2.0)
    assert protocol.next_wakeup_s == 10.0
