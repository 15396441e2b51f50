"""A large journal opens at once and is looked through beside the terminal's work; damage found there is repaired."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from terminal.journal import check
from terminal.journal.background import BackgroundCheck
from terminal.sale.record import JournalHealth
from tests.unit.journal.journal_samples import append_paid, opened

PAGE_BYTES = 4096


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Any journal counts as large."""
    with opened(tmp_path / "journal.db") as journal:
        for number in range(1, 12):
            append_paid(journal, number)
    monkeypatch.setattr(check, "CHECKED_AT_START_BYTES", 0)
    return tmp_path / "journal.db"


def spoil_index(path: Path, name: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(random.Random(1).randbytes(PAGE_BYTES))


def test_damage_that_is_found_later_is_repaired_at_the_next_use(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil_index(path, "sales_by_reference")  # which nothing at the counter reads
    start = BackgroundCheck.start
    monkeypatch.setattr(BackgroundCheck, "start", lambda _self: None)  # else it may be done before the start is
    with opened(path) as journal:
        assert journal.pair.background is not None
        start(journal.pair.background)
        journal.pair.background.wait()
        assert journal.repaired is None
        assert journal.find_sale(3) is not None
        assert journal.repaired is not None
        assert journal.health is JournalHealth.REPAIRED
        append_paid(journal, 12)


def test_a_sound_one_is_left_alone(path: Path) -> None:
    with opened(path) as journal:
        assert journal.pair.background is not None
        journal.pair.background.wait()
        append_paid(journal, 12)
        assert journal.repaired is None


def test_closing_stops_it(path: Path) -> None:
    for _ in range(20):
        with opened(path) as journal:
            background = journal.pair.background
            assert background is not None
        background.wait()
        assert journal.pair.background is None


def test_what_is_found_is_told_once(path: Path) -> None:
    spoil_index(path, "sales_by_reference")
    background = BackgroundCheck(path)
    background.start()
    background.wait()
    with pytest.raises(sqlite3.DatabaseError):
        background.raise_damage()
    background.raise_damage()
