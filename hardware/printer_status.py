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

REPORT_BY_ITSELF = b"\x1da\x0e"
"""``GS a``: report on-line, errors and paper now and whenever they change ("ASB"), four bytes each."""
KEEP_SILENT = b"\x1da\x00"

_FORM_MASK, _FORM = 0x93, 0x12
_REPORT_MASK, _REPORT = 0x93, 0x10
_LATER_MASK = 0x90
"""Set in no byte of a report but the first."""


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


def last_report(received: bytes) -> PrinterStatus | None:
    """What the last whole ASB report says: Epson, "ESC/POS Command Reference", GS a. None if there is none."""
    for start in range(len(received) - 4, -1, -1):
        first, *later = received[start : start + 4]
        if first & _REPORT_MASK == _REPORT and not any(byte & _LATER_MASK for byte in later):
            if first & 0x20:
                return PrinterStatus.COVER_OPEN
            if later[1] & 0x0C:
                return PrinterStatus.PAPER_OUT
            return PrinterStatus.OFFLINE if first & 0x08 or later[0] & 0x68 else PrinterStatus.OK
    return None
