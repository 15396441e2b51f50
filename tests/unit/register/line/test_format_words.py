"""Every word of the line protocol, and what becomes of letters that it does not have."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.counter.register_words import RefundResult, RefusalCode, RequestRefused, SaleResult, TerminalReady
from terminal.register.line.codec import LineProtocol
from terminal.register.line.format import LineError, Ping, format_reply, parse_line, to_ascii
from terminal.register.line.framing import HALF_LINE_LIFETIME_S, LineFramer
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.sales import new_refund
from tests.unit.register.line.line_bench import GUID, say, with_checksum

# --- what is said -----------------------------------------------------------------------------------------------------


@each_of(
    ("reason", "words"),
    [
        (RefundReason.DONE, f"OK 500 ID=43 REF={GUID}"),
        (RefundReason.SETTLED_DONE, f"OK 500 ID=43 REF={GUID}"),
        (None, "NO UNKNOWN ID=43 ovist"),
        (RefundReason.NOT_TRACEABLE, "NO UNKNOWN ID=43 ovist"),
        (RefundReason.NO_CONNECTION, "NO UNAVAILABLE ID=43 ovist"),
        (RefundReason.CREDENTIALS, "NO UNAVAILABLE ID=43 ovist"),
        (RefundReason.NOT_FOUND, "NO DECLINED ID=43 ovist"),
        (RefundReason.REFUSED, "NO DECLINED ID=43 ovist"),
        (RefundReason.SETTLED_NOT_DONE, "NO CANCELLED ID=43 ovist"),
    ],
)
def test_how_a_refund_ended_has_its_words(reason: RefundReason | None, words: str) -> None:
    refund = new_refund(reason=reason, state=RefundState.REPORT, amount_kr=500, authorization_id=GUID)
    assert format_reply(RefundResult(register_id="43", refund=refund, text="óvíst"), 0) == words


@each_of(
    ("reason", "code"),
    [
        (Reason.CUSTOMER_DECLINED, "DECLINED"),
        (Reason.CASHIER_CANCELLED, "CANCELLED"),
        (Reason.TIMED_OUT, "TIMEOUT"),
        (Reason.NO_CONNECTION, "UNAVAILABLE"),
        (Reason.NOT_TRACEABLE, "UNKNOWN"),
        (Reason.PROVED_UNPAID, "UNKNOWN"),
        (Reason.REFUND_DUE, "CANCELLED"),
        (Reason.PAID_LATE, "CANCELLED"),
        (Reason.REFUNDED, "CANCELLED"),
    ],
)
def test_how_an_unpaid_sale_ended_has_its_word(reason: Reason, code: str) -> None:
    reply = SaleResult(register_id="42", amount_kr=1990, reason=reason, authorization_id=None, text="nei")
    assert format_reply(reply, 0) == f"NO {code} ID=42 nei"


@each_of(
    ("code", "word"),
    [
        (RefusalCode.BUSY, "BUSY"),
        (RefusalCode.AMOUNT, "AMOUNT"),
        (RefusalCode.UNAVAILABLE, "UNAVAILABLE"),
        (RefusalCode.NOT_FOUND, "UNKNOWN"),
        (RefusalCode.NOTHING_OPEN, "UNKNOWN"),
        (RefusalCode.NOT_POSSIBLE, "UNAVAILABLE"),
        (RefusalCode.DUPLICATE, "DUPLICATE"),
        (RefusalCode.RECORDS_LOST, "UNAVAILABLE"),
        (RefusalCode.REFUND, "REFUND"),
        (RefusalCode.TOO_OLD, "REFUND"),
    ],
)
def test_every_refusal_has_its_word(code: RefusalCode, word: str) -> None:
    assert format_reply(RequestRefused("42", code, "af"), 0) == f"ERR {word} af"


@each_of(
    ("text", "plain"),
    [
        ("þÞðÐæÆøØ", "thThdDaeAeoO"),
        ("áéíóúýö ÁÉÍÓÚÝÖ", "aeiouyo AEIOUYO"),
        ("5 €", "5 EUR"),
        ("a–b—c", "a-b-c"),
        ("„já“ ”nei” ‘svo’", '"ja" "nei" \'svo\''),
        ("~}| !", "~}| !"),
        ("2*3\t4\n5", "2 3 4 5"),
        ("日本\x7f", "???"),
    ],
)
def test_letters_become_readable_ascii(text: str, plain: str) -> None:
    assert to_ascii(text) == plain


# --- what is heard ----------------------------------------------------------------------------------------------------


@each_of(
    ("line", "says"),
    [
        (b"PAY", "PAY takes one amount: PAY 1990 ID=42"),
        (b"REFUND OF=42 ID=43", "REFUND takes one amount: REFUND 500 OF=42 ID=43"),
        (b"REFUND 500 OF=42", "REFUND names the paid sale and itself: REFUND 500 OF=42 ID=43"),
        (b"VOID ID=43", "VOID names the paid sale and itself: VOID OF=42 ID=43"),
        (b"VOID 5 OF=42 ID=43", "VOID takes nothing but OF= and ID="),
        (b"PING x", "PING takes nothing but ID="),
        (b"PING ID=", "one ID= of 1 to 64 characters without *"),
        (b"TOTALS ID=", "one ID= of 1 to 64 characters without *"),
        (b"P\0I\0", "this is UTF-16: send plain ASCII, one byte a character"),
        (b"P\0I", "only printable ASCII is understood: check the baud rate and parity"),
        (b"P\0YX", "only printable ASCII is understood: check the baud rate and parity"),
    ],
)
def test_a_line_that_asks_for_nothing_is_told_why(line: bytes, says: str) -> None:
    with pytest.raises(LineError) as caught:
        parse_line(line, 0)
    assert (caught.value.code, str(caught.value)) == ("SYNTAX", says)


@each_of("line", [b"TOTALS 3 5970 REFUNDS=0 REFUNDED=0 PERIOD=4", b"totals 3", b"READY", b"WAIT ID=42", b""])
def test_an_echo_of_our_own_words_asks_for_nothing(line: bytes) -> None:
    assert parse_line(line, 0) is None


def test_ping_may_carry_an_id() -> None:
    assert parse_line(b"PING ID=42", 0) == Ping()


def test_a_checksum_in_lower_case_is_one() -> None:
    line = with_checksum("STATUS ID=42").strip()
    assert parse_line(line.lower().replace(b"status id", b"STATUS ID"), 0) == parse_line(b"STATUS ID=42", 0)


# --- lines ------------------------------------------------------------------------------------------------------------


@each_of(
    ("heard", "end"), [(b"STATUS\r\n", b"\r\n"), (b"STATUS\n", b"\n"), (b"STATUS\r", b"\r\n"), (b"\n", b"\n")], ids=str
)
def test_what_is_said_later_ends_as_the_register_ends_its_lines(heard: bytes, end: bytes) -> None:
    assert say(TerminalReady(), after=heard) == b"READY" + end


@each_of(
    ("begun_s", "ended_s", "lines"),
    [
        (40.0, 45.0, [b"STATUS"]),
        (100.0, 100.0 + HALF_LINE_LIFETIME_S, [b"STATUS"]),
        (100.0, 100.5 + HALF_LINE_LIFETIME_S, [b"TUS"]),
    ],
)
def test_half_a_line_lives_for_a_minute(begun_s: float, ended_s: float, lines: list[bytes]) -> None:
    framer = LineFramer()
    assert list(framer.feed(b"STA", begun_s)) == []
    assert list(framer.feed(b"TUS\n", ended_s)) == lines


def test_a_line_that_grew_too_long_in_pieces_is_one_complaint() -> None:
    framer, heard = LineFramer(), list[Any]()
    for piece in (b"x" * 150, b"y" * 50, b"z", b"\n", b"STATUS\n"):
        heard += framer.feed(piece, 1.0)
    assert heard == [None, b"STATUS"]


def test_a_framer_that_was_reset_reads_the_first_line_end() -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"STATUS\r", 0.0)
    protocol.connection_lost()
    protocol.receive_data(b"\nPING\n", 1.0)
    assert protocol.data_to_send() == b"PONG\n"
