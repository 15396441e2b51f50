"""Nonces only ever go up: over clock steps, restarts, power cuts and calls at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import JournalError
from terminal.netgiro.nonce import TICKS_PER_S, UNIX_EPOCH_TICKS, NonceSource, mark_after_loss
from terminal.sale.gateway import CallRefused, Refusal
from tests.virtual_time import HandClock

NOW_S = 1_795_000_000.0


class Disk:
    """Where the high-water mark is kept; ``full`` refuses to take one."""

    def __init__(self) -> None:
        self.high_water = 0
        self.answers_signed = False
        self.writes = 0
        self.full = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def reserve(self, high_water: int, answers_signed: bool) -> None:
        await self.slow.wait()
        if self.full:
            raise JournalError("the disk is full")
        self.high_water = high_water
        self.answers_signed = answers_signed
        self.writes += 1


def test_the_scale_is_that_of_netgiros_example() -> None:
    """635318618538563781 is a moment in March 2014, in ticks of 100 ns since the year 1."""
    clock = HandClock((635318618538563781 - UNIX_EPOCH_TICKS) / TICKS_PER_S)
    nonce = asyncio.run(NonceSource(0, Disk().reserve, clock).next())
    assert nonce[:14] == "63531861853856"


def test_calls_in_the_same_instant_get_different_nonces() -> None:
    async def scenario() -> list[str]:
        source = NonceSource(0, Disk().reserve, HandClock(NOW_S))
        return [await source.next() for _ in range(100)]

    nonces = [int(nonce) for nonce in asyncio.run(scenario())]
    assert nonces == sorted(set(nonces))


def test_a_boot_in_1970_goes_on_above_the_mark_on_disk() -> None:
    disk = Disk()

    async def scenario() -> tuple[int, int]:
        before = int(await NonceSource(0, disk.reserve, HandClock(NOW_S)).next())
        after = int(await NonceSource(disk.high_water, disk.reserve, HandClock(0.0)).next())
        return before, after

    before, after = asyncio.run(scenario())
    assert after > before


def test_the_disk_is_written_twice_a_minute_at_most() -> None:
    disk, clock = Disk(), HandClock(NOW_S)

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, clock)
        for _ in range(290):
            await source.next()
            clock.now_s += 0.1
        assert disk.writes == 1
        clock.now_s += 1.5
        await source.next()
        assert disk.writes == 2

    asyncio.run(scenario())


def test_a_mark_reserves_a_minute_and_is_renewed_when_half_of_it_is_left() -> None:
    disk, clock = Disk(), HandClock(NOW_S)

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, clock)
        first = int(await source.next())
        assert disk.high_water == first + 60 * TICKS_PER_S
        clock.now_s += 30 - 1e-6
        await source.next()
        assert disk.writes == 1
        clock.now_s += 1e-6
        await source.next()
        assert disk.writes == 2

    asyncio.run(scenario())


def test_a_mark_that_was_reached_while_the_disk_was_full_is_not_passed() -> None:
    """The last nonce below the mark is given out, the one at the mark is not: after a start it would be used again."""
    disk, clock = Disk(), HandClock(NOW_S)

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, clock)
        await source.next()
        disk.full = True
        clock.now_s += 60 - 1e-6
        given_out = []
        with contextlib.suppress(CallRefused):
            for _ in range(20):
                given_out.append(int(await source.next()))
        assert 0 < len(given_out) < 20, "the disk is still full"
        assert given_out[-1] == disk.high_water - 1

    asyncio.run(scenario())


def test_a_disk_that_is_full_for_a_moment_holds_up_no_call() -> None:
    disk, clock = Disk(), HandClock(NOW_S)

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, clock)
        await source.next()
        clock.now_s += 40
        disk.full = True
        assert int(await source.next()) < disk.high_water

    asyncio.run(scenario())


def test_without_a_mark_on_disk_nothing_is_sent() -> None:
    disk, clock = Disk(), HandClock(NOW_S)

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, clock)
        disk.full = True
        with pytest.raises(CallRefused) as refused:
            await source.next()
        assert refused.value.refusal is Refusal.NOT_SENT
        disk.full = False
        assert int(await source.next()) < disk.high_water

    asyncio.run(scenario())


def test_a_call_waits_for_the_mark_that_another_is_writing() -> None:
    disk = Disk()

    async def scenario() -> None:
        source = NonceSource(0, disk.reserve, HandClock(NOW_S))
        disk.slow.clear()
        calls = [asyncio.ensure_future(source.next()) for _ in range(2)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert not any(call.done() for call in calls), "a nonce was given out before its mark was on disk"
        disk.slow.set()
        for call in calls:
            assert int(await call) < disk.high_water

    asyncio.run(scenario())


steps = st.lists(
    st.one_of(
        st.just("next"),
        st.just("restart"),
        st.sampled_from(("full", "free")),
        st.floats(-3e9, 3e9, allow_nan=False).map(lambda step_s: ("clock", step_s)),
    ),
    max_size=40,
)


@given(steps, st.floats(0, 4e9, allow_nan=False))
def test_no_nonce_repeats_or_goes_back_whatever_the_clock_does(history: list[object], start_s: float) -> None:
    async def scenario() -> list[int]:
        disk, clock, nonces = Disk(), HandClock(start_s), []
        source = NonceSource(disk.high_water, disk.reserve, clock)
        for step in history:
            match step:
                case "next":
                    with contextlib.suppress(CallRefused):
                        nonces.append(int(await source.next()))
                        assert nonces[-1] < disk.high_water
                case "full" | "free":
                    disk.full = step == "full"
                case "restart":
                    source = NonceSource(disk.high_water, disk.reserve, clock)
                case ("clock", float(step_s)):
                    clock.now_s = max(0.0, clock.now_s + step_s)
        return nonces

    nonces = asyncio.run(scenario())
    assert nonces == sorted(set(nonces))


def test_only_the_journals_errors_are_gone_over() -> None:
    async def broken(_high_water: int, _answers_signed: bool) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(NonceSource(0, broken, HandClock(NOW_S)).next())


# --- that the service signs -------------------------------------------------------------------------------------------


def test_the_first_signed_answer_is_kept_at_once_and_by_every_later_mark() -> None:
    async def scenario() -> None:
        disk, clock = Disk(), HandClock(NOW_S)
        source = NonceSource(0, disk.reserve, clock)
        await source.next()
        assert not disk.answers_signed
        before = disk.high_water
        await source.note_signed()
        assert (disk.answers_signed, disk.high_water > before) == (True, True), (
            "a mark of its own, so that none is skipped"
        )
        writes = disk.writes
        await source.note_signed()
        assert disk.writes == writes
        clock.now_s += 3600
        await source.next()
        assert disk.answers_signed
        again = NonceSource(disk.high_water, disk.reserve, clock, answers_signed=disk.answers_signed)
        await again.next()
        assert disk.answers_signed

    asyncio.run(scenario())


def test_a_disk_that_does_not_take_it_gets_it_with_the_next_mark() -> None:
    async def scenario() -> None:
        disk, clock = Disk(), HandClock(NOW_S)
        source = NonceSource(0, disk.reserve, clock)
        await source.next()
        disk.full = True
        await source.note_signed()
        assert source.answers_signed, "it counts at once"
        disk.full = False
        clock.now_s += 3600
        await source.next()
        assert disk.answers_signed

    asyncio.run(scenario())


def test_the_scale_is_that_of_the_published_example() -> None:
    """Ticks of 100 ns since the year 1; the example's nonce is of a day in 2014."""
    assert timedelta(microseconds=1) * TICKS_PER_S == timedelta(seconds=10)
    assert (datetime(1970, 1, 1) - datetime(1, 1, 1)) // timedelta(seconds=1) * TICKS_PER_S == UNIX_EPOCH_TICKS
    made_s = (635_318_618_538_563_781 - UNIX_EPOCH_TICKS) / TICKS_PER_S
    assert datetime.fromtimestamp(made_s, UTC).year == 2014


def test_where_marks_may_be_lost_the_new_one_is_ahead_of_all_of_them() -> None:
    assert mark_after_loss(7, None) == 7
    ahead = UNIX_EPOCH_TICKS + 1600 * TICKS_PER_S
    assert mark_after_loss(7, 1000.0) == ahead
    assert mark_after_loss(ahead + 1, 1000.0) == ahead + 1
