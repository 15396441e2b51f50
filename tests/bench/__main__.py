"""``python -m tests.bench``: what the terminal costs and how fast it is, as a table and one line of JSON.

Start and memory are ratios to bare Python with the same heavy libraries, measured in turns in the same run, so that the
numbers mean the same on a Pi and on a fast machine. Exits 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.devices import measure_devices
from tests.bench.footprint import measure_idle, measure_starts
from tests.bench.latency import measure_latencies
from tests.bench.results import Result, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The terminal's numbers.")
    parser.add_argument("--starts", type=int, default=9, help="how often to start (default 9)")
    parser.add_argument("--idle-s", type=float, default=10.0, help="how long to watch it idle (default 10)")
    parser.add_argument("--sales", type=int, default=120, help="how many sales to time (default 120, at least 20)")
    parser.add_argument("--presses", type=int, default=100_000, help="how many keys to type fast (default 100000)")
    parser.add_argument("--only-devices", action="store_true", help="only what the device drivers take")
    options = parser.parse_args()

    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if not options.only_devices:
            results += measure_starts(Path(folder), repeats=options.starts)
            results += measure_idle(Path(folder), seconds=options.idle_s)
            results += measure_latencies(Path(folder), sales=max(20, options.sales))
        results += measure_devices(Path(folder), idle_s=options.idle_s, presses=options.presses)
    print(table(results))
    print(json.dumps({result.key: round(result.value, 3) for result in results}))
    return 1 if any(result.is_missed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
