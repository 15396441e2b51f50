"""The shop's one printer, behind the receipt tap: it prints the register's receipts, and between them ours.

Ours begins only once the register has printed nothing for a moment. From its first byte to its last the register's
bytes wait, so neither is printed into the other; afterwards the printer is brought back to the register's code page,
which many registers choose once a day only. A register that asks for the printer's state meanwhile waits, too. What
looks like half a command, and goes no further, was noise: ours does not wait for the rest of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from pathlib import Path

from hardware.interfaces import DeviceError, Printer, SerialPort
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import Typesetting
from hardware.printer.memory import MemoryFile
from hardware.settings import PrinterSettings
from terminal.register.taps.escpos_stream import EscposReader
from terminal.register.taps.passthrough import PassthroughPort

SILENCE_S = 2.0
"""Registers pause between the parts of a receipt, but not for so long."""
LOOK_AGAIN_S = 0.05
PATIENCE_S = 60.0


class SharedPrinterTransport:
    """Implements :class:`hardware.printer.driver.Transport` over the device end of a passthrough."""

    has_answers = True
    bytes_per_s = 9600 / 12
    """At the usual speed of such a line; the port itself waits until the bytes have left."""

    def __init__(self, port: PassthroughPort, description: str) -> None:
        self.description = f"{description}, shared with the register"
        self.address = description
        self._port = port
        self._reader = EscposReader()
        self._loan = AsyncExitStack()
        self._device: SerialPort | None = None
        self._answers = bytearray()
        self._answered = asyncio.Event()
        self._has_printed = False
        port.on_register_data = self._follow

    def _follow(self, data: bytes) -> None:
        self._reader.feed(data, time.monotonic())

    async def open(self) -> None:
        """Raises DeviceError if the printer is not there."""
        if not self._port.has_device:
            raise DeviceError(f"printer on {self.description} is not there: check its cable and that it is on")

    async def send(self, data: bytes) -> None:
        device = await self._borrow()
        self._has_printed = True
        await device.write(data)

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        device = await self._borrow()
        if question:
            await device.write(question)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), deadline_s)
        answers = bytes(self._answers)
        self._answers.clear()
        self._answered.clear()
        return answers

    async def rest(self) -> None:
        """The register's turn."""
        device, self._device = self._device, None
        try:
            if device is not None and self._has_printed:
                self._has_printed = False
                await device.write(self._reader.codepage_command)
        except DeviceError:
            pass  # its loss is found out, and told, by whoever uses it next
        finally:
            await self._loan.aclose()

    async def release(self) -> None:
        """It is let go of after each exchange."""

    async def close(self) -> None:
        await self.rest()

    async def _borrow(self) -> SerialPort:
        """Between two receipts. Raises DeviceError if the register prints without end, or the printer is gone."""
        if self._device is not None:
            return self._device
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            if not self._is_registers_turn:
                device = await self._loan.enter_async_context(self._port.borrow_device(self._hear))
                if not self._is_registers_turn:
                    self._device = device
                    return device
                await self._loan.aclose()  # the register was faster
            await asyncio.sleep(LOOK_AGAIN_S)
        raise DeviceError(f"printer on {self.description}: the register does not stop printing; it is tried again")

    @property
    def _is_registers_turn(self) -> bool:
        """It prints, or has left a line unfinished, which our first command would wipe out."""
        now_s = time.monotonic()
        return now_s - self._reader.last_said_s < SILENCE_S or not self._reader.is_at_line_start(now_s)

    def _hear(self, data: bytes) -> None:
        self._answers += data
        self._answered.set()


def build_shared_printer(port: PassthroughPort, settings: PrinterSettings, memory_path: Path | None = None) -> Printer:
    """The printer behind the register, not yet open."""
    return EscposPrinter(
        SharedPrinterTransport(port, settings.device),
        Typesetting.of(settings),
        answer_deadline_s=settings.timeout_s,
        answers=settings.answers,
        memory=MemoryFile(memory_path) if memory_path is not None else None,
    )
