"""A database of the journal's in which somebody has put a text that fills the memory."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from terminal.journal.database import LARGEST_ROW_BYTES
from tests.integration.process import environment
from tests.unit.journal.closed_sales import health, numbers, sale, write

HUGE_BYTES = 300_000_000
MEMORY_KIB = 256 * 1024
"""As the unit has it."""
PLACES = {
    "a sale's text": "UPDATE entries SET sale = CAST(zeroblob({size}) AS TEXT) WHERE seq = 2",
    "an entry's time": "UPDATE entries SET at = CAST(zeroblob({size}) AS TEXT) WHERE seq = 2",
    "a link's body": "UPDATE chain SET body = CAST(zeroblob({size}) AS TEXT) WHERE seq = 2",
    "a link's hash": "UPDATE chain SET hash = zeroblob({size}) WHERE seq = 2",
    "the epoch": "UPDATE epoch SET epoch = CAST(zeroblob({size}) AS TEXT)",
}
LENGTHS = "SELECT max(length(sale)), max(length(at)) FROM entries UNION ALL SELECT max(length(body)), 0 FROM chain"
START = (
    "import sys; from pathlib import Path; from terminal.journal.thread import JournalFile; "
    "from terminal.errors import TerminalError\n"
    "journal = JournalFile(Path(sys.argv[1]), lambda: '2026-11-24T10:00:00.000Z')\n"
    "try:\n"
    "    journal.open(); print(len(list(journal.latest_entries()))); journal.close()\n"
    "except TerminalError as error: sys.exit(str(error))\n"
)


def blow_up(path: Path, place: str, size: int) -> None:
    write(path, sale(1), sale(2), sale(3))
    with closing(sqlite3.connect(path)) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(place.format(size=size))


@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_a_row_larger_than_any_of_ours_is_damage_and_is_made_anew(tmp_path: Path, place: str) -> None:
    path = tmp_path / "journal.db"
    blow_up(path, place, LARGEST_ROW_BYTES + 1)
    health(path)
    assert sorted(numbers(path)) == [1, 2, 3]
    with closing(sqlite3.connect(path)) as db:
        assert max(length or 0 for lengths in db.execute(LENGTHS) for length in lengths) < LARGEST_ROW_BYTES


def within_memory(*words: str) -> subprocess.CompletedProcess[str]:
    command = f'ulimit -v {4 * MEMORY_KIB}; exec "$@"'
    return subprocess.run(
        ["/bin/bash", "-c", command, "bash", sys.executable, *words],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_a_text_that_fills_the_memory_is_damage_like_any_other(tmp_path: Path, place: str) -> None:
    path = tmp_path / "journal.db"
    blow_up(path, place, HUGE_BYTES)
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\npath = "{path}"\n')

    for words in (("list",), ("verify",), ("show", "2")):
        done = within_memory("-m", "terminal", "journal", *words, "--config", str(config))
        assert "Traceback" not in done.stderr, done.stderr
        assert "MemoryError" not in done.stderr
        assert done.returncode in (0, 1), (words, done)
    started = within_memory("-c", START, str(path))
    assert started.stdout == "3\n", started.stderr
