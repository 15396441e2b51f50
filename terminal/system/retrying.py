"""Devices come and go: open them, and open them again, without ever ending the daemon."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from hardware.interfaces import DeviceError
from terminal.system.hotplug import plugged_in

SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

log = logging.getLogger(__name__)


class Pauses:
    """Between attempts: each twice as long as the one before, up to a limit."""

    def __init__(self, shortest_s: float = SHORTEST_PAUSE_S, longest_s: float = LONGEST_PAUSE_S) -> None:
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._next_s = shortest_s

    def next_s(self) -> float:
        """How long to wait before the next attempt."""
        pause_s, self._next_s = self._next_s, min(self._longest_s, 2 * self._next_s)
        return pause_s

    async def wait(self) -> None:
        """Before the next attempt to open a device; at once, if one is plugged in meanwhile."""
        if await plugged_in(self.next_s()):
            self.reset()

    def reset(self) -> None:
        """It went well: the next pause is the shortest again."""
        self._next_s = self._shortest_s


async def open_until_found(description: str, open_device: Callable[[], Awaitable[None]]) -> None:
    """Call ``open_device`` until it succeeds, with growing pauses; logs once that it is missing."""
    pauses = Pauses()
    missing = False
    while True:
        try:
            await open_device()
        except DeviceError as error:
            if not missing:
                log.error("%s", error)
            missing = True
            await pauses.wait()
        else:
            if missing:
                log.info("%s: found", description)
            return
