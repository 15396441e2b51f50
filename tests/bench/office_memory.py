"""``python -m tests.bench.office_memory``: what the way to a head office adds to the memory of a terminal.

Pairs of terminals, one of each with an office, that are alike but for it: both have the same journal and speak https
with Netgíró, as all do in life. Each office lacks the whole journal, so what is measured is a terminal that has sent a
backlog and rests. Two alike differ by some hundred KiB, so the median of several pairs is judged. A terminal before
them compiles the modules, which an installation has done; it does not count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench import big_journal
from tests.bench.footprint import SETTLING_S, certified, daemon, reachable_service, resident_kib
from tests.bench.results import NoAnswer, Result, table

LIMIT_MIB = 2.0
ROWS_A_SALE = 6


def measure_office(folder: Path, *, pairs: int, sales: int, seconds: float) -> list[Result]:
    """``sales`` of the backlog; ``seconds`` that it may take."""
    with ExitStack() as stack:
        tls, trusted = certified(folder / "office-trusted")
        far = stack.enter_context(reachable_service(tls))
        office = far.removesuffix("/v1")
        if pairs > 1:
            with daemon(folder / "office-first", service=far, office=office, trusted=trusted):
                time.sleep(min(SETTLING_S, 4 * seconds))
        pids: list[list[int]] = [[], []]
        for pair in range(pairs):
            for has_office in (pair % 2, 1 - pair % 2):
                own = folder / f"office-{pair}-{has_office}"
                big_journal.make(own / "journal.db", sales, ROWS_A_SALE)
                started = daemon(own, service=far, office=office if has_office else "", trusted=trusted)
                pids[has_office].append(stack.enter_context(started).pid)
        time.sleep(min(SETTLING_S, 4 * seconds) + seconds)
        more_kib = [resident_kib(with_it) - resident_kib(without) for without, with_it in zip(*pids, strict=True)]
    what = f"what the way to a head office adds, median of {pairs}"
    return [
        Result("office_mib", what, median(more_kib) / 1024, "MiB", LIMIT_MIB),
        Result("office_least_mib", "  the least", min(more_kib) / 1024, "MiB"),
        Result("office_most_mib", "  the most", max(more_kib) / 1024, "MiB"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.office_memory", description=__doc__)
    parser.add_argument("--pairs", type=int, default=9, help="of terminals (default 9)")
    parser.add_argument("--sales", type=int, default=300, help="that the office lacks (default 300)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = measure_office(Path(folder), pairs=options.pairs, sales=options.sales, seconds=10.0)
    except NoAnswer as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(table(found))
    return int(any(result.is_missed for result in found))


if __name__ == "__main__":
    sys.exit(main())
