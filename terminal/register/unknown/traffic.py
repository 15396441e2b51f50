"""The register's line as a log: every byte in hex and as text, with times, to find out why two machines do not agree.

Off unless ``[log] register_traffic`` is set. Both columns mask what looks like a customer's number, and what a ZVT
register says of a card. A number may arrive byte by byte and with pauses, so the search covers everything that is not
written yet. Nothing is written before the line has been silent for a moment, nor while it ends in a number that may go
on. A frame that may hold card data is cut in two only if it never ends.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence

from hardware.interfaces import DeviceError, LineSignals, SerialPort
from terminal.register.unknown.card_data import LONGEST_FRAME, card_data_spans, open_frame, rest_of_frame
from terminal.register.zvt.transport import T1_S
from terminal.system.digits import digits_of_bytes, is_cut_off
from terminal.system.log_limit import UNLIMITED
from terminal.system.personal import spans_of_bytes

SILENCE_S = 0.1
"""After so long what came belongs together."""
NUMBER_S = 10.0
"""How long a number is waited for that may go on."""
BROKEN_S = 2.0
"""The same where a line has ended: a receipt's next line comes soon."""
LONGEST_IN_CLEAR = 4
"""Digits that are shown of a number that was waited for in vain; what then comes of it is masked."""
LONGEST_ENTRY = 64
"""Bytes in one entry. A longer message is cut between two numbers or frames, or at four times this length."""
SHORTEST_BROKEN = 6
"""Digits at the end of a line with words in it that may go on in the next one. A line of digits alone always may."""
FROM_REGISTER, TO_REGISTER = "<", ">"

log = logging.getLogger(__name__)

_NUMBER_AT_END = re.compile(rb"[0-9](?:[ .+/\t\x00-]{0,2}[0-9]){0,24}[ .+/\t\x00-]{0,2}\Z")
_REST_OF_NUMBER = re.compile(rb"(?:[ .+/\t\x00-]{0,2}[0-9]){0,24}")


class LoggedPort:
    """A :class:`hardware.interfaces.SerialPort` that another one does the work for."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._entries = {direction: _Entry(direction) for direction in (FROM_REGISTER, TO_REGISTER)}

    @property
    def on_peer(self) -> Callable[[bool], None]:
        return self._port.on_peer

    @on_peer.setter
    def on_peer(self, on_peer: Callable[[bool], None]) -> None:
        self._port.on_peer = on_peer

    @property
    def description(self) -> str:
        return self._port.description

    @property
    def damaged_bytes(self) -> int:
        return self._port.damaged_bytes

    async def signals(self) -> LineSignals | None:
        return await self._port.signals()

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        def heard(data: bytes) -> None:
            self._entries[FROM_REGISTER].add(data)
            on_data(data)

        await self._port.open(heard, on_lost)
        log.info("register line open: %s", self.description)

    async def write(self, data: bytes) -> None:
        self._entries[TO_REGISTER].add(data)
        await self._port.write(data)

    async def close(self) -> None:
        for entry in self._entries.values():
            entry.write()
        await self._port.close()


class _Entry:
    """Bytes of one direction that have not been written yet, and when each piece of them began."""

    def __init__(self, direction: str) -> None:
        self._direction = direction
        self._data = bytearray()
        self._pieces: list[tuple[int, float]] = []
        """Where in the data, and when."""
        self._last_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._torn: int | None = None
        """A frame was written although it had not ended; so many bytes since then may be the rest of it."""
        self._number_is_torn = False
        """A number was written although it may go on."""

    def add(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if not self._data or loop.time() - self._last_s > SILENCE_S:
            self._pieces.append((len(self._data), loop.time()))
        self._last_s = loop.time()
        self._data += data
        while len(self._data) > LONGEST_ENTRY:
            keep = self._unfinished()
            self._write(len(self._data) - keep)
            if keep:
                break
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(self._patience_s(), self.write)

    def _patience_s(self) -> float:
        if open_frame(bytes(self._data)):
            return T1_S
        digits = digits_of_bytes(bytes(self._data))
        if _NUMBER_AT_END.search(digits):
            return NUMBER_S
        return BROKEN_S if _broken_at_end(digits) or is_cut_off(bytes(self._data)) else SILENCE_S

    def _unfinished(self) -> int:
        """Bytes at the end that are a frame or a number, which may go on."""
        frame = open_frame(bytes(self._data))
        if frame:
            return frame if frame < LONGEST_FRAME else 0
        digits = digits_of_bytes(bytes(self._data))
        number = _NUMBER_AT_END.search(digits)
        length = max(_broken_at_end(digits), len(number[0]) if number else 0)
        return length if len(self._data) < 4 * LONGEST_ENTRY else 0

    def write(self) -> None:
        """Now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._write(len(self._data))

    def _write(self, length: int) -> None:
        data = bytes(self._data[:length])
        del self._data[:length]
        pieces, self._pieces = self._pieces, []
        if self._data:
            self._pieces = [(0, max(piece for piece in pieces if piece[0] <= length)[1])]
            self._pieces += [(start - length, at_s) for start, at_s in pieces if start > length]
        if not data:
            return
        torn = 0 if self._torn is None else min(rest_of_frame(data), LONGEST_FRAME - self._torn)
        hidden = self._torn_number(data, may_go_on=not self._data)
        starts = [piece for piece in pieces if piece[0] < length]
        for (start, at_s), end in zip(starts, [*(start for start, _ in starts[1:]), length], strict=True):
            for at in range(start, end, LONGEST_ENTRY):
                text = entry_text(data, at, min(LONGEST_ENTRY, end - at), [(0, torn), *hidden])
                log.info("%.3f s %s %s", at_s, self._direction, text, extra=UNLIMITED)
        if open_frame(data):
            self._torn = 0
        elif self._torn is not None:
            self._torn = self._torn + torn if torn == len(data) else None

    def _torn_number(self, data: bytes, *, may_go_on: bool) -> list[tuple[int, int]]:
        """What may belong to a number whose beginning was written before, or whose end is still to come."""
        hidden = []
        if self._number_is_torn and (rest := _REST_OF_NUMBER.match(digits_of_bytes(data))):
            hidden.append(rest.span())
        number = _NUMBER_AT_END.search(digits_of_bytes(data)) if may_go_on else None
        self._number_is_torn = number is not None
        if number is not None and sum(byte in b"0123456789" for byte in number[0]) > LONGEST_IN_CLEAR:
            hidden.append((number.start() + LONGEST_IN_CLEAR, number.end()))
        return hidden


def _broken_at_end(digits: bytes) -> int:
    """Bytes at the end that may be the beginning of a number that a line end breaks; a short amount is none."""
    head = digits.rstrip(b"0123456789 \t\r\n-")
    lines = re.split(rb"[\r\n]", digits[len(head) :])
    if head and sum(byte in b"0123456789" for byte in lines[0]) < SHORTEST_BROKEN:
        length = sum(len(line) + 1 for line in lines[1:])
        return length if any(line.strip() for line in lines[1:]) else 0
    return len(digits) - len(head) if len(lines) > 1 else 0


def entry_text(
    data: bytes, start: int = 0, length: int | None = None, also_hidden: Sequence[tuple[int, int]] = ()
) -> str:
    """A slice of ``data`` as hex and text; what to mask is looked for in the whole. Pure.

    Control characters show as a dot. The letters of a hex pair stand in lower case, so that none looks like a number.
    ``also_hidden`` is masked too: what may belong to a number or a card that was cut in two.
    """
    personal = [(span.start, span.end) for span in spans_of_bytes(data)]
    hidden = {at for span in (*also_hidden, *personal, *card_data_spans(data)) for at in range(*span)}
    shown = range(start, min(len(data), start + length) if length is not None else len(data))
    pairs = " ".join("**" if at in hidden else f"{data[at]:02x}" for at in shown)
    text = "".join("*" if at in hidden else chr(data[at]) if 0x20 <= data[at] < 0x7F else "." for at in shown)
    return f"{pairs}  |{text}|"
