"""What a receipt printer says of itself: the questions (``DLE EOT n``, ``GS r 1``) and how to read the answers. Pure.

Epson, "ESC/POS Command Reference", DLE EOT: each answer is one byte of the form 0xx1xx10, so flow control (XON, XOFF)
and stray bytes can be told apart. python-escpos has a reader too, but it says "no paper" when nothing was answered.
"""

from __future__ import annotations

from hardware.interfaces import PrinterStatus

PRINTER = b"\x10\x04\x01"
"""Is it on-line? Answered at once, even while it prints or is off-line."""
OFFLINE_CAUSE = b"\x10\x04\x02"
PAPER_SENSOR = b"\x10\x04\x04"
IN_ORDER = b"\x1dr\x01"
"""``GS r 1``, paper sensor again, but answered in its turn: once everything before it has been printed."""

_FORM_MASK, _FORM = 0x93, 0x12


def pick_answer(received: bytes) -> int | None:
    """The last byte that can be an answer to DLE EOT, if any."""
    return next((byte for byte in reversed(received) if byte & _FORM_MASK == _FORM), None)


def is_offline(printer: int) -> bool:
    return bool(printer & 0x08)


def has_paper(sensor: int) -> bool:
    """Both bits of the end sensor; the near-end sensor (bits 2, 3) is no fault."""
    return not sensor & 0x60


def offline_cause(cause: int | None, sensor: int | None) -> PrinterStatus:
    """Why an off-line printer is so. An open cover is named first: closing it is what staff can see and do."""
    if cause is not None and cause & 0x04:
        return PrinterStatus.COVER_OPEN
    if (cause is not None and cause & 0x20) or (sensor is not None and not has_paper(sensor)):
        return PrinterStatus.PAPER_OUT
    return PrinterStatus.OFFLINE
