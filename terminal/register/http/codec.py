"""JSON over HTTP, the terminal's end of it without the web: calls in, the counter's words out, answers back.

The theory
----------
A program asks. Only events are pushed to it, and they may get lost without harm. So:

* An ``Idempotency-Key`` is the register's id of a payment or a refund, and names one try of one program. The same
  request under it is answered with the same payment for as long as ids count; any other request is refused. The counter
  decides which of the two it is, as for every register (register_ids.py). The program's name is kept with the sale, as
  its echo: two programs that both number from 1 must not see each other's money.
* A payment's own id is the terminal's reference, which never names anything else.
* A result counts as reported once an answer that holds it has left. Until then the sale is open, and another payment
  would be refused. But a program that asks for the next payment does not wait for a program that has forgotten the
  last one: that result can be asked for at any time.
* The counter says how the terminal is with everything that it decides. A state that it said within the last second is
  answered at once. So a program that asks a hundred times a second costs no sale a millisecond, and a terminal that
  hangs is not reported as well.
* ``wait`` parks a call until its payment changes. A change is reported after it is on disk.
* An end of day counts as reported once the same program asks for anything else, or anybody begins a payment. Until then
  another request for it gets the same one (of_totals.py), because its answer may have got lost.

Every call is answered within ten seconds, or when its wait is over. If the terminal does not answer, the answer is 503.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from terminal.counter import register_words as reg
from terminal.register.http.desk import Desk, Wording
from terminal.register.http.frames import Gone, read_call
from terminal.register.http.outbox import Outbox

LONGEST_CALL = 64 * 1024
UNKNOWN_TERMINAL = Wording()


class HttpProtocol:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`, and hears progress."""

    longest_sale_s: float | None = None
    longest_report_s: float | None = None

    def __init__(self, wording: Wording = UNKNOWN_TERMINAL) -> None:
        self._wording = wording
        self._unread = b""
        self._requests: list[reg.RegisterRequest] = []
        """For the terminal, with the next call that can return them."""
        self._outbox = Outbox()
        self._desk = Desk(wording, self._outbox, self._requests)

    def receive_data(self, data: bytes, now_s: float) -> Sequence[reg.RegisterRequest]:
        """The requests in ``data``; what needs no counter is answered here."""
        self._desk.now_s = now_s
        *lines, rest = (self._unread + data).split(b"\n")
        self._unread = rest if len(rest) <= LONGEST_CALL else b""
        for line in lines:
            try:
                call = read_call(line)
            except (msgspec.DecodeError, RecursionError):  # cut off; its server knows, and asks no more
                continue
            if isinstance(call, Gone):
                self._desk.give_up(call.number)
                self._outbox.give_up(call.number)
            else:
                self._desk.take(call)
        return self._take_requests()

    def send(self, reply: reg.RegisterReply, now_s: float, to: reg.RegisterQuestion | None = None) -> None:
        """An answer goes to its call; a result that nobody asked for waits until an answer has it."""
        self._desk.now_s = now_s
        if to is not None:
            self._desk.replied(reply, to)
        elif isinstance(reply, reg.SaleResult | reg.RefundResult):
            self._outbox.untold = reply.register_id

    def hear(self, told: reg.Progress | reg.TerminalCondition, now_s: float) -> None:
        """Whoever waits for this payment has the answer now, and whoever listens an event."""
        self._desk.now_s = now_s
        if isinstance(told, reg.Progress):
            self._outbox.changed(told.record, self._wording.body(told.record))
        else:
            self._desk.hear(told)

    def data_to_send(self) -> bytes:
        return self._outbox.take()

    def data_sent(self) -> Sequence[reg.RegisterRequest]:
        """Whatever said how it ended has left."""
        return [*self._take_requests(), *map(reg.ResultDelivered, self._outbox.left())]

    @property
    def next_wakeup_s(self) -> float | None:
        if self._requests:
            return 0.0
        return min(
            (due_s for due_s in (self._desk.next_due_s, self._outbox.next_due_s) if due_s is not None), default=None
        )

    def wake(self, now_s: float) -> Sequence[reg.RegisterRequest]:
        """What has waited for too long is answered."""
        self._desk.now_s = now_s
        self._desk.give_up_overdue()
        self._outbox.answer_overdue(now_s)
        return self._take_requests()

    def connection_lost(self) -> Sequence[reg.RegisterRequest]:
        """The server is gone, and with it every call."""
        self._unread = b""
        self._desk.forget()
        self._outbox.line_lost()
        return self._take_requests()

    def _take_requests(self) -> list[reg.RegisterRequest]:
        requests = list(self._requests)
        self._requests.clear()
        return requests
