"""Checks of the devices: there, ours to use, and not somebody else's. None is made to do anything."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import stat
import termios
from pathlib import Path
from typing import assert_never

from hardware.settings import PrinterSettings
from terminal.config import Config
from terminal.doctor.system import Finding, System, failed, ok, warning

GETTY_FOLDERS = ("/etc/systemd/system/getty.target.wants", "/run/systemd/generator/getty.target.wants")


def check_register_port(config: Config, system: System) -> Finding:
    if not config.register.port:
        return failed("register.port is empty", f"set it{_seen_ports(system)}")
    return _check_serial(config.register.port, system, "dialout")


def check_login_console(config: Config, system: System) -> Finding:
    """Linux's own console on the register's line would talk to the register and eat what it says."""
    if not config.register.port:
        return ok("no port is set")
    name = Path(os.path.realpath(system.path(config.register.port))).name
    advice = "run: sudo raspi-config, Interface Options, Serial Port: login shell no, port hardware yes; then restart"
    if name in re.findall(r"\bconsole=([^\s,]+)", system.read("/proc/cmdline")):
        return failed(f"the kernel's console is on {config.register.port} ({name})", advice)
    if any(system.path(f"{folder}/serial-getty@{name}.service").is_symlink() for folder in GETTY_FOLDERS):
        return failed(f"a login prompt is on {config.register.port} ({name})", advice)
    return ok(f"none on {config.register.port}")


def check_keypad(config: Config, system: System) -> Finding:
    """That it is there; whether each key works only fingers can tell."""
    finding = _find_keypad(config, system)
    if finding.advice or config.keypad.driver == "simulated":
        return finding
    return ok(f"{finding.found}; to try its keys: key D, keypad test")


def _find_keypad(config: Config, system: System) -> Finding:
    match config.keypad.driver:
        case "matrix":
            return _check_gpio(system, 'this is no Raspberry Pi; use keypad.driver = "simulated" or "evdev"')
        case "evdev":
            return _check_node(config.keypad.device, system, os.R_OK, "input")
        case "simulated":
            return ok("simulated")
        case _:
            assert_never(config.keypad.driver)


def check_scanner(config: Config, system: System) -> Finding:
    match config.scanner.driver:
        case "evdev":
            return _check_node(config.scanner.device, system, os.R_OK, "input")
        case "serial":
            return _check_serial(config.scanner.device, system, "dialout")
        case "simulated" | "none":
            return ok(config.scanner.driver)
        case _:
            assert_never(config.scanner.driver)


def check_signals(config: Config, system: System) -> Finding:
    if config.signals.driver == "gpio":
        return _check_gpio(system, 'this is no Raspberry Pi; use signals.driver = "none"')
    return ok(config.signals.driver)


def _check_gpio(system: System, without_chip: str) -> Finding:
    if importlib.util.find_spec("lgpio") is None:
        return failed("the library lgpio is not installed", "run: sudo make install (on the Pi itself)")
    chips = sorted(system.path("/dev").glob("gpiochip*"))
    if not chips:
        return failed("no /dev/gpiochip*", without_chip)
    usable = [chip for chip in chips if system.may_use(chip, os.R_OK | os.W_OK)]
    if not usable:
        return failed(f"/dev/{chips[0].name}: no permission", _join_group("gpio"))
    return ok(f"pins by /dev/{usable[0].name}")


def check_display(config: Config, system: System) -> Finding:
    display = config.display
    if display.driver in ("simulated", "none"):
        return ok(display.driver)
    if display.interface == "spi":
        finding = _check_node("/dev/spidev0.0", system, os.R_OK | os.W_OK, "spi")
        bus = "SPI"
    else:
        finding = _check_node(f"/dev/i2c-{display.i2c_port}", system, os.R_OK | os.W_OK, "i2c")
        bus = "I2C"
    if "does not exist" in finding.found:
        return failed(finding.found, f"switch {bus} on: sudo raspi-config, Interface Options")
    if finding.advice or display.interface == "spi":  # on SPI nothing ever answers
        return finding
    return _check_i2c_address(display.i2c_port, display.i2c_address, system)


OLED_ADDRESSES = (0x3C, 0x3D)
"""SSD1306 data sheet, 8.1.5: the level of D/C# chooses. SH1106 and SSD1309 have the same."""


def _check_i2c_address(port: int, address: int, system: System) -> Finding:
    if system.i2c_answers(port, address):
        return ok(f"something answers at {address:#04x} on I2C bus {port}")
    nobody = f"nothing answers at {address:#04x} on I2C bus {port}"
    for other in OLED_ADDRESSES:
        if other != address and system.i2c_answers(port, other):
            return failed(f"{nobody}, but at {other:#04x}", f"set display.i2c_address = {other:#04x}")
    return failed(nobody, f"check its four wires and its supply, and see: i2cdetect -y {port}")


def check_printer(config: Config, system: System) -> Finding:
    finding = _find_printer(config.printer, system)
    if finding.advice or config.printer.driver in ("simulated", "none"):
        return finding
    from hardware.receipt_encoder import encode  # noqa: PLC0415  python-escpos takes 200 ms to import

    try:
        encode([], codepage=config.printer.codepage, profile=config.printer.profile)
    except ValueError as error:
        return failed(str(error), "see printer.profile and printer.codepage in config.toml")
    return finding


def _find_printer(printer: PrinterSettings, system: System) -> Finding:
    match printer.driver:
        case "network":
            return _check_network_printer(printer.host, printer.port, printer.timeout_s)
        case "serial":
            if not printer.device:
                return failed("printer.device is empty", f"set it{_seen_ports(system)}")
            return _check_serial(printer.device, system, "dialout")
        case "file":
            return _check_file_printer(printer.device, system)
        case "usb":
            return _check_usb_printer(printer.usb_vendor_id, printer.usb_product_id, system)
        case "simulated" | "none":
            return ok(printer.driver)
        case _:
            assert_never(printer.driver)


def _check_network_printer(host: str, port: int, timeout_s: float) -> Finding:
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError as error:
        reason = str(error) or type(error).__name__
        return failed(
            f"{host} port {port}: {reason}",
            f"is it on, and is that its address? Try: ping {host}. Some printers refuse a second connection while"
            " the terminal runs",
        )
    return ok(f"{host} port {port} answers")


def _check_file_printer(device: str, system: System) -> Finding:
    if "*" in device:
        found = sorted(system.root.glob(device.lstrip("/")))
        device = f"/{found[0].relative_to(system.root)}" if found else device
    path = system.path(device)
    if not os.path.exists(path) and system.may_use(path.parent, os.W_OK) and not device.startswith("/dev/"):
        return ok(f"{device} will be made")
    return _check_node(device, system, os.W_OK, "lp")


def _check_usb_printer(vendor_id: int, product_id: int, system: System) -> Finding:
    name = f"USB device {vendor_id:04x}:{product_id:04x}"
    if importlib.util.find_spec("usb") is None:
        return failed("the library pyusb is not installed", "run: sudo make install (on the Pi itself)")
    for folder in sorted(system.path("/sys/bus/usb/devices").glob("*")):
        ids = [_read_number(folder / file, 16) for file in ("idVendor", "idProduct")]
        if ids == [vendor_id, product_id]:
            bus, number = (_read_number(folder / file, 10) or 0 for file in ("busnum", "devnum"))
            node = system.path(f"/dev/bus/usb/{bus:03}/{number:03}")
            if system.may_use(node, os.R_OK | os.W_OK):
                return ok(f"{name} is there")
            return failed(f"{name}: no permission", "install the udev rules in systemd/, then plug it in again")
    return failed(f"{name} is not there", "switch it on, check the cable, and compare with: lsusb")


def _read_number(path: Path, base: int) -> int | None:
    try:
        return int(path.read_text(encoding="ascii", errors="replace"), base)
    except (OSError, ValueError):
        return None


def _check_serial(port: str, system: System, group: str) -> Finding:
    finding = _check_node(port, system, os.R_OK | os.W_OK, group)
    if finding.advice:
        return failed(finding.found, finding.advice + _seen_ports(system))
    path = system.path(port)
    if (holder := _lock_holder(path, system)) == os.getpid():
        return ok(f"{port} is in use by this terminal")
    if holder:
        return warning(
            f"{port} is in use by process {holder}",
            f"as it should be if that is the terminal; see: ps {holder}",
        )
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return failed(
            f"{port} does not open: {os.strerror(error.errno or 0).lower()}", f"see who uses it: fuser -v {port}"
        )
    try:
        termios.tcgetattr(fd)
    except termios.error:
        return failed(f"{port} is no serial line", "name the port of the adapter" + _seen_ports(system))
    finally:
        os.close(fd)
    return ok(f"{port} opens and is free")


def _check_node(device: str, system: System, access: int, group: str) -> Finding:
    """A device file that is there and ours to use."""
    path = system.path(device)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else os.strerror(error.errno or 0).lower()
        return failed(f"{device} {reason}", "plug it in and compare the name with: ls -l /dev")
    if stat.S_ISDIR(mode):
        return failed(f"{device} is a folder", "name the device in it")
    if not system.may_use(path, access):
        return failed(f"{device}: no permission", _join_group(group))
    return ok(f"{device} is there")


def _lock_holder(path: Path, system: System) -> int | None:
    """The process that has locked the file, as pyserial does. Read, not tried, so that nobody is disturbed."""
    status = path.stat()
    ours = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in system.read("/proc/locks").splitlines():
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == ours and words[4].isdigit():
            return int(words[4])
    return None


def _seen_ports(system: System) -> str:
    ports = sorted(str(port.relative_to(system.root)) for port in system.path("/dev/serial/by-id").glob("*"))
    return "; plugged in now: " + ", ".join(f"/{port}" for port in ports[:4]) if ports else ""


def _join_group(group: str) -> str:
    return f"add the terminal's user to the group: sudo usermod -aG {group} USER, then restart the service"
