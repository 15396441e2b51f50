"""Whole worlds of trouble in virtual time: no promise is broken, and broken rules are noticed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from terminal.commands.simulate import tally
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Outcome
from terminal.simulation.registers.languages import LANGUAGES
from terminal.simulation.run import simulate
from terminal.simulation.sabotage import BROKEN_RULES
from terminal.simulation.world import NO_TROUBLE
from tests.simulation.pins import MOST_WORLDS_UNTIL_RED, first_reds, pinned_seeds

WORLDS = 2_200
"""Enough for 5,000 sales."""
FEW_WORLDS = 500
"""Enough for a first look."""
FIRST_SEED, SEEDS = range(1), range(6)
slow = pytest.mark.slow
ALL_TERMS = tuple(product(CaptureMode, ("v1", "v2")))
ONE_OF_EACH = ((CaptureMode.MANUAL, "v1"), (CaptureMode.AUTOMATIC, "v2"), (CaptureMode.SERVER_CALLBACK, "v1"))
"""Worlds in which the power is cut at every single point."""


def test_no_promise_is_broken_in_a_thousand_troubled_sales() -> None:
    total = tally(range(FEW_WORLDS))
    assert total.violations == []
    assert total.sales >= 1_000
    assert total.cuts >= 400
    assert total.settled >= 20, "staff had hardly anything to settle"
    assert set(total.protocols) == set(LANGUAGES)
    for mode in CaptureMode:
        assert total.outcomes[f"{mode} approved"] > 20, f"{mode} is hardly ever paid: the worlds prove little"


@pytest.mark.parametrize(
    ("accident", "met"),
    [
        ("card_lies", "card has lost the last commits of both files"),
        ("upgrades", "upgrade not well, and taken back"),
        ("upgrades", "upgrade not well, and no way back"),
    ],
)
def test_no_promise_is_broken_by_a_rare_accident(accident: str, met: str) -> None:
    """In one world of twenty it comes by itself; here it comes in each."""
    alone: dict[str, Any] = {"has_twin": False, "restores": False, "card_lies": False, accident: True}
    results = [simulate(seed, **alone) for seed in range(60)]
    assert [(result.seed, result.violations) for result in results if result.violations] == []
    assert sum(result.faults.get(met, 0) for result in results) >= 5


@pytest.mark.parametrize("protocol", ["zvt", "zvt-tcp"])
def test_no_promise_is_broken_by_ends_of_day_with_a_power_cut_between_them(protocol: str) -> None:
    results = [simulate(seed, protocol=protocol) for seed in range(60)]
    assert [(result.seed, result.violations) for result in results if result.violations] == []
    assert sum(result.faults.get("plug pulled between two ends of day", 0) for result in results) >= 5


@pytest.mark.slow
def test_no_promise_is_broken_in_thousands_of_troubled_sales() -> None:
    total = tally(range(WORLDS))
    assert total.violations == []
    assert total.sales >= 5_000
    assert total.cuts >= 2_000
    assert total.settled >= 100, "staff had hardly anything to settle"
    assert set(total.protocols) == set(LANGUAGES)
    assert total.protocols.most_common()[-1][1] >= 200, "a protocol is hardly ever spoken"
    for mode in CaptureMode:
        assert total.outcomes[f"{mode} approved"] > 100, f"{mode} is hardly ever paid: the worlds prove little"


@pytest.mark.parametrize("worlds", [10, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("protocol", LANGUAGES)
def test_without_trouble_every_customer_with_credit_pays_and_is_told_so(protocol: str, worlds: int) -> None:
    results = [simulate(seed, rates=NO_TROUBLE, protocol=protocol) for seed in range(worlds)]
    for result in results:
        assert result.violations == ()
        assert set(result.outcomes) <= {Outcome.APPROVED, Outcome.DECLINED}
    assert sum(result.outcomes.get(Outcome.APPROVED, 0) for result in results) >= worlds


@pytest.mark.parametrize(
    ("protocol", "seeds", "step"),
    [
        pytest.param("zvt", FIRST_SEED, 4, id="first-zvt"),
        *(pytest.param(protocol, SEEDS[:3], 1, id=f"all-{protocol}", marks=slow) for protocol in ("zvt", "concert")),
    ],
)
def test_power_cut_at_every_single_point_of_a_world_with_an_acknowledging_register(
    protocol: str, seeds: Sequence[int], step: int
) -> None:
    """At every fourth one in ``make test``."""
    doubts = 0
    for seed in seeds:
        options = {"rates": NO_TROUBLE, "capture_mode": CaptureMode.MANUAL, "protocol": protocol}
        points = simulate(seed, **options).cut_points
        for point in range(1, points + 1, step):
            result = simulate(seed, cut_at=point, **options)
            assert result.violations == (), f"seed {seed}, power cut at point {point}"
            doubts += result.doubts
    assert doubts >= 1, "the register's word was never lost: the cuts prove little"


@pytest.mark.parametrize(
    ("mode", "api", "seeds"),
    [
        *(pytest.param(mode, api, FIRST_SEED, id=f"first-{mode}-{api}") for mode, api in ONE_OF_EACH),
        *(pytest.param(mode, api, SEEDS, id=f"all-{mode}-{api}", marks=slow) for mode, api in ALL_TERMS),
    ],
)
def test_power_cut_at_every_single_point_of_a_world(mode: CaptureMode, api: str, seeds: Sequence[int]) -> None:
    cuts = 0
    for seed in seeds:
        options: dict[str, Any] = {"rates": NO_TROUBLE, "capture_mode": mode, "protocol": "line", "api": api}
        points = simulate(seed, **options).cut_points
        for point in range(1, points + 1):
            result = simulate(seed, cut_at=point, **options)
            assert result.violations == (), f"seed {seed}, power cut at point {point}"
            cuts += result.cuts
    assert cuts >= 15 * len(seeds)


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = simulate(7, tell=True), simulate(7, tell=True)
    assert first == second
    assert len(first.story) > 20


@pytest.mark.slow
def test_only_automatic_capture_can_lose_sight_of_a_payment_and_says_so() -> None:
    results = [simulate(seed, capture_mode=mode) for mode in CaptureMode for seed in range(300)]
    lost = [result for result in results if result.noticed_losses]
    assert {result.capture_mode for result in lost} == {CaptureMode.AUTOMATIC}
    assert all(result.outcomes[Outcome.UNKNOWN] >= result.noticed_losses for result in lost)


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_a_broken_rule_turns_the_simulation_red(name: str) -> None:
    """Where the search begins is kept in pins.json."""
    reds = first_reds(name, [*pinned_seeds(name), *range(MOST_WORLDS_UNTIL_RED)], most=1)
    assert reds, f"{MOST_WORLDS_UNTIL_RED} worlds did not notice: {name}"
