"""One measured number, its target, and how both are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class NoAnswer(Exception):
    """Something that is measured did not answer in time; the message says what, and what it said last."""


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a process's log, for a message about it."""
    said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:] if log.exists() else []
    return "\n".join(["Its log ends with:", *said]) if said else "It said nothing."


class Result(NamedTuple):
    """``target`` is the most it may be; None: for information."""

    key: str
    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def is_missed(self) -> bool:
        return self.target is not None and not self.value <= self.target


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that is not below ``percent`` of them."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(results: Sequence[Result]) -> str:
    """One line each: what, value, target, and whether it is met."""
    width = max(len(result.what) for result in results)
    lines = [f"{'':{width}}  {'measured':>10}  {'at most':>10}"]
    for result in results:
        target = "" if result.target is None else f"{result.target:g} {result.unit}"
        verdict = "" if result.target is None else "MISSED" if result.is_missed else "ok"
        lines.append(
            f"{result.what:{width}}  {f'{result.value:.2f} {result.unit}':>10}  {target:>10}  {verdict}".rstrip()
        )
    return "\n".join(lines)
