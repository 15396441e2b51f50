"""The keypad test: what it has seen, what is missing, and which wire that may be."""

from __future__ import annotations

from terminal.counter.keypad_test import NUMBER_PAD, STANDARD_LAYOUT, KeypadTest, dead_lines
from tests.each import each_of

SMALL = ("123", "456", "789", "*0#")


def after(keys: str, layout: tuple[str, ...] = STANDARD_LAYOUT) -> KeypadTest:
    test = KeypadTest(layout)
    for key in keys:
        pressed = test.pressed(key)
        assert pressed is not None, "it was left early"
        test = pressed
    return test


def test_every_key_can_be_tried_those_of_the_menu_included() -> None:
    test = after("".join(STANDARD_LAYOUT))
    assert (test.missing, test.total, test.last) == ("", 16, "D")


def test_a_key_counts_once_however_often_it_is_pressed() -> None:
    test = after("55#5")
    assert (test.seen, test.last, len(test.missing)) == ("5#", "5", 14)


@each_of("keys", ["", "12", "*1*2", "*#*D"])
def test_a_single_star_is_a_key_like_any_other(keys: str) -> None:
    test = after(keys + "*")
    assert "*" in test.seen
    assert test.pressed("*") is None


def test_a_pad_without_letters_has_twelve_keys() -> None:
    test = after("0123456789*#", SMALL)
    assert (test.missing, test.total, test.rows) == ("", 12, SMALL)


def test_letters_that_a_number_pad_has_besides_are_shown_beside_it_and_count_too() -> None:
    test = after("1D#A", NUMBER_PAD)
    assert test.rows == ("789A", "456 ", "123 ", "*0#D")
    assert (len(test.seen), test.total) == (4, 14)


def test_letters_beside_a_pad_of_fewer_rows_keep_their_places() -> None:
    assert after("DB", ("123", "456")).rows == ("123 ", "456B", "    ", "   D")


@each_of(
    ("missing", "lines"),
    [
        ("", []),
        ("5", []),
        ("456B", [("row", 1)]),
        ("369#", [("column", 2)]),
        ("123A0", [("row", 0)]),
        ("123A47*", [("row", 0), ("column", 0)]),
        ("".join(STANDARD_LAYOUT), [("row", n) for n in range(4)] + [("column", n) for n in range(4)]),
    ],
)
def test_a_line_is_dead_if_none_of_its_keys_came_in(missing: str, lines: list[tuple[str, int]]) -> None:
    assert list(dead_lines(STANDARD_LAYOUT, missing)) == lines
