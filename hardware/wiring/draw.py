"""``python -m hardware.wiring.draw``: writes wiring.svg beside this file. The pins are those of the default settings.

One drawing serves the Pi Zero 2 W, 3, 4 and 5: their 40-pin headers are the same. A test holds it to the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hardware.settings import KeypadSettings, SignalSettings

HEADER = (
    "3.3 V", "5 V", "GPIO 2 SDA", "5 V", "GPIO 3 SCL", "GND", "GPIO 4", "GPIO 14 TXD", "GND", "GPIO 15 RXD",
    "GPIO 17", "GPIO 18", "GPIO 27", "GND", "GPIO 22", "GPIO 23", "3.3 V", "GPIO 24", "GPIO 10 MOSI", "GND",
    "GPIO 9", "GPIO 25", "GPIO 11 SCLK", "GPIO 8 CE0", "GND", "GPIO 7", "ID_SD", "ID_SC", "GPIO 5", "GND",
    "GPIO 6", "GPIO 12", "GPIO 13", "GND", "GPIO 19", "GPIO 16", "GPIO 26", "GPIO 20", "GND", "GPIO 21",
)  # fmt: skip
"""Pins 1 to 40, as raspberrypi.com's documentation of the GPIO header has them."""

POWER_3V3, POWER_5V, GROUND = "#d9480f", "#c92a2a", "#343a40"
SIGNALS = ("#1971c2", "#2f9e44", "#9c36b5", "#0c8599", "#e8590c", "#5f3dc4", "#66a80f", "#a61e4d")

WIDTH, HEIGHT = 1180, 840
HEADER_X, HEADER_Y, PITCH, COLUMN = 500, 70, 30, 64
LEFT, RIGHT = 40, 900
BOX_WIDTH = 240
DRAWING = Path(__file__).with_name("wiring.svg")


class Wire(NamedTuple):
    """From a header pin (1 to 40) to a device's terminal; ``lane`` is where it runs up or down."""

    pin: int
    terminal: str
    colour: str
    lane: int


class Device(NamedTuple):
    """A box on one side of the header."""

    name: str
    note: str
    x: int
    y: int
    wires: tuple[Wire, ...]


def pin_of(gpio: int) -> int:
    """The header pin of a BCM number."""
    return next(index for index, name in enumerate(HEADER, 1) if name.split()[:2] == ["GPIO", str(gpio)])


def devices() -> tuple[Device, ...]:
    keypad, signals = KeypadSettings(), SignalSettings()
    rows = tuple(
        Wire(pin_of(gpio), f"R{index}", SIGNALS[index - 1], index - 1) for index, gpio in enumerate(keypad.row_pins, 1)
    )
    columns = tuple(
        Wire(pin_of(gpio), f"C{index}", SIGNALS[index + 3], index - 1)
        for index, gpio in enumerate(keypad.column_pins, 1)
    )
    oled = (
        Wire(1, "VCC  3.3 V", POWER_3V3, 0),
        Wire(3, "SDA", SIGNALS[0], 1),
        Wire(5, "SCL", SIGNALS[1], 2),
        Wire(9, "GND", GROUND, 3),
    )
    rs232 = (
        Wire(8, "T1IN   (Pi sends)", SIGNALS[0], 0),
        Wire(10, "R1OUT  (Pi hears)", SIGNALS[1], 1),
        Wire(6, "GND", GROUND, 2),
        Wire(17, "VCC  3.3 V, never 5 V", POWER_3V3, 3),
    )
    buzzer = (
        Wire(2, "+ of the buzzer, 5 V", POWER_5V, 4),
        Wire(pin_of(signals.buzzer_pin), "1 kΩ to the NPN's base", SIGNALS[2], 5),
        Wire(14, "emitter; collector to buzzer -", GROUND, 6),
    )
    lamp = (
        Wire(pin_of(signals.lamp_pin), "330 Ω to the LED's anode", SIGNALS[4], 7),
        Wire(20, "cathode", GROUND, 8),
    )
    return (
        Device("OLED, I2C", "ssd1306, ssd1309, sh1106", LEFT, 80, oled),
        Device("Keypad, rows", "left half of the ribbon", LEFT, 520, rows),
        Device("MAX3232 board", "its RS-232 side: T1OUT to the register's RXD, R1IN to its TXD, GND", RIGHT, 60, rs232),
        Device("Buzzer", "active, 5 V, by a transistor", RIGHT, 270, buzzer),
        Device("Lamp", "LED, 5 mA", RIGHT, 430, lamp),
        Device("Keypad, columns", "right half of the ribbon", RIGHT, 620, columns),
    )


def draw() -> str:
    """The whole picture as SVG."""
    parts = [*_wires(), *_header(), *(part for device in devices() for part in _box(device))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
            "<title>Wiring of a Netgíró terminal: Raspberry Pi header, OLED, keypad, RS-232, buzzer and lamp</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            _text(WIDTH // 2, 34, "Raspberry Pi Zero 2 W, 3, 4, 5: the same 40 pins", size=20, anchor="middle"),
            *parts,
            _text(
                WIDTH // 2,
                HEIGHT - 24,
                "Pin 1 is at the corner of the board with the square solder pad; odd pins are on the inner side."
                " Switch the Pi off before wiring.",
                size=14,
                anchor="middle",
            ),
            "</svg>",
            "",
        ]
    )


def _pin_at(pin: int) -> tuple[int, int]:
    return HEADER_X + (0 if pin % 2 else COLUMN), HEADER_Y + (pin - 1) // 2 * PITCH + PITCH // 2


def _terminal_at(device: Device, index: int) -> tuple[int, int]:
    return (device.x + BOX_WIDTH if device.x == LEFT else device.x), device.y + 58 + index * 26


def _header() -> Iterator[str]:
    yield (
        f'<rect x="{HEADER_X - 18}" y="{HEADER_Y}" width="{COLUMN + 36}" height="{20 * PITCH}" rx="6"'
        ' fill="none" stroke="#212529" stroke-width="2"/>'
    )
    for pin, name in enumerate(HEADER, 1):
        x, y = _pin_at(pin)
        colour = {"3": POWER_3V3, "5": POWER_5V}.get(name[0], GROUND if name == "GND" else "#868e96")
        yield f'<circle cx="{x}" cy="{y}" r="11" fill="{colour}"/>'
        yield _text(x, y + 4, str(pin), size=11, anchor="middle", fill="#ffffff")
        left = pin % 2 == 1
        yield _text(x - 24 if left else x + 24, y - 3, name, size=11, anchor="end" if left else "start", fill="#495057")


def _box(device: Device) -> Iterator[str]:
    height = 50 + 26 * len(device.wires)
    yield (
        f'<rect x="{device.x}" y="{device.y}" width="{BOX_WIDTH}" height="{height}" rx="8"'
        ' fill="#f8f9fa" stroke="#212529" stroke-width="1.5"/>'
    )
    yield _text(device.x + 12, device.y + 22, device.name, size=15, weight="bold")
    for line, text in enumerate(_wrapped(device.note, 40)):
        yield (
            _text(device.x + 12, device.y + 38 + 12 * line, text, size=10, fill="#495057")
            if line == 0
            else _text(device.x + 12, device.y + height + 2 + 13 * line, text, size=10, fill="#495057")
        )
    for index, wire in enumerate(device.wires):
        x, y = _terminal_at(device, index)
        left = device.x == LEFT
        yield f'<circle cx="{x}" cy="{y}" r="5" fill="{wire.colour}"/>'
        yield _text(x - 12 if left else x + 12, y + 4, wire.terminal, size=12, anchor="end" if left else "start")


def _wires() -> Iterator[str]:
    for device in devices():
        for index, wire in enumerate(device.wires):
            x, y = _pin_at(wire.pin)
            end_x, end_y = _terminal_at(device, index)
            left = device.x == LEFT
            lane_x = end_x + 30 + 14 * wire.lane if left else end_x - 30 - 14 * wire.lane
            start = f"M{x} {y}"
            if left == (wire.pin % 2 == 0):  # from the far row of pins: between two pins of the near one
                y += PITCH // 2
                start += f" V{y}"
            yield (
                f'<path d="{start} H{lane_x} V{end_y} H{end_x}" fill="none" stroke="{wire.colour}"'
                ' stroke-width="2.5" stroke-linejoin="round"/>'
            )


def _text(
    x: int, y: int, text: str, *, size: int, anchor: str = "start", fill: str = "#212529", weight: str = ""
) -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{bold}>{text}</text>'


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def main(path: Path = DRAWING) -> None:
    path.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
