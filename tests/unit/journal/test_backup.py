"""Backup while the journal is written, restore that deletes nothing, and exports whose hours are right."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from terminal.commands import main as cli
from terminal.errors import JournalError
from terminal.journal.backup import NUMBERS_A_DAY, acknowledge, back_up, check_backup, restore
from terminal.journal.export import export_csv, export_json
from terminal.journal.listing import parse_time
from terminal.journal.thread import JournalFile
from terminal.journal.verify import verify
from terminal.sale.record import JournalHealth, Record
from terminal.sale.sale import Reason, Sale, State

THEN = datetime(2026, 11, 23, 15, 30)


def sale(number: int, created: str = "2026-11-23T15:00:00.000Z", **more: object) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-ABCDEF",
        register_id=str(more.pop("register_id", number)),
        amount_kr=1990,
        created=created,
        state=State.CLOSED,
        reason=Reason.PAID,
        **more,  # type: ignore[arg-type]
    )


def write(path: Path, *sales: Sale) -> None:
    with JournalFile(path, lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        for one in sales:
            journal.append(Record("ResultAcknowledged", one))


def health(path: Path) -> JournalHealth:
    with JournalFile(path, lambda: "") as journal:
        journal.open()
        return journal.health


def numbers(path: Path) -> list[int]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        return [entry.sale.number for entry in journal.latest_entries()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder / "journal.db"


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


def test_a_restore_keeps_what_was_there(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2))

    kept = restore(tmp_path / "backup.db", path, THEN)

    assert numbers(path) == [1]
    assert path.parent / "journal.db.replaced-20261123-153000" in kept
    assert numbers(path.parent / "journal.db.replaced-20261123-153000") == [2, 1]


def test_the_restored_journal_can_be_written(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")

    restore(tmp_path / "backup.db", path, THEN)
    write(path, sale(2))

    assert numbers(path) == [2, 1]


def test_what_a_restore_forgets_is_told_numbered_over_and_jumped_by_the_nonces(path: Path, tmp_path: Path) -> None:
    write(path, sale(1), sale(2))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(3), sale(4))
    restored_at_s = time.time()
    restore(tmp_path / "backup.db", path, THEN)

    with JournalFile(path, lambda: "") as journal:
        journal.open()
        assert journal.health is JournalHealth.INCOMPLETE
        assert journal.next_number() > 4
        assert (journal.marks_lost_at_s() or 0) >= restored_at_s
        assert journal.repairs()[0].lost == ("everything after 2026-11-23T15:00:30.000Z",)
    assert any("journal.db.replaced-20261123-153000" in note for note in verify(path).notes)
    assert verify(path).problems == ()


def test_where_nothing_tells_how_many_sales_a_restore_forgets_numbers_go_on_by_days(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    restore(tmp_path / "backup.db", path, THEN + timedelta(days=20))

    with JournalFile(path, lambda: "") as journal:
        journal.open()
        assert journal.next_number() > 20 * NUMBERS_A_DAY
        assert journal.repairs()[0].set_aside == ""


def test_a_damaged_journal_does_not_tell_where_it_ended(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    spoil_pages(path)
    restore(tmp_path / "backup.db", path, THEN)

    with JournalFile(path, lambda: "") as journal:
        journal.open()
        assert journal.health is JournalHealth.INCOMPLETE


def test_a_restore_that_forgets_nothing_keeps_the_mark_of_nonces_and_is_silent(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with JournalFile(path, lambda: "") as journal:
        journal.open()
        journal.reserve_nonces(900)
    restore(tmp_path / "backup.db", path, THEN)

    with JournalFile(path, lambda: "") as journal:
        journal.open()
        assert journal.health is JournalHealth.SOUND
        assert journal.next_number() == 2
        assert journal.nonce_high_water() == 900


def test_lost_records_are_told_at_every_start_until_somebody_acknowledges_them(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\npath = "{path}"\n')
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2))
    restore(tmp_path / "backup.db", path, THEN)
    for _ in range(3):
        assert health(path) is JournalHealth.INCOMPLETE

    with JournalFile(path, lambda: "") as running:
        running.open()
        assert cli.main(["journal", "acknowledge", "--config", str(config)]) == 0
        assert running.health is JournalHealth.SOUND
    assert "missing: everything after 2026-11-23T15:00:30.000Z" in capsys.readouterr().out
    assert health(path) is JournalHealth.SOUND

    restore(tmp_path / "backup.db", path, THEN + timedelta(days=1))
    assert health(path) is JournalHealth.INCOMPLETE


def test_there_is_nothing_to_acknowledge_in_a_whole_journal(path: Path) -> None:
    write(path, sale(1))

    assert acknowledge(path) is None
    assert list(path.parent.glob("*.acknowledged")) == []


def test_a_running_terminal_keeps_its_journal(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with JournalFile(path, lambda: "") as running:
        running.open()

        with pytest.raises(JournalError, match="systemctl stop"):
            restore(tmp_path / "backup.db", path, THEN)

        assert running.next_number() == 2


def test_a_lost_journal_is_restored_into_an_empty_folder(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    shutil.rmtree(path.parent)
    path.parent.mkdir()

    assert restore(tmp_path / "backup.db", path, THEN) == []
    assert numbers(path) == [1]


def spoil_nothing_here(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")


def spoil_version(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 9999")


def spoil_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [(spoil_version, "newer version of the terminal"), (spoil_pages, "damaged|malformed"), (Path.unlink, "no backup")],
)
def test_what_cannot_serve_as_a_journal_is_refused_before_anything_is_moved(
    path: Path, tmp_path: Path, spoil: object, problem: str
) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    assert callable(spoil)
    spoil(tmp_path / "backup.db")

    with pytest.raises(JournalError, match=problem):
        restore(tmp_path / "backup.db", path, THEN)

    assert numbers(path) == [1]


def test_another_programs_database_is_no_backup(tmp_path: Path) -> None:
    spoil_nothing_here(tmp_path / "other.db")

    with pytest.raises(JournalError, match="another program"):
        check_backup(tmp_path / "other.db")


# --- for the accountant -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def exported(path: Path) -> list[dict[str, str]]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        entries = list(journal.latest_entries())[::-1]
        as_json = [json.loads(line) for line in export_json(entries)]
        rows = list(csv.DictReader(export_csv(entries)))
    assert [row["reference"] for row in rows] == [row["reference"] for row in as_json]
    assert [row["time"] for row in rows] == [row["time"] for row in as_json]
    return rows


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("Atlantic/Reykjavik", ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"]),
        ("Europe/Copenhagen", ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart(path: Path, in_zone: object, zone: str, times: list[str]) -> None:
    assert callable(in_zone)
    in_zone(zone)
    write(path, sale(1, "2026-10-25T00:30:00.000Z"), sale(2, "2026-10-25T01:30:00.000Z"))

    assert [row["time"] for row in exported(path)] == times


def test_a_sale_after_midnight_belongs_to_the_new_day_of_the_shops_clock(path: Path, in_zone: object) -> None:
    assert callable(in_zone)
    in_zone("Europe/Copenhagen")
    write(path, sale(1, "2026-07-31T21:59:59.000Z"), sale(2, "2026-07-31T22:00:00.000Z"))

    assert [row["date"] for row in exported(path)] == ["2026-07-31", "2026-08-01"]


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("Atlantic/Reykjavik", "2026-03-29T00:00:00.000Z"),
        ("Europe/Copenhagen", "2026-03-28T23:00:00.000Z"),
    ],
)
def test_a_date_without_a_zone_is_the_shops_own_day(in_zone: object, zone: str, since: str) -> None:
    assert callable(in_zone)
    in_zone(zone)

    assert parse_time("2026-03-29") == since


def test_days_around_the_change_of_clocks_have_23_and_25_hours(in_zone: object) -> None:
    assert callable(in_zone)
    in_zone("Europe/Copenhagen")
    lengths_h = []
    for start, end in (("2026-03-29", "2026-03-30"), ("2026-10-25", "2026-10-26"), ("2026-11-23", "2026-11-24")):
        length = datetime.fromisoformat(str(parse_time(end))) - datetime.fromisoformat(str(parse_time(start)))
        lengths_h.append(length.total_seconds() / 3600)

    assert lengths_h == [23, 25, 24]


def test_a_registers_text_is_no_formula(path: Path) -> None:
    write(path, sale(1, register_id="=HYPERLINK(1)"))

    assert exported(path)[0]["register_id"] == "'=HYPERLINK(1)"


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
