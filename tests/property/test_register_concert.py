"""Whatever a Concert register sends: the same in any chopping, no exception, no growth, one sale for one request."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from terminal.counter.register_words import (
    RegisterRequest,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    SaleResult,
)
from terminal.register.concert import format as cf
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.concert.transport import MOST_UNSENT_BYTES
from terminal.sale.sale import Reason
from tests.property.chopping_bench import chopped

ENQ, ACK, NAK, EOT = b"\x05", b"\x06", b"\x15", b"\x04"

texts = st.builds(
    lambda amount, flag, kind, tail: f"01{amount:08}{flag}1{kind}352          {tail}".encode(),
    st.integers(0, 99_999_999),
    st.sampled_from("012"),
    st.sampled_from("0012"),
    st.sampled_from(["", "A010B010", "A011B010", "A010B010CMD=CANCEL", "A010B010CMD=STATE", "T012"]),
)
pieces = st.sampled_from([ENQ, ACK, NAK, EOT]) | texts.map(cf.frame) | st.binary(max_size=40)
conversations = texts.map(lambda text: ENQ + cf.frame(text) + EOT)
traffic = st.lists(pieces | conversations, max_size=15).map(b"".join)
cuts = st.lists(st.integers(0, 1500), max_size=12)

SALE = b"01" + b"00001990" + b"0" + b"1" + b"0" + b"352" + b" " * 10 + b"A010B010"


def converse(chunks: Sequence[bytes]) -> tuple[list[RegisterRequest], bytes]:
    protocol = ConcertProtocol(0)
    requests = [request for chunk in chunks for request in protocol.receive_data(chunk, 0.0)]
    return requests, protocol.data_to_send()


def result(request: SaleRequest, register_id: str) -> SaleResult:
    return SaleResult(
        register_id=register_id,
        amount_kr=request.amount_kr,
        reason=Reason.PAID,
        authorization_id=None,
        text="",
        echo=request.echo,
    )


@given(traffic, cuts)
def test_any_chopping_gives_the_same_requests_and_replies(data: bytes, at: list[int]) -> None:
    whole = converse([data])
    assert converse(chopped(data, at)) == whole
    assert converse([bytes([byte]) for byte in data]) == whole


@given(st.lists(traffic, max_size=12), st.booleans(), st.integers(0, 3))
def test_nothing_raises_nothing_grows_and_every_sale_ends_once(
    chunks: list[bytes], immediate: bool, impatience: int
) -> None:
    protocol = ConcertProtocol(0, immediate_answer="received" if immediate else "refuse")
    started = ended = 0
    now_s = 0.0
    for chunk in chunks * 5:
        now_s += 10.0**-impatience
        requests = [*protocol.receive_data(chunk, now_s), *protocol.wake(now_s)]
        for request in requests:
            if isinstance(request, ResultDelivered | ResultRefusal):
                ended += 1
            elif isinstance(request, SaleRequest):
                started += 1
                protocol.send(SaleAccepted(f"T1-{started}"), now_s, request)
                protocol.send(result(request, f"T1-{started}"), now_s)
            else:
                protocol.send(SaleAccepted("T1-0"), now_s, request)
        assert len(protocol.data_to_send()) <= MOST_UNSENT_BYTES + 100
        ended += len(protocol.data_sent())
    for _ in range(200):
        now_s += 5.0
        ended += sum(isinstance(one, ResultDelivered | ResultRefusal) for one in protocol.wake(now_s))
        protocol.data_to_send()
    assert protocol.next_wakeup_s is None
    assert ended == started


@given(st.binary(min_size=1, max_size=300))
def test_bytes_without_a_call_ask_for_nothing(data: bytes) -> None:
    requests, said = converse([data.replace(ENQ, b"")])
    assert (requests, said) == ([], b"")


def test_no_single_flipped_bit_starts_another_sale_or_a_second_one() -> None:
    whole = ENQ + cf.frame(SALE) + EOT
    (asked,), _ = converse([whole])
    assert isinstance(asked, SaleRequest)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        requests, _ = converse([bytes(flipped)])
        assert requests in ([], [asked]), f"bit {bit}"
        again, _ = converse([bytes(flipped), whole])
        assert again in ([asked], [asked, asked]), f"bit {bit}"  # a repeated request joins the open sale


@given(st.binary(max_size=60), st.integers(0, 99_999_999))
@example(b"\x02\x03", 1990)
@example(b"\x02" + b"0" * 30, 1990)
def test_a_register_is_understood_again_after_any_noise(noise: bytes, amount: int) -> None:
    protocol = ConcertProtocol(0)
    protocol.receive_data(noise, 0.0)
    protocol.wake(10.0)
    text = f"01{amount:08}010352          A010B010".encode()
    requests = protocol.receive_data(ENQ + cf.frame(text) + EOT, 20.0)
    assert [type(request) for request in requests] == [SaleRequest]
    assert requests[0].amount_kr == amount  # type: ignore[union-attr]


@given(texts)
def test_an_answer_keeps_every_field_and_has_one_of_two_lengths(text: bytes) -> None:
    request = cf.parse_request(text)
    answer = cf.Answer(request, "0").frame
    assert len(answer) == (83 if request.answer_flag == "1" else 28)
    assert answer[1:3] + answer[4:12] + answer[12:13] == text[:2] + text[2:10] + text[11:12]
    assert answer[-15:-2] == text[13:26]
    assert cf.parse_request(request.echo.encode()).echo == request.echo
