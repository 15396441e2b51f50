"""An OLED with an ssd1306, ssd1309 or sh1106 controller, by luma.oled. The bus is slow and blocks: it has a thread.

luma starts the controller and speaks the bus; what is sent for a picture is decided here, because luma always sends all
of it. At 400 kHz a byte takes 22.5 us on I2C, so a whole frame of 128 x 64 takes 26 ms and a typed digit 5 ms; the
tests hold both (README, "Numbers").

Two things of luma to know. Constructing its device sends the start-up commands, and it registers an exit handler that
keeps the device, some 300 KB, for the life of the process; so the bus is probed first, and a device let go is emptied.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from hardware.display_pages import Span, changed_spans, to_pages
from hardware.gpio import pin_factory
from hardware.interfaces import DeviceError, check_picture
from hardware.settings import DisplaySettings
from hardware.worker import Worker

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

OPEN_DEADLINE_S = 10.0
"""luma.oled takes seconds to load from a slow card."""
SHOW_DEADLINE_S = 3.0
DISPLAY_OFF = 0xAE
"""Understood by all controllers in any state, so it serves to ask whether one is there."""
COLUMN_RANGE, PAGE_RANGE = 0x21, 0x22
"""ssd1306 and ssd1309, horizontal addressing: SSD1306 data sheet, 10.1.4 and 10.1.5."""
PAGE_START, COLUMN_LOW, COLUMN_HIGH = 0xB0, 0x00, 0x10
"""sh1106, which has page addressing only: SH1106 data sheet, commands 1, 2 and 10."""
SH1106_FIRST_COLUMN = 2
"""It has memory for 132 columns, and the glass is in the middle of it."""


class OledDisplay:
    """One OLED.

    ``bus`` and ``pins`` are for tests: an object with the methods of smbus2.SMBus, or for SPI of spidev.SpiDev, with a
    gpiozero pin factory for the data/command and reset lines.
    """

    def __init__(self, settings: DisplaySettings, *, bus: Any = None, pins: Any = None) -> None:
        self._settings = settings
        self._bus = bus
        self._pins = pins
        self._worker = Worker("display")
        self._device: Any = None
        self._shown: bytes | None = None
        """The pages on the glass; None if the next picture must be sent whole."""
        self._contrast = settings.contrast
        self._resting = False

    @property
    def size_px(self) -> tuple[int, int]:
        return (self._settings.width, self._settings.height)

    @property
    def description(self) -> str:
        s = self._settings
        where = f"I2C bus {s.i2c_port} address {s.i2c_address:#04x}" if s.interface == "i2c" else "SPI 0.0"
        return f"{s.driver} display {s.width} x {s.height}, {where}"

    async def open(self) -> None:
        """Find the controller, start it and clear it. Raises DeviceError if it does not answer."""
        await self.close()
        try:
            self._device = await self._worker.call(self._connect, deadline_s=OPEN_DEADLINE_S, dispose=_release)
        except Exception as error:  # luma has error classes for some causes and lets others through
            self._abandon()
            raise self._explain(error) from error
        self._shown = bytes(self._settings.width * self._settings.height // 8)  # luma has cleared it
        self._resting = False
        if self._contrast != self._settings.contrast:
            await self._send_contrast(self._contrast)

    async def show(self, picture: Image) -> None:
        """Send what differs from what is on the display. Raises DeviceError, after which the display needs open()."""
        check_picture(picture, self.size_px)
        device, shown, wake = self._require_device(), self._shown, self._resting

        def send() -> bytes:
            pages = to_pages(device.preprocess(picture))
            if pages != shown:
                _send(device, tuple(changed_spans(shown, pages, self._settings.width)), wake=wake)
            return pages

        self._shown, self._resting = await self._call(send), False

    async def set_contrast(self, contrast: int) -> None:
        """0 to 255, from now on. Raises DeviceError, after which the display needs open()."""
        if contrast != self._contrast:
            self._contrast = contrast
            await self._send_contrast(contrast)

    async def rest(self) -> None:
        """Dark, at a few microamperes, until the next picture; that one is sent whole, which also mends glitches."""
        device = self._require_device()
        if not self._resting:
            await self._call(device.hide)
            self._shown, self._resting = None, True

    async def close(self) -> None:
        """Darken the display and let go of the bus."""
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(Exception):
                await self._worker.call(lambda: _release(device, darken=True), deadline_s=SHOW_DEADLINE_S)
        self._worker.stop()

    def _require_device(self) -> Any:
        if self._device is None:
            raise DeviceError(f"{self.description}: not open")
        return self._device

    async def _send_contrast(self, contrast: int) -> None:
        device = self._require_device()
        await self._call(lambda: device.contrast(contrast))

    async def _call(self, function: Callable[[], T]) -> T:
        try:
            return await self._worker.call(function, deadline_s=SHOW_DEADLINE_S)
        except Exception as error:
            self._abandon()
            raise self._explain(error) from error

    def _abandon(self) -> None:
        """The thread may be stuck in the bus: leave it to end by itself and take a new one next time."""
        device, self._device = self._device, None
        if device is not None:
            self._worker.post(lambda: _release(device))
        self._worker.stop()

    def _connect(self) -> Any:
        from luma.oled import device  # noqa: PLC0415

        s = self._settings
        wire = self._open_i2c() if s.interface == "i2c" else self._open_spi()
        try:
            wire.command(DISPLAY_OFF)
            made = getattr(device, s.driver)(wire, width=s.width, height=s.height, rotate=s.rotate)
            made.contrast(s.contrast)
        except BaseException:
            with contextlib.suppress(Exception):
                wire.cleanup()
            raise
        return made

    def _open_i2c(self) -> Any:
        from luma.core.interface.serial import i2c  # noqa: PLC0415

        return i2c(bus=self._bus, port=self._settings.i2c_port, address=self._settings.i2c_address)

    def _open_spi(self) -> Any:
        from luma.core.interface.serial import spi  # noqa: PLC0415

        return spi(spi=self._bus, gpio=_SpiPins(self._pins or pin_factory()), port=0, device=0)

    def _explain(self, error: Exception) -> DeviceError:
        if isinstance(error, ImportError):
            hint = f"a library is missing ({error.name}): pip install 'netgiro-terminal[pi]'"
        elif isinstance(error, TimeoutError):
            hint = "the bus hangs: check SDA and SCL for a short, then switch the power off and on"
        elif getattr(error, "errno", None) in (errno.EACCES, errno.EPERM) or "permission" in str(error):
            hint = f"no permission: add this user to the group {self._settings.interface}"
        elif self._settings.interface == "spi":
            hint = "check the wires and that SPI is on (sudo raspi-config, Interface Options)"
        else:
            scan = f"i2cdetect -y {self._settings.i2c_port}"
            hint = f"check the wires, that I2C is on (sudo raspi-config), and the address ({scan})"
        return DeviceError(f"{self.description}: does not answer ({error or type(error).__name__}): {hint}")


class _SpiPins:
    """The data/command and reset lines of an SPI display, in the shape luma expects (RPi.GPIO), on gpiozero's pins."""

    OUT, LOW, HIGH = "output", 0, 1

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._pins: dict[int, Any] = {}

    def setup(self, number: int, _direction: str) -> None:
        self._pins[number] = self._factory.pin(number)
        self._pins[number].output_with_state(0)

    def output(self, number: int, level: int) -> None:
        self._pins[number].state = level


def _send(device: Any, spans: Iterable[Span], *, wake: bool) -> None:
    is_sh1106 = type(device).__name__ == "sh1106"
    for span in spans:
        if is_sh1106:
            column = span.column + SH1106_FIRST_COLUMN
            device.command(PAGE_START | span.page, COLUMN_LOW | column & 0x0F, COLUMN_HIGH | column >> 4)
        else:
            last = span.column + len(span.data) - 1
            device.command(COLUMN_RANGE, span.column, last, PAGE_RANGE, span.page, span.page)
        device.data(span.data)
    if wake:
        device.show()


def _release(device: Any, *, darken: bool = False) -> None:
    """Free the bus and empty the object, which luma's exit handler will hold for ever."""
    wire = device._serial_interface
    try:
        if darken:
            device.hide()
            device.clear()
    finally:
        vars(device).clear()
        wire.cleanup()
