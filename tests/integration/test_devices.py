"""Paper runs out, covers stand open, cables come off: the sale goes on, and what waits is made up for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.counter import DemoCounter, ShopCounter
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("fault", "mended", "mark"),
    [
        ({"paper": "out"}, {"paper": "ok"}, "Out of paper"),
        ({"cover": "open"}, {"cover": "closed"}, "Printer open"),
        ({"online": False}, {"online": True}, "Printer silent"),
    ],
    ids=["paper", "cover", "offline"],
)
def test_a_receipt_waits_for_the_printer_and_is_printed_once(
    counter: DemoCounter, sale_id: str, fault: dict[str, Any], mended: dict[str, Any], mark: str
) -> None:
    counter.set_printer(**fault)
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    assert counter.result(sale_id).startswith("OK 1990 ")
    wait_until("two pending receipts", lambda: counter.state()["pending_receipts"] == 2)
    counter.wait_for_screen(mark)
    reference = counter.cart()["Reference"]
    assert counter.receipts(reference) == []
    counter.set_printer(**mended)
    receipts = counter.wait_for_receipts(2, reference)
    assert sorted(receipt["kind"] for receipt in receipts) == ["customer", "merchant"]
    wait_until("nothing pending", lambda: counter.state()["pending_receipts"] == 0)
    assert len(counter.receipts(reference)) == 2


def test_a_sale_can_be_taken_while_receipts_wait(counter: DemoCounter, sale_id: str) -> None:
    counter.set_printer(paper="out")
    references = []
    for name in (f"{sale_id}-a", f"{sale_id}-b"):
        counter.pay(name)
        counter.press(QUICK_PHONE + "#")
        assert counter.result(name).startswith("OK 1990 ")
        references.append(counter.cart()["Reference"])
    counter.set_printer(paper="ok")
    for reference in references:
        assert len(counter.wait_for_receipts(2, reference)) == 2


def test_a_receipt_can_be_had_as_picture_and_as_bytes(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    counter.result(sale_id)
    receipt = counter.wait_for_receipts(2, counter.cart()["Reference"])[0]
    assert counter.get_bytes(f"/api/receipts/{receipt['id']}.png").startswith(b"\x89PNG")
    assert counter.get_bytes("/api/display.png").startswith(b"\x89PNG")
    assert b"1.990 kr." in counter.get_bytes(f"/api/receipts/{receipt['id']}.bin")


def test_a_register_that_was_unplugged_is_told_when_it_is_back(
    tmp_path: Path, netgiro: NetgiroProcess, sale_id: str
) -> None:
    netgiro.spoil()
    with ShopCounter(tmp_path, netgiro) as counter:
        counter.pay(sale_id)
        counter.press(PATIENT_PHONE + "#")
        counter.wait_for("customer")
        counter.cable.unplug()
        counter.wait_for_screen("Register not found")
        counter.accept()
        counter.wait_for("report")
        counter.cable.plug_in()
        line = counter.result(sale_id)
        assert line.startswith("OK 1990 ")
        counter.wait_for("idle")
        assert counter.state()["register"] == "ok"
        counter.register.ask(f"STATUS ID={sale_id}", re.escape(line))
        assert counter.journal_row(sale_id)["register_told"] is True
        assert counter.cart()["Captures"] == 1


def test_half_a_line_before_the_cable_came_off_is_forgotten(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter:
        counter.register.send_bytes(b"PAY 19")
        counter.cable.unplug()
        wait_until("the loss to be seen", lambda: counter.state()["register"] == "down")
        counter.cable.plug_in()
        wait_until("the line to be back", lambda: counter.state()["register"] == "ok")
        counter.register.send_bytes(b"90 ID=torn\r\n")
        counter.register.expect("ERR SYNTAX .*")
        assert counter.state()["state"] == "idle"
