"""The tests' own clock must be right, or every test of time-outs is worth nothing."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest

from tests import virtual_time
from tests.patience import at_most
from tests.virtual_time import NothingHappensError, run_virtual


def test_an_hour_passes_at_once_and_in_full() -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - before_s

    started_s = time.monotonic()
    assert run_virtual(scenario()) == pytest.approx(3600)
    assert time.monotonic() - started_s < at_most(2)


def test_timers_run_in_the_order_of_their_times() -> None:
    async def scenario() -> list[str]:
        order: list[str] = []

        async def note(name: str, delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            order.append(name)

        await asyncio.gather(note("third", 30.2), note("first", 0.001), note("second", 30.1))
        return order

    assert run_virtual(scenario()) == ["first", "second", "third"]


def test_a_deadline_ends_a_wait_that_would_never_end() -> None:
    async def scenario() -> None:
        async with asyncio.timeout(86_400):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(scenario())


def test_work_in_a_thread_takes_no_virtual_time_and_is_not_overtaken_by_timers() -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        gate = threading.Event()
        loop.call_soon(gate.set)
        async with asyncio.timeout(10):
            await asyncio.to_thread(gate.wait, 5)
        return loop.time() - before_s

    assert run_virtual(scenario()) == 0


def test_a_thread_of_its_own_is_waited_for_when_grace_is_given() -> None:
    async def scenario() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        threading.Thread(target=lambda: loop.call_soon_threadsafe(answer.set_result, "answer")).start()
        async with asyncio.timeout(10):
            return await answer

    assert run_virtual(scenario(), grace_s=5) == "answer"


def test_bytes_that_are_already_in_a_pipe_come_before_the_next_timer() -> None:
    async def scenario() -> bytes:
        loop = asyncio.get_running_loop()
        read_fd, write_fd = os.pipe()
        arrived = loop.create_future()
        loop.add_reader(read_fd, lambda: arrived.set_result(os.read(read_fd, 100)) or loop.remove_reader(read_fd))
        try:
            os.write(write_fd, b"PING\n")
            async with asyncio.timeout(1):
                return await arrived
        finally:
            os.close(read_fd)
            os.close(write_fd)

    assert run_virtual(scenario()) == b"PING\n"


def test_a_wait_for_nothing_is_an_error_that_names_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(virtual_time, "LONGEST_REAL_WAIT_S", 0.01)
    with pytest.raises(NothingHappensError, match="forgotten"):
        run_virtual(forgotten())


def test_timers_that_go_round_for_ever_end_at_the_limit() -> None:
    async def heartbeat() -> None:
        while True:  # noqa: ASYNC110 - the timer is the point
            await asyncio.sleep(10)

    with pytest.raises(NothingHappensError, match="heartbeat"):
        run_virtual(heartbeat(), limit_s=3600)
