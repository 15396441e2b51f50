"""The whole terminal in training, in virtual time: nothing leaves, nothing real is written, and it is over at night."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest
from msgspec.structs import replace

from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from hardware.simulated import SimulatedDisplay, SimulatedKeypad, SimulatedPrinter
from terminal.app import parts
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.app.seams import Seams
from terminal.app.training import FOLDER, MARK, TrainingSwitch, find_open, service_in_training, training_config
from terminal.config.schema import Config, JournalSettings, NetgiroSettings, TerminalSettings
from terminal.counter.inputs import KeyPressed
from terminal.errors import TerminalError
from terminal.journal.thread import JournalFile
from terminal.register.settings import RegisterSettings
from terminal.sale.record import Record
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.sensitive import Sensitive
from tests.patience import at_most
from tests.unit.journal.journal_samples import a_sale, opened
from tests.virtual_time import run_virtual

GRACE_S = 0.01
PAID = "822328" + "1"
KEYS = "0123456789*#ABCD"
REQUESTS = [line + b"\r\n" for line in (b"PAY 1990 ID=%d", b"STATUS ID=%d", b"CANCEL ID=%d", b"TOTALS", b"VOID OF=%d")]


class RealService(httpx.AsyncBaseTransport):
    """Nothing may ever get here."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(str(request.url))
        raise httpx.ConnectError("this is the real one", request=request)


_LATEST: list[RealService] = []


def config_in(folder: Path, *, takes_part: bool = False) -> Config:
    return Config(
        terminal=TerminalSettings(language="en"),
        journal=JournalSettings(path=str(folder / "journal.db")),
        register=RegisterSettings(training=takes_part),
        netgiro=NetgiroSettings(
            base_url="https://api.netgiro.is/v1", application_id="real", secret_key=Sensitive("real-secret")
        ),
    )


class Shop:
    """A terminal in training with its register."""

    def __init__(self, app: TerminalApp, printer: SimulatedPrinter, cable: RegisterCable) -> None:
        self.app, self.printer, self.cable = app, printer, cable
        self.heard = b""
        self.changed = asyncio.Event()
        cable.on_received = self._hear
        printer.on_change = self.changed.set

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.app.handles.put_and_wait(KeyPressed(key))

    def _hear(self, data: bytes) -> None:
        self.heard += data
        self.changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(at_most(60.0)):
            while not is_so():
                self.changed.clear()
                await self.changed.wait()


def in_training(
    folder: Path, scenario: Callable[[Shop], Awaitable[None]], *, takes_part: bool = False, start_s: float = 1000.0
) -> RealService:
    real = RealService()
    _LATEST[:] = [real]

    async def main() -> None:
        config = training_config(config_in(folder, takes_part=takes_part))
        Path(config.journal.path).parent.mkdir(parents=True, exist_ok=True)
        cable = RegisterCable()
        await cable.open()
        seams = Seams(wall_clock=asyncio.get_running_loop().time, transport=real)
        keypad, printer = SimulatedKeypad(), SimulatedPrinter()
        port = TtySerialPort(SerialSettings(port=cable.terminal_path))
        devices = Devices(keypad, SimulatedDisplay(), printer, port)
        app = TerminalApp(config, devices, on_view=lambda _view: shop.changed.set(), seams=seams)
        shop = Shop(app, printer, cable)
        try:
            await app.start()
            await shop.until(lambda: app.handles.view.conditions.keypad_ok)
            await asyncio.sleep(1)
            await scenario(shop)
        finally:
            await app.stop()
            await cable.close()

    run_virtual(main(), grace_s=GRACE_S, start_s=start_s)
    return real


def test_a_sale_in_training_is_paid_by_nobody_and_stands_nowhere(tmp_path: Path) -> None:
    async def scenario(shop: Shop) -> None:
        shop.cable.send(b"PAY 1990 ID=42\r\n")
        await shop.until(lambda: b"ERR" in shop.heard)
        assert shop.heard.startswith(b"ERR UNAVAILABLE ")
        await shop.press("1990#")
        await shop.until(lambda: shop.app.handles.view.sale is not None)
        await shop.press(PAID + "#")
        await shop.until(lambda: shop.app.handles.view.result is not None)
        result = shop.app.handles.view.result
        assert result is not None
        assert (result.outcome, result.state) == (Outcome.APPROVED, State.CLOSED)
        assert "TRAINING" in result.reference
        await shop.until(lambda: sum(receipt.cut for receipt in shop.printer.receipts) == 2)
        assert all("ÞJÁLFUN" in receipt.text for receipt in shop.printer.receipts if receipt.cut)
        assert shop.app.handles.screen.lines[-1] == "TRAINING"
        assert b"OK" not in shop.heard

    with opened(tmp_path / "journal.db") as journal:
        journal.append(Record("Test", a_sale(7, State.CLOSED, Reason.PAID)))
    before = (tmp_path / "journal.db").read_bytes()
    real = in_training(tmp_path, scenario)
    assert real.calls == []
    assert (tmp_path / "journal.db").read_bytes() == before
    with opened(tmp_path / FOLDER / "journal.db") as journal:
        assert [entry.sale.number for entry in journal.latest_entries()] == [1], "numbers of its own"


def test_only_a_register_that_is_told_to_take_part_hears_of_a_training_sale(tmp_path: Path) -> None:
    async def scenario(shop: Shop) -> None:
        shop.cable.send(b"PAY 1990 ID=42\r\n")
        await shop.until(lambda: b"WAIT" in shop.heard)
        await shop.press(PAID + "#")
        await shop.until(lambda: b"OK 1990 ID=42" in shop.heard)

    assert in_training(tmp_path, scenario, takes_part=True).calls == []


def mashed(folder: Path, seed: int) -> list[str]:
    """What of it was real, whatever was pressed and asked."""
    rng, found = random.Random(seed), []

    async def scenario(shop: Shop) -> None:
        for number in range(40):
            match rng.randrange(4):
                case 0:
                    request = rng.choice(REQUESTS)
                    shop.cable.send(request % number if b"%d" in request else request)
                case 1:
                    await shop.press("".join(rng.choices(KEYS, k=rng.randint(1, 6))))
                case 2:
                    await shop.press("**1990#" + PAID + "#")
            await asyncio.sleep(rng.choice((0.1, 1.0, 10.0)))
        if b"OK" in shop.heard:
            found.append("a register heard of a payment")

    found += [f"a call left: {url}" for url in in_training(folder, scenario).calls]
    if (folder / "journal.db").exists():
        found.append("it stands among the real sales")
    return found


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_whatever_is_pressed_and_asked_no_call_leaves_and_no_register_hears_paid(tmp_path: Path, seed: int) -> None:
    assert mashed(tmp_path, seed) == []


def _real_calls() -> AbstractContextManager[object]:
    def real_after_all(*_anything: object) -> httpx.AsyncBaseTransport:
        return _LATEST[-1]

    return patch.object(parts, "service_in_training", real_after_all)


def _real_journal() -> AbstractContextManager[object]:
    usual = training_config

    def same_journal(config: Config) -> Config:
        return replace(usual(config), journal=config.journal)

    return patch.object(sys.modules[__name__], "training_config", same_journal)


def _register_takes_part() -> AbstractContextManager[object]:
    return patch.object(parts, "TakesNoPart", lambda protocol, _language: protocol)


@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (_real_calls, "a call left"),
        (_real_journal, "it stands among the real sales"),
        (_register_takes_part, "a register heard of a payment"),
    ],
)
def test_training_that_is_real_after_all_is_noticed(
    tmp_path: Path, broken: Callable[[], AbstractContextManager[object]], noticed: str
) -> None:
    with broken():
        found = (problem for seed in range(2) for problem in mashed(tmp_path / str(seed), seed))
        assert any(noticed in problem for problem in found)


def test_a_configuration_that_names_a_real_service_gets_no_training(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with pytest.raises(TerminalError, match="never"):
        service_in_training(replace(config, terminal=replace(config.terminal, training=True)))


# --- the switch -------------------------------------------------------------------------------------------------------


NOON = datetime(2026, 11, 23, 12, 0)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now.timestamp()


def test_the_switch_outlives_a_restart_and_no_night(tmp_path: Path) -> None:
    clock, config = Clock(), config_in(tmp_path)
    switch = TrainingSwitch(config, clock)
    assert switch.config_now() == config
    asyncio.run(switch.turn(True))
    assert switch.turned.is_set()
    again = TrainingSwitch(config, clock)
    assert again.config_now().terminal.training
    assert again.config_now().netgiro.secret_key.reveal() != "real-secret"
    clock.now += timedelta(hours=15)
    assert again.config_now().terminal.training, "three in the morning"
    clock.now += timedelta(hours=2)
    assert not again.config_now().terminal.training


def test_each_training_begins_anew_and_leaves_the_real_journal_alone(tmp_path: Path) -> None:
    switch = TrainingSwitch(config_in(tmp_path), Clock())
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "journal.db").write_text("the last one")
    (tmp_path / "journal.db").write_text("the real one")
    asyncio.run(switch.turn(True))
    assert not (tmp_path / FOLDER).exists()
    assert (tmp_path / "journal.db").read_text() == "the real one"
    asyncio.run(switch.turn(False))
    asyncio.run(switch.turn(False))
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("content", ["", "now", "99999999999", "-1", "nan"])
def test_a_mark_that_says_nothing_sensible_is_no_training(tmp_path: Path, content: str) -> None:
    (tmp_path / MARK).write_text(content)
    assert not TrainingSwitch(config_in(tmp_path), Clock()).config_now().terminal.training


def test_nothing_is_trained_while_something_real_is_open(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    config = replace(config, terminal=replace(config.terminal, training=True))
    assert TrainingSwitch(config, Clock()).config_now().terminal.training
    with JournalFile(tmp_path / "journal.db", lambda: "2026-11-23T12:00:00.000Z") as journal:
        journal.open()
        journal.append(Record("Test", a_sale(7, State.CAPTURE)))
    assert find_open(tmp_path / "journal.db") == "number 7"
    now = TrainingSwitch(config, Clock()).config_now()
    assert not now.terminal.training
    assert now.netgiro == config.netgiro


def test_a_journal_that_cannot_be_read_is_no_reason_to_train(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database, and longer than a header of one is" * 10)
    assert "cannot be read" in find_open(tmp_path / "journal.db")
