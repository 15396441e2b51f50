"""What works when something is missing: hardware/devices.md's table, row by row, on the whole terminal.

Everything but the far ends is the real thing: keypad scanner, presenter, printer driver, serial port on a pty, journal,
loop, gateway and HTTP client; behind the client is the sandbox, and all of it runs in virtual time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from hardware.register_cable import RegisterCable
from hardware.scanner import SimulatedScanner
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.signals import SimulatedSignals
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.app.seams import Seams
from terminal.config.schema import Config, JournalSettings, NetgiroSettings, TerminalSettings
from terminal.counter.trouble import Trouble
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, build_sandbox
from terminal.netgiro.sandbox.web import create_app
from terminal.sale.sensitive import Sensitive
from terminal.screen.lamp import APPROVED
from terminal.texts.english import ENGLISH
from tests.patience import at_most
from tests.virtual_time import run_with_workers

APP_CODE = "1234"
PATIENCE_S = 120.0
GRACE_S = 0.01
"""For what no call waits for, such as bytes on their way: real time before each jump of the clock."""
DEVICES = Path(__file__).parents[3] / "hardware" / "devices.md"


class Network(httpx.AsyncBaseTransport):
    """Between the terminal and the sandbox; ``up`` or not."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.up = True
        self.looks = 0
        """Requests for nothing, only to see whether somebody is there."""
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.looks += request.method == "HEAD"
        if not self.up:
            raise httpx.ConnectError("[Errno -3] Temporary failure in name resolution", request=request)
        return await self._inner.handle_async_request(request)


class Counter:
    """A terminal with everything on it, before it is started."""

    def __init__(self, folder: Path, network: Network, cable: RegisterCable) -> None:
        self.network = network
        self.cable = cable
        self.keypad, self.display, self.signals = SimulatedKeypad(), SimulatedDisplay(), SimulatedSignals()
        self.printer, self.scanner = SimulatedPrinter(), SimulatedScanner()
        self.devices = Devices(
            self.keypad,
            self.display,
            self.printer,
            TtySerialPort(SerialSettings(port=cable.terminal_path)),
            self.signals,
            self.scanner,
        )
        self._journal = str(folder / "journal.db")
        self._heard = b""
        self._changed = asyncio.Event()
        cable.on_received = self._hear
        self.printer.on_change = self._changed.set

    async def start(self) -> None:
        config = Config(
            terminal=TerminalSettings(language="en"),
            journal=JournalSettings(path=self._journal),
            netgiro=NetgiroSettings(
                base_url="http://sandbox/v1",
                application_id=PUBLIC_APPLICATION_ID,
                secret_key=Sensitive(PUBLIC_SECRET_KEY),
            ),
        )
        self.app = TerminalApp(
            config, self.devices, on_view=lambda _view: self._changed.set(), seams=Seams(transport=self.network)
        )
        await self.app.start()
        self.app.warm_up()

    def _hear(self, data: bytes) -> None:
        self._heard += data
        self._changed.set()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(at_most(PATIENCE_S)):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    async def line_is_up(self) -> None:
        """Wait until the terminal answers its register: however busy the machine, no request is sent to nobody."""
        async with asyncio.timeout(at_most(PATIENCE_S)):
            while b"PONG" not in self._heard:
                self.cable.send(b"PING\r\n")
                await asyncio.sleep(1)
        self._heard = b""

    def ring_up(self, register_id: str) -> None:
        self.cable.send(f"PAY 1990 ID={register_id}\r\n".encode())

    async def told(self, register_id: str) -> str:
        """What the register hears in the end of that sale."""
        await self._until(lambda: bool(self._endings(register_id)))
        return self._endings(register_id)[-1]

    def _endings(self, register_id: str) -> list[str]:
        lines = self._heard.decode().split("\r\n")[:-1]
        return [line for line in lines if line.startswith("ERR") or f" ID={register_id} " in line]

    async def shows(self, what: str) -> None:
        """Wait until that stands on the screen."""
        await self._until(lambda: what in self.app.handles.screen.lines)

    async def type_code(self) -> None:
        """Once there is a keypad to type on; one that came back asks for a clean beginning."""
        await self._until(lambda: self.app.handles.view.conditions.keypad_is_read)
        clear = "*" if self.app.handles.view.entry.problem is not None else ""
        await self.keypad.press(f"{clear}{APP_CODE}#")

    async def scan_code(self) -> None:
        self.scanner.scan(f"{NetgiroSettings().app_code_prefix}{APP_CODE}")

    @property
    def has_played_approved(self) -> bool:
        return any(pattern.flashes == APPROVED for pattern in self.signals.played)

    async def is_well(self) -> None:
        """Wait until nothing is wrong any more, and nothing of a sale on the screen."""
        await self.shows(f"{ENGLISH.ready}   {ENGLISH.key_language}")

    async def reaches_the_service(self) -> None:
        """Wait until nothing says any more that there is no connection."""
        await self._until(lambda: self.app.handles.view.conditions.network_ok)

    @property
    def papers(self) -> int:
        return sum(receipt.cut for receipt in self.printer.receipts)

    async def has_printed(self, count: int) -> None:
        await self._until(lambda: self.papers >= count)
        await asyncio.sleep(60)
        assert self.papers == count


Change = Callable[[Counter], None]


def nothing(_counter: Counter) -> None:
    """All is there."""


def without_printer(counter: Counter) -> None:
    counter.devices = counter.devices._replace(printer=None)


def without_display(counter: Counter) -> None:
    counter.devices = counter.devices._replace(display=None)


def cut_off(counter: Counter) -> None:
    counter.network.up = False


def connect(counter: Counter) -> None:
    counter.network.up = True


class Row(NamedTuple):
    """``missing`` is the table's first column."""

    missing: str
    at_start: Change = nothing
    in_sale: Change = nothing
    """After the sale has begun and before anybody types."""
    before_typing: Change = nothing
    """Once staff have been told."""
    after_typing: Change = nothing
    mark: Trouble | None = None
    """What the screen says of it, before anybody types."""
    told: str = "OK 1990"
    """How the register's answer begins."""
    is_signalled: bool = True
    """Whether lamp and buzzer tell that it was paid."""
    papers: int = 2
    """Before it is mended."""
    mend: Change = nothing
    papers_of_sale: int = 2
    """Once it is mended."""
    identify: Callable[[Counter], Awaitable[None]] = Counter.type_code
    """In the sale after that."""


ROWS = [
    Row("Nothing"),
    Row(
        "Printer",
        lambda counter: counter.printer.unplug(),
        mark=Trouble.PRINTER_OFFLINE,
        papers=0,
        mend=lambda counter: counter.printer.plug_in(),
    ),
    Row(
        "Paper",
        lambda counter: setattr(counter.printer, "paper", "out"),
        mark=Trouble.PAPER_OUT,
        papers=0,
        mend=lambda counter: setattr(counter.printer, "paper", "ok"),
    ),
    Row('Printer, by `driver = "none"`', without_printer, papers=0, papers_of_sale=0),
    Row("Display", lambda counter: counter.display.unplug(), mend=lambda counter: counter.display.plug_in()),
    Row('Display, by `driver = "none"`', without_display),
    Row(
        "Keypad",
        lambda counter: counter.keypad.unplug(),
        mark=Trouble.KEYPAD,
        told="ERR UNAVAILABLE",
        is_signalled=False,
        papers=0,
        mend=lambda counter: counter.keypad.plug_in(),
        papers_of_sale=0,
    ),
    Row(
        "Keypad, in a sale",
        in_sale=lambda counter: counter.keypad.unplug(),
        mark=Trouble.KEYPAD,
        before_typing=lambda counter: counter.keypad.plug_in(),
    ),
    Row(
        "Scanner",
        lambda counter: counter.scanner.unplug(),
        mend=lambda counter: counter.scanner.plug_in(),
        identify=Counter.scan_code,
    ),
    Row(
        "Lamp and buzzer",
        lambda counter: counter.signals.unplug(),
        is_signalled=False,
        mend=lambda counter: counter.signals.plug_in(),
    ),
    Row(
        "Register's line",
        in_sale=lambda counter: counter.cable.unplug(),
        after_typing=lambda counter: counter.cable.plug_in(),
        mark=Trouble.REGISTER,
    ),
    Row(
        "Network",
        cut_off,
        mark=Trouble.NETWORK,
        told="NO UNAVAILABLE",
        is_signalled=False,
        papers=0,
        mend=connect,
        papers_of_sale=0,
    ),
    Row("Network, back in time", cut_off, mark=Trouble.NETWORK, before_typing=connect),
]


def at_the_counter(folder: Path, scenario: Callable[[Counter], Awaitable[None]]) -> None:
    async def whole() -> None:
        sandbox = build_sandbox(clock=asyncio.get_running_loop().time, rng=random.Random(1))
        cable = RegisterCable()
        await cable.open()
        counter = Counter(folder, Network(httpx.ASGITransport(create_app(sandbox))), cable)
        try:
            await scenario(counter)
        finally:
            await counter.app.stop()
            await cable.close()
            await sandbox.aclose()

    run_with_workers(whole(), grace_s=GRACE_S)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=[row.missing for row in ROWS])
def test_what_works_when_something_is_missing(row: Row, tmp_path: Path) -> None:
    async def scenario(counter: Counter) -> None:
        row.at_start(counter)
        await counter.start()
        await counter.line_is_up()
        if row.at_start is not nothing and row.mark in (Trouble.KEYPAD, Trouble.NETWORK):
            await counter.shows(ENGLISH.troubles[row.mark].what)  # known before the first sale
        counter.ring_up("first")
        await asyncio.sleep(1)
        row.in_sale(counter)
        if row.mark is not None:
            await counter.shows(ENGLISH.troubles[row.mark].what)
        if row.told != "ERR UNAVAILABLE":
            assert ENGLISH.ask_identifier in counter.app.handles.screen.lines, "nobody has typed yet"
            row.before_typing(counter)
            await counter.type_code()
            await asyncio.sleep(30)
        row.after_typing(counter)
        assert (await counter.told("first")).startswith(row.told)
        assert counter.has_played_approved is row.is_signalled
        await asyncio.sleep(30)
        assert counter.papers == row.papers

        row.mend(counter)
        await counter.is_well()
        await counter.has_printed(row.papers_of_sale)
        await counter.line_is_up()
        counter.ring_up("second")
        await counter.shows(ENGLISH.ask_identifier)
        await row.identify(counter)
        assert (await counter.told("second")).startswith("OK 1990 ID=second")
        await counter.has_printed(row.papers_of_sale + (0 if counter.devices.printer is None else 2))
        assert counter.has_played_approved

    at_the_counter(tmp_path, scenario)


def test_a_sale_that_lost_its_keypad_can_be_paid_by_scanner_and_else_expires(tmp_path: Path) -> None:
    async def scenario(counter: Counter) -> None:
        await counter.start()
        await counter.line_is_up()
        for register_id in ("scanned", "left"):
            counter.ring_up(register_id)
            await counter.shows(ENGLISH.ask_identifier)
            counter.keypad.unplug()
            await counter.shows(ENGLISH.troubles[Trouble.KEYPAD].what)
            if register_id == "scanned":
                await counter.scan_code()
                assert (await counter.told("scanned")).startswith("OK 1990 ID=scanned")
            else:
                await asyncio.sleep(Config().sale.entry_timeout_s)
                assert (await counter.told("left")).startswith("NO TIMEOUT ID=left")
            counter.keypad.plug_in()
            await counter.is_well()

    at_the_counter(tmp_path, scenario)


def test_a_network_that_fails_in_mid_sale_is_looked_for_until_it_is_back_and_then_left_in_peace(tmp_path: Path) -> None:
    async def scenario(counter: Counter) -> None:
        await counter.start()
        await counter.line_is_up()
        counter.ring_up("first")
        await counter.shows(ENGLISH.ask_identifier)
        await asyncio.sleep(1)
        assert counter.network.looks == 2, "at the start, and when the sale began"
        cut_off(counter)
        await counter.keypad.press(f"{APP_CODE}#")
        assert (await counter.told("first")).startswith("NO UNAVAILABLE")
        await counter.shows(ENGLISH.troubles[Trouble.NETWORK].what)
        await asyncio.sleep(3600)
        assert 55 <= counter.network.looks - 2 <= 70, "ever less often, to once a minute"
        connect(counter)
        await counter.reaches_the_service()
        looks = counter.network.looks
        await asyncio.sleep(86_400)
        assert counter.network.looks == looks, "while all is well nobody looks"

    at_the_counter(tmp_path, scenario)


def test_the_table_for_installers_has_these_rows() -> None:
    table = DEVICES.read_text("utf-8").partition("## When something is missing")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows[1:] == [row.missing for row in ROWS if row.missing != "Nothing"]
