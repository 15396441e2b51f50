"""An upgrade whose version has another form of the journal, and the way back from it: no sale is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.app.code_keeper import CodeKeeper
from terminal.counter.menu import CodeKind
from terminal.counter.menu_codes import CodeVerdict
from terminal.errors import TerminalError
from terminal.install.release import NAMESPACE
from terminal.install.upgrade import Upgrade
from terminal.journal.thread import JournalFile
from terminal.sale.sensitive import Sensitive
from terminal.sale.totals import Close
from terminal.system import password
from tests.unit.install.test_release import MANIFEST, Publisher, pack
from tests.unit.install.upgrade_bench import NEW, OLD, MachineInMemory, Published
from tests.unit.journal.closed_sales import numbers, sale, write

# --- a journal in a new form ------------------------------------------------------------------------------------------


@pytest.fixture
def newer(upgrade: Upgrade, tmp_path: Path, published: Published) -> Published:
    """A release whose journal has another schema than the one that is here."""
    (tmp_path / "state").mkdir()
    write(upgrade.journal, sale(1))
    folder = tmp_path / "newer"
    folder.mkdir()
    publisher = Publisher(folder, "key")
    (folder / "keys").write_text(f'release@example.is namespaces="{NAMESPACE}" {publisher.public}\n')
    archive = pack(folder / "release.tar.gz", manifest=MANIFEST | {"version": NEW, "journal_schema": 9})
    return archive, publisher.sign(archive), folder / "keys"


def migrate(journal: Path) -> Callable[[str], None]:
    def on_start(version: str) -> None:
        if version == NEW:
            with sqlite3.connect(journal) as db:
                db.execute("PRAGMA user_version = 9")

    return on_start


def test_on_the_way_back_the_old_version_finds_its_journal(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published
) -> None:
    machine.on_start = migrate(upgrade.journal)
    machine.failed = {NEW: {"keypad"}}

    with pytest.raises(TerminalError, match="in use again"):
        upgrade.to_release(*newer)

    assert machine.running == OLD
    assert numbers(upgrade.journal) == [1]


def test_sales_of_the_new_version_are_never_thrown_away(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published, tmp_path: Path
) -> None:
    def migrate_and_sell(version: str) -> None:
        if version == NEW and not (tmp_path / "sold").exists():
            write(upgrade.journal, sale(2))
            (tmp_path / "sold").touch()
        migrate(upgrade.journal)(version)

    machine.on_start = migrate_and_sell
    machine.failed = {NEW: {"keypad"}}

    with pytest.raises(TerminalError, match="the new version stays in use"):
        upgrade.to_release(*newer)

    assert (machine.running, machine.slots.current) == (NEW, "b")
    with sqlite3.connect(upgrade.journal) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (2,)


def test_what_is_sold_while_an_open_sale_is_waited_for_is_in_the_copy(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published
) -> None:
    """The copy used to be made first: on the way back an end of day was undone, and receipts came out again."""
    machine.open_sale = 2

    def end_sale_and_day() -> None:
        write(upgrade.journal, sale(2))
        close_day(upgrade.journal)
        machine.open_sale = None

    machine.later(30, end_sale_and_day)
    machine.on_start = migrate(upgrade.journal)
    machine.failed = {NEW: {"keypad"}}

    with pytest.raises(TerminalError, match="in use again"):
        upgrade.to_release(*newer)

    assert numbers(upgrade.journal) == [2, 1]
    assert last_period(upgrade.journal) == 1


def close_day(path: Path) -> None:
    with JournalFile(path, lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        journal.append_close(Close(1, journal.open_period().totals))


def last_period(path: Path) -> int | None:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        period = journal.closed_period()
    return period.number if period is not None else None


def test_an_end_of_day_in_the_new_version_is_never_undone(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published, tmp_path: Path
) -> None:
    def migrate_and_close(version: str) -> None:
        if version == NEW and not (tmp_path / "closed").exists():
            close_day(upgrade.journal)
            (tmp_path / "closed").touch()
        migrate(upgrade.journal)(version)

    machine.on_start = migrate_and_close
    machine.failed = {NEW: {"keypad"}}

    with pytest.raises(TerminalError, match="sold, printed or closed meanwhile"):
        upgrade.to_release(*newer)

    assert machine.running == NEW


def test_marks_of_nonces_that_the_new_version_made_are_kept_on_the_way_back(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published, tmp_path: Path
) -> None:
    def mark(version: str) -> None:
        if version == NEW and not (tmp_path / "marked").exists():
            with JournalFile(upgrade.journal, lambda: "2026-11-23T15:00:30.000Z") as journal:
                journal.open()
                journal.reserve_nonces(64)
            (tmp_path / "marked").touch()
        migrate(upgrade.journal)(version)

    machine.on_start = mark
    machine.failed = {NEW: {"keypad"}}

    with pytest.raises(TerminalError, match="in use again"):
        upgrade.to_release(*newer)

    with JournalFile(upgrade.journal, lambda: "", read_only=True) as journal:
        journal.open()
        assert journal.nonce_high_water() == 64


def test_a_version_that_cannot_read_the_journal_is_not_gone_back_to(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    upgrade.to_release(*published)
    machine.failed = {OLD: {"journal"}}

    with pytest.raises(TerminalError, match="cannot read the journal"):
        upgrade.back()

    assert machine.running == NEW


def test_a_large_journal_may_take_its_time_to_come_into_its_new_form(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.install.trial.NEW_FORM_S_PER_MIB", 100.0)
    monkeypatch.setattr("terminal.install.kept_journal._size_bytes", lambda _path: 3 * 2**20)
    machine.does_not_start = {NEW}

    with pytest.raises(TerminalError, match="not ready within 390 s"):
        upgrade.to_release(*newer)

    assert machine.running == OLD


def test_codes_that_staff_have_changed_are_there_after_an_upgrade_and_after_the_way_back(
    upgrade: Upgrade, machine: MachineInMemory, newer: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "LOG_N", 10)
    folder, new = upgrade.journal.parent, Sensitive("1379")
    initial = {CodeKind.STAFF: Sensitive("4711"), CodeKind.REFUND: Sensitive("")}

    def is_right() -> bool:
        return CodeKeeper(folder, initial, lambda: 1000.0).check(CodeKind.STAFF, new).verdict is CodeVerdict.RIGHT

    CodeKeeper(folder, initial, lambda: 1000.0).change(CodeKind.STAFF, new)
    machine.on_start = migrate(upgrade.journal)
    upgrade.to_release(*newer)
    assert machine.running == NEW
    assert is_right()
    upgrade.back()
    assert machine.running == OLD
    assert is_right()
