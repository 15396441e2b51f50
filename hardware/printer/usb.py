"""A receipt printer on USB, by pyusb (in the extra ``pi``). Imported only when it is configured."""

from __future__ import annotations

import contextlib
import errno
from typing import Any

import usb.core
import usb.util

READ_BYTES = 64
PRINTER_CLASS = 7
"""bInterfaceClass of printers; models without it are taken to have one interface."""


class UsbWire:
    """A USB printer by pyusb. The two bulk endpoints are looked up: python-escpos' defaults fit only some models."""

    def __init__(self, vendor_id: int, product_id: int, backend: Any = None) -> None:
        try:
            self._device = usb.core.find(idVendor=vendor_id, idProduct=product_id, backend=backend)
        except usb.core.NoBackendError as error:
            raise OSError(errno.ENOSYS, "libusb is missing (sudo apt install libusb-1.0-0)") from error
        if self._device is None:
            raise FileNotFoundError(errno.ENODEV, "not found on USB")
        try:
            interface = self._claim()
        except BaseException:
            self.close()
            raise
        self._out = _bulk_end(interface, usb.util.ENDPOINT_OUT)
        self._in = _bulk_end(interface, usb.util.ENDPOINT_IN)
        if self._out is None:
            self.close()
            raise OSError(errno.ENXIO, "this USB device is no printer")

    def _claim(self) -> Any:
        with contextlib.suppress(NotImplementedError):
            if self._device.is_kernel_driver_active(0):
                self._device.detach_kernel_driver(0)
        self._device.set_configuration()
        configuration = self._device.get_active_configuration()
        interface = usb.util.find_descriptor(configuration, bInterfaceClass=PRINTER_CLASS) or configuration[(0, 0)]
        usb.util.claim_interface(self._device, interface)
        return interface

    @property
    def has_answers(self) -> bool:
        return self._in is not None

    def write(self, data: bytes, timeout_s: float) -> None:
        """All of it within ``timeout_s``.

        Raises OSError. After a time-out the printer has been reset, and a part of the data may come out.
        """
        assert self._out is not None, "checked when it was opened"
        try:
            sent = self._out.write(data, max(int(timeout_s * 1000), 1))
        except usb.core.USBTimeoutError:
            # It hangs, or is full: the next open() finds it empty. What was being printed comes again as a copy.
            with contextlib.suppress(usb.core.USBError, NotImplementedError):
                self._device.reset()
            raise
        if sent != len(data):
            raise OSError(errno.EIO, f"took {sent} of {len(data)} bytes")

    def read(self, timeout_s: float) -> bytes:
        if self._in is None:
            return b""
        try:
            return bytes(self._in.read(READ_BYTES, max(int(timeout_s * 1000), 1)))  # 0 would wait for ever
        except usb.core.USBTimeoutError:
            return b""

    def release(self) -> None:
        """The interface stays claimed: nobody else prints on it."""

    def close(self) -> None:
        usb.util.dispose_resources(self._device)


def _bulk_end(interface: Any, direction: int) -> Any | None:
    for end in interface:
        is_bulk = usb.util.endpoint_type(end.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        if is_bulk and usb.util.endpoint_direction(end.bEndpointAddress) == direction:
            return end
    return None
