"""What the front panel needs of whatever stands behind it: plain data, named as in the JSON, and one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from terminal.panel.changes import Changes


class SaleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A sale as staff may see it: nothing here names the customer."""

    number: int
    register_id: str
    amount_kr: int
    state: str
    """``terminal.sale.sale.State``."""
    outcome: str | None = None
    """``terminal.sale.sale.Outcome``; None while it goes on."""
    reason: str | None = None
    """``terminal.sale.sale.Reason``."""
    created: str = ""
    """RFC 3339, UTC."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What there is behind this page: the answer of GET /api/about, the same as long as the program runs."""

    version: str = ""
    phone: bool = True
    """The customers are simulated."""
    story: bool = False
    """There is a timeline, a journal and a picture of the states."""
    lab: bool = False
    """Faults, scenarios and recording."""
    simulation: bool = False
    """Worlds of the simulation can be opened: GET /api/simulation/7."""
    kennitala: bool = True
    """A customer may be named by one; else key B is not shown."""
    login: bool = False
    """There is a session that can be ended: POST /logout."""
    real: tuple[str, ...] = ()
    """Devices that are real, so that this page can only look at them."""
    devices: dict[str, str] = {}
    """Each device in a line for the installer: kind, bus and address."""
    versions: dict[str, str] = {}
    """What the program is made of."""


class PanelState(msgspec.Struct, frozen=True, kw_only=True):
    """The terminal at one moment: the answer of GET /api/state."""

    state: str
    """The open sale's ``terminal.sale.sale.State``, or "idle"; "starting", "off" while there is no terminal."""
    sale: SaleSummary | None = None
    """The open sale."""
    result: SaleSummary | None = None
    """The last sale, as long as the terminal's screen shows how it ended."""
    display: tuple[str, ...] = ()
    """The words on the OLED, line by line."""
    network: Literal["ok", "down"] = "ok"
    register: Literal["ok", "down"] = "ok"
    keypad: Literal["ok", "down"] = "ok"
    printer: str = "unknown"
    """``hardware.interfaces.PrinterStatus``."""
    paper_low: bool = False
    """The printer says that its roll is near its end."""
    pending_receipts: int = 0
    """Receipts not known to be on paper, the one that is being printed included."""
    led: bool = False
    buzzer: bool = False
    """What the simulated LED and buzzer do at this moment."""


class RegisterInfo(msgspec.Struct, frozen=True):
    """Where a register program can be plugged in."""

    port: str
    """A serial device, for example /dev/pts/7, or an address such as http://127.0.0.1:8026."""
    protocol: str
    amount_decimals: int = 0
    """How the register writes kronur: with 2, it says 199000 for 1.990 kr."""
    token: str | None = None
    """What a register program on the network calls with, where the panel may tell it."""


class RegisterMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went over the register's cable."""

    time: str
    """RFC 3339, UTC."""
    sender: Literal["panel", "program", "terminal"]
    """This page's register, a program at the serial port, or the terminal."""
    text: str
    """A line, without its end; of a protocol that knows no lines, whatever came at once."""
    hex: str = ""
    """The very bytes, line end included: ``50 41 59``."""
    lost: bool = False
    """Nobody took it: the cable was off or the receiver full."""
    finished: bool = True
    """False while the rest of the line has not come."""


class ReceiptSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of paper that came out of the printer."""

    id: int
    kind: str
    """"customer", "merchant" or whatever else was printed."""
    text: str
    finished: bool = True
    """False while the printer has not cut it off."""


class PrinterCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody standing at the printer could change."""

    paper: Literal["ok", "low", "out"] = "ok"
    online: bool = True
    cover: Literal["closed", "open"] = "closed"


class PanelBackend(Protocol):
    """The counter behind the panel. Every method runs on the event loop and ends within a bounded time.

    Methods may raise ValueError (what was asked makes no sense, answered 400) and
    :class:`hardware.interfaces.DeviceError` (the device is gone, answered 503); the message is shown as it stands.
    """

    @property
    def changes(self) -> Changes:
        """Where changes are published. Close it before the web server is stopped, or the server waits for browsers."""

    def state(self) -> PanelState: ...

    async def display_png(self) -> bytes:
        """The OLED's pixels, one for one."""

    async def press(self, keys: str, *, hold: bool = False) -> None:
        """Press these keys one after another, and with ``hold`` the last of them long.

        They are known to be keys (``hardware.interfaces.KEYS``).
        """

    def register_info(self) -> RegisterInfo: ...

    async def register_send(self, text: str) -> None:
        """The page's own register sends this line; the backend adds the line end."""

    def register_log(self) -> Sequence[RegisterMessage]:
        """Oldest first; at most a few hundred."""

    def receipts(self) -> Sequence[ReceiptSummary]:
        """Oldest first; at most a few dozen."""

    async def receipt_png(self, receipt_id: int) -> bytes:
        """The paper as printed. Raises LookupError if there is no such receipt (any more)."""

    def receipt_bin(self, receipt_id: int) -> bytes:
        """Its ESC/POS bytes. Raises LookupError if there is no such receipt (any more)."""

    def printer(self) -> PrinterCondition: ...

    def set_printer(self, condition: PrinterCondition) -> None: ...
