"""What a register has sent, with times, as a text file: for people to read, and for tests to replay. Pure.

    # netgiro-terminal capture 1
    # /dev/ttyUSB0, 9600 baud, 8N1
         0.000  05                                               .
         0.213  02 30 31 30 30 30 30 31 39 39 30 30 31 30 33 35  .01000019900103 5
         0.213  32 20 20 20                                      2

Times are seconds since the first byte; lines with the same time came in one piece. What follows the hexadecimal bytes
after two spaces is only for people, and so is a line that begins with ``#``.

Before a capture is written, zeros replace whatever may be a customer's data (system/personal.py) and the card data of a
ZVT register (card_data.py): one zero for each byte, also for a 10, which is sent twice on the line. A frame with a
right checksum then gets a right checksum again, so that the capture plays as before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from terminal.register.unknown.card_data import card_data_spans, renewed_end, whole_frames
from terminal.system.digits import zeros_for
from terminal.system.personal import card_spans_of_bytes, spans_of_bytes

HEADER = "# netgiro-terminal capture 1"
BYTES_PER_LINE = 16
_LINE = re.compile(r"\s*(?P<time>[0-9]+\.[0-9]+)  ?(?P<hex>[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2})*)(?:  .*)?")


class Chunk(msgspec.Struct, frozen=True):
    """Bytes that came in one piece."""

    time_s: float
    data: bytes


def write_capture(chunks: Iterable[Chunk], description: str = "") -> str:
    """The file's text."""
    lines = [HEADER, *([f"# {description}"] if description else [])]
    for chunk in chunks:
        lines += describe(chunk)
    return "\n".join(lines) + "\n"


def describe(chunk: Chunk) -> Iterator[str]:
    """The lines of one chunk."""
    for start in range(0, len(chunk.data), BYTES_PER_LINE):
        piece = chunk.data[start : start + BYTES_PER_LINE]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in piece)
        yield f"{chunk.time_s:10.3f}  {piece.hex(' ').upper():{3 * BYTES_PER_LINE}} {text}"


def read_capture(text: str) -> list[Chunk]:
    """The chunks in a file's text. Raises ValueError, naming the line, if it is none."""
    chunks: list[Chunk] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} is not a time and bytes such as '0.213  02 30': {line[:60]!r}")
        time_s, data = float(match["time"]), bytes.fromhex(match["hex"])
        if chunks and chunks[-1].time_s == time_s:
            chunks[-1] = Chunk(time_s, chunks[-1].data + data)
        else:
            chunks.append(Chunk(time_s, data))
    return chunks


def without_personal_data(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The same chunks with zeros in the place of what may be a customer's.

    Digits right after STX are left alone unless they are a card: they are the fixed fields of a terminal protocol. So
    are ten digits that are no kennitala: an amount, padded.
    """
    data = b"".join(chunk.data for chunk in chunks)
    clean = [bytes([byte]) for byte in data]
    cards = set(card_spans_of_bytes(data))
    for span in spans_of_bytes(data):
        if span in cards or (span.is_certain and data[span.start - 1 : span.start] != b"\x02"):
            clean[span.start : span.end] = _blank(data[span.start : span.end])
    for start, end in card_data_spans(data):
        clean[start:end] = _zeros(data[start:end])
    for frame in whole_frames(data):
        body = b"".join(clean[frame.start("body") : frame.end("body")])
        clean[frame.start("end") : frame.end("end")] = [bytes([byte]) for byte in renewed_end(body)]
    cleaned, at = [], 0
    for chunk in chunks:
        cleaned.append(Chunk(chunk.time_s, b"".join(clean[at : at + len(chunk.data)])))
        at += len(chunk.data)
    return cleaned


def _blank(hidden: bytes) -> list[bytes]:
    """Zeros; what parts the digits stays, and so does the parity of bytes that have one."""
    zeros = zeros_for(hidden)
    if zeros != hidden:  # UTF-8
        return [b"0" if chr(byte).isalnum() and byte < 0x80 else bytes([byte]) for byte in zeros]
    has_parity = any(byte & 0x80 for byte in hidden)
    return [
        (b"\xb0" if has_parity and byte.bit_count() % 2 else b"0") if chr(byte & 0x7F).isalnum() else bytes([byte])
        for byte in hidden
    ]


def _zeros(value: bytes) -> Iterator[bytes]:
    """One for each byte, none for the second of a doubled 10."""
    for piece in re.findall(rb"\x10\x10|.", value, re.DOTALL):
        yield b"\x00"
        if len(piece) == 2:
            yield b""
