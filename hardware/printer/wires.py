"""One open connection to a receipt printer each: a descriptor, a serial line, a socket. They block."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import select
import socket
import stat
import time
from typing import TYPE_CHECKING, Protocol

from hardware.settings import PrinterSettings, names_a_device

if TYPE_CHECKING:
    import serial

READ_BYTES = 64
BITS_PER_BYTE = 12
"""On a serial line at most: start, 8 bits, parity, two stop bits."""
RETRY_S = 0.01
"""Between two tries on a device that says that it is ready, and is not."""


class Wire(Protocol):
    """One open connection. Methods block, no longer than ``timeout_s``, and raise OSError."""

    @property
    def has_answers(self) -> bool: ...

    def write(self, data: bytes, timeout_s: float) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        """What arrives first; empty if nothing does in time. ConnectionError if the other side has gone."""

    def release(self) -> None:
        """See :meth:`hardware.printer.driver.Transport.release`."""

    def close(self) -> None: ...


class DescriptorWire:
    """Bounded reading and writing of a non-blocking descriptor."""

    def __init__(self, fd: int, *, has_answers: bool) -> None:
        self.has_answers = has_answers
        self._fd = fd
        os.set_blocking(fd, False)

    def write(self, data: bytes, timeout_s: float) -> None:
        """All of it. Raises TimeoutError after ``timeout_s``; a part may have left."""
        deadline_s = time.monotonic() + timeout_s
        rest = memoryview(data)
        while rest:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not _ready(self._fd, select.POLLOUT, left_s):
                raise TimeoutError(errno.ETIMEDOUT, "takes no more data")
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                time.sleep(RETRY_S)

    def read(self, timeout_s: float) -> bytes:
        """What arrives first; empty after ``timeout_s``, or at once from what never answers."""
        deadline_s = time.monotonic() + timeout_s
        while self.has_answers and _ready(self._fd, select.POLLIN, deadline_s - time.monotonic()):
            with contextlib.suppress(BlockingIOError):
                if data := os.read(self._fd, READ_BYTES):
                    return data
                self._end_of_file()
            if time.monotonic() >= deadline_s:
                break
            time.sleep(RETRY_S)
        return b""

    def release(self) -> None:
        """Nobody else may have it meanwhile."""

    def close(self) -> None:
        os.close(self._fd)

    def _end_of_file(self) -> None:
        raise ConnectionError(errno.ECONNRESET, "it has hung up")


def _ready(fd: int, event: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(max(timeout_s, 0) * 1000))


def _existing(path: str) -> str:
    """The first path of a pattern; FileNotFoundError if there is none."""
    if "*" not in path:
        return path
    found = sorted(glob.glob(path))
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no such printer", path)
    return found[0]


class FileWire(DescriptorWire):
    """A device file such as /dev/usb/lp0, or a plain file to append to. A plain file has no answers.

    ``/dev/usb/lp*`` is whichever is there: the kernel counts on when a printer is plugged in again.
    """

    def __init__(self, path: str) -> None:
        path = _existing(path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
        if names_a_device(path):
            is_device = stat.S_ISCHR(os.stat(path).st_mode)
            if is_device:
                flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        else:
            is_device = False
            flags |= os.O_CREAT
        super().__init__(os.open(path, flags, 0o600), has_answers=is_device)

    def _end_of_file(self) -> None:
        """The usblp driver reads as empty when the printer has nothing to say."""


class SerialWire(DescriptorWire):
    """pyserial opens and configures it. Bytes count as sent when they have left the kernel."""

    def __init__(self, settings: PrinterSettings) -> None:
        from hardware.serial_port import open_tty  # noqa: PLC0415
        from hardware.settings import SerialSettings  # noqa: PLC0415

        self._port: serial.Serial = open_tty(
            SerialSettings(
                port=settings.device,
                baudrate=settings.baudrate,
                rtscts=settings.flow_control == "rtscts",
                xonxoff=settings.flow_control == "xonxoff",
            )
        )
        self._bytes_per_s = settings.baudrate / BITS_PER_BYTE
        super().__init__(self._port.fileno(), has_answers=True)

    def write(self, data: bytes, timeout_s: float) -> None:
        """All of it, until the last byte has left the kernel's queue for the line. Raises TimeoutError."""
        deadline_s = time.monotonic() + timeout_s
        super().write(data, timeout_s)
        from hardware.serial_port import unsent_bytes  # noqa: PLC0415

        while unsent := unsent_bytes(self._fd):
            if (left_s := deadline_s - time.monotonic()) <= 0:
                raise TimeoutError(errno.ETIMEDOUT, "takes no more data")
            time.sleep(min(left_s, max(RETRY_S, unsent / self._bytes_per_s)))  # nobody tells when the queue is empty

    def close(self) -> None:
        from hardware.serial_port import close_tty  # noqa: PLC0415

        close_tty(self._port)


class NetworkWire:
    """Raw TCP, port 9100, connected from the first question to the end of the queue.

    Most printers serve one connection at a time, and one kept overnight may be dead without a sign: the receipt would
    vanish in it. Many print servers refuse for a while after a connection has ended, so one serves the whole queue.
    """

    has_answers = True

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._wire: DescriptorWire | None = None
        self._connection()

    def write(self, data: bytes, timeout_s: float) -> None:
        self._connection().write(data, timeout_s)

    def read(self, timeout_s: float) -> bytes:
        return self._connection().read(timeout_s)

    def release(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def close(self) -> None:
        self.release()

    def _connection(self) -> DescriptorWire:
        if self._wire is None:
            connection = socket.create_connection(self._address, timeout=self._timeout_s)
            self._wire = DescriptorWire(connection.detach(), has_answers=True)
        return self._wire
