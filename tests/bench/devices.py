"""What the drivers take, on their libraries' doubles: keypad pins, an OLED on a bus that takes its time, a TCP printer.

The terminal is whole and in this process: real drivers, real loop, real journal; only copper and paper are missing.
"""

from __future__ import annotations

import asyncio
import random
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace
from PIL import Image

from hardware.display import OledDisplay
from hardware.display_pages import changed_spans, to_pages
from hardware.factory import build_printer
from hardware.keypad import MatrixKeypad
from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import DisplaySettings, KeypadSettings, PrinterSettings, SerialSettings
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.config.schema import Config
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.journal.thread import Journal, JournalFile
from terminal.paper.printing import ReceiptPrinting
from terminal.paper.receipt import Shop
from terminal.sale.customer import IdentifierProblem
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Record
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from terminal.screen.pixels import render
from terminal.screen.screens import Countdown, screen_for
from tests.bench.footprint import reachable_service
from tests.bench.results import NoAnswer, Result, percentile
from tests.fast_typing import CONTACTS, type_fast
from tests.golden.samples import SALE, SIZE_PX
from tests.oled_panel import I2C_BITS_PER_BYTE, OledPanel
from tests.unit.hardware.test_keypad import Board

DIGITS = 8
"""Typed before all are taken back."""
QUIET_BUS_S = 0.02
"""A frame is over when the bus has been silent for so long."""
NOW = "2026-11-23T12:00:00.000Z"


def measure_devices(folder: Path, *, idle_s: float, presses: int, echoes: int, receipts: int) -> list[Result]:
    """Everything, in the order of the README's table."""
    warnings.filterwarnings("ignore", message="Image.Image.getdata", category=DeprecationWarning)  # luma.core 2.6
    wrong, per_second = _type_fast(presses)
    with reachable_service() as service:  # or the terminal would go on looking for it, and say so
        whole = _whole_terminal(_made(folder / "terminal"), service, idle_s, echoes)
        first_ms, next_ms, idle_percent = asyncio.run(whole)
    receipt_ms = asyncio.run(_receipts(_made(folder / "receipts"), receipts))
    return [
        Result("key_echo_p50_ms", "key touched to digit on the OLED, p50", percentile(next_ms, 50), "ms", 30),
        Result("key_echo_p95_ms", "  p95", percentile(next_ms, 95), "ms", 30),
        Result(
            "first_key_echo_p50_ms",
            "  the first digit, which changes the whole screen, p50",
            percentile(first_ms, 50),
            "ms",
        ),
        Result("wrong_keys", f"wrong, lost or doubled keys of {presses} typed fast", wrong, "", 0),
        Result("key_presses_per_s", "  simulated presses a second", per_second, ""),
        *_redraws(),
        Result("device_idle_cpu_percent", "idle, real drivers on doubles: CPU", idle_percent, "%", 0.3),
        Result(
            "receipt_first_byte_p50_ms",
            "approval to the receipt's first byte, p50",
            percentile(receipt_ms, 50),
            "ms",
            50,
        ),
        Result("receipt_first_byte_p95_ms", "  p95", percentile(receipt_ms, 95), "ms", 50),
    ]


@asynccontextmanager
async def answer_within(limit_s: float, what: str) -> AsyncIterator[None]:
    """Raises NoAnswer if it takes longer."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError:
        raise NoAnswer(f"waited {limit_s:g} s in vain for {what}") from None


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# --- the display's bus ------------------------------------------------------------------------------------------------


def _redraws() -> Iterator[Result]:
    """Bytes that luma's interface is given, in ms of a bus at 400 kHz."""
    typed = [View(sale=SALE, entry=Entry(Sensitive("8223281"[:count]))) for count in range(8)]
    customer = View(sale=replace(SALE, state=State.CUSTOMER))
    ticks = [screen_for(customer, "is", countdown=Countdown(left, 150)) for left in range(150, 0, -1)]
    white = Image.new("1", SIZE_PX, 1)
    digits = [render(screen_for(view, "is"), SIZE_PX) for view in typed]
    seconds = [render(screen, SIZE_PX) for screen in ticks]
    yield Result(
        "redraw_ms", "every pixel of 128x64 redrawn at 400 kHz", _wire_ms([Image.new("1", SIZE_PX), white]), "ms", 27
    )
    yield Result("redraw_digit_ms", "  one more digit", _wire_ms(digits[1:]), "ms", 3)
    yield Result("redraw_second_ms", "  one second less", _wire_ms(seconds), "ms", 3)


def _wire_ms(pictures: list[Image.Image]) -> float:
    """The most that any of them costs after the one before it."""
    worst = 0
    for before, after in pairwise(to_pages(picture) for picture in pictures):
        spans = list(changed_spans(before, after, SIZE_PX[0]))
        worst = max(worst, sum(2 + 6 + -(-len(span.data) // 32) * 2 + len(span.data) for span in spans))
    return worst * I2C_BITS_PER_BYTE / 400.0


# --- fast typing ------------------------------------------------------------------------------------------------------


def _type_fast(presses: int, seed: int = 20261123) -> tuple[int, float]:
    """Keys that were not reported once and in order, and presses a second."""
    started_s = time.perf_counter()
    wanted, reported = type_fast(random.Random(seed), presses)
    wrong = sum(a != b for a, b in zip(wanted, reported, strict=False)) + abs(len(wanted) - len(reported))
    return wrong, presses / (time.perf_counter() - started_s)


# --- the whole terminal -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _terminal(folder: Path, service: str) -> AsyncIterator[tuple[Board, OledPanel, RegisterCable, TerminalApp]]:
    keypad = KeypadSettings()
    board, panel, cable = Board(keypad), OledPanel(), RegisterCable()
    panel.seconds_per_byte = I2C_BITS_PER_BYTE / 400_000
    await cable.open()
    config = Config()
    config = replace(
        config,
        netgiro=replace(config.netgiro, base_url=service, application_id="bench"),
        journal=replace(config.journal, path=str(folder / "journal.db")),
    )
    printer = build_printer(PrinterSettings(driver="file", device=str(folder / "paper.bin")))
    port = TtySerialPort(SerialSettings(port=cable.terminal_path))
    devices = Devices(MatrixKeypad(keypad, board), OledDisplay(DisplaySettings(), bus=panel), printer, port)
    app = TerminalApp(config, devices)
    await app.start()
    app.warm_up()
    try:
        yield board, panel, cable, app
    finally:
        await app.stop()
        await cable.close()


async def _whole_terminal(
    folder: Path, service: str, idle_s: float, echoes: int
) -> tuple[list[float], list[float], float]:
    """Milliseconds from a touch to the last byte on the bus, for first and for later digits; CPU of doing nothing."""
    async with _terminal(folder, service) as (board, panel, cable, app):
        await asyncio.sleep(min(2.0, 4 * idle_s))
        started_s, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(idle_s)
        idle_percent = 100 * (time.process_time() - cpu_s) / (time.perf_counter() - started_s)
        cable.send(b"PAY 1990 ID=1\r\n")
        await _quiet(panel)
        first_ms, next_ms, typed = [], [], 0
        for press in range(echoes):
            await _quiet(panel)
            # On a busy machine a key may be missing; then nothing counts that is typed before a "*".
            if typed == DIGITS - 1 or app.handles.view.entry.problem is IdentifierProblem.KEYS_MISSED:
                await _press(board, "*")
                typed = 0
            else:
                took_ms = await _echo_ms(board, panel, str(press % 10))
                (next_ms if typed else first_ms).append(took_ms)
                typed += 1
        if app.handles.view.sale is None:
            raise NoAnswer("the terminal did not take the register's amount")
        if not next_ms:
            raise NoAnswer("this machine is too busy to read a keypad: run the bench when nothing else is at work")
    return first_ms, next_ms, idle_percent


async def _echo_ms(board: Board, panel: OledPanel, key: str) -> float:
    sent = panel.bytes_on_wire
    touched_s = time.perf_counter()
    for down in (True, False, True):  # a bounce of 2 ms
        board.touch(*([CONTACTS[key]] if down else []))
        await asyncio.sleep(0.001)
    last, changed_s = sent, touched_s
    async with answer_within(5, f"a picture after key {key}"):
        while last == sent or time.perf_counter() - changed_s < QUIET_BUS_S:
            await asyncio.sleep(0.0005)
            if panel.bytes_on_wire != last:
                last, changed_s = panel.bytes_on_wire, time.perf_counter()
    board.touch()
    await asyncio.sleep(0.06)
    return 1000 * (changed_s - touched_s)


async def _press(board: Board, key: str) -> None:
    board.touch(CONTACTS[key])
    await asyncio.sleep(0.06)
    board.touch()
    await asyncio.sleep(0.06)


async def _quiet(panel: OledPanel) -> None:
    sent = -1
    while sent != panel.bytes_on_wire:
        sent = panel.bytes_on_wire
        await asyncio.sleep(QUIET_BUS_S)


# --- the printer ------------------------------------------------------------------------------------------------------


class _TcpPrinter:
    """Answers DLE EOT and GS r as a printer in good order, and notes when a receipt began and was cut."""

    def __init__(self) -> None:
        self.began: asyncio.Queue[float] = asyncio.Queue()
        self.cut: asyncio.Queue[float] = asyncio.Queue()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                now_s = time.perf_counter()
                if b"\x1b@" in data:
                    self.began.put_nowait(now_s)
                if b"\x1dV" in data:
                    self.cut.put_nowait(now_s)
                if data.startswith(b"\x10\x04"):
                    writer.write(b"\x12")
                elif data.endswith(b"\x1dr\x01"):
                    writer.write(b"\x00")
        writer.close()


async def _receipts(folder: Path, receipts: int) -> list[float]:
    """From an approval that is about to be written down to the first byte of its receipt, in ms."""
    machine = _TcpPrinter()
    server = await asyncio.start_server(machine.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    printer = build_printer(PrinterSettings(driver="network", host=host, port=port))
    assert printer is not None
    journal = Journal(JournalFile(folder / "journal.db", lambda: NOW))
    await journal.call(journal.file.open)
    printing = ReceiptPrinting(
        printer, journal, lambda _event: None, shop=Shop(name="Kaffihúsið"), terminal_id="T1", language="is"
    )
    task = asyncio.create_task(printing.run())
    took_ms = []
    for number in range(1, receipts + 1):
        printing.prepare()
        await asyncio.sleep(1.0 if number == 1 else 0.05)  # a customer takes longer to take out a phone
        paid = replace(
            SALE,
            number=number,
            register_id=str(number),
            reference=f"T1-{number}",
            state=State.REPORT,
            reason=Reason.PAID,
        )
        approved_s = time.perf_counter()
        await journal.append(Record("StatusReceived", paid, (ReceiptKind.CUSTOMER,)))
        printing.wake()
        async with answer_within(10, f"receipt {number} at the printer"):
            took_ms.append(1000 * (await machine.began.get() - approved_s))
            await machine.cut.get()
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await journal.close()
    server.close()
    return took_ms
