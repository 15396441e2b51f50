"""The table of the last runs in README.md, and on what they ran."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.results import Result

HISTORY = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- runs -->\n", "<!-- /runs -->\n"
MOST_RUNS = 20
COLUMNS = {
    "start_ratio": "start ×",
    "start_ratio_with_panel": "with panel ×",
    "memory_ratio": "memory ×",
    "memory_ratio_with_panel": "with panel ×",
    "idle_cpu_percent": "idle CPU %",
    "idle_wakeups_per_s": "wake-ups/s",
    "amount_shown_p95_ms": "amount p95 ms",
    "insert_cart_p95_ms": "InsertCart p95 ms",
    "paid_to_ok_p95_ms": "paid → OK p95 ms",
    "key_echo_p95_ms": "key p95 ms",
    "receipt_first_byte_p95_ms": "receipt p95 ms",
}
"""What is kept of a run: ratios, and what staff feel."""


def facts() -> dict[str, str]:
    """When, of which commit, on what machine: without them no number can be compared."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, cwd=HISTORY.parent, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"


def with_run(text: str, results: Sequence[Result], about: dict[str, str]) -> str:
    """The README with one more row on top; the oldest ones go."""
    before, _, rest = text.partition(BEGIN)
    body, _, after = rest.partition(END)
    values = {result.key: f"{result.value:.2f}" for result in results}
    rows = [line for line in body.splitlines() if line.startswith("| 2")]
    rows.insert(0, _row([*about.values(), *(values.get(key, "") for key in COLUMNS)]))
    head = [_row([*about, *COLUMNS.values()]), "|" + "---|" * (len(about) + len(COLUMNS))]
    return before + BEGIN + "\n".join([*head, *rows[:MOST_RUNS]]) + "\n" + END + after


def record(results: Sequence[Result]) -> None:
    HISTORY.write_text(with_run(HISTORY.read_text(encoding="utf-8"), results, facts()), encoding="utf-8")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
