"""What happens by itself at its hour: tasks that sleep until then. Whether it does is decided by the counter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, tzinfo

from terminal.app.seams import Seams
from terminal.app.training import end_at_night
from terminal.config.schema import Config
from terminal.counter.inputs import EndOfDayRequested, Input
from terminal.system.daily import DailyAlarm, parse_time
from terminal.system.timestamps import timestamp_of


def keep_hours(
    keep: Callable[[str, Callable[[], Awaitable[None]]], None],
    config: Config,
    put: Callable[[Input], None],
    seams: Seams,
    *,
    can_train: bool,
) -> None:
    """The end of the day where the shop has set one, and the end of a training that was switched on at the menu."""
    clock, is_set = seams.wall_clock, seams.clock_is_set
    if close_at := config.day.close_at:
        at = parse_time(close_at)
        keep("end of day", lambda: end_every_day(at, put, wall_clock=clock, clock_is_set=is_set))
    if config.terminal.training and can_train:
        keep("end of training", lambda: end_at_night(put, wall_clock=clock, clock_is_set=is_set))


async def end_every_day(
    at: time,
    put: Callable[[Input], None],
    *,
    wall_clock: Callable[[], float],
    clock_is_set: Callable[[], bool],
    zone: tzinfo | None = None,
) -> None:
    """Until cancelled. The time that passed last is told first: the terminal may have been off."""
    alarm = DailyAlarm(at, zone)
    while True:
        due_s, again_s = alarm.look(wall_clock(), clock_is_set=clock_is_set())
        if due_s is not None:
            put(EndOfDayRequested(due_at=timestamp_of(due_s)))
        await asyncio.sleep(again_s)
