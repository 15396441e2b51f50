"""Whatever a ZVT register sends, however the line chops it: the same commands, no exception, no growth, one fate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from terminal.counter.register_words import RegisterRequest, ResultDelivered, ResultRefusal, SaleRequest
from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.codec import ZvtProtocol
from terminal.register.zvt.transport import LONGEST_APDU, MOST_CONTROLS, Framer, encode_frame
from terminal.sale.sale import Reason
from terminal.simulation.registers.zvt_frames import GOOD, NOT_EXPECTED, WAIT, unwrap, wrap
from tests.each import each_of
from tests.fuzz.__main__ import fuzz
from tests.fuzz.codecs import CODECS
from tests.property.chopping_bench import chopped
from tests.unit.register.zvt import zvt_dumps
from tests.unit.register.zvt.zvt_bench import NAME, Bench, result

apdus = st.binary(max_size=300) | st.lists(st.sampled_from([0x10, 0x02, 0x03, 0x06, 0x15]), max_size=40).map(bytes)
real = st.sampled_from(sorted(zvt_dumps.ALL.values()))
noise = st.binary(max_size=30) | st.sampled_from([b"\x06", b"\x15", b"\x10", b"\x10\x02", b"\x10\x03"])
traffic = st.lists(real | real.map(lambda frame: frame[:-1]) | apdus.map(wrap) | noise, max_size=12).map(b"".join)
cuts = st.lists(st.integers(0, 1500), max_size=12)


@given(apdus)
def test_every_apdu_survives_the_line(apdu: bytes) -> None:
    wire = encode_frame(apdu)
    assert unwrap(wire) == (apdu, b"")
    assert wire == wrap(apdu)
    assert list(Framer().feed(wire)) == [apdu]


@given(traffic, cuts)
@example(zvt_dumps.FROM_REGISTER["status enquiry, no password"], [4, 8])
def test_any_chopping_gives_the_same_frames(data: bytes, at: list[int]) -> None:
    whole = list(Framer().feed(data))
    for chunks in (chopped(data, at), [bytes([byte]) for byte in data]):
        framer = Framer()
        assert [item for chunk in chunks for item in framer.feed(chunk)] == whole


@given(traffic, cuts)
def test_any_chopping_gives_the_same_commands_and_answers(data: bytes, at: list[int]) -> None:
    def converse(chunks: Sequence[bytes]) -> tuple[list[RegisterRequest], bytes]:
        protocol = ZvtProtocol(0)
        requests = [request for chunk in chunks for request in protocol.receive_data(chunk, 0.0)]
        return requests, protocol.data_to_send()

    assert converse(chopped(data, at)) == converse([data])


@given(st.lists(st.binary(max_size=600) | traffic, max_size=20), st.sampled_from([0, 2]))
def test_nothing_raises_and_nothing_grows_on_any_bytes(chunks: list[bytes], decimals: int) -> None:
    protocol = ZvtProtocol(decimals)  # type: ignore[arg-type]
    for number, chunk in enumerate(chunks * 10):
        protocol.receive_data(chunk, float(number))
        protocol.wake(float(number))
    assert len(protocol.data_to_send()) <= MOST_CONTROLS + 2 * zf.MOST_DATA + 20
    assert len(protocol._turns._responses) + len(protocol._turns._frames) <= 4


@given(st.binary(max_size=2 * LONGEST_APDU))
def test_a_frame_that_never_ends_is_not_kept(data: bytes) -> None:
    framer = Framer()
    for _ in range(5):
        list(framer.feed(b"\x10\x02" + data))
        assert len(framer._apdu) <= LONGEST_APDU


@each_of("name", [name for name in zvt_dumps.FROM_REGISTER if name.startswith("pay")])
@each_of("decimals", [0, 2])
def test_no_flipped_bit_changes_what_is_to_be_paid(name: str, decimals: int) -> None:
    wire = zvt_dumps.FROM_REGISTER[name]
    right = Bench(decimals=decimals, accept_foreign_currency_code=True).send(unwrap(wire)[0]).requests
    for bit in range(8 * len(wire)):
        flipped = bytearray(wire)
        flipped[bit // 8] ^= 1 << bit % 8
        protocol = ZvtProtocol(decimals, accept_foreign_currency_code=True)  # type: ignore[arg-type]
        requests = [*protocol.receive_data(bytes(flipped), 0.0), *protocol.wake(1.0)]
        requests += protocol.receive_data(wire, 6.0)  # repeated after T2
        assert requests == right


@pytest.mark.parametrize(
    "parse",
    [
        za.parse_apdu,
        za.parse_fields,
        za.parse_tlv,
        za.parse_registration,
        za.parse_authorisation,
        za.parse_refund,
        za.parse_reversal,
        za.parse_service_byte,
    ],
)
@given(data=st.binary(max_size=60))
def test_parsers_read_or_refuse(parse: Callable[[bytes], object], data: bytes) -> None:
    with contextlib.suppress(za.ZvtError):
        parse(data)


@given(st.integers(1, 9_999_999_999), st.sampled_from([0, 2]), st.sampled_from(["0352", None]))
def test_every_amount_is_read_and_told_as_the_register_wrote_it(
    amount_kr: int, decimals: int, currency: str | None
) -> None:
    bench = Bench(decimals=decimals).paying(amount_kr * 10**decimals, currency=currency)
    assert bench.requests == [SaleRequest(amount_kr)]
    bench.say(result(amount_kr=amount_kr))
    asked, told = bench.register.said[0], bench.register.heard[1]
    assert asked[3:10] in told


@given(st.text())
def test_any_text_becomes_printable_for_the_register(text: str) -> None:
    encoded = zf.to_cp437(text)
    assert all(byte >= 0x20 and byte != 0x7F for byte in encoded)
    assert len(zf.print_line(text)) <= 3 + zf.MOST_DATA
    assert zf.text_blocks([text, text])


@given(st.lists(st.text(max_size=120), max_size=60))
def test_every_receipt_fits_its_frames(lines: list[str]) -> None:
    for block in zf.text_blocks(lines):
        tags = za.parse_tlv(za.parse_fields(za.parse_apdu(block).data)[0x06])
        assert [tag for tag, _ in tags] == [0x1F07, 0x25]


behaviours = st.sampled_from(["good", "good", "wait", "refuse", "silent", "deaf"])


@settings(deadline=None)
@given(st.lists(behaviours, max_size=8), st.sampled_from([Reason.PAID, Reason.CUSTOMER_DECLINED]), st.booleans())
@example(["wait", "good", "good", "refuse"], Reason.PAID, True)
def test_whatever_the_register_does_a_result_has_one_fate_and_both_sides_know_the_same(
    script: list[str], reason: Reason, prints: bool
) -> None:
    bench = Bench().registered(0x82 if prints else 0x00).paying()
    left = iter(script)
    believed: list[bool] = []

    def answer(apdu: bytes) -> bytes | None:
        behaviour = next(left, "good")
        bench.register.acknowledges = behaviour != "deaf"  # from its next frame on
        if apdu[:2] == b"\x04\x0f" and behaviour == "good":
            believed.append(apdu[4] == 0)
        return {"good": GOOD, "wait": WAIT, "refuse": NOT_EXPECTED}.get(behaviour)

    bench.register.manners = answer
    bench.say(result(reason)).wait(190)
    fates = [request for request in bench.requests if isinstance(request, ResultDelivered | ResultRefusal)]
    assert len(fates) == 1
    if reason is not Reason.PAID:
        assert bench.register.results[0] == 0x05
    elif isinstance(fates[0], ResultDelivered):
        assert believed[-1]
        assert bench.register.results[-1] == 0x00
    else:
        assert bench.register.results[-1] == 0x6C
    assert fates[0].register_id == NAME
    bench.wait(300)
    assert bench.protocol.next_wakeup_s is None


@pytest.mark.parametrize("most_bytes", [15_000, pytest.param(40_000, marks=pytest.mark.slow)])
@each_of("codec", sorted(CODECS))
def test_seeded_noise_does_no_harm(codec: str, most_bytes: int) -> None:
    """The command ``python -m tests.fuzz`` does the same for longer."""
    assert fuzz(CODECS[codec], most_bytes, seed=7, report=lambda _line: None).sales > 0
