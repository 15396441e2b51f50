"""Settings in, devices out, and no library loaded that is not used."""

from __future__ import annotations

import subprocess
import sys

from hardware.factory import build_display, build_keypad, build_printer, build_serial_port
from hardware.settings import DisplaySettings, KeypadSettings, PrinterSettings, SerialSettings
from tests.each import each_of


@each_of(
    ("device", "description"),
    [
        (build_keypad(KeypadSettings()), "matrix keypad 4 x 4, rows GPIO (5, 6, 13, 19), columns (12, 16, 20, 21)"),
        (build_keypad(KeypadSettings(driver="evdev", device="/dev/input/event3")), "keypad /dev/input/event3"),
        (build_keypad(KeypadSettings(driver="simulated")), "simulated keypad, 4 x 4"),
        (build_display(DisplaySettings(driver="sh1106")), "sh1106 display 128 x 64, I2C bus 1 address 0x3c"),
        (build_display(DisplaySettings(driver="simulated")), "simulated display, 128 x 64"),
        (
            build_printer(PrinterSettings(driver="network", host="10.0.0.9", columns=42)),
            "receipt printer, 42 columns, CP858, 10.0.0.9 port 9100",
        ),
        (build_printer(PrinterSettings(driver="simulated")), "receipt printer, 48 columns, CP858, simulated"),
        (build_serial_port(SerialSettings(port="/dev/ttyUSB0")), "serial port /dev/ttyUSB0, 9600 baud, 8N1"),
    ],
)
def test_a_device_describes_itself_for_the_installer(device, description):
    assert device.description == description


def test_none_is_none():
    assert build_display(DisplaySettings(driver="none")) is None
    assert build_printer(PrinterSettings(driver="none")) is None


def test_building_every_driver_loads_none_of_the_heavy_libraries():
    program = """
import sys
from hardware.factory import *
from hardware.settings import *
build_keypad(KeypadSettings()), build_display(DisplaySettings())
assert "PIL" not in sys.modules, "Pillow belongs to who draws"
build_keypad(KeypadSettings(driver="simulated"))
build_display(DisplaySettings(driver="simulated"))
build_printer(PrinterSettings(device="/dev/x")), build_printer(PrinterSettings(driver="simulated"))
build_serial_port(SerialSettings(port="/dev/x"))
heavy = {"escpos", "luma", "gpiozero", "serial", "usb", "smbus2", "font_roboto"}
print(*sorted(heavy & set(sys.modules)))
"""
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert loaded.split() == []
