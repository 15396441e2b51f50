"""The printer driver on a serial line whose far end does as Epson describes it: off-line, and reporting by itself."""

from __future__ import annotations

import asyncio
import os
import pty
import time
import tty
from collections.abc import Awaitable, Callable

import pytest

from hardware.factory import build_printer
from hardware.interfaces import PrinterError, PrinterStatus
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import DRAWER_PULSES, RESET
from hardware.printer.status import IN_ORDER, OFFLINE_CAUSE, PAPER_SENSOR, PRINTER, REPORT_BY_ITSELF
from hardware.printer.wires import DescriptorWire
from hardware.settings import PrinterSettings
from tests.patience import at_most
from tests.unit.hardware.printer.test_driver import RECEIPT, FarEnd
from tests.unit.hardware.printer.test_status import PAPER_OUT_REPORT, WELL_REPORT


class Line:
    """A serial printer on a pseudo-terminal. As real ones: off-line, it answers DLE EOT and keeps the rest."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.far_end = FarEnd()
        self.kept = b""
        self.heard = b""
        asyncio.get_running_loop().add_reader(self._master, self._hear)
        settings = PrinterSettings(driver="serial", device=os.ttyname(self._slave), timeout_s=0.5, drawer="pin2")
        printer = build_printer(settings)
        assert isinstance(printer, EscposPrinter)
        self.printer = printer

    def put_in_paper(self, *, out: bool = False) -> None:
        self.far_end.answers |= {PRINTER: b"\x1a" if out else b"\x12", PAPER_SENSOR: b"\x72" if out else b"\x12"}
        if not out:
            kept, self.kept = self.kept, b""
            self.say(self.far_end.take(kept))

    def say(self, data: bytes) -> None:
        os.write(self._master, data)

    def _hear(self) -> None:
        data = os.read(self._master, 4096)
        self.heard += data
        if self.far_end.answers[PRINTER] == b"\x1a":
            for question in (PRINTER, OFFLINE_CAUSE, PAPER_SENSOR):
                if question in data:
                    self.say(self.far_end.answers[question])
                    data = data.replace(question, b"")
            self.kept += data
        else:
            self.say(self.far_end.take(data))

    async def close(self) -> None:
        await self.printer.close()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)


def on_a_line(scenario: Callable[[Line], Awaitable[None]]) -> None:
    async def main() -> None:
        line = Line()
        async with asyncio.timeout(at_most(20)):
            await scenario(line)
        await line.close()

    asyncio.run(main())


def test_printer_without_paper_is_sent_nothing_that_it_would_keep():
    async def scenario(line: Line) -> None:
        line.put_in_paper(out=True)
        for _ in range(20):
            await line.printer.open()
            assert await line.printer.status() is PrinterStatus.PAPER_OUT
            with pytest.raises(PrinterError):
                await line.printer.print_document(RECEIPT)
            with pytest.raises(PrinterError):
                await line.printer.open_drawer()
            await line.printer.close()
            await line.printer.wait_for_change(0.01)
        assert line.heard.startswith(PRINTER)
        assert line.kept == b""

    on_a_line(scenario)


def test_reports_are_asked_for_behind_the_reset_of_each_receipt_while_there_is_paper():
    async def scenario(line: Line) -> None:
        await line.printer.open()
        for _ in range(2):
            await line.printer.print_document(RECEIPT)
        assert line.heard.count(RESET + REPORT_BY_ITSELF) == 2
        assert line.heard.count(RESET) == 2, "each ends the reports"

    on_a_line(scenario)


@pytest.mark.parametrize("cuts", [[4], [2, 4], [1, 2, 3, 4]], ids=["whole", "halves", "bytes"])
def test_printer_that_reports_by_itself_is_not_kept_waiting(cuts):
    async def scenario(line: Line) -> None:
        loop = asyncio.get_running_loop()
        for delay_s, report in ((0.1, PAPER_OUT_REPORT), (0.3, WELL_REPORT)):
            for start, end in zip([0, *cuts], cuts, strict=False):
                loop.call_later(delay_s + start * 0.01, line.say, report[start:end])
        started_s = loop.time()
        await line.printer.wait_for_change(30)
        assert 0.3 <= loop.time() - started_s < at_most(3)
        assert line.heard == b"", "listening says nothing"

    on_a_line(scenario)


def test_printer_that_does_not_report_is_looked_at_when_the_time_is_over():
    async def scenario(line: Line) -> None:
        started_s = asyncio.get_running_loop().time()
        await line.printer.wait_for_change(0.3)
        assert 0.3 <= asyncio.get_running_loop().time() - started_s < at_most(3)

    on_a_line(scenario)


def test_receipt_that_is_confirmed_is_printed_even_if_the_paper_ends_with_it():
    async def scenario(line: Line) -> None:
        await line.printer.open()

        def ends(question: bytes) -> None:
            if question == IN_ORDER and b"Samtals" in line.far_end.printed:
                line.put_in_paper(out=True)

        line.far_end.on_question = ends
        assert await line.printer.print_document(RECEIPT) is PrinterStatus.PAPER_OUT
        assert b"Samtals" in line.far_end.printed

    on_a_line(scenario)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [b"\x11", b"\x12", WELL_REPORT], ids=["XON", "a late answer", "a report"])
def test_only_an_answer_to_the_question_confirms_a_receipt(noise):
    async def scenario(line: Line) -> None:
        await line.printer.open()
        line.far_end.answers[IN_ORDER] = noise
        line.far_end.on_question = lambda question: line.put_in_paper(out=True) if question == IN_ORDER else None
        with pytest.raises(PrinterError, match="may be incomplete") as caught:
            await line.printer.print_document(RECEIPT)
        assert caught.value.may_be_on_paper

    on_a_line(scenario)


def test_confirmation_that_comes_too_late_is_not_taken_for_a_status():
    async def scenario(line: Line) -> None:
        await line.printer.open()
        line.far_end.answers[PRINTER] = b"\x00\x12"
        assert await line.printer.status() is PrinterStatus.OK
        line.say(b"\x1a")
        await asyncio.sleep(0.05)
        assert await line.printer.status() is PrinterStatus.OK, "what came before the question is no answer to it"

    on_a_line(scenario)


def test_drawer_is_opened_and_nothing_else():
    async def scenario(line: Line) -> None:
        await line.printer.open()
        await line.printer.open_drawer()
        await line.printer.status()
        assert line.far_end.printed == DRAWER_PULSES["pin2"]

    on_a_line(scenario)


def test_device_that_says_it_is_ready_and_is_not_is_given_up_in_time(monkeypatch):
    reading, writing = os.pipe()
    wire = DescriptorWire(writing, has_answers=False)
    with pytest.raises(TimeoutError):
        wire.write(b"x" * 1024 * 1024, 0.05)
    monkeypatch.setattr("hardware.printer.wires._ready", lambda *_args: True)
    started_s, worked_s = time.monotonic(), time.process_time()
    with pytest.raises(TimeoutError, match="takes no more data"):
        wire.write(b"x" * 100_000, 0.3)
    assert 0.3 <= time.monotonic() - started_s < at_most(2)
    assert time.process_time() - worked_s < 0.1, "it waits, it does not spin"
    wire.close()
    os.close(reading)
