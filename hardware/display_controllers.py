"""How the controllers of OLEDs differ: how their memory is addressed and where in it the glass is. Pure.

luma.oled knows how each is started. A controller counts columns and rows as it is built, however it is mounted.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from hardware.display_pages import Span
from hardware.settings import DisplaySettings

COLUMN_RANGE, PAGE_RANGE = 0x21, 0x22
"""Horizontal addressing: SSD1306 data sheet, 10.1.4 and 10.1.5."""
PAGE_START, COLUMN_LOW, COLUMN_HIGH = 0xB0, 0x00, 0x10
"""Page addressing: SH1106 data sheet, commands 1, 2 and 10."""


class Controller(NamedTuple):
    """``whole``: its pixels have shades, and luma sends each picture whole."""

    addressing: Literal["window", "page", "whole"] = "window"
    first_column: int = 0
    """Of the memory: the glass may be in the middle of it."""


_BY_DRIVER = {
    "sh1106": Controller("page", first_column=2),
    "ch1115": Controller("page", first_column=2),
    "sh1107": Controller("page"),
    "ssd1322": Controller("whole"),
    "ssd1327": Controller("whole"),
}


def controller_of(settings: DisplaySettings) -> Controller:
    """With the installer's own offset added."""
    controller = _BY_DRIVER.get(settings.driver, Controller())
    if (settings.driver, settings.height) == ("ssd1305", 32):
        controller = Controller(first_column=4)
    return controller._replace(first_column=max(0, controller.first_column + settings.column_offset))


def address(controller: Controller, span: Span) -> tuple[int, ...]:
    """The command that says where the columns of ``span`` belong."""
    first = span.column + controller.first_column
    if controller.addressing == "page":
        return (PAGE_START | span.page, COLUMN_LOW | first & 0x0F, COLUMN_HIGH | first >> 4)
    return (COLUMN_RANGE, first, first + len(span.data) - 1, PAGE_RANGE, span.page, span.page)
