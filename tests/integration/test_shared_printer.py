"""The daemon between a register and the shop's one printer: reads the total, is paid, and prints in its turn."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.printer import paper
from hardware.printer import status as printer_status
from hardware.printer.escpos_commands import split
from tests.integration.counter import ShopCounter
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until

pytestmark = pytest.mark.slow

RECEIPT = b"\x1b@KAFFI 1990\nSAMTALS 1.990\n\x1dV\x00"
ANSWERS = {printer_status.PRINTER: b"\x12", printer_status.PAPER_SENSOR: b"\x12", printer_status.IN_ORDER: b"\x00"}


class Printer:
    """A serial printer at the far end of a pseudo-terminal."""

    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)
        self._heard = b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        rest = b""
        while True:
            data = os.read(self._far, 4096)
            self._heard += data
            commands, rest = split(rest + data)
            for command in commands:
                os.write(self._far, ANSWERS.get(command.raw, b""))

    @property
    def pieces(self) -> list[str]:
        return paper.as_text(paper.decode(self._heard, 48), 48).split("[cut]")[:-1]


class MiddleCounter(ShopCounter):
    """The terminal in the middle of the printer's line."""

    def __init__(self, folder: Path, netgiro: NetgiroProcess, printer: Printer) -> None:
        settings = {
            "register": {"protocol": "receipt", "passthrough_port": printer.path},
            "printer": {"driver": "serial", "device": printer.path},
        }
        super().__init__(folder, netgiro, settings)


@pytest.fixture
def printer() -> Printer:
    return Printer()


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess, printer: Printer) -> Iterator[MiddleCounter]:
    with MiddleCounter(tmp_path, netgiro, printer) as counter:
        yield counter


def test_the_registers_receipt_goes_through_is_paid_and_ours_follow(counter: MiddleCounter, printer: Printer) -> None:
    counter.register.send_bytes(RECEIPT)
    counter.wait_for_screen("1.990 kr.")
    counter.press("#")
    counter.wait_for("entry")
    counter.press(QUICK_PHONE + "#")
    wait_until("three receipts on the one printer", lambda: len(printer.pieces) == 3)
    theirs, *ours = printer.pieces
    assert theirs.split("\n") == ["KAFFI 1990", "SAMTALS 1.990", ""]
    assert all("APPROVED" in piece for piece in ours)
    wait_until("no receipt that waits", lambda: counter.state()["pending_receipts"] == 0)
