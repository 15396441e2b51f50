"""The inbox: whatever happens anywhere is put in here, and the loop gets it out, one after the other."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.inputs import CodeScanned, Input, KeyPressed

MOST_WAITING = 1000
"""Register requests and keys beyond this are dropped: only a broken device is that fast."""
_DROPPABLE = reg.RegisterQuestion | KeyPressed | CodeScanned

log = logging.getLogger(__name__)


class WatchdogDue(NamedTuple):
    """Time to tell systemd that this loop turns."""


class Waiting(NamedTuple):
    """An event, and who waits for the decision, if somebody does."""

    event: Input | WatchdogDue
    done: asyncio.Future[Decision] | None = None


class Inbox:
    """Knows no part of the terminal; every part knows it. For the event loop's own thread."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()

    def put(self, event: Input | WatchdogDue) -> None:
        if self._queue.qsize() >= MOST_WAITING and isinstance(event, _DROPPABLE):
            log.warning("the inbox is full: dropped a %s", type(event).__name__)
            return
        self._queue.put_nowait(Waiting(event))

    async def put_and_wait(self, event: Input) -> Decision:
        """Hand in an event and learn what was decided, once that is on disk."""
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(Waiting(event, done))
        return await done

    async def get(self) -> Waiting:
        return await self._queue.get()
