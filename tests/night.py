"""``make night NIGHT_MIN=60``: a given time for what only chance finds, from a seed that is the date's.

Worlds of the simulation take most of it. Before them come noise at the registers' protocols, a storm of kills, and
small changes that a module's tests should notice. Whatever breaks is named with the command that does the same again,
and the exit code is 1. Changes that no test notices are named too, and break nothing. The last line is JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from terminal.commands.simulate import Tally, default_jobs, tally
from terminal.simulation.coverage import report
from tests.fuzz.codecs import CODECS

ROOT = Path(__file__).parents[1]
WORLDS_A_NIGHT = 10_000_000
"""More than a night can run, so no two dates share one."""
WORLDS_A_CHUNK = 50
GRACE_S = 120.0
"""What a command may take beyond its share of the time, before it is ended; that breaks nothing."""
ENDING_S = 20.0
LONGEST_NIGHT_MIN = 1440
MOST_NAMED = 20
MOST_LETTERS = 600
MONEY = ("step", "moves", "ending", "refund_step", "tracing", "after_loss", "after_power_cut", "totals")
"""Of ``terminal/sale``: each turn changes the next one."""


class Part(NamedTuple):
    """A command that runs again and again, each time with the next seed, until its share of the time is used up."""

    name: str
    share: float
    words: Callable[[int], Sequence[str]]
    """What comes after ``python -m``."""
    survivors: bool = False
    """Its exit code 1 says that tests did not notice a change."""


PARTS = (
    Part("fuzz", 0.1, lambda seed: ("tests.fuzz", sorted(CODECS)[seed % len(CODECS)], "--seed", str(seed))),
    Part("storm", 0.15, lambda seed: ("tests.violence.storm", "--kills", "20", "--seed", str(seed))),
    Part(
        "mutation",
        0.1,
        lambda seed: (
            *("tests.mutation", f"terminal/sale/{MONEY[seed % len(MONEY)]}.py"),
            *("--sample", "5", "--seed", str(seed), "--tests", "tests/unit/sale"),
        ),
        survivors=True,
    ),
)
"""The rest is the simulation's."""


class Findings:
    """Of one night; each violation and each survivor with the command that does the same again."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.survivors: list[str] = []
        self.runs: Counter[str] = Counter()


def run_worlds(first_seed: int, seconds: float, jobs: int) -> Tally:
    """As many as there is time for, and at least a chunk for each job."""
    deadline_s = time.monotonic() + seconds
    total, starts = Tally(), itertools.count(first_seed, WORLDS_A_CHUNK)
    with ProcessPoolExecutor(jobs) as pool:
        while not total.worlds or time.monotonic() < deadline_s:
            chunks = [range(start, start + WORLDS_A_CHUNK) for start in itertools.islice(starts, jobs)]
            for part in pool.map(partial(tally, coverage=True), chunks):
                total.merge(part)
    return total


def run_part(part: Part, first_seed: int, seconds: float, findings: Findings) -> None:
    """At least once. A run that cannot end in time is ended, and counted as such."""
    deadline_s = time.monotonic() + seconds
    for seed in itertools.count(first_seed):
        words = ("-m", *part.words(seed))
        code, said = _run((sys.executable, *words), deadline_s + GRACE_S - time.monotonic())
        findings.runs[part.name if code is not None else f"{part.name}, not to the end"] += 1
        if code:
            last = said.strip()[-MOST_LETTERS:]
            broken = findings.survivors if part.survivors and code == 1 else findings.violations
            broken.append(f"{last}\n    again: python {shlex.join(words)}")
        if time.monotonic() >= deadline_s:
            return


def _run(words: Sequence[str], patience_s: float) -> tuple[int | None, str]:
    """Its exit code, None if it had to be ended, and what it said. What it left behind is kept if it failed."""
    folder = tempfile.mkdtemp(prefix="night-")
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": folder},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    code: int | None = None
    try:
        said, _ = process.communicate(timeout=patience_s)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # it may have processes of its own to end
        try:
            said, _ = process.communicate(timeout=ENDING_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
    if not code or not os.listdir(folder):
        shutil.rmtree(folder, ignore_errors=True)
    return code, said


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= LONGEST_NIGHT_MIN:
        raise argparse.ArgumentTypeError(f"{text}: a night has up to {LONGEST_NIGHT_MIN} minutes")
    return minutes


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.night", description=__doc__)
    parser.add_argument("--minutes", type=_minutes, default=60.0, help="how long; default: 60")
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="which seeds; default: today's")
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="processes for the worlds; default: all cores")
    options = parser.parse_args(arguments)
    began_s, first_seed = time.monotonic(), int(f"{options.date:%Y%m%d}") * WORLDS_A_NIGHT
    seconds = 60 * options.minutes
    findings = Findings()
    for part in PARTS:
        run_part(part, first_seed, part.share * seconds, findings)
    worlds = run_worlds(first_seed, max(0.0, began_s + seconds - time.monotonic()), options.jobs)
    for seed, violation in worlds.violations:
        findings.violations.append(f"{violation}\n    again: netgiro-terminal simulate --seed {seed} --story")
    _tell(options.date, findings, worlds, time.monotonic() - began_s)
    return 1 if findings.violations else 0


def _tell(night: date, findings: Findings, worlds: Tally, took_s: float) -> None:
    for what, of in (("SURVIVED", findings.survivors), ("VIOLATION", findings.violations)):
        for one in of[:MOST_NAMED]:
            print(f"{what}: {one}")
    coverage = report(worlds.met, set(worlds.faults))
    runs = ", ".join(f"{count} x {name}" for name, count in sorted(findings.runs.items()))
    print(f"{night}, {took_s / 60:.0f} minutes: {worlds.worlds} worlds with {worlds.sales} sales, {runs}")
    print(f"cells that no sale met: {coverage['cells_never_met'] or 'none'}")
    print(f"cells x troubles: {coverage['cells_with_trouble_met']} of {coverage['cells_with_trouble']} met")
    print(f"{len(findings.violations)} violations, {len(findings.survivors)} samples with a change that survived")
    summary = {
        "date": night.isoformat(),
        "seconds": round(took_s),
        "worlds": worlds.worlds,
        "sales": worlds.sales,
        "runs": dict(sorted(findings.runs.items())),
        "violations": findings.violations,
        "survivors": findings.survivors,
        **coverage,
    }
    print(json.dumps(summary, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
