"""Displays, signals and printers on benches, as the devices in benches.py that call back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from gpiozero import DigitalOutputDevice
from gpiozero.pins.mock import MockFactory
from PIL import Image

from hardware.display import OledDisplay
from hardware.factory import build_printer
from hardware.interfaces import Cut, Flash, Pattern, PrinterStatus, TextLine
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import Typesetting
from hardware.printer.transports import ThreadedTransport
from hardware.settings import DisplaySettings, PrinterSettings, SignalSettings
from hardware.signals import GpioSignals, SimulatedSignals
from hardware.simulated import SimulatedDisplay, SimulatedPrinter
from tests.oled_panel import OledPanel
from tests.unit.hardware.benches import TELLING, Adapter, Bench, Pipe
from tests.unit.hardware.printer.test_driver import Connection, FarEnd

# --- displays and signals ---------------------------------------------------------------------------------------------

DOTS = [(0, 0), (5, 17), (64, 63), (127, 56)]


def picture_of(dots: Sequence[tuple[int, int]]) -> Image.Image:
    picture = Image.new("1", (128, 64))
    for dot in dots:
        picture.putpixel(dot, 1)
    return picture


class Oled(Bench):
    driver: Any = "ssd1306"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._dots: list[tuple[int, int]] = []
        self._panel = OledPanel(self.driver)

    def build(self) -> OledDisplay:
        return OledDisplay(DisplaySettings(driver=self.driver), bus=self._panel)

    def lit(self) -> list[tuple[int, int]]:
        return self._panel.lit()

    @property
    def contrast(self) -> int:
        return self._panel.contrast

    async def use(self) -> None:
        self._dots = DOTS if self._dots != DOTS else DOTS[:2]  # what is lit already is not sent again
        await self.device.show(picture_of(self._dots))
        assert self.lit() == sorted(self._dots)

    async def plug_in(self) -> None:
        self._panel.plugged = True

    async def unplug(self) -> None:
        self._panel.plugged = False


class OledSsd1309(Oled):
    driver = "ssd1309"


class OledSh1106(Oled):
    driver = "sh1106"


class SimulatedGlass(Oled):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._glass = SimulatedDisplay()

    def build(self) -> SimulatedDisplay:  # type: ignore[override]
        return self._glass

    def lit(self) -> list[tuple[int, int]]:
        picture = self._glass.picture
        return [(x, y) for x in range(128) for y in range(64) if picture.getpixel((x, y))]

    @property
    def contrast(self) -> int:
        return self._glass.contrast

    async def plug_in(self) -> None:
        self._glass.plug_in()

    async def unplug(self) -> None:
        self._glass.unplug()


class Pins(Bench):
    """That they are taken is all that a driver of outputs can notice."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._factory = MockFactory()
        self._other: DigitalOutputDevice | None = None

    def build(self) -> GpioSignals:
        return GpioSignals(SignalSettings(), self._factory)

    def state(self) -> tuple[bool, bool]:
        return bool(self._factory.pin(23).state), bool(self._factory.pin(18).state)

    async def use(self) -> None:
        self.device.play(Pattern((Flash(60, buzzer=True),)))
        assert self.state() == (True, True)
        self.device.play(Pattern(stays_lit=True))
        assert self.state() == (True, False)

    async def plug_in(self) -> None:
        if self._other is not None:
            self._other.close()

    async def unplug(self) -> None:
        if self._other is None or self._other.closed:
            self._other = DigitalOutputDevice(23, pin_factory=self._factory)

    async def end(self) -> None:
        await self.device.close()


class SimulatedLamp(Pins):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._signals = SimulatedSignals()

    def build(self) -> SimulatedSignals:  # type: ignore[override]
        return self._signals

    def state(self) -> tuple[bool, bool]:
        return self._signals.lamp, self._signals.buzzer

    async def plug_in(self) -> None:
        self._signals.plug_in()

    async def unplug(self) -> None:
        self._signals.unplug()


# --- printers ---------------------------------------------------------------------------------------------------------


class PrinterBench(Bench):
    """``far_end`` has what was printed."""

    says = PrinterStatus.OK

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.far_end = FarEnd()

    async def use(self) -> None:
        assert await self.device.status() is self.says
        assert self.device.columns == 48
        before = self.far_end.printed
        await self.device.print_document([TextLine("Samtals 1.990 kr."), Cut()])
        assert await self.printed_since(before)

    async def printed_since(self, before: bytes) -> bool:
        return b"Samtals 1.990 kr.\n" in self.far_end.printed[len(before) :]


class SerialPrinter(PrinterBench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._adapter = Adapter(folder / "ttyUSB1")

    def build(self) -> Any:
        return build_printer(PrinterSettings(driver="serial", device=str(self._adapter.path), timeout_s=2))

    def _take(self) -> None:
        os.write(self._adapter.fd, self.far_end.take(os.read(self._adapter.fd, 4096)))

    async def plug_in(self) -> None:
        self._adapter.plug_in()
        asyncio.get_running_loop().add_reader(self._adapter.fd, self._take)

    async def unplug(self) -> None:
        if self._adapter._ends:
            asyncio.get_running_loop().remove_reader(self._adapter.fd)
        self._adapter.unplug()


class NetworkPrinter(PrinterBench):
    _server: asyncio.Server | None = None
    _port = 0

    def build(self) -> Any:
        return build_printer(PrinterSettings(driver="network", host="127.0.0.1", port=self._port, timeout_s=2))

    async def plug_in(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self.far_end), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        if self._server is not None:
            self._server.close()
        self.far_end.hang_up()
        await self.far_end.until_hung_up()


class FilePrinter(PrinterBench):
    """A pipe: as any plain file it has nothing to say, but it can be gone."""

    says = PrinterStatus.UNKNOWN

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._pipe = Pipe(folder / "lp0", os.O_RDONLY)

    def build(self) -> Any:
        return build_printer(PrinterSettings(driver="file", device=str(self._pipe.path)))

    async def printed_since(self, before: bytes) -> bool:
        self.far_end.take(os.read(self._pipe.fd, 4096))
        return await super().printed_since(before)

    async def plug_in(self) -> None:
        self._pipe.plug_in()

    async def unplug(self) -> None:
        self._pipe.unplug()


class UsbPrinter(PrinterBench):
    says = PrinterStatus.OK

    def build(self) -> Any:
        pytest.importorskip("usb.backend", reason="pyusb is in the extra [pi]")
        from hardware.printer.usb import UsbWire  # noqa: PLC0415
        from tests.unit.hardware.printer.test_usb import PRODUCT, VENDOR, Bus  # noqa: PLC0415

        bench = self

        class Socket(Bus):
            def enumerate_devices(self):
                return ["printer"] if bench.plugged else []

            def bulk_write(self, handle, ep, intf, data, timeout):
                if not bench.plugged:
                    raise OSError(19, "No such device")
                self.answer = bench.far_end.take(bytes(data))[:1]
                return len(data)

            def bulk_read(self, handle, ep, intf, buff, timeout):
                count = super().bulk_read(handle, ep, intf, buff, timeout)
                self.answer = b""
                return count

        transport = ThreadedTransport(
            lambda: UsbWire(VENDOR, PRODUCT, backend=Socket()),
            "USB",
            timeout_s=2,
            bytes_per_s=10_000,
            advice="check that it is plugged in",
        )
        return EscposPrinter(transport, Typesetting(columns=48))

    plugged = True

    async def plug_in(self) -> None:
        self.plugged = True

    async def unplug(self) -> None:
        self.plugged = False


class SimulatedPaper(PrinterBench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._printer = SimulatedPrinter()

    def build(self) -> SimulatedPrinter:
        return self._printer

    async def printed_since(self, _before: bytes) -> bool:
        return "Samtals 1.990 kr.\n" in self._printer.receipts[-1].text

    async def plug_in(self) -> None:
        self._printer.plug_in()

    async def unplug(self) -> None:
        self._printer.unplug()


DISPLAYS = [Oled, OledSsd1309, OledSh1106, SimulatedGlass]
SIGNALS = [Pins, SimulatedLamp]
PRINTERS = [SerialPrinter, NetworkPrinter, FilePrinter, UsbPrinter, SimulatedPaper]
CALLED = [*DISPLAYS, *PRINTERS]
ALL = [*TELLING, *CALLED, *SIGNALS]
