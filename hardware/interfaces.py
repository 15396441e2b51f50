"""What the terminal expects of a device, whoever made it.

Every driver, real or simulated, keeps these promises:

* Constructing a driver touches nothing. ``open()`` finds the device and raises :class:`DeviceError` if it is not there.
* No method blocks the event loop: drivers over blocking libraries work in a thread of their own.
* Every wait is bounded. After a :class:`DeviceError` the caller may ``close()`` and ``open()`` again at any time.
* ``close()`` never raises and may be called twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from PIL.Image import Image

KEYS = "0123456789*#ABCD"
"""The keys a keypad may report, one character each."""

LONG_PRESS_S = 1.5
"""A key that has been down by itself for so long is pressed long."""

Columns: TypeAlias = int
"""Characters on a line of paper in the printer's normal font (58 mm: 32; 80 mm: 42 or 48; others are in between)."""


class DeviceError(OSError):
    """A device is missing, was unplugged or does not answer. The message says which one and what to do next."""


class PeerGone(DeviceError):
    """Nobody is connected to a port that listens for others. The port itself is well."""


class PrinterError(DeviceError):
    """The paper cannot be trusted to carry the document. ``status`` says what the printer itself reported."""

    def __init__(self, message: str, status: PrinterStatus, *, may_be_on_paper: bool = False) -> None:
        """``may_be_on_paper``: some of it left, so what is printed in its place has to be marked as a copy."""
        super().__init__(message)
        self.status = status
        self.may_be_on_paper = may_be_on_paper


class Device(Protocol):
    """The life of any device."""

    @property
    def description(self) -> str:
        """One line for the installer: kind, bus and address."""

    async def close(self) -> None: ...


class Jam(msgspec.Struct, frozen=True):
    """Keys that are down and mean nothing, each as its character, in the layout's order."""

    stuck: str = ""
    """Down for longer than anybody presses; the others go on working."""
    together: str = ""
    """Down at the same time, so that nobody can tell which of them are ghosts: fingers, or wires that touch."""


NO_JAM = Jam()


class Keypad(Device, Protocol):
    """Reports clean key presses: debounced, ghost-free, in the order they were made."""

    async def open(
        self,
        on_key: Callable[[str], None],
        on_lost: Callable[[DeviceError], None],
        on_jam: Callable[[Jam], None] = lambda _jam: None,
        on_long_press: Callable[[str], None] = lambda _key: None,
        on_missed: Callable[[], None] = lambda: None,
    ) -> None:
        """Start reporting. All callbacks run on the event loop; ``on_lost`` ends the reporting.

        ``on_key`` is told a key when it goes down, ``on_long_press`` the same key again, once, if it stays down for
        ``LONG_PRESS_S`` and no other goes down meanwhile. ``on_jam`` is told whenever that changes, by drivers that see
        contacts; at first there is no jam. ``on_missed`` is told that keys were used while nobody could read
        them: one may be missing.
        """


class Scanner(Device, Protocol):
    """Reports whole codes, as they stand on the barcode or in the app."""

    @property
    def sends_end(self) -> bool:
        """It has been seen to end its codes (Enter, Tab), so that a pause cuts none in two."""

    async def open(self, on_code: Callable[[str], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Start reporting. Both callbacks run on the event loop; ``on_lost`` ends the reporting."""


class Display(Device, Protocol):
    """A one-bit display. The picture stays until the next :meth:`show`."""

    @property
    def size_px(self) -> tuple[int, int]: ...

    async def open(self) -> None: ...

    async def show(self, picture: Image, *, anew: bool = False) -> None:
        """Show a mode ``"1"`` picture of exactly ``size_px``; raises DeviceError if the bus does not answer.

        ``anew``: set the controller up again and send everything, in case a loose wire made it forget.
        """

    async def set_contrast(self, contrast: int) -> None:
        """How bright lit pixels are, 0 to 255. Costs nothing if it is so already; raises DeviceError."""

    async def rest(self) -> None:
        """Go dark until the next :meth:`show`, so that the panel does not burn in; raises DeviceError."""


def check_picture(picture: Image, size_px: tuple[int, int]) -> None:
    """Raise ValueError unless ``picture`` is what a display of ``size_px`` can show: a mistake in the caller's code."""
    if picture.mode != "1" or picture.size != size_px:
        raise ValueError(f"the display shows mode 1 pictures of {size_px}, not mode {picture.mode} of {picture.size}")


class Flash(msgspec.Struct, frozen=True):
    """One step of a pattern."""

    duration_s: float
    lamp: bool = True
    buzzer: bool = False


class Pattern(msgspec.Struct, frozen=True):
    """Flashes one after another; then the buzzer is silent, and the lamp as ``stays_lit`` says."""

    flashes: tuple[Flash, ...] = ()
    stays_lit: bool = False


class Signals(Device, Protocol):
    """A lamp and a buzzer."""

    async def open(self) -> None: ...

    def play(self, pattern: Pattern) -> None:
        """Begin at once, in place of whatever was playing. Never raises: nobody could do anything about it."""


class PrinterStatus(StrEnum):
    """What a printer says of itself. UNKNOWN means that it said nothing, which is not the same as a fault."""

    OK = "ok"
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class TextLine(msgspec.Struct, frozen=True):
    """One line of paper; double lines are twice as wide and high, so half as many characters fit."""

    text: str = ""
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    double: bool = False
    codepage: str = ""
    """For test slips: another code page than the printer's own, or "raster"."""


class Cut(msgspec.Struct, frozen=True):
    """Feed to the knife and cut, as far as the printer is set to."""


class Logo(msgspec.Struct, frozen=True):
    """The shop's logo, if the printer has one."""


class QrCode(msgspec.Struct, frozen=True):
    """A short text for cameras, centred."""

    text: str


PaperItem: TypeAlias = TextLine | Cut | Logo | QrCode
Document: TypeAlias = Sequence[PaperItem]


class Printer(Device, Protocol):
    """Puts documents on paper."""

    @property
    def columns(self) -> Columns: ...

    @property
    def has_drawer(self) -> bool:
        """A cash drawer hangs on it."""

    async def open(self) -> None: ...

    async def status(self) -> PrinterStatus: ...

    async def wait_for_change(self, timeout_s: float) -> None:
        """After a fault, closed: until it may be well again, at the latest after ``timeout_s``. Never raises."""

    @property
    def paper_is_low(self) -> bool:
        """The roll is near its end, as the printer said last; False if it has no sensor for that."""

    async def prepare(self) -> None:
        """A document may come soon: load what is slow to load, and if it is open and well, try what it can.

        Never raises.
        """

    async def release(self) -> None:
        """Nothing more is to be printed for now: let go of what others may want. It stays open. Never raises."""

    async def open_drawer(self) -> None:
        """Open the cash drawer that hangs on the printer, if any, now. Raises DeviceError if it stays closed."""

    async def print_document(self, document: Document) -> PrinterStatus:
        """Print all of it; returns once the printer has it, and how the printer is then.

        Raises PrinterError if it may not be on paper.
        """


class LineSignals(msgspec.Struct, frozen=True, kw_only=True):
    """What a serial line shows beside its bytes. A control line that is not wired rests off."""

    cts: bool
    dsr: bool
    dcd: bool
    breaks: int = 0
    """How often the line was held low for longer than a byte lasts, since it was opened; 0 where nobody counts."""


class SerialPort(Device, Protocol):
    """A byte pipe to the register."""

    on_peer: Callable[[bool], None]
    """Set by whoever opens it. A port to which others connect says whether somebody is there; a cable never says."""

    @property
    def damaged_bytes(self) -> int:
        """How many bytes came with a wrong parity or frame, since the port was made."""

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Open exclusively. ``on_data`` gets bytes as they arrive; after ``on_lost`` the port is closed."""

    async def signals(self) -> LineSignals | None:
        """How the other side's lines stand now; None if this port has none, or is not open. Never raises."""

    async def write(self, data: bytes) -> None:
        """Hand over all bytes to the system; bounded in time. Raises DeviceError if the line is gone or stuck."""
