"""What the printing tells of the printer and of what waits, step by step."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hardware.interfaces import PrinterStatus
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
