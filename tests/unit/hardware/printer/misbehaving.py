"""Printers that misbehave, on a TCP port or a pseudo-terminal, for the real driver: one machine, two ways."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import termios
import tty
from pathlib import Path
from typing import Any, cast

from hardware.factory import build_printer
from hardware.printer.driver import EscposPrinter
from hardware.printer.machine import Machine
from hardware.settings import PrinterSettings

AT_ONCE = re.compile(rb"\x10\x04[\x01\x02\x04]")


class Mechanics:
    """A machine that takes time: bytes crawl over the line, paper moves, answers come when it is so far."""

    def __init__(self, **moods: Any) -> None:
        self.machine = Machine(48)
        for name, value in moods.items():
            setattr(self.machine.moods, name, value)
        self.line_s = 0.0
        """For a line of paper."""
        self.byte_s = 0.0
        """For a byte on the line."""
        self.heard = b""
        self._free_at_s = 0.0

    def take(self, data: bytes) -> list[tuple[float, bytes]]:
        """What comes back, and when."""
        now_s = asyncio.get_running_loop().time()
        self.heard += data
        answers = []
        if not self.machine.moods.answers_in_turn:
            for question in AT_ONCE.findall(data):
                answers.append((now_s, self.machine.take(question)))
            data = AT_ONCE.sub(b"", data)
        if data:
            busy_s = len(data) * self.byte_s + data.count(b"\n") * self.line_s
            self._free_at_s = max(now_s, self._free_at_s) + busy_s
            answers.append((self._free_at_s, self.machine.take(data)))
        return [(at_s, answer) for at_s, answer in answers if answer]


class TcpPrinter(Mechanics):
    """``refuses_s``: for so long after each connection it lets nobody connect. ``is_held``: somebody else is served."""

    def __init__(self, **moods: Any) -> None:
        super().__init__(**moods)
        self.refuses_s = 0.0
        self.is_held = False
        self.connected = 0
        self._server: asyncio.Server | None = None
        self._port = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port, reuse_address=True)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def printer(self, memory: Path | None = None, **settings: Any) -> EscposPrinter:
        return _built(PrinterSettings(driver="network", host="127.0.0.1", port=self._port, **_quick(settings)), memory)

    def connection_ended(self) -> None:
        if self.refuses_s and self._server is not None:
            self._server.close()
            self._server = None
            asyncio.get_running_loop().call_later(self.refuses_s, lambda: asyncio.ensure_future(self.start()))


class _Connection(asyncio.Protocol):
    def __init__(self, printer: TcpPrinter) -> None:
        self._printer = printer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._printer.connected += 1
        self._printer.machine.connected()

    def data_received(self, data: bytes) -> None:
        if self._printer.is_held:
            return
        for at_s, answer in self._printer.take(data):
            asyncio.get_running_loop().call_at(at_s, self._transport.write, answer)
        if self._printer.machine.has_hung_up:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._printer.connection_ended()


class SerialPrinter(Mechanics):
    """A printer on a pseudo-terminal. Switched off, the line is there and nothing is on it."""

    def __init__(self, **moods: Any) -> None:
        super().__init__(**moods)
        self.is_on = True

    async def start(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._hear)

    async def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def printer(self, memory: Path | None = None, **settings: Any) -> EscposPrinter:
        return _built(PrinterSettings(driver="serial", device=os.ttyname(self._slave), **_quick(settings)), memory)

    def _hear(self) -> None:
        data = os.read(self._master, 4096)
        if self.is_on:
            for at_s, answer in self.take(data):
                asyncio.get_running_loop().call_at(at_s, self._say, answer)

    def _say(self, answer: bytes) -> None:
        with contextlib.suppress(OSError, termios.error):
            os.write(self._master, answer)


def _quick(settings: dict[str, Any]) -> dict[str, Any]:
    return {"timeout_s": 0.5} | settings


def _built(settings: PrinterSettings, memory: Path | None) -> EscposPrinter:
    printer = build_printer(settings, memory)
    assert isinstance(printer, EscposPrinter)
    return printer
