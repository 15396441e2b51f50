"""A restore forgets nothing that is left anywhere, deletes nothing, and is whole or has not happened."""

from __future__ import annotations

import shutil
import sqlite3
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from terminal.commands import main as cli
from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal.backup import back_up
from terminal.journal.rebuild import NUMBERS_A_DAY
from terminal.journal.restore import check_backup, restore
from terminal.journal.rows import RepairRow
from terminal.journal.thread import JournalFile
from terminal.journal.verify import verify
from terminal.sale.record import JournalHealth
from tests.unit.journal.closed_sales import THEN, all_is_lost, health, numbers, sale, write


def restored(backup: Path, path: Path, at: datetime = THEN) -> RepairRow:
    return restore(backup, path, at).repair


def test_a_restore_brings_the_afternoon_back_too(path: Path, tmp_path: Path) -> None:
    """Sale 2 was paid after the backup: forgotten, it would be paid again when the register asks for it."""
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2))

    done = restore(tmp_path / "backup.db", path, THEN)

    assert numbers(path) == [2, 1]
    assert done.repair.is_complete
    assert [file.name for file in done.replaced][:1] == ["journal.db.replaced-20261123T153000"]
    assert numbers(done.replaced[0]) == [2, 1]
    write(path, sale(3))
    assert numbers(path) == [3, 2, 1]
    assert health(path) is JournalHealth.SOUND
    assert verify(path).problems == ()


def test_the_mirror_alone_brings_back_what_came_after_the_backup(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2), sale(3))
    path.unlink()

    assert restored(tmp_path / "backup.db", path).is_complete
    assert numbers(path) == [3, 2, 1]


def test_the_backup_fills_what_database_and_mirror_have_lost(path: Path, tmp_path: Path) -> None:
    write(path, sale(1), sale(2))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(3))
    path.unlink()
    segment = path.parent / "journal.db.mirror/000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"\n".join([lines[0], b"damaged", *lines[2:]]) + b"\n")

    assert restored(tmp_path / "backup.db", path).is_complete
    assert numbers(path) == [3, 2, 1]


def test_a_restored_journal_is_of_a_new_epoch_and_its_old_rows_keep_their_hashes(path: Path, tmp_path: Path) -> None:
    write(path, sale(1), sale(2))
    before = chain_of(path)
    back_up(path, tmp_path / "backup.db")

    restore(tmp_path / "backup.db", path, THEN)

    after = chain_of(path)
    assert after[0] != before[0]
    assert after[1][: len(before[1])] == before[1]


def chain_of(path: Path) -> tuple[str, list[str]]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        return journal.chain_end().epoch, [row.hash for row in journal.rows_past(0, 1000)]


def test_a_restore_onto_a_new_card_says_what_nobody_can_know(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    restored_at_s = time.time()

    done = restore(tmp_path / "backup.db", path, THEN + timedelta(days=20))

    assert done.replaced == []
    assert done.repair.lost == ("everything after 2026-11-23T15:00:30.000Z",)
    assert done.repair.set_aside == ""
    with JournalFile(path, lambda: "") as journal:
        journal.open()
        assert journal.health is JournalHealth.INCOMPLETE
        assert journal.next_number() > 20 * NUMBERS_A_DAY
        assert (journal.marks_lost_at_s() or 0) >= restored_at_s
    assert verify(path).problems == ()


def test_the_journal_of_another_terminal_is_not_mixed_in(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    write(path, sale(7), sale(8))

    done = restored(tmp_path / "backup.db", path)

    assert not done.is_complete
    assert numbers(path) == [1]
    assert numbers(Path(done.set_aside)) == [8, 7]


def test_a_damaged_journal_gives_what_its_mirror_has(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2))
    spoil_pages(path)

    assert restored(tmp_path / "backup.db", path).is_complete
    assert numbers(path) == [2, 1]


def test_a_text_that_became_unreadable_holds_up_no_restore(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    with JournalFile(path, lambda: "-") as journal:
        journal.open()
        journal.reserve_nonces(900)
    back_up(path, tmp_path / "backup.db")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"high_water":900', b'"high_water"?900'))
    shutil.rmtree(path.parent / "journal.db.mirror")

    restored(tmp_path / "backup.db", path)
    assert numbers(path) == [1]


def spoil_schema(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b"CREATE TABLE closes", b"CREATE \xff\xff\xff\xff\xff closes"))


def test_a_schema_that_became_unreadable_holds_up_no_restore(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    spoil_schema(path)

    assert restored(tmp_path / "backup.db", path).is_complete
    assert numbers(path) == [1]


def test_a_backup_whose_schema_is_unreadable_is_refused(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    spoil_schema(tmp_path / "backup.db")

    with pytest.raises(JournalError, match="no backup"):
        restore(tmp_path / "backup.db", path, THEN)
    assert numbers(path) == [1]


def test_marks_of_nonces_never_go_back(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with JournalFile(path, lambda: "-") as journal:
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
    all_is_lost(path)
    restore(tmp_path / "backup.db", path, THEN)
    for _ in range(3):
        assert health(path) is JournalHealth.INCOMPLETE

    with JournalFile(path, lambda: "") as running:
        running.open()
        assert cli.main(["journal", "acknowledge", "--config", str(config)]) == 0
        assert running.health is JournalHealth.SOUND
    assert "missing: everything after 2026-11-23T15:00:30.000Z" in capsys.readouterr().out
    assert health(path) is JournalHealth.SOUND


# --- what the register may have been told in the gap ------------------------------------------------------------------


# --- power cuts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["whole", "damaged", "new card"])
def test_a_power_cut_at_any_rename_leaves_the_old_journal_or_the_new_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    cuts = 0
    while cut_at_rename(path, tmp_path / str(cuts), monkeypatch, before, cuts):
        cuts += 1
    assert cuts >= (1 if before == "new card" else 2)


def cut_at_rename(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, before: str, cut: int) -> bool:
    """Whether there was such a rename."""
    folder.mkdir()
    all_is_lost(path)
    write(path, sale(1))
    back_up(path, folder / "backup.db")
    write(path, sale(2))
    if before == "damaged":
        spoil_pages(path)
    elif before == "new card":
        all_is_lost(path)
    expected = [1] if before == "new card" else [2, 1]
    left = cut
    rename = Path.rename

    def cut_rename(self: Path, target: Path) -> Path:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut_rename)
        try:
            restore(folder / "backup.db", path, THEN)
        except KeyboardInterrupt:
            was_cut = True
        else:
            was_cut = False
    if before == "new card" and was_cut:
        leave_what_a_cut_leaves(path)
        with pytest.raises(JournalError, match="a restore was cut short"):
            health(path)
        restore(folder / "backup.db", path, THEN)
    with JournalFile(path, lambda: "-") as journal:
        journal.open()
        assert [change.sale.number for change in journal.latest_entries()] == expected
    assert verify(path).problems == ()
    return was_cut


def leave_what_a_cut_leaves(path: Path) -> None:
    """Neither clean-up ran: the copy of the backup is there, the new database half written."""
    path.with_name("journal.db.restoring").write_bytes(b"x")
    path.with_name("journal.db.new").write_bytes(b"half")


def test_a_restore_that_was_given_up_does_not_come_back_later(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "put_in_place", power_cut)
        with pytest.raises(KeyboardInterrupt):
            restore(tmp_path / "backup.db", path, THEN)
    assert path.with_name("journal.db.new").exists()
    write(path, sale(2))
    path.unlink()

    write(path, sale(3))
    assert numbers(path) == [3, 2, 1]


def power_cut(*_args: object) -> None:
    raise KeyboardInterrupt


def test_an_old_database_that_was_copied_into_its_place_gets_what_the_mirror_knows(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", path, THEN)
    write(path, sale(2))
    shutil.copy(tmp_path / "backup.db", path)

    write(path, sale(3))
    assert numbers(path) == [3, 2, 1]
    assert verify(path).problems == ()


@pytest.mark.parametrize("left", ["journal.db.restoring", "journal.db.replaced-20261123-153000"])
def test_an_empty_journal_beside_replaced_files_is_not_begun(path: Path, left: str) -> None:
    """Number 1 again and no sale known: the register would be charged twice, the service refuse every nonce."""
    path.with_name(left).write_bytes(b"x")

    with pytest.raises(JournalError, match="a restore was cut short"):
        health(path)

    assert not path.exists()


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_running_terminal_keeps_its_journal(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with JournalFile(path, lambda: "") as running:
        running.open()

        with pytest.raises(JournalError, match="systemctl stop"):
            restore(tmp_path / "backup.db", path, THEN)

        assert running.next_number() == 2


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
