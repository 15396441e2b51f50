"""The nightly self-test, through the nights of virtual time."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from hardware.interfaces import DeviceError
from terminal.doctor.nightly import SALE_PAUSE_S, examine_every_night, log_results, until_night_s
from terminal.doctor.run import Result
from terminal.doctor.system import Grade
from tests.each import each_of
from tests.virtual_time import run_virtual

EVENING = datetime(2026, 11, 23, 22, 0)
WELL = [Result("disk", Grade.OK, "900 MiB free", "")]
DYING = [*WELL, Result("disk wear", Grade.WARNING, "mmcblk0: worn out", "replace it")]


def hours(count: float) -> float:
    return count * 3600


@each_of(("hour", "minute", "wait_h"), [(22, 0, 6), (3, 30, 0.5), (4, 0, 24), (4, 1, 24 - 1 / 60)])
def test_it_waits_for_four_oclock(hour: int, minute: int, wait_h: float) -> None:
    assert until_night_s(EVENING.replace(hour=hour, minute=minute)) == pytest.approx(hours(wait_h))


def examined_at(nights: float, *, busy_until_h: float = 0, fails: bool = False) -> list[float]:
    """The hours after ten in the evening at which the doctor was called."""
    called_h: list[float] = []

    async def main() -> None:
        began_s = asyncio.get_running_loop().time()

        def passed_h() -> float:
            return (asyncio.get_running_loop().time() - began_s) / 3600

        async def examine() -> list[Result]:
            called_h.append(round(passed_h(), 3))
            await asyncio.sleep(10)
            if fails:
                raise DeviceError("the doctor itself hangs; see dmesg")
            return WELL

        task = asyncio.create_task(
            examine_every_night(
                examine,
                local_now=lambda: EVENING + timedelta(hours=passed_h()),
                is_busy=lambda: passed_h() < busy_until_h,
            )
        )
        await asyncio.sleep(hours(24 * nights))
        task.cancel()

    run_virtual(main())
    return called_h


def test_the_doctor_is_called_once_a_night() -> None:
    assert examined_at(3) == [6, 30, 54]


def test_a_sale_at_night_goes_before() -> None:
    assert examined_at(1, busy_until_h=6.1) == [pytest.approx(6 + SALE_PAUSE_S / 3600, abs=0.001)]


def test_a_doctor_that_hangs_is_called_again_the_next_night(caplog: pytest.LogCaptureFixture) -> None:
    assert examined_at(2, fails=True) == [6, 30]
    assert "self-test: the doctor itself hangs" in caplog.text


def test_a_night_in_which_all_is_well_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_results(WELL)

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "self-test: all 1 are well"),
    ]


def test_what_is_not_well_is_a_warning_each(caplog: pytest.LogCaptureFixture) -> None:
    log_results(DYING)

    assert [record.message for record in caplog.records] == [
        "self-test: 1 of 2 to look at",
        "self-test: warning disk wear: mmcblk0: worn out -> replace it",
    ]
