"""A register that drives a customer display by a library that nobody here wrote, pyposdisplay."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pyposdisplay import Driver

from tests.integration.counter import DemoCounter
from tests.integration.netgiro import PATIENT_PHONE


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    with DemoCounter(tmp_path_factory.mktemp("display"), {"register": {"protocol": "display"}}) as counter:
        yield counter


class Display:
    """What a register shows to its customers."""

    def __init__(self, path: str, maker: str) -> None:
        self._driver = Driver({"customer_display_device_name": path}, use_driver_name=maker)

    def show(self, upper: str, lower: str) -> None:
        self._driver.send_text([upper.ljust(20), lower.rjust(20)])


@pytest.fixture(params=["bixolon", "epson", "labau"])
def display(request: pytest.FixtureRequest, counter: DemoCounter) -> Iterator[Display]:
    counter.wait_for("idle")
    path = re.search(r"Register +(/dev/\S+)", counter.process.output)
    assert path
    display = Display(path[1], request.param)
    yield display
    display.show("VELKOMIN", "")
    counter.wait_for_screen("Ready")


def test_a_total_on_the_display_is_offered_taken_by_a_key_and_paid(counter: DemoCounter, display: Display) -> None:
    carts = counter.netgiro.carts()
    display.show("KAFFI", "590 kr")
    display.show("SAMTALS", "1.990 kr")
    counter.wait_for_screen("1.990 kr.")
    assert counter.state()["state"] == "idle"
    counter.press("#")
    counter.wait_for("entry")
    counter.press(PATIENT_PHONE + "#")
    counter.netgiro.accept(counter.netgiro.new_cart(carts))
    counter.wait_for_screen("Approved")
    display.show("TIL BAKA", "0 kr")
    counter.wait_for("idle")
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"]) == (1990, "approved")
    counter.press("#")  # the result has been read


def test_a_total_that_nobody_takes_starts_nothing(counter: DemoCounter, display: Display) -> None:
    sales = len(counter.journal())
    display.show("SAMTALS", "2.490 kr")
    counter.wait_for_screen("2.490 kr.")
    display.show("TIL BAKA", "510 kr")
    counter.wait_for_screen("Ready")
    counter.press("#")
    assert len(counter.journal()) == sales
