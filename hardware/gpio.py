"""The Pi's GPIO chip, opened once for the whole process.

gpiozero's table of pins is one a process as well, so closing a second factory would pull the pins from under the first.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def pin_factory() -> Any:
    """gpiozero's LGPIOFactory, with pins that cost nothing while nothing happens on them.

    Named, because gpiozero by itself falls back to other libraries with just a warning.

    Raises whatever gpiozero and lgpio raise without a GPIO chip; lgpio's own error is a bare Exception. lgpio keeps a
    pipe (``.lgd-nfy0``) in the working directory, which therefore must be writable.
    """
    from hardware.gpio_pins import KeypadPinFactory  # noqa: PLC0415

    return KeypadPinFactory()
