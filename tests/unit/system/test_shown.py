"""Text from outside on somebody's terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from terminal.system.shown import printable, shown, shown_lines
from tests.each import each_of


@each_of(
    ("text", "expected"),
    [
        ("1.990 kr. Kaffi & kleinur", "1.990 kr. Kaffi & kleinur"),
        ("\x1b[2J\x1b]0;root\x07", r"\x1b[2J\x1b]0;root\x07"),
        ("\x9b31mred", r"\x9b31mred"),
        ("one\ntwo\r\x00", r"one\ntwo\r\x00"),
        ("\u202e.rk 0991", r"\u202e.rk 0991"),
        ("a\u2028b\u00adc", r"a\u2028b\xadc"),
    ],
)
def test_what_steers_a_terminal_is_written_out(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(st.text(), st.integers(0, 50))
def test_any_text_is_one_printable_line_of_bounded_length(text: str, longest: int) -> None:
    line = shown(text, longest)

    assert line.isprintable()
    assert len(line) <= 10 * longest + 3


@given(st.text(), st.integers(0, 50))
def test_what_is_kept_is_printable_and_no_longer_than_it_may_be(text: str, longest: int) -> None:
    assert printable(text, longest).isprintable()
    assert len(printable(text, longest)) <= longest


def test_the_lines_of_a_text_stay() -> None:
    assert shown_lines("one\n\x1btwo\n") == "one\n\\x1btwo\n"
