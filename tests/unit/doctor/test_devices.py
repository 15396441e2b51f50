"""The doctor looks for the devices: the register's line, keypad, scanner, lamp, display."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
import serial

from hardware.settings import DisplaySettings, KeypadSettings, ScannerSettings, SignalSettings
from terminal.config.schema import Config
from terminal.daemon.daemon import warn_of_login_console
from terminal.doctor import devices
from terminal.doctor.login_console import GETTY_FOLDERS, login_console_on
from terminal.doctor.status import Wear
from terminal.doctor.system import Grade, System, i2c_scan, ok
from terminal.register.settings import RegisterSettings
from tests.doctor_machine import config_with, machine_at, nobody_may, put


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


def test_port_that_the_running_service_holds_is_well(line: str, tmp_path: Path) -> None:
    status = Path(line).stat()
    name = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    (tmp_path / line.lstrip("/")).parent.mkdir(parents=True)
    (tmp_path / line.lstrip("/")).symlink_to(line)
    put(tmp_path, "proc/locks", f"1: FLOCK  ADVISORY  WRITE 77 {name} 0 EOF\n")
    for words, is_well in (
        ("/opt/netgiro-terminal/current/bin/python\0/opt/netgiro-terminal/current/bin/netgiro-terminal\0run\0", True),
        ("python\0-m\0terminal\0run\0--config\0x\0", True),
        ("python\0-m\0terminal\0listen\0", False),
        ("minicom\0", False),
        ("", False),
    ):
        put(tmp_path, "proc/77/cmdline", words)
        finding = devices.check_register_port(register_on(line), machine_at(tmp_path))
        assert (finding.status is Grade.OK) is is_well, words


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
    ("port", "status"), [("/dev/serial0", Grade.FAILED), ("/dev/ttyAMA0", Grade.FAILED), ("/dev/ttyAMA1", Grade.OK)]
)
def test_kernel_console_on_the_registers_line_fails(tmp_path: Path, port: str, status: Grade) -> None:
    put(tmp_path, "/proc/cmdline", "console=ttyAMA0,115200 console=tty1 root=/dev/mmcblk0p2")
    put(tmp_path, "/dev/ttyAMA0")
    (tmp_path / "dev/serial0").symlink_to("ttyAMA0")

    assert devices.check_login_console(register_on(port), machine_at(tmp_path)).status is status


@pytest.mark.parametrize("folder", GETTY_FOLDERS)
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
    monkeypatch.setattr("terminal.daemon.daemon.login_console_on", partial(login_console_on, root=tmp_path))
    warn_of_login_console(register_on("/dev/ttyAMA1"))
    assert caplog.text == ""
    warn_of_login_console(register_on("/dev/ttyAMA0"))
    assert "the kernel's console is on /dev/ttyAMA0" in caplog.text


def test_keypad_needs_a_chip_that_may_be_used(tmp_path: Path) -> None:
    without = devices.check_keypad(Config(), machine_at(tmp_path))
    put(tmp_path, "/dev/gpiochip0")
    forbidden = devices.check_keypad(Config(), machine_at(tmp_path, may_use=nobody_may))

    found = devices.check_keypad(Config(), machine_at(tmp_path))
    assert found == ok("pins by /dev/gpiochip0; to try its keys: key D, keypad test")
    assert (without.status, without.found) == (Grade.FAILED, "no /dev/gpiochip*")
    assert "usermod -aG gpio" in forbidden.advice


def test_scanner_is_looked_for_where_it_is(tmp_path: Path) -> None:
    scanner = config_with(scanner=ScannerSettings(driver="evdev", device="/dev/input/scanner"))
    assert devices.check_scanner(scanner, machine_at(tmp_path)).status is Grade.FAILED
    put(tmp_path, "dev/input/scanner")
    assert devices.check_scanner(scanner, machine_at(tmp_path)).status is Grade.OK
    serial = config_with(scanner=ScannerSettings(driver="serial", device="/dev/ttyACM0"))
    assert devices.check_scanner(serial, machine_at(tmp_path)).status is Grade.FAILED
    assert devices.check_scanner(Config(), machine_at(tmp_path)) == ok("none")


def test_what_the_scanner_read_last_is_told_and_that_it_read_nothing() -> None:
    config = config_with(scanner=ScannerSettings(driver="simulated"))
    silent, read = System(wear=lambda _config: Wear()), System(wear=lambda _config: Wear(last_code="10 characters"))
    assert devices.check_scanner(config, silent) == ok("simulated; no code since the terminal was started")
    assert devices.check_scanner(config, read) == ok("simulated; last code, 0 min 0 s ago: 10 characters")


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
    [(DisplaySettings(i2c_port=3), "/dev/i2c-3", "I2C"), (DisplaySettings(interface="spi"), "/dev/spidev0.0", "SPI")],
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
