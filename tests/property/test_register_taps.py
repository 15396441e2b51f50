"""Whatever a register shows: the same screen in any chopping, no exception, no growth, and never a total made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from terminal.counter.register_words import TotalSeen
from terminal.register.settings import DEFAULT_LABELS, Emulation, TotalRules
from terminal.register.taps.display import DisplayTap
from terminal.register.taps.escpos_stream import EscposReader, PlainReader
from terminal.register.taps.pole_display import COLUMNS, LONGEST_PARAMETERS, PoleDisplay
from terminal.register.taps.receipt import ReceiptTap
from terminal.register.taps.total import TotalFinder
from tests.property.chopping_bench import chopped

EMULATIONS = st.sampled_from(get_args(Emulation))
sequences = st.sampled_from(
    [b"\x0c", b"\x1b@", b"\x1f$\x01\x02", b"\x1f$", b"\x1bQA", b"\x1buB", b"!#1", b"\r", b"\n", b"\x1b&\x01AB", b"\x10"]
)
traffic = st.lists(sequences | st.binary(max_size=25) | st.just(b"SAMTALS 1.990"), max_size=25).map(b"".join)
cuts = st.lists(st.integers(0, 500), max_size=10)
FINDER = TotalFinder(TotalRules())


def shown(emulation: Emulation, chunks: Sequence[bytes]) -> tuple[str, ...]:
    display = PoleDisplay(emulation)
    for chunk in chunks:
        display.feed(chunk)
        assert len(display._rest) <= 2 * LONGEST_PARAMETERS
    return display.screen.lines


@given(EMULATIONS, traffic, cuts)
def test_any_chopping_gives_the_same_screen(emulation: Emulation, data: bytes, at: list[int]) -> None:
    whole = shown(emulation, [data])
    assert [len(line) for line in whole] == [COLUMNS, COLUMNS]
    assert shown(emulation, chopped(data, at)) == whole
    assert shown(emulation, [bytes((byte,)) for byte in data]) == whole


@given(EMULATIONS, st.lists(traffic, max_size=10))
def test_a_tap_only_ever_tells_of_totals_and_never_speaks(emulation: Emulation, chunks: list[bytes]) -> None:
    tap = DisplayTap(emulation, TotalRules())
    for number, chunk in enumerate(chunks):
        assert tap.receive_data(chunk, float(number)) == ()
        for request in tap.wake(number + 0.5):
            assert isinstance(request, TotalSeen)
            assert request.amount_kr is None or request.amount_kr > 0
        assert tap.data_to_send() == b""


@given(st.lists(st.text(max_size=90), max_size=30))
def test_no_text_makes_the_finder_raise_or_find_nothing_worth(lines: list[str]) -> None:
    found = FINDER.in_text(lines).amount_kr
    assert found is None or found > 0
    FINDER.on_display(lines[:2] or [""])


@given(st.sampled_from(DEFAULT_LABELS), st.integers(1, 99_999_999), st.sampled_from(["", "kr ", "ISK ", "kr. "]))
def test_every_amount_that_is_written_plainly_is_read(label: str, amount_kr: int, currency: str) -> None:
    word = label.replace(".", "Ð").replace("\\S*", "ÆÐ")
    for text in (f"{amount_kr}", f"{amount_kr:,}".replace(",", "."), f"{amount_kr:,}.00"):
        assert FINDER.in_text([f"{word} {currency}{text}"]).amount_kr == amount_kr
        assert FINDER.in_text([word, f"{text} kr."]).amount_kr == amount_kr
        assert FINDER.in_text([f"{word} -{text}"]).amount_kr is None


def test_no_flipped_bit_of_a_display_raises_and_a_changed_total_is_only_offered() -> None:
    data = b"\x1f\x43\x00\x0cSAMTALS             \x1f\x24\x01\x02            1.990 kr"
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        tap = DisplayTap("epson", TotalRules())
        tap.receive_data(bytes(flipped), 0.0)
        assert all(isinstance(request, TotalSeen) for request in tap.wake(1.0))


commands = st.sampled_from(
    [
        b"\n",
        b"\x1b@",
        b"\x1bt\x10",
        b"\x1dV\x00",
        b"\x1bp\x00",
        b"\x1dv0\x00\x02\x00\x02\x00",
        b"\x1dk\x04",
        b"\x10\x04\x01",
        b"\x1bD\x08\x10",
        b"\x1b&\x03AB",
        b"\x1cq\x02",
        b"\x1d8L",
        b"\x1b\x1dt",
        b"\x1bd",
    ]
)
print_data = st.lists(commands | st.binary(max_size=25) | st.just(b"SAMTALS 1.990\n"), max_size=25).map(b"".join)
READERS = st.sampled_from([EscposReader, PlainReader])


@given(READERS, print_data, cuts)
def test_any_chopping_gives_the_same_receipt(
    reader: type[EscposReader | PlainReader], data: bytes, at: list[int]
) -> None:
    whole = list(reader().feed(data))
    for chunks in (chopped(data, at), [bytes((byte,)) for byte in data]):
        one = reader()
        assert [event for chunk in chunks for event in one.feed(chunk)] == whole


@given(st.booleans(), st.booleans(), st.lists(print_data, max_size=10))
def test_a_receipt_tap_tells_only_of_totals_and_answers_only_alone(
    plain: bool, stands_alone: bool, chunks: list[bytes]
) -> None:
    tap = ReceiptTap(TotalRules(), plain=plain, stands_alone=stands_alone)
    for number, chunk in enumerate(chunks):
        told = [*tap.receive_data(chunk, 3.0 * number), *tap.wake(3.0 * number + 2)]
        assert all(isinstance(request, TotalSeen) and (request.amount_kr or 0) > 0 for request in told)
        said = tap.data_to_send()
        assert stands_alone or said == b""
    tap.connection_lost()


def test_no_flipped_bit_of_a_receipt_raises() -> None:
    data = b"\x1b@\x1bt\x10KAFFI 590\n\x1b!\x30SAMTALS 1.990\n\x1dv0\x00\x01\x00\x02\x00AB\x1bp\x00\x19\xfa\x1dV\x00"
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        tap = ReceiptTap(TotalRules())
        told = [*tap.receive_data(bytes(flipped), 0.0), *tap.wake(5.0)]
        assert all(isinstance(request, TotalSeen) for request in told)


def test_a_picture_that_comes_byte_by_byte_takes_no_more_time_than_its_bytes() -> None:
    reader = EscposReader()
    reader.feed(b"\x1dv0\x00\xff\x00\xff\x03")
    for _ in range(0xFF * 0x3FF):
        reader.feed(b"x")
    assert reader.is_at_line_start(0.0)
