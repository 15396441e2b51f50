"""The tasks of a running terminal: the loop, whose end is the terminal's end, and what is started again if it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine

RESTART_PAUSE_S = 1.0

log = logging.getLogger(__name__)


async def kept(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Until the work ends by itself; after a fault it is started again."""
    while True:
        try:
            await work()
            return
        except Exception:
            log.exception("%s failed; starting it again", name)
            await asyncio.sleep(RESTART_PAUSE_S)


class Supervisor:
    """Starts in order, stops in reverse."""

    def __init__(self) -> None:
        self._loop: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start_loop(self, loop: Coroutine[None, None, None]) -> None:
        """It is not started again: a fault in it is a fault in how sales are decided."""
        self._loop = asyncio.create_task(loop, name="loop")

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A fault in something around the sale is logged and that thing started again; the sale goes on."""
        self._tasks.append(asyncio.create_task(kept(name, work), name=name))

    @property
    def loop_runs(self) -> bool:
        return self._loop is not None and not self._loop.done()

    async def wait(self) -> None:
        """Until the loop ends, which it only does by a fault; raises what ended it."""
        assert self._loop is not None, "waited before the start"
        await self._loop

    async def stop(self) -> None:
        tasks = [*([self._loop] if self._loop is not None else []), *self._tasks]
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
