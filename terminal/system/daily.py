"""A time of day on the shop's wall: when it was last, when it comes next. Pure, but for the machine's own time zone.

On a night in spring a time may not exist; then it counts as if the clocks had not been set. On a night in autumn it
comes twice; then the first time counts. So every date has it exactly once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
LOOK_AGAIN_S = 3600.0
"""A clock that is set while somebody sleeps makes him late by no more than this."""
UNSET_PAUSE_S = 60.0
MOST_UNSET_LOOKS = 10
"""A clock that nothing has set after so many looks is believed all the same: perhaps nothing ever will. But not one
that stands before what has been."""


def last_time(at: time, now_s: float, zone: tzinfo | None = None) -> float:
    """The latest moment, not after ``now_s``, at which the clock showed ``at``. Unix seconds."""
    return max(moment_s for moment_s in _around(at, now_s, zone) if moment_s <= now_s)


def next_time(at: time, now_s: float, zone: tzinfo | None = None) -> float:
    """The first moment after ``now_s`` at which the clock will show it."""
    return min(moment_s for moment_s in _around(at, now_s, zone) if moment_s > now_s)


def _around(at: time, now_s: float, zone: tzinfo | None) -> Iterator[float]:
    today = datetime.fromtimestamp(now_s, zone).date()
    for days in (-2, -1, 0, 1, 2):
        yield _moment_s(today + timedelta(days), at, zone)


def _moment_s(day: date, at: time, zone: tzinfo | None) -> float:
    """Python resolves a local time as the head says: PEP 495, ``fold=0``."""
    return datetime.combine(day, at, zone).timestamp()


class Look(NamedTuple):
    """What a look at the clock says."""

    due_s: float | None
    """That moment has passed, and has not been told before."""
    again_s: float
    """So long until the next look."""


class DailyAlarm:
    """Tells each moment at which a time of day has passed, once; the latest one also after a start."""

    def __init__(self, at: time, zone: tzinfo | None = None) -> None:
        self._at = at
        self._zone = zone
        self._told_s: float | None = None
        self._unset_looks = 0

    def look(self, now_s: float, *, clock_is_set: bool, newest_s: float = 0.0) -> Look:
        """Whether the time of day has passed since the last look, and how long to wait until the next one.

        ``now_s`` is the wall clock in Unix seconds, which may have been set since. ``newest_s`` is the time of the
        newest row of the journal: a clock that nothing has set is not believed before it.
        """
        if not clock_is_set and (now_s < newest_s or self._unset_looks < MOST_UNSET_LOOKS):
            self._unset_looks = min(self._unset_looks + 1, MOST_UNSET_LOOKS)
            return Look(None, UNSET_PAUSE_S)
        due_s = last_time(self._at, now_s, self._zone)
        is_new = due_s != self._told_s
        self._told_s = due_s
        left_s = next_time(self._at, now_s, self._zone) - now_s
        return Look(due_s if is_new else None, min(left_s, LOOK_AGAIN_S))


def parse_time(text: str) -> time:
    """``22:00``. Raises ValueError."""
    if not re.fullmatch(TIME_OF_DAY, text):
        raise ValueError(f"{text!r} is no time of day")
    return time.fromisoformat(text)
