"""The drawn wiring is that of the default settings."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hardware.settings import DisplaySettings, KeypadSettings, SignalSettings
from hardware.wiring import draw
from hardware.wiring.draw import HEADER, devices, pin_of

WIRING = Path(draw.__file__).parents[1] / "wiring.md"


def test_drawing_is_up_to_date_and_well_formed() -> None:
    kept = Path(draw.__file__).with_name("wiring.svg").read_text(encoding="utf-8")
    assert kept == draw.draw(), "run: python -m hardware.wiring.draw"
    assert ElementTree.fromstring(kept).tag.endswith("svg")


def test_no_pin_has_two_wires_but_power_and_ground() -> None:
    pins = [wire.pin for device in devices() for wire in device.wires]
    assert len(set(pins)) == len(pins)


def test_default_pins_are_on_the_header_and_free_of_buses() -> None:
    used = {*KeypadSettings().row_pins, *KeypadSettings().column_pins}
    used |= {SignalSettings().lamp_pin, SignalSettings().buzzer_pin}
    assert DisplaySettings().interface == "i2c"
    for gpio in used:
        assert HEADER[pin_of(gpio) - 1] == f"GPIO {gpio}", "it has another purpose"
    assert not used & {24, 25}, "an SPI display needs them"


def test_pin_table_agrees() -> None:
    text = WIRING.read_text(encoding="utf-8")
    for gpio in (*KeypadSettings().row_pins, *KeypadSettings().column_pins):
        assert f"| {gpio} | {pin_of(gpio)} |" in text
