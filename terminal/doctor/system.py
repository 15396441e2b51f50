"""What a check looks at and what it says."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import httpx


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """The terminal works, but somebody should know."""
    FAILED = "failed"
    """The terminal cannot do its work."""


class Finding(msgspec.Struct, frozen=True):
    """What was found, and what to do about it; ``advice`` is empty only if there is nothing to do."""

    status: Status
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    return Finding(Status.OK, found)


def warning(found: str, advice: str) -> Finding:
    return Finding(Status.WARNING, found, advice)


def failed(found: str, advice: str) -> Finding:
    return Finding(Status.FAILED, found, advice)


TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def kernel_clock_is_synchronised() -> bool | None:
    """What the kernel was told by chrony, ntpd or systemd-timesyncd; None if it does not say. Changes nothing."""
    try:
        # struct timex, all zero: modes = 0 asks without setting. It has 208 bytes on 64-bit Linux, fewer elsewhere.
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR


def i2c_answers(port: int, address: int) -> bool:
    """Whether something on that bus acknowledges that address, by reading a byte, which changes no display."""
    from smbus2 import SMBus  # noqa: PLC0415  comes with luma.oled

    try:
        with SMBus(port) as bus:
            bus.read_byte(address)
    except OSError as error:
        return error.errno == errno.EBUSY  # a driver of the kernel has it
    return True


@dataclass(frozen=True)
class System:
    """The machine as the checks see it. The defaults are the real one; tests bring their own."""

    root: Path = Path("/")
    """Where /dev, /proc, /run and /sys are looked up."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], float] = time.time
    clock_is_synchronised: Callable[[], bool | None] = kernel_clock_is_synchronised
    user_id: Callable[[], int] = os.geteuid
    i2c_answers: Callable[[int, int], bool] = i2c_answers
    """Bus and address."""
    may_use: Callable[[Path, int], bool] = os.access
    transport: httpx.AsyncBaseTransport | None = None
    """Carries calls to Netgíró; None: the network."""

    def path(self, absolute: str | Path) -> Path:
        """Where that path of the machine is to be found."""
        return self.root / str(absolute).lstrip("/")

    def read(self, absolute: str | Path) -> str:
        """A small file's text; empty if there is none."""
        try:
            with self.path(absolute).open(encoding="utf-8", errors="replace") as file:
                return file.read(64 * 1024)
        except OSError:
            return ""
