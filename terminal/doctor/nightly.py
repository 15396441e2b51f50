"""The nightly self-test: what the doctor finds goes to the log, so that a dying card is known by morning.

A timer that sleeps until the night. Nothing is printed, and nobody at the counter sees it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hardware.interfaces import DeviceError

if TYPE_CHECKING:
    from terminal.doctor.run import Result

HOUR = 4
"""By this machine's clock: when no shop is open."""
SALE_PAUSE_S = 600.0
"""If one is, a sale goes before; by then it has ended, too."""

log = logging.getLogger(__name__)


async def examine_every_night(
    examine: Callable[[], Awaitable[Sequence[Result]]],
    *,
    local_now: Callable[[], datetime],
    is_busy: Callable[[], bool],
) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(until_night_s(local_now()))
        if is_busy():
            await asyncio.sleep(SALE_PAUSE_S)
        try:
            log_results(await examine())
        except DeviceError as error:
            log.error("self-test: %s", error)


def until_night_s(now: datetime) -> float:
    """Seconds until the next HOUR; a whole day if it has just struck."""
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return ((night if night > now else night + timedelta(days=1)) - now).total_seconds()


def log_results(results: Sequence[Result]) -> None:
    """One line, and one for each thing to look at."""
    from terminal.doctor.system import Grade  # noqa: PLC0415  the doctor is there by now

    wrong = [result for result in results if result.status is not Grade.OK]
    if not wrong:
        log.info("self-test: all %d are well", len(results))
        return
    log.warning("self-test: %d of %d to look at", len(wrong), len(results))
    for result in wrong:
        log.warning("self-test: %s %s: %s -> %s", result.status, result.name, result.found, result.advice)
