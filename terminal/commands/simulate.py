"""``netgiro-terminal simulate``: run worlds, count what happened in them, and tell the story of one."""

from __future__ import annotations

import gc
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import msgspec

from terminal.simulation.coverage import Cell, report, watched
from terminal.simulation.run import Watch, WorldResult, simulate

CHUNK = 500
WORLDS_OF_GARBAGE = 10


@dataclass
class Tally:
    """Many worlds added up."""

    worlds: int = 0
    sales: int = 0
    cuts: int = 0
    noticed_losses: int = 0
    doubts: int = 0
    settled: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    apis: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    refunds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    met: Counter[Cell] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)

    def add(self, result: WorldResult) -> None:
        self.worlds += 1
        self.sales += result.sales
        self.cuts += result.cuts
        self.noticed_losses += result.noticed_losses
        self.doubts += result.doubts
        self.settled += result.settled
        self.protocols[result.protocol] += result.sales
        self.apis[result.api] += result.sales
        self.refunds.update(result.refunds)
        self.outcomes.update({f"{result.capture_mode} {name}": count for name, count in result.outcomes.items()})
        self.faults.update({_kind(name): count for name, count in result.faults.items()})
        self.violations += [(result.seed, violation) for violation in result.violations]

    def merge(self, other: Tally) -> None:
        self.worlds += other.worlds
        self.sales += other.sales
        self.cuts += other.cuts
        self.noticed_losses += other.noticed_losses
        self.doubts += other.doubts
        self.settled += other.settled
        self.protocols += other.protocols
        self.apis += other.apis
        self.outcomes += other.outcomes
        self.refunds += other.refunds
        self.faults += other.faults
        self.met += other.met
        self.violations += other.violations


def tally(seeds: Iterable[int], protocol: str | None = None, *, coverage: bool = False) -> Tally:
    """Run these worlds one after the other; with ``protocol``, all with a register that speaks it."""
    logging.disable(logging.CRITICAL)
    total = Tally()
    with _garbage_left():
        for seed in seeds:
            met: Counter[Cell] = Counter()
            watch: Watch = partial(watched, met=met) if coverage else nullcontext
            total.add(simulate(seed, protocol=protocol, watch=watch))
            for cell, count in met.items():
                total.met[cell._replace(trouble=_kind(cell.trouble))] += count
            if total.worlds % WORLDS_OF_GARBAGE == 0:
                gc.collect()
    return total


@contextmanager
def _garbage_left() -> Iterator[None]:
    """A world is small and ends soon: looking for garbage all the time costs a tenth of it, and what was there before
    the first one is never garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def run_many(first_seed: int, sales: int, jobs: int, protocol: str | None = None, *, coverage: bool = False) -> int:
    """Run worlds from ``first_seed`` on until there were so many sales; 0 if no promise was broken in any.

    With ``coverage`` it is told, too, what no sale met: which cells of its table, and which right after which trouble.
    """
    began_s = time.perf_counter()
    total = Tally()
    seed = first_seed
    with ProcessPoolExecutor(jobs) as pool:
        while total.sales < sales:
            chunks = [range(seed + CHUNK * job, seed + CHUNK * (job + 1)) for job in range(jobs)]
            seed += CHUNK * jobs
            for part in pool.map(partial(tally, protocol=protocol, coverage=coverage), chunks):
                total.merge(part)
    _print_tally(total, time.perf_counter() - began_s, jobs, report(total.met, set(total.faults)) if coverage else {})
    return 1 if total.violations else 0


def run_one(seed: int, *, story: bool, as_json: bool = False, protocol: str | None = None) -> int:
    """Run one world and say how it ended; with ``story``, everything that happened in it. JSON has both."""
    logging.disable(logging.CRITICAL)
    result = simulate(seed, tell=story or as_json, protocol=protocol)
    if as_json:
        print(msgspec.json.encode(_told(result)).decode())
        return 1 if result.violations else 0
    for line in result.story:
        print(f"{line.at_s:9.2f} s  {line.who:<9} {line.what}")
    kind = f"{result.capture_mode}, {result.api}, {result.protocol}"
    outcomes = ", ".join(f"{count} {name}" for name, count in result.outcomes.items()) or "none ended"
    print(f"seed {seed}: {kind}, {result.sales} sales ({outcomes}), {result.cuts} power cuts")
    for violation in result.violations:
        print(f"VIOLATION: {violation}")
    return 1 if result.violations else 0


def _told(result: WorldResult) -> dict[str, object]:
    return {
        "seed": result.seed,
        "mode": result.capture_mode,
        "protocol": result.protocol,
        "api": result.api,
        "sales": result.sales,
        "cuts": result.cuts,
        "outcomes": result.outcomes,
        "violations": result.violations,
        "story": result.story,
    }


def default_jobs() -> int:
    """A process for each core."""
    return os.cpu_count() or 1


def _print_tally(total: Tally, took_s: float, jobs: int, coverage: Mapping[str, object]) -> None:
    for seed, violation in total.violations[:20]:
        print(f"VIOLATION in seed {seed}: {violation}   (netgiro-terminal simulate --seed {seed} --story)")
    summary = {
        "worlds": total.worlds,
        "sales": total.sales,
        "power_cuts": total.cuts,
        "violations": len(total.violations),
        "noticed_losses": total.noticed_losses,
        "doubts": total.doubts,
        "settled_by_staff": total.settled,
        "sales_by_protocol": dict(total.protocols.most_common()),
        "sales_by_api": dict(total.apis.most_common()),
        "seconds": round(took_s, 1),
        "sales_per_second_and_job": round(total.sales / took_s / jobs),
        "outcomes": dict(sorted(total.outcomes.items())),
        "refunds": dict(sorted(total.refunds.items())),
        "faults": dict(total.faults.most_common()),
        **coverage,
    }
    print(json.dumps(summary, ensure_ascii=False, indent=1))


def _kind(fault: str) -> str:
    """Power cuts are counted by the kind of point, not by the sale's own words."""
    if not fault.startswith("power cut"):
        return fault
    words = fault.split()
    return " ".join(words[:5]) if "commit" in words else fault
