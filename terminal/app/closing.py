"""What happens by itself at its hour: tasks that sleep until then. Whether it does is decided by the counter."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import time, tzinfo

from terminal.app.seams import Seams
from terminal.app.training import end_at_night
from terminal.config.schema import Config
from terminal.counter.inputs import EndOfDayRequested, Input
from terminal.errors import JournalError
from terminal.system.daily import DailyAlarm, parse_time
from terminal.system.timestamps import timestamp_of


def keep_hours(
    keep: Callable[[str, Callable[[], Awaitable[None]]], None],
    config: Config,
    put: Callable[[Input], None],
    seams: Seams,
    newest_s: Callable[[], Awaitable[float]],
    *,
    can_train: bool,
) -> None:
    """The end of the day where the shop has set one, and the end of a training that was switched on at the menu.

    ``newest_s`` tells when the journal's newest row was written.
    """
    clock, is_set = seams.wall_clock, seams.clock_is_set

    async def latest_s() -> float:
        try:
            return max(seams.latest_s, await newest_s())
        except JournalError:
            return math.inf  # then only a clock that something has set is believed

    if close_at := config.day.close_at:
        at = parse_time(close_at)
        keep("end of day", lambda: end_every_day(at, put, latest_s, wall_clock=clock, clock_is_set=is_set))
    if config.terminal.training and can_train:
        keep("end of training", lambda: end_at_night(put, latest_s, wall_clock=clock, clock_is_set=is_set))


async def end_every_day(
    at: time,
    put: Callable[[Input], None],
    latest_s: Callable[[], Awaitable[float]],
    *,
    wall_clock: Callable[[], float],
    clock_is_set: Callable[[], bool],
    zone: tzinfo | None = None,
) -> None:
    """Until cancelled. The time that passed last is told first: the terminal may have been off.

    A clock that nothing has set ends no day while it stands before ``latest_s``: something was written then.
    """
    alarm = DailyAlarm(at, zone)
    while True:
        due_s, again_s = alarm.look(wall_clock(), clock_is_set=clock_is_set(), newest_s=await latest_s())
        if due_s is not None:
            put(EndOfDayRequested(due_at=timestamp_of(due_s)))
        await asyncio.sleep(again_s)
