"""Runs inside the machine: a receipt printer at the far end of a USB cable, by the kernel's own gadget driver.

It answers as an Epson does, and appends what it was sent to the file that is named.
"""

from __future__ import annotations

import os
import sys
import time

DEVICE = "/dev/g_printer0"
STATUS_QUESTION, IS_WELL = b"\x10\x04", b"\x12"  # DLE EOT n
PAPER_QUESTION, HAS_PAPER = b"\x1dr", b"\x00"  # GS r n


def opened() -> int:
    """The kernel lets nobody in before the other end of the cable has asked what it is."""
    while True:
        try:
            return os.open(DEVICE, os.O_RDWR)
        except OSError:
            time.sleep(0.1)


printer = opened()
paper = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    data = os.read(printer, 8192)
    os.write(paper, data)
    for question, answer in ((STATUS_QUESTION, IS_WELL), (PAPER_QUESTION, HAS_PAPER)):
        if asked := data.count(question):
            os.write(printer, answer * asked)
