"""How long a receipt waits for its printer, and how long a printer is held: the times that a counter knows."""

from __future__ import annotations

import asyncio
import logging
from itertools import pairwise
from pathlib import Path

import pytest

from hardware.interfaces import PrinterStatus
from hardware.simulated import SimulatedPrinter
from terminal.counter.inputs import ConditionsChanged
from terminal.paper.printing import KEPT_READY_S, LONGEST_PAUSE_S, LOOK_EVERY_S, SHORTEST_PAUSE_S
from terminal.sale.record import ReceiptState
from tests.unit.paper.shopfront_bench import CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


class WatchedPrinter(SimulatedPrinter):
    """Keeps when it was asked, released and closed."""

    def __init__(self) -> None:
        super().__init__(columns=48)
        self.looked_at_s: list[float] = []
        self.released_at_s: list[float] = []
        self.closed = 0

    async def status(self) -> PrinterStatus:
        self.looked_at_s.append(asyncio.get_running_loop().time())
        return await super().status()

    async def release(self) -> None:
        self.released_at_s.append(asyncio.get_running_loop().time())
        await super().release()

    async def close(self) -> None:
        self.closed += 1
        await super().close()


def test_the_times_are_these() -> None:
    assert (SHORTEST_PAUSE_S, LONGEST_PAUSE_S, KEPT_READY_S, LOOK_EVERY_S) == (2.0, 30.0, 20.0, 5.0)


def test_a_printer_without_paper_is_looked_at_every_five_seconds(path: Path) -> None:
    printer = WatchedPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(120)
        pauses_s = [later - before for before, later in pairwise(printer.looked_at_s) if later > before]
        assert pauses_s[-1] == 5
        assert max(pauses_s) == 5

    run(path, scenario, printer=printer)


def test_what_was_made_ready_for_a_sale_is_let_go_of_after_twenty_seconds_without_it(path: Path) -> None:
    printer = WatchedPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        await asyncio.sleep(1)
        printer.released_at_s.clear()
        began_s = asyncio.get_running_loop().time()
        shopfront.printing.prepare()
        await asyncio.sleep(60)
        assert [at_s - began_s for at_s in printer.released_at_s] == [pytest.approx(20, abs=1)]

    run(path, scenario, printer=printer)


def test_a_receipt_that_comes_meanwhile_is_printed_at_once(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printing.prepare()
        await asyncio.sleep(10)
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(3)
        assert len(shopfront.texts) == 2

    run(path, scenario)


def test_a_printer_is_closed_at_the_end_of_the_program(path: Path) -> None:
    printer = WatchedPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        assert printer.closed == 0

    run(path, scenario, printer=printer)
    assert printer.closed == 1


def test_a_program_that_only_prints_what_waits_says_whether_something_still_does(path: Path) -> None:
    printer = WatchedPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(10)

    async def later(shopfront: Shopfront) -> None:
        """Its own run has printed already: what is asked for once more is printed by hand."""
        await asyncio.sleep(60)
        before = printer.closed
        assert await shopfront.printing.print_waiting()
        assert printer.closed == before + 1
        assert await shopfront.waiting() == []

    run(path, scenario, printer=printer)
    printer.paper = "ok"
    run(path, later, printer=printer)


def test_staff_see_that_it_prints_only_while_it_does(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        await shopfront.queue(MERCHANT)
        await asyncio.sleep(60)
        changes = [event.changes for event in shopfront.told if isinstance(event, ConditionsChanged)]
        told = [one["is_printing"] for one in changes if "is_printing" in one]
        assert told[-2:] == [True, False]
        assert shopfront.known["pending_receipts"] == 0
        assert shopfront.known["paper_low"] is False

    run(path, scenario)


def test_a_printer_in_trouble_is_one_warning_in_the_log(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(600)
        shopfront.disk.refuses = ReceiptState.PRINTING
        shopfront.printer.paper = "ok"
        await asyncio.sleep(60)

    with caplog.at_level(logging.WARNING, "terminal.paper.printing"):
        run(path, scenario)
    texts = [record.getMessage() for record in caplog.records]
    assert [text for text in texts if "printer is" in text] == ["receipts stay pending: printer is paper_out"]
    assert any("no space left on device" in text for text in texts)
