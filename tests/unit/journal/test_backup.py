"""Backup while the journal is written, restore that deletes nothing, and exports whose hours are right."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest

from terminal.errors import JournalError
from terminal.journal.backup import acknowledge, back_up
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from tests.unit.journal.closed_sales import numbers, sale, write

THEN = datetime(2026, 11, 23, 15, 30)


def test_a_backup_of_a_journal_in_use_has_every_committed_sale(path: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with JournalFile(path, lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        journal.append(Record("ResultAcknowledged", sale(1)))  # in the WAL, not in the file itself

        size = back_up(path, backup)

    assert numbers(backup) == [1]
    assert backup.stat().st_size == size
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.glob("backup*")] == ["backup.db"]


def test_a_backup_writes_over_nothing(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    (tmp_path / "backup.db").write_text("dear to somebody")

    with pytest.raises(JournalError, match="exists already"):
        back_up(path, tmp_path / "backup.db")

    assert (tmp_path / "backup.db").read_text() == "dear to somebody"


def test_a_backup_that_fails_leaves_nothing(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)

    with pytest.raises(JournalError, match="cannot back up"):
        back_up(path, tmp_path / "backup.db")

    assert list(tmp_path.glob("backup*")) == []


def test_there_is_nothing_to_acknowledge_in_a_whole_journal(path: Path) -> None:
    write(path, sale(1))

    assert acknowledge(path) is None
    assert list(path.parent.glob("*.acknowledged")) == []


def test_a_backup_ends_although_commits_go_on(path: Path, tmp_path: Path) -> None:
    """Each commit used to make SQLite's copy begin anew."""
    with JournalFile(path, lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        for number in range(1, 300):
            journal.append(Record("ResultAcknowledged", sale(number)))
        ended = threading.Event()

        def copy() -> None:
            back_up(path, tmp_path / "backup.db")
            ended.set()

        thread = threading.Thread(target=copy)
        thread.start()
        number = 300
        while not ended.is_set() and number < 3000:
            journal.append(Record("ResultAcknowledged", sale(number)))
            number += 1
        thread.join()

    assert number < 3000
    assert len(numbers(tmp_path / "backup.db")) >= 299
