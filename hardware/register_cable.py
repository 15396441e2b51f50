"""A serial cable made of two pseudo-terminals, so that a simulated register talks to the real serial driver.

    terminal's driver -- terminal_path =pty=[ cable ]=pty= register_path -- any register program
                                               |
                                      send(), on_received: the front panel's register

Bytes are carried on the event loop. Like a real line it has no memory: what the other side does not take is lost and
logged as lost. Only for a register that is opened after an answer came, the last answer waits a little, so that
``printf 'PING\\n' > PATH; head -1 PATH`` works in a shell.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import struct
import tempfile
import termios
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from hardware.interfaces import DeviceError

READ_CHUNK_BYTES = 4096
MAX_SEND_BYTES = 64 * 1024
MAX_LOG_ENTRIES = 1000
STALE_AFTER_S = 2.0
"""Answers that no register program has read for so long are thrown away before the next one."""


class Traffic(msgspec.Struct, frozen=True):
    """Bytes that went over the cable."""

    time_s: float
    """The event loop's time(), a monotonic clock, when they passed."""
    direction: Literal["to_terminal", "to_register"]
    source: Literal["panel", "program", "terminal"]
    data: bytes
    lost: bool = False
    """Nobody took them: the cable was unplugged, or the receiver's buffer was full."""


class RegisterCable:
    """Open it, give ``terminal_path`` to the serial driver and ``register_path`` to a register program."""

    def __init__(self) -> None:
        self.on_received: Callable[[bytes], None] = lambda _data: None
        """Called on the event loop with bytes from the terminal."""
        self.on_change: Callable[[], None] = lambda: None
        """Called on the event loop after each new entry of the log and each plugging."""
        self._log: deque[Traffic] = deque(maxlen=MAX_LOG_ENTRIES)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._terminal: _Pty | None = None
        self._register: _Pty | None = None
        self._unread_since_s = 0.0

    @property
    def terminal_path(self) -> str:
        """The terminal's end. A link that stays the same over unplugging, as in /dev/serial/by-id."""
        return str(Path(self._require_folder(), "register"))

    @property
    def register_path(self) -> str:
        """The register's end, for a program of your own; programs may open and close it as they like."""
        if self._register is None:
            raise DeviceError("the simulated cable is not open")
        return self._register.path

    @property
    def log(self) -> list[Traffic]:
        """Oldest first, the last 1000."""
        return list(self._log)

    @property
    def plugged(self) -> bool:
        return self._terminal is not None

    async def open(self) -> None:
        """Make both ends. Raises DeviceError if the system has no pseudo-terminals left."""
        await self.close()
        self._folder = tempfile.TemporaryDirectory(prefix="netgiro-terminal-")
        try:
            self._register = _Pty(lambda data: self._carry_to_terminal(data, "program"))
            self.plug_in()
        except OSError as error:
            await self.close()
            raise DeviceError(f"the simulated register needs two pseudo-terminals: {error}") from error

    async def close(self) -> None:
        self.unplug()
        if self._register is not None:
            self._register.close()
            self._register = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def send(self, data: bytes) -> None:
        """The panel's register sends. Raises ValueError for more than 64 KiB at once."""
        if len(data) > MAX_SEND_BYTES:
            raise ValueError(f"{len(data)} bytes at once; a register sends at most {MAX_SEND_BYTES}")
        self._carry_to_terminal(data, "panel")

    def unplug(self) -> None:
        """Pull the terminal's plug: its port hangs up and disappears."""
        if self._terminal is None:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.terminal_path)
        self._terminal.close()
        self._terminal = None
        self.on_change()

    def plug_in(self) -> None:
        """Plug it in again: ``terminal_path`` is back, under it a new port, as the kernel does it."""
        if self._terminal is not None:
            return
        folder = self._require_folder()
        self._terminal = _Pty(self._carry_to_register)
        os.symlink(self._terminal.path, Path(folder, "register"))
        self.on_change()

    def _require_folder(self) -> str:
        if self._folder is None:
            raise DeviceError("the simulated cable is not open")
        return self._folder.name

    def _carry_to_terminal(self, data: bytes, source: Literal["panel", "program"]) -> None:
        taken = self._terminal.write(data) if self._terminal is not None else 0
        self._note("to_terminal", source, data, taken)

    def _carry_to_register(self, data: bytes) -> None:
        taken = self._pass_to_program(data)
        self._note("to_register", "terminal", data, taken)
        self.on_received(data)

    def _pass_to_program(self, data: bytes) -> int:
        if self._register is None:
            return 0
        now_s = asyncio.get_running_loop().time()
        if self._register.unread_bytes == 0:
            self._unread_since_s = now_s
        elif now_s - self._unread_since_s > STALE_AFTER_S:
            self._register.discard_unread()
            self._unread_since_s = now_s
        self._register.write(data)
        return len(data)  # the panel's register hears everything, whether or not a program listens

    def _note(
        self,
        direction: Literal["to_terminal", "to_register"],
        source: Literal["panel", "program", "terminal"],
        data: bytes,
        taken: int,
    ) -> None:
        now_s = asyncio.get_running_loop().time()
        if data[:taken]:
            self._log.append(Traffic(now_s, direction, source, data[:taken]))
        if data[taken:]:
            self._log.append(Traffic(now_s, direction, source, data[taken:], lost=True))
        self.on_change()


class _Pty:
    """The cable's hold on one pseudo-terminal: its master end, and the slave so that it outlives its users."""

    def __init__(self, on_data: Callable[[bytes], None]) -> None:
        self._on_data = on_data
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # no echo: the terminal's answers must not come back as requests
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._read)

    @property
    def unread_bytes(self) -> int:
        count: int = struct.unpack("i", fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4))[0]
        return count

    def discard_unread(self) -> None:
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def write(self, data: bytes) -> int:
        """How many bytes were taken at once; like a UART it does not wait."""
        try:
            return os.write(self._master, data)
        except OSError:
            return 0

    def close(self) -> None:
        self._loop.remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    def _read(self) -> None:
        try:
            data = os.read(self._master, READ_CHUNK_BYTES)
        except OSError:
            return
        self._on_data(data)
