"""A register that prints its receipts by a library that nobody here wrote, python-escpos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.integration.counter import DemoCounter
from tests.patience import at_most

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from escpos.printer import Serial  # takes most of a second, and every worker reads this file


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    with DemoCounter(tmp_path_factory.mktemp("receipt"), {"register": {"protocol": "receipt"}}) as counter:
        yield counter


@pytest.fixture
def printer(counter: DemoCounter) -> Iterator[Serial]:
    """What the register takes for its printer."""
    from escpos.printer import Serial  # noqa: PLC0415

    counter.wait_for("idle")
    path = re.search(r"Register +(/dev/\S+)", counter.process.output)
    assert path
    printer = Serial(devfile=path[1], baudrate=9600, timeout=at_most(2), dsrdtr=False)
    printer.open()
    yield printer
    printer.close()


def print_items(printer: Serial, total: str) -> None:
    printer.set(align="center", bold=True)
    printer.textln("KAFFIHÚSIÐ VIÐ HÖFNINA")
    printer.set(align="left", bold=False)
    printer.textln("Kaffi        2 x 590      1.180")
    printer.barcode("5690000000017", "EAN13")
    printer.set(double_height=True, double_width=True)
    printer.textln(f"SAMTALS {total}")
    printer.set(normal_textsize=True)
    printer.qr("https://example.is/5.555")


def test_a_printed_total_is_offered_at_the_cut_taken_by_a_key_and_paid(counter: DemoCounter, printer: Serial) -> None:
    print_items(printer, "1.990")
    printer.cut()
    counter.wait_for_screen("1.990 kr.")
    counter.takes_the_offer()
    counter.wait_for("idle")
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"]) == (1990, "approved")
    counter.press("#")  # the result has been read


def test_a_drawer_that_opens_ends_a_receipt(counter: DemoCounter, printer: Serial) -> None:
    print_items(printer, "2.490")
    printer.cashdraw(2)
    counter.wait_for_screen("2.490 kr.")
    counter.press("*")
    counter.wait_for_screen("Ready")


def test_of_a_split_receipt_the_cashier_chooses_the_amount_and_a_paid_one_is_not_offered(
    counter: DemoCounter, printer: Serial
) -> None:
    sales = len(counter.journal())
    print_items(printer, "1.990")
    printer.textln("KORT           990")
    printer.cut()
    counter.wait_for_screen("1: 1.000 kr.")
    assert any("2: 1.990 kr." in line for line in counter.state()["display"])
    counter.press("2")
    counter.wait_for("entry")
    counter.press("*")
    counter.wait_for("idle")
    assert counter.journal()[0]["amount"] == 1990
    counter.press("*")  # the result has been read
    print_items(printer, "2.990")
    printer.textln("KORT         2.990")
    printer.cut()
    counter.wait_for_screen("Paid in another way")
    counter.press("#")
    assert len(counter.journal()) == sales + 1


def test_the_register_finds_its_printer_on_line_and_with_paper(counter: DemoCounter, printer: Serial) -> None:
    assert counter.state()["state"] == "idle"
    assert printer.is_online()
    assert printer.paper_status() == 2
