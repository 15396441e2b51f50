"""The USB wire on pyusb itself, with a backend (pyusb's own way in) that has one printer plugged in."""

from __future__ import annotations

import array
from types import SimpleNamespace

import pytest

usb_backend = pytest.importorskip("usb.backend", reason="pyusb is in the extra [pi]")
usb_core = pytest.importorskip("usb.core")

from hardware.printer.usb import UsbWire  # noqa: E402

VENDOR, PRODUCT = 0x04B8, 0x0202
OUT, IN = 0x02, 0x81


class Bus(usb_backend.IBackend):  # type: ignore[misc, name-defined]
    def __init__(self, ends=((OUT, 2), (IN, 2))) -> None:
        self.ends = ends
        self.printed = b""
        self.answer = b"\x12"
        self.kernel_driver = True
        self.hangs = False
        self.resets = 0
        self.claimed: set[int] = set()
        self.timeouts: list[int] = []

    def enumerate_devices(self):
        return ["printer"]

    def get_device_descriptor(self, dev):
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0,
            bMaxPacketSize0=64, idVendor=VENDOR, idProduct=PRODUCT, bcdDevice=1, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=5, bus=1, port_number=1, port_numbers=(1,), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev, config):
        if config:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xC0, bMaxPower=1, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev, intf, alt, config):
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=len(self.ends),
            bInterfaceClass=7, bInterfaceSubClass=1, bInterfaceProtocol=2, iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev, ep, intf, alt, config):
        address, kind = self.ends[ep]
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=address, bmAttributes=kind, wMaxPacketSize=64, bInterval=0,
            bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev):
        return dev

    def close_device(self, handle): ...

    def set_configuration(self, handle, value): ...

    def get_configuration(self, handle):
        return 1

    def claim_interface(self, handle, intf):
        assert not self.kernel_driver, "the kernel still has it"
        self.claimed.add(intf)

    def release_interface(self, handle, intf):
        self.claimed.discard(intf)

    def is_kernel_driver_active(self, handle, intf):
        return self.kernel_driver

    def detach_kernel_driver(self, handle, intf):
        self.kernel_driver = False

    def reset_device(self, handle):
        self.resets += 1
        self.hangs = False

    def bulk_write(self, handle, ep, intf, data, timeout):
        assert ep == OUT
        self.timeouts.append(timeout)
        if self.hangs:
            raise usb_core.USBTimeoutError("timed out", errno=110)
        self.printed += bytes(data)
        return len(data)

    def bulk_read(self, handle, ep, intf, buff, timeout):
        assert ep == IN
        self.timeouts.append(timeout)
        if not self.answer:
            raise usb_core.USBTimeoutError("timed out", errno=110)
        buff[: len(self.answer)] = array.array("B", self.answer)
        return len(self.answer)


def test_it_finds_the_endpoints_takes_over_from_the_kernel_and_talks():
    bus = Bus()
    wire = UsbWire(VENDOR, PRODUCT, backend=bus)
    wire.write(b"\x10\x04\x01", 1.5)
    assert bus.printed == b"\x10\x04\x01"
    assert wire.has_answers
    assert wire.read(1.5) == b"\x12"
    assert bus.claimed == {0}
    wire.close()
    assert bus.claimed == set()


def test_silence_is_no_answer_and_no_wait_is_for_ever():
    bus = Bus()
    bus.answer = b""
    wire = UsbWire(VENDOR, PRODUCT, backend=bus)
    assert wire.read(0) == b""
    assert bus.timeouts == [1], "0 would be no time-out at all"
    wire.close()


def test_a_printer_that_hangs_is_reset_and_can_be_opened_again():
    bus = Bus()
    bus.hangs = True
    wire = UsbWire(VENDOR, PRODUCT, backend=bus)
    with pytest.raises(usb_core.USBTimeoutError):
        wire.write(b"x", 0.1)
    assert bus.resets == 1
    wire.close()
    bus.kernel_driver = True  # a reset gives it back
    wire = UsbWire(VENDOR, PRODUCT, backend=bus)
    wire.write(b"x", 0.1)
    assert bus.printed == b"x"
    assert bus.resets == 1
    wire.close()


def test_a_printer_that_cannot_be_reset_is_still_told_as_hanging(monkeypatch):
    bus = Bus()
    bus.hangs = True
    monkeypatch.delattr(Bus, "reset_device")
    wire = UsbWire(VENDOR, PRODUCT, backend=bus)
    with pytest.raises(usb_core.USBTimeoutError):
        wire.write(b"x", 0.1)
    wire.close()


def test_a_printer_without_an_input_has_nothing_to_say():
    wire = UsbWire(VENDOR, PRODUCT, backend=Bus(ends=((OUT, 2),)))
    assert not wire.has_answers
    assert wire.read(1) == b""
    wire.close()


def test_what_is_not_there_or_no_printer_is_an_error_of_the_system():
    with pytest.raises(FileNotFoundError, match="not found on USB"):
        UsbWire(0x1234, 0x5678, backend=Bus())
    bus = Bus(ends=((IN, 2),))
    with pytest.raises(OSError, match="no printer"):
        UsbWire(VENDOR, PRODUCT, backend=bus)
    assert bus.claimed == set()
