"""What a printer sends, told apart byte by byte: answers, reports, flow control."""

from __future__ import annotations

from hardware.interfaces import PrinterStatus
from hardware.printer.status import Replies, is_answer, is_answer_in_order
from tests.each import each_of

PAPER_OUT_REPORT, COVER_REPORT, WELL_REPORT = b"\x18\x00\x0c\x00", b"\x38\x00\x00\x00", b"\x10\x00\x00\x00"


@each_of(
    ("received", "at_once", "in_order"),
    [
        (b"", b"", b""),
        (b"\x12", b"\x12", b""),
        (b"\x11\x13", b"", b""),
        (b"\x13\x1a\x11\x00", b"\x1a", b"\x00"),
        (b"OK\r\n", b"", b"OK\r\n"),
        (b"\x12" + WELL_REPORT + b"\x03", b"\x12", b"\x03"),
    ],
)
def test_answers_are_told_from_each_other_and_from_reports_and_flow_control(received, at_once, in_order):
    answers = Replies().take(received)
    assert bytes(filter(is_answer, answers)) == at_once
    assert bytes(filter(is_answer_in_order, answers)) == in_order


@each_of(
    ("received", "status"),
    [
        (WELL_REPORT, PrinterStatus.OK),
        (b"\x10\x00\x03\x00", PrinterStatus.OK),  # near the end of the roll
        (PAPER_OUT_REPORT, PrinterStatus.PAPER_OUT),
        (COVER_REPORT, PrinterStatus.COVER_OPEN),
        (b"\x18\x00\x00\x00", PrinterStatus.OFFLINE),
        (b"\x10\x08\x00\x00", PrinterStatus.OFFLINE),
        (PAPER_OUT_REPORT + WELL_REPORT, PrinterStatus.OK),
        (WELL_REPORT + PAPER_OUT_REPORT[:3], PrinterStatus.OK),
        (WELL_REPORT + PAPER_OUT_REPORT[:2] + b"\x13" + PAPER_OUT_REPORT[2:], PrinterStatus.PAPER_OUT),
        (PAPER_OUT_REPORT[:2] + WELL_REPORT, PrinterStatus.OK),
        (PAPER_OUT_REPORT[:2] + b"\x12\x00\x0c\x00", None),
        (b"\x12", None),
        (b"", None),
    ],
)
def test_reports_are_understood_wherever_the_line_cuts_them(received, status):
    for cut in range(len(received) + 1):
        replies = Replies()
        replies.take(received[:cut])
        replies.take(received[cut:])
        assert replies.reported is status
