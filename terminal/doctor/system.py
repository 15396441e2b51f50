"""What a check looks at and what it says."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hardware.interfaces import PrinterStatus
from terminal.config.control_path import control_path
from terminal.config.schema import Config
from terminal.doctor.by_hand import ask_printer
from terminal.doctor.status import Wear, read_status
from terminal.errors import TerminalError
from terminal.system.ask import ask_daemon
from terminal.system.clock import kernel_clock_is_synchronised

if TYPE_CHECKING:
    import httpx


class Grade(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """The terminal works, but somebody should know."""
    FAILED = "failed"
    """The terminal cannot do its work."""


class Finding(msgspec.Struct, frozen=True):
    """What was found, and what to do about it; ``advice`` is empty only if there is nothing to do."""

    status: Grade
    found: str
    advice: str = ""


def ok(found: str) -> Finding:
    return Finding(Grade.OK, found)


def warning(found: str, advice: str) -> Finding:
    return Finding(Grade.WARNING, found, advice)


def failed(found: str, advice: str) -> Finding:
    return Finding(Grade.FAILED, found, advice)


def ask_wear(config: Config) -> Wear | None:
    """What the devices of the running terminal have been through; None if none runs, or it may not be asked."""
    try:
        return read_status(ask_daemon(control_path(config), "status")).wear
    except (TerminalError, msgspec.ValidationError):
        return None


I2C_ADDRESSES = range(0x08, 0x78)
"""As i2cdetect scans them: the others are reserved by the I2C specification."""


def i2c_scan(port: int) -> list[int]:
    """The addresses on that bus that acknowledge, by reading a byte: a write could change what is there.

    The kernel lets a transfer of the display's driver end first. Raises OSError if the bus cannot be used or hangs.
    """
    from smbus2 import SMBus  # noqa: PLC0415  comes with luma.oled

    found = []
    with SMBus(port) as bus:
        for address in I2C_ADDRESSES:
            try:
                bus.read_byte(address)
            except OSError as error:
                if error.errno == errno.ETIMEDOUT:  # it will at each of them
                    raise
                if error.errno != errno.EBUSY:  # which it is if a driver of the kernel has it
                    continue
            found.append(address)
    return found


@dataclass(frozen=True)
class System:
    """The machine as the checks see it. The defaults are the real one; tests bring their own."""

    root: Path = Path("/")
    """Where /dev, /proc, /run and /sys are looked up."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], float] = time.time
    clock_is_synchronised: Callable[[], bool | None] = kernel_clock_is_synchronised
    user_id: Callable[[], int] = os.geteuid
    i2c_scan: Callable[[int], list[int]] = i2c_scan
    """By the number of the bus. Raises OSError."""
    printer_status: Callable[[Config], PrinterStatus] = ask_printer
    """Raises DeviceError if it cannot be reached, TerminalError if the running terminal cannot be asked."""
    wear: Callable[[Config], Wear | None] = ask_wear
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
