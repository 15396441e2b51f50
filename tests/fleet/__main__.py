"""``python -m tests.fleet``: a chain's worst day, and what a collector takes in a second.

    python -m tests.fleet                          60 counters, a quarter of an hour of theirs, about a minute
    python -m tests.fleet --counters 2000 --day-s 14400 --cut-s 3600 --speed 20
    python -m tests.fleet --virtual 20000          three hours of so many uplinks in virtual time, without HTTP
    python -m tests.fleet --numbers                rows a second and core, against COPY in the same run
    python -m tests.fleet --backlog 1000           so many come back with a week of rows while others sell
    python -m tests.fleet.big_page --rows 5000000  the page's queries and plans with so many sales

Exits with 1 if a row was lost, doubled, reordered or counted wrong.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.fleet.storm import Report, Size, storm
from tests.postgres import NOT_THERE, find_binaries


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    logging.disable(logging.WARNING)  # each of many terminals says that it lost its office
    if find_binaries() is None:
        print(NOT_THERE, file=sys.stderr)
        return 2
    if options.numbers:
        from tests.fleet.numbers import measure  # noqa: PLC0415

        for line in measure(options.rows):
            print(line)
        return 0
    if options.backlog:
        from tests.fleet import backlog  # noqa: PLC0415

        size = backlog.Backlog(behind=options.backlog, run_s=options.run_s)
        result = backlog.measure(size)
        print(*backlog.told(size, result), sep="\n")
        return int(max(result.waits_s) > backlog.LONGEST_WAIT_S)
    if options.virtual:
        from tests.fleet.virtual import Day, virtual_day  # noqa: PLC0415

        return _told(virtual_day(options.seed, Day(options.virtual), say=print), options.seed)
    fields = {name: getattr(options, name) for name in Size._fields}
    return _told(storm(options.seed, Size(**fields), say=print), options.seed)


def _told(report: Report, seed: int) -> int:
    for what, count in sorted(report.counts.items()):
        print(f"{count:10} {what}")
    for problem in report.problems:
        print(problem, file=sys.stderr)
    print("all well" if not report.problems else f"seed {seed}: {len(report.problems)} problems")
    return 1 if report.problems else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description="A fleet of uplinks and its office.")
    parser.add_argument("--seed", type=int, default=1)
    for name, default in Size()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--virtual", type=int, default=0, metavar="COUNTERS", help="in virtual time")
    parser.add_argument("--numbers", action="store_true", help="measure a collector instead")
    parser.add_argument("--backlog", type=int, default=0, metavar="COUNTERS", help="how many come back at once")
    parser.add_argument("--run-s", type=float, default=60.0, help="how long to look on (default 60)")
    parser.add_argument("--rows", type=int, default=60_000, help="how many rows to measure with (default 60000)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
