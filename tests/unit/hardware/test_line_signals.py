"""The control lines beside the bytes. Only a real UART has them, so what is read of one is tested by its numbers."""

from __future__ import annotations

import asyncio
import os
import pty
import struct
import termios
import threading

from hardware import serial_port
from hardware.interfaces import LineSignals
from hardware.serial_port import ICOUNT, ICOUNT_BREAKS, TtySerialPort, signals_of
from hardware.settings import SerialSettings
from tests.each import each_of


@each_of(
    ("bits", "signals"),
    [
        (0, LineSignals(cts=False, dsr=False, dcd=False)),
        (termios.TIOCM_CTS, LineSignals(cts=True, dsr=False, dcd=False)),
        (termios.TIOCM_DSR | termios.TIOCM_CD, LineSignals(cts=False, dsr=True, dcd=True)),
        (termios.TIOCM_RTS | termios.TIOCM_DTR, LineSignals(cts=False, dsr=False, dcd=False)),
    ],
)
def test_what_the_kernel_answers_is_read_line_by_line(bits, signals):
    assert signals_of(bits, 0) == signals


def test_counters_that_began_anew_count_as_none():
    assert signals_of(0, -5).breaks == 0


def test_breaks_are_the_tenth_of_the_kernels_counters():
    """linux/serial.h: cts, dsr, rng, dcd, rx, tx, frame, overrun, parity, brk, buf_overrun, reserved[9]."""
    assert ICOUNT.size == struct.calcsize("i") * 20
    counters = ICOUNT.unpack(b"".join(struct.pack("i", number) for number in range(20)))
    assert counters[ICOUNT_BREAKS] == 9


def test_a_pseudo_terminal_has_no_such_lines_and_neither_has_a_closed_port():
    async def main() -> None:
        master, slave = pty.openpty()
        port = TtySerialPort(SerialSettings(port=os.ttyname(slave)))
        assert await port.signals() is None
        await port.open(print, print)
        assert await port.signals() is None
        await port.close()
        assert await port.signals() is None
        os.close(master)
        os.close(slave)

    asyncio.run(main())


def test_an_adapter_that_hangs_holds_up_nobody(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(serial_port, "SIGNALS_DEADLINE_S", 0.05)
    monkeypatch.setattr(serial_port, "_read_signals", lambda _fd, _breaks: released.wait(10))

    async def main() -> None:
        master, slave = pty.openpty()
        port = TtySerialPort(SerialSettings(port=os.ttyname(slave)))
        await port.open(print, print)
        assert await port.signals() is None
        released.set()
        await port.close()
        os.close(master)
        os.close(slave)

    asyncio.run(main())
