"""One thread for one blocking device."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hardware.worker import Worker
from tests.patience import at_most


def test_results_and_errors_come_back_to_the_loop():
    async def main() -> None:
        worker = Worker("test")
        assert await worker.call(threading.get_ident, deadline_s=5) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await worker.call(lambda: 1 / 0, deadline_s=5)
        worker.stop()
        worker.stop()
        assert await worker.call(lambda: "a new thread", deadline_s=5) == "a new thread"
        worker.stop()

    asyncio.run(main())


def test_a_call_that_hangs_ends_at_its_deadline_and_its_late_result_is_disposed_of():
    async def main() -> None:
        worker, go_on, disposed = Worker("test"), threading.Event(), threading.Event()

        def slow() -> str:
            go_on.wait(5)
            return "late"

        with pytest.raises(TimeoutError):
            await worker.call(slow, deadline_s=0.01, dispose=lambda result: result == "late" and disposed.set())
        go_on.set()
        worker.stop()
        assert await asyncio.to_thread(disposed.wait, 5)

    asyncio.run(main())


def test_a_call_given_up_before_its_turn_is_never_made():
    async def main() -> None:
        worker, go_on, calls = Worker("test"), threading.Event(), []
        first = asyncio.create_task(worker.call(lambda: go_on.wait(5), deadline_s=5))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await worker.call(lambda: calls.append("second"), deadline_s=0.01)
        go_on.set()
        assert await first
        await worker.call(lambda: calls.append("third"), deadline_s=5)
        assert calls == ["third"]
        worker.stop()

    asyncio.run(main())


def test_a_cancelled_caller_leaves_no_opened_device_behind():
    async def main() -> None:
        worker, made, disposed = Worker("test"), threading.Event(), threading.Event()
        caller = asyncio.create_task(
            worker.call(lambda: made.set() or "device", deadline_s=5, dispose=lambda _device: disposed.set())
        )
        await asyncio.sleep(0)
        made.wait(5)  # the loop stands still, so the answer is on its way when the caller is cancelled
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        worker.stop()
        assert await asyncio.to_thread(disposed.wait, 5)

    asyncio.run(main())


def test_an_idle_thread_ends_when_stopped():
    async def main() -> threading.Thread:
        worker = Worker("ends when stopped")
        thread = await worker.call(threading.current_thread, deadline_s=5)
        assert thread.daemon
        worker.stop()
        return thread

    thread = asyncio.run(main())
    thread.join(at_most(5))
    assert not thread.is_alive()
