"""The Pi's GPIO chip, opened once for the whole process.

gpiozero's table of pins is one a process as well, so closing a second factory would pull the pins from under the first.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def pin_factory() -> Any:
    """gpiozero's pins on the kernel's character device: they cost nothing while nothing happens on them.

    Named, because gpiozero by itself falls back from one library to the next with just a warning.

    Raises whatever gpiozero and the kernel raise without a GPIO chip.
    """
    from hardware.gpio_pins import LinePinFactory  # noqa: PLC0415

    return LinePinFactory()
