"""What staff and customer can be shown at one moment: the input of the screens, of the panel and of ``status``."""

from __future__ import annotations

import msgspec

from hardware.interfaces import PrinterStatus
from terminal.entry import Entry
from terminal.sale import Sale


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How the world around the sale is doing."""

    network_ok: bool = True
    """The last call to the service brought an answer."""
    register_ok: bool = True
    keypad_ok: bool = True
    printer: PrinterStatus = PrinterStatus.UNKNOWN
    pending_receipts: int = 0
    journal_ok: bool = True


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. ``sale`` is the open one; ``result`` the last one, shown for a while after it ended."""

    sale: Sale | None = None
    entry: Entry = Entry()
    result: Sale | None = None
    attention: tuple[Sale, ...] = ()
    """Sales that wait for staff, oldest first; they do not hold up others."""
    conditions: Conditions = Conditions()
