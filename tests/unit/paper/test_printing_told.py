"""What the printing tells of the printer and of what waits, step by step."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hardware.interfaces import Cut, PrinterStatus, TextLine
from terminal.paper.reconciliation import Reconciled
from terminal.sale.record import ReceiptState, original
from terminal.sale.totals import Close, totals_of
from tests.unit.paper.shopfront_bench import CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_what_waits_is_counted_down_receipt_by_receipt(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printing.prepare()
        await asyncio.sleep(5)
        assert shopfront.known["printer"] is PrinterStatus.OK
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(60)
        counted = [one["pending_receipts"] for one in shopfront.conditions]
        assert counted == [0, 2, 1, 0]
        assert (shopfront.known["is_printing"], shopfront.known["paper_low"]) == (False, False)

    run(path, scenario)


def test_a_printer_that_is_gone_is_told_with_what_waits_for_it(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.online = False
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(30)
        assert shopfront.conditions == [{"printer": PrinterStatus.OFFLINE, "pending_receipts": 2}]
        assert shopfront.known["receipt_in_doubt"] is None
        shopfront.printer.online = True
        shopfront.plugged.set()
        await asyncio.sleep(60)
        assert len(shopfront.texts) == 2
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OK, "pending_receipts": 0}

    run(path, scenario)


def test_a_roll_that_ends_in_a_receipt_is_told_with_all_that_waits(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.lines_left = 20
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(10)
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.PAPER_OUT, "pending_receipts": 2}
        assert len(shopfront.texts) == 0, "the other one is not tried on no paper"

    run(path, scenario)


def test_a_roll_that_ends_is_told_though_the_disk_is_full(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.lines_left = 20
        shopfront.disk.refuses = ReceiptState.QUEUED_AGAIN
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(60)
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.PAPER_OUT, "pending_receipts": 2}

    run(path, scenario)


def test_what_waits_is_still_told_when_a_sale_begins(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(60)
        shopfront.printing.prepare()
        await asyncio.sleep(60)
        assert shopfront.conditions == [{"printer": PrinterStatus.PAPER_OUT, "pending_receipts": 2}]

    run(path, scenario)


def test_a_printer_that_has_only_printed_something_else_is_looked_at_before_a_receipt_is_taken(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.printing.print_now((TextLine("prufa"), Cut()))
        shopfront.printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        assert shopfront.notes == 0

    run(path, scenario)


def test_a_receipt_that_cannot_be_made_is_no_end_if_no_other_waits(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.journal.call(shopfront.disk.append_receipts, (original(99, CUSTOMER),))
        shopfront.printing.wake()
        await asyncio.sleep(60)
        await shopfront.queue(MERCHANT)
        await asyncio.sleep(60)
        assert len(shopfront.texts) == 1

    run(path, scenario)


def test_the_days_slip_says_what_was_reconciled_and_that_the_paper_ends(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "low"
        shopfront.reconciled = Reconciled(first="2026-11-22", last="2026-11-23", agree=12, differ=0, not_asked=0)
        await shopfront.queue(CUSTOMER)
        await shopfront.journal.call(shopfront.disk.append_close, Close(1, totals_of(()), is_printed=True))
        shopfront.printing.wake()
        await asyncio.sleep(60)
        slip = shopfront.texts[-1]
        assert ("22.11.2026-23.11.2026" in slip, "Pappír á þrotum" in slip) == (True, True)

    run(path, scenario)
