"""What the uplink does next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.office.uplink.core import (
    FIRST_PAUSE_S,
    HOLD_S,
    LONGEST_PAUSE_S,
    SHORTEST_PAUSE_S,
    SLOW_CALL_S,
    SLOW_HOLD_S,
    START_SPREAD_S,
    Do,
    Uplink,
    started,
)


def test_after_a_start_the_office_is_asked_at_a_moment_of_its_own() -> None:
    uplink = started(0.5)
    assert uplink.next() == (Do.PAUSE, START_SPREAD_S / 2)
    assert uplink.paused().next().do is Do.ASK


def test_what_the_office_lacks_is_sent_until_nothing_is_left() -> None:
    uplink = started(0.0).learned(5, newest=8, took_s=0.1)
    assert uplink.next().do is Do.SEND
    uplink = uplink.reading().sent(7, last=7, newest=8, took_s=0.1)
    assert (uplink.have, uplink.next().do) == (7, Do.SEND)
    uplink = uplink.reading().sent(8, last=8, newest=8, took_s=0.1)
    assert (uplink.have, uplink.next().do) == (8, Do.REST)


def test_an_office_that_took_only_a_part_is_sent_the_rest() -> None:
    uplink = started(0.0).learned(5, newest=8, took_s=0.1).reading().sent(6, last=8, newest=8, took_s=0.1)
    assert (uplink.have, uplink.next().do) == (6, Do.SEND)


def test_what_is_written_while_a_batch_is_on_its_way_is_not_forgotten() -> None:
    uplink = started(0.0).learned(8, newest=8, took_s=0.1).reading()
    assert uplink.grown(sale_open=False).nothing_left().next().do is Do.SEND
    assert uplink.reading().grown(sale_open=False).sent(9, last=9, newest=9, took_s=0.1).next().do is Do.SEND


def test_no_call_begins_in_a_sale_but_the_one_that_has_waited_long_enough() -> None:
    uplink = started(0.0).grown(sale_open=True)
    assert uplink.next() == (Do.HOLD, HOLD_S)
    assert uplink.waited().next().do is Do.ASK
    uplink = uplink.waited().learned(8, newest=9, took_s=0.1)
    assert uplink.next() == (Do.HOLD, HOLD_S)
    assert uplink.grown(sale_open=False).next().do is Do.SEND
    assert uplink.waited().next().do is Do.SEND
    sent = uplink.waited().reading().sent(9, last=9, newest=12, took_s=0.1)
    assert sent.next().do is Do.HOLD, "each of them waits"
    failed = uplink.waited().reading().failed(0, 0.0).paused()
    assert failed.next().do is Do.HOLD
    again = uplink.waited().reading().nothing_left().grown(sale_open=True)
    assert again.next().do is Do.HOLD


def test_a_call_that_a_sale_overtook_is_still_due() -> None:
    uplink = started(0.0).learned(8, newest=9, took_s=0.1).reading().grown(sale_open=True)
    assert uplink.put_off().next().do is Do.HOLD
    assert uplink.put_off().grown(sale_open=False).next().do is Do.SEND


def test_nothing_is_held_back_where_nothing_is_due() -> None:
    uplink = started(0.0).learned(8, newest=8, took_s=0.1).reading().nothing_left()
    assert uplink.next().do is Do.REST


def test_a_slow_link_is_left_to_the_sale_for_longer() -> None:
    uplink = started(0.0).learned(0, newest=8, took_s=SLOW_CALL_S * 2).grown(sale_open=True)
    assert uplink.next() == (Do.HOLD, SLOW_HOLD_S)
    assert uplink.grown(sale_open=False).next().do is Do.SEND
    fast = uplink.grown(sale_open=False).reading().sent(4, last=4, newest=8, took_s=0.1)
    assert fast.grown(sale_open=True).next() == (Do.HOLD, HOLD_S)


def test_after_a_call_that_went_wrong_the_office_is_asked_again_after_a_random_pause() -> None:
    uplink = started(0.0).learned(5, newest=8, took_s=0.1).reading().failed(503, chance=0.25)
    assert uplink.next() == (Do.PAUSE, FIRST_PAUSE_S / 4)
    assert uplink.paused().next().do is Do.ASK, "nobody knows whether the rows were taken"
    assert uplink.more


def test_pauses_grow_and_are_capped_and_end_with_the_outage() -> None:
    uplink = started(0.0)
    pauses = []
    for _ in range(40):
        uplink = uplink.failed(0, chance=0.999)
        pauses.append(uplink.pause_s)
        uplink = uplink.paused()
    assert pauses == sorted(pauses)
    assert pauses[0] <= FIRST_PAUSE_S < pauses[1] <= LONGEST_PAUSE_S
    assert pauses[-1] <= LONGEST_PAUSE_S
    assert uplink.learned(0, newest=1, took_s=0.1).failed(0, chance=0.999).pause_s <= FIRST_PAUSE_S


@pytest.mark.parametrize("status", [401, 403])
def test_what_only_a_person_can_mend_is_asked_for_seldom(status: int) -> None:
    assert started(0.0).failed(status, chance=0.999).pause_s > FIRST_PAUSE_S


def test_an_office_that_is_ahead_is_sent_what_comes_next_so_that_it_sees_the_difference() -> None:
    uplink = started(0.0).learned(12, newest=9, took_s=0.1)
    assert uplink.have == 9
    assert uplink.reading().nothing_left().grown(sale_open=False).next().do is Do.SEND


def test_an_office_that_lost_rows_is_asked_where_it_stands() -> None:
    """It was restored from a backup itself."""
    uplink = started(0.0).learned(5, newest=8, took_s=0.1).reading().sent(2, last=8, newest=8, took_s=0.1)
    assert uplink.have is None
    assert uplink.next().do is Do.PAUSE
    assert uplink.paused().next().do is Do.ASK


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 599), st.integers(0, 10**6))
def test_every_pause_is_bounded(chance: float, status: int, failures: int) -> None:
    uplink = Uplink(failures=failures).failed(status, chance)
    assert SHORTEST_PAUSE_S <= uplink.pause_s <= LONGEST_PAUSE_S
