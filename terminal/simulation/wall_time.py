"""A shop whose clocks are set by ten minutes in the middle of a world: as by an hour on a night in March or October."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, tzinfo

from terminal.simulation.world import EPOCH_S

STEP = timedelta(minutes=10)
EARLIEST_S, LATEST_S = 30.0, 900.0


class ClocksAreSet(tzinfo):
    """UTC until a moment, and ten minutes more or less from then on. A time may not exist, or come twice (PEP 495)."""

    def __init__(self, at_s: float, step: timedelta) -> None:
        self._at = datetime.fromtimestamp(EPOCH_S + at_s, UTC).replace(tzinfo=None)
        self._step = step

    def utcoffset(self, dt: datetime | None) -> timedelta:
        if dt is None:
            return timedelta()
        local = dt.replace(tzinfo=None, fold=0)
        first, last = sorted((self._at, self._at + self._step))
        is_set = local >= last or (local >= first and dt.fold == 1)
        return self._step if is_set else timedelta()

    def dst(self, _dt: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, _dt: datetime | None) -> str:
        return "shop"

    def fromutc(self, dt: datetime) -> datetime:
        if dt.replace(tzinfo=None) < self._at:
            return dt
        local = dt + self._step
        return local.replace(fold=int(local.replace(tzinfo=None) < self._at))


def zone_of(seed: int) -> tzinfo:
    """Where the shop is."""
    rng = random.Random(f"zone {seed}")
    if rng.random() < 0.5:
        return UTC
    return ClocksAreSet(rng.uniform(EARLIEST_S, LATEST_S), rng.choice((STEP, -STEP)))
