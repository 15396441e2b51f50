"""Opening a journal: any path, one writer, readers that change nothing, and versions to come."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from terminal.errors import JournalError, JournalInUseError
from terminal.journal.thread import Journal, JournalFile
from terminal.journal.verify import verify
from terminal.sale.record import Record
from tests.unit.journal.journal_samples import a_sale, append_paid, opened, read_only, ticking_clock

# --- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["what?mode=ro.db", "a#b.db", "per%20cent.db", "íslenska þ.db"])
def test_any_path_works_also_for_readers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with opened(path) as journal:
        sale = append_paid(journal, 1)
        with read_only(path) as reader:
            assert reader.find_sale(1) == sale
    assert path.exists()


def test_a_reader_changes_nothing_and_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot open the journal"):
        read_only(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_two_terminals_cannot_have_the_same_journal(path: Path) -> None:
    with opened(path), pytest.raises(JournalError, match="in use by another running terminal"):
        opened(path)


def test_a_journal_of_a_newer_program_is_left_alone(path: Path) -> None:
    opened(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="schema version 99"):
        opened(path)
    assert list(path.parent.glob("*damaged*")) == []


def test_an_unopened_journal_says_so(path: Path) -> None:
    with pytest.raises(JournalError, match="is not open"):
        JournalFile(path, str).append(Record("x", a_sale()))


def test_files_are_for_their_owner_only(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
        modes = {file.stat().st_mode & 0o077 for file in path.parent.rglob("*")}
    assert modes == {0}


def test_the_loop_gets_the_same_journal(path: Path) -> None:
    async def use() -> None:
        journal = Journal(JournalFile(path, lambda: "2026-11-23T15:00:00.000Z"))
        await journal.call(journal.file.open)
        await journal.append(Record("x", a_sale()))
        assert await journal.call(journal.file.find_sale, 1) == a_sale()
        await journal.close()

    asyncio.run(use())


def test_two_names_of_one_journal_are_one_journal(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    path, other = tmp_path / "state/journal.db", tmp_path / "journal.db"
    other.symlink_to(path)
    with opened(path), pytest.raises(JournalInUseError), JournalFile(other, ticking_clock()) as second:
        second.open()

    with JournalFile(other, ticking_clock()) as journal:
        journal.open()
        append_paid(journal, 1)
    assert [file.name for file in tmp_path.iterdir() if file.name != "state"] == ["journal.db"]
    assert verify(path).problems == ()


def test_a_reader_that_meets_damage_changes_nothing(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 1)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\0" * (len(content) - 4096)
    path.write_bytes(content)
    before = {file: file.read_bytes() for file in path.parent.rglob("*") if file.is_file()}

    with JournalFile(path, ticking_clock(), read_only=True) as reader:
        reader.open()
        with pytest.raises(JournalError):
            list(reader.latest_entries())

    after = {file: file.read_bytes() for file in path.parent.rglob("*") if file.is_file()}
    assert {file: data for file, data in after.items() if not file.name.endswith(("-wal", "-shm"))} == before


def test_a_trial_writes_a_row_and_only_moves_the_mark_of_the_nonces(path: Path) -> None:
    with opened(path) as journal:
        journal.reserve_nonces(77, answers_signed=True)
        before = journal.chain_end().seq
        journal.try_writing()
        assert journal.chain_end().seq == before + 1
    with opened(path) as journal:
        assert (journal.nonce_high_water(), journal.answers_signed()) == (78, True)


def test_trials_cost_nothing_when_the_journal_is_made_anew(path: Path) -> None:
    with opened(path) as journal:
        journal.reserve_nonces(77)
        journal.try_writing()
        journal.try_writing()
        append_paid(journal, 1)
    path.write_bytes(bytes(path.stat().st_size))

    with opened(path) as journal:
        assert journal.pair.repaired is not None
        assert journal.pair.repaired.is_complete
