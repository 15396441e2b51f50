"""The doctor called from the keypad of a running terminal: on the screen always, on paper where there is a printer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import PrinterSettings, SerialSettings
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.config.schema import Config, JournalSettings, NetgiroSettings, TerminalSettings
from terminal.counter.menu import DIGIT_OF, Item, Page, Problem
from terminal.demo.demo import running_counter
from terminal.doctor.at_counter import LONGEST_TEXT, problems_of
from terminal.doctor.run import Result
from terminal.doctor.system import Grade
from tests.patience import at_most

CALL_THE_DOCTOR = "D" + DIGIT_OF[Item.MORE] + DIGIT_OF[Item.DOCTOR]
RESULTS = [
    Result("disk", Grade.OK, "900 MiB free", ""),
    Result("clock", Grade.WARNING, "not synchronised", "connect the network"),
    Result("printer", Grade.FAILED, "/dev/usb/lp0 does not exist", "plug it in"),
]
FOUND = (
    Problem("printer", "/dev/usb/lp0 does not exist"),
    Problem("clock", "not synchronised"),
)


class Counter:
    """A running terminal, its keypad, and what is on its screen."""

    def __init__(self, app: TerminalApp, keypad: SimulatedKeypad, cable: RegisterCable, changed: asyncio.Event) -> None:
        self.app = app
        self.keypad = keypad
        self.cable = cable
        self._changed = changed

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.app.handles.view.menu.problems

    async def shows(self, page: Page) -> tuple[str, ...]:
        async with asyncio.timeout(at_most(30)):
            while self.app.handles.view.menu.page is not page:
                self._changed.clear()
                await self._changed.wait()
        return self.app.handles.screen.lines


def at_a_counter(
    folder: Path, printer: SimulatedPrinter | None, scenario: Callable[[Counter], Awaitable[None]]
) -> None:
    async def running() -> None:
        cable, changed, keypad = RegisterCable(), asyncio.Event(), SimulatedKeypad()
        await cable.open()
        port = TtySerialPort(SerialSettings(port=cable.terminal_path))
        config = Config(
            terminal=TerminalSettings(language="en"),
            journal=JournalSettings(path=str(folder / "journal.db")),
            netgiro=NetgiroSettings(base_url="http://127.0.0.1:9/v1"),
            printer=PrinterSettings(driver="simulated"),
        )
        devices = Devices(keypad, SimulatedDisplay(), printer, port)
        app = TerminalApp(config, devices, on_view=lambda _view: changed.set())
        await app.start()
        try:
            await scenario(Counter(app, keypad, cable, changed))
        finally:
            await app.stop()
            await cable.close()

    asyncio.run(running())


def test_without_a_printer_the_report_is_on_the_screen(tmp_path: Path) -> None:
    """The real checks, on this machine: there is no secret key, so there is something to tell."""

    async def scenario(counter: Counter) -> None:
        await counter.keypad.press(CALL_THE_DOCTOR)
        banner, first, *others = await counter.shows(Page.REPORT)
        assert banner == f"Faults: {len(counter.problems)}"
        assert first == f"1/{len(counter.problems)} Something is wrong in the settings. Tell service."
        assert f"1/{len(counter.problems)} For service: {counter.problems[0].found}" in others
        assert any(problem.check == "secret key" for problem in counter.problems)

    at_a_counter(tmp_path, None, scenario)


def test_the_printer_that_the_terminal_holds_is_asked_through_it(tmp_path: Path) -> None:
    printer = SimulatedPrinter()

    async def scenario(counter: Counter) -> None:
        printer.paper = "out"
        by_name = {result.name: result for result in await counter.app.handles.examination.results()}
        assert by_name["printer"] == Result("printer", Grade.WARNING, "simulated; it has no paper", "put in a new roll")
        printer.unplug()
        by_name = {result.name: result for result in await counter.app.handles.examination.results()}
        assert by_name["printer"].status is Grade.FAILED

    at_a_counter(tmp_path, printer, scenario)


def test_with_a_printer_it_is_on_paper_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.doctor.run.run_doctor", lambda _config, **_: RESULTS)
    printer, printed = SimulatedPrinter(), asyncio.Event()
    printer.on_change = printed.set

    async def scenario(counter: Counter) -> None:
        await counter.keypad.press(CALL_THE_DOCTOR)
        await counter.shows(Page.REPORT)
        assert counter.problems == FOUND
        async with asyncio.timeout(at_most(30)):
            while not any(receipt.cut for receipt in printer.receipts):
                printed.clear()
                await printed.wait()
        assert "Fault report" in printer.receipts[0].text

    at_a_counter(tmp_path, printer, scenario)


def test_a_printer_that_fails_takes_nothing_from_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.doctor.run.run_doctor", lambda _config, **_: RESULTS)
    printer = SimulatedPrinter()
    printer.paper = "out"

    async def scenario(counter: Counter) -> None:
        await counter.keypad.press(CALL_THE_DOCTOR)
        await counter.shows(Page.REPORT)
        assert counter.problems == FOUND

    at_a_counter(tmp_path, printer, scenario)


def test_a_doctor_that_hangs_is_told_instead_of_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr("terminal.doctor.run.DEADLINE_S", 0.05)
    monkeypatch.setattr("terminal.doctor.run.run_doctor", lambda _config, **_: released.wait(30))

    async def scenario(counter: Counter) -> None:
        await counter.keypad.press(CALL_THE_DOCTOR)
        assert "1/1 The check did not end. Restart the terminal. Tell service." in await counter.shows(Page.REPORT)
        released.set()

    at_a_counter(tmp_path, None, scenario)


def test_the_running_terminal_knows_what_its_register_said(tmp_path: Path) -> None:
    async def scenario(counter: Counter) -> None:
        assert (await counter.app.handles.instruments.wear()).register.heard_bytes == 0
        answered = asyncio.Event()
        counter.cable.on_received = lambda _data: answered.set()
        counter.cable.send(b"PING\r\n")
        async with asyncio.timeout(at_most(30)):
            await answered.wait()
        line = (await counter.app.handles.instruments.wear()).register
        assert (line.heard_bytes, line.signals) == (6, None)
        assert line.silent_s < 30

    at_a_counter(tmp_path, None, scenario)


def test_what_hinders_the_terminal_comes_first_and_what_is_well_is_left_out() -> None:
    assert problems_of(RESULTS) == FOUND
    assert problems_of(RESULTS[:1]) == ()


def test_what_a_check_says_is_bounded_and_printable() -> None:
    (problem,) = problems_of([Result("x", Grade.FAILED, "a\x1b\n" + "b" * 1000, "c" * 1000)])
    assert len(problem.found) == LONGEST_TEXT
    assert problem.found.startswith("a  b")


def test_on_the_simulated_counter_the_doctor_sees_what_is_simulated(tmp_path: Path) -> None:
    async def examined() -> dict[str, Result]:
        async with running_counter(Config(), state_folder=tmp_path) as (panel, _base_url):
            panel.stage.printer.cover = "open"
            assert panel.stage.handles is not None
            return {result.name: result for result in await panel.stage.handles.examination.results()}

    results = asyncio.run(examined())
    assert [results[name].status for name in ("register port", "keypad", "network", "credentials")] == [Grade.OK] * 4
    assert results["display"].found.startswith("simulated; lit for 0.0 h")
    assert results["printer"].found == "simulated; its cover is open"
