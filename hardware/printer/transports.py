"""Ways to a receipt printer: serial, network, USB, and a device file. Each blocks, so each has a thread, and deadlines.

A *wire* is one open connection, made by a ``connect`` function and used by one thread. After an error it is thrown away
and the next ``open()`` makes a new one, so that nothing of a broken exchange reaches the next receipt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

from hardware.interfaces import DeviceError
from hardware.printer.wires import BITS_PER_BYTE, FileWire, NetworkWire, SerialWire, Wire
from hardware.settings import PrinterSettings
from hardware.worker import Worker

T = TypeVar("T")

USB_BYTES_PER_S = 10_000
NETWORK_BYTES_PER_S = 9600 / BITS_PER_BYTE
"""Behind a print server there may be a slow serial line, and TCP takes a whole receipt before its first line is out."""
GRACE_S = 1.0
"""The wire's own time-out comes first; its thread is given up only after this much more."""


class ThreadedTransport:
    """Makes a blocking wire a transport for the event loop; see :class:`hardware.printer.driver.Transport`."""

    def __init__(
        self,
        connect: Callable[[], Wire],
        description: str,
        *,
        timeout_s: float,
        bytes_per_s: float,
        advice: str,
        address: str = "",
    ) -> None:
        self.description = description
        self.address = address or description
        self.bytes_per_s = bytes_per_s
        self._connect = connect
        self._timeout_s = timeout_s
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
        wire, budget_s = self._require_wire(), self._timeout_s + len(data) / self.bytes_per_s
        await self._call(lambda: wire.write(data, budget_s), budget_s)

    async def ask(self, question: bytes, deadline_s: float) -> bytes:
        """What the printer answers within ``deadline_s`` of the question having left; empty if nothing.

        Raises DeviceError.
        """
        wire, write_s = self._require_wire(), self._timeout_s if question else 0.0

        def exchange() -> bytes:
            if question:
                wire.write(question, write_s)
            return wire.read(deadline_s)  # counted from when the question has left

        return await self._call(exchange, write_s + deadline_s)

    async def rest(self) -> None:
        """Nobody waits for this wire."""

    async def release(self) -> None:
        if self._wire is not None:
            self._worker.post(self._wire.release)

    async def close(self) -> None:
        """Close the wire, and wait for that up to GRACE_S, or the next open would find it in use."""
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
                bytes_per_s=settings.baudrate / BITS_PER_BYTE,
                address=settings.device,
                advice="check that it is on, its cable, and that baud rate and flow control match its self-test slip",
            )
        case "network":
            _require(settings.host, "host", "the printer's address")
            return ThreadedTransport(
                lambda: NetworkWire(settings.host, settings.port, timeout_s),
                f"{settings.host} port {settings.port}",
                timeout_s=timeout_s,
                bytes_per_s=NETWORK_BYTES_PER_S,
                advice="check that it is on, its network cable, and its address",
            )
        case "file":
            _require(settings.device, "device", "such as /dev/usb/lp0")
            return ThreadedTransport(
                lambda: FileWire(settings.device),
                settings.device,
                timeout_s=timeout_s,
                bytes_per_s=USB_BYTES_PER_S,
                advice="check that it is plugged in and that this user is in the group lp",
            )
        case "usb":
            _require(settings.usb_vendor_id, "usb_vendor_id", "from lsusb")
            _require(settings.usb_product_id, "usb_product_id", "from lsusb")
            return ThreadedTransport(
                lambda: _usb_wire(settings.usb_vendor_id, settings.usb_product_id),
                f"USB {settings.usb_vendor_id:04x}:{settings.usb_product_id:04x}",
                timeout_s=timeout_s,
                bytes_per_s=USB_BYTES_PER_S,
                advice="check that it is on and plugged in, and the udev rule that lets this user in",
            )
        case _:
            raise ValueError(f"printer.driver {settings.driver!r} has no transport")


def _usb_wire(vendor_id: int, product_id: int) -> Wire:
    try:
        from hardware.printer.usb import UsbWire  # noqa: PLC0415
    except ImportError as error:
        raise DeviceError("printer.driver = usb needs pyusb: run the installer again (sudo make install)") from error
    return UsbWire(vendor_id, product_id)


def _require(value: object, key: str, example: str) -> None:
    if not value:
        raise ValueError(f"[printer] needs {key}, {example}")
