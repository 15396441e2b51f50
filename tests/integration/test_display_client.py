"""A register that drives a customer display by a library that nobody here wrote, pyposdisplay."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pyposdisplay import Driver

from tests.integration.counter import DemoCounter

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    with DemoCounter(tmp_path_factory.mktemp("display"), {"register": {"protocol": "display"}}) as counter:
        yield counter


class Display:
    """What a register shows to its customers."""

    def __init__(self, path: str, maker: str, thousands: int) -> None:
        self._driver = Driver({"customer_display_device_name": path}, use_driver_name=maker)
        self.thousands = thousands
        """Amounts of their own: the same total again within an instant is no news."""

    def show(self, upper: str, lower: str) -> None:
        self._driver.send_text([upper.ljust(20), lower.rjust(20)])


@pytest.fixture(params=[("bixolon", 1), ("epson", 2), ("labau", 3)], ids=lambda maker: maker[0])
def display(request: pytest.FixtureRequest, counter: DemoCounter) -> Iterator[Display]:
    counter.wait_for("idle")
    path = re.search(r"Register +(/dev/\S+)", counter.process.output)
    assert path
    display = Display(path[1], *request.param)
    yield display
    display.show("VELKOMIN", "")
    counter.wait_for_screen("Ready")


def test_a_total_on_the_display_is_offered_taken_by_a_key_and_paid(counter: DemoCounter, display: Display) -> None:
    display.show("KAFFI", "590 kr")
    display.show("SAMTALS", f"{display.thousands}.990 kr")
    counter.wait_for_screen(f"{display.thousands}.990 kr.")
    counter.takes_the_offer()
    display.show("TIL BAKA", "0 kr")
    counter.wait_for("idle")
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"]) == (display.thousands * 1000 + 990, "approved")
    counter.press("#")  # the result has been read


def test_a_total_that_nobody_takes_starts_nothing(counter: DemoCounter, display: Display) -> None:
    sales = len(counter.journal())
    display.show("SAMTALS", f"{display.thousands}.490 kr")
    counter.wait_for_screen(f"{display.thousands}.490 kr.")
    display.show("TIL BAKA", "510 kr")
    counter.wait_for_screen("Ready")
    counter.press("#")
    assert len(counter.journal()) == sales
