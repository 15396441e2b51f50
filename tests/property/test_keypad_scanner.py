"""Whatever fingers do, the scanner never invents a key, never repeats one, and always comes to rest."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.keypad_scanner import OPEN, STUCK_AFTER_S, KeypadScanner
from hardware.simulated import seen_frame
from tests.fast_typing import type_fast

LAYOUT = ("123A", "456B", "789C", "*0#D")
KEYS = {(row, column): key for row, keys in enumerate(LAYOUT) for column, key in enumerate(keys)}
DEBOUNCE_S = 0.020

contacts = st.sampled_from(sorted(KEYS))
steps = st.tuples(st.frozensets(contacts, max_size=5), st.floats(0.0001, 0.1))
films = st.lists(steps, max_size=60)


@settings(deadline=None)
@given(films)
def test_a_reported_key_was_really_down_and_is_not_repeated_before_it_was_up(film):
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    now_s, up_since_report = 0.0, dict.fromkeys(KEYS.values(), True)
    for closed, pause_s in film:
        now_s += pause_s
        for contact, key in KEYS.items():
            up_since_report[key] |= contact not in closed
        key = scanner.feed(seen_frame(closed), now_s)
        if key is not None:
            assert key in {KEYS[contact] for contact in closed}
            assert up_since_report[key]
            up_since_report[key] = False


@settings(deadline=None)
@given(st.frozensets(contacts, max_size=4), films)
def test_beside_stuck_keys_only_a_key_that_is_really_down_is_reported_however_many_ghosts_they_make(stuck, film):
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    for now_s in (0.0, 0.02, 0.04, 0.04 + STUCK_AFTER_S):
        scanner.feed(seen_frame(stuck), now_s)
    assert set(scanner.jam(now_s).stuck) == {KEYS[contact] for contact in seen_frame(stuck)}
    for closed, pause_s in film:
        now_s += pause_s
        key = scanner.feed(seen_frame(stuck | closed), now_s)
        assert key is None or key in {KEYS[contact] for contact in closed}


@settings(deadline=None)
@given(films)
def test_after_any_disorder_the_next_clean_press_counts(film):
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    now_s = 0.0
    for closed, pause_s in film:
        now_s += pause_s
        scanner.feed(seen_frame(closed), now_s)
    reported = []
    for frame in [OPEN] * 6 + [frozenset({(1, 1)})] * 6:
        now_s += 0.005
        reported.append(scanner.feed(frame, now_s))
    assert [key for key in reported if key] == ["5"]


@pytest.mark.parametrize("presses", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_scans_that_come_late_lose_and_change_no_key(presses):
    """As they do beside a thread that is busy, which gives way only after the interpreter's switch interval, 5 ms."""
    wanted, reported = type_fast(random.Random(presses), presses, late_s=0.007)
    assert reported == wanted


@settings(deadline=None)
@given(st.integers())
def test_of_what_is_typed_fast_nothing_is_lost_doubled_or_out_of_order(seed):
    wanted, reported = type_fast(random.Random(seed), 60)
    assert reported == wanted


@settings(deadline=None)
@given(st.text(alphabet="".join(KEYS.values()), max_size=12), st.data())
def test_clean_presses_with_any_bounce_are_reported_in_order(keys, data):
    scanner = KeypadScanner(LAYOUT, DEBOUNCE_S)
    contact_of = {key: contact for contact, key in KEYS.items()}
    now_s, reported = 0.0, []
    for key in keys:
        pressed = frozenset({contact_of[key]})
        for frame in (pressed, OPEN):
            flicker = data.draw(st.lists(st.booleans(), max_size=8))
            for seen in [pressed if closed else OPEN for closed in flicker] + [frame] * 12:
                now_s += 0.002
                reported.append(scanner.feed(seen, now_s))
    assert "".join(key for key in reported if key) == keys


@settings(deadline=None)
@given(st.frozensets(contacts, max_size=2))
def test_two_contacts_never_make_a_ghost(closed):
    assert seen_frame(closed) == closed


@settings(deadline=None)
@given(st.frozensets(contacts, max_size=8))
def test_what_is_closed_is_always_seen(closed):
    assert seen_frame(closed) >= closed
    assert seen_frame(seen_frame(closed)) == seen_frame(closed)
