"""The way to a new version and back, on a machine in memory. The one through a real systemd: tests/install."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.install.upgrade import Upgrade
from tests.unit.install.test_release import Publisher
from tests.unit.install.upgrade_bench import NEW, OLD, MachineInMemory, Published, signed


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


def test_an_older_release_under_a_newer_ones_name_is_older(
    upgrade: Upgrade, machine: MachineInMemory, tmp_path: Path, published: Published
) -> None:
    """What it says inside counts. Its signature stays right under any name; another's makes it no better."""
    upgrade.to_release(*signed(tmp_path, published, version="2.1.0"))
    archive, signature, keys = signed(tmp_path, published, version="1.9.9")
    renamed = archive.rename(tmp_path / "netgiro-terminal-3.0.0.tar.gz")
    signature = signature.rename(tmp_path / "netgiro-terminal-3.0.0.tar.gz.sig")

    with pytest.raises(TerminalError, match=r"1\.9\.9 is older than 2\.1\.0"):
        upgrade.to_release(renamed, signature, keys)

    stranger = Publisher(tmp_path, "stranger")
    with pytest.raises(TerminalError, match="is not signed by any key"):
        upgrade.to_release(renamed, stranger.sign(renamed), keys, allow_older=True)
    assert machine.running == "2.1.0"


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
