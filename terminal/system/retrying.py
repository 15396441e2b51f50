"""Devices come and go: open them, and open them again, without ever ending the daemon."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hardware.interfaces import DeviceError

SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

log = logging.getLogger(__name__)


async def open_until_found(description: str, open_device: Callable[[], Awaitable[None]]) -> None:
    """Call ``open_device`` until it succeeds, with growing pauses; logs once that it is missing."""
    pause_s = SHORTEST_PAUSE_S
    missing = False
    while True:
        try:
            await open_device()
        except DeviceError as error:
            if not missing:
                log.error("%s", error)
            missing = True
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        else:
            if missing:
                log.info("%s: found", description)
            return
