"""The check of the printer: there, ours to use, and what it says of itself. Nothing is printed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import assert_never

from hardware.interfaces import DeviceError, PrinterStatus
from hardware.settings import PrinterSettings, names_a_device
from terminal.config.schema import Config
from terminal.doctor.nodes import check_node, check_serial, seen_ports
from terminal.doctor.system import Finding, Grade, System, failed, ok, warning
from terminal.errors import TerminalError

TROUBLE = {
    PrinterStatus.PAPER_OUT: ("it has no paper", "put in a new roll"),
    PrinterStatus.COVER_OPEN: ("its cover is open", "close it"),
    PrinterStatus.OFFLINE: (
        "it is off-line",
        "is it on? Press its feed or on-line key, or switch it off and on; if it prints and its answers are no use:"
        ' printer.answers = "none"',
    ),
    PrinterStatus.UNKNOWN: (
        "it does not answer, so nobody can tell how it is",
        "see that it is on and that baud rate and cable are right; does a slip come out? netgiro-terminal printer-test",
    ),
}


def printer_faults(config: Config) -> list[str]:
    """Where the printer's profile cannot do what the configuration asks of it, the key first.

    A terminal starts all the same: money comes first.
    """
    from hardware.printer.profiles import faults_of, logo_fault  # noqa: PLC0415  only when somebody asks

    logo = logo_fault(config.printer.logo) if config.printer.driver != "none" else None
    return [*faults_of(config.printer, reference_qr=config.receipt.reference_qr), *([logo] if logo else [])]


def check_printer(config: Config, system: System) -> Finding:
    """Its port, its settings, and then what it says of itself."""
    finding = _find_printer(config.printer, system)
    if finding.status is Grade.FAILED or config.printer.driver == "none":
        return finding
    if config.printer.driver == "file" and not names_a_device(config.printer.device):
        return finding
    if faults := printer_faults(config):
        key, _, sentence = faults[0].partition(": ")
        found, _, advice = sentence.rpartition("; " if "; " in sentence else ": ")
        return failed(f"{key}: {found}", advice)
    return _ask(config, system, finding)


def _ask(config: Config, system: System, finding: Finding) -> Finding:
    """How it is, in its own words (DLE EOT)."""
    try:
        status = system.printer_status(config)
    except DeviceError as error:  # its last words are what to do
        found, _, advice = str(error).rpartition(": ")
        return finding if finding.advice else failed(found or str(error), advice)
    except TerminalError as error:
        return finding if finding.advice else warning(f"{finding.found}, but could not be asked: {error}", "use sudo")
    if status is PrinterStatus.OK:
        return ok(f"{finding.found}; it says that all is well")
    trouble, advice = TROUBLE[status]
    return warning(f"{finding.found}; {trouble}", advice)


def _find_printer(printer: PrinterSettings, system: System) -> Finding:
    match printer.driver:
        case "network":
            return ok(f"{printer.host} port {printer.port}")
        case "serial":
            if not printer.device:
                return failed("printer.device is empty", f"set it{seen_ports(system)}")
            return check_serial(printer.device, system, "dialout")
        case "file":
            return _check_file_printer(printer.device, system)
        case "usb":
            return _check_usb_printer(printer.usb_vendor_id, printer.usb_product_id, system)
        case "simulated" | "none":
            return ok(printer.driver)
        case _:
            assert_never(printer.driver)


def _check_file_printer(device: str, system: System) -> Finding:
    if "*" in device:
        found = sorted(system.root.glob(device.lstrip("/")))
        device = f"/{found[0].relative_to(system.root)}" if found else device
    path = system.path(device)
    if not os.path.exists(path) and system.may_use(path.parent, os.W_OK) and not names_a_device(device):
        return ok(f"{device} will be made")
    return check_node(device, system, os.W_OK, "lp")


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
