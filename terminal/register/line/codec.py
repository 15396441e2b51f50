r"""The line protocol: what a register says if it can send text. A person with a serial terminal can be the register.

======================  ===============================================  ==============================================
You type                Answered at once                                 Follows
======================  ===============================================  ==============================================
``PING``                ``PONG``
``PAY 1990 ID=42``      ``WAIT ID=42``, or ``ERR BUSY <text>``,          ``WAIT ID=42`` every 10 s, then one of
                        ``ERR AMOUNT <text>``, ...                       ``OK 1990 ID=42 REF=<authorization>``,
                                                                         ``NO DECLINED ID=42 <text>``
``PAY 1990``            ``WAIT ID=<one that the terminal made>``         the same
``CANCEL`` (``ID=42``)  ``WAIT ID=42``                                   ``NO CANCELLED ID=42 <text>``, or ``OK ...``
                                                                         if it was too late
``STATUS``              ``READY`` or ``BUSY ID=42``
``STATUS ID=42``        ``BUSY ID=42``, the sale's ``OK`` or ``NO``
                        again, or ``ERR UNKNOWN <text>``
======================  ===============================================  ==============================================

The codes after ``ERR`` and ``NO``: DECLINED CANCELLED TIMEOUT UNAVAILABLE BUSY AMOUNT SYNTAX UNKNOWN. The amount is
plain digits in the register's own scale. An id is 1 to 64 printable ASCII characters without space or ``*``. Verbs and
keys may be typed in either case; a ``KEY=value`` that is not known is ignored.

A line has at most 200 ASCII characters and ends with LF, CR or CRLF; empty lines mean nothing. A line may end in
``*hh``, the XOR of all bytes before the ``*`` in hexadecimal (``PING*10``); then its answers and its sale's result do
so too.

What this module adds so that a broken register harms nobody: complaints are rationed, an echo of our own words is never
answered, half a line is forgotten after a minute, and whatever waits for the wire is bounded. A result waits as long as
it takes: it goes out again, whole, after a line that broke under it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TypeVar

from terminal.counter.register_words import (
    CancelRequest,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalBusy,
)
from terminal.register.line.format import LineError, Ping, checksum, format_reply, parse_line
from terminal.sale.money import AmountDecimals

LONGEST_LINE = 200
WAIT_INTERVAL_S = 10.0
HALF_LINE_LIFETIME_S = 60.0
"""Longer than a person takes over a line; a register that comes back after a crash starts with a clean one."""

MOST_QUEUED_BYTES = 4096
"""About four seconds of wire at 9600 baud: what is older than that answers a question nobody remembers."""
MOST_OPEN_RESULTS = 16
MOST_REMEMBERED_IDS = 64
COMPLAINTS_AT_ONCE = 64
COMPLAINTS_PER_S = 4.0

_PIECES = re.compile(rb"[^\r\n]+|\r|\n")
Value = TypeVar("Value")


class LineProtocol:
    """The terminal's end of the line protocol; implements :class:`terminal.register.protocol.RegisterProtocol`."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None

    def __init__(self, amount_decimals: AmountDecimals) -> None:
        self._decimals = amount_decimals
        self._framer = LineFramer()
        self._complaints = _Ration(COMPLAINTS_AT_ONCE, COMPLAINTS_PER_S)
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._results: dict[str, SaleResult] = {}
        self._results_in_flight: dict[str, SaleResult] = {}
        self._in_flight = False
        self._cut_off = False
        self._line_is_down = False
        self._open_id: str | None = None
        self._next_wait_s = 0.0
        self._checksummed: dict[str, bool] = {}
        self._last_checksummed = False

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``. What needs no decision (PING, bad lines) is answered here."""
        lines = self._framer.feed(data, now_s)
        return [request for line in lines if (request := self._receive_line(line, now_s)) is not None]

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Queue a reply. While the line is down only a result is worth keeping."""
        match reply:
            case SaleAccepted():
                self._open_id, self._next_wait_s = reply.register_id, now_s + WAIT_INTERVAL_S
                if reply.register_id not in self._checksummed:
                    self._remember_style(reply.register_id, self._last_checksummed)
            case SaleResult():
                if self._open_id == reply.register_id:
                    self._open_id = None
                _put(self._results, reply.register_id, reply, MOST_OPEN_RESULTS)
                return
        if not self._line_is_down:
            self._enqueue(self._encode_reply(reply))

    def data_to_send(self) -> bytes:
        """Everything for the wire, results last: after a failed write they come again until :meth:`data_sent`."""
        self._line_is_down = False
        lines = [*self._queue, *(self._encode_reply(result) for result in self._results.values())]
        if not lines:
            return b""
        if self._cut_off:
            # Ends whatever the register has of the line that was cut off.
            lines.insert(0, self._framer.line_end)
            self._cut_off = False
        for register_id, result in self._results.items():
            _put(self._results_in_flight, register_id, result, MOST_OPEN_RESULTS)
        self._results.clear()
        self._clear_queue()
        self._in_flight = True
        return b"".join(lines)

    def data_sent(self) -> Sequence[RegisterRequest]:
        """The results among the bytes that have left: this protocol has no acknowledgement, only ``STATUS``."""
        delivered = [ResultDelivered(register_id) for register_id in self._results_in_flight]
        self._results_in_flight.clear()
        self._in_flight = False
        return delivered

    @property
    def next_wakeup_s(self) -> float | None:
        """When the next ``WAIT`` is due; None unless a sale is open."""
        return self._next_wait_s if self._open_id is not None else None

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Say ``WAIT`` again if it is time."""
        if self._open_id is not None and now_s >= self._next_wait_s:
            if not self._line_is_down:
                self._enqueue(self._encode_reply(SaleAccepted(self._open_id)))
            self._next_wait_s = now_s + WAIT_INTERVAL_S
        return ()

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Forget half a line and queued words; keep the results, also those whose bytes may have been cut off."""
        self._cut_off = self._cut_off or self._in_flight
        for register_id, result in self._results.items():
            _put(self._results_in_flight, register_id, result, MOST_OPEN_RESULTS)
        self._results, self._results_in_flight = self._results_in_flight, {}
        self._in_flight = False
        self._line_is_down = True
        self._clear_queue()
        self._framer.reset()
        return ()

    def _receive_line(self, line: bytes | None, now_s: float) -> RegisterRequest | None:
        checksummed = line is not None and b"*" in line
        try:
            if line is None:
                raise LineError("SYNTAX", f"a line has at most {LONGEST_LINE} characters")
            request = parse_line(line, self._decimals)
        except LineError as error:
            if self._complaints.take(now_s):
                self._enqueue(self._encode(f"ERR {error.code} {error}", checksummed))
            return None
        match request:
            case None:
                return None
            case Ping():
                self._enqueue(self._encode("PONG", checksummed))
                return None
            case SaleRequest() | ResultDelivered():
                self._remember_style(request.register_id, checksummed)
            case CancelRequest() | ResultRequest():
                self._remember_style(request.register_id or self._open_id, checksummed)
        return request

    def _remember_style(self, register_id: str | None, checksummed: bool) -> None:
        self._last_checksummed = checksummed
        if register_id is not None:
            _put(self._checksummed, register_id, checksummed, MOST_REMEMBERED_IDS)

    def _encode_reply(self, reply: RegisterReply) -> bytes:
        """The line of a reply, with a checksum if what it answers had one; a result that nobody asked for has none."""
        match reply:
            case SaleResult():
                checksummed = self._checksummed.get(reply.register_id, False)
            case SaleAccepted() | TerminalBusy() | RequestRefused(register_id=str()):
                checksummed = self._checksummed.get(reply.register_id or "", self._last_checksummed)
            case _:
                checksummed = self._last_checksummed
        return self._encode(format_reply(reply, self._decimals), checksummed)

    def _encode(self, text: str, checksummed: bool) -> bytes:
        line = text[: LONGEST_LINE - 3 if checksummed else LONGEST_LINE].rstrip().encode("ascii")
        if checksummed:
            line += b"*%02X" % checksum(line)
        return line + self._framer.line_end

    def _enqueue(self, line: bytes) -> None:
        self._queue.append(line)
        self._queued_bytes += len(line)
        while self._queued_bytes > MOST_QUEUED_BYTES:
            self._queued_bytes -= len(self._queue.popleft())

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0


class LineFramer:
    """Cuts bytes into lines, in any chunking; holds at most one line."""

    def __init__(self) -> None:
        self.line_end = b"\r\n"
        """How the register is answered: as it ends its own lines, CRLF if it uses CR."""
        self._last_byte_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget half a line."""
        self._line = bytearray()
        self._too_long = False
        self._after_cr = False

    def feed(self, data: bytes, now_s: float) -> Iterator[bytes | None]:
        """The lines that end in ``data``, without the empty ones; None stands for one that was too long."""
        if now_s - self._last_byte_s > HALF_LINE_LIFETIME_S:
            self.reset()
        self._last_byte_s = now_s
        for match in _PIECES.finditer(data):
            piece = match.group()
            second_of_crlf = self._after_cr and piece == b"\n"
            self._after_cr = piece == b"\r"
            if piece not in (b"\r", b"\n"):
                self._too_long = self._too_long or len(self._line) + len(piece) > LONGEST_LINE
                self._line += piece[: LONGEST_LINE - len(self._line)]
            elif not second_of_crlf:
                self.line_end = b"\r\n" if self._after_cr else b"\n"
                line, too_long = bytes(self._line), self._too_long
                self._line.clear()
                self._too_long = False
                if line:
                    yield None if too_long else line


class _Ration:
    """So many at once, and so many a second in the long run."""

    def __init__(self, most: int, per_s: float) -> None:
        self._most = most
        self._per_s = per_s
        self._left = float(most)
        self._counted_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Whether there is one left."""
        if self._counted_s is not None:
            self._left = min(self._most, self._left + max(0.0, now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _put(memory: dict[str, Value], key: str, value: Value, most: int) -> None:
    """Remember the latest ``most`` entries."""
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > most:
        del memory[next(iter(memory))]
