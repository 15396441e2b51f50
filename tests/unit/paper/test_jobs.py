"""``reprint`` and ``printer-test``: the same from a command line alone and through the running terminal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hardware.interfaces import DeviceError, PrinterStatus
from hardware.printer import paper
from hardware.printer.encoder import CODEPAGES_BY_MERIT, ICELANDIC
from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal import __version__
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.commands.main import main
from terminal.config.control_path import control_path
from terminal.config.schema import Config, JournalSettings, NetgiroSettings
from terminal.daemon.operations import SILENT, Desk, commands_of
from terminal.doctor.by_hand import ask_printer
from terminal.errors import TerminalError
from terminal.journal.thread import JournalFile
from terminal.paper.jobs import find_number
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import ReceiptState, Record
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close, totals_of
from terminal.system.control import ControlServer
from tests.each import each_of
from tests.golden.samples import SALE
from tests.patience import at_most

NOW = "2026-11-23T12:00:00.000Z"
NOWHERE = "http://127.0.0.1:9/v1"
CUSTOMER, END_OF_DAY = ReceiptKind.CUSTOMER, ReceiptKind.END_OF_DAY
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


def reprint(counter: Counter, *words: str) -> int:
    return main(["reprint", *words, "--config", str(counter.file)])


def print_test(counter: Counter) -> int:
    return main(["printer-test", "--config", str(counter.file)])


def test_a_receipt_needs_the_running_terminal_which_owns_journal_and_printer(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reprint(counter, "7") == 1
    assert "the terminal does not run; start it" in capsys.readouterr().err
    assert not counter.output.exists()


def test_slip_has_every_letter_in_every_page(counter: Counter) -> None:
    assert print_test(counter) == 0
    for page in CODEPAGES_BY_MERIT:
        lines = counter.paper.split(f"\n{page}\n")[1].split("\n")
        assert "".join(lines[:2]) == ICELANDIC
    assert counter.paper.count("[picture") == 2


def test_unknown_profile_is_named(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    counter.file.write_text(counter.file.read_text("utf-8").replace("[printer]", '[printer]\nprofile = "none"'))
    assert print_test(counter) == 1
    assert "printer.profile" in capsys.readouterr().err


@each_of(
    ("name", "kinds", "number"),
    [
        ("", (CUSTOMER,), None),
        ("7", (CUSTOMER,), 7),
        ("T1-000007-ABCDEF", (CUSTOMER,), 7),
        ("", (END_OF_DAY,), None),
        ("2", (END_OF_DAY,), 2),
        ("3", (END_OF_DAY,), "no end of day 3"),
        ("²", (END_OF_DAY,), "no end of day ²"),
        ("T1", (END_OF_DAY,), "no end of day T1"),
        ("9" * 19, (END_OF_DAY,), "no end of day 9999999999999999999"),
        ("9" * 5000, (END_OF_DAY,), "no end of day 9"),
        ("8", (CUSTOMER,), "no sale 8: see journal list"),
    ],
)
def test_what_is_asked_for_is_found_or_named(
    counter: Counter, name: str, kinds: tuple[ReceiptKind, ...], number: int | str | None
) -> None:
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        for period in (1, 2):
            if journal.closed_period(period) is None:
                journal.append_close(Close(period, totals_of(())))
        if isinstance(number, str):
            with pytest.raises(TerminalError, match=number):
                find_number(journal, name, kinds)
        else:
            assert find_number(journal, name, kinds) == number


def test_a_printer_whose_device_nobody_has_named_gives_a_sentence(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    counter.file.write_text(f'[printer]\ndriver = "serial"\n[journal]\npath = "{counter.journal}"\n')
    assert print_test(counter) == 1
    assert "correct config.toml: [printer] needs device" in capsys.readouterr().err


def beside_a_terminal(counter: Counter, work: Callable[[TerminalApp, SimulatedPrinter], Awaitable[None]]) -> None:
    async def running() -> None:
        cable = RegisterCable()
        await cable.open()
        printer = SimulatedPrinter()
        port = TtySerialPort(SerialSettings(port=cable.terminal_path))
        app = TerminalApp(counter.config, Devices(SimulatedKeypad(), SimulatedDisplay(), printer, port))
        await app.start()
        desk = Desk(counter.config, app.handles, "2026-11-23T08:00:00.000Z", asyncio.Event())
        control = ControlServer(control_path(counter.config), commands_of(desk), SILENT)
        await control.start()
        try:
            await work(app, printer)
        finally:
            await control.stop()
            await app.stop()
            await cable.close()

    asyncio.run(running())


def test_running_terminal_prints_receipts_and_slips_when_it_is_asked(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    with JournalFile(counter.journal, lambda: NOW) as journal:
        journal.open()
        journal.append_close(Close(1, totals_of([PAID])))

    async def work(_app: TerminalApp, printer: SimulatedPrinter) -> None:
        printed = asyncio.Event()
        wanted = 0

        def look() -> None:
            if sum(receipt.cut for receipt in printer.receipts) >= wanted:
                printed.set()

        printer.on_change = look
        for words, said in (
            ([], "7-customer-1"),
            (["7"], "7-customer-2"),
            ([PAID.reference], "7-customer-3"),
            ([PAID.register_id], "7-customer-4"),
            (["7", "--copy", "both"], "7-customer-5, 7-merchant-1"),
            (["--end-of-day"], "1-end_of_day-1"),
            (["1", "--end-of-day"], "1-end_of_day-2"),
        ):
            printed.clear()
            wanted += said.count(",") + 1
            assert await asyncio.to_thread(reprint, counter, *words) == 0
            assert capsys.readouterr().out.startswith(f"queued: {said};")
            async with asyncio.timeout(at_most(10)):
                await printed.wait()
        texts = [receipt.text for receipt in printer.receipts]
        assert ["AFRIT" in text for text in texts] == [True, True, True, True, True, False, False, True]
        assert all("1.990 kr." in text for text in texts[:6])
        for words, problem in (
            (["99"], "no sale 99"),
            (["2", "--end-of-day"], "no end of day 2"),
        ):
            assert await asyncio.to_thread(reprint, counter, *words) == 1
            assert problem in capsys.readouterr().err

    beside_a_terminal(counter, work)


def test_running_terminal_ends_its_day(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        cut = asyncio.Event()
        printer.on_change = lambda: cut.set() if any(receipt.cut for receipt in printer.receipts) else None
        assert await asyncio.to_thread(main, ["end-of-day", "--config", str(counter.file)]) == 0
        assert capsys.readouterr().out == "end of day 1: 1 approved, 1.990 kr.\ncharged by Netgíró: 1.990 kr.\n"
        async with asyncio.timeout(at_most(10)):
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


@pytest.mark.slow
def test_running_terminal_prints_its_own_doctors_report(counter: Counter, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        assert await asyncio.to_thread(doctor_is_called, counter) == 1, "there is no secret key"
        (slip,) = printer.receipts
        assert slip.cut
        assert "Bilanaskýrsla" in slip.text
        assert re.search(r"^bilun +leynilykill$", slip.text, re.MULTILINE)
        assert re.search(r"^í lagi +útgáfa$", slip.text, re.MULTILINE)
        assert re.search(rf"^ +version: {re.escape(__version__)},", slip.text, re.MULTILINE)
        printer.paper = "out"
        assert await asyncio.to_thread(doctor_is_called, counter) == 1
        assert "out of paper" in capsys.readouterr().err

    beside_a_terminal(counter, work)


def test_doctors_report_is_printed_without_a_running_terminal(counter: Counter) -> None:
    assert doctor_is_called(counter) == 1
    assert "Bilanaskýrsla" in counter.paper
    assert "-> " in counter.paper, "what is wrong comes with what to do"


def test_running_terminal_prints_the_slip_and_tells_why_it_cannot(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(app: TerminalApp, printer: SimulatedPrinter) -> None:
        assert await asyncio.to_thread(print_test, counter) == 0
        assert "CP858" in printer.receipts[0].text
        printer.paper = "out"
        assert await asyncio.to_thread(print_test, counter) == 1
        assert "out of paper" in capsys.readouterr().err
        assert app.handles.view.conditions.printer is PrinterStatus.UNKNOWN

    beside_a_terminal(counter, work)
