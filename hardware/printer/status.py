"""What a receipt printer says of itself: the questions (``DLE EOT n``, ``GS r 1``), the reports, their meaning. Pure.

Everything comes on one line, and what a byte belongs to is told by its form (Citizen, "Command Reference",
Identification of Send Status; the same in Epson's, under GS a):

=========================  ========
answer to DLE EOT          0xx1xx10
answer to GS r             0xx0xxxx
report, its first byte     0xx1xx00
report, three more bytes   0xx0xxxx
XON, XOFF                  11, 13
=========================  ========

python-escpos has a reader too, but it says "no paper" when nothing was answered.
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
"""``GS a``: report on-line, errors and paper now and whenever they change ("ASB"), until the next ESC @. Carried out in
its turn, like GS r: an off-line printer only keeps it."""

_FORM_MASK, _AT_ONCE, _REPORT = 0x93, 0x12, 0x10
_LATER_MASK = 0x90
_REPORT_BYTES = 4
_FLOW_CONTROL = b"\x11\x13"


def is_answer(byte: int) -> bool:
    """Whether it can be the answer to DLE EOT."""
    return byte & _FORM_MASK == _AT_ONCE


def is_answer_in_order(byte: int) -> bool:
    """Whether it can be the answer to GS r."""
    return not byte & _LATER_MASK


class Replies:
    """Tells a printer's reports from its answers, wherever the line has cut them. Keeps no more than half a report."""

    def __init__(self) -> None:
        self._report = b""
        self.reported: PrinterStatus | None = None
        """What the last whole report said."""

    def take(self, received: bytes) -> bytes:
        """What of it is no report and no flow control: answers, and noise."""
        answers = bytearray()
        for byte in received:
            if byte in _FLOW_CONTROL:
                continue
            if byte & _FORM_MASK == _REPORT:
                self._report = bytes([byte])
            elif self._report and not byte & _LATER_MASK:
                self._report += bytes([byte])
            else:
                self._report = b""
                answers.append(byte)
            if len(self._report) == _REPORT_BYTES:
                self.reported, self._report = _read_report(self._report), b""
        return bytes(answers)


def is_offline(printer: int) -> bool:
    return bool(printer & 0x08)


def has_paper(sensor: int) -> bool:
    """Both bits of the end sensor; the near-end sensor (bits 2, 3) is no fault."""
    return not sensor & 0x60


def is_paper_low(sensor: int) -> bool:
    """Both bits of the near-end sensor."""
    return bool(sensor & 0x0C)


def offline_cause(cause: int | None, sensor: int | None) -> PrinterStatus:
    """Why an off-line printer is so. An open cover is named first: closing it is what staff can see and do."""
    if cause is not None and cause & 0x04:
        return PrinterStatus.COVER_OPEN
    if (cause is not None and cause & 0x20) or (sensor is not None and not has_paper(sensor)):
        return PrinterStatus.PAPER_OUT
    return PrinterStatus.OFFLINE


def _read_report(report: bytes) -> PrinterStatus:
    """Epson, "ESC/POS Command Reference", GS a."""
    printer, error, paper, _ = report
    if printer & 0x20:
        return PrinterStatus.COVER_OPEN
    if paper & 0x0C:
        return PrinterStatus.PAPER_OUT
    return PrinterStatus.OFFLINE if printer & 0x08 or error & 0x68 else PrinterStatus.OK
