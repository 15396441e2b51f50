"""An OLED with one of the controllers that luma.oled starts. The bus is slow and blocks, so the display has a thread.

luma starts the controller and speaks on the bus. This file decides what is sent for a picture, because luma always
sends all of it. At 400 kHz a byte takes 22.5 us on I2C, so a whole frame of 128 x 64 takes 26 ms and a typed digit
5 ms; the tests hold both (devices.md, "Numbers").

A panel whose supply was interrupted for a moment answers as before, but shows nothing or noise: it has lost its
settings, and cannot be asked for them. So it is set up anew from time to time, with the same commands that started it.

Two things of luma to know. Its device sends the start-up commands when it is constructed, and registers an exit handler
that keeps the device, some 300 KB, for the life of the process. So the bus is probed first, a device that is set up
anew is not constructed anew, and a device that is no longer used is emptied.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from hardware.display_controllers import Controller, address, controller_of
from hardware.display_pages import Span, changed_spans, to_pages, turned
from hardware.gpio import pin_factory
from hardware.interfaces import DeviceError, check_picture
from hardware.settings import SPI_RESET_PIN, DisplaySettings
from hardware.worker import Worker

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

OPEN_DEADLINE_S = 10.0
"""luma.oled takes seconds to load from a slow card."""
SHOW_DEADLINE_S = 3.0
DISPLAY_OFF, DISPLAY_ON = 0xAE, 0xAF
"""Understood by all controllers in any state, so the first serves to ask whether one is there."""
RESET_S = 0.01
"""Low and then high for so long; data sheets ask for microseconds, with capacitors beside the pin for more."""


class OledDisplay:
    """One OLED.

    ``bus`` and ``pins`` are for tests: an object with the methods of smbus2.SMBus, or for SPI of spidev.SpiDev, with a
    gpiozero pin factory for the data/command and reset lines.
    """

    def __init__(self, settings: DisplaySettings, *, bus: Any = None, pins: Any = None) -> None:
        self._settings = settings
        self._controller = controller_of(settings)
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
        return self._settings.size_px

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
        self._shown = bytes(self._settings.width * self._settings.height // 8)
        self._resting = False
        if self._contrast != self._settings.contrast:
            await self._send_contrast(self._contrast)

    async def show(self, picture: Image, *, anew: bool = False) -> None:
        """Send what differs from what is on the display. Raises DeviceError, after which the display needs open()."""
        check_picture(picture, self.size_px)
        device, shown, anew = self._require_device(), self._shown, anew or self._resting

        def send() -> bytes:
            upright = turned(picture, self._settings.rotate)
            pages = to_pages(upright)
            if anew:
                self._set_up(device, upright)
            elif pages != shown and self._controller.addressing == "whole":
                device.display(upright)
            elif pages != shown:
                _send(device, self._controller, changed_spans(shown, pages, self._settings.width))
            return pages

        self._shown, self._resting = await self._call(send), False

    async def set_contrast(self, contrast: int) -> None:
        """0 to 255, from now on. Raises DeviceError, after which the display needs open()."""
        if contrast != self._contrast:
            self._contrast = contrast
            await self._send_contrast(contrast)

    async def rest(self) -> None:
        """Dark, at a few microamperes, until the next picture; for that one the controller is set up anew."""
        device = self._require_device()
        if not self._resting:
            await self._call(device.hide)
            self._shown, self._resting = None, True

    async def close(self) -> None:
        """Darken the display and let go of the bus."""
        device, self._device = self._device, None
        if device is not None:
            with contextlib.suppress(Exception):
                await self._worker.call(lambda: self._darken_and_release(device), deadline_s=SHOW_DEADLINE_S)
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
        wire = _Wire(self._open_i2c() if s.interface == "i2c" else self._open_spi())
        try:
            wire.command(DISPLAY_OFF)
            wire.remembers = True
            made = _silent(getattr(device, s.driver))(
                wire, width=s.width, height=s.height, mode="1", framebuffer=_luma_frame()
            )
            wire.remembers = False
            self._send_whole(made, self._blank())
            made.contrast(s.contrast)
            wire.command(DISPLAY_ON)
        except BaseException:
            with contextlib.suppress(Exception):
                wire.cleanup()
            raise
        return made

    def _set_up(self, device: Any, picture: Image) -> None:
        """As after power came back; a panel that never lost it is not made to blink."""
        wire = device._serial_interface
        wire.repeat()
        device.contrast(self._contrast)
        self._send_whole(device, picture)
        wire.command(DISPLAY_ON)

    def _send_whole(self, device: Any, picture: Image) -> None:
        if self._controller.addressing == "whole":
            device.display(picture)
        else:
            _send(device, self._controller, changed_spans(None, to_pages(picture), self._settings.width))

    def _blank(self) -> Image:
        from PIL import Image  # noqa: PLC0415

        return Image.new("1", (self._settings.width, self._settings.height))

    def _darken_and_release(self, device: Any) -> None:
        try:
            device.hide()
            self._send_whole(device, self._blank())
        finally:
            _release(device)

    def _open_i2c(self) -> Any:
        from luma.core.interface.serial import i2c  # noqa: PLC0415

        if self._settings.reset_pin:
            pins = _Pins(self._pins or pin_factory())
            pins.setup(self._settings.reset_pin, pins.OUT)  # low
            time.sleep(RESET_S)
            pins.output(self._settings.reset_pin, pins.HIGH)
            time.sleep(RESET_S)
        return i2c(bus=self._bus, port=self._settings.i2c_port, address=self._settings.i2c_address)

    def _open_spi(self) -> Any:
        from luma.core.interface.serial import spi  # noqa: PLC0415

        return spi(
            spi=self._bus,
            gpio=_Pins(self._pins or pin_factory()),
            port=0,
            device=0,
            gpio_RST=self._settings.reset_pin or SPI_RESET_PIN,
            reset_hold_time=RESET_S,
            reset_release_time=RESET_S,
        )

    def _explain(self, error: Exception) -> DeviceError:
        if isinstance(error, ImportError):
            hint = f"a library is missing ({error.name}): run: sudo make install (on the Pi itself)"
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


class _Wire:
    """What luma speaks through. It remembers how the controller was started, to say it again."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self._said: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.remembers = False

    def command(self, *codes: int) -> None:
        if self.remembers:
            self._said.append((self._wire.command, codes[1:] if codes[0] == DISPLAY_OFF else codes))
        self._wire.command(*codes)

    def data(self, data: Sequence[int]) -> None:
        if self.remembers:
            self._said.append((self._wire.data, (data,)))
        self._wire.data(data)

    def repeat(self) -> None:
        """All but going dark."""
        for say, what in self._said:
            if what:
                say(*what)

    def cleanup(self) -> None:
        self._wire.cleanup()


def _luma_frame() -> Any:
    """For controllers whose pictures luma sends: all of each."""
    from luma.core.framebuffer import full_frame  # noqa: PLC0415

    return full_frame()


@cache
def _silent(controller: type) -> type:
    """The same, but it lights up only once it has been told what to show."""
    return type(controller.__name__, (controller,), {"clear": lambda _self: None, "show": lambda _self: None})


class _Pins:
    """The data/command and reset lines of a display, in the shape luma expects (RPi.GPIO), on gpiozero's pins."""

    OUT, LOW, HIGH = "output", 0, 1

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._pins: dict[int, Any] = {}

    def setup(self, number: int, _direction: str) -> None:
        self._pins[number] = self._factory.pin(number)
        self._pins[number].output_with_state(0)

    def output(self, number: int, level: int) -> None:
        self._pins[number].state = level


def _send(device: Any, controller: Controller, spans: Iterable[Span]) -> None:
    for span in spans:
        device.command(*address(controller, span))
        device.data(span.data)


def _release(device: Any) -> None:
    """Free the bus and empty the object, which luma's exit handler will hold for ever."""
    wire = device._serial_interface
    vars(device).clear()
    wire.cleanup()
