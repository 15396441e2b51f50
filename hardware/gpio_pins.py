"""gpiozero's pins on lgpio, with two things that a keypad needs and lgpio does not give.

* **Edges that cost nothing while there are none.** lgpio waits for them in a thread that wakes 2,000 times a second,
  some 5 % of a core (joan2937/lg#26). The kernel hands out a line as a descriptor that becomes readable with an edge
  (GPIO character device, ABI v2, linux/gpio.h; Linux 5.10), so here the event loop waits for that.
* **Rows that are let float without asking the kernel for the line anew.** An open drain is low or floating, never high.

Importing this imports gpiozero and lgpio.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
from typing import Any

import lgpio
from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin

_LINE_REQUEST = struct.Struct("=I252x32sQ264xII20xi")
"""struct gpio_v2_line_request: first offset, consumer, flags, number of lines, event buffer's size, descriptor."""
_LINE_VALUES = struct.Struct("=QQ")
_LINE_EVENT = struct.Struct("=QII32x")
_GET_LINE_IOCTL, _GET_VALUES_IOCTL = 0xC250B407, 0xC010B40E
_INPUT = 1 << 2
_EDGES = {"rising": 1 << 4, "falling": 1 << 5, "both": 1 << 4 | 1 << 5}
_PULLS = {"up": 1 << 8, "down": 1 << 9, "floating": 1 << 10}
_RISING_EDGE = 1
_READ_EVENTS = 16
CONSUMER = b"netgiro-terminal"
"""Who holds the line, for ``gpioinfo``."""


def request_line(chip: int, number: int, flags: int) -> int:
    """A descriptor for that line. Raises OSError, EBUSY if somebody else holds it."""
    request = bytearray(_LINE_REQUEST.pack(number, CONSUMER, flags, 1, 0, -1))
    chip_fd = os.open(f"/dev/gpiochip{chip}", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(chip_fd, _GET_LINE_IOCTL, request)
    finally:
        os.close(chip_fd)
    fd: int = _LINE_REQUEST.unpack(request)[-1]
    os.set_blocking(fd, False)
    return fd


class KeypadPin(LGPIOPin):  # type: ignore[misc]  # gpiozero has no types
    """As gpiozero's, but ``when_changed`` must be set on the event loop, and is called there."""

    def __init__(self, factory: Any, info: Any) -> None:
        super().__init__(factory, info)
        self._line_fd = -1
        self._loop: asyncio.AbstractEventLoop | None = None

    def claim_open_drain(self) -> None:
        """Of an input: from now on ``state = 0`` drives the line low and ``state = 1`` lets it float; at first low."""
        flags = lgpio.SET_OPEN_DRAIN | lgpio.SET_PULL_NONE
        lgpio.gpio_claim_output(self.factory._handle, self._number, 0, flags)

    def close(self) -> None:
        self.when_changed = None
        super().close()

    def _get_state(self) -> Any:
        if self._line_fd < 0:
            return super()._get_state()
        values = bytearray(_LINE_VALUES.pack(0, 1))
        fcntl.ioctl(self._line_fd, _GET_VALUES_IOCTL, values)
        return bool(_LINE_VALUES.unpack(values)[0] & 1)

    def _enable_event_detect(self) -> None:
        loop = asyncio.get_running_loop()
        flags = _INPUT | _PULLS[self.pull] | _EDGES[self.edges]
        lgpio.gpio_free(self.factory._handle, self._number)
        self._line_fd, self._loop = request_line(self.factory.chip, self._number, flags), loop
        loop.add_reader(self._line_fd, self._read_edges)

    def _disable_event_detect(self) -> None:
        if self._line_fd < 0:
            return
        pull, fd, loop = self.pull, self._line_fd, self._loop
        self._line_fd, self._loop = -1, None
        if loop is not None and not loop.is_closed():
            loop.remove_reader(fd)
        os.close(fd)
        pulls = {"up": lgpio.SET_PULL_UP, "down": lgpio.SET_PULL_DOWN, "floating": lgpio.SET_PULL_NONE}
        lgpio.gpio_claim_input(self.factory._handle, self._number, pulls[pull])

    def _read_edges(self) -> None:
        try:
            data = os.read(self._line_fd, _READ_EVENTS * _LINE_EVENT.size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # the chip is gone: who looks at the line now learns of it
            asyncio.get_running_loop().remove_reader(self._line_fd)
            data = _LINE_EVENT.pack(0, 0, 0)
        for timestamp_ns, kind, _number in _LINE_EVENT.iter_unpack(data):
            self._call_when_changed(self.factory.chip, self._number, int(kind == _RISING_EDGE), timestamp_ns)


class KeypadPinFactory(LGPIOFactory):  # type: ignore[misc]
    """Raises whatever gpiozero and lgpio raise without a GPIO chip."""

    def __init__(self) -> None:
        super().__init__()
        self.pin_class = KeypadPin
