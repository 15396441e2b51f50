"""An asyncio event loop on which hours pass in milliseconds, for tests of code that waits.

When nothing is ready to run, the loop's clock jumps to the next timer instead of waiting for it. Everything that takes
its time from the loop (``asyncio.sleep``, ``asyncio.timeout``, ``call_later``, ``loop.time()``) therefore sees the
right amount of time go by, in the right order, and a test says what it means: ``await asyncio.sleep(600)``.

Use :func:`run_virtual` where a test would say ``asyncio.run``::

    def test_gives_up_after_a_minute():
        async def scenario():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(60):
                    await something_that_never_comes()

        run_virtual(scenario())

Give production code ``asyncio.get_running_loop().time`` as its clock; ``time.monotonic`` knows nothing of this one.

What the outside world does takes no virtual time. Work in threads is waited for before the clock jumps, if it was
started with ``run_in_executor`` or ``asyncio.to_thread``. Descriptors are looked at once before each jump, so two ends
of one pty or socket pair work in the same loop. Whatever else is to come in before the clock jumps (another process, a
thread of one's own such as ``hardware.worker``) needs ``grace_s``: that much real time is waited before every jump.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar
from unittest import mock

from hardware.worker import Worker
from tests.patience import at_most

T = TypeVar("T")
CALL = Worker.call

LONGEST_REAL_WAIT_S = 5.0
"""How long to wait, by the wall's clock, for a thread or a descriptor when no timer is set."""


class NothingHappensError(RuntimeError):
    """Everything waits for something that cannot come any more. The message names the tasks."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose ``time()`` starts at ``start_s`` and jumps to the next timer when nothing is ready.

    Raises NothingHappensError once ``limit_s`` have passed, which ends a test whose timers go round for ever.
    """

    def __init__(self, start_s: float = 1000.0, limit_s: float = 30 * 86_400.0, grace_s: float = 0.0) -> None:
        self._now_s = start_s
        self._grace_s = grace_s
        self._end_s = start_s + limit_s
        self._jobs_in_threads = 0
        super().__init__(_JumpingSelector(self._wait))

    def time(self) -> float:
        return self._now_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._jobs_in_threads += 1
        future.add_done_callback(self._job_done)
        return future

    async def call_on_worker(self, worker: Worker, function: Callable[[], T], **options: Any) -> T:
        self._jobs_in_threads += 1
        try:
            return await CALL(worker, function, **options)
        finally:
            self._jobs_in_threads -= 1

    def _job_done(self, _future: asyncio.Future[Any]) -> None:
        self._jobs_in_threads -= 1

    def _wait(self, select: Callable[[float], list[Any]], timeout_s: float | None) -> list[Any]:
        """Stand in for the wait of the selector: look, wait for the real world if it must come first, else jump."""
        ready = select(0)
        if ready or (timeout_s is not None and timeout_s <= 0):
            return ready
        if self._jobs_in_threads or timeout_s is None:
            longest_s = at_most(LONGEST_REAL_WAIT_S)
            ready = select(longest_s)
            if not ready:
                raise NothingHappensError(f"nothing happened for {longest_s:.0f} s: {self._waiting_tasks()}")
            return ready
        if self._grace_s and (ready := select(min(self._grace_s, timeout_s))):
            return ready
        self._now_s += timeout_s
        if self._now_s > self._end_s:
            raise NothingHappensError(f"still running at virtual time {self._now_s:.0f} s: {self._waiting_tasks()}")
        return []

    def _waiting_tasks(self) -> str:
        return "; ".join(sorted(repr(task) for task in asyncio.all_tasks(self))) or "no task is left"


class HandClock:
    """For what is given a clock and waits for nothing: only the test moves it."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that leaves the waiting to its loop."""

    def __init__(self, wait: Callable[[Callable[[float], list[Any]], float | None], list[Any]]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> list[Any]:
        return self._wait(super().select, timeout)


def run_virtual(
    coro: Coroutine[Any, Any, T], *, start_s: float = 1000.0, limit_s: float = 30 * 86_400.0, grace_s: float = 0.0
) -> T:
    """Run ``coro`` to its end on a :class:`VirtualTimeLoop`, as ``asyncio.run`` does; tasks left over are cancelled."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s, limit_s, grace_s)) as runner:
        return runner.run(coro)


def run_with_workers(coro: Coroutine[Any, Any, T], *, grace_s: float = 0.0) -> T:
    """As :func:`run_virtual`, and the clock waits for calls on ``hardware.worker``, however busy the machine.

    For devices that answer: a call that never ends is an error here, and no deadline passes.
    """

    async def call(worker: Worker, function: Callable[[], Any], **options: Any) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        return await loop.call_on_worker(worker, function, **options)

    with mock.patch.object(Worker, "call", call):
        return run_virtual(coro, grace_s=grace_s)
