"""The doctor on machines that have what is looked for, and on machines that do not."""

from __future__ import annotations

import asyncio
import datetime
import errno
import importlib.util
import json
import os
import pty
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import serial

from hardware.settings import DisplaySettings, KeypadSettings, PrinterSettings, ScannerSettings, SignalSettings
from terminal import doctor
from terminal.config.schema import Config, JournalSettings, NetgiroSettings, ShopSettings, read_config
from terminal.daemon.daemon import warn_of_login_console
from terminal.doctor import CHECKS, Check, Result, devices, machine, report_json, report_lines, run_doctor
from terminal.doctor import service as service_checks
from terminal.doctor import settings as settings_checks
from terminal.doctor.status import Wear
from terminal.doctor.system import Finding, Grade, System, i2c_scan, ok
from terminal.journal.thread import JournalFile
from terminal.netgiro.sandbox import build_sandbox, create_app
from terminal.register.settings import RegisterSettings
from terminal.sale.gateway import CaptureMode
from terminal.sale.record import Record
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.system.clock import kernel_clock_is_synchronised
from tests.patience import at_most

# Netgíró's public sandbox key pair.
APPLICATION_ID = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
SECRET = (
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf"
    "/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
)
TODAY = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC).timestamp()


def config_with(**sections: Any) -> Config:
    return msgspec.structs.replace(Config(), **sections)


def machine_at(root: Path, **changed: Any) -> System:
    """A machine whose /dev, /proc, /run and /sys are folders of a test."""
    defaults: dict[str, Any] = {
        "now": lambda: TODAY,
        "clock_is_synchronised": lambda: True,
        "user_id": lambda: 1000,
        "wear": lambda _config: None,
    }
    return System(root=root, **(defaults | changed))


def put(root: Path, path: str, text: str = "") -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def nobody_may(_path: Path, _access: int) -> bool:
    return False


# --- the report -------------------------------------------------------------------------------------------------------


def unfit(_config: Config, _system: System) -> Finding:
    return Finding(Grade.FAILED, "broken", "mend it")


def fit(_config: Config, _system: System) -> Finding:
    return ok("fine")


def crash(_config: Config, _system: System) -> Finding:
    raise KeyError("x")


def test_results_come_in_the_order_of_the_checks_whatever_becomes_of_each() -> None:
    checks = [Check("a", None, unfit), Check("b", None, crash), Check("c", None, fit)]

    assert run_doctor(Config(), checks=checks) == [
        Result("a", Grade.FAILED, "broken", "mend it"),
        Result("b", Grade.FAILED, "the check itself failed: KeyError: 'x'", "please report this"),
        Result("c", Grade.OK, "fine", ""),
    ]


def test_a_check_that_hangs_does_not_hold_up_the_others() -> None:
    released = threading.Event()

    def hang(_config: Config, _system: System) -> Finding:
        released.wait()
        return ok("too late")

    stuck, fine = run_doctor(Config(), checks=[Check("a", None, hang), Check("b", None, fit)], deadline_s=0.05)
    released.set()

    assert (stuck.status, stuck.found) == (Grade.FAILED, "no answer within 0.05 s")
    assert fine.status is Grade.OK


def test_problems_of_the_configuration_are_a_finding_and_spare_what_they_describe(tmp_path: Path) -> None:
    path = put(tmp_path, "config.toml", "[printer]\nport = 0\n[keypad]\ndriver = 'simulated'\n")
    config, problems = read_config(path, {})
    checks = [Check(name, name, fit) for name in ("keypad", "printer")]

    results = run_doctor(config, problems, checks=[Check("configuration", None, fit), *checks])

    assert [(result.name, result.status) for result in results] == [
        ("configuration", Grade.FAILED),
        ("keypad", Grade.OK),
        ("printer", Grade.WARNING),
    ]
    assert "printer.port: 0 is not allowed" in results[0].found
    assert results[2].advice == "mend [printer] in the configuration first"


def test_an_unreadable_configuration_spares_everything_it_would_describe(tmp_path: Path) -> None:
    config, problems = read_config(put(tmp_path, "config.toml", "["), {})

    results = run_doctor(config, problems, checks=[Check("keypad", "keypad", unfit), Check("clock", None, fit)])

    assert [result.status for result in results] == [Grade.WARNING, Grade.OK]


def test_every_section_named_by_a_check_exists() -> None:
    assert {check.section for check in CHECKS} - {None} <= set(Config.__struct_fields__)


RESULTS = [Result("disk", Grade.OK, "1 MiB", ""), Result("clock", Grade.WARNING, "13:37", "set it")]


def test_text_report_has_a_line_a_check() -> None:
    assert report_lines(RESULTS) == ["ok       disk: 1 MiB", "warning  clock: 13:37 -> set it"]


def test_json_report_is_a_list() -> None:
    assert json.loads(report_json(RESULTS)) == [
        {"name": "disk", "status": "ok", "found": "1 MiB", "advice": ""},
        {"name": "clock", "status": "warning", "found": "13:37", "advice": "set it"},
    ]
    assert json.loads(report_json([])) == []


def test_examine_prints_a_report_of_a_file_and_fails_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "run_doctor", lambda *_: RESULTS)
    assert doctor.examine(tmp_path / "config.toml") == 0
    monkeypatch.setattr(doctor, "run_doctor", lambda *_: [Result("disk", Grade.FAILED, "full", "make room")])
    assert doctor.examine(tmp_path / "config.toml", as_json=True) == 1

    text, _, as_json = capsys.readouterr().out.partition("[")
    assert text.splitlines() == report_lines(RESULTS)
    assert json.loads("[" + as_json)[0]["name"] == "disk"


def test_the_secret_is_in_no_report() -> None:
    config = config_with(
        netgiro=NetgiroSettings(
            base_url="http://127.0.0.1:1/v1", application_id=APPLICATION_ID, secret_key=Sensitive(SECRET)
        )
    )

    assert SECRET not in report_json(run_doctor(config))


# --- settings ---------------------------------------------------------------------------------------------------------

COMPLETE = config_with(
    netgiro=NetgiroSettings(application_id=APPLICATION_ID, secret_key=Sensitive(SECRET)),
    register=RegisterSettings(port="/dev/serial0"),
    printer=PrinterSettings(driver="none"),
    shop=ShopSettings(name="Búðin", kennitala="450401-3150"),
    secret_from="the environment variable NETGIRO_SECRET_KEY",
)


def test_complete_configuration_is_ok_and_says_whether_money_is_real(tmp_path: Path) -> None:
    netgiro = msgspec.structs.replace(COMPLETE.netgiro, base_url="https://api.netgiro.is/v1")
    in_production = msgspec.structs.replace(COMPLETE, netgiro=netgiro)

    assert [
        settings_checks.check_configuration(config, machine_at(tmp_path)) for config in (COMPLETE, in_production)
    ] == [ok("defaults, api.test.netgiro.is: no real money"), ok("defaults, api.netgiro.is: real money")]


def test_what_the_shop_must_fill_in_fails(tmp_path: Path) -> None:
    finding = settings_checks.check_configuration(Config(), machine_at(tmp_path))

    assert finding.status is Grade.FAILED
    assert "register.port" in finding.found


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"shop": ShopSettings()}, "shop.name"),
        ({"shop": ShopSettings(name="Búðin", kennitala="4504013151")}, "shop.kennitala"),
        ({"netgiro": {"confirmation": CaptureMode.AUTOMATIC}}, "netgiro.confirmation"),
        ({"netgiro": {"check_response_signature": "off"}}, "netgiro.check_response_signature"),
    ],
)
def test_doubtful_choices_are_warned_of(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    if isinstance(netgiro := changed.get("netgiro"), dict):
        changed = {"netgiro": msgspec.structs.replace(COMPLETE.netgiro, **netgiro)}
    finding = settings_checks.check_configuration(msgspec.structs.replace(COMPLETE, **changed), machine_at(tmp_path))

    assert finding.status is Grade.WARNING
    assert finding.found.startswith(key)


def test_root_is_warned_that_permissions_were_not_tried(tmp_path: Path) -> None:
    assert settings_checks.check_user(Config(), machine_at(tmp_path)).status is Grade.OK
    assert settings_checks.check_user(Config(), machine_at(tmp_path, user_id=lambda: 0)).status is Grade.WARNING


@pytest.mark.parametrize(("mode", "status"), [(0o600, Grade.OK), (0o644, Grade.WARNING), (0o640, Grade.WARNING)])
def test_a_secret_in_a_file_for_everybody_is_warned_of(tmp_path: Path, mode: int, status: Grade) -> None:
    path = put(tmp_path, "config.toml", f"[netgiro]\nsecret_key = '{SECRET}'")
    path.chmod(mode)

    assert settings_checks.check_secret_key(read_config(path, {})[0], machine_at(tmp_path)).status is status


def test_a_secret_elsewhere_is_ok_and_none_fails(tmp_path: Path) -> None:
    assert settings_checks.check_secret_key(COMPLETE, machine_at(tmp_path)).status is Grade.OK
    assert settings_checks.check_secret_key(Config(), machine_at(tmp_path)).status is Grade.FAILED


@pytest.mark.parametrize(
    ("folder", "setting"),
    [("/etc/credstore", " LoadCredential="), ("/etc/credstore.encrypted", " LoadCredentialEncrypted=")],
)
def test_a_credential_that_only_the_service_sees_is_not_called_missing(
    tmp_path: Path, folder: str, setting: str
) -> None:
    put(tmp_path, f"{folder}/netgiro-secret-key")
    finding = settings_checks.check_secret_key(Config(), machine_at(tmp_path))

    assert finding.status is Grade.WARNING
    assert f"{setting}netgiro-secret-key:{folder}/netgiro-secret-key " in finding.advice
    unseen = settings_checks.check_secret_key(Config(), machine_at(tmp_path, may_use=nobody_may))
    assert (unseen.status, unseen.advice) == (Grade.WARNING, "try again with sudo")


# --- disk, journal, clock, power --------------------------------------------------------------------------------------


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

    assert (finding.status, finding.found) == (
        Grade.WARNING,
        "mmcblk0: not told by this card; mmcblk1: worn out",
    )
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


# --- devices ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def line() -> Iterator[str]:
    """A serial line: the path of a pseudo-terminal."""
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def register_on(port: str) -> Config:
    return config_with(register=RegisterSettings(port=port))


def test_free_port_is_ok(line: str) -> None:
    assert devices.check_register_port(register_on(line), System()) == ok(f"{line} opens and is free")


def test_port_that_is_locked_is_told_with_its_holder(line: str) -> None:
    program = (
        "import sys, serial; port = serial.Serial(sys.argv[1], exclusive=True); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, line], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        finding = devices.check_register_port(register_on(line), System())
        other.stdin.close()

    assert finding.status is Grade.WARNING
    assert finding.found == f"{line} is in use by process {other.pid}"


def test_port_that_the_terminal_itself_holds_is_well(line: str) -> None:
    with serial.Serial(line, exclusive=True):
        finding = devices.check_register_port(register_on(line), System())

    assert finding == ok(f"{line} is in use by this terminal")


def test_missing_port_tells_what_is_plugged_in(tmp_path: Path) -> None:
    put(tmp_path, "/dev/serial/by-id/usb-FTDI-if00")
    finding = devices.check_register_port(register_on("/dev/ttyUSB9"), machine_at(tmp_path))

    assert (finding.status, finding.found) == (Grade.FAILED, "/dev/ttyUSB9 does not exist")
    assert finding.advice.endswith("; plugged in now: /dev/serial/by-id/usb-FTDI-if00")


def test_adapters_without_a_name_of_their_own_are_told_by_their_socket(tmp_path: Path) -> None:
    for port, names in {"ttyUSB0": ["by-id/usb-1a86-if00", "by-path/0:1.1"], "ttyUSB1": ["by-path/0:1.2"]}.items():
        put(tmp_path, f"/dev/{port}")
        for name in names:
            put(tmp_path, f"/dev/serial/{name}").unlink()
            (tmp_path / "dev/serial" / name).symlink_to(tmp_path / "dev" / port)
    finding = devices.check_register_port(Config(), machine_at(tmp_path))

    assert finding.advice.endswith("plugged in now: /dev/serial/by-id/usb-1a86-if00, /dev/serial/by-path/0:1.2")


def test_port_not_named_fails(tmp_path: Path) -> None:
    assert devices.check_register_port(Config(), machine_at(tmp_path)).found == "register.port is empty"


def test_port_without_permission_names_the_group(line: str) -> None:
    finding = devices.check_register_port(register_on(line), System(may_use=nobody_may))

    assert "usermod -aG dialout" in finding.advice


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (RegisterSettings(protocol="concert"), 'bytesize = 7, parity = "E"'),
        (RegisterSettings(protocol="concert", bytesize=7, parity="E"), ""),
        (RegisterSettings(protocol="zvt"), "stopbits = 2"),
        (RegisterSettings(protocol="zvt", stopbits=2), ""),
        (RegisterSettings(protocol="display"), ""),
    ],
)
def test_the_usual_line_of_a_protocol_is_told_and_is_no_fault(line: str, settings: RegisterSettings, hint: str) -> None:
    config = config_with(register=msgspec.structs.replace(settings, port=line))
    finding = devices.check_register_port(config, System())

    assert finding.status is Grade.OK
    assert finding.found.startswith(f"{line} opens and is free")
    assert hint in finding.found
    assert (finding.found == f"{line} opens and is free") is (hint == "")


@pytest.mark.parametrize(("damaged_bytes", "status"), [(0, Grade.OK), (17, Grade.WARNING)])
def test_bytes_that_came_damaged_are_told(line: str, damaged_bytes: int, status: Grade) -> None:
    system = System(wear=lambda _config: Wear(damaged_bytes=damaged_bytes))
    finding = devices.check_register_port(register_on(line), system)

    assert finding.status is status
    assert ("17 bytes came damaged" in finding.found) is (status is Grade.WARNING)


def test_plain_file_is_no_serial_line(tmp_path: Path) -> None:
    finding = devices.check_register_port(register_on(str(put(tmp_path, "tty"))), System())

    assert (finding.status, finding.found) == (Grade.FAILED, f"{tmp_path / 'tty'} is no serial line")


@pytest.mark.parametrize(
    ("port", "status"),
    [("/dev/serial0", Grade.FAILED), ("/dev/ttyAMA0", Grade.FAILED), ("/dev/ttyAMA1", Grade.OK)],
)
def test_kernel_console_on_the_registers_line_fails(tmp_path: Path, port: str, status: Grade) -> None:
    put(tmp_path, "/proc/cmdline", "console=ttyAMA0,115200 console=tty1 root=/dev/mmcblk0p2")
    put(tmp_path, "/dev/ttyAMA0")
    (tmp_path / "dev/serial0").symlink_to("ttyAMA0")

    assert devices.check_login_console(register_on(port), machine_at(tmp_path)).status is status


@pytest.mark.parametrize("folder", devices.GETTY_FOLDERS)
def test_login_prompt_on_the_registers_line_fails(tmp_path: Path, folder: str) -> None:
    put(tmp_path, "/dev/ttyS0")
    wants = tmp_path / folder.lstrip("/")
    wants.mkdir(parents=True)
    (wants / "serial-getty@ttyS0.service").symlink_to("/lib/systemd/system/serial-getty@.service")

    assert devices.check_login_console(register_on("/dev/ttyS0"), machine_at(tmp_path)).status is Grade.FAILED
    assert devices.check_login_console(register_on("/dev/ttyS1"), machine_at(tmp_path)).status is Grade.OK
    assert devices.check_login_console(Config(), machine_at(tmp_path)).status is Grade.OK


def test_the_terminal_itself_warns_of_a_console_when_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "/proc/cmdline", "console=ttyAMA0,115200")
    monkeypatch.setattr("terminal.doctor.system.System", lambda: machine_at(tmp_path))
    warn_of_login_console(register_on("/dev/ttyAMA1"))
    assert caplog.text == ""
    warn_of_login_console(register_on("/dev/ttyAMA0"))
    assert "the kernel's console is on /dev/ttyAMA0" in caplog.text


def has_library(name: str) -> Callable[[str], object | None]:
    return lambda wanted: object() if wanted == name else None


@pytest.fixture
def with_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", has_library("lgpio"))


@pytest.mark.usefixtures("with_lgpio")
def test_keypad_needs_a_chip_that_may_be_used(tmp_path: Path) -> None:
    without = devices.check_keypad(Config(), machine_at(tmp_path))
    put(tmp_path, "/dev/gpiochip0")
    forbidden = devices.check_keypad(Config(), machine_at(tmp_path, may_use=nobody_may))

    found = devices.check_keypad(Config(), machine_at(tmp_path))
    assert found == ok("pins by /dev/gpiochip0; to try its keys: key D, keypad test")
    assert (without.status, without.found) == (Grade.FAILED, "no /dev/gpiochip*")
    assert "usermod -aG gpio" in forbidden.advice


def test_keypad_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", has_library("none"))
    put(tmp_path, "/dev/gpiochip0")

    assert "lgpio" in devices.check_keypad(Config(), machine_at(tmp_path)).found


def test_scanner_is_looked_for_where_it_is(tmp_path: Path) -> None:
    scanner = config_with(scanner=ScannerSettings(driver="evdev", device="/dev/input/scanner"))
    assert devices.check_scanner(scanner, machine_at(tmp_path)).status is Grade.FAILED
    put(tmp_path, "dev/input/scanner")
    assert devices.check_scanner(scanner, machine_at(tmp_path)).status is Grade.OK
    serial = config_with(scanner=ScannerSettings(driver="serial", device="/dev/ttyACM0"))
    assert devices.check_scanner(serial, machine_at(tmp_path)).status is Grade.FAILED
    assert devices.check_scanner(Config(), machine_at(tmp_path)) == ok("none")


@pytest.mark.usefixtures("with_lgpio")
def test_lamp_and_buzzer_need_a_chip_only_if_they_are_wired(tmp_path: Path) -> None:
    wired = config_with(signals=SignalSettings(driver="gpio"))
    assert "gpiochip" in devices.check_signals(wired, machine_at(tmp_path)).found
    put(tmp_path, "dev/gpiochip0")
    assert devices.check_signals(wired, machine_at(tmp_path)) == ok("pins by /dev/gpiochip0")
    assert devices.check_signals(Config(), machine_at(tmp_path)) == ok("none")


def test_other_keypads_are_looked_for_where_they_are(tmp_path: Path) -> None:
    pad = config_with(keypad=KeypadSettings(driver="evdev", device="/dev/input/event0"))
    missing = devices.check_keypad(pad, machine_at(tmp_path))
    put(tmp_path, "/dev/input/event0")

    assert missing.status is Grade.FAILED
    assert devices.check_keypad(pad, machine_at(tmp_path)).status is Grade.OK
    assert devices.check_keypad(config_with(keypad=KeypadSettings(driver="simulated")), machine_at(tmp_path)).found == (
        "simulated"
    )


@pytest.mark.parametrize(
    ("settings", "node", "bus"),
    [
        (DisplaySettings(i2c_port=3), "/dev/i2c-3", "I2C"),
        (DisplaySettings(interface="spi"), "/dev/spidev0.0", "SPI"),
    ],
)
def test_display_needs_its_bus(tmp_path: Path, settings: DisplaySettings, node: str, bus: str) -> None:
    config = config_with(display=settings)
    missing = devices.check_display(config, machine_at(tmp_path))
    put(tmp_path, node)
    forbidden = devices.check_display(config, machine_at(tmp_path, may_use=nobody_may))

    assert missing.advice == f"switch {bus} on: sudo raspi-config, Interface Options"
    assert f"usermod -aG {bus.lower()}" in forbidden.advice
    present = devices.check_display(config, machine_at(tmp_path, i2c_scan=lambda _port: [0x3C]))
    assert present.status is Grade.OK


@pytest.mark.parametrize(
    ("there", "status", "found", "advice"),
    [
        ([0x3C, 0x68], Grade.OK, "something is at 0x3c; on I2C bus 1 answer: 0x3c, 0x68", ""),
        ([0x3D], Grade.FAILED, "nothing is at 0x3c; on I2C bus 1 answer: 0x3d", "set display.i2c_address = 0x3d"),
        ([0x50], Grade.FAILED, "nothing is at 0x3c; on I2C bus 1 answer: 0x50", "check its four wires"),
        ([], Grade.FAILED, "nothing is at 0x3c; on I2C bus 1 answer: none", "check its four wires"),
    ],
)
def test_display_is_looked_for_among_all_that_answer_on_its_bus(
    tmp_path: Path, there: list[int], status: Grade, found: str, advice: str
) -> None:
    put(tmp_path, "/dev/i2c-1")
    system = machine_at(tmp_path, i2c_scan={1: there}.__getitem__)
    finding = devices.check_display(config_with(display=DisplaySettings(driver="ssd1306")), system)

    assert (finding.status, finding.found) == (status, found)
    assert finding.advice.startswith(advice)


@pytest.mark.parametrize(
    ("wear", "status", "words"),
    [
        (Wear(display_lit_h=311.62), Grade.OK, "simulated; lit for 311.6 h since the terminal was started"),
        (Wear(display_lost=3), Grade.WARNING, "simulated; lit for 0.0 h since the terminal was started, lost 3 times"),
    ],
)
def test_what_the_running_terminals_display_has_been_through_is_told(
    tmp_path: Path, wear: Wear, status: Grade, words: str
) -> None:
    config = config_with(display=DisplaySettings(driver="simulated"))
    finding = devices.check_display(config, machine_at(tmp_path, wear=lambda _config: wear))

    assert (finding.status, finding.found) == (status, words)


class Bus:
    """smbus2.SMBus over these chips; an address that holds an error raises it."""

    def __init__(self, chips: dict[int, int | None]) -> None:
        self._chips = chips
        self.asked: list[int] = []

    def __call__(self, _port: int) -> Bus:
        return self

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def read_byte(self, address: int) -> int:
        self.asked.append(address)
        if (number := self._chips.get(address, errno.EREMOTEIO)) is not None:
            raise OSError(number, os.strerror(number))
        return 0


def test_the_bus_is_read_as_i2cdetect_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus({0x3C: None, 0x68: errno.EBUSY})
    monkeypatch.setattr("smbus2.SMBus", bus)

    assert i2c_scan(1) == [0x3C, 0x68], "what a driver of the kernel has is there, too"
    assert bus.asked == list(range(0x08, 0x78))


def test_a_bus_that_hangs_is_told_and_not_waited_for_at_each_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "/dev/i2c-1")
    bus = Bus({0x08: errno.ETIMEDOUT})
    monkeypatch.setattr("smbus2.SMBus", bus)
    finding = devices.check_display(config_with(display=DisplaySettings(driver="ssd1306")), machine_at(tmp_path))

    assert finding.found == "I2C bus 1: connection timed out"
    assert finding.advice.startswith("check SDA and SCL")
    assert bus.asked == [0x08]


def test_bus_that_is_not_there_cannot_be_scanned() -> None:
    with pytest.raises(FileNotFoundError):
        i2c_scan(250)


def test_no_display_is_ok(tmp_path: Path) -> None:
    assert devices.check_display(config_with(display=DisplaySettings(driver="none")), machine_at(tmp_path)) == ok(
        "none"
    )


# --- network ----------------------------------------------------------------------------------------------------------

# A certificate for localhost that nobody has reason to trust, with its key.
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJaRJmjde672vQEmG
iDWz7eNYgim77cyM+Uhxp+IsAWyhRANCAAQYias8qBLS9cMROAMpRhj+FJo68S1Z
Dw5648KV87zoAeoeA4+hkaBl54YyT/d6bCLAMb2mS10QsuLAUMkTPWyZ
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUR9wnBRS8FYgrhMbf9oydOp8m00kwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE0NTI0M1oYDzIxMjYxMDMw
MTQ1MjQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQYias8qBLS9cMROAMpRhj+FJo68S1ZDw5648KV87zoAeoeA4+hkaBl
54YyT/d6bCLAMb2mS10QsuLAUMkTPWyZo28wbTAdBgNVHQ4EFgQUrh/pPQuqpO8/
qeqs9nFmIjDk86owHwYDVR0jBBgwFoAUrh/pPQuqpO8/qeqs9nFmIjDk86owDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAN6TKaMpisF6Hd/2j+csta1VKq5dkG1lxL1FpA+n458+AiEA
mAhvBH9EMrmMPeLopIEsLYq/OuG47q15LaeH9d3TmSs=
-----END CERTIFICATE-----
"""


@contextmanager
def serving(answer: bytes, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server for one caller; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    talk = tls.wrap_socket(connection, server_side=True) if tls else connection
                    talk.recv(4096)
                    talk.sendall(answer)
                    talk.recv(4096)
                except OSError:
                    return  # the caller did not like what it saw, which is what is tested

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=at_most(10))


def netgiro_at(base_url: str, **more: Any) -> Config:
    return config_with(netgiro=NetgiroSettings(base_url=base_url, connect_timeout_s=2, read_timeout_s=2, **more))


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found", b"500 Oops", b"302 Found"])
def test_any_http_answer_is_reachable(status: bytes) -> None:
    with serving(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as port:
        finding = service_checks.check_network(netgiro_at(f"http://127.0.0.1:{port}/v1"), System())

    assert finding == ok(f"http://127.0.0.1:{port}/v1 answers (HTTP {status[:3].decode()})")


def test_certificate_that_is_not_accepted_is_told_with_the_clock(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(put(tmp_path, "self-signed.pem", SELF_SIGNED))
    with serving(b"", tls) as port:
        finding = service_checks.check_network(netgiro_at(f"https://127.0.0.1:{port}/v1"), System())

    assert finding.status is Grade.FAILED
    assert finding.found.startswith("the certificate of 127.0.0.1 is not accepted: ")
    assert "clock" in finding.advice


def test_server_without_tls_is_told() -> None:
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        finding = service_checks.check_network(netgiro_at(f"https://127.0.0.1:{port}/v1"), System())

    assert finding.found.startswith("no TLS with 127.0.0.1")


def test_nobody_listening_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert service_checks.check_network(netgiro_at(f"http://127.0.0.1:{port}/v1"), System()).found == (
        "127.0.0.1 refuses the connection"
    )


def failing_with(error: Exception) -> System:
    def handle(_request: httpx.Request) -> httpx.Response:
        raise error

    return System(transport=httpx.MockTransport(handle))


def caused_by(cause: OSError) -> httpx.ConnectError:
    error = httpx.ConnectError("failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (caused_by(socket.gaierror(-2, "Name or service not known")), "the name api.test.netgiro.is is not found"),
        (caused_by(OSError("Multiple exceptions")), "api.test.netgiro.is: ConnectError: failed"),
        (httpx.ConnectTimeout("slow"), "does not answer in time"),
        (httpx.ReadTimeout("slow"), "does not answer in time"),
        (httpx.RemoteProtocolError("nonsense"), "RemoteProtocolError: nonsense"),
    ],
)
def test_other_failures_are_told_in_words(error: Exception, words: str) -> None:
    finding = service_checks.check_network(Config(), failing_with(error))

    assert finding.status is Grade.FAILED
    assert words in finding.found


# --- credentials ------------------------------------------------------------------------------------------------------


def asking_the_sandbox(**credentials: Any) -> Finding:
    sandbox = build_sandbox(APPLICATION_ID, SECRET)
    given = {"application_id": APPLICATION_ID, "secret_key": Sensitive(SECRET)} | credentials
    config = netgiro_at("http://127.0.0.1/v1", **given)
    finding = service_checks.check_credentials(config, System(transport=httpx.ASGITransport(create_app(sandbox))))
    asyncio.run(sandbox.aclose())
    return finding


def test_right_credentials_are_ok() -> None:
    assert asking_the_sandbox() == ok("Netgíró takes signed calls")


def asking_v2(**credentials: Any) -> Finding:
    sandbox = build_sandbox(APPLICATION_ID, SECRET)
    given = {"application_id": APPLICATION_ID, "secret_key": Sensitive("")} | credentials
    config = netgiro_at("http://127.0.0.1/v2", api="v2", **given)
    finding = service_checks.check_credentials(config, System(transport=httpx.ASGITransport(create_app(sandbox))))
    asyncio.run(sandbox.aclose())
    return finding


def test_with_v2_the_application_id_is_all_that_is_needed_wherever_it_is_kept() -> None:
    assert asking_v2().status is Grade.OK
    assert asking_v2(application_id="", secret_key=Sensitive(APPLICATION_ID)).status is Grade.OK
    assert asking_v2(application_id="wrong").found == "Netgíró does not accept them"
    assert asking_v2(application_id="").status is Grade.WARNING


def test_wrong_application_id_fails() -> None:
    finding = asking_the_sandbox(application_id="wrong")

    assert (finding.status, finding.found) == (Grade.FAILED, "Netgíró does not accept them")


def test_wrong_secret_key_is_never_ok() -> None:
    finding = asking_the_sandbox(secret_key=Sensitive("wrong"))

    assert finding.status is not Grade.OK
    assert "compare application ID and secret key" in finding.advice


@pytest.mark.parametrize("missing", [{"application_id": ""}, {"secret_key": Sensitive("")}], ids=str)
def test_missing_credentials_are_not_judged(missing: dict[str, Any]) -> None:
    finding = asking_the_sandbox(**missing)

    assert (finding.status, finding.found[:19]) == (Grade.WARNING, "could not be tried ")


def test_without_a_connection_credentials_are_not_judged() -> None:
    config = netgiro_at("http://127.0.0.1/v1", application_id="a", secret_key=Sensitive("b"))
    finding = service_checks.check_credentials(config, failing_with(httpx.ConnectError("down")))

    assert (finding.status, finding.advice) == (Grade.WARNING, "see the network check")


def test_an_unreadable_answer_does_not_judge_credentials() -> None:
    config = netgiro_at("http://127.0.0.1/v1", application_id="a", secret_key=Sensitive("b"))
    system = System(transport=httpx.MockTransport(lambda _request: httpx.Response(502)))

    assert service_checks.check_credentials(config, system).status is Grade.WARNING
