"""Whatever a register shows: the same screen in any chopping, no exception, no growth, and never a total made up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from terminal.register.display_tap import DisplayTap
from terminal.register.pole_display import COLUMNS, LONGEST_PARAMETERS, PoleDisplay
from terminal.register.protocol import TotalSeen
from terminal.register.settings import DEFAULT_LABELS, Emulation, TotalRules
from terminal.register.total import TotalFinder

EMULATIONS = st.sampled_from(get_args(Emulation))
sequences = st.sampled_from(
    [b"\x0c", b"\x1b@", b"\x1f$\x01\x02", b"\x1f$", b"\x1bQA", b"\x1buB", b"!#1", b"\r", b"\n", b"\x1b&\x01AB", b"\x10"]
)
traffic = st.lists(sequences | st.binary(max_size=25) | st.just(b"SAMTALS 1.990"), max_size=25).map(b"".join)
cuts = st.lists(st.integers(0, 500), max_size=10)
FINDER = TotalFinder(TotalRules())


def chopped(data: bytes, at: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cut for cut in at if cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


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
    found = FINDER.in_text(lines)
    assert found is None or found > 0
    FINDER.on_display(lines[:2] or [""])


@given(st.sampled_from(DEFAULT_LABELS), st.integers(1, 99_999_999), st.sampled_from(["", "kr ", "ISK ", "kr. "]))
def test_every_amount_that_is_written_plainly_is_read(label: str, amount_kr: int, currency: str) -> None:
    word = label.replace(".", "Ð").replace("\\S*", "ÆÐ")
    for text in (f"{amount_kr}", f"{amount_kr:,}".replace(",", "."), f"{amount_kr:,}.00"):
        assert FINDER.in_text([f"{word} {currency}{text}"]) == amount_kr
        assert FINDER.in_text([word, f"{text} kr."]) == amount_kr
        assert FINDER.in_text([f"{word} -{text}"]) is None


def test_no_flipped_bit_of_a_display_raises_and_a_changed_total_is_only_offered() -> None:
    data = b"\x1f\x43\x00\x0cSAMTALS             \x1f\x24\x01\x02            1.990 kr"
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        tap = DisplayTap("epson", TotalRules())
        tap.receive_data(bytes(flipped), 0.0)
        assert all(isinstance(request, TotalSeen) for request in tap.wake(1.0))
