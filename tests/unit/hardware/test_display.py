"""luma's real drivers on a bus with a panel that behaves as its data sheet says, misses, hangs and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Literal

import pytest
from gpiozero.pins.mock import MockFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hardware.display import OledDisplay
from hardware.interfaces import DeviceError
from hardware.settings import DISPLAY_SIZES, DisplaySettings
from tests.each import each_of
from tests.oled_panel import OledPanel

# luma.core 2.6 still uses a Pillow method that Pillow 14 removes.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")

FRAME_BUDGET_BYTES = 1200
FRAME_BUDGET_MS = 27.0
"""What hardware/devices.md promises for a whole frame of 128 x 64 over I2C."""


def dot(x: int, y: int) -> Image.Image:
    picture = Image.new("1", (128, 64))
    picture.putpixel((x, y), 1)
    return picture


every_driver = pytest.mark.parametrize("driver", ["ssd1306", "ssd1309", "ssd1315", "sh1106"])
every_height = pytest.mark.parametrize("height", [64, 32])


@every_driver
@every_height
def test_a_picture_reaches_the_panel_pixel_by_pixel(driver, height):
    async def main() -> None:
        panel = OledPanel(driver)
        display = OledDisplay(DisplaySettings(driver=driver, height=height), bus=panel)
        await display.open()
        picture = Image.new("1", (128, height))
        dots = [(0, 0), (5, 17), (64, height - 1), (127, height - 8)]
        for x, y in dots:
            picture.putpixel((x, y), 1)
        await display.show(picture)
        assert panel.lit(height) == sorted(dots)
        await display.close()
        await display.close()
        assert not panel.is_on

    asyncio.run(main())


@every_driver
@every_height
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_after_any_pictures_the_panel_shows_the_last(driver, height, seed):
    """Only differences are sent, so nothing of an earlier picture may stay."""
    random = Random(seed)

    async def main() -> None:
        panel = OledPanel(driver)
        display = OledDisplay(DisplaySettings(driver=driver, height=height), bus=panel)
        await display.open()
        picture = Image.new("1", (128, height))
        for _ in range(4):
            for _ in range(random.choice([1, 20])):
                left, top = random.randrange(128), random.randrange(height)
                box = (left, top, left + random.randrange(1, 40), top + random.randrange(1, 20))
                picture.paste(random.randrange(2), box)
            await display.show(picture)
            if random.random() < 0.2:
                await display.rest()
                await display.show(picture)
            shown = Image.new("1", (128, height))
            for dot in panel.lit(height):
                shown.putpixel(dot, 1)
            assert shown.tobytes() == picture.tobytes()
        await display.close()

    asyncio.run(main())


@every_driver
def test_a_whole_frame_keeps_its_budget_at_400_khz(driver):
    async def main() -> None:
        panel = OledPanel(driver)
        display = OledDisplay(DisplaySettings(driver=driver), bus=panel)
        await display.open()
        panel.bytes_on_wire = 0
        await display.show(Image.new("1", (128, 64), 1))
        assert panel.bytes_on_wire <= FRAME_BUDGET_BYTES
        assert panel.wire_ms() <= FRAME_BUDGET_MS
        panel.bytes_on_wire = 0
        await display.show(Image.new("1", (128, 64), 1))
        assert panel.bytes_on_wire == 0
        await display.close()

    asyncio.run(main())


def test_rest_is_dark_and_the_next_picture_is_sent_whole():
    async def main() -> None:
        panel = OledPanel()
        display = OledDisplay(DisplaySettings(), bus=panel)
        await display.open()
        await display.show(dot(1, 1))
        await display.rest()
        assert panel.lit() == []
        panel.bytes_on_wire = 0
        await display.rest()
        assert panel.bytes_on_wire == 0
        panel._memory[3][50] = 0xFF  # a spark while it was dark
        await display.show(dot(1, 1))
        assert panel.lit() == [(1, 1)]
        await display.close()

    asyncio.run(main())


@every_driver
def test_a_panel_that_forgot_everything_is_set_up_anew_when_asked_and_at_each_wake(driver):
    async def main() -> None:
        panel = OledPanel(driver)
        display = OledDisplay(DisplaySettings(driver=driver, contrast=90), bus=panel)
        await display.open()
        await display.show(dot(1, 1))
        panel.lose_power()
        await display.show(dot(2, 2))
        assert panel.lit() == [], "it answers, and is dark"
        await display.show(dot(2, 2), anew=True)
        assert panel.lit() == [(2, 2)]
        assert panel.contrast == 90
        await display.rest()
        panel.lose_power()
        await display.show(dot(2, 2))
        assert panel.lit() == [(2, 2)]
        await display.close()

    asyncio.run(main())


@every_driver
def test_a_panel_that_is_well_does_not_go_dark_to_be_set_up_anew(driver):
    class Watched(OledPanel):
        went_dark = False

        def write_i2c_block_data(self, address: int, mode: int, data: list[int]) -> None:
            super().write_i2c_block_data(address, mode, data)
            self.went_dark = self.went_dark or not self.is_on

    async def main() -> None:
        panel = Watched(driver)
        display = OledDisplay(DisplaySettings(driver=driver), bus=panel)
        await display.open()
        panel.went_dark, panel.bytes_on_wire = False, 0
        await display.show(dot(1, 1), anew=True)
        assert not panel.went_dark
        assert panel.bytes_on_wire <= FRAME_BUDGET_BYTES + 50
        await display.close()

    asyncio.run(main())


def test_opening_lights_nothing_that_was_left_in_the_memory():
    class Watched(OledPanel):
        flashed = False

        def write_i2c_block_data(self, address: int, mode: int, data: list[int]) -> None:
            super().write_i2c_block_data(address, mode, data)
            self.flashed = self.flashed or bool(self.is_on and self.lit())

    async def main() -> None:
        panel = Watched()
        panel.lose_power()
        display = OledDisplay(DisplaySettings(), bus=panel)
        await display.open()
        assert panel.is_on
        assert not panel.flashed
        await display.close()

    asyncio.run(main())


@each_of(
    ("driver", "offset", "first_column"), [("ssd1306", 0, 0), ("ssd1306", 2, 2), ("sh1106", 0, 2), ("sh1106", -2, 0)]
)
def test_the_glass_may_begin_at_another_column_of_the_memory(driver, offset, first_column):
    async def main() -> None:
        panel = OledPanel(driver, first_column=first_column)
        display = OledDisplay(DisplaySettings(driver=driver, column_offset=offset), bus=panel)
        await display.open()
        await display.show(dot(0, 0))
        assert panel.lit() == [(0, 0)]
        await display.show(dot(127, 63))
        assert panel.lit() == [(127, 63)]
        await display.close()

    asyncio.run(main())


def test_an_upright_controller_is_read_on_its_side():
    async def main(rotate: Literal[1, 3], corner: tuple[int, int]) -> None:
        panel = OledPanel("sh1107")
        settings = DisplaySettings(driver="sh1107", width=64, height=128, rotate=rotate)
        display = OledDisplay(settings, bus=panel)
        assert display.size_px == (128, 64)
        await display.open()
        await display.show(dot(0, 0))
        assert panel.lit(128, 64) == [corner]
        await display.close()

    asyncio.run(main(1, (63, 0)))
    asyncio.run(main(3, (0, 127)))


@each_of(("driver", "size"), [(driver, size) for driver, sizes in DISPLAY_SIZES.items() for size in sizes])
def test_luma_starts_every_controller_in_every_size(driver, size):
    """On a bus that answers everything; what the glass makes of it only the page-wise ones' doubles can tell."""

    class Bus:
        max_speed_hz = 0
        sent = 0

        def open(self, port: int, device: int) -> None: ...

        def close(self) -> None: ...

        def writebytes(self, data: list[int]) -> None:
            self.sent += len(data)

    async def main() -> None:
        bus = Bus()
        settings = DisplaySettings(driver=driver, interface="spi", width=size[0], height=size[1])
        display = OledDisplay(settings, bus=bus, pins=MockFactory())
        await display.open()
        picture = Image.new("1", size)
        picture.putpixel((3, 3), 1)
        for anew in (False, True):
            bus.sent = 0
            await display.show(picture, anew=anew)
            assert bus.sent > 0
        await display.rest()
        await display.show(picture)
        await display.close()

    asyncio.run(main())


class SpiBus:
    """As spidev.SpiDev. Keeps the bytes of pictures; ``is_data`` tells them from commands."""

    max_speed_hz = 0

    def __init__(self, is_data: Callable[[list[int]], bool]) -> None:
        self.sent = b""
        self._is_data = is_data

    def open(self, port: int, device: int) -> None: ...

    def close(self) -> None: ...

    def writebytes(self, data: list[int]) -> None:
        self.sent += bytes(data) if self._is_data(data) else b""


def test_shades_are_sent_as_luma_sends_them():
    async def main() -> None:
        bus = SpiBus(lambda data: len(data) > 100)
        settings = DisplaySettings(driver="ssd1322", interface="spi", width=256)
        display = OledDisplay(settings, bus=bus, pins=MockFactory())
        await display.open()
        bus.sent = b""
        picture = Image.new("1", (256, 64))
        picture.putpixel((0, 0), 1)
        picture.putpixel((255, 63), 1)
        await display.show(picture)
        assert len(bus.sent) == 256 * 64 // 2
        assert (bus.sent[0], bus.sent[-1], sum(bus.sent)) == (0xF0, 0x0F, 0xFF)
        await display.close()

    asyncio.run(main())


def test_the_reset_wire_goes_low_and_high_before_anything_is_said_on_i2c():
    pins = MockFactory()

    levels: list[object] = []

    class Panel(OledPanel):
        def write_i2c_block_data(self, address: int, mode: int, data: list[int]) -> None:
            levels.append(pins.pin(17).state)
            super().write_i2c_block_data(address, mode, data)

    async def main() -> None:
        panel = Panel("ssd1309")
        display = OledDisplay(DisplaySettings(driver="ssd1309", reset_pin=17), bus=panel, pins=pins)
        await display.open()
        assert [state.state for state in pins.pin(17).states][-2:] == [0, 1]
        assert levels[0] == 1
        await display.close()

    asyncio.run(main())


def test_contrast_is_sent_when_it_changes_and_again_after_reopening():
    async def main() -> None:
        panel = OledPanel()
        display = OledDisplay(DisplaySettings(contrast=90), bus=panel)
        await display.open()
        assert panel.contrast == 90
        await display.set_contrast(7)
        assert panel.contrast == 7
        sent = panel.bytes_on_wire
        await display.set_contrast(7)
        assert panel.bytes_on_wire == sent
        await display.open()
        assert panel.contrast == 7
        await display.close()

    asyncio.run(main())


def test_turned_round_it_is_turned_round():
    async def main() -> None:
        panel = OledPanel()
        display = OledDisplay(DisplaySettings(rotate=2), bus=panel)
        await display.open()
        await display.show(dot(0, 0))
        assert panel.pixel(127, 63)
        await display.close()

    asyncio.run(main())


def test_an_empty_address_is_found_by_one_command_and_says_where_to_look():
    async def main() -> None:
        panel = OledPanel(address=0x3D)
        with pytest.raises(DeviceError, match=r"0x3c.*i2cdetect -y 1"):
            await OledDisplay(DisplaySettings(), bus=panel).open()
        assert panel.commands == 0

    asyncio.run(main())


def test_a_bus_that_hangs_ends_in_an_error_and_not_in_a_stopped_loop(monkeypatch):
    monkeypatch.setattr("hardware.display.SHOW_DEADLINE_S", 0.05)

    async def main() -> None:
        panel = OledPanel()
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
    pins = MockFactory()

    async def main() -> None:
        bus = SpiBus(lambda _data: bool(pins.pin(24).state))
        display = OledDisplay(DisplaySettings(interface="spi"), bus=bus, pins=pins)
        await display.open()
        bus.sent = b""
        await display.show(dot(0, 0))
        assert bus.sent == b"\x01"
        await display.close()

    asyncio.run(main())


def test_without_the_bus_device_it_says_what_to_switch_on():
    async def main() -> None:
        with pytest.raises(DeviceError, match="raspi-config"):
            await OledDisplay(DisplaySettings(i2c_port=77)).open()

    asyncio.run(main())
