"""What a menu says of missing records: from when to when, and how many, as far as the journal's files tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal.backup import acknowledge, back_up
from terminal.journal.restore import restore
from terminal.journal.thread import JournalFile
from terminal.sale.record import Gap, JournalHealth, Record
from terminal.system.timestamps import timestamp
from tests.unit.journal.closed_sales import THEN, all_is_lost, sale, write
from tests.unit.journal.rebuild_bench import mirror_of, no_database

WRITTEN = "2026-11-23T15:00:30.000Z"
RESTORED_AT = THEN + timedelta(minutes=1)


@contextmanager
def reopened(path: Path) -> Iterator[JournalFile]:
    with JournalFile(path, lambda: timestamp(RESTORED_AT)) as journal:
        journal.open()
        yield journal


def restored(path: Path, tmp_path: Path, *sales: int) -> None:
    write(path, *(sale(number) for number in sales))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    with patch.object(rebuild, "clock_is_synchronised", lambda: True):
        restore(tmp_path / "backup.db", path, RESTORED_AT)


def lose_lines(path: Path, *lost: int) -> None:
    """Of the mirror; the database is gone."""
    segment = mirror_of(path) / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    for at in lost:
        assert b'"row":"entry"' in lines[at] or b'"kind":"entry"' in lines[at]
        lines[at] = b"damaged"
    segment.write_bytes(b"\n".join(lines) + b"\n")
    no_database(path)


def test_after_a_restore_it_goes_from_the_last_entry_to_the_restore(path: Path, tmp_path: Path) -> None:
    restored(path, tmp_path, 1, 2)
    with reopened(path) as journal:
        gap = Gap(repair=1, since=WRITTEN, until=timestamp(RESTORED_AT), may_be_more=True)
        assert journal.gap() == gap
        journal.append(Record("ResultAcknowledged", sale(journal.first_since_loss())))
        assert journal.gap() == gap, "what is sold since changes nothing"


def test_after_a_restore_of_an_empty_journal_it_goes_from_the_beginning(path: Path, tmp_path: Path) -> None:
    restored(path, tmp_path)
    with reopened(path) as journal:
        assert journal.gap() == Gap(repair=1, until=timestamp(RESTORED_AT), may_be_more=True)


def test_a_clock_that_nobody_had_set_dates_no_end(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    with patch.object(rebuild, "clock_is_synchronised", lambda: False):
        restore(tmp_path / "backup.db", path, RESTORED_AT)
    with reopened(path) as journal:
        assert journal.gap() == Gap(repair=1, since=WRITTEN, may_be_more=True)


def test_entries_that_are_in_neither_file_are_counted(path: Path) -> None:
    for number in range(1, 9):
        with JournalFile(path, lambda number=number: f"2026-11-23T15:00:0{number}.000Z") as journal:  # type: ignore[misc]
            journal.open()
            journal.append(Record("ResultAcknowledged", sale(number)))
    lose_lines(path, 3, 4, 6)
    with reopened(path) as journal:
        assert journal.repaired is not None
        assert journal.repaired.lost == ("entry 3 to 4", "entry 6")
        expected = Gap(repair=1, since="2026-11-23T15:00:02.000Z", until="2026-11-23T15:00:07.000Z", known=3)
        assert journal.gap() == expected
        journal.append(Record("ResultAcknowledged", sale(9)))
        assert journal.gap() == expected


def test_nothing_is_missing_where_nothing_is(path: Path) -> None:
    write(path, sale(1))
    with reopened(path) as journal:
        assert journal.gap() is None
        with pytest.raises(JournalError, match="something else"):
            journal.acknowledge_gap(1)


def test_it_is_acknowledged_as_by_the_command(path: Path, tmp_path: Path) -> None:
    restored(path, tmp_path, 1)
    with reopened(path) as journal:
        assert journal.health is JournalHealth.INCOMPLETE
        journal.acknowledge_gap(1)
        assert (journal.gap(), journal.gap_since(), journal.health) == (None, None, JournalHealth.SOUND)
    with reopened(path) as journal:
        assert journal.gap() is None, "a start changes nothing"
    by_menu = path.with_name("journal.db.acknowledged").read_bytes()
    path.with_name("journal.db.acknowledged").unlink()
    acknowledge(path)
    assert path.with_name("journal.db.acknowledged").read_bytes() == by_menu


def test_another_gap_than_the_one_that_was_shown_is_not_acknowledged(path: Path, tmp_path: Path) -> None:
    restored(path, tmp_path, 1)
    with reopened(path) as journal:
        incomplete = journal.pair.incomplete
        assert incomplete is not None
        journal.pair.incomplete = replace(incomplete, number=2)
        with pytest.raises(JournalError, match="something else"):
            journal.acknowledge_gap(1)
        assert journal.gap_since() is not None


def test_a_disk_that_takes_nothing_acknowledges_nothing(path: Path, tmp_path: Path) -> None:
    restored(path, tmp_path, 1)
    with reopened(path) as journal:
        with (
            patch.object(os, "fsync", side_effect=OSError(28, "No space left on device")),
            pytest.raises(JournalError, match="cannot acknowledge what is missing"),
        ):
            journal.acknowledge_gap(1)
        assert journal.gap_since() is not None
        journal.acknowledge_gap(1)
        assert journal.gap_since() is None
