"""One printer for the register's receipts and ours, over pseudo-terminals: in turn, whole, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hardware.interfaces import Cut, DeviceError, PrinterStatus, TextLine
from hardware.printer import paper
from hardware.printer import status as printer_status
from hardware.printer.escpos_commands import split
from hardware.serial_port import TtySerialPort
from hardware.settings import PrinterSettings, SerialSettings
from terminal.register.taps import escpos_stream, shared_printer
from terminal.register.taps.passthrough import PassthroughPort
from terminal.register.taps.shared_printer import build_shared_printer
from tests.patience import at_most
from tests.unit.register.taps.test_passthrough import Wire, until

OURS = [TextLine("NETGIRO 1.990"), Cut()]
THEIRS = b"\x1b@\x1bt\x10SAMTALS 1.990\n\x1dV\x00"
ANSWERS = {
    printer_status.PRINTER: b"\x12",
    printer_status.PAPER_SENSOR: b"\x12",
    printer_status.IN_ORDER: b"\x00",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_printer, "SILENCE_S", 0.05)


class Machine:
    """A printer at the far end of its wire: prints, and answers what it is asked."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.heard = b""
        self.answers = True

    async def run(self) -> None:
        rest = b""
        while True:
            data = await self._wire.hear_some()
            self.heard += data
            commands, rest = split(rest + data)
            for command in commands:
                if self.answers and command.raw in ANSWERS:
                    self._wire.send(ANSWERS[command.raw])

    @property
    def printed(self) -> list[str]:
        return [line for line in paper.as_text(paper.decode(self.heard, 48), 48).split("\n") if line]


class Shop:
    def __init__(self) -> None:
        self.register, device = Wire(), Wire()
        self.machine = Machine(device)
        ports = [TtySerialPort(SerialSettings(port=wire.path)) for wire in (self.register, device)]
        self.port = PassthroughPort(*ports)
        self.printer = build_shared_printer(self.port, PrinterSettings(device=device.path, codepage="CP858"))


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    one = Shop()
    running = asyncio.create_task(one.machine.run())
    await one.port.open(lambda _data: None, lambda _error: None)
    await until(lambda: one.port.has_device)
    await one.printer.open()
    yield one
    await one.printer.close()
    await one.port.close()
    running.cancel()


def test_ours_is_printed_between_the_registers_receipts_and_none_into_the_other() -> None:
    async def scenario() -> None:
        async with shop() as one:
            one.register.send(THEIRS)
            await until(lambda: one.machine.heard.count(THEIRS) == 1)  # or ours might be the faster one
            printing = asyncio.create_task(one.printer.print_document(OURS))
            await until(lambda: b"NETGIRO" in one.machine.heard)
            one.register.send(THEIRS)
            await printing
            await until(lambda: one.machine.heard.count(THEIRS) == 2)
            assert one.machine.printed == ["SAMTALS 1.990", "[cut]", "NETGIRO 1.990", "[cut]", "SAMTALS 1.990", "[cut]"]
            assert one.register.is_silent(), "the answers were ours"

    asyncio.run(scenario())


def test_afterwards_the_printer_is_in_the_registers_code_page_again() -> None:
    async def scenario() -> None:
        async with shop() as one:
            one.register.send(b"\x1b@\x1bt\x10A\n")
            await one.printer.print_document(OURS)
            one.register.send(b"\xd0\n")
            await until(lambda: one.machine.heard.endswith(b"\xd0\n"))
            assert one.machine.printed[-1] == "Ð"

    asyncio.run(scenario())


@pytest.mark.parametrize("half", [b"SAMTALS", b"\x1b", b"\x1dv0\x00\x01\x00\x02\x00X"])
def test_it_does_not_break_into_a_line_or_a_command(half: bytes) -> None:
    async def scenario() -> None:
        async with shop() as one:
            one.register.send(half)
            await until(lambda: one.machine.heard == half)
            printing = asyncio.create_task(one.printer.print_document(OURS))
            await asyncio.sleep(0.2)
            assert one.machine.heard == half
            one.register.send(b"E\n")
            await printing
            assert one.machine.heard.startswith(half + b"E\n")
            assert one.machine.printed[-2:] == ["NETGIRO 1.990", "[cut]"]

    asyncio.run(scenario())


def test_half_a_command_is_waited_for_no_longer_than_a_register_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escpos_stream, "HALF_COMMAND_S", 0.3)
    noise = b"\x1dv0\x00\xff\x00\xff\x03"

    async def scenario() -> None:
        async with shop() as one:
            one.register.send(noise)
            await until(lambda: one.machine.heard == noise)
            began_s = asyncio.get_running_loop().time()
            await one.printer.print_document(OURS)
            assert asyncio.get_running_loop().time() - began_s > 0.25
            assert one.machine.heard.startswith(noise)
            await until(lambda: b"NETGIRO" in one.machine.heard)

    asyncio.run(scenario())


def test_a_line_that_is_not_ended_is_not_broken_into_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escpos_stream, "HALF_COMMAND_S", 0.05)

    async def scenario() -> None:
        async with shop() as one:
            one.register.send(b"SAMTALS")
            await until(lambda: one.machine.heard == b"SAMTALS")
            printing = asyncio.create_task(one.printer.print_document(OURS))
            await asyncio.sleep(0.3)
            assert one.machine.heard == b"SAMTALS"
            one.register.send(b" 1.990\n")
            await printing
            assert one.machine.printed == ["SAMTALS 1.990", "NETGIRO 1.990", "[cut]"]

    asyncio.run(scenario())


def test_a_register_that_only_asks_for_the_state_is_silent_and_gets_its_answers() -> None:
    async def scenario() -> None:
        async with shop() as one:
            one.register.send(printer_status.PRINTER)
            assert await one.register.hear(1) == b"\x12"
            assert await one.printer.status() is PrinterStatus.OK
            one.register.send(printer_status.PAPER_SENSOR)
            assert await one.register.hear(1) == b"\x12"

    asyncio.run(scenario())


def test_a_register_that_never_stops_does_not_keep_a_receipt_waiting_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_printer, "PATIENCE_S", 0.1)
    monkeypatch.setattr(shared_printer, "SILENCE_S", 10.0)

    async def scenario() -> None:
        async with shop() as one:
            one.register.send(b"SAMT")
            await until(lambda: one.machine.heard == b"SAMT")
            with pytest.raises(DeviceError, match="the register does not stop printing"):
                await asyncio.wait_for(one.printer.print_document(OURS), at_most(5))

    asyncio.run(scenario())


def test_a_printer_that_is_not_there_is_named() -> None:
    async def scenario() -> None:
        register = Wire()
        nothing = TtySerialPort(SerialSettings(port="/dev/no-such-printer"))
        port = PassthroughPort(TtySerialPort(SerialSettings(port=register.path)), nothing)
        printer = build_shared_printer(port, PrinterSettings(device="/dev/no-such-printer"))
        await port.open(lambda _data: None, lambda _error: None)
        with pytest.raises(DeviceError, match="/dev/no-such-printer"):
            await printer.open()
        await port.close()

    asyncio.run(scenario())
