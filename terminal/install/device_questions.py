"""What ``setup`` asks about the devices on the counter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hardware.settings import DISPLAY_SIZES, LEAST_WIDTH_PX
from terminal.install.questions import Questions


class DeviceQuestions:
    """Printer, keypad, scanner and display; what is plugged in is offered."""

    def __init__(self, asking: Questions, say: Callable[[str], None], root: Path) -> None:
        self._asking = asking
        self._say = say
        self._root = root

    def ask(self) -> None:
        self._ask_printer()
        self._ask_counter()

    def _ask_printer(self) -> None:
        asking, words = self._asking, self._asking.words
        if (self._root / "dev/usb/lp0").exists():
            self._say(words.usb_printer)
        driver = asking.choose("printer", "driver", words.printer, ["serial", "usb", "network", "file", "none"])
        if driver == "serial":
            asking.choose("printer", "device", words.printer_port, self.ports(str(asking.now("printer", "device"))))
        elif driver == "file":
            if not asking.now("printer", "device"):
                asking.put("printer", "device", "/dev/usb/lp0")
            asking.text("printer", "device", words.printer_device)
        elif driver == "network":
            asking.text("printer", "host", words.printer_host)
        elif driver == "usb":
            asking.number("printer", "usb_vendor_id", words.usb_vendor)
            asking.number("printer", "usb_product_id", words.usb_product)
        if driver != "none":
            asking.ask("printer", "columns", words.columns, asking.whole)

    def _ask_counter(self) -> None:
        asking, words = self._asking, self._asking.words
        typing = self._found("dev/input/by-id", "*-event-kbd")
        if asking.choose("keypad", "driver", words.keypad, ["matrix", "evdev"]) == "evdev":
            asking.choose("keypad", "device", words.pad, with_current(typing, str(asking.now("keypad", "device"))))
        scanner = asking.choose("scanner", "driver", words.scanner, ["none", "evdev", "serial"])
        if scanner != "none":
            current = str(asking.now("scanner", "device"))
            devices = with_current(typing, current) if scanner == "evdev" else self.ports(current)
            asking.choose("scanner", "device", words.scanner_device, devices)
        driver = str(asking.choose("display", "driver", words.display, [*DISPLAY_SIZES, "none"]))
        if driver in DISPLAY_SIZES:
            self._ask_display(driver)

    def _ask_display(self, driver: str) -> None:
        asking, words = self._asking, self._asking.words
        sizes = {f"{width}x{height}": (width, height) for width, height in DISPLAY_SIZES[driver]}
        now = f"{asking.now('display', 'width')}x{asking.now('display', 'height')}"
        chosen = now if now in sizes else next(iter(sizes))
        if len(sizes) > 1:
            chosen = asking.pick(words.display_size.format(driver=driver), dict.fromkeys(sizes, ""), chosen)
        width, height = sizes[chosen]
        asking.put("display", "width", width)
        asking.put("display", "height", height)
        if width < LEAST_WIDTH_PX:
            if asking.now("display", "rotate") not in (1, 3):
                asking.put("display", "rotate", 1)
            asking.choose("display", "rotate", words.display_rotate, [1, 3])
        asking.choose("display", "interface", words.display_interface, ["i2c", "spi"])
        if (width, height) == (128, 64):
            asking.choose("display", "two_colours", words.two_colours, [False, True])

    def ports(self, current: str) -> list[str]:
        """By serial number where there is one; by socket else, because ttyUSB0 may be ttyUSB1 tomorrow."""
        named = self._found("dev/serial/by-id", "*")
        taken = {(self._root / port.lstrip("/")).resolve() for port in named}
        by_socket = self._found("dev/serial/by-path", "*")
        others = [port for port in by_socket if (self._root / port.lstrip("/")).resolve() not in taken]
        return with_current([*named, *others, *self._found("dev", "serial0")], current)

    def _found(self, folder: str, pattern: str) -> list[str]:
        return sorted(f"/{path.relative_to(self._root)}" for path in (self._root / folder).glob(pattern))


def with_current(found: list[str], current: str) -> list[str]:
    """What was found, and what is set now."""
    return [*found, current] if current and current not in found else found
