"""Finds card data in the bytes of a ZVT register, so that no log and no capture keeps it. Pure.

A register may read a card itself and name it: its number (22), its tracks (23, 24, 2D), its check digits (3A). They are
written in BCD, two digits a byte, so a search for digits does not find them. 22 to 24 and 2D are followed by their
length (``22 F0 F8``: eight bytes), so they are found in any bytes, whole frame or not. 3A is only a byte before two
others. It is looked for where the fields of a frame can be read; a frame that cannot be read is assumed to hold it
everywhere.

Formats: PA00P015 rev. 13.08, chapter 13; frames: ../zvt/transport.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from terminal.register.zvt.format import ZvtError, parse_apdu, parse_fields
from terminal.register.zvt.transport import checksum

LONGEST_FRAME = 1024
"""Bytes on the wire: twice the longest that a register sends, every byte doubled."""

_FRAME = re.compile(rb"\x10\x02(?P<body>(?:[^\x10]|\x10[^\x02\x03])*+)(?P<end>\x10\x03..)?", re.DOTALL)
_FRAME_CUT_OFF = re.compile(rb"\x10?|\x10\x03.?", re.DOTALL)
_REST_OF_FRAME = re.compile(rb"(?:[^\x10]|\x10[^\x02\x03])*+(?:\x10\x03.{0,2})?", re.DOTALL)
_ANNOUNCED = re.compile(rb"(?=(?P<head>[\x22\x23\x2d][\xf0-\xf9]{2}|\x24[\xf0-\xf9]{3}))")
_CHECK_DIGITS = 0x3A
_NAMES_CARDS = (b"\x06\x01", b"\x06\x22", b"\x06\x23", b"\x06\x24", b"\x06\x25", b"\x06\x30", b"\x06\x31", b"\x04\x0f")
"""Payments, reservations, reversal, refund; and the result."""


def card_data_spans(data: bytes) -> list[tuple[int, int]]:
    """From and to where, in bytes as they stand on the wire."""
    found = [_value(data, match.end("head"), _announced_length(match["head"])) for match in _ANNOUNCED.finditer(data)]
    for frame in _FRAME.finditer(data):
        found += [_value(data, at, 2) for at in _check_digits(data, frame)]
    return found


def _announced_length(head: bytes) -> int:
    return int("".join(str(byte & 0x0F) for byte in head[1:]))


def _value(data: bytes, start: int, length: int) -> tuple[int, int]:
    """So many bytes of a frame: a doubled 10 is one, and none goes beyond the frame."""
    end = start
    for _ in range(length):
        if end >= len(data) or data[end : end + 2] in (b"\x10\x02", b"\x10\x03"):
            break
        end += 2 if data[end : end + 2] == b"\x10\x10" else 1
    return start, end


def _check_digits(data: bytes, frame: re.Match[bytes]) -> Iterator[int]:
    """Where they begin."""
    if frame["body"][:2] not in _NAMES_CARDS:
        return
    try:
        value = _fields(frame).get(_CHECK_DIGITS)
        head = b"" if value is None else bytes([_CHECK_DIGITS]) + value.replace(b"\x10", b"\x10\x10")
    except ZvtError:
        head = bytes([_CHECK_DIGITS])
    at = data.find(head, *frame.span("body")) if head else -1
    while at >= 0:
        yield at + 1
        at = data.find(head, at + 1, frame.end("body"))


def _fields(frame: re.Match[bytes]) -> dict[int, bytes]:
    """Raises ZvtError if they cannot be read."""
    if not is_whole(frame):
        raise ZvtError("damaged on the line")
    data = parse_apdu(_undoubled(frame["body"])).data
    try:
        return parse_fields(data)
    except ZvtError:
        return parse_fields(data[3:])  # after a password


def _undoubled(body: bytes) -> bytes:
    return body.replace(b"\x10\x10", b"\x10")


def is_whole(frame: re.Match[bytes]) -> bool:
    """It has its end and the right checksum."""
    return frame["end"] is not None and frame["end"][2:] == checksum(_undoubled(frame["body"]))


def whole_frames(data: bytes) -> Iterator[re.Match[bytes]]:
    """Those that a register would be answered; groups ``body`` and ``end``."""
    return (frame for frame in _FRAME.finditer(data) if is_whole(frame))


def renewed_end(body: bytes) -> bytes:
    """The end of a frame whose body, as it stands on the wire, was changed."""
    return b"\x10\x03" + checksum(_undoubled(body))


def open_frame(data: bytes) -> int:
    """How many bytes at the end are a frame that may hold card data and goes on; 0 if there is none."""
    *_, frame = None, *_FRAME.finditer(data)
    if frame is None or frame["end"] is not None or not _FRAME_CUT_OFF.fullmatch(data, frame.end()):
        return 1 if data.endswith(b"\x10", frame.end() if frame else 0) else 0
    return len(data) - frame.start() if frame["body"][:1] in (b"", b"\x04", b"\x06") else 0


def rest_of_frame(data: bytes) -> int:
    """How many bytes at the beginning may be the rest of a frame that was open."""
    match = _REST_OF_FRAME.match(data)
    return match.end() if match else 0
