"""Receipts on a printer that keeps what it gets while it is off-line, as real ones do: once each, and no debris."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from hardware.interfaces import PrinterStatus
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import DRAWER_PULSES, Typesetting
from hardware.printer.status import IN_ORDER, OFFLINE_CAUSE, PAPER_SENSOR, PRINTER, REPORT_BY_ITSELF
from terminal.paper.printing import LOOK_EVERY_S
from tests.unit.paper.shopfront_bench import COPY_MARK, CUSTOMER, MERCHANT, Shopfront, run

CUT, KICK = b"\x1dV\x01", DRAWER_PULSES["pin2"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


class EpsonPrinter:
    """A transport to a printer that carries out nothing while it is off-line, but keeps it: see printer/driver.py."""

    description = address = "at the far end"
    bytes_per_s = 10_000.0
    has_answers = True

    def __init__(self) -> None:
        self.has_paper = True
        self.ends_with_the_receipt = False
        self.kept = b""
        self.printed = b""
        self.most_kept = 0
        self._answers = b""
        self._heard = asyncio.Event()

    def put_in_paper(self) -> None:
        self.has_paper = True
        self._carry_out()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def rest(self) -> None: ...

    async def release(self) -> None: ...

    async def send(self, data: bytes) -> None:
        self.kept += data
        self.most_kept = max(self.most_kept, len(self.kept) if not self.has_paper else 0)
        self._carry_out()

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        good = {PRINTER: b"\x12", PAPER_SENSOR: b"\x12", OFFLINE_CAUSE: b"\x12"}
        out = {PRINTER: b"\x1a", PAPER_SENSOR: b"\x72", OFFLINE_CAUSE: b"\x32"}
        if question in good:
            self._answer((good if self.has_paper else out)[question])
        elif question:
            await self.send(question)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), deadline_s)
        self._heard.clear()
        answers, self._answers = self._answers, b""
        return answers

    def _carry_out(self) -> None:
        if self.has_paper and self.kept:
            data, self.kept = self.kept, b""
            self.printed += data.replace(IN_ORDER, b"")
            if REPORT_BY_ITSELF in data:
                self._answer(b"\x10\x00\x00\x00")
            if IN_ORDER in data:
                self._answer(b"\x00")
                self.has_paper = not (self.ends_with_the_receipt and b"T1-0000" in self.printed)

    def _answer(self, answer: bytes) -> None:
        self._answers += answer
        self._heard.set()


def test_a_roll_that_ends_with_the_last_line_does_not_make_the_receipt_come_out_twice(path: Path) -> None:
    epson = EpsonPrinter()
    epson.ends_with_the_receipt = True

    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        assert await shopfront.waiting() == []
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.PAPER_OUT, "pending_receipts": 0}
        epson.ends_with_the_receipt = False
        epson.put_in_paper()
        await shopfront.queue(MERCHANT)
        await asyncio.sleep(60)
        assert epson.printed.count(CUT) == 2
        assert COPY_MARK.encode() not in epson.printed
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OK, "pending_receipts": 0}

    run(path, scenario, printer=EscposPrinter(epson, Typesetting(), may_listen=True))


def test_a_night_without_paper_leaves_nothing_in_the_printer(path: Path) -> None:
    epson = EpsonPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        epson.has_paper = False
        await shopfront.queue(CUSTOMER, MERCHANT)
        shopfront.printing.open_drawer()
        await asyncio.sleep(1800)
        assert epson.most_kept == 0
        assert shopfront.notes == 0
        epson.put_in_paper()
        await asyncio.sleep(LOOK_EVERY_S + 1)
        assert epson.printed.count(CUT) == 2
        assert KICK not in epson.printed

    run(path, scenario, printer=EscposPrinter(epson, Typesetting(drawer="pin2"), may_listen=True))


def test_nothing_is_asked_while_nothing_waits(path: Path) -> None:
    epson = EpsonPrinter()

    async def scenario(shopfront: Shopfront) -> None:
        epson.ends_with_the_receipt = True
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        epson.ask = None  # would end the printing
        await asyncio.sleep(12 * 3600)

    run(path, scenario, printer=EscposPrinter(epson, Typesetting(), may_listen=True))
