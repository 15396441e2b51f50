"""What ends a terminal, and what is only started again."""

from __future__ import annotations

import asyncio

import pytest

from terminal.app.supervisor import RESTART_PAUSE_S, Supervisor
from tests.virtual_time import run_virtual


def test_what_fails_beside_the_loop_is_logged_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    started_s: list[float] = []

    async def whole() -> None:
        async def work() -> None:
            started_s.append(asyncio.get_running_loop().time())
            if len(started_s) < 3:
                raise RuntimeError("the bus hangs")
            await asyncio.Event().wait()

        supervisor = Supervisor()
        supervisor.start_loop(asyncio.sleep(1000))
        supervisor.keep("display", work)
        await asyncio.sleep(100)
        assert supervisor.loop_runs
        await supervisor.stop()
        assert not supervisor.loop_runs

    run_virtual(whole())
    assert [round(at_s - started_s[0], 3) for at_s in started_s] == [0, RESTART_PAUSE_S, 2 * RESTART_PAUSE_S]
    assert caplog.text.count("display failed; starting it again") == 2


def test_a_fault_in_the_loop_ends_the_terminal() -> None:
    async def whole() -> None:
        async def loop() -> None:
            raise RuntimeError("a decision failed")

        supervisor = Supervisor()
        supervisor.start_loop(loop())
        with pytest.raises(RuntimeError, match="a decision failed"):
            await supervisor.wait()
        await supervisor.stop()

    run_virtual(whole())


def test_what_was_never_started_can_be_stopped() -> None:
    async def whole() -> None:
        supervisor = Supervisor()
        assert not supervisor.loop_runs
        await supervisor.stop()

    run_virtual(whole())
