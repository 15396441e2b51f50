"""luma's real drivers on a bus that records, misses and fails like an I2C bus."""

from __future__ import annotations

import asyncio
import errno
import threading

import pytest
from gpiozero.pins.mock import MockFactory
from PIL import Image

from hardware.display import OledDisplay
from hardware.interfaces import DeviceError
from hardware.settings import DisplaySettings

# luma.core 2.6 still uses a Pillow method that Pillow 14 removes.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")


class Panel:
    """An I2C bus (as smbus2.SMBus) with an ssd1306 on it: horizontal addressing, 1024 bytes of picture."""

    def __init__(self, address: int = 0x3C) -> None:
        self.address = address
        self.plugged = True
        self.commands = 0
        self.pictures = 0
        self._memory = bytearray()
        self.hangs = threading.Event()
        self.hangs.set()

    def write_i2c_block_data(self, address: int, mode: int, data: list[int]) -> None:
        self.hangs.wait()
        if not self.plugged or address != self.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        if mode == 0x00:
            self.commands += 1
            return
        self._memory += bytes(data)
        if len(self._memory) == 1024:
            self.pictures += 1
            self.pages, self._memory = bytes(self._memory), bytearray()

    def pixel(self, x: int, y: int) -> int:
        return self.pages[(y // 8) * 128 + x] >> (y % 8) & 1


def dot(x: int, y: int) -> Image.Image:
    picture = Image.new("1", (128, 64))
    picture.putpixel((x, y), 1)
    return picture


@pytest.mark.parametrize("driver", ["ssd1306", "sh1106"])
def test_a_picture_reaches_the_panel_pixel_by_pixel(driver):
    async def main() -> None:
        panel = Panel()
        display = OledDisplay(DisplaySettings(driver=driver), bus=panel)
        await display.open()
        await display.show(dot(5, 17))
        lit = [(x, y) for x in range(128) for y in range(64) if panel.pixel(x, y)]
        assert lit == [(5, 17)]
        await display.close()
        await display.close()
        assert not any(panel.pages)

    asyncio.run(main())


def test_turned_round_it_is_turned_round():
    async def main() -> None:
        panel = Panel()
        display = OledDisplay(DisplaySettings(rotate=2), bus=panel)
        await display.open()
        await display.show(dot(0, 0))
        assert panel.pixel(127, 63)
        await display.close()

    asyncio.run(main())


def test_the_same_picture_is_not_sent_twice():
    async def main() -> None:
        panel = Panel()
        display = OledDisplay(DisplaySettings(), bus=panel)
        await display.open()
        await display.show(dot(1, 1))
        sent = panel.pictures
        await display.show(dot(1, 1))
        assert panel.pictures == sent
        await display.show(dot(2, 2))
        assert panel.pictures == sent + 1
        await display.close()

    asyncio.run(main())


def test_an_empty_address_is_found_by_one_command_and_says_where_to_look():
    async def main() -> None:
        panel = Panel(address=0x3D)
        with pytest.raises(DeviceError, match=r"0x3c.*i2cdetect -y 1"):
            await OledDisplay(DisplaySettings(), bus=panel).open()
        assert panel.commands == 0

    asyncio.run(main())


def test_a_cable_that_came_off_raises_and_the_picture_is_back_after_reopening():
    async def main() -> None:
        panel = Panel()
        display = OledDisplay(DisplaySettings(), bus=panel)
        await display.open()
        await display.show(dot(3, 3))
        panel.plugged = False
        with pytest.raises(DeviceError, match="does not answer"):
            await display.show(dot(4, 4))
        with pytest.raises(DeviceError, match="not open"):
            await display.show(dot(4, 4))
        with pytest.raises(DeviceError):
            await display.open()
        panel.plugged = True
        panel._memory.clear()
        await display.open()
        await display.show(dot(3, 3))
        assert panel.pixel(3, 3)
        await display.close()

    asyncio.run(main())


def test_a_bus_that_hangs_ends_in_an_error_and_not_in_a_stopped_loop(monkeypatch):
    monkeypatch.setattr("hardware.display.SHOW_DEADLINE_S", 0.05)

    async def main() -> None:
        panel = Panel()
        display = OledDisplay(DisplaySettings(), bus=panel)
        await display.open()
        panel.hangs.clear()
        with pytest.raises(DeviceError, match="the bus hangs"):
            await display.show(dot(1, 1))
        panel.hangs.set()
        await display.open()
        await display.close()

    asyncio.run(main())


def test_an_spi_panel_gets_its_data_and_command_line_driven():
    class Bus:
        """As spidev.SpiDev."""

        max_speed_hz = 0
        sent = b""

        def open(self, port: int, device: int) -> None: ...

        def close(self) -> None: ...

        def writebytes(self, data: list[int]) -> None:
            self.sent += bytes(data) if pins.pin(24).state else b""

    pins = MockFactory()

    async def main() -> None:
        bus = Bus()
        display = OledDisplay(DisplaySettings(interface="spi"), bus=bus, pins=pins)
        await display.open()
        bus.sent = b""
        await display.show(dot(0, 0))
        assert bus.sent == b"\x01" + bytes(1023)
        await display.close()

    asyncio.run(main())


def test_without_the_bus_device_it_says_what_to_switch_on():
    async def main() -> None:
        with pytest.raises(DeviceError, match="raspi-config"):
            await OledDisplay(DisplaySettings(i2c_port=77)).open()

    asyncio.run(main())
