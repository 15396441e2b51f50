"""``reprint`` and ``printer-test``: the same from a command line alone and through the running terminal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hardware import paper
from hardware.interfaces import DeviceError, PrinterStatus
from hardware.receipt_encoder import CODEPAGES_BY_MERIT, ICELANDIC
from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal import __version__
from terminal.app.app import Devices, TerminalApp
from terminal.commands.main import main
from terminal.config.schema import Config, JournalSettings, NetgiroSettings
from terminal.daemon.operations import Operations
from terminal.errors import JournalError, TerminalError
from terminal.journal.thread import JournalFile, ReceiptState, Record
from terminal.paper.jobs import ask_printer, print_test, reprint
from terminal.sale.effects import ReceiptKind
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close, totals_of
from tests.golden.cases import SALE

NOW = "2026-11-23T12:00:00.000Z"
NOWHERE = "http://127.0.0.1:9/v1"
CUSTOMER = ReceiptKind.CUSTOMER
PAID = replace(SALE, number=7, reference="T1-000007-ABCDEF", state=State.CLOSED, reason=Reason.PAID)


class Counter:
    """A configuration, a journal with one paid sale, and a file as its printer."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "paper.bin"
        self.file = folder / "config.toml"
        self.journal = folder / "journal.db"
        self.file.write_text(
            f'[printer]\ndriver = "file"\ndevice = "{self.output}"\n'
            f'[journal]\npath = "{self.journal}"\n[netgiro]\nbase_url = "{NOWHERE}"\n'
        )
        config = Config(
            path=self.file,
            journal=JournalSettings(path=str(self.journal)),
            netgiro=NetgiroSettings(base_url=NOWHERE),
        )
        self.config = replace(config, printer=replace(config.printer, driver="file", device=str(self.output)))
        with JournalFile(self.journal, lambda: NOW) as journal:
            journal.open()
            journal.append(Record("ResultAcknowledged", PAID, (CUSTOMER,)))
            (receipt,) = journal.unprinted_receipts()
            journal.note_receipt(replace(receipt, state=ReceiptState.PRINTED))

    @property
    def paper(self) -> str:
        return paper.as_text(paper.decode(self.output.read_bytes(), 48), 48)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


@pytest.mark.parametrize("name", ["", "7", PAID.reference, PAID.register_id])
def test_receipt_is_printed_without_a_running_terminal(counter: Counter, name: str) -> None:
    assert reprint(counter.config, name, (CUSTOMER,)) == "printed: 7-customer-1"
    assert "*** AFRIT ***" in counter.paper
    assert "1.990 kr." in counter.paper


def test_command_line_says_what_it_did(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprint", "7", "--copy", "both", "--config", str(counter.file)]) == 0
    assert capsys.readouterr().out == "printed: 7-customer-1, 7-merchant-1\n"
    assert counter.paper.count("AFRIT") == 1, "the shop's copy had never been printed"


def test_slip_of_an_end_of_day_is_printed_again(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprint", "--end-of-day", "--config", str(counter.file)]) == 1
    assert "nothing to print" in capsys.readouterr().err
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        journal.append_close(Close(1, totals_of([PAID])))
    for words in (["reprint", "--end-of-day"], ["reprint", "1", "--end-of-day"]):
        assert main([*words, "--config", str(counter.file)]) == 0
    assert capsys.readouterr().out == "printed: 1-end_of_day-1\nprinted: 1-end_of_day-2\n"
    assert counter.paper.count("DAGSUPPGJÖR") == 2
    assert counter.paper.count("AFRIT") == 1, "it had never been printed"
    assert main(["reprint", "2", "--end-of-day", "--config", str(counter.file)]) == 1
    assert "no end of day 2" in capsys.readouterr().err


def test_sale_that_does_not_exist_is_named(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprint", "99", "--config", str(counter.file)]) == 1
    assert "no sale 99" in capsys.readouterr().err
    assert not counter.output.exists()


def test_open_sale_has_no_receipt(counter: Counter) -> None:
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        journal.append(Record("SaleRequested", replace(SALE, number=8, register_id="8")))
    with pytest.raises(TerminalError, match="must have ended"):
        reprint(counter.config, "8", (CUSTOMER,))


def test_receipt_that_does_not_come_out_stays_queued(counter: Counter, tmp_path: Path) -> None:
    config = replace(counter.config, printer=replace(counter.config.printer, device=str(tmp_path / "none" / "paper")))
    with pytest.raises(TerminalError, match="stays queued"):
        reprint(config, "7", (CUSTOMER,))
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        assert [receipt.receipt_id for receipt in journal.unprinted_receipts()] == ["7-customer-1"]


def test_journal_of_a_terminal_that_cannot_be_asked_is_left_alone(counter: Counter) -> None:
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        with pytest.raises(JournalError, match="in use"):
            reprint(counter.config, "7", (CUSTOMER,))


def test_slip_has_every_letter_in_every_page(counter: Counter) -> None:
    print_test(counter.config)
    for page in CODEPAGES_BY_MERIT:
        lines = counter.paper.split(f"\n{page}\n")[1].split("\n")
        assert "".join(lines[:2]) == ICELANDIC
    assert counter.paper.count("[picture") == 2


def test_unknown_profile_is_named(counter: Counter) -> None:
    config = replace(counter.config, printer=replace(counter.config.printer, profile="none"))
    with pytest.raises(TerminalError, match=r"printer\.profile"):
        print_test(config)


def beside_a_terminal(counter: Counter, work: Callable[[TerminalApp, SimulatedPrinter], Awaitable[None]]) -> None:
    async def running() -> None:
        cable = RegisterCable()
        await cable.open()
        printer = SimulatedPrinter()
        port = TtySerialPort(SerialSettings(port=cable.terminal_path))
        app = TerminalApp(counter.config, Devices(SimulatedKeypad(), SimulatedDisplay(), printer, port))
        operations = Operations(counter.config)
        await app.start()
        await operations.start(app)
        try:
            await work(app, printer)
        finally:
            await operations.stop()
            await app.stop()
            await cable.close()

    asyncio.run(running())


def test_running_terminal_prints_the_receipt_when_it_is_asked(counter: Counter) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        cut = asyncio.Event()
        printer.on_change = lambda: cut.set() if any(receipt.cut for receipt in printer.receipts) else None
        said = await asyncio.to_thread(reprint, counter.config, PAID.reference, (CUSTOMER,))
        assert said.startswith("queued: 7-customer-1;")
        async with asyncio.timeout(10):
            await cut.wait()
        assert "*** AFRIT ***" in printer.receipts[0].text
        with pytest.raises(TerminalError, match="no sale 99"):
            await asyncio.to_thread(reprint, counter.config, "99", (CUSTOMER,))

    beside_a_terminal(counter, work)


def test_running_terminal_ends_its_day(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        cut = asyncio.Event()
        printer.on_change = lambda: cut.set() if any(receipt.cut for receipt in printer.receipts) else None
        assert await asyncio.to_thread(main, ["end-of-day", "--config", str(counter.file)]) == 0
        assert capsys.readouterr().out == "end of day 1: 1 approved, 1.990 kr.\n"
        async with asyncio.timeout(10):
            await cut.wait()
        assert "Samþykkt (1)" in printer.receipts[0].text

    beside_a_terminal(counter, work)


def test_running_terminal_is_asked_how_its_printer_is(counter: Counter) -> None:
    async def work(_app: TerminalApp, printer: SimulatedPrinter) -> None:
        assert await asyncio.to_thread(ask_printer, counter.config) is PrinterStatus.OK
        printer.cover = "open"
        assert await asyncio.to_thread(ask_printer, counter.config) is PrinterStatus.COVER_OPEN
        printer.unplug()
        with pytest.raises(DeviceError, match="unplugged"):
            await asyncio.to_thread(ask_printer, counter.config)
        printer.plug_in()
        printer.cover = "closed"
        assert await asyncio.to_thread(ask_printer, counter.config) is PrinterStatus.OK
        assert printer.receipts == []

    beside_a_terminal(counter, work)


def doctor_is_called(counter: Counter) -> int:
    return main(["doctor", "--print", "--config", str(counter.file)])


def test_running_terminal_prints_its_own_doctors_report(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        assert await asyncio.to_thread(doctor_is_called, counter) == 1, "there is no secret key"
        (slip,) = printer.receipts
        assert slip.cut
        assert "netgiro-terminal doctor" in slip.text
        assert re.search(r"^failed +secret key$", slip.text, re.MULTILINE)
        assert re.search(rf"^ok +version\n +{re.escape(__version__)},", slip.text, re.MULTILINE)
        printer.paper = "out"
        assert await asyncio.to_thread(doctor_is_called, counter) == 1
        assert "out of paper" in capsys.readouterr().err

    beside_a_terminal(counter, work)


def test_doctors_report_is_printed_without_a_running_terminal(counter: Counter) -> None:
    assert doctor_is_called(counter) == 1
    assert "netgiro-terminal doctor" in counter.paper
    assert "-> " in counter.paper, "what is wrong comes with what to do"


def test_running_terminal_prints_the_slip_and_tells_why_it_cannot(counter: Counter) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        await asyncio.to_thread(print_test, counter.config)
        assert "CP858" in printer.receipts[0].text
        printer.paper = "out"
        with pytest.raises(TerminalError, match="out of paper"):
            await asyncio.to_thread(print_test, counter.config)
        assert app.runner.view.conditions.printer is PrinterStatus.UNKNOWN

    beside_a_terminal(counter, work)
