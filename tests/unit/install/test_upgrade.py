"""The way to a new version and back, on a machine in memory whose daemon starts what ``current`` names.

The way through a real systemd is walked by tests/install.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terminal.errors import TerminalError
from terminal.install.release import NAMESPACE, Release
from terminal.install.slots import Slots
from terminal.install.upgrade import Upgrade
from terminal.journal.thread import JournalFile
from terminal.sale.totals import Close
from terminal.system.ask import NotRunning
from tests.unit.install.test_release import MANIFEST, Publisher, pack
from tests.unit.journal.closed_sales import numbers, sale, write

OLD, NEW = "1.2.2", "1.2.3"


class MachineInMemory:
    """Versions are files in the slots; time passes when somebody pauses."""

    def __init__(self, opt: Path) -> None:
        self.slots = Slots(opt)
        self.now_s = 0.0
        self.pid = 100
        self.running: str | None = None
        self.open_sale: int | None = None
        self.happens: list[tuple[float, Callable[[], None]]] = []
        self.does_not_start: set[str] = set()
        self.failed: dict[str, set[str]] = {}
        self.refuses_config: set[str] = set()
        self.on_start: Callable[[str], None] = lambda _version: None
        self.restarts_during_sale = 0
        self.files = OLD
        self.trouble = ""

    def later(self, delay_s: float, what: Callable[[], None]) -> None:
        self.happens.append((self.now_s + delay_s, what))

    def pause(self, duration_s: float) -> None:
        self.now_s += duration_s
        due = [what for at_s, what in self.happens if at_s <= self.now_s]
        self.happens = [one for one in self.happens if one[0] > self.now_s]
        for what in due:
            what()

    # --- Machine ------------------------------------------------------------------------------------------------------

    def install(self, release: Release, slot: Path) -> None:
        (slot / "bin").mkdir(parents=True, exist_ok=True)
        (slot / "bin/netgiro-terminal").write_text(release.manifest.version)

    def version(self, slot: Path) -> str:
        return (slot / "bin/netgiro-terminal").read_text()

    def check_config(self, slot: Path) -> None:
        if self.version(slot) in self.refuses_config:
            raise TerminalError("register.protocol: unknown")

    def put_files(self, slot: Path) -> None:
        self.files = self.version(slot)

    def failed_checks(self, slot: Path) -> set[str]:
        return self.failed.get(self.version(slot), set())

    def power_trouble(self) -> str:
        return self.trouble

    def is_running(self) -> bool:
        return self.running is not None

    def start(self) -> None:
        version = self.version(self.slots.folder(self.slots.current))
        if version in self.does_not_start:
            self.running = None
            return
        self.on_start(version)
        self.running = version
        self.pid += 1

    def stop(self) -> None:
        self.restarts_during_sale += self.open_sale is not None
        self.running = None

    def ask(self, command: str) -> dict[str, Any]:
        if self.running is None:
            raise NotRunning("the terminal does not run")
        if command == "status":
            sale = {"number": self.open_sale} if self.open_sale is not None else None
            return {"pid": self.pid, "version": self.running, "sale": sale}
        if self.open_sale is not None:
            raise TerminalError(f"sale {self.open_sale} is open")
        self.start()  # as systemd does with Restart=always
        return {}


@pytest.fixture
def machine(tmp_path: Path) -> MachineInMemory:
    opt = tmp_path / "opt"
    (opt / "a/bin").mkdir(parents=True)
    (opt / "a/bin/netgiro-terminal").write_text(OLD)
    (opt / "current").symlink_to("a")
    machine = MachineInMemory(opt)
    machine.start()
    return machine


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """An archive of the new version, its signature, and the keys that are trusted."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen: apt-get install openssh-client")
    folder = tmp_path_factory.mktemp("published")
    publisher = Publisher(folder, "key")
    (folder / "keys").write_text(f'release@example.is namespaces="{NAMESPACE}" {publisher.public}\n')
    archive = pack(folder / "release.tar.gz", manifest=MANIFEST | {"version": NEW})
    return archive, publisher.sign(archive), folder / "keys"


def signed(folder: Path, published: tuple[Path, Path, Path], **manifest: str) -> tuple[Path, Path, Path]:
    """Another release by the same publisher."""
    *_, keys = published
    publisher = Publisher.__new__(Publisher)
    publisher.key = keys.parent / "key"
    archive = pack(folder / "other.tar.gz", manifest={**MANIFEST, **manifest})
    return archive, publisher.sign(archive), keys


@pytest.fixture
def upgrade(machine: MachineInMemory, tmp_path: Path) -> Upgrade:
    return Upgrade(
        machine.slots,
        machine,
        tmp_path / "state/journal.db",
        say=lambda _line: None,
        clock=lambda: machine.now_s,
        pause=machine.pause,
    )


Published = tuple[Path, Path, Path]


def test_the_new_version_runs_and_the_old_one_stays_beside_it(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    upgrade.to_release(*published)

    assert (machine.running, machine.slots.current, machine.files) == (NEW, "b", NEW)
    assert machine.version(machine.slots.folder("a")) == OLD


def test_a_machine_without_enough_power_is_not_upgraded_and_may_go_back(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.trouble = "the supply's voltage is too low"
    with pytest.raises(TerminalError, match="not now: the supply's voltage is too low"):
        upgrade.to_release(*published)
    assert (machine.running, machine.slots.current) == (OLD, "a")
    assert not (machine.slots.folder("b") / "bin").exists()

    machine.trouble = ""
    upgrade.to_release(*published)
    machine.trouble = "the supply's voltage is too low"
    upgrade.back()
    assert machine.running == OLD


def test_an_open_sale_is_waited_for(upgrade: Upgrade, machine: MachineInMemory, published: Published) -> None:
    machine.open_sale = 7
    seen: list[str | None] = []

    def end_sale() -> None:
        seen.append(machine.running)
        machine.open_sale = None

    machine.later(30, end_sale)
    upgrade.to_release(*published)

    assert seen == [OLD]
    assert machine.running == NEW


def test_a_sale_that_does_not_end_stops_the_upgrade_not_the_sale(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.open_sale = 7

    with pytest.raises(TerminalError, match="sale 7 is still open"):
        upgrade.to_release(*published)

    assert (machine.running, machine.slots.current, machine.pid) == (OLD, "a", 101)


def test_a_version_that_does_not_start_is_left_again(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.does_not_start = {NEW}

    with pytest.raises(TerminalError, match=f"not ready within 90 s.*Version {OLD} is in use again"):
        upgrade.to_release(*published)

    assert (machine.running, machine.slots.current, machine.files) == (OLD, "a", OLD)


def test_a_version_whose_doctor_finds_more_wrong_is_left_again(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.failed = {OLD: {"printer"}, NEW: {"printer", "keypad"}}

    with pytest.raises(TerminalError, match="wrong what was right before: keypad"):
        upgrade.to_release(*published)

    assert (machine.running, machine.slots.current) == (OLD, "a")


def test_an_upgrade_that_is_interrupted_goes_back(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    machine.does_not_start = {NEW}
    machine.later(5, interrupt)

    with pytest.raises(TerminalError, match=r"interrupted\. Version .* is in use again"):
        upgrade.to_release(*published)

    assert (machine.running, machine.slots.current) == (OLD, "a")


def test_what_was_wrong_before_does_not_count_against_it(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.failed = {OLD: {"printer"}, NEW: {"printer"}}

    upgrade.to_release(*published)

    assert machine.running == NEW


def test_on_the_way_back_too_a_sale_ends_first(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.failed = {NEW: {"keypad"}}
    machine.on_start = lambda version: setattr(machine, "open_sale", 8 if version == NEW else None)
    machine.later(20, lambda: setattr(machine, "open_sale", None))

    with pytest.raises(TerminalError, match="in use again"):
        upgrade.to_release(*published)

    assert machine.restarts_during_sale == 0
    assert machine.running == OLD


def test_a_configuration_that_the_new_version_refuses_stops_it_before_anything_is_touched(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    machine.refuses_config = {NEW}

    with pytest.raises(TerminalError, match=r"register\.protocol"):
        upgrade.to_release(*published)

    assert (machine.running, machine.slots.current, machine.pid) == (OLD, "a", 101)


def test_an_older_version_is_taken_only_on_purpose(
    upgrade: Upgrade, machine: MachineInMemory, published: Published
) -> None:
    (machine.slots.folder("a") / "bin/netgiro-terminal").write_text("1.10.0")

    with pytest.raises(TerminalError, match="older than"):
        upgrade.to_release(*published)
    upgrade.to_release(*published, allow_older=True)

    assert machine.running == NEW


def test_a_release_candidate_is_not_newer_than_its_release(
    upgrade: Upgrade, machine: MachineInMemory, tmp_path: Path, published: Published
) -> None:
    (machine.slots.folder("a") / "bin/netgiro-terminal").write_text("1.0.0")
    candidate = signed(tmp_path, published, version="1.0.0rc1")

    with pytest.raises(TerminalError, match=r"1\.0\.0rc1 is older than 1\.0\.0"):
        upgrade.to_release(*candidate)


def test_below_the_floor_no_release_is_installed_not_even_on_purpose(
    upgrade: Upgrade, machine: MachineInMemory, tmp_path: Path, published: Published
) -> None:
    upgrade.to_release(*signed(tmp_path, published, version="2.1.0", oldest_release="2.0.0"))
    for holed in ("1.9.9", "2.0.0rc1", "0.0.1"):
        with pytest.raises(TerminalError, match=r"nothing older than 2\.0\.0 is installed any more"):
            upgrade.to_release(*signed(tmp_path, published, version=holed), allow_older=True)
    upgrade.to_release(*signed(tmp_path, published, version="2.0.0", oldest_release="1.0.0"), allow_older=True)
    with pytest.raises(TerminalError, match=r"nothing older than 2\.0\.0"):  # the floor only rises
        upgrade.to_release(*signed(tmp_path, published, version="1.9.9"), allow_older=True)
    upgrade.back()

    assert machine.running == "2.1.0"


@pytest.mark.parametrize("version", ["", "latest", "1.0.0 ", "1" * 50, "1.0\n0", "../../etc", "1.0.0+local"])
def test_a_release_without_a_proper_version_is_refused(
    upgrade: Upgrade, machine: MachineInMemory, tmp_path: Path, published: Published, version: str
) -> None:
    with pytest.raises(TerminalError, match="no version of a release"):
        upgrade.to_release(*signed(tmp_path, published, version=version))
    assert machine.running == OLD


def test_a_terminal_that_was_off_stays_off(upgrade: Upgrade, machine: MachineInMemory, published: Published) -> None:
    machine.running = None

    upgrade.to_release(*published)

    assert (machine.running, machine.slots.current) == (None, "b")


def test_back_goes_to_the_version_before(upgrade: Upgrade, machine: MachineInMemory, published: Published) -> None:
    upgrade.to_release(*published)

    upgrade.back()

    assert (machine.running, machine.slots.current) == (OLD, "a")


def test_without_a_version_before_there_is_no_way_back(upgrade: Upgrade, machine: MachineInMemory) -> None:
    with pytest.raises(TerminalError, match="no version to go back to"):
        upgrade.back()

    assert machine.running == OLD


def test_two_upgrades_at_once_are_refused(upgrade: Upgrade, machine: MachineInMemory, published: Published) -> None:
    tried: list[str] = []

    def try_again() -> None:
        with pytest.raises(TerminalError, match="another upgrade") as refused:
            upgrade.to_release(*published)
        tried.append(str(refused.value))
        machine.open_sale = None

    machine.open_sale = 7
    machine.later(1, try_again)
    upgrade.to_release(*published)

    assert len(tried) == 1


def test_the_link_names_one_of_the_slots_at_every_moment(machine: MachineInMemory) -> None:
    """A power cut between the two system calls of a switch leaves the old slot."""
    (machine.slots.opt / "current.new").symlink_to("b")  # what such a cut leaves

    assert machine.slots.current == "a"
    machine.slots.switch("b")

    assert os.readlink(machine.slots.opt / "current") == "b"
    assert not (machine.slots.opt / "current.new").is_symlink()


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
    monkeypatch.setattr("terminal.install.upgrade.NEW_FORM_S_PER_MIB", 100.0)
    monkeypatch.setattr("terminal.install.upgrade._size_bytes", lambda _path: 3 * 2**20)
    machine.does_not_start = {NEW}

    with pytest.raises(TerminalError, match="not ready within 390 s"):
        upgrade.to_release(*newer)

    assert machine.running == OLD
