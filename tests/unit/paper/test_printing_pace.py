"""How long a receipt waits for its printer, and how long a printer is held: the times that a counter knows."""

from __future__ import annotations

import asyncio
import logging
from itertools import pairwise
from pathlib import Path

import pytest

from hardware.interfaces import Cut, PrinterStatus, TextLine
from hardware.simulated import SimulatedPrinter
from terminal.counter.inputs import ConditionsChanged
from terminal.paper.printing import KEPT_READY_S, LONGEST_PAUSE_S, LOOK_EVERY_S, SHORTEST_PAUSE_S
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import ReceiptState
from tests.unit.paper.shopfront_bench import CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


class WatchedPrinter(SimulatedPrinter):
    """Keeps when it was opened, asked, released and closed."""

    def __init__(self) -> None:
        super().__init__(columns=48)
        self.opened_at_s: list[float] = []
        self.looked_at_s: list[float] = []
        self.released_at_s: list[float] = []
        self.closed = 0
        self.prepared = 0

    async def prepare(self) -> None:
        self.prepared += 1
        await super().prepare()

    async def open(self) -> None:
        self.opened_at_s.append(asyncio.get_running_loop().time())
        await super().open()

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
        assert printer.prepared == 1

    run(path, scenario, printer=printer)


def test_a_printer_is_let_go_of_as_soon_as_the_receipts_are_out(path: Path) -> None:
    """After a sale as well as after a start: others print there, too."""
    printer = WatchedPrinter()

    async def released(shopfront: Shopfront, kind: ReceiptKind) -> None:
        printer.released_at_s.clear()
        began_s = asyncio.get_running_loop().time()
        await shopfront.queue(kind)
        await asyncio.sleep(KEPT_READY_S - 1)
        assert {at_s - began_s < 5 for at_s in printer.released_at_s} == {True}

    async def scenario(shopfront: Shopfront) -> None:
        await released(shopfront, CUSTOMER)
        shopfront.printing.prepare()
        await asyncio.sleep(10)
        await released(shopfront, MERCHANT)
        assert printer.prepared == 1

    run(path, scenario, printer=printer)


def test_a_receipt_after_one_that_nobody_knows_of_does_not_wait(path: Path) -> None:
    """A printer that hangs up may be well. It is asked first, as one that was never seen."""
    printer = WatchedPrinter()
    printer.set_mood("knows_in_order", False)
    printer.set_mood("hangs_up_at_knife", True)

    async def scenario(shopfront: Shopfront) -> None:
        await asyncio.sleep(60)
        printer.looked_at_s.clear()
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(SHORTEST_PAUSE_S)
        assert len(shopfront.texts) > 1
        assert len(printer.looked_at_s) > 1

    run(path, scenario, printer=printer)


@pytest.mark.parametrize("asked", ["status", "print_now"])
def test_whoever_asks_the_printer_has_it_looked_at_for_the_receipts_too(path: Path, asked: str) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(61)
        assert await shopfront.printing.status() is PrinterStatus.PAPER_OUT
        await asyncio.sleep(61)
        assert shopfront.notes == 0, "nothing is tried because the printer was asked"
        shopfront.printer.cover = "open"  # which says nothing when paper is put in
        shopfront.printer.paper = "ok"
        shopfront.printer.cover = "closed"
        if asked == "status":
            assert await shopfront.printing.status() is PrinterStatus.OK
        else:
            await shopfront.printing.print_now((TextLine("prufa"), Cut()))
        await asyncio.sleep(0.5)
        assert any("T1-000007" in text for text in shopfront.texts)

    run(path, scenario)


def test_after_a_receipt_the_next_trouble_begins_with_the_shortest_pause(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        for kind in (CUSTOMER, MERCHANT):
            shopfront.disk.refuses = ReceiptState.PRINTING
            await shopfront.queue(kind)
            await asyncio.sleep(1 if kind is MERCHANT else 600)
            shopfront.disk.refuses = None
            await asyncio.sleep(LONGEST_PAUSE_S + 1 if kind is CUSTOMER else SHORTEST_PAUSE_S)
        assert len(shopfront.texts) == 2

    run(path, scenario)


def test_something_that_is_plugged_in_is_looked_at_often_again(path: Path) -> None:
    """It may be the printer, which needs some seconds until it answers."""
    printer = WatchedPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        printer.unplug()
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(603)
        printer.opened_at_s.clear()
        shopfront.plugged.set()
        await asyncio.sleep(SHORTEST_PAUSE_S + 1)
        assert len(printer.opened_at_s) == 2

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
