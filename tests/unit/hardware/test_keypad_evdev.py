"""Input events as the kernel writes them, through a FIFO."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.input_device import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, SYN_REPORT
from hardware.interfaces import KEYS
from hardware.keypad_evdev import KEY_CODES, EvdevDecoder, EvdevKeypad


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1, 2, kind, code, value)


def press(code: int) -> bytes:
    return event(EV_KEY, code, 1) + event(EV_SYN, SYN_REPORT, 0)


def test_presses_count_releases_and_repeats_do_not():
    decoder = EvdevDecoder()
    assert decoder.feed(press(79) + event(EV_KEY, 79, 2) + event(EV_KEY, 79, 0) + press(96)) == ["1", "#"]


def test_top_row_and_number_pad_give_the_same_digits():
    digits = EvdevDecoder().feed(b"".join(press(code) for code in range(2, 12)))
    pad = EvdevDecoder().feed(b"".join(press(code) for code in (79, 80, 81, 75, 76, 77, 71, 72, 73, 82)))
    assert digits == pad == list("1234567890")


def test_a_pad_that_keeps_numlock_to_itself_gives_digits_too_and_its_comma_cancels_nothing():
    end_down_page_down_and_so_on = (107, 108, 109, 105, 355, 106, 102, 103, 104, 110)
    delete = 111
    keys = EvdevDecoder().feed(b"".join(press(code) for code in (*end_down_page_down_and_so_on, delete)))
    assert keys == list("1234567890")


def test_every_code_means_a_key_a_keypad_may_report():
    assert set(KEY_CODES.values()) == set(KEYS)


def release(code: int) -> bytes:
    return event(EV_KEY, code, 0) + event(EV_SYN, SYN_REPORT, 0)


LEFT_SHIFT, RIGHT_SHIFT, THREE, EIGHT = 42, 54, 4, 9


@pytest.mark.parametrize("shift", [LEFT_SHIFT, RIGHT_SHIFT])
def test_shift_and_a_digit_are_the_signs_that_a_full_keyboard_has_there(shift: int):
    decoder = EvdevDecoder()
    assert decoder.feed(press(shift) + press(THREE) + release(THREE) + press(EIGHT)) == ["#", "*"]
    assert decoder.held == "*"
    assert decoder.feed(release(EIGHT) + press(5) + release(5) + release(shift) + press(THREE)) == ["4", "3"]


def test_a_shift_whose_release_was_dropped_does_not_last():
    dropped = event(EV_SYN, SYN_DROPPED, 0) + event(EV_SYN, SYN_REPORT, 0)
    assert EvdevDecoder().feed(press(LEFT_SHIFT) + dropped + press(THREE)) == ["3"]


def test_after_dropped_events_it_waits_for_a_whole_report():
    decoder = EvdevDecoder()
    data = event(EV_SYN, SYN_DROPPED, 0) + event(EV_KEY, 2, 1) + event(EV_SYN, SYN_REPORT, 0) + press(3)
    assert decoder.feed(data) == ["2"]


def test_a_record_may_arrive_in_pieces():
    decoder, data = EvdevDecoder(), press(2) + press(3)
    assert [key for byte in data for key in decoder.feed(bytes([byte]))] == ["1", "2"]


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_any_bytes_are_survived_and_little_is_kept(data):
    decoder = EvdevDecoder()
    assert set(decoder.feed(data)) <= set(KEYS)
    assert len(decoder._events._rest) < EVENT.size


def test_no_path_is_refused_at_once():
    with pytest.raises(ValueError, match="needs device"):
        EvdevKeypad("")
