"""Somebody who types fast on a keypad that bounces: ten keys a second, rolling over from key to key, and worse.

Used with 100,000 presses by tests/bench, and with a few by tests/property.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from hardware.keypad_scanner import Contact, Frame, KeypadScanner
from hardware.simulated import LAYOUT_4X4, seen_frame

CONTACTS: dict[str, Contact] = {
    key: (row, column) for row, keys in enumerate(LAYOUT_4X4) for column, key in enumerate(keys)
}
DEBOUNCE_S = 0.020
BOUNCE_S = 0.010
"""For so long a contact that changed flickers as it likes."""

Keys = frozenset[str]
Motion = tuple[Keys, float]
"""Which keys are down, and for how long in seconds."""


def type_fast(rng: random.Random, presses: int, late_s: float = 0.002) -> tuple[list[str], list[str]]:
    """Keys in the order in which they went down, at least that many, and what the scanner reported.

    A scan comes up to ``late_s`` later than it should.
    """
    scanner = KeypadScanner(LAYOUT_4X4, DEBOUNCE_S)
    reported: list[str] = []

    def scan(frame: Frame, now_s: float) -> None:
        if (found := scanner.feed(frame, now_s)) is not None:
            reported.append(found)

    return type_fast_into(scan, rng, presses, late_s), reported


def type_fast_into(
    scan: Callable[[Frame, float], None], rng: random.Random, presses: int, late_s: float = 0.002
) -> list[str]:
    """The same, for whoever scans; returns the keys in the order in which they went down."""
    wanted: list[str] = []
    now_s, before = 0.0, Keys()
    while len(wanted) < presses:
        pressed, motions = _next(rng, before)
        wanted += pressed
        for keys, duration_s in motions:
            changed_s = now_s
            while now_s < changed_s + duration_s:
                now_s += 0.003 + rng.uniform(0, late_s)
                scan(_seen(rng, keys, keys ^ before if now_s < changed_s + BOUNCE_S else ()), now_s)
            before = keys
    return wanted


def _seen(rng: random.Random, keys: Keys, flickering: Iterable[str]) -> Frame:
    return _frame_of(keys ^ {key for key in sorted(flickering) if rng.random() < 0.5})


@cache
def _frame_of(keys: Keys) -> Frame:
    return seen_frame(CONTACTS[key] for key in keys)


def _next(rng: random.Random, before: Keys) -> tuple[list[str], Iterator[Motion]]:
    """The keys pressed next, and the fingers' motions; at their end one key is down."""
    key = rng.choice([key for key in CONTACTS if key not in before])
    kind = rng.random() if before else 1.0
    if kind < 0.3:
        return [key], _rolled_over(rng, before, key)
    if kind < 0.4:
        return [key], _tapped_beside(rng, before, key)
    if kind < 0.5:
        other = rng.choice([other for other in CONTACTS if not _may_ghost(before | {key}, other)])
        return [key, other], _rolled_over_two(rng, before, key, other)
    return [key], _after_release(rng, key)


def _after_release(rng: random.Random, key: str) -> Iterator[Motion]:
    yield Keys(), rng.uniform(0.045, 0.08)
    yield Keys({key}), rng.uniform(0.05, 0.1)


def _rolled_over(rng: random.Random, before: Keys, key: str) -> Iterator[Motion]:
    """The next key goes down before the last one comes up."""
    yield before | {key}, rng.uniform(0.005, 0.06)
    yield Keys({key}), rng.uniform(0.05, 0.1)


def _tapped_beside(rng: random.Random, before: Keys, key: str) -> Iterator[Motion]:
    """The last key stays down meanwhile."""
    yield before | {key}, rng.uniform(0.035, 0.08)
    yield before, rng.uniform(0.045, 0.08)


def _rolled_over_two(rng: random.Random, before: Keys, key: str, other: str) -> Iterator[Motion]:
    """Three keys are down at a time."""
    yield before | {key}, rng.uniform(0.03, 0.06)
    yield before | {key, other}, rng.uniform(0.005, 0.06)
    yield Keys({key, other}), rng.uniform(0.005, 0.06)
    yield Keys({other}), rng.uniform(0.05, 0.1)


def _may_ghost(keys: Keys, other: str) -> bool:
    """Whether it cannot be a third key: nobody could tell it from its ghost."""
    return other in keys or len(_frame_of(keys | {other})) > len(keys) + 1
