"""A journal survives what SD cards do to it: nothing that was committed is lost, or it is said what is."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from terminal.errors import JournalError
from terminal.journal import check, database, gathering, rebuild, schema
from terminal.journal.rows import EntryRow, RepairRow
from terminal.journal.thread import JournalFile
from terminal.sale.record import JournalHealth
from terminal.sale.sale import Reason, State
from tests.unit.journal.journal_samples import a_sale, append_paid, chained, opened, ticking_clock
from tests.unit.journal.rebuild_bench import (
    contents,
    damage_while_open,
    everything,
    last_page,
    mirror_of,
    no_database,
    nothing,
    rubbish_in_every_page,
    write_a_bit_of_everything,
    zeros,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_a_bit_of_everything(tmp_path / "journal.db")


def set_aside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*.damaged-*"))


def remains(path: Path) -> bytes:
    """The mirror's text, without the room at its end."""
    return b"".join(segment.read_bytes().rstrip(b"\n") + b"\n" for segment in sorted(mirror_of(path).iterdir()))


# --- damage -----------------------------------------------------------------------------------------------------------


def an_empty_file(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rubbish_in_the_schema(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"CREATE TABLE closes (", b"CREATE TABLE closes \xb7"))


def header(at: int, data: bytes) -> Callable[[Path], None]:
    """A field of the database's first bytes, see "Database File Format" in SQLite's documentation."""

    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data)

    return damage


def drop(what: str) -> Callable[[Path], None]:
    """As a page of the schema does that was not written."""

    def damage(path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute(f"DROP {what}")

    return damage


HEADERS = [
    header(44, b"\0\0\0\x09"),  # schema format
    header(60, b"\0\0\0\0"),  # user version
    header(60, b"\xff\xff\xff\xff"),
    header(68, b"\0\0\0\1"),  # application id
    header(16, b"\x01\x23"),  # page size
    header(56, b"\0\0\0\2"),  # encoding
    drop("TABLE nonces"),
    drop("TABLE sales"),
    drop("INDEX sales_by_register_id"),
    drop("INDEX entries_by_sale"),
]


@pytest.mark.parametrize("damage", HEADERS)
def test_a_header_that_cannot_be_right_does_not_stop_the_terminal(path: Path, damage: Callable[[Path], None]) -> None:
    before = contents(path)
    damage(path)
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.health is JournalHealth.REPAIRED


def test_another_programs_database_is_left_alone(path: Path) -> None:
    other = path.with_name("other.db")
    with contextlib.closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE customers (name)")
    with pytest.raises(JournalError, match="database of another program: name another file"):
        opened(other)
    with contextlib.closing(sqlite3.connect(other)) as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("customers",)]
    assert set_aside(path) == []


def test_a_word_of_a_newer_program_is_no_damage_and_says_what_to_do(path: Path) -> None:
    newer = msgspec.json.encode(a_sale(31, State.CLOSED, Reason.PAID)).replace(b'"paid"', b'"paid_by_card"')
    with opened(path) as journal:
        seq = journal.last_entries(1)[0].seq + 1
        row = EntryRow(seq, "2026-11-23T15:00:00.000Z", "x", msgspec.Raw(newer))
        columns = (seq, row.at, row.event, 31, newer.decode(), schema.checksum(row))
        journal.pair.connection.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", columns)
        journal.pair.mirror.append(chained(journal.pair.mirror, row))
    with pytest.raises(JournalError, match="install the version of the program that wrote it"):
        opened(path)
    assert set_aside(path) == []


DAMAGES = [
    *(no_database, nothing, an_empty_file, zeros, half),
    *(rubbish_in_every_page, rubbish_in_the_schema, last_page),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_set_aside_and_made_anew_with_nothing_missing(
    path: Path, damage: Callable[[Path], None]
) -> None:
    before = contents(path)
    damage(path)
    evidence = path.read_bytes() if path.exists() else None
    with opened(path) as journal:
        assert everything(journal) == before
        repair = journal.repaired
        assert repair is not None
        assert repair.is_complete
        assert (repair.set_aside != "") == (evidence is not None)
    if evidence is not None:
        assert Path(repair.set_aside).read_bytes() == evidence
    with opened(path) as journal:
        assert journal.repaired is None
        assert journal.repairs() == [repair]
        assert everything(journal) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_after_a_repair_the_journal_goes_on(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    with opened(path) as journal:
        append_paid(journal, 31)
    no_database(path)
    with opened(path) as journal:
        assert journal.find_sale(31) is not None
        assert [repair.number for repair in journal.repairs()] == [1, 2]
        assert len(set_aside(path)) >= 1


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 40))])
def test_random_damage_is_repaired_or_does_not_matter(path: Path, seed: int) -> None:
    before = contents(path)
    rng = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 3, 30))):
        at, length = rng.randrange(len(data)), rng.choice((1, 16, 512, 4096))
        data[at : at + length] = rng.choice((bytes(length), rng.randbytes(length)))[: len(data) - at]
    path.write_bytes(data)
    with opened(path) as journal:
        if journal.repaired is None:
            check.check(journal.pair.connection, None)
        else:
            assert everything(journal) == before


def test_damage_that_shows_while_running_is_repaired_and_the_record_kept(path: Path) -> None:
    with opened(path) as journal:
        before = everything(journal)[2]
        damage_while_open(path, journal)
        sale = append_paid(journal, 31)
        assert journal.find_sale(31) == sale
        assert everything(journal)[2] == before
        assert journal.repaired is not None
        assert journal.repaired.is_complete


def test_a_repair_comes_before_a_commit_also_where_python_leaves_out_assertions(path: Path) -> None:
    script = (
        "import sys, pathlib; from tests.unit.journal.journal_samples import append_paid, opened\n"
        "journal = opened(pathlib.Path(sys.argv[1])); journal.pair.database.close(); append_paid(journal, 31)\n"
        "print(journal.health, journal.find_sale(31).number)"
    )
    done = subprocess.run([sys.executable, "-O", "-c", script, path], capture_output=True, text=True, check=False)
    assert done.stdout == "repaired 31\n", done.stderr


def test_a_disk_that_damages_everything_is_given_up(path: Path) -> None:
    with opened(path) as journal:
        journal.pair._repairs_left = 0
        damage_while_open(path, journal)
        with pytest.raises(JournalError, match="change the SD card"):
            everything(journal)


# --- the write-ahead log ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0, 32, 5000, 20_000])
def test_what_a_damaged_wal_loses_comes_back_from_the_mirror(path: Path, tmp_path: Path, cut: int) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with opened(path) as journal:
        for number in range(31, 41):
            append_paid(journal, number)
        before = everything(journal)
        for name in ("journal.db", "journal.db-wal"):  # as a power cut leaves them
            shutil.copy(path.with_name(name), copy / name)
        shutil.copytree(mirror_of(path), copy / "journal.db.mirror")
    os.truncate(copy / "journal.db-wal", cut)
    with opened(copy / "journal.db") as journal:
        assert everything(journal) == before
        assert journal.repaired is None


# --- a repair that is cut short ---------------------------------------------------------------------------------------


def test_a_repair_cut_short_is_done_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(path)
    no_database(path)

    def power_cut(_db: sqlite3.Connection, **_given: object) -> RepairRow:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "_account", power_cut)
        journal = JournalFile(path, ticking_clock())
        with pytest.raises(KeyboardInterrupt):
            journal.open()
        journal.close()
    assert (path.parent / "journal.db.new").exists()
    assert contents(path) == before
    assert not (path.parent / "journal.db.new").exists()


@pytest.mark.parametrize("names_changed", [0, 1, 2, 3])
def test_the_power_goes_between_setting_aside_and_putting_in_place(
    path: Path, monkeypatch: pytest.MonkeyPatch, names_changed: int
) -> None:
    """Also what only the damaged database has is there afterwards, and nothing of it is beside the new one."""
    before = contents(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sales_by_reference'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(random.Random(1).randbytes(4096))
    segment = mirror_of(path) / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"\n".join([*lines[:20], b"damaged", *lines[21:]]) + b"\n")
    rename, count = Path.rename, 0

    def power_cut(self: Path, target: str | Path) -> Path:
        nonlocal count
        if count == names_changed:
            raise KeyboardInterrupt
        count += 1
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", power_cut)
        journal = JournalFile(path, ticking_clock())
        with pytest.raises(KeyboardInterrupt):
            journal.open()
        journal.close()
    assert path.exists() == (names_changed == 0)
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.health is JournalHealth.REPAIRED
        assert [repair.number for repair in journal.repairs()] == [1]
    assert len([name for name in set_aside(path) if not name.endswith(("-wal", "-shm"))]) == 1
    assert not (path.parent / "journal.db.new").exists()


def test_a_new_database_that_is_damaged_itself_is_not_put_in_place(path: Path) -> None:
    before = contents(path)
    path.rename(path.with_name("journal.db.damaged-20261123T150000"))
    path.with_name("journal.db.new").write_bytes(b"this is no database " * 500)
    assert contents(path) == before


@pytest.mark.parametrize("begin", [no_database, lambda path: shutil.rmtree(mirror_of(path))])
def test_long_work_tells_that_it_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(database, "PROGRESS_S", 0.0)
    monkeypatch.setattr(database, "PROGRESS_STEPS", 100)
    begin(path)
    told: list[str] = []
    journal = JournalFile(path, ticking_clock())
    journal.pair.on_progress = lambda: told.append("goes on")
    with journal:
        journal.open()
        assert len(told) >= 5
        told.clear()
        append_paid(journal, 31)
        assert told == []


def test_a_new_database_cut_short_after_earlier_repairs_is_not_taken_for_a_whole_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_database(path)
    before = contents(path)
    nothing(path)

    def power_cut(_db: sqlite3.Connection, **_given: object) -> RepairRow:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "_account", power_cut)
        patched.setattr(gathering, "ROWS_A_COMMIT", 10)
        journal = JournalFile(path, ticking_clock())
        with pytest.raises(KeyboardInterrupt):
            journal.open()
        journal.close()
    with opened(path) as journal:
        assert everything(journal) == before
        assert [repair.number for repair in journal.repairs()] == [1, 2]


def test_a_check_that_takes_too_long_is_left_for_later(path: Path) -> None:
    with opened(path) as journal:
        check.check(journal.pair.connection, deadline_s=-1.0)


def test_the_mirror_is_text_that_a_person_can_read(path: Path) -> None:
    lines = remains(path).decode().splitlines()
    assert '"row":"entry"' in lines[1]
    assert '"reference":"T1-000001-ABCDEF"' in lines[1]
