"""The cash register's end of the cable: a pseudo-terminal, a line out, a line in."""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
import tty
from pathlib import Path

from tests.integration.process import DEADLINE_S
from tests.patience import at_most


class Register:
    """Speaks the line protocol over an open descriptor. ``heard`` keeps every line the terminal ever said."""

    def __init__(self, fd: int) -> None:
        self.heard: list[str] = []
        self._fd = fd
        self._unread = b""

    def fileno(self) -> int:
        return self._fd

    def send(self, line: str, end: str = "\r\n") -> None:
        self.send_bytes((line + end).encode("latin-1"))

    def send_bytes(self, data: bytes) -> None:
        """Any bytes; waits while the line is full."""
        end_s = time.monotonic() + at_most(DEADLINE_S)
        while data:
            assert select.select([], [self._fd], [], end_s - time.monotonic())[1], "the terminal does not read"
            data = data[os.write(self._fd, data) :]

    def line(self, deadline_s: float = DEADLINE_S) -> str:
        """The next line, without its end."""
        end_s = time.monotonic() + at_most(deadline_s)
        while b"\n" not in self._unread:
            readable = select.select([self._fd], [], [], max(0, end_s - time.monotonic()))[0]
            assert readable, f"the terminal said nothing more for {deadline_s:g} s, after {self.heard[-5:]}"
            self._unread += os.read(self._fd, 4096)
        line, _, self._unread = self._unread.partition(b"\n")
        self.heard.append(line.decode("ascii").rstrip("\r"))
        return self.heard[-1]

    def expect(self, pattern: str) -> re.Match[str]:
        """The next line, which must match as a whole."""
        line = self.line()
        match = re.fullmatch(pattern, line)
        assert match, f"expected {pattern!r}, the terminal said {line!r}"
        return match

    def ask(self, line: str, pattern: str) -> re.Match[str]:
        """Send a line and expect the next one."""
        self.send(line)
        return self.expect(pattern)

    def result(self, register_id: str) -> str:
        """The next line that tells how this sale ended; only ``WAIT`` may come before it."""
        while (line := self.line()) == f"WAIT ID={register_id}":
            pass
        assert re.match(rf"(OK|NO) \S+ ID={re.escape(register_id)}( |$)", line), f"no result of {register_id}: {line!r}"
        return line

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._fd)


def open_register(path: str) -> Register:
    """A register program on a port that somebody else made."""
    return Register(os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))


class PluggableRegister(Register):
    """A register with a cable of its own: ``port`` is what the terminal opens, a link that survives unplugging."""

    def __init__(self, port: Path) -> None:
        super().__init__(-1)
        self.port = port
        self._terminal_end = -1
        self.plug_in()

    @property
    def is_plugged(self) -> bool:
        return self.port.is_symlink()

    def plug_in(self) -> None:
        self._fd, self._terminal_end = os.openpty()
        tty.setraw(self._terminal_end)  # no echo; held open, so that the line outlives a killed terminal
        os.set_blocking(self._fd, False)
        self.port.symlink_to(os.ttyname(self._terminal_end))

    def unplug(self) -> None:
        """The port hangs up and disappears. Whoever reads on reads nothing, and not what gets the same number next."""
        self.port.unlink()
        ours, self._fd = self._fd, -1
        os.close(self._terminal_end)
        os.close(ours)
        self._unread = b""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.unplug()
