"""Ways to a receipt printer: serial, network, USB, and a device file. Each blocks, so each has a thread, and deadlines.

A *wire* is one open connection, made by a ``connect`` function and used by one thread. After an error it is thrown away
and the next ``open()`` makes a new one, so that nothing of a broken exchange reaches the next receipt.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import select
import socket
import stat
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from hardware.interfaces import DeviceError
from hardware.settings import PrinterSettings, names_a_device
from hardware.worker import Worker

if TYPE_CHECKING:
    import serial

T = TypeVar("T")

READ_BYTES = 64
RETRY_S = 0.01
"""Between two tries on a device that says that it is ready, and is not."""
GRACE_S = 1.0
"""The wire's own time-out comes first; its thread is given up only after this much more."""


class Wire(Protocol):
    """One open connection. Methods block, no longer than ``timeout_s``, and raise OSError."""

    @property
    def has_answers(self) -> bool: ...

    def write(self, data: bytes, timeout_s: float) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        """What arrives first; empty if nothing does in time. ConnectionError if the other side has gone."""

    def rest(self) -> None:
        """See :meth:`hardware.printer.driver.Transport.rest`."""

    def close(self) -> None: ...


class ThreadedTransport:
    """Makes a blocking wire a transport for the event loop; see :class:`hardware.printer.driver.Transport`."""

    def __init__(
        self, connect: Callable[[], Wire], description: str, *, timeout_s: float, bytes_per_s: float, advice: str
    ) -> None:
        self.description = description
        self._connect = connect
        self._timeout_s = timeout_s
        self._bytes_per_s = bytes_per_s
        self._advice = advice
        self._worker = Worker("printer")
        self._wire: Wire | None = None

    @property
    def has_answers(self) -> bool:
        return self._wire is None or self._wire.has_answers

    async def open(self) -> None:
        await self.close()
        self._wire = await self._call(self._connect, self._timeout_s, dispose=lambda late: late.close())

    async def send(self, data: bytes) -> None:
        wire, budget_s = self._require_wire(), self._timeout_s + len(data) / self._bytes_per_s
        await self._call(lambda: wire.write(data, budget_s), budget_s)

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        wire = self._require_wire()
        return await self._call(lambda: _exchange(wire, question, deadline_s), 2 * deadline_s)

    async def rest(self) -> None:
        if self._wire is not None:
            self._worker.post(self._wire.rest)

    async def close(self) -> None:
        wire, self._wire = self._wire, None
        try:
            if wire is not None:
                self._worker.post(wire.close)
                with contextlib.suppress(TimeoutError):  # or the next open() would find it in use
                    await self._worker.call(lambda: None, deadline_s=GRACE_S)
        finally:
            self._worker.stop()

    def _require_wire(self) -> Wire:
        if self._wire is None:
            raise DeviceError(f"printer on {self.description} is not open")
        return self._wire

    async def _call(
        self, function: Callable[[], T], deadline_s: float, dispose: Callable[[T], None] | None = None
    ) -> T:
        try:
            return await self._worker.call(function, deadline_s=deadline_s + GRACE_S, dispose=dispose)
        except DeviceError:
            await self.close()
            raise
        except TimeoutError as error:
            await self.close()
            raise DeviceError(f"printer on {self.description} does not take the data: {self._advice}") from error
        except OSError as error:
            await self.close()
            raise DeviceError(f"printer on {self.description}: {error.strerror or error}: {self._advice}") from error


def _exchange(wire: Wire, question: bytes, deadline_s: float) -> bytes:
    if question:
        wire.write(question, deadline_s)
    return wire.read(deadline_s)


def build_transport(settings: PrinterSettings) -> ThreadedTransport:
    """The way to a real printer. Raises ValueError, naming the key, if its address is missing from the settings."""
    timeout_s = settings.timeout_s
    match settings.driver:
        case "serial":
            _require(settings.device, "device", "such as /dev/serial/by-id/...")
            return ThreadedTransport(
                lambda: SerialWire(settings),
                f"{settings.device}, {settings.baudrate} baud",
                timeout_s=timeout_s,
                bytes_per_s=settings.baudrate / 12,
                advice="check that it is on, its cable, and that baud rate and flow control match its self-test slip",
            )
        case "network":
            _require(settings.host, "host", "the printer's address")
            return ThreadedTransport(
                lambda: NetworkWire(settings.host, settings.port, timeout_s),
                f"{settings.host} port {settings.port}",
                timeout_s=timeout_s,
                bytes_per_s=10_000,
                advice="check that it is on, its network cable, and its address",
            )
        case "file":
            _require(settings.device, "device", "such as /dev/usb/lp0")
            return ThreadedTransport(
                lambda: FileWire(settings.device),
                settings.device,
                timeout_s=timeout_s,
                bytes_per_s=10_000,
                advice="check that it is plugged in and that this user is in the group lp",
            )
        case "usb":
            _require(settings.usb_vendor_id, "usb_vendor_id", "from lsusb")
            _require(settings.usb_product_id, "usb_product_id", "from lsusb")
            return ThreadedTransport(
                lambda: _usb_wire(settings.usb_vendor_id, settings.usb_product_id),
                f"USB {settings.usb_vendor_id:04x}:{settings.usb_product_id:04x}",
                timeout_s=timeout_s,
                bytes_per_s=10_000,
                advice="check that it is on and plugged in, and the udev rule that lets this user in",
            )
        case _:
            raise ValueError(f"printer.driver {settings.driver!r} has no transport")


def _usb_wire(vendor_id: int, product_id: int) -> Wire:
    try:
        from hardware.printer.usb import UsbWire  # noqa: PLC0415
    except ImportError as error:
        raise DeviceError("printer.driver = usb needs pyusb: pip install 'netgiro-terminal[pi]'") from error
    return UsbWire(vendor_id, product_id)


def _require(value: object, key: str, example: str) -> None:
    if not value:
        raise ValueError(f"[printer] needs {key}, {example}")


class DescriptorWire:
    """Bounded reading and writing of a non-blocking descriptor."""

    def __init__(self, fd: int, *, has_answers: bool) -> None:
        self.has_answers = has_answers
        self._fd = fd
        os.set_blocking(fd, False)

    def write(self, data: bytes, timeout_s: float) -> None:
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

    def rest(self) -> None:
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
    """pyserial opens and configures; the descriptor does the rest."""

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
        super().__init__(self._port.fileno(), has_answers=True)

    def close(self) -> None:
        from hardware.serial_port import close_tty  # noqa: PLC0415

        close_tty(self._port)


class NetworkWire:
    """Raw TCP, port 9100, connected only while used.

    Most printers serve one connection at a time, and one kept overnight may be dead without a sign: the receipt would
    vanish in it.
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

    def rest(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def close(self) -> None:
        self.rest()

    def _connection(self) -> DescriptorWire:
        if self._wire is None:
            connection = socket.create_connection(self._address, timeout=self._timeout_s)
            self._wire = DescriptorWire(connection.detach(), has_answers=True)
        return self._wire
