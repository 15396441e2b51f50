"""Whatever a register sends, and however the line chops it: the same requests and replies, no exception, no growth."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from terminal.counter.register_words import (
    CancelRequest,
    RefundRequest,
    RefusalCode,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRequest,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalReady,
    TotalsReport,
    TotalsRequest,
)
from terminal.register.line.answers import MOST_OPEN_RESULTS, MOST_QUEUED_BYTES
from terminal.register.line.codec import LineProtocol
from terminal.register.line.format import checksum, to_ascii
from terminal.register.line.framing import LONGEST_LINE
from terminal.sale.sale import Reason
from terminal.sale.totals import Totals
from tests.property.chopping_bench import chopped

DECIMALS = st.sampled_from([0, 2])
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*"), min_size=1, max_size=64)
AMOUNTS_KR = st.integers(0, 9_999_999_999)
LINE_ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])

plausible_words = st.sampled_from(
    [
        b"PING",
        b"PAY",
        b"pay",
        b"CANCEL",
        b"STATUS",
        b"1990",
        b"-1",
        b"ID=",
        b"ID=42",
        b"id=7",
        b"X=1",
        b"*10",
        b"PONG",
        b"TOTALS",
        b"REFUND",
        b"VOID",
        b"OF=42",
    ]
)
plausible_lines = st.lists(plausible_words, max_size=4).map(b" ".join)
lines = plausible_lines | st.binary(max_size=30) | st.binary(min_size=190, max_size=220)
traffic = st.lists(st.tuples(lines, LINE_ENDS).map(b"".join), max_size=12).map(b"".join)
cuts = st.lists(st.integers(0, 1500), max_size=12)


def answer(request: RegisterRequest) -> RegisterReply:
    """A terminal that has an answer to every request."""
    match request:
        case SaleRequest(register_id=str(register_id)):
            return SaleAccepted(register_id)
        case SaleRequest():
            return RequestRefused(None, RefusalCode.BUSY, "önnur sala er opin")
        case CancelRequest() | ResultRequest():
            if request.register_id is None:
                return TerminalReady()
            return declined(request.register_id)
        case TotalsRequest():
            return TotalsReport(number=1, totals=Totals(), closed=False)
        case RefundRequest() | ReversalRequest():
            return RequestRefused(request.register_id, RefusalCode.NOT_POSSIBLE, "ekki hægt")
    raise AssertionError(f"nobody asked for {request}")


def declined(register_id: str) -> SaleResult:
    return SaleResult(
        register_id=register_id,
        amount_kr=1990,
        reason=Reason.CUSTOMER_DECLINED,
        authorization_id=None,
        text="Heimild hafnað",
    )


def converse(chunks: Sequence[bytes]) -> tuple[list[RegisterRequest], bytes]:
    """All requests, and everything said after the last byte was in."""
    protocol = LineProtocol(0)
    requests = [request for chunk in chunks for request in protocol.receive_data(chunk, 0.0)]
    for request in requests:
        protocol.send(answer(request), 0.0, request)
    return requests, protocol.data_to_send()


@given(traffic, cuts)
@example(b"PING\r\nPING\r\n", [5, 11])
@example(b"x" * 201 + b"\r\nSTATUS\n", [200, 201, 202])
def test_any_chopping_gives_the_same_requests_and_replies(data: bytes, at: list[int]) -> None:
    whole = converse([data])
    assert converse(chopped(data, at)) == whole
    assert converse([bytes([byte]) for byte in data]) == whole


@given(st.lists(st.binary(max_size=600), max_size=20), DECIMALS)
def test_nothing_raises_and_nothing_grows_on_any_bytes(chunks: list[bytes], decimals: int) -> None:
    protocol = LineProtocol(decimals)  # type: ignore[arg-type]
    for number, chunk in enumerate(chunks * 10):
        for request in protocol.receive_data(chunk, float(number)):
            protocol.send(answer(request), float(number), request)
        protocol.wake(float(number))
    said = protocol.data_to_send()
    assert len(said) <= MOST_QUEUED_BYTES + MOST_OPEN_RESULTS * (LONGEST_LINE + 2)
    for line in said.decode("ascii").splitlines():
        assert len(line) <= LONGEST_LINE
        assert line.split()[0] in {"PONG", "WAIT", "OK", "NO", "READY", "BUSY", "ERR", "TOTALS"}


@given(st.lists(st.sampled_from([b"PING", b"STATUS", b"HELLO", b"TOTALS"]), max_size=30), st.randoms())
def test_answers_come_in_the_order_of_the_questions(asked: list[bytes], chance: random.Random) -> None:
    protocol = LineProtocol(0)
    requests = list(protocol.receive_data(b"".join(line + b"\n" for line in asked), 0.0))
    said = b""
    chance.shuffle(requests)
    for request in requests:
        protocol.send(answer(request), 0.0, request)
        said += protocol.data_to_send() if chance.random() < 0.5 else b""
    said += protocol.data_to_send()
    words = {b"PING": b"PONG", b"STATUS": b"READY", b"HELLO": b"ERR", b"TOTALS": b"TOTALS"}
    assert [line.split()[0] for line in said.splitlines()] == [words[line] for line in asked]


@given(AMOUNTS_KR, st.none() | IDS, DECIMALS, st.booleans(), LINE_ENDS)
def test_every_sale_that_can_be_written_is_read(
    amount_kr: int, register_id: str | None, decimals: int, checksummed: bool, end: bytes
) -> None:
    named = "" if register_id is None else f" ID={register_id}"
    line = f"PAY {amount_kr * 10**decimals}{named}".encode()
    if checksummed:
        line += b"*%02x" % checksum(line)
    protocol = LineProtocol(decimals)  # type: ignore[arg-type]
    assert protocol.receive_data(line + end, 0.0) == [SaleRequest(amount_kr, register_id)]
    assert protocol.data_to_send() == b""


@given(st.text())
def test_any_text_becomes_printable_ascii_without_a_checksum_mark(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert plain.isprintable()
    assert "*" not in plain
    assert to_ascii(plain) == plain


@given(st.lists(st.sampled_from(["result 1", "result 2", "write", "sent", "lost", "ping", "time"]), max_size=40))
def test_a_result_is_reported_delivered_only_after_it_left_and_never_gets_lost(actions: list[str]) -> None:
    protocol = LineProtocol(0)
    told: set[str] = set()
    written = b""
    now_s = 0.0
    for action in [*actions, "lost", "write", "sent"]:
        now_s += 3.0
        match action.split():
            case ["result", register_id]:
                protocol.send(declined(register_id), now_s)
                told.discard(register_id)
            case ["write"]:
                written += protocol.data_to_send()
            case ["sent"]:
                for delivered in protocol.data_sent():
                    assert isinstance(delivered, ResultDelivered)
                    assert f"NO DECLINED ID={delivered.register_id} ".encode() in written
                    told.add(delivered.register_id)
                written = b""
            case ["lost"]:
                protocol.connection_lost()
                written = b""
            case ["ping"]:
                protocol.receive_data(b"PING\n", now_s)
            case ["time"]:
                protocol.wake(now_s)
    assert told == {action.split()[1] for action in actions if action.startswith("result")}
