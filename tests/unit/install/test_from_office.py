"""Root's half of a release from the head office: one ticket, one archive, and nothing believed but a signature."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from terminal.config.office_release import (
    ARCHIVE,
    FOLDER,
    INSTALLED,
    NOT_NOW,
    READY,
    REFUSED,
    SIGNATURE,
    Outcome,
    read_outcome,
)
from terminal.errors import TerminalError
from terminal.install import from_office, release
from terminal.install.from_office import OUTCOME, install_from_office
from terminal.install.trial import FLOOR, TRIAL
from terminal.install.upgrade import Upgrade
from tests.full_disk import full
from tests.unit.install.test_release import Publisher
from tests.unit.install.upgrade_bench import NEW, OLD, MachineInMemory, Published, signed

TICKET = "ab12-1"


class Spool:
    """What the service has written, and root's answer to it."""

    def __init__(self, upgrade: Upgrade, published: Published) -> None:
        self.upgrade = upgrade
        self.folder = upgrade.journal.parent / FOLDER
        self.folder.mkdir(parents=True)
        self.keys = published[2]
        self.put(*published[:2])

    def put(self, archive: Path, signature: Path) -> None:
        shutil.copyfile(archive, self.folder / ARCHIVE)
        shutil.copyfile(signature, self.folder / SIGNATURE)
        (self.folder / READY).write_text(TICKET)

    def install(self, *, allowed: bool = True) -> tuple[str, str]:
        """The result, and why."""
        outcome = install_from_office(self.upgrade, lambda: allowed, self.keys)
        assert outcome is not None
        assert outcome.ticket == TICKET
        told = self.upgrade.slots.opt / OUTCOME
        assert read_outcome(told) == outcome
        assert told.stat().st_mode & 0o777 == 0o644, "the service reads it"
        assert not (self.folder / READY).exists(), "what failed is not begun again by itself"
        return outcome.result, outcome.why


@pytest.fixture
def spool(upgrade: Upgrade, published: Published) -> Spool:
    return Spool(upgrade, published)


def test_what_was_loaded_is_installed_and_said(spool: Spool, machine: MachineInMemory) -> None:
    assert spool.install() == (INSTALLED, "")
    assert (machine.running, machine.slots.current) == (NEW, "b")
    assert install_from_office(spool.upgrade, lambda: True, spool.keys) is None, "one ticket, one attempt"


def test_a_version_that_is_not_well_goes_back_by_itself_and_says_why(spool: Spool, machine: MachineInMemory) -> None:
    machine.failed[NEW] = {"keypad"}
    result, why = spool.install()
    assert (result, machine.running, machine.slots.current) == (REFUSED, OLD, "a")
    assert "keypad" in why


def after_power_cut(spool: Spool, machine: MachineInMemory, *, switched: bool = True) -> None:
    """As a machine starts that lost its power while the new version was on trial."""
    seen: list[bytes] = []
    machine.on_start = lambda _version: seen.append((machine.slots.opt / TRIAL).read_bytes())
    assert spool.install()[0] == INSTALLED
    machine.on_start = lambda _version: None
    [trial] = seen
    assert not (machine.slots.opt / TRIAL).exists()
    (machine.slots.opt / TRIAL).write_bytes(trial)
    (machine.slots.opt / FLOOR).unlink()
    if not switched:
        machine.slots.switch("a")
    machine.start()


def test_a_trial_that_a_power_cut_has_cut_short_is_ended(spool: Spool, machine: MachineInMemory) -> None:
    after_power_cut(spool, machine)
    assert spool.install() == (INSTALLED, "")
    assert (machine.running, (machine.slots.opt / FLOOR).exists()) == (NEW, True)
    assert not (machine.slots.opt / TRIAL).exists()
    assert install_from_office(spool.upgrade, lambda: True, spool.keys) is None


def test_after_a_power_cut_a_version_that_is_not_well_goes_back_too(spool: Spool, machine: MachineInMemory) -> None:
    after_power_cut(spool, machine)
    machine.failed[NEW] = {"register"}
    result, why = spool.install()
    assert (result, machine.running, machine.slots.current) == (REFUSED, OLD, "a")
    assert "register" in why


def test_after_a_power_cut_a_version_that_does_not_start_goes_back_too(spool: Spool, machine: MachineInMemory) -> None:
    after_power_cut(spool, machine)
    machine.running = None
    assert spool.install()[0] == REFUSED
    assert (machine.running, machine.slots.current) == (OLD, "a")


def test_a_power_cut_before_the_switch_changes_nothing(spool: Spool, machine: MachineInMemory) -> None:
    after_power_cut(spool, machine, switched=False)
    assert spool.install()[0] == NOT_NOW
    assert (machine.running, machine.slots.current) == (OLD, "a")


def test_a_note_of_the_trial_that_is_damaged_leaves_what_is_in_use(spool: Spool, machine: MachineInMemory) -> None:
    after_power_cut(spool, machine)
    (machine.slots.opt / TRIAL).write_text("{")
    assert spool.install()[0] == REFUSED
    assert machine.running == NEW
    assert not (machine.slots.opt / TRIAL).exists()


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_an_archive_cut_short_is_refused(spool: Spool, machine: MachineInMemory, cut: int) -> None:
    archive = spool.folder / ARCHIVE
    archive.write_bytes(archive.read_bytes()[:cut])
    result, why = spool.install()
    assert (result, machine.running) == (REFUSED, OLD)
    assert "signature" in why


def test_another_key_is_refused(spool: Spool, machine: MachineInMemory, tmp_path: Path) -> None:
    Publisher(tmp_path, "theirs").sign(spool.folder / ARCHIVE)
    result, why = spool.install()
    assert (result, machine.running) == (REFUSED, OLD)
    assert "not signed by any key" in why


def test_only_what_is_newer_is_installed(spool: Spool, tmp_path: Path, published: Published) -> None:
    for version, word in (("1.2.1", "older"), (OLD, "in use already")):
        spool.put(*signed(tmp_path, published, version=version)[:2])
        result, why = spool.install()
        assert (result, spool.upgrade.slots.current) == (REFUSED, "a")
        assert word in why


def test_below_the_floor_nothing_is_installed(spool: Spool, machine: MachineInMemory) -> None:
    (machine.slots.opt / FLOOR).write_text("2.0\n")
    result, why = spool.install()
    assert (result, machine.running) == (REFUSED, OLD)
    assert "known holes" in why


def test_what_config_toml_does_not_allow_is_refused(spool: Spool, machine: MachineInMemory) -> None:
    result, why = spool.install(allowed=False)
    assert (result, machine.running) == (REFUSED, OLD)
    assert "office.takes_releases" in why


def test_while_a_sale_is_open_and_while_the_machine_is_not_fit_it_is_left_for_later(
    spool: Spool, machine: MachineInMemory
) -> None:
    machine.open_sale = 7
    assert spool.install()[0] == NOT_NOW
    (spool.folder / READY).write_text(TICKET)
    machine.open_sale, machine.trouble = None, "the voltage is too low"
    result, why = spool.install()
    assert (result, machine.running) == (NOT_NOW, OLD)
    assert "voltage" in why


def test_a_terminal_that_does_not_run_is_not_changed_unseen(spool: Spool, machine: MachineInMemory) -> None:
    machine.running = None
    assert spool.install()[0] == NOT_NOW
    assert machine.slots.current == "a"


def test_no_room_is_told_and_tried_again(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_office, "_take", full)
    result, why = spool.install()
    assert result == NOT_NOW
    assert "No space left" in why


def test_a_system_that_forgets_is_not_upgraded(spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mounts").write_text("proc /proc proc rw 0 0\noverlayroot / overlay rw 0 0\n")
    monkeypatch.setattr(from_office, "MOUNTS", tmp_path / "mounts")
    assert spool.install()[0] == NOT_NOW


@pytest.mark.parametrize("name", [ARCHIVE, SIGNATURE])
@pytest.mark.parametrize("kind", ["link", "pipe", "device"])
def test_links_and_pipes_are_not_followed_and_not_waited_for(
    spool: Spool, machine: MachineInMemory, tmp_path: Path, name: str, kind: str
) -> None:
    kept = (spool.folder / name).rename(tmp_path / "elsewhere")
    match kind:
        case "link":
            (spool.folder / name).symlink_to(kept)
        case "pipe":
            os.mkfifo(spool.folder / name)
        case _:
            (spool.folder / name).symlink_to("/dev/zero")
    assert spool.install()[0] == NOT_NOW
    assert machine.slots.current == "a"


def test_an_endless_archive_is_not_copied(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_office, "LARGEST_ARCHIVE_BYTES", 1000)
    os.truncate(spool.folder / ARCHIVE, 1001)
    assert spool.install() == (REFUSED, f"{spool.folder / ARCHIVE} is longer than any release's")


@pytest.mark.parametrize("ticket", ["", "../../etc", "x" * 1000, "AB\n", "{}"])
def test_what_is_no_ticket_starts_nothing(spool: Spool, machine: MachineInMemory, ticket: str) -> None:
    (spool.folder / READY).write_text(ticket)
    assert install_from_office(spool.upgrade, lambda: True, spool.keys) is None
    assert machine.running == OLD
    assert not (spool.folder / READY).exists()


def test_a_ticket_that_is_a_link_is_removed_and_a_folder_is_told(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "words").write_text(TICKET)
    (spool.folder / READY).unlink()
    (spool.folder / READY).symlink_to(tmp_path / "words")
    with pytest.raises(TerminalError):
        install_from_office(spool.upgrade, lambda: True, spool.keys)
    assert not (spool.folder / READY).is_symlink()
    assert (tmp_path / "words").exists()
    (spool.folder / READY).mkdir()
    with pytest.raises(TerminalError):
        install_from_office(spool.upgrade, lambda: True, spool.keys)


def test_a_bomb_that_the_publisher_has_signed_is_refused_too(
    spool: Spool, tmp_path: Path, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "LARGEST_CONTENT_BYTES", 100_000)
    big = tarfile.TarInfo("netgiro-terminal-1.2.3/big")
    big.size = 200_000
    archive = tmp_path / "bomb.tar.gz"
    with tarfile.open(archive, "w:gz") as tar, open("/dev/zero", "rb") as zeros:
        tar.addfile(big, zeros)
    publisher = Publisher.__new__(Publisher)
    publisher.key = published[2].parent / "key"
    spool.put(archive, publisher.sign(archive))
    result, why = spool.install()
    assert result == REFUSED
    assert "more than any release" in why


def test_an_outcome_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    for content in ("", "[]", '{"ticket": 1}', "\0" * 100):
        (tmp_path / "o").write_text(content)
        assert read_outcome(tmp_path / "o") is None
    (tmp_path / "o").write_text('{"ticket": "a-1", "result": "installed"}')
    assert read_outcome(tmp_path / "o") == Outcome("a-1", INSTALLED)
