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
from typing import Any, TypeVar

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

        A call that has begun cannot be interrupted: after a TimeoutError stop this worker and take a new one. Should the
        late call still bring a result, ``dispose`` gets it (in the thread), so that an opened device does not leak.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        abandoned = threading.Event()

        def job() -> None:
            if abandoned.is_set():
                return
            try:
                result = function()
            except BaseException as error:  # handed to the caller, whatever it is
                _tell(loop, _fail, answer, error)
                return
            if abandoned.is_set():
                if dispose is not None:
                    dispose(result)
            else:
                _tell(loop, _resolve, answer, result)

        self._queue().put(job)
        try:
            async with asyncio.timeout(deadline_s):
                return await answer
        except BaseException:
            abandoned.set()
            if dispose is not None and answer.done() and not answer.cancelled() and answer.exception() is None:
                dispose(answer.result())
            raise

    def post(self, function: Callable[[], object]) -> None:
        """Run ``function`` and let nobody know how it went: for letting go of a lost device."""

        def job() -> None:
            with contextlib.suppress(Exception):
                function()

        self._queue().put(job)

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


def _work(jobs: queue.SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job()


def _resolve(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


def _tell(loop: asyncio.AbstractEventLoop, tell: Callable[..., None], *args: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
        loop.call_soon_threadsafe(tell, *args)
