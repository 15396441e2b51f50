"""What hardware/interfaces.py promises, asked of every driver, real and simulated alike: see the benches beside this.

What only one driver does is in its own tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hardware.interfaces import DeviceError, Flash, Pattern
from tests.patience import at_most
from tests.unit.hardware.benches import PORTS, TELLING, Bench, TellingBench
from tests.unit.hardware.output_benches import (
    ALL,
    CALLED,
    DISPLAYS,
    DOTS,
    PRINTERS,
    SIGNALS,
    Oled,
    Pins,
    PrinterBench,
    picture_of,
)

# luma.core 2.6 still uses a Pillow method that Pillow 14 removes.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")

PATIENCE_S = 20.0
WHAT_TO_DO = re.compile(r": .*\b(check|plug|add|stop|install|switch)\b")

Make = Callable[[Path], Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner without a suffix ends each of its codes by silence."""
    monkeypatch.setattr("hardware.scanner.SILENCE_S", 0.05)


def of(benches: Sequence[Make]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", benches, ids=lambda make: make.__name__)


def at(make: Make, folder: Path, scenario: Callable[[Any], Awaitable[None]]) -> None:
    async def main() -> None:
        bench = make(folder)
        await bench.start()
        try:
            async with asyncio.timeout(at_most(PATIENCE_S)):
                await scenario(bench)
        finally:
            await bench.end()

    asyncio.run(main())


@of(ALL)
def test_making_a_driver_touches_nothing_and_it_says_what_it_is(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.unplug()
        description = bench.build().description
        assert description
        assert "\n" not in description

    at(make, tmp_path, scenario)


@of(ALL)
def test_what_is_missing_is_told_with_what_to_do_and_opens_once_it_is_there(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.unplug()
        for _ in range(2):
            with pytest.raises(DeviceError, match=WHAT_TO_DO):
                await bench.open()
        await bench.plug_in()
        await bench.open()
        await bench.use()

    at(make, tmp_path, scenario)


@of(ALL)
def test_closing_never_raises_however_often(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.device.close()
        await bench.open()
        await bench.use()
        for _ in range(2):
            await bench.device.close()
        await bench.unplug()
        await bench.device.close()

    at(make, tmp_path, scenario)


@of(ALL)
def test_a_driver_can_be_opened_again_at_any_time(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        for _ in range(2):
            await bench.open()
            await bench.use()
        await bench.device.close()
        await bench.open()
        await bench.use()

    at(make, tmp_path, scenario)


@of(TELLING)
def test_a_loss_is_told_once_after_everything_else_and_the_next_opening_brings_it_back(
    make: Make, tmp_path: Path
) -> None:
    async def scenario(bench: TellingBench) -> None:
        await bench.open()
        await bench.use()
        await bench.lose()
        error = await bench.said.get()
        assert isinstance(error, DeviceError)
        assert WHAT_TO_DO.search(str(error))
        with pytest.raises(DeviceError):
            await bench.open()
        await bench.device.close()
        assert bench.said.empty()

        await bench.plug_in()
        await bench.open()
        await bench.use()

    at(make, tmp_path, scenario)


@of(TELLING)
def test_nothing_is_told_once_it_is_closed_not_even_what_was_half_said(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: TellingBench) -> None:
        await bench.open()
        await bench.send("1")
        await asyncio.sleep(0.01)  # it has read that
        await bench.device.close()
        while not bench.said.empty():
            bench.said.get_nowait()
        with contextlib.suppress(OSError):  # nobody is there to hear it
            await bench.send("1")
        await bench.unplug()
        await asyncio.sleep(0.15)  # longer than debouncing, and than the silence that ends a code
        assert bench.said.empty()

    at(make, tmp_path, scenario)


@of(CALLED)
def test_a_lost_device_raises_until_it_is_there_and_opened_again(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(DeviceError):
            await bench.use()
        await bench.open()
        await bench.use()
        await bench.unplug()
        with pytest.raises(DeviceError, match=WHAT_TO_DO):
            await bench.use()
        with pytest.raises(DeviceError):
            await bench.open()
        await bench.plug_in()
        await bench.open()
        await bench.use()

    at(make, tmp_path, scenario)


@of(DISPLAYS)
def test_a_picture_stays_until_the_next_and_rest_is_dark(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Oled) -> None:
        await bench.open()
        picture = picture_of(DOTS)
        await bench.device.show(picture)
        picture.putpixel((9, 9), 1)  # the caller's own; it was shown before
        assert bench.lit() == sorted(DOTS)
        await bench.device.set_contrast(7)
        assert bench.contrast == 7
        await bench.device.rest()
        assert bench.lit() == []
        await bench.device.show(picture_of(DOTS[:1]))
        assert bench.lit() == DOTS[:1]
        await bench.device.close()
        assert bench.lit() == []

    at(make, tmp_path, scenario)


@of(DISPLAYS)
@pytest.mark.parametrize("picture", [Image.new("L", (128, 64)), Image.new("1", (64, 128))], ids=["grey", "upright"])
def test_a_picture_of_another_shape_is_a_mistake_in_the_code(make: Make, tmp_path: Path, picture: Image.Image) -> None:
    async def scenario(bench: Oled) -> None:
        assert bench.device.size_px == (128, 64)
        await bench.open()
        with pytest.raises(ValueError, match="mode 1 pictures of"):
            await bench.device.show(picture)
        await bench.use()

    at(make, tmp_path, scenario)


@of(SIGNALS)
def test_playing_never_raises_and_closing_is_silence(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: Pins) -> None:
        bench.device.play(Pattern((Flash(60, buzzer=True),)))
        await bench.open()
        bench.device.play(Pattern((Flash(60, buzzer=True),)))
        await bench.device.close()
        assert bench.state() == (False, False)

    at(make, tmp_path, scenario)


@of(PRINTERS)
def test_waiting_for_a_printer_and_preparing_never_raise(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: PrinterBench) -> None:
        await bench.unplug()
        await bench.device.prepare()
        await bench.device.wait_for_change(0.05)
        await bench.plug_in()
        await bench.open()
        await bench.use()

    at(make, tmp_path, scenario)


@of(PORTS)
def test_a_lost_port_takes_nothing(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: TellingBench) -> None:
        with pytest.raises(DeviceError, match=WHAT_TO_DO):
            await bench.device.write(b"x")
        await bench.open()
        await bench.lose()
        with pytest.raises(DeviceError, match=WHAT_TO_DO):
            await bench.device.write(b"x")
        assert isinstance(await bench.said.get(), DeviceError)
        assert bench.said.empty()

    at(make, tmp_path, scenario)


@of(PORTS)
def test_a_port_belongs_to_whoever_opened_it_first(make: Make, tmp_path: Path) -> None:
    async def scenario(bench: TellingBench) -> None:
        await bench.open()
        with pytest.raises(DeviceError, match="in use by another program"):
            await bench.build().open(print, print)
        await bench.use()
        assert bench.device.damaged_bytes == 0

    at(make, tmp_path, scenario)
