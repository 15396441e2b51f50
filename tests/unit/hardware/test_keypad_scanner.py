"""What the scanner makes of frames: each test is a short film of contacts, one frame every 5 ms."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hardware.interfaces import LONG_PRESS_S, NO_JAM, Jam
from hardware.keypad_scanner import STUCK_AFTER_S, TOGETHER_AFTER_S, KeypadScanner, check_layout
from tests.each import each_of

LAYOUT = ("123A", "456B", "789C", "*0#D")
CONTACTS = {key: (row, column) for row, keys in enumerate(LAYOUT) for column, key in enumerate(keys)}
DEBOUNCE_S = 0.020
FRAME_S = 0.005
LONG = 6
"""Frames that are surely longer than the debounce time."""


def play(film: Iterable[str], scanner: KeypadScanner | None = None) -> str:
    """Feed frames given as the keys seen closed; the keys reported."""
    scanner = scanner or KeypadScanner(LAYOUT, DEBOUNCE_S)
    reported = [
        scanner.feed(frozenset(CONTACTS[key] for key in keys), index * FRAME_S) for index, keys in enumerate(film)
    ]
    return "".join(key for key in reported if key is not None)


def test_a_press_is_reported_once_however_long_it_is_held():
    assert play(["5"] * 500 + [""] * LONG) == "5"


@each_of("key", CONTACTS)
def test_every_key_is_where_the_layout_says(key):
    assert play([key] * LONG) == key


def test_the_same_key_twice_needs_a_release_between():
    assert play(["5"] * LONG + [""] * LONG + ["5"] * LONG) == "55"


def test_a_release_shorter_than_the_debounce_time_is_a_bounce():
    assert play(["5"] * LONG + [""] * 3 + ["5"] * LONG) == "5"


def test_flicker_while_going_down_and_coming_up_gives_one_key():
    assert play(["5", "", "5", "", *["5"] * LONG, "", "5", "", "5", *[""] * LONG]) == "5"


def test_a_key_counts_as_soon_as_half_of_the_debounce_time_has_shown_no_bounce():
    assert play(["5"] * 3) == "5"


def test_a_contact_that_is_shorter_is_noise():
    assert play(["5"] * 2 + [""] * LONG + ["5", "5", ""] * 20) == ""


def test_one_late_scan_does_not_make_a_bounce_look_stable():
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    assert scanner.feed(frozenset({(1, 1)}), 0.0) is None
    assert scanner.feed(frozenset({(1, 1)}), 5.0) is None
    assert scanner.feed(frozenset({(1, 1)}), 5.001) == "5"


def test_rolling_over_from_key_to_key_loses_nothing():
    assert play([*["1"] * LONG, *["12"] * LONG, *["2"] * LONG, *["23"] * LONG, *["3"] * LONG]) == "123"


@pytest.mark.parametrize("held", [LONG, 500])
def test_a_key_tapped_while_another_is_down_counts(held):
    assert play([*["1"] * held, *["12"] * LONG, *["1"] * LONG, *["15"] * LONG, *["1"] * LONG, *[""] * LONG]) == "125"


def test_rolling_over_three_keys_loses_none():
    assert play([*["1"] * LONG, *["12"] * LONG, *["123"] * LONG, *["23"] * LONG, *["3"] * LONG]) == "123"


def test_the_third_key_down_waits_until_one_is_up():
    assert play([*["1"] * LONG, *["12"] * LONG, *["123"] * 100]) == "12"
    assert play([*["1"] * LONG, *["12"] * LONG, *["123"] * 100, *["13"] * LONG]) == "123"


def test_a_third_key_that_makes_a_rectangle_is_lost_but_no_other_is_invented():
    assert play([*["1"] * LONG, *["12"] * LONG, *["1245"] * LONG, *["24"] * LONG, *["4"] * LONG]) == "12"


def test_a_release_that_bounces_beside_the_next_key_is_no_press():
    assert play([*["1"] * LONG, *["12"] * LONG, *["2"] * 4, *["12"] * 4, *["2"] * LONG, *[""] * LONG]) == "12"


def test_a_corner_that_flickers_does_not_let_its_ghost_through():
    film = [*["5"] * STUCK, *["56"] * STUCK]
    assert play([*film, *["68"] * 4, *["5689"] * LONG, *["56"] * LONG]) == "568"


def test_two_keys_going_down_together_are_rejected_until_both_are_up():
    assert play([*["12"] * LONG, *["2"] * LONG, *[""] * LONG, *["2"] * LONG]) == "2"


def test_a_ghost_rectangle_is_rejected_also_while_it_falls_apart():
    assert play([*["1245"] * LONG, *["25"] * LONG, *["5"] * LONG, *[""] * LONG]) == ""


def test_a_ghost_rectangle_after_a_good_key_adds_nothing():
    assert play([*["1"] * LONG, *["1245"] * LONG, *["1"] * LONG, *[""] * LONG]) == "1"


def test_it_is_idle_only_when_every_key_is_known_to_be_up():
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    assert scanner.idle
    play(["5"] * LONG, scanner)
    assert not scanner.idle
    scanner.feed(frozenset(), 1.000)
    assert not scanner.idle
    scanner.feed(frozenset(), 1.010)
    scanner.feed(frozenset(), 1.020)
    assert scanner.idle


def test_how_long_a_key_has_been_held_is_known():
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    play(["5"] * LONG, scanner)
    assert scanner.held_s(30.0) == pytest.approx(30.0)
    for now_s in (31.0, 31.01, 31.03):
        scanner.feed(frozenset(), now_s)
    assert scanner.held_s(40.0) == 0.0


# --- jams -------------------------------------------------------------------------------------------------------------

STUCK = int(STUCK_AFTER_S / FRAME_S) + LONG
"""Frames after which a key is surely stuck."""


def jam_after(film: Iterable[str]) -> Jam:
    scanner, film = KeypadScanner(LAYOUT, DEBOUNCE_S), list(film)
    play(film, scanner)
    return scanner.jam((len(film) - 1) * FRAME_S)


def test_a_key_that_stays_down_is_called_stuck_until_it_comes_up():
    assert jam_after(["5"] * (STUCK - 2 * LONG)) == NO_JAM
    assert jam_after(["5"] * STUCK) == Jam(stuck="5")
    assert jam_after(["5"] * STUCK + [""] * LONG) == NO_JAM


def test_typing_beside_a_stuck_key_does_not_free_it():
    assert jam_after(["5"] * STUCK + ["58"] * LONG) == Jam(stuck="5")


def test_beside_a_stuck_key_all_others_work():
    beside = [frame for key in "1470#D6" for frame in [*["5" + key] * LONG, *["5"] * LONG]]
    assert play(["5"] * STUCK + beside + [""] * LONG + ["5"] * LONG) == "51470#D65"


def test_a_rectangle_with_a_stuck_corner_gives_no_key():
    assert play(["5"] * STUCK + ["56"] * LONG + ["5689"] * LONG + ["58"] * LONG + ["5"] * LONG) == "56"


def test_keys_down_together_are_told_once_it_can_be_no_typing():
    overlap = int(TOGETHER_AFTER_S / FRAME_S)
    assert jam_after(["12"] * (overlap - LONG)) == NO_JAM
    assert jam_after(["12"] * (overlap + LONG)) == Jam(together="12")
    assert jam_after(["1"] * LONG + ["123"] * (overlap + LONG)) == Jam(together="123")
    assert jam_after(["1245"] * (overlap + LONG)) == Jam(together="1245")
    assert jam_after(["1"] * (overlap + LONG)) == NO_JAM


def test_what_is_stuck_is_not_told_a_second_time_as_being_together():
    assert jam_after(["12"] * STUCK) == Jam(stuck="12")
    assert jam_after(["1"] * STUCK + ["123"] * 100) == Jam(stuck="1", together="23")


def test_two_keys_that_both_counted_are_no_jam_however_long_they_are_down():
    assert jam_after(["1"] * LONG + ["12"] * 200) == NO_JAM


# --- long presses -----------------------------------------------------------------------------------------------------

LONG_PRESS = int(LONG_PRESS_S / FRAME_S) + LONG


def long_presses_in(film: Iterable[str]) -> str:
    scanner, told = KeypadScanner(LAYOUT, DEBOUNCE_S), ""
    for index, keys in enumerate(film):
        scanner.feed(frozenset(CONTACTS[key] for key in keys), index * FRAME_S)
        told += scanner.long_press(index * FRAME_S) or ""
    return told


def test_a_key_that_stays_down_is_a_long_press_once():
    assert long_presses_in(["*"] * (LONG_PRESS - 2 * LONG)) == ""
    assert long_presses_in(["*"] * LONG_PRESS) == "*"
    assert long_presses_in([*["*"] * 3 * LONG_PRESS, *[""] * LONG, *["#"] * LONG_PRESS]) == "*#"


def test_a_bounce_does_not_end_a_long_press_but_a_release_does():
    half = LONG_PRESS // 2
    assert long_presses_in([*["*"] * half, "", *["*"] * half]) == "*"
    assert long_presses_in([*["*"] * half, *[""] * LONG, *["*"] * half]) == ""


def test_with_another_key_down_meanwhile_it_is_no_long_press():
    half = LONG_PRESS // 2
    assert long_presses_in([*["*"] * half, *["*0"] * LONG, *["*"] * LONG_PRESS]) == ""
    assert long_presses_in(["*0"] * LONG_PRESS) == ""


def test_beside_a_stuck_key_there_are_long_presses_too():
    assert long_presses_in([*["5"] * STUCK, *["5*"] * LONG_PRESS]) == "5*"


@each_of(
    ("layout", "complaint"),
    [
        (("123", "456"), "2 rows for 3 row pins"),
        (("123", "45", "789"), "'45' has 2 keys for 3 column pins"),
        (("123", "456", "78x"), "has 'x'; keys are"),
        (("123", "456", "781"), "names a key twice"),
    ],
)
def test_a_wrong_layout_is_explained(layout, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_layout(layout, rows=3, columns=3)
