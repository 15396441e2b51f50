"""``python -m tests.simulation.pins``: find the first world that notices each broken rule, and keep it in pins.json.

A pin is only where the search begins: when the simulation changes, the tests go on searching from the first world. Run
this again then, so that they are quick.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from terminal.simulation.run import WorldResult, simulate
from terminal.simulation.sabotage import BROKEN_RULES

PINS = Path(__file__).with_name("pins.json")
MOST_WORLDS_UNTIL_RED = 5_000


def pinned_seed(name: str) -> int:
    seed: int = json.loads(PINS.read_text(encoding="utf-8")).get(name, 0)
    return seed


def first_red(name: str, seeds: Iterable[int]) -> WorldResult | None:
    """The first of these worlds in which the broken rule is noticed."""
    rule = BROKEN_RULES[name]
    with rule.broken():
        worlds = (
            simulate(
                seed,
                rates=rule.rates,
                capture_mode=rule.capture_mode,
                protocol=rule.protocol,
                api=rule.api,
                sabotage=rule.sabotage,
            )
            for seed in seeds
        )
        return next((result for result in worlds if result.violations), None)


def main() -> None:
    logging.disable(logging.CRITICAL)
    found = {name: first_red(name, range(MOST_WORLDS_UNTIL_RED)) for name in BROKEN_RULES}
    pins = {name: result.seed for name, result in found.items() if result is not None}
    PINS.write_text(json.dumps(pins, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(pins)} of {len(BROKEN_RULES)} broken rules are noticed; the last in world {max(pins.values())}")


if __name__ == "__main__":
    main()
