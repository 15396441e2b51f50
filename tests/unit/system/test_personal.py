"""The one detector: what is a customer's, in whatever company, and what only looks like it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.system.check_digits import passes_luhn
from terminal.system.personal import card_spans, mask_personal_data, personal_spans
from tests.each import each_of

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "378282246310005",
    "3782 822463 10005",
    "30569309025904",
    "2223003122003222",
    "6011111111111117",
    "4222222222222",
    "6304000000000000000",
]
OTHERS = ["111111 1119", "kt1111111119", "kt.1111111119", "x1111111119y", "822 32 81", "simi8223281", "+354 822 32 81"]


@each_of("number", CARDS)
@each_of("around", ["{}", "PAN {} OK", "card={};", "5 {} 12/26", "x{}y", ";{}=25121010000012345?", "{}."])
def test_a_card_is_masked_in_any_company(number: str, around: str) -> None:
    masked = mask_personal_data(around.format(number))

    assert "***" in masked
    assert not any(part in masked for part in number.replace("-", " ").split() if len(part) > 3)
    assert "101000345" not in masked


@each_of("number", OTHERS)
def test_numbers_written_in_odd_ways_are_masked(number: str) -> None:
    masked = mask_personal_data(f"a {number} b")

    assert "***" in masked
    assert "1119" not in masked
    assert "81" not in masked


@each_of(
    "text",
    [
        "4111111111111112",  # no card: its check digit is wrong
        "nonce 639000000000000000",
        "5690000000017",  # a product's barcode
        "12345678-1234-1234-1234-123456789012",
        "T1-111111-1119AB",
        "total 150000 2345 kr.",
        "0100001990111035",
        "2026-11-23T14:03:22.123456Z",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert mask_personal_data(text) == text


@given(st.text(alphabet="0123456789 -=D.kt", max_size=80))
def test_spans_are_in_order_apart_and_inside(text: str) -> None:
    end = 0
    for span in personal_spans(text):
        assert end <= span.start < span.end <= len(text)
        end = span.end
    assert mask_personal_data(mask_personal_data(text)) == mask_personal_data(text)


@given(st.integers(10**12, 10**18 - 1), st.sampled_from([4, 5]), st.lists(st.booleans(), min_size=20, max_size=20))
def test_every_number_with_a_right_check_digit_is_found(middle: int, first: int, gaps: list[bool]) -> None:
    digits = f"{first}{middle}"
    check = next(digit for digit in "0123456789" if passes_luhn(digits + digit))
    number = "".join(char + (" " if gap else "") for char, gap in zip(digits + check, gaps, strict=False)).strip()
    if len(digits) < 19:
        assert any(span.start == 0 for span in card_spans(number))


def test_a_long_row_of_digits_takes_no_long_time() -> None:
    mask_personal_data("4 1 " * 5000)
    mask_personal_data("41" * 20000)
