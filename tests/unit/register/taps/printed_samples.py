"""What registers send to a printer, and what is read in it."""

from __future__ import annotations

from terminal.register.taps.escpos_stream import (
    EscposReader,
    PrintedLine,
)

CUT, KICK = b"\x1dV\x00", b"\x1bp\x00\x19\xfa"
# python-escpos 3.1: double size; letters that switch the code page in the middle of a word.
SAMTALS_DOUBLE = b"\x1b!\x30SAMTALS 1.990\n"
ACCENTS = b"KAFFIH\x1bt\x0d\xe9SI\x1bt\x10\xd0\n"
RASTER = b"\x1dv0\x00\x02\x00\x10\x00" + b"SAMTALS 9.999\nXX" * 2
RECEIPT = b"\x1b@\x1ba\x01KAFFIHUSID\n\x1ba\x00Kaffi  590\nTe  490\n" + RASTER + b"SAMTALS          1.080\n\x1bd\x04"


def read(data: bytes) -> list[object]:
    return list(EscposReader().feed(data))


def lines(data: bytes) -> list[str]:
    return [event.text for event in read(data) if isinstance(event, PrintedLine)]
