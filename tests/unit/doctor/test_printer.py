"""The doctor asks the printer: a real driver, and at the other end a machine that answers, has a fault or is silent."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pty
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hardware.interfaces import DeviceError, PrinterStatus
from hardware.settings import PrinterSettings
from terminal.config.control_path import control_path
from terminal.config.schema import Config, JournalSettings
from terminal.doctor import printer as printer_checks
from terminal.doctor.printer import check_printer
from terminal.doctor.system import Finding, Grade, System, ok
from terminal.errors import TerminalError
from terminal.system.control import ControlServer, Request
from tests.doctor_machine import config_with, has_library, machine_at, nobody_may, put
from tests.patience import at_most

PRINTER, OFFLINE_CAUSE, PAPER_SENSOR = (b"\x10\x04" + which for which in (b"\x01", b"\x02", b"\x04"))
"""Epson, "ESC/POS Command Reference", DLE EOT."""
WELL = {PRINTER: b"\x12", PAPER_SENSOR: b"\x12", OFFLINE_CAUSE: b"\x12"}
OUT_OF_PAPER = WELL | {PAPER_SENSOR: b"\x72"}
COVER_OPEN = WELL | {PRINTER: b"\x1a", OFFLINE_CAUSE: b"\x16"}
OFF_LINE = WELL | {PRINTER: b"\x1a"}
SILENT: dict[bytes, bytes] = {}


def printer_with(folder: Path, **settings: Any) -> Config:
    journal = JournalSettings(path=str(folder / "journal.db"))  # where nobody runs a terminal
    return config_with(printer=PrinterSettings(**settings), journal=journal)


def says(status: PrinterStatus) -> Callable[[Config], PrinterStatus]:
    return lambda _config: status


@contextmanager
def network_printer(answers: dict[bytes, bytes]) -> Iterator[int]:
    """Its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                while question := connection.recv(64):
                    connection.sendall(answers.get(question, b""))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=at_most(10))


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        (WELL, Grade.OK, "it says that all is well"),
        (OUT_OF_PAPER, Grade.WARNING, "it has no paper"),
        (COVER_OPEN, Grade.WARNING, "its cover is open"),
        (OFF_LINE, Grade.WARNING, "it is off-line"),
        (SILENT, Grade.WARNING, "it does not answer, so nobody can tell how it is"),
    ],
)
def test_the_printer_is_asked_how_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[bytes, bytes], status: Grade, words: str
) -> None:
    monkeypatch.setattr("hardware.printer.conversation.STATUS_WAITS_S", (0.1, 0.1))
    with network_printer(answers) as port:
        config = printer_with(tmp_path, driver="network", host="127.0.0.1", port=port, timeout_s=2)
        finding = check_printer(config, System())

    assert (finding.status, finding.found) == (status, f"127.0.0.1 port {port}; {words}")
    assert bool(finding.advice) is (status is not Grade.OK)


def test_a_network_printer_that_is_not_there_fails_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    finding = check_printer(printer_with(tmp_path, driver="network", host="127.0.0.1", port=port), System())

    assert finding == Finding(
        Grade.FAILED,
        f"printer on 127.0.0.1 port {port}: Connection refused",
        "check that it is on, its network cable, and its address",
    )


def test_a_serial_printer_is_asked_over_its_line(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        while question := os.read(ours, 64):
            os.write(ours, WELL.get(question, b"") or b"\x11")
            if question == PAPER_SENSOR:  # the last
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = os.ttyname(theirs)
    finding = check_printer(printer_with(tmp_path, driver="serial", device=port), System())
    thread.join(timeout=at_most(10))
    os.close(ours)
    os.close(theirs)

    assert finding == ok(f"{port} opens and is free; it says that all is well")


def running_terminal(config: Config, answer: dict[str, str], work: Callable[[], Finding]) -> Finding:
    """``work`` beside a terminal that says so of its printer."""

    async def printer_status(_request: Request) -> dict[str, str]:
        return answer

    async def run() -> Finding:
        server = ControlServer(control_path(config), {"printer-status": printer_status})
        await server.start()
        try:
            return await asyncio.to_thread(work)
        finally:
            await server.stop()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({"printer": "ok"}, Grade.OK, "it says that all is well"),
        ({"printer": "paper_out"}, Grade.WARNING, "it has no paper"),
        ({"unreachable": "printer on 10.0.0.9: No route to host: check its cable"}, Grade.FAILED, "No route to host"),
    ],
)
def test_while_the_terminal_runs_it_is_the_terminal_that_asks(
    tmp_path: Path, answer: dict[str, str], status: Grade, words: str
) -> None:
    config = printer_with(tmp_path, driver="network", host="192.0.2.1")  # nobody ever answers there
    finding = running_terminal(config, answer, lambda: check_printer(config, System()))

    assert finding.status is status
    assert finding.found.endswith(words)


def test_a_terminal_that_may_not_be_asked_leaves_the_printer_unjudged(tmp_path: Path) -> None:
    def forbidden(_config: Config) -> PrinterStatus:
        raise TerminalError("/run/netgiro-terminal/control.sock: permission denied")

    config = printer_with(tmp_path, driver="network", host="192.0.2.1")
    finding = check_printer(config, System(printer_status=forbidden))

    assert (finding.status, finding.advice) == (Grade.WARNING, "use sudo")
    assert "could not be asked" in finding.found


def test_a_port_that_another_program_holds_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_config: Config) -> PrinterStatus:
        raise DeviceError("/dev/ttyUSB0 is in use by another program: stop it")

    held = Finding(Grade.WARNING, "/dev/ttyUSB0 is in use by process 77", "see: ps 77")
    monkeypatch.setattr(printer_checks, "check_serial", lambda *_: held)
    config = printer_with(tmp_path, driver="serial", device="/dev/ttyUSB0")

    assert check_printer(config, System(printer_status=busy)) == held


def test_printer_by_pattern_is_whichever_is_plugged_in(tmp_path: Path) -> None:
    config = printer_with(tmp_path, driver="file", device="/dev/usb/lp*")
    assert check_printer(config, machine_at(tmp_path)).status is Grade.FAILED
    put(tmp_path, "dev/usb/lp3")
    found = check_printer(config, machine_at(tmp_path, printer_status=says(PrinterStatus.OK)))
    assert found == ok("/dev/usb/lp3 is there; it says that all is well")


def test_serial_printer_needs_its_port(tmp_path: Path) -> None:
    assert check_printer(Config(), machine_at(tmp_path)).found == "printer.device is empty"


def test_printer_that_is_a_file_needs_one_to_write_to_and_has_nothing_to_say(tmp_path: Path) -> None:
    put(tmp_path, "/dev/usb/lp0")
    (tmp_path / "home").mkdir()
    system = machine_at(tmp_path, printer_status=says(PrinterStatus.UNKNOWN))

    def status(device: str) -> Grade:
        return check_printer(printer_with(tmp_path, driver="file", device=device), system).status

    assert [status(device) for device in ("/dev/usb/lp0", "/home/receipts.bin", "/dev/usb/lp1", "/dev/usb")] == [
        Grade.WARNING,
        Grade.OK,
        Grade.FAILED,
        Grade.FAILED,
    ]
    assert not (tmp_path / "home/receipts.bin").exists()


def test_usb_printer_is_found_by_its_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = printer_with(tmp_path, driver="usb", usb_vendor_id=0x04B8, usb_product_id=0x0E28)
    monkeypatch.setattr(importlib.util, "find_spec", has_library("usb"))
    missing = check_printer(config, machine_at(tmp_path))
    for file, text in (("idVendor", "04b8"), ("idProduct", "0e28"), ("busnum", "1"), ("devnum", "12")):
        put(tmp_path, f"/sys/bus/usb/devices/1-1/{file}", f"{text}\n")
    put(tmp_path, "/dev/bus/usb/001/012")
    forbidden = check_printer(config, machine_at(tmp_path, may_use=nobody_may))
    monkeypatch.setattr(importlib.util, "find_spec", has_library("none"))
    without_library = check_printer(config, machine_at(tmp_path))
    monkeypatch.undo()

    assert "04b8:0e28 is not there" in missing.found
    assert "udev" in forbidden.advice
    assert "pyusb" in without_library.found


def test_printer_profile_that_nobody_knows_fails(tmp_path: Path) -> None:
    config = printer_with(tmp_path, driver="network", host="192.0.2.1", profile="TM-9999")
    finding = check_printer(config, System(printer_status=says(PrinterStatus.OK)))

    assert finding.status is Grade.FAILED
    assert "TM-9999" in finding.found


def test_printer_that_lacks_the_code_page_fails_with_those_that_it_has(tmp_path: Path) -> None:
    config = printer_with(tmp_path, driver="network", host="192.0.2.1", profile="ZJ-5870", columns=32)
    finding = check_printer(config, System(printer_status=says(PrinterStatus.OK)))

    assert finding.status is Grade.FAILED
    assert finding.found == 'printer.codepage: profile "ZJ-5870" has no CP858'
    assert 'take "CP1252" or "CP850"' in finding.advice


def test_no_printer_is_ok(tmp_path: Path) -> None:
    assert check_printer(printer_with(tmp_path, driver="none"), machine_at(tmp_path)) == ok("none")
