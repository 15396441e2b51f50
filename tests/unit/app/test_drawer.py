"""The cash drawer: at approval or not at all, and never because of a receipt."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hardware.printer.encoder import Typesetting
from hardware.simulated import SimulatedPrinter
from terminal.paper.printer_session import DRAWER_WITHIN_S
from terminal.paper.printing import LOOK_EVERY_S
from terminal.texts.english import ENGLISH
from tests.unit.app.test_degraded_life import Counter, at_the_counter
from tests.unit.paper.shopfront_bench import CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def with_drawer() -> SimulatedPrinter:
    return SimulatedPrinter(Typesetting(drawer="pin2"))


def test_drawer_is_opened_at_once_when_a_sale_is_approved(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await asyncio.sleep(60)
        shopfront.printing.open_drawer()
        await asyncio.sleep(0.01)
        assert shopfront.printer.drawer_kicks == 1, "whatever becomes of the receipts"
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(600)
        assert len(shopfront.texts) == 2
        assert shopfront.printer.drawer_kicks == 1

    run(path, scenario, printer=with_drawer())


@pytest.mark.parametrize("lines", [4, *(pytest.param(lines, marks=pytest.mark.slow) for lines in (0, 20))])
def test_drawer_is_not_opened_by_a_receipt_that_comes_later_or_again(path: Path, lines: int) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.lines_left = lines
        if not lines:
            shopfront.printer.paper = "out"
        shopfront.printing.open_drawer()
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(3600)
        kicks = shopfront.printer.drawer_kicks
        assert kicks == (lines > 0)
        shopfront.printer.paper = "ok"
        await asyncio.sleep(LOOK_EVERY_S + 1)
        assert len(shopfront.texts) == 1
        assert shopfront.printer.drawer_kicks == kicks

    run(path, scenario, printer=with_drawer())


def test_drawer_stays_closed_if_the_printer_is_busy_for_too_long(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        async with shopfront.printing._session._turn:
            shopfront.printing.open_drawer()
            await asyncio.sleep(DRAWER_WITHIN_S + 0.1)
        await asyncio.sleep(600)
        assert shopfront.printer.drawer_kicks == 0

    run(path, scenario, printer=with_drawer())


def test_drawer_that_is_not_there_is_left_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.unplug()
        shopfront.printing.open_drawer()
        await asyncio.sleep(1)
        assert shopfront.printer.drawer_kicks == 0
        assert "drawer" not in caplog.text

    run(path, scenario)


def test_terminal_opens_it_for_a_sale_that_is_approved_and_for_no_other(tmp_path: Path) -> None:
    async def scenario(counter: Counter) -> None:
        counter.printer = with_drawer()
        counter.printer.on_change = counter._changed.set
        counter.devices = counter.devices._replace(printer=counter.printer)
        await counter.start()
        await counter.line_is_up()
        counter.ring_up("cancelled")
        await counter.shows(ENGLISH.ask_identifier)
        await counter.keypad.press("**")
        assert (await counter.told("cancelled")).startswith("NO CANCELLED")
        assert counter.printer.drawer_kicks == 0
        counter.ring_up("paid")
        await counter.shows(ENGLISH.ask_identifier)
        await counter.type_code()
        assert (await counter.told("paid")).startswith("OK 1990")
        await counter.has_printed(2)
        assert counter.printer.drawer_kicks == 1

    at_the_counter(tmp_path, scenario)
