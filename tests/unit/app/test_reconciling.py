"""The daily reconciliation, through the nights of virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from terminal.app.reconciling import AFTER_SELF_TEST_S, reconcile_every_night
from terminal.errors import TerminalError
from terminal.reconciliation.findings import Ending, Finding, Kind
from terminal.reconciliation.report import Report
from tests.virtual_time import run_virtual

EVENING = datetime(2026, 11, 23, 22, 0)
FINDING = Finding(kind=Kind.SALE, ending=Ending.DIFFERS, what="Netgíró knows no such payment", number=7)


def report(*findings: Finding) -> Report:
    return Report(first="2026-11-17", last="2026-11-23", at="", service="here", findings=findings)


def nights(count: int, *, busy_h: float = 0.0, fails: bool = False, findings: tuple[Finding, ...] = ()) -> list[float]:
    """The hours after ten in the evening at which something was asked."""
    asked_h: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()

        def passed_h() -> float:
            return (loop.time() - began_s) / 3600

        async def until_free() -> None:
            await asyncio.sleep(max(0.0, (busy_h - passed_h()) * 3600))

        async def reconcile(sleep: Callable[[float], Awaitable[None]]) -> Report:
            await sleep(1)
            asked_h.append(round(passed_h(), 1))
            if fails:
                raise TerminalError("another reconciliation is under way")
            return report(*findings)

        task = asyncio.create_task(
            reconcile_every_night(
                reconcile, local_now=lambda: EVENING + timedelta(hours=passed_h()), until_free=until_free
            )
        )
        await asyncio.sleep(count * 24 * 3600)
        task.cancel()

    run_virtual(main())
    return asked_h


def test_once_a_night_after_the_self_test() -> None:
    first_h = 6 + AFTER_SELF_TEST_S / 3600
    assert nights(3) == [first_h, first_h + 24, first_h + 48]


def test_a_sale_goes_before() -> None:
    assert nights(1, busy_h=8.0) == [8.0]


def test_one_that_fails_is_logged_and_tried_the_next_night(caplog: pytest.LogCaptureFixture) -> None:
    assert len(nights(2, fails=True)) == 2
    assert "under way" in caplog.text


def test_what_differs_is_a_warning_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    nights(1, findings=(FINDING,))
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    caplog.clear()
    nights(1)
    assert [record.levelname for record in caplog.records] == ["INFO"]
