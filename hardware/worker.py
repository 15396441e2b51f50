"""One thread for one device whose library blocks, so that the event loop never does.

Standard executors will not do: the interpreter joins their threads at exit, and a thread stuck in a dead bus would keep
a stopped terminal alive. This one is a daemon, sleeps in a queue while there is nothing to do, and every call on it has
a deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_Job = Callable[[], None]


class Worker:
    """Runs blocking calls one after another. The thread starts with the first call and ends with :meth:`stop`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] | None = None

    async def call(
        self, function: Callable[[], T], *, deadline_s: float, dispose: Callable[[T], None] | None = None
    ) -> T:
        """What ``function`` returns or raises; TimeoutError once ``deadline_s`` has passed.

        A call that has begun cannot be interrupted: after a TimeoutError :meth:`stop` this worker; the next call starts
        a new thread. Should the late call still bring a result, ``dispose`` gets it (in the thread), so that an opened
        device does not leak.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        handover: _Handover[T] = _Handover()

        def job() -> None:
            if handover.abandoned:
                return
            try:
                result = function()
            except BaseException as error:  # handed to the caller, whatever it is
                _tell(loop, _fail, answer, error)
                return
            if handover.deliver(result):
                _tell(loop, _resolve, answer, result)
            elif dispose is not None:
                _quietly(dispose, result)

        jobs = self._queue()
        jobs.put(job)
        try:
            async with asyncio.timeout(deadline_s):
                return await answer
        except BaseException:
            for result in handover.abandon():  # came in the very moment the wait was given up
                if dispose is not None:
                    jobs.put(partial(_quietly, dispose, result))
            raise

    def post(self, function: Callable[[], object]) -> None:
        """Run ``function`` and let nobody know how it went: for letting go of a lost device."""
        self._queue().put(partial(_quietly, function))

    def stop(self) -> None:
        """Let the thread end after the calls it has been given. Never waits; may be called twice."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None

    def _queue(self) -> queue.SimpleQueue[_Job | None]:
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True).start()
        return self._jobs


class _Handover(Generic[T]):
    """Settles between two threads who has to look after a result."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered: list[T] = []
        self.abandoned = False

    def deliver(self, result: T) -> bool:
        """False if nobody waits for it any more."""
        with self._lock:
            if not self.abandoned:
                self._delivered.append(result)
            return not self.abandoned

    def abandon(self) -> list[T]:
        """Wait no longer; what had been delivered until now."""
        with self._lock:
            self.abandoned = True
            return self._delivered


def _work(jobs: queue.SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job()


def _quietly(function: Callable[..., object], *args: object) -> None:
    with contextlib.suppress(Exception):
        function(*args)


def _resolve(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[..., None], *args: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
        loop.call_soon_threadsafe(tell, *args)
