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
``REFUND 500 OF=42      ``WAIT ID=43`` or ``ERR ...``                    ``OK 500 ID=43 REF=...`` or ``NO ... ID=43``
ID=43``
``VOID OF=42 ID=43``    the same, for all that is left of that sale      the same
``TOTALS``              ``TOTALS <count> <sum> REFUNDS=<count>
                        REFUNDED=<sum> PERIOD=<number>``
======================  ===============================================  ==============================================

The codes after ``ERR`` and ``NO``: DECLINED CANCELLED TIMEOUT UNAVAILABLE BUSY AMOUNT SYNTAX UNKNOWN DUPLICATE REFUND.
The amount is plain digits in the register's own scale. An id is 1 to 64 printable ASCII characters without space or
``*``. Verbs and keys may be typed in either case; a ``KEY=value`` that is not known is ignored. Answers come in the
order of the questions; ``TOTALS`` closes nothing.

A line has at most 200 ASCII characters and ends with LF, CR or CRLF; empty lines mean nothing. A tab is a space, and
what drivers put before a line without meaning it (NUL, FF, XON, XOFF, a BOM) is passed over. A line may end in
``*hh``, the XOR of all bytes before the ``*`` in hexadecimal (``PING*10``); then its answers and its sale's result do
so too.

What this module adds so that a broken register harms nobody: complaints are rationed, an echo of our own words is never
answered, half a line is forgotten after a minute, and whatever waits for the wire is bounded. A result waits as long as
its id names it: it goes out again, whole, after a line that broke under it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from terminal.counter.register_words import (
    CancelRequest,
    RefundRequest,
    RefundResult,
    RefusalCode,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRequest,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalBusy,
)
from terminal.register.line.answers import Answers
from terminal.register.line.format import LineError, Ping, checksum, format_reply, parse_line
from terminal.register.line.framing import LONGEST_LINE, LineFramer, Ration
from terminal.sale.money import AmountDecimals

WAIT_INTERVAL_S = 10.0
MOST_REMEMBERED_IDS = 64
COMPLAINTS_AT_ONCE = 48
COMPLAINTS_PER_S = 4.0

Value = TypeVar("Value")


class LineProtocol:
    """The terminal's end of the line protocol; implements :class:`terminal.register.protocol.RegisterProtocol`."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None

    def __init__(self, amount_decimals: AmountDecimals) -> None:
        self._decimals = amount_decimals
        self._framer = LineFramer()
        self._complaints = Ration(COMPLAINTS_AT_ONCE, COMPLAINTS_PER_S)
        self._answers = Answers()
        self._in_flight = False
        self._cut_off = False
        self._line_is_down = False
        self._open_id: str | None = None
        self._next_wait_s = 0.0
        self._checksummed: dict[str, bool] = {}
        self._last_checksummed = False

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``. What needs no decision (PING, bad lines) is answered here."""
        self._answers.give_up_overdue(now_s)
        lines = self._framer.feed(data, now_s)
        return [request for line in lines if (request := self._receive_line(line, now_s)) is not None]

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Queue a reply. While the line is down only a result that nobody asked for is worth keeping."""
        self._answers.give_up_overdue(now_s)
        result_id, until_s = None, math.inf
        match reply:
            case SaleAccepted():
                self._open_id, self._next_wait_s = reply.register_id, now_s + WAIT_INTERVAL_S
                if reply.register_id not in self._checksummed:
                    self._remember_style(reply.register_id, self._last_checksummed)
            case SaleResult() | RefundResult():
                result_id = reply.register_id
                self._no_longer_open(reply.register_id)
                until_s = now_s + reply.named_for_s
                if to is None and until_s <= now_s:
                    return
            case RequestRefused(register_id, RefusalCode.BUSY) if register_id is not None:
                self._no_longer_open(register_id)  # what goes on is another day's
        if not self._line_is_down or (result_id is not None and to is None):
            self._answers.answer(to, self._encode_reply(reply), result_id, until_s)

    def _no_longer_open(self, register_id: str) -> None:
        if self._open_id == register_id:
            self._open_id = None

    def data_to_send(self) -> bytes:
        """Everything for the wire; after a failed write results come again until :meth:`data_sent`."""
        self._line_is_down = False
        lines = self._answers.take()
        if not lines:
            return b""
        if self._cut_off:
            # Ends whatever the register has of the line that was cut off.
            lines.insert(0, self._framer.line_end)
            self._cut_off = False
        self._in_flight = True
        return b"".join(lines)

    def data_sent(self) -> Sequence[RegisterRequest]:
        """The results among the bytes that have left: this protocol has no acknowledgement, only ``STATUS``."""
        self._in_flight = False
        return [ResultDelivered(register_id) for register_id in self._answers.left()]

    @property
    def next_wakeup_s(self) -> float | None:
        """When the next ``WAIT`` is due, or an answer is overdue; None if nothing is open."""
        times = (self._next_wait_s if self._open_id is not None else None, self._answers.next_wakeup_s)
        return min((time_s for time_s in times if time_s is not None), default=None)

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Say ``WAIT`` again if it is time."""
        self._answers.give_up_overdue(now_s)
        if self._open_id is not None and now_s >= self._next_wait_s:
            if not self._line_is_down:
                self._answers.answer(None, self._encode_reply(SaleAccepted(self._open_id)))
            self._next_wait_s = now_s + WAIT_INTERVAL_S
        return ()

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Forget half a line and queued words; keep the results, also those whose bytes may have been cut off."""
        self._cut_off = self._cut_off or self._in_flight
        self._in_flight = False
        self._line_is_down = True
        self._answers.line_lost()
        self._framer.reset()
        return ()

    def _receive_line(self, line: bytes | None, now_s: float) -> RegisterQuestion | None:
        checksummed = line is not None and b"*" in line
        try:
            if line is None:
                raise LineError("SYNTAX", f"a line has at most {LONGEST_LINE} characters")
            request = parse_line(line, self._decimals)
        except LineError as error:
            if self._complaints.take(now_s):
                self._answers.say(self._encode(f"ERR {error.code} {error}", checksummed))
            return None
        match request:
            case None:
                return None
            case Ping():
                self._answers.say(self._encode("PONG", checksummed))
                return None
            case SaleRequest() | RefundRequest() | ReversalRequest():
                self._remember_style(request.register_id, checksummed)
            case CancelRequest() | ResultRequest():
                self._remember_style(request.register_id or self._open_id, checksummed)
            case _:
                self._remember_style(None, checksummed)
        self._answers.expect(request, now_s)
        return request

    def _remember_style(self, register_id: str | None, checksummed: bool) -> None:
        self._last_checksummed = checksummed
        if register_id is not None:
            _put(self._checksummed, register_id, checksummed, MOST_REMEMBERED_IDS)

    def _encode_reply(self, reply: RegisterReply) -> bytes:
        """The line of a reply, with a checksum if what it answers had one; a result that nobody asked for has none."""
        match reply:
            case SaleResult() | RefundResult():
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


def _put(memory: dict[str, Value], key: str, value: Value, most: int) -> None:
    """Remember the latest ``most`` entries."""
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > most:
        del memory[next(iter(memory))]
