"""The register's traffic as people read it: bytes that arrive one by one become the lines they were meant as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from hardware.register_cable import Traffic
from terminal.panel.backend import RegisterMessage

MAX_LINE_BYTES = 256
"""A longer line is shown in pieces."""


class _Line(msgspec.Struct):
    first: Traffic
    data: bytearray


def messages(log: Iterable[Traffic], clock: Callable[[float], str], *, by_lines: bool) -> Iterator[RegisterMessage]:
    """Oldest first. ``clock`` words a traffic's time; ``by_lines`` is False for protocols that are not made of lines.

    A line that is still being typed comes last, marked as unfinished.
    """
    open_lines: dict[tuple[str, bool], _Line] = {}
    for traffic in log:
        if not by_lines:
            yield _message(traffic, traffic.data, clock)
            continue
        key = (traffic.source, traffic.lost)
        for piece in _pieces(traffic.data):
            if key not in open_lines and not piece.strip(b"\r\n"):
                continue  # the second half of a line end, or an empty line
            line = open_lines.setdefault(key, _Line(traffic, bytearray()))
            line.data += piece
            if piece.endswith((b"\r", b"\n")) or len(line.data) >= MAX_LINE_BYTES:
                del open_lines[key]
                yield _message(line.first, bytes(line.data), clock)
    for line in open_lines.values():
        yield _message(line.first, bytes(line.data), clock, finished=False)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Split after each line end; CR LF stays together."""
    for line in data.splitlines(keepends=True):
        for start in range(0, len(line), MAX_LINE_BYTES):
            yield line[start : start + MAX_LINE_BYTES]


def _message(traffic: Traffic, data: bytes, clock: Callable[[float], str], *, finished: bool = True) -> RegisterMessage:
    return RegisterMessage(
        time=clock(traffic.time_s),
        sender="terminal" if traffic.direction == "to_register" else traffic.source,
        text=data.decode("utf-8", "replace").rstrip("\r\n"),
        hex=data.hex(" ").upper(),
        lost=traffic.lost,
        finished=finished,
    )
