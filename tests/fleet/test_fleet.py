"""The fleet's worst day, small: ``python -m tests.fleet`` has it in any size."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest

from tests.postgres import NOT_THERE, find_binaries

DAMAGE = """
ALTER TABLE journal DISABLE TRIGGER append_only;
DELETE FROM journal WHERE terminal = 'T0' AND seq = 2;
UPDATE journal SET body = '{"sale":1}' WHERE terminal = 'T1' AND seq = 2;
INSERT INTO journal SELECT terminal, epoch, have + 1, date_trunc('month', now()), '-', '-', '1', repeat('a', 64)
FROM journal_head WHERE terminal = 'T2';
"""
MISCOUNT = "UPDATE turnover SET sum_kr = sum_kr + 1 WHERE terminal = 'T1'"


@pytest.fixture(autouse=True)
def _with_postgresql(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    if find_binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NOT_THERE)
        pytest.skip(NOT_THERE)
    pytest.importorskip("psycopg")


@pytest.mark.slow
@pytest.mark.parametrize(
    "size",
    [
        {"counters": 10, "day_s": 150.0, "cut_s": 60.0, "kills": 1, "crashes": 1, "restores": 1, "speed": 60.0},
        {},
    ],
    ids=["small", "whole"],
)
def test_a_fleets_worst_day_loses_doubles_and_reorders_nothing(size: dict[str, Any]) -> None:
    from tests.fleet.storm import Size, storm  # noqa: PLC0415

    report = storm(1, Size(**size))
    assert report.problems == []
    assert report.counts["rows kept"] > 50
    assert report.counts["tampered rows refused"] == 1


def test_a_fleet_in_virtual_time_comes_back_spread_out_and_loses_nothing() -> None:
    from tests.fleet.virtual import Day, virtual_day  # noqa: PLC0415

    report = virtual_day(1, Day(60, hours=1.0, cut_s=1200.0, kills=5, crashes=0, restores=5, tampered=2))
    assert report.problems == []
    never_left = report.counts["rows that never left a card before it was replaced"]
    assert report.counts["rows kept"] == report.counts["rows written"] - never_left > 100
    assert report.counts["most calls in a second once half of the fleet is back"] <= 10
    assert report.counts["rows tampered with"] == 2


@pytest.mark.slow
def test_the_comparison_in_virtual_time_sees_what_was_lost_and_what_was_changed() -> None:
    from tests.fleet.virtual import Day, virtual_day  # noqa: PLC0415

    calm = Day(4, hours=0.5, sales=5, cut_s=1.0, kills=0, crashes=0, restores=0, tampered=0)
    damage = DAMAGE.split("INSERT", maxsplit=1)[0]
    problems = virtual_day(1, calm, sabotage=damage).problems
    assert {problem.split(",")[0] for problem in problems} == {"T0", "T1"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sabotage", "seen"),
    [
        (DAMAGE, ["T0, epoch", "T1, epoch", "T2, epoch"]),
        (MISCOUNT, ["T1: "]),
    ],
    ids=["a lost, a changed and a doubled row", "a krona too much"],
)
def test_the_reconciliation_sees(sabotage: str, seen: list[str]) -> None:
    from tests.fleet.storm import Size, storm  # noqa: PLC0415

    calm = Size(counters=3, collectors=1, day_s=120.0, sale_every_s=10.0, cut_s=1.0, kills=0, crashes=0, restores=0)
    problems = storm(1, calm._replace(speed=60.0), sabotage=sabotage).problems
    assert len(problems) == len(seen), problems
    assert all(problem.startswith(start) for problem, start in zip(problems, seen, strict=True)), problems


@pytest.mark.slow
def test_who_keeps_up_does_not_wait_for_those_who_come_back() -> None:
    from tests.fleet.backlog import LONGEST_WAIT_S, Backlog, measure, told  # noqa: PLC0415

    size = Backlog(behind=30, rows=1200, current=3, sale_every_s=1.0, run_s=12.0)
    result = measure(size)
    assert result.coming > 0
    assert len(result.waits_s) > 5
    assert max(result.waits_s) < LONGEST_WAIT_S
    assert any("sales of those who keep up" in line for line in told(size, result))


@pytest.mark.slow
def test_the_pages_queries_are_measured_with_their_plans() -> None:
    from tests.fleet.big_page import MONTHS, measure  # noqa: PLC0415

    lines: list[str] = []
    measure(5000, lines.append, counters=200)
    assert sum(" pages  " in line for line in lines) > 20
    assert f"journal: rows of one month are looked for in 1 of {MONTHS} partitions" in lines
