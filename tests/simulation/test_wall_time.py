"""A zone that sets its clocks in the middle of a world, as a real one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from terminal.simulation.wall_time import STEP, ClocksAreSet
from terminal.simulation.world import EPOCH_S
from tests.each import each

AT_S = 120.0


@pytest.mark.parametrize("step", [STEP, -STEP], ids=["spring", "autumn"])
def test_every_moment_has_one_local_time_that_leads_back_to_it(step: timedelta) -> None:
    with each() as case:
        for after_s in range(0, 1500, 30):
            with case(after_s):
                assert_leads_back(ClocksAreSet(AT_S, step), step, after_s)


def assert_leads_back(zone: ClocksAreSet, step: timedelta, after_s: int) -> None:
    local = datetime.fromtimestamp(EPOCH_S + after_s, zone)
    assert local.timestamp() == EPOCH_S + after_s
    is_set = after_s >= AT_S
    shown = datetime.fromtimestamp(EPOCH_S + after_s, UTC) + (step if is_set else timedelta())
    assert local.replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None)
    comes_twice = step < timedelta() and AT_S - 600 <= after_s < AT_S + 600
    other = local.replace(fold=1 - local.fold).timestamp()
    assert (other != local.timestamp()) == comes_twice
