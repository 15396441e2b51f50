"""Drivers on benches: each with the far end of its cable in the test's hand. For test_conformance.py.

Real drivers are on their libraries' doubles, on pseudo-terminals, sockets and pipes; simulated ones stand beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import threading
import tty
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hardware.keypad import MatrixKeypad
from hardware.keypad_evdev import EvdevKeypad
from hardware.register_cable import RegisterCable
from hardware.scanner import HidScanner, SerialScanner, SimulatedScanner
from hardware.serial_port import TtySerialPort
from hardware.settings import ScannerSettings, SerialSettings
from hardware.simulated import SimulatedKeypad
from tests.unit.hardware.test_keypad import SETTINGS as MATRIX
from tests.unit.hardware.test_keypad import Board
from tests.unit.hardware.test_keypad_evdev import press
from tests.unit.hardware.test_scanner import TOP_ROW, typed


class Bench(ABC):
    """Its device is plugged in and not yet open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def start(self) -> None:
        await self.plug_in()
        self.device = self.build()

    async def end(self) -> None:
        await self.device.close()
        await self.unplug()

    @abstractmethod
    def build(self) -> Any:
        """The driver."""

    async def open(self) -> None:
        await self.device.open()

    @abstractmethod
    async def use(self) -> None:
        """Let it do its work once and see that it was done."""

    @abstractmethod
    async def plug_in(self) -> None: ...

    @abstractmethod
    async def unplug(self) -> None:
        """May be called twice."""


class TellingBench(Bench):
    """Of a driver that calls back; what it said stands in ``said``, its loss as the error."""

    WORDS: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        self._loops_thread = threading.get_ident()

    def hear(self, word: object) -> None:
        assert threading.get_ident() == self._loops_thread, "callbacks run on the event loop"
        self.said.put_nowait(word)

    async def open(self) -> None:
        await self.device.open(self.hear, self.hear)

    @abstractmethod
    async def send(self, word: str) -> None:
        """The far end says it."""

    async def let_go(self) -> None:
        """Of a key, once it was heard."""

    async def use(self) -> None:
        for word in self.WORDS:
            await self.send(word)
            assert await self.said.get() == word
            await self.let_go()

    async def lose(self) -> None:
        """Unplug it while it is open."""
        await self.unplug()


class Pipe:
    """A device file: what is written to it comes out of the driver, or the other way round."""

    def __init__(self, path: Path, mode: int) -> None:
        self.path = path
        self._mode = mode
        self._fd = -1

    def plug_in(self) -> None:
        if not self.path.exists():
            os.mkfifo(self.path)
        if self._mode == os.O_RDONLY:
            self.fd  # noqa: B018  opened: a printer is on while somebody reads

    @property
    def fd(self) -> int:
        if self._fd < 0:
            self._fd = os.open(self.path, self._mode | os.O_NONBLOCK)
        return self._fd

    def unplug(self) -> None:
        with contextlib.suppress(OSError):  # nobody has it open: then nobody is to notice either
            os.close(self.fd)
        self._fd = -1
        if self._mode == os.O_WRONLY:
            self.path.unlink(missing_ok=True)


class Adapter:
    """A serial adapter under a name that stays the same; ``fd`` is the far end of its cable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ends: list[int] = []

    @property
    def fd(self) -> int:
        return self._ends[0]

    def plug_in(self) -> None:
        self._ends = list(pty.openpty())
        tty.setraw(self._ends[1])
        self.path.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        while self._ends:
            os.close(self._ends.pop())


# --- keypads and scanners ---------------------------------------------------------------------------------------------


class Matrix(TellingBench):
    WORDS = "8223281#"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._board = Board()

    def build(self) -> MatrixKeypad:
        return MatrixKeypad(MATRIX, pin_factory=self._board)

    async def send(self, word: str) -> None:
        row = next(row for row, keys in enumerate(MATRIX.layout) if word in keys)
        self._board.touch((row, MATRIX.layout[row].index(word)))

    async def let_go(self) -> None:
        self._board.touch()
        while self.device.scanning:  # noqa: ASYNC110  coming to rest is no event for anybody but a test
            await asyncio.sleep(0.001)

    async def plug_in(self) -> None:
        self._board.broken = False
        self._board.touch()

    async def unplug(self) -> None:
        self._board.broken = True

    async def lose(self) -> None:
        """A chip that fails is noticed by the next touch: at rest nothing is read."""
        self._board.touch((0, 0))
        await self.unplug()


class UsbPad(TellingBench):
    WORDS = "8223281#"
    CODES = {key: code for code, key in zip(range(2, 12), "1234567890", strict=True)} | {"#": 28}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._pipe = Pipe(folder / "event0", os.O_WRONLY)

    def build(self) -> EvdevKeypad:
        return EvdevKeypad(str(self._pipe.path))

    async def send(self, word: str) -> None:
        os.write(self._pipe.fd, press(self.CODES[word]))

    async def plug_in(self) -> None:
        self._pipe.plug_in()

    async def unplug(self) -> None:
        self._pipe.unplug()


class SimulatedPad(TellingBench):
    WORDS = "8223281#"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._pad = SimulatedKeypad(debounce_s=0.005)

    def build(self) -> SimulatedKeypad:
        return self._pad

    async def send(self, word: str) -> None:
        await self._pad.press(word)

    async def plug_in(self) -> None:
        self._pad.plug_in()

    async def unplug(self) -> None:
        self._pad.unplug()


class Hid(UsbPad):
    WORDS = ("5000041234", "8223281")

    def build(self) -> HidScanner:  # type: ignore[override]
        return HidScanner(str(self._pipe.path))

    async def send(self, word: str) -> None:
        os.write(self._pipe.fd, typed(word, TOP_ROW))


class SerialLine(TellingBench):
    WORDS = ("5000041234", "8223281")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._adapter = Adapter(folder / "ttyUSB0")

    def build(self) -> Any:
        return SerialScanner(ScannerSettings(driver="serial", device=str(self._adapter.path)))

    async def send(self, word: str) -> None:
        os.write(self._adapter.fd, word.encode())

    async def plug_in(self) -> None:
        self._adapter.plug_in()

    async def unplug(self) -> None:
        self._adapter.unplug()


class SimulatedCodes(TellingBench):
    WORDS = ("5000041234", "8223281")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._scanner = SimulatedScanner()

    def build(self) -> SimulatedScanner:
        return self._scanner

    async def send(self, word: str) -> None:
        self._scanner.scan(word)

    async def plug_in(self) -> None:
        self._scanner.plug_in()

    async def unplug(self) -> None:
        self._scanner.unplug()


# --- the register's line ----------------------------------------------------------------------------------------------

EVERY_BYTE = bytes(range(256))


class RegisterPort(SerialLine):
    def build(self) -> TtySerialPort:
        return TtySerialPort(SerialSettings(port=str(self._adapter.path)))

    async def use(self) -> None:
        os.write(self._adapter.fd, EVERY_BYTE)
        assert await self.said.get() == EVERY_BYTE
        await self.device.write(EVERY_BYTE)
        assert os.read(self._adapter.fd, 4096) == EVERY_BYTE


class SimulatedRegister(TellingBench):
    """The simulated cable ends in the real driver."""

    async def start(self) -> None:
        self._cable = RegisterCable()
        await self._cable.open()
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._cable.on_received = self._heard.put_nowait
        self.device = self.build()

    async def end(self) -> None:
        await super().end()
        await self._cable.close()

    def build(self) -> TtySerialPort:
        return TtySerialPort(SerialSettings(port=self._cable.terminal_path))

    async def send(self, word: str) -> None:
        self._cable.send(word.encode())

    async def use(self) -> None:
        self._cable.send(EVERY_BYTE)
        assert await self.said.get() == EVERY_BYTE
        await self.device.write(EVERY_BYTE)
        assert await self._heard.get() == EVERY_BYTE

    async def plug_in(self) -> None:
        self._cable.plug_in()

    async def unplug(self) -> None:
        self._cable.unplug()


KEYPADS = [Matrix, UsbPad, SimulatedPad]
SCANNERS = [Hid, SerialLine, SimulatedCodes]
PORTS = [RegisterPort, SimulatedRegister]
TELLING = [*KEYPADS, *SCANNERS, *PORTS]
