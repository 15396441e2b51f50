"""The end of the day at its time: a task that sleeps until then. Whether a day ends is decided by the counter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import time, tzinfo

from terminal.counter.inputs import EndOfDayRequested, Input
from terminal.system.daily import DailyAlarm
from terminal.system.timestamps import timestamp_of


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
