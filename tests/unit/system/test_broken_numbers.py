"""Numbers that a line end breaks, that stand one digit a line, or in digits of another script."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.system.digits import digits_of_bytes, plain_digits, text_and_places, zeros_for
from terminal.system.personal import mask_personal_data, spans_of_bytes
from tests.each import each_of

NUMBERS = [
    "4111 1111|1111 1111",
    "41111111|11111111",
    "4111|1111|1111|1111",
    "3782 822463|10005",
    "555555555555444|4",
    "111111-|1119",
    "111111|1119",
    "kt. 11111|11119",
    "822-|3281",
    "sími 822|3281",
    "+354 822|3281",
    "500004|1234",
    "|".join("4111111111111111"),
    "|".join("1111111119"),
    "|".join("8223281"),
]
BREAKS = ["\r\n", "\n", "\r", "\n\r", "\v", "\f", "\x85", "\u2028", "\r\n        ", r"\r\n", r"\n", r"\x0d\x0a"]
SCRIPTS = {"full-width": 0xFF10, "Arabic": 0x0660, "Bengali": 0x09E6, "mathematical": 0x1D7CE}


def in_script(text: str, zero: int) -> str:
    return "".join(chr(zero + int(char)) if char.isascii() and char.isdigit() else char for char in text)


@each_of("number", NUMBERS)
@each_of("line_end", BREAKS)
def test_a_number_that_a_line_end_breaks_is_masked(number: str, line_end: str) -> None:
    masked = mask_personal_data(f"SAMTALS 1.990{line_end}x {number.replace('|', line_end)}{line_end}TAKK")

    assert masked.startswith("SAMTALS 1.990")
    assert masked.endswith("TAKK")
    assert "***" in masked
    left = masked.removeprefix("SAMTALS 1.990").replace(line_end, "")
    assert sum(char.isdigit() for char in left) <= 3, masked  # the country's code may stay


@each_of("zero", SCRIPTS.values(), ids=list(SCRIPTS))
@each_of("number", ["4111111111111111", "4111 1111 1111 1111", "111111-1119", "1111111119", "822 32 81"])
def test_digits_of_any_script_are_digits(number: str, zero: int) -> None:
    text = f"a {in_script(number, zero)} é"
    assert mask_personal_data(text) == "a *** é"
    (span,) = {(span.start, span.end) for span in spans_of_bytes(text.encode())}
    assert text.encode()[slice(*span)].decode() == in_script(number, zero)


@each_of("gap", ["\u00a0", "\u2009", "\u200b", "\u00ad", "\u2011", "\ufe0f\u20e3", "\u2060"])
def test_what_cannot_be_seen_between_digits_hides_nothing(gap: str) -> None:
    assert "***" in mask_personal_data(gap.join("4111111111111111"))
    assert "***" in mask_personal_data(gap.join(("4111", "1111", "1111", "1111")))


@each_of(
    "text",
    [
        "1990\r\n2490\r\n990\r\n",
        "SAMTALS  12.345\r\n  20.000\r\n",
        "PAY 1990 ID=42\r\nPAY 2490 ID=43\r\n",
        "5690000000017\r\n5690000000024\r\n",
        "2026-11-23\n2026-11-24\n",
        "690\r\n1990",
        "kassi 1\n2\n3\n",
    ],
)
def test_prices_below_each_other_stay(text: str) -> None:
    assert mask_personal_data(text) == text


@given(st.text(max_size=60))
def test_places_stay(text: str) -> None:
    assert len(plain_digits(text)) == len(text)


@given(st.binary(max_size=60) | st.text(max_size=30).map(str.encode))
def test_bytes_stay_as_many(data: bytes) -> None:
    text, places = text_and_places(data)
    assert (len(places), places[-1]) == (len(text) + 1, len(data))
    assert len(digits_of_bytes(data)) == len(zeros_for(data)) == len(data)
    assert all(0 <= span.start < span.end <= len(data) for span in spans_of_bytes(data))
