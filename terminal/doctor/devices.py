"""Checks of the devices but the printer: there, and ours to use. None is made to do anything."""

from __future__ import annotations

import os
from typing import assert_never

from hardware.settings import DisplaySettings, network_address
from terminal.config.schema import Config
from terminal.doctor.login_console import ADVICE, login_console_on
from terminal.doctor.nodes import check_node, check_serial, join_group, seen_ports
from terminal.doctor.status import Wear, duration
from terminal.doctor.system import Finding, Grade, System, failed, ok, warning
from terminal.register.settings import RegisterSettings


def check_register_port(config: Config, system: System) -> Finding:
    if config.register.protocol == "http":
        return ok(f"none: register programs call {config.http.listen}")
    if not config.register.port:
        return failed("register.port is empty", f"set it{seen_ports(system)}")
    if (address := network_address(config.register.port)) is not None:
        return _check_network(config, *address)
    finding = check_serial(config.register.port, system, "dialout")
    if finding.status is Grade.OK:
        finding = ok(finding.found + _usual_line(config.register))
    wear = system.wear(config)
    if finding.status is Grade.FAILED or wear is None or not wear.damaged_bytes:
        return finding
    return warning(
        f"{finding.found}; {wear.damaged_bytes} bytes came damaged since the terminal was started",
        "check baud rate, parity and stop bits in [register], then the cable and its shield",
    )


def _check_network(config: Config, host: str, port: int) -> Finding:
    found = f"listens on {host}, port {port}"
    if config.register.allow or host in ("127.0.0.1", "::1", "localhost"):
        return ok(found)
    return warning(
        f"{found}; whoever reaches this network can ask for a payment",
        'name the register in register.allow, e.g. allow = ["192.168.1.10"]',
    )


def _usual_line(register: RegisterSettings) -> str:
    """What registers of this protocol usually use, if the settings are others; only the register's manual decides."""
    match register:
        case RegisterSettings(protocol="concert", bytesize=8):
            return '; on RS-232 most Concert registers have 7 bits and even parity (bytesize = 7, parity = "E")'
        case RegisterSettings(protocol="zvt", stopbits=1):
            return "; ZVT has two stop bits (stopbits = 2), which a register with one takes as well"
    return ""


def check_login_console(config: Config, system: System) -> Finding:
    """Linux's own console on the register's line would talk to the register and eat what it says."""
    if not config.register.port or network_address(config.register.port) is not None:
        return ok("no serial port is set")
    if found := login_console_on(config.register.port, system.root):
        return failed(found, ADVICE)
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
            return check_node(config.keypad.device, system, os.R_OK, "input")
        case "simulated":
            return ok("simulated")
        case _:
            assert_never(config.keypad.driver)


def check_scanner(config: Config, system: System) -> Finding:
    """That it is there, and what it read last: set wrong, it reads and nobody is identified."""
    finding = _find_scanner(config, system)
    wear = system.wear(config) if config.scanner.driver != "none" else None
    if finding.advice or wear is None:
        return finding
    if not wear.last_code:
        return ok(f"{finding.found}; no code since the terminal was started")
    return ok(f"{finding.found}; last code, {duration(wear.last_code_age_s)} ago: {wear.last_code}")


def _find_scanner(config: Config, system: System) -> Finding:
    match config.scanner.driver:
        case "evdev":
            return check_node(config.scanner.device, system, os.R_OK, "input")
        case "serial":
            return check_serial(config.scanner.device, system, "dialout")
        case "simulated" | "none":
            return ok(config.scanner.driver)
        case _:
            assert_never(config.scanner.driver)


def check_signals(config: Config, system: System) -> Finding:
    if config.signals.driver == "gpio":
        return _check_gpio(system, 'this is no Raspberry Pi; use signals.driver = "none"')
    return ok(config.signals.driver)


def _check_gpio(system: System, without_chip: str) -> Finding:
    chips = sorted(system.path("/dev").glob("gpiochip*"))
    if not chips:
        return failed("no /dev/gpiochip*", without_chip)
    usable = [chip for chip in chips if system.may_use(chip, os.R_OK | os.W_OK)]
    if not usable:
        return failed(f"/dev/{chips[0].name}: no permission", join_group("gpio"))
    return ok(f"pins by /dev/{usable[0].name}")


def check_display(config: Config, system: System) -> Finding:
    if config.display.driver == "none":
        return ok("none")
    return _with_wear(_find_display(config.display, system), system.wear(config))


def _find_display(display: DisplaySettings, system: System) -> Finding:
    if display.driver == "simulated":
        return ok("simulated")
    if display.interface == "spi":
        finding = check_node("/dev/spidev0.0", system, os.R_OK | os.W_OK, "spi")
        bus = "SPI"
    else:
        finding = check_node(f"/dev/i2c-{display.i2c_port}", system, os.R_OK | os.W_OK, "i2c")
        bus = "I2C"
    if "does not exist" in finding.found:
        return failed(finding.found, f"switch {bus} on: sudo raspi-config, Interface Options")
    if finding.advice or display.interface == "spi":  # on SPI nothing ever answers
        return finding
    return _check_i2c_address(display.i2c_port, display.i2c_address, system)


def _with_wear(finding: Finding, wear: Wear | None) -> Finding:
    """An OLED fades where it is lit for long, and one with a bad contact is lost again and again."""
    if wear is None or finding.status is Grade.FAILED:
        return finding
    found = f"{finding.found}; lit for {wear.display_lit_h:.1f} h since the terminal was started"
    if wear.display_lost:
        return warning(f"{found}, lost {wear.display_lost} times", "check its wires and plugs; the log says when")
    return ok(found)


OLED_ADDRESSES = (0x3C, 0x3D)
"""SSD1306 data sheet, 8.1.5: the level of D/C# chooses. SH1106 and SSD1309 have the same."""


def _check_i2c_address(port: int, address: int, system: System) -> Finding:
    try:
        found = system.i2c_scan(port)
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        return failed(f"I2C bus {port}: {why}", "check SDA and SCL for a short, then switch the power off and on")
    answering = f"on I2C bus {port} answer: {', '.join(f'{one:#04x}' for one in found) or 'none'}"
    if address in found:
        return ok(f"something is at {address:#04x}; {answering}")
    nobody = f"nothing is at {address:#04x}; {answering}"
    if other := next((one for one in OLED_ADDRESSES if one in found), None):
        return failed(nobody, f"set display.i2c_address = {other:#04x}")
    return failed(nobody, f"check its four wires and its supply, and see: i2cdetect -y {port}")
