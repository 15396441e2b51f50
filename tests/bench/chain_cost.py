"""``python -m tests.bench.chain_cost``: what the journal's chain of hashes costs a commit and a start.

The same journal with the hash as it is and with a constant in its place, in turns in one run, in processor time: the
least of some turns, because company only adds to it. The sync to the disk is most of a commit, and not in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from terminal.journal import chain
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from terminal.sale.sale import State
from terminal.system.timestamps import timestamp_of
from tests.bench.big_journal import FIRST_S, a_sale

CONSTANT = "0" * 64
STARTS = 5


class Cost(NamedTuple):
    """Microseconds of the processor."""

    commit_us: float
    start_us: float


@contextmanager
def without_hash() -> Iterator[None]:
    with patch.object(chain, "link", lambda *_parts: CONSTANT):
        yield


def measure(folder: Path, rows: int, turns: int) -> tuple[Cost, Cost]:
    """With the hash and without it: the least of the turns, after one that does not count."""
    costs: dict[bool, list[Cost]] = {True: [], False: []}
    for turn in range(turns + 1):
        for is_hashed in (True, False):
            with nullcontext() if is_hashed else without_hash():
                cost = _cost(folder / f"{turn}-{is_hashed}" / "journal.db", rows)
            costs[is_hashed] += [cost] if turn else []
    with_hash, without = (Cost(*map(min, zip(*costs[one], strict=True))) for one in (True, False))
    return with_hash, without


def _cost(path: Path, rows: int) -> Cost:
    path.parent.mkdir()

    def fill() -> None:
        with JournalFile(path, lambda: timestamp_of(FIRST_S)) as journal:
            journal.open()
            for number in range(1, rows + 1):
                journal.append(Record("Bench", a_sale(number, State.CLOSED)))

    def start() -> None:
        with JournalFile(path, lambda: timestamp_of(FIRST_S)) as journal:
            journal.open()

    return Cost(_busy_us(fill) / rows, min(_busy_us(start) for _ in range(STARTS)))


def _busy_us(work: Callable[[], object]) -> float:
    before_s = time.process_time()
    work()
    return (time.process_time() - before_s) * 1e6


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chain_cost", description=__doc__)
    parser.add_argument("--rows", type=int, default=2000, help="commits of each journal (default 2000)")
    parser.add_argument("--turns", type=int, default=7, help="how often both are measured (default 7)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chain-") as name:
        with_hash, without = measure(Path(name), options.rows, options.turns)
    for what, has, lacks in zip(("commit", "start"), with_hash, without, strict=True):
        print(f"{what}: {has:.0f} µs with the hash, {lacks:.0f} without, {has / lacks:.2f} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
