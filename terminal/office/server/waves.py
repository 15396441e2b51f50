"""Which counters get a release next, and when it stops. Pure: what is known of them comes in, one step goes out.

A release goes out in waves. A wave is over when each of its counters is well or has failed. A counter is well if it
runs the release, has no new trouble and **has been paid for one sale with it**: a terminal that starts and cannot sell
is not well. A counter that reports nothing counts as failed after some hours, one that went back by itself at once. If
more than a given share has failed, nothing more goes out until somebody has looked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

ILL_AFTER = timedelta(hours=1)
"""A new trouble that stays so long is the release's; paper is changed within it."""
SILENT = timedelta(minutes=5)
"""A terminal says every minute how it is."""


class Plan(NamedTuple):
    version: str
    sizes: tuple[int, ...]
    """Of the waves; the last one goes on."""
    stop_percent: int
    silent_after: timedelta

    def size_of(self, wave: int) -> int:
        """Of the first wave, ``wave`` is 1."""
        return self.sizes[min(wave, len(self.sizes)) - 1]


class State(StrEnum):
    WAITING = "waiting"
    """For the release."""
    PROVING = "proving"
    """It runs, and is not known to do."""
    WELL = "well"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (State.WELL, State.FAILED)


class Member(NamedTuple):
    """A counter of a wave that has begun."""

    terminal: str
    wave: int
    since: datetime
    """When its wave began."""
    state: State = State.WAITING
    version: str = ""
    """That it says it runs; empty if it never said."""
    heard: datetime | None = None
    runs_since: datetime | None = None
    """When it first said that it runs the release."""
    new_troubles: tuple[str, ...] = ()
    """That it did not have when its wave began."""
    has_sold: bool = False
    """A sale that was paid, with the release."""
    refuses: str = ""
    """Why, in its own words."""
    waits_for: str = ""
    """What has kept it so far, in its own words."""


class Judgement(NamedTuple):
    state: State
    why: str = ""


def judge(plan: Plan, member: Member, now: datetime) -> Judgement:
    """What is over stays as it is."""
    if member.state.is_over:
        return Judgement(member.state)
    heard = max(member.heard or member.since, member.since)
    if now - heard > plan.silent_after:
        return Judgement(State.FAILED, f"silent since {heard:%d.%m.%Y %H:%M}")
    if member.version != plan.version:
        if member.runs_since is not None:
            why = f": {member.refuses}" if member.refuses else ""
            return Judgement(State.FAILED, f"it went back to {member.version or 'an unknown version'}{why}")
        if member.refuses:
            return Judgement(State.FAILED, f"it refuses: {member.refuses}")
        if member.waits_for and now - member.since > plan.silent_after:
            return Judgement(State.FAILED, f"not in so long: {member.waits_for}")
        return Judgement(State.WAITING)
    if member.new_troubles and member.runs_since is not None and now - member.runs_since > ILL_AFTER:
        return Judgement(State.FAILED, f"in trouble: {', '.join(member.new_troubles)}")
    if member.new_troubles or not member.has_sold or now - heard > SILENT:
        return Judgement(State.PROVING)
    return Judgement(State.WELL)


class Step(NamedTuple):
    """What comes next; with nothing in it: wait."""

    begin: tuple[str, ...] = ()
    """The counters of the next wave."""
    stop: str = ""
    """Why."""
    done: bool = False


def next_step(plan: Plan, states: Sequence[tuple[int, State]], others: Iterable[str]) -> Step:
    """``states`` are wave and state of each counter that has the release offered; ``others`` could be next, in their
    order."""
    failed = sum(state is State.FAILED for _wave, state in states)
    if failed * 100 > plan.stop_percent * len(states):
        return Step(stop=f"{failed} of {len(states)} counters failed, which is more than {plan.stop_percent} %")
    if not all(state.is_over for _wave, state in states):
        return Step()
    wave = max((wave for wave, _state in states), default=0) + 1
    chosen = tuple(itertools.islice(others, plan.size_of(wave)))
    return Step(begin=chosen) if chosen else Step(done=True)


def read_sizes(text: str) -> tuple[int, ...]:
    """``10,50,100``. Raises ValueError."""
    sizes = tuple(int(size) for size in text.split(","))
    if not 1 <= len(sizes) <= 20 or not all(1 <= size <= 1_000_000 for size in sizes):
        raise ValueError(f"{text!r}: sizes are 1 to 1000000, and at most 20 of them")
    return sizes
