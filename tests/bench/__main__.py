"""``python -m tests.bench``: what the terminal costs and how fast it is, as a table and one line of JSON.

Start and memory are ratios to bare Python with the same heavy libraries, measured in turns in the same run, so that the
numbers mean the same on a Pi and on a fast machine. Exits with 1 if a target is missed, with 2 if something did not
answer. ``--small`` is for tests: it runs every part once and judges nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from tests.bench.devices import measure_devices
from tests.bench.footprint import measure_idle, measure_starts
from tests.bench.history import HISTORY, facts, record
from tests.bench.latency import measure_latencies
from tests.bench.office_memory import measure_office
from tests.bench.programs import measure_company
from tests.bench.results import NoAnswer, Result, table


class Size(NamedTuple):
    """How much of everything is measured."""

    starts: int = 9
    idle_s: float = 10.0
    sales: int = 120
    presses: int = 100_000
    echoes: int = 120
    receipts: int = 30
    turns: int = 8
    sales_a_turn: int = 5
    pairs: int = 5
    backlog: int = 300


SMALL = Size(
    starts=0, idle_s=0.1, sales=2, presses=400, echoes=8, receipts=2, turns=1, sales_a_turn=1, pairs=1, backlog=1
)


def measure(folder: Path, size: Size, *, only_devices: bool = False) -> list[Result]:
    results: list[Result] = []
    if not only_devices:
        results += measure_starts(folder, repeats=size.starts)
        results += measure_idle(folder, seconds=size.idle_s)
        results += measure_office(folder, pairs=size.pairs, sales=size.backlog, seconds=size.idle_s)
        results += measure_latencies(folder, sales=size.sales)
        results += measure_company(folder, turns=size.turns, sales_a_turn=size.sales_a_turn)
    return results + measure_devices(
        folder, idle_s=size.idle_s, presses=size.presses, echoes=size.echoes, receipts=size.receipts
    )


@contextlib.contextmanager
def _compiled_into(folder: Path) -> Iterator[None]:
    """Every process that is started meanwhile: an installed terminal is compiled, whatever this shell says."""
    with patch.dict(os.environ, {"PYTHONPYCACHEPREFIX": str(folder)}):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        yield


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The terminal's numbers.")
    parser.add_argument("--starts", type=int, default=9, help="how often to start (default 9)")
    parser.add_argument("--idle-s", type=float, default=10.0, help="how long to watch it idle (default 10)")
    parser.add_argument("--sales", type=int, default=120, help="how many sales to time (default 120)")
    parser.add_argument("--presses", type=int, default=100_000, help="how many keys to type fast (default 100000)")
    parser.add_argument("--only-devices", action="store_true", help="only what the device drivers take")
    parser.add_argument("--small", action="store_true", help="every part once, no target judged: is the bench whole?")
    parser.add_argument("--record", action="store_true", help=f"add this run to the table in {HISTORY}")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = options_of(arguments)
    size = SMALL if options.small else Size(options.starts, options.idle_s, options.sales, options.presses)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            with contextlib.nullcontext() if options.small else _compiled_into(folder / "bytecode"):
                results = measure(folder, size, only_devices=options.only_devices)
    except NoAnswer as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(table(results))
    print(json.dumps(facts() | {result.key: round(result.value, 3) for result in results}))
    if options.record:
        record(results)
    return 1 if any(result.is_missed for result in results) and not options.small else 0


if __name__ == "__main__":
    sys.exit(main())
