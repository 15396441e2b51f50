"""Whole worlds of trouble in virtual time: no promise is broken, and broken rules are noticed."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from terminal.commands.simulate import tally
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Outcome
from terminal.simulation.registers.languages import LANGUAGES
from terminal.simulation.run import Result, simulate
from terminal.simulation.sabotage import BROKEN_RULES
from terminal.simulation.world import NO_TROUBLE

WORLDS = 2_200
"""Enough for 5,000 sales."""
MOST_WORLDS_UNTIL_RED = 2_000
EXHAUSTIVE_SEEDS = range(6)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of worlds log a lot."""
    yield
    logging.disable(logging.NOTSET)


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


@pytest.mark.parametrize("protocol", LANGUAGES)
def test_without_trouble_every_customer_with_credit_pays_and_is_told_so(protocol: str) -> None:
    results = [simulate(seed, rates=NO_TROUBLE, protocol=protocol) for seed in range(30)]
    for result in results:
        assert result.violations == ()
        assert set(result.outcomes) <= {Outcome.APPROVED, Outcome.DECLINED}
    assert sum(result.outcomes.get(Outcome.APPROVED, 0) for result in results) >= 30


@pytest.mark.parametrize("protocol", ["zvt", "concert"])
def test_power_cut_at_every_single_point_of_a_world_with_an_acknowledging_register(protocol: str) -> None:
    doubts = 0
    for seed in EXHAUSTIVE_SEEDS[:3]:
        options = {"rates": NO_TROUBLE, "capture_mode": CaptureMode.MANUAL, "protocol": protocol}
        points = simulate(seed, **options).cut_points
        for point in range(1, points + 1):
            result = simulate(seed, cut_at=point, **options)
            assert result.violations == (), f"seed {seed}, power cut at point {point}"
            doubts += result.doubts
    assert doubts >= 1, "the register's word was never lost: the cuts prove little"


@pytest.mark.parametrize("mode", CaptureMode)
def test_power_cut_at_every_single_point_of_a_world(mode: CaptureMode) -> None:
    cuts = 0
    for seed in EXHAUSTIVE_SEEDS:
        points = simulate(seed, rates=NO_TROUBLE, capture_mode=mode, protocol="line").cut_points
        for point in range(1, points + 1):
            result = simulate(seed, rates=NO_TROUBLE, capture_mode=mode, protocol="line", cut_at=point)
            assert result.violations == (), f"seed {seed}, power cut at point {point}"
            cuts += result.cuts
    assert cuts >= 100


def test_the_same_seed_tells_the_same_story() -> None:
    first, second = simulate(7, tell=True), simulate(7, tell=True)
    assert first == second
    assert len(first.story) > 20


def test_only_automatic_capture_can_lose_sight_of_a_payment_and_says_so() -> None:
    results = [simulate(seed, capture_mode=mode) for mode in CaptureMode for seed in range(300)]
    lost = [result for result in results if result.noticed_losses]
    assert {result.capture_mode for result in lost} == {CaptureMode.AUTOMATIC}
    assert all(result.outcomes[Outcome.UNKNOWN] >= result.noticed_losses for result in lost)


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_a_broken_rule_turns_the_simulation_red(name: str) -> None:
    rule = BROKEN_RULES[name]
    with rule.broken():
        worlds = (
            simulate(
                seed, rates=rule.rates, capture_mode=rule.capture_mode, protocol=rule.protocol, sabotage=rule.sabotage
            )
            for seed in range(MOST_WORLDS_UNTIL_RED)
        )
        red = next((result for result in worlds if result.violations), None)
    assert isinstance(red, Result), f"{MOST_WORLDS_UNTIL_RED} worlds did not notice: {name}"
