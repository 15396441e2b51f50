"""Database and mirror repair each other: what is in either comes back, and staff are told what is in neither."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from terminal.counter.inputs import ConditionsChanged
from terminal.counter.rules import CounterRules
from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal.mirror import Mirror
from terminal.journal.rows import EntryRow, RepairRow
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.netgiro.nonce import TICKS_PER_S, UNIX_EPOCH_TICKS, mark_after_loss
from terminal.sale.record import JournalHealth
from terminal.sale.sale import State
from tests.unit.journal.journal_samples import a_sale, append_paid, chained, opened, ticking_clock
from tests.unit.journal.rebuild_bench import (
    contents,
    damage_while_open,
    everything,
    last_page,
    mirror_of,
    no_database,
    nothing,
    write_a_bit_of_everything,
    zeros,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_a_bit_of_everything(tmp_path / "journal.db")


# --- the mirror -------------------------------------------------------------------------------------------------------


def test_both_damaged_what_is_in_either_comes_back(path: Path) -> None:
    before = contents(path)
    segment = mirror_of(path) / "000001.log"
    data = bytearray(segment.read_bytes())
    middle = len(data.rstrip(b"\n")) // 2
    data[middle : middle + 3000] = bytes(3000)
    segment.write_bytes(data)
    with path.open("r+b") as file:
        file.seek(-3 * 4096, os.SEEK_END)
        file.write(bytes(2 * 4096))
    with opened(path) as journal:
        repair = journal.repaired
        assert repair is not None
        if repair.is_complete:
            assert everything(journal) == before
        else:
            assert repair.lost


def test_what_cannot_have_been_written_is_left_out(path: Path) -> None:
    before = contents(path)
    for change in (
        "UPDATE sqlite_schema SET sql = replace(sql, 'high_water INTEGER NOT NULL', 'high_water INTEGER')",
        "UPDATE nonces SET high_water = NULL",
    ):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute(change)
    last_page(path)
    with opened(path) as journal:
        assert everything(journal) == before


@pytest.mark.parametrize("text", [b'"high_water":123456', b'"row":"close"', b'"kind":"merchant"', b'{"by_outcome"'])
def test_a_text_that_became_unreadable_holds_up_no_repair(path: Path, text: bytes) -> None:
    """SQLite finds nothing wrong with it, and without the mirror nothing else says what it was."""
    shutil.rmtree(mirror_of(path))
    data = path.read_bytes()
    assert text in data
    path.write_bytes(data.replace(text, text.replace(b":", b"?").replace(b"{", b"?")))
    last_page(path)
    for repairs in (1, 0):
        with opened(path) as journal:
            assert len(journal.repairs()) == 1
            assert (journal.repaired is not None) == repairs
            assert journal.health is JournalHealth.INCOMPLETE
            append_paid(journal, journal.next_number())
            journal.reserve_nonces(journal.nonce_high_water() + 1)
            journal.closed_period()


def test_a_mark_that_is_gone_comes_back_from_the_mirror(path: Path) -> None:
    before = contents(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER chain_update")
        db.execute("UPDATE chain SET body = NULL WHERE kind = 'nonces'")
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.repaired is not None
        assert journal.health is JournalHealth.REPAIRED


def test_what_is_in_neither_is_said(path: Path) -> None:
    segment = mirror_of(path) / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    assert b'"row":"entry","seq":35,' in lines[35]
    lines[35] = b"damaged"
    segment.write_bytes(b"\n".join(lines) + b"\n")
    no_database(path)
    with opened(path) as journal:
        repair = journal.repaired
        assert repair is not None
        assert not repair.is_complete
        assert "entry 35" in repair.lost
        assert "missing: " in rebuild.tell(repair)
        assert journal.open_sales() == [a_sale(12, State.CAPTURE)]


def test_without_a_mirror_numbers_are_skipped_and_it_is_said(path: Path) -> None:
    shutil.rmtree(mirror_of(path))
    last_page(path)
    with opened(path) as journal:
        repair = journal.repaired
        assert repair is not None
        assert repair.may_lack_latest
        assert repair.last_written_s > 1_700_000_000
        assert journal.next_number() > rebuild.NUMBERS_SKIPPED
        assert journal.find_sale(1) is not None


def test_nothing_is_left_but_the_file_set_aside(path: Path) -> None:
    shutil.rmtree(mirror_of(path))
    path.rename(path.with_name("journal.db.damaged-20261123T150000"))
    with opened(path) as journal:
        assert journal.repaired is not None
        assert not journal.repaired.is_complete
        assert journal.next_number() == 1 + rebuild.NUMBERS_SKIPPED


def test_entries_lost_from_the_log_and_from_the_mirror_are_said(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with opened(path) as journal:
        for number in range(31, 35):
            append_paid(journal, number)
        shutil.copy(path, copy)
        shutil.copytree(mirror_of(path), copy / "journal.db.mirror")
    segment = copy / "journal.db.mirror" / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    at = next(number for number, line in enumerate(lines) if b'"number":31,' in line)
    lines[at] = b"damaged"
    segment.write_bytes(b"\n".join(lines) + b"\n")
    with opened(copy / "journal.db") as journal:
        assert journal.health is JournalHealth.INCOMPLETE
        assert journal.repaired is not None
        assert len(journal.repaired.lost) == 1
        assert journal.find_sale(34) is not None


def test_damage_found_while_the_mirror_catches_up_is_repaired(path: Path) -> None:
    mirror = mirror_of(path)
    with opened(path) as journal:
        journal.pair.mirror.close()
        mirror.rename(path.with_name("elsewhere"))
        mirror.write_text("in the way")
        journal.pair.mirror._reached = journal.pair.mirror.positions
        sale = append_paid(journal, 31)
        assert journal.health is JournalHealth.UNMIRRORED
        change_entry_of(journal, 31)
        mirror.unlink()
        path.with_name("elsewhere").rename(mirror)
        append_paid(journal, 32)
        assert journal.health is JournalHealth.INCOMPLETE
        assert journal.find_sale(32) is not None
        assert journal.find_sale(31) == sale


def change_entry_of(journal: JournalFile, number: int) -> None:
    """Its first one, as a bad block would."""
    db = journal.pair.connection
    db.execute("DROP TRIGGER entries_update")
    db.execute(
        "UPDATE entries SET sale = replace(sale, '1990', '9990') "
        "WHERE seq = (SELECT min(seq) FROM entries WHERE sale_number = ?)",
        (number,),
    )


def test_a_repair_that_the_disk_does_not_take_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(*_args: object) -> RepairRow:
        raise sqlite3.OperationalError("database or disk is full")

    with opened(path) as journal:
        before = everything(journal)[2]
        damage_while_open(path, journal)
        with monkeypatch.context() as patched:
            patched.setattr(rebuild, "make_anew", disk_full)
            for _ in range(5):
                with pytest.raises(JournalError, match="disk is full"):
                    everything(journal)
        assert everything(journal)[2] == before
        assert journal.health is JournalHealth.REPAIRED


def test_a_mirror_that_lags_is_brought_up_to_date_at_a_start(path: Path) -> None:
    before = contents(path)
    segment = mirror_of(path) / "000001.log"
    os.truncate(segment, segment.stat().st_size // 3)
    assert contents(path) == before
    no_database(path)
    assert contents(path) == before


def test_a_journal_without_a_mirror_gets_one(path: Path) -> None:
    before = contents(path)
    shutil.rmtree(mirror_of(path))
    opened(path).close()
    no_database(path)
    assert contents(path) == before


def test_a_mirror_of_another_journal_is_kept_and_not_mixed_in(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with opened(other / "journal.db") as journal:
        append_paid(journal, 500, until=State.CAPTURE)
    before = contents(path)
    shutil.rmtree(mirror_of(path))
    shutil.copytree(mirror_of(other / "journal.db"), mirror_of(path))
    assert contents(path) == before
    assert len(list(path.parent.glob("journal.db.mirror.other-*"))) == 1
    no_database(path)
    assert contents(path) == before


@pytest.mark.parametrize("sales", [1, 30, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_longer_mirror_of_another_journal_is_not_mixed_in_either(path: Path, tmp_path: Path, sales: int) -> None:
    other = Mirror(tmp_path / "other")
    for number in range(1, sales + 1):
        sale = msgspec.Raw(msgspec.json.encode(a_sale(500 + number)))
        other.append(chained(other, *(EntryRow(6 * number + step, "", "x", sale) for step in range(-5, 1))))
    other.close()
    before = contents(path)
    shutil.rmtree(mirror_of(path))
    other.folder.rename(mirror_of(path))
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.next_number() == 13
        assert journal.find_register_id("R501") is None
    assert len(list(path.parent.glob("journal.db.mirror.other-*"))) == 1


def test_a_database_that_fell_far_behind_its_mirror_is_no_stranger_to_it(path: Path, tmp_path: Path) -> None:
    copy = shutil.copy(path, tmp_path / "copy.db")
    with opened(path) as journal:
        journal.pair.mirror._segment_bytes = 5000
        for number in range(31, 61):
            append_paid(journal, number)
        before = everything(journal)
        assert len(journal.pair.mirror.segments()) > 5
    shutil.copy(copy, path)
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.health is JournalHealth.SOUND


def test_a_mirror_that_cannot_be_written_holds_up_no_sale_and_catches_up(path: Path) -> None:
    shutil.rmtree(mirror_of(path))
    mirror_of(path).write_text("a file in the folder's place")
    with opened(path) as journal:
        assert not journal.pair.mirror_ok
        append_paid(journal, 31)
        assert not journal.pair.mirror_ok
        mirror_of(path).unlink()
        append_paid(journal, 32)
        assert journal.pair.mirror_ok
        before = everything(journal)
    no_database(path)
    assert contents(path) == before


@contextlib.contextmanager
def broken_mirror(path: Path, journal: JournalFile) -> Iterator[None]:
    """Its folder cannot be had, and comes back as it was."""
    journal.pair.mirror.close()
    elsewhere = mirror_of(path).rename(path.with_name("elsewhere"))
    mirror_of(path).write_text("in the way")
    journal.pair.mirror._reached = journal.pair.mirror.positions
    yield
    mirror_of(path).unlink()
    elsewhere.rename(mirror_of(path))


@pytest.mark.parametrize("damage", [no_database, nothing, zeros])
def test_what_the_mirror_did_not_take_is_not_called_complete_when_the_database_is_lost(
    path: Path, damage: Callable[[Path], None]
) -> None:
    with opened(path) as journal:
        with broken_mirror(path, journal):
            append_paid(journal, 31)
        shutil.copytree(mirror_of(path), path.with_name("behind"))
    shutil.rmtree(mirror_of(path))  # as it was when the power went
    path.with_name("behind").rename(mirror_of(path))
    damage(path)
    with opened(path) as journal:
        assert journal.health is JournalHealth.INCOMPLETE
        assert journal.repaired is not None
        assert journal.repaired.may_lack_latest
        assert journal.next_number() > rebuild.NUMBERS_SKIPPED
        assert journal.marks_lost_at_s() is not None


def test_a_mirror_that_has_caught_up_is_trusted_again(path: Path) -> None:
    with opened(path) as journal:
        with broken_mirror(path, journal):
            append_paid(journal, 31)
            assert journal.pair.mirror.is_behind
        append_paid(journal, 32)
        assert not journal.pair.mirror.is_behind
        before = everything(journal)
    no_database(path)
    with opened(path) as journal:
        assert everything(journal) == before
        assert journal.health is JournalHealth.REPAIRED


def test_a_mirror_begun_anew_is_not_trusted_before_it_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(mirror_of(path))

    def power_cut(_self: Mirror) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Mirror, "note_caught_up", power_cut)
        journal = JournalFile(path, ticking_clock())
        with pytest.raises(KeyboardInterrupt):
            journal.open()
        journal.close()
    segment = mirror_of(path) / "000001.log"
    os.truncate(segment, len(segment.read_bytes().split(b"\n")[0]) + 1)
    no_database(path)
    with opened(path) as journal:
        assert journal.health is JournalHealth.INCOMPLETE


# --- who is told ------------------------------------------------------------------------------------------------------


def told_at_a_start(journal: JournalFile) -> JournalHealth:
    """What the screen will know."""
    bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", ticking_clock()))
    for event in bookkeeper.start():
        bookkeeper.handle(event)
    return bookkeeper.view.conditions.journal_health


def test_staff_are_told_of_a_repair_until_the_next_start(path: Path) -> None:
    no_database(path)
    with opened(path) as journal:
        assert told_at_a_start(journal) is JournalHealth.REPAIRED
    with opened(path) as journal:
        assert told_at_a_start(journal) is JournalHealth.SOUND


def test_staff_are_told_when_the_mirror_fails_and_when_it_is_back(path: Path) -> None:
    with opened(path) as journal:
        bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", ticking_clock()))
        bookkeeper.start()
        journal.pair.mirror_ok = False
        told = bookkeeper.handle(ConditionsChanged({"network_ok": False})).follow_ups
        assert told == (ConditionsChanged({"journal_health": JournalHealth.UNMIRRORED}),)
        bookkeeper.handle(told[0])
        append_paid(journal, 31)
        told = bookkeeper.handle(ConditionsChanged({"network_ok": True})).follow_ups
        assert told == (ConditionsChanged({"journal_health": JournalHealth.SOUND}),)


def test_lost_marks_of_nonces_are_jumped_over_at_every_later_start(path: Path) -> None:
    shutil.rmtree(mirror_of(path))
    no_database(path)
    for _ in range(2):
        with opened(path) as journal:
            lost_at_s = journal.marks_lost_at_s()
            assert lost_at_s is not None
            mark = mark_after_loss(journal.nonce_high_water(), lost_at_s)
            assert mark >= UNIX_EPOCH_TICKS + int((lost_at_s + 600) * TICKS_PER_S)
    assert mark_after_loss(7, None) == 7
