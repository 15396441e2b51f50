"""``python -m tests.simulation.pins``: find the first worlds that notice each broken rule, and keep them in pins.json.

A pin is only where the search begins. Each change of the simulation makes other worlds of the same seeds, so a rule has
several. If none of them notices it any more, the tests search from the first world. Run this again then, so that they
are quick: it keeps the pins that still hold and looks for others where few do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from terminal.simulation.run import WorldResult, simulate
from terminal.simulation.sabotage import BROKEN_RULES

PINS = Path(__file__).with_name("pins.json")
MOST_WORLDS_UNTIL_RED = 5_000
PINS_A_RULE = 5
ENOUGH_PINS = 3


def pinned_seeds(name: str) -> list[int]:
    seeds: list[int] = json.loads(PINS.read_text(encoding="utf-8")).get(name, [])
    return seeds


def first_reds(name: str, seeds: Iterable[int], most: int) -> list[WorldResult]:
    """The first of these worlds in which the broken rule is noticed: a promise is broken, not just an error raised."""
    rule = BROKEN_RULES[name]
    with rule.broken():
        worlds = (
            simulate(
                seed,
                rates=rule.rates,
                capture_mode=rule.capture_mode,
                protocol=rule.protocol,
                api=rule.api,
                has_twin=rule.has_twin,
                restores=rule.restores,
                card_lies=rule.card_lies,
                upgrades=rule.upgrades,
                troubles=rule.troubles,
                sabotage=rule.sabotage,
            )
            for seed in seeds
        )
        return list(islice((result for result in worlds if any(map(_is_promise, result.violations))), most))


def _is_promise(violation: str) -> bool:
    return not violation.startswith("raised ")


def seeds_that_notice(name: str) -> list[int]:
    kept = first_reds(name, pinned_seeds(name), PINS_A_RULE)
    found = kept if len(kept) >= ENOUGH_PINS else first_reds(name, range(MOST_WORLDS_UNTIL_RED), PINS_A_RULE)
    return [result.seed for result in found]


def main() -> None:
    logging.disable(logging.CRITICAL)
    pins = {name: seeds_that_notice(name) for name in BROKEN_RULES}
    lines = (f" {json.dumps(name, ensure_ascii=False)}: {json.dumps(seeds)}" for name, seeds in pins.items() if seeds)
    PINS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    noticed = [seeds[0] for seeds in pins.values() if seeds]
    print(f"{len(noticed)} of {len(BROKEN_RULES)} broken rules are noticed; the last in world {max(noticed)}")


if __name__ == "__main__":
    main()
