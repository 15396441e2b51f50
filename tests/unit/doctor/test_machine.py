"""The doctor on a machine's disk, journal, clock and supply."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from terminal.config.schema import Config, JournalSettings
from terminal.doctor import machine
from terminal.doctor.system import Grade, System, ok
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from terminal.sale.sale import Sale, State
from terminal.system.clock import kernel_clock_is_synchronised
from tests.doctor_machine import config_with, machine_at, put


@pytest.mark.parametrize(
    ("life", "spares", "status", "words"),
    [
        ("0x01 0x02", "0x01", Grade.OK, "mmcblk0: 10 to 20 % worn"),
        ("0x0a 0x01", "0x01", Grade.WARNING, "mmcblk0: 90 to 100 % worn"),
        ("0x0b 0x0b", "0x01", Grade.WARNING, "mmcblk0: worn out"),
        ("0x03 0x03", "0x03", Grade.WARNING, "mmcblk0: 20 to 30 % worn, 90 % of its spare blocks used"),
        ("0x00 0x00", "0x00", Grade.OK, "mmcblk0: not told by this card"),
        ("nonsense", "", Grade.OK, "mmcblk0: not told by this card"),
    ],
)
def test_wear_is_told_where_the_card_tells_it(
    tmp_path: Path, life: str, spares: str, status: Grade, words: str
) -> None:
    put(tmp_path, "/sys/block/mmcblk0/device/life_time", f"{life}\n")
    put(tmp_path, "/sys/block/mmcblk0/device/pre_eol_info", f"{spares}\n")
    put(tmp_path, "/sys/block/mmcblk0boot0/size")
    finding = machine.check_wear(Config(), machine_at(tmp_path))

    assert (finding.status, finding.found) == (status, words)


def test_every_card_is_named_and_no_card_is_well(tmp_path: Path) -> None:
    assert machine.check_wear(Config(), machine_at(tmp_path)) == ok("no card and no eMMC in this machine")
    put(tmp_path, "/sys/block/mmcblk0/device/type", "SD\n")
    put(tmp_path, "/sys/block/mmcblk1/device/life_time", "0x0b 0x01\n")
    finding = machine.check_wear(Config(), machine_at(tmp_path))

    assert (finding.status, finding.found) == (Grade.WARNING, "mmcblk0: not told by this card; mmcblk1: worn out")
    assert "journal backup" in finding.advice


def journal_at(path: Path) -> Config:
    return config_with(journal=JournalSettings(path=str(path)))


def test_writable_folder_with_room_is_ok_and_left_clean(tmp_path: Path) -> None:
    assert machine.check_disk(journal_at(tmp_path / "j.db"), System()).status is Grade.OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("limit", "status"), [("MIN_FREE_BYTES", Grade.FAILED), ("COMFORTABLE_BYTES", Grade.WARNING)])
def test_too_little_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, status: Grade) -> None:
    monkeypatch.setattr(machine, limit, 1 << 60)

    assert machine.check_disk(journal_at(tmp_path / "j.db"), System()).status is status


def test_missing_folder_says_how_to_make_it(tmp_path: Path) -> None:
    finding = machine.check_disk(journal_at(tmp_path / "none" / "j.db"), System())

    assert (finding.status, finding.found) == (Grade.FAILED, f"{tmp_path / 'none'} does not exist")


def test_folder_that_takes_no_files_is_told() -> None:
    finding = machine.check_disk(journal_at(Path("/proc/j.db")), System())

    assert finding.status is Grade.FAILED
    assert finding.found.startswith("/proc ")


def a_sale(number: int, state: State) -> Sale:
    return Sale(number=number, reference=f"T1-{number}", register_id=str(number), amount_kr=1, created="", state=state)


def written_journal(path: Path, *states: State) -> Path:
    journal = JournalFile(path, lambda: "2026-11-23T14:00:00Z")
    journal.open()
    for number, state in enumerate(states, 1):
        journal.append(Record("test", a_sale(number, state)))
    journal.close()
    return path


def test_journal_not_yet_made_is_ok(tmp_path: Path) -> None:
    assert machine.check_journal(journal_at(tmp_path / "j.db"), System()).status is Grade.OK
    assert list(tmp_path.iterdir()) == []


def test_sound_journal_is_ok(tmp_path: Path) -> None:
    path = written_journal(tmp_path / "j.db", State.CLOSED, State.CLOSED)

    assert machine.check_journal(journal_at(path), System()) == ok("2 sales, undamaged")


def test_journal_in_use_by_the_terminal_is_ok(tmp_path: Path) -> None:
    path = written_journal(tmp_path / "j.db", State.CLOSED)
    running = JournalFile(path, lambda: "")
    running.open()
    try:
        assert machine.check_journal(journal_at(path), System()).status is Grade.OK
    finally:
        running.close()


def test_open_sales_are_told(tmp_path: Path) -> None:
    path = written_journal(tmp_path / "j.db", State.CLOSED, State.CAPTURE)
    finding = machine.check_journal(journal_at(path), System())

    assert (finding.status, finding.found) == (Grade.WARNING, "2 sales, 1 still open")


def test_a_repair_that_lost_something_is_told(tmp_path: Path) -> None:
    path = written_journal(tmp_path / "j.db", State.CLOSED)
    shutil.rmtree(tmp_path / "j.db.mirror")
    path.write_bytes(b"damaged")
    with JournalFile(path, lambda: "2026-11-23T15:00:00Z") as journal:
        journal.open()
    finding = machine.check_journal(journal_at(path), System())

    assert finding.status is Grade.WARNING
    assert "perhaps the last records before the damage" in finding.found


def test_file_that_is_no_journal_fails(tmp_path: Path) -> None:
    path = put(tmp_path, "j.db", "this is no database " * 100)

    assert machine.check_journal(journal_at(path), System()).status is Grade.FAILED


def test_damaged_journal_fails(tmp_path: Path) -> None:
    path = written_journal(tmp_path / "j.db", *[State.CLOSED] * 200)
    with sqlite3.connect(path) as db:
        page_bytes = db.execute("PRAGMA page_size").fetchone()[0]
        index_page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sales_by_register_id'").fetchone()[0]
    db.close()
    with path.open("r+b") as file:
        file.seek((index_page - 1) * page_bytes + page_bytes // 2)
        file.write(b"\xff" * (page_bytes // 4))

    assert machine.check_journal(journal_at(path), System()).status is Grade.FAILED


def test_journal_too_large_to_look_through_in_time_is_only_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written_journal(tmp_path / "j.db", *[State.CLOSED] * 300)
    monkeypatch.setattr(machine, "QUICK_CHECK_S", -1.0)

    assert machine.check_journal(journal_at(path), System()).status is Grade.WARNING


def test_synchronised_clock_is_ok_whoever_says_so(tmp_path: Path) -> None:
    assert machine.check_clock(Config(), machine_at(tmp_path)).status is Grade.OK
    put(tmp_path, "/run/systemd/timesync/synchronized")
    assert machine.check_clock(Config(), machine_at(tmp_path, clock_is_synchronised=lambda: False)).status is Grade.OK


@pytest.mark.parametrize(("answer", "words"), [(False, "not synchronised"), (None, "cannot tell")])
def test_clock_that_is_not_or_perhaps_not_synchronised_is_warned_of(
    tmp_path: Path, answer: bool | None, words: str
) -> None:
    finding = machine.check_clock(Config(), machine_at(tmp_path, clock_is_synchronised=lambda: answer))

    assert finding.status is Grade.WARNING
    assert words in finding.found


def test_clock_in_the_past_fails_because_of_certificates(tmp_path: Path) -> None:
    finding = machine.check_clock(Config(), machine_at(tmp_path, now=lambda: 0.0))

    assert finding.status is Grade.FAILED
    assert finding.found.startswith("it stands at 1970-01-01")


def test_the_kernel_is_asked_without_harm() -> None:
    assert kernel_clock_is_synchronised() in (True, False, None)


PI_4, PI_5 = (f"/sys/devices/platform/{soc}/{soc}:firmware/get_throttled" for soc in ("soc", "soc@107c000000"))


@pytest.mark.parametrize("path", [PI_4, PI_5])
@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [
        ("0", Grade.OK, "sufficient"),
        ("50005", Grade.WARNING, "too low (now)"),
        ("50000", Grade.WARNING, "too low (since it was started)"),
        ("2", Grade.WARNING, "too hot: the processor is or was slowed down (now)"),
        ("4", Grade.WARNING, "too hot: the processor is or was slowed down (now)"),
        ("8", Grade.WARNING, "too hot: the processor is or was slowed down (now)"),
        ("e0000", Grade.WARNING, "too hot: the processor is or was slowed down (since it was started)"),
    ],
)
def test_under_voltage_and_heat_are_told(tmp_path: Path, path: str, flags: str, status: Grade, words: str) -> None:
    put(tmp_path, path, f"{flags}\n")
    finding = machine.check_power(Config(), machine_at(tmp_path))

    assert finding.status is status
    assert words in finding.found


@pytest.mark.parametrize(
    ("flags", "words"),
    [("0", ""), ("50000", ""), ("2", ""), ("8", ""), ("1", "voltage is too low"), ("4", "slowed down by heat")],
)
def test_hard_work_waits_only_for_what_is_wrong_now(tmp_path: Path, flags: str, words: str) -> None:
    assert machine.power_trouble_now(machine_at(tmp_path)) == ""
    put(tmp_path, PI_4, flags)

    assert (
        (words in machine.power_trouble_now(machine_at(tmp_path)))
        if words
        else not machine.power_trouble_now(machine_at(tmp_path))
    )


@pytest.mark.parametrize(("alarm", "status"), [("0", Grade.OK), ("1", Grade.WARNING)])
def test_a_kernel_without_the_pis_flags_tells_under_voltage_by_its_sensor(
    tmp_path: Path, alarm: str, status: Grade
) -> None:
    for number, (name, value) in enumerate([("nvme", "1"), ("rpi_volt", alarm)]):
        put(tmp_path, f"/sys/class/hwmon/hwmon{number}/name", f"{name}\n")
        put(tmp_path, f"/sys/class/hwmon/hwmon{number}/in0_lcrit_alarm", f"{value}\n")

    assert machine.check_power(Config(), machine_at(tmp_path)).status is status


@pytest.mark.parametrize("flags", [None, "", "?"])
def test_a_pi_that_tells_nothing_of_its_supply_is_not_called_well(tmp_path: Path, flags: str | None) -> None:
    assert machine.check_power(Config(), machine_at(tmp_path)).status is Grade.OK, "not a Pi"
    put(tmp_path, "/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    if flags is not None:
        put(tmp_path, PI_5, flags)
    finding = machine.check_power(Config(), machine_at(tmp_path))

    assert (finding.status, finding.found[:11]) == (Grade.WARNING, "cannot tell")
