"""gpiozero's pins on the kernel's own interface to a GPIO chip (character device, ABI v2, linux/gpio.h; Linux 5.10).

Of the libraries that gpiozero can use, lgpio is the one for today's kernels. But its threads never sleep: one wakes 50
times a second once a chip is open, another 2,000 times a second once somebody waits for edges (joan2937/lg#26). The
kernel needs neither: it gives out a line as a descriptor, which becomes readable with an edge. A row of a keypad is an
open drain, low or floating and never high. It can be made to float without requesting the line anew.

Importing this imports gpiozero.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Any

from gpiozero.exc import PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

_LINE_REQUEST = struct.Struct("=I252x32sQI20xI4xQQ216xII20xi")
"""struct gpio_v2_line_request: first offset, consumer, flags, number of attributes, the first one (its id, its value
and the lines that it is for), number of lines, event buffer's size, descriptor."""
_LINE_VALUES = struct.Struct("=QQ")
_GET_LINE_IOCTL, _GET_VALUES_IOCTL, _SET_VALUES_IOCTL = 0xC250B407, 0xC010B40E, 0xC010B40F
_OUTPUT_VALUES_ATTRIBUTE = 2
_INPUT, _OUTPUT, _FALLING_EDGE, _OPEN_DRAIN = 1 << 2, 1 << 3, 1 << 5, 1 << 6
_PULLS = {"up": 1 << 8, "down": 1 << 9, "floating": 1 << 10}
CONSUMER = b"netgiro-terminal"
"""Who holds the line, for ``gpioinfo``."""


def request_line(chip: int, number: int, flags: int, value: int = 0) -> int:
    """A descriptor for that line. Raises OSError, EBUSY if somebody else holds it."""
    attribute = (1, _OUTPUT_VALUES_ATTRIBUTE, value, 1) if flags & _OUTPUT else (0, 0, 0, 0)
    request = bytearray(_LINE_REQUEST.pack(number, CONSUMER, flags, *attribute, 1, 0, -1))
    chip_fd = os.open(f"/dev/gpiochip{chip}", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(chip_fd, _GET_LINE_IOCTL, request)
    finally:
        os.close(chip_fd)
    fd: int = _LINE_REQUEST.unpack(request)[-1]
    os.set_blocking(fd, False)
    return fd


class LinePin(LocalPiPin):  # type: ignore[misc]  # gpiozero has no types
    """One line. Of gpiozero's events it has none: who waits for an edge, waits for the descriptor."""

    def __init__(self, factory: Any, info: Any) -> None:
        super().__init__(factory, info)
        self._fd = -1
        self._flags = 0
        self._request(_INPUT | _PULLS["floating"])

    def claim_open_drain(self) -> None:
        """From now on ``state = 0`` drives the line low and ``state = 1`` lets it float; at first low."""
        self._request(_OUTPUT | _OPEN_DRAIN)

    def claim_edges(self) -> int:
        """Of an input, which it stays: a descriptor that is readable once its level has fallen."""
        self._request(self._flags | _FALLING_EDGE)
        return self._fd

    def input_with_pull(self, pull: str) -> None:
        self._set_pull(pull)

    def output_with_state(self, state: int) -> None:
        self._request(_OUTPUT, int(bool(state)))

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _request(self, flags: int, value: int = 0) -> None:
        self.close()
        self._fd = request_line(self.factory.chip, self._number, flags, value)
        self._flags = flags

    def _get_function(self) -> str:
        return "output" if self._flags & _OUTPUT else "input"

    def _set_function(self, function: str) -> None:
        flags = {"input": _INPUT | _PULLS["floating"], "output": _OUTPUT}.get(function)
        if flags is None:
            raise PinInvalidFunction(f"invalid function {function!r} for pin {self!r}")
        self._request(flags)

    def _get_pull(self) -> str:
        return next((name for name, flag in _PULLS.items() if self._flags & flag), "floating")

    def _set_pull(self, pull: str) -> None:
        if pull not in _PULLS:
            raise PinInvalidPull(f"invalid pull {pull!r} for pin {self!r}")
        self._request(_INPUT | _PULLS[pull])

    def _get_state(self) -> bool:
        values = bytearray(_LINE_VALUES.pack(0, 1))
        fcntl.ioctl(self._fd, _GET_VALUES_IOCTL, values)
        return bool(_LINE_VALUES.unpack(values)[0] & 1)

    def _set_state(self, state: int) -> None:
        if not self._flags & _OUTPUT:
            raise PinSetInput(f"cannot set state of pin {self!r}")
        fcntl.ioctl(self._fd, _SET_VALUES_IOCTL, _LINE_VALUES.pack(int(bool(state)), 1))


class LinePinFactory(LocalPiFactory):  # type: ignore[misc]
    """Raises whatever gpiozero and the kernel raise without a GPIO chip."""

    def __init__(self) -> None:
        super().__init__()
        self.pin_class = LinePin
        is_pi_5 = (self._get_revision() & 0xFF0) >> 4 == 0x17
        self.chip = 4 if is_pi_5 and os.path.exists("/dev/gpiochip4") else 0
