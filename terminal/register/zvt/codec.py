"""ZVT, the terminal's end of a session: the answer to each command, and when a payment counts as reported.

The theory
----------
The register commands and the terminal answers ``80 00 00``. From then on the terminal leads until it hands back with a
completion (06 0F) or an abort (06 1E). Whoever leads sends one frame, and the other side answers it, before the next.

    register  06 01 pay     80   80          80                80
    terminal             80   04 FF ...  04 0F result   06 D1 ...   06 0F

There are no ids, and no result can be reported to a register that does not wait for it. So:

* A payment is reported as made (04 0F with result 00) after its capture. It is final only when the register has
  answered "good" to this, and to every line of the receipt that it prints itself. Then, not before, the sale is
  :class:`ResultDelivered`. "Please wait" (84 9C) asks for the same again after two seconds.
* Any other answer, or none, means for the register that nothing was sold. The sale is :class:`ResultRejected`, and the
  terminal says so to the register once more: 04 0F and 06 1E with 6C.
* This has happened within ``longest_report_s``, or it never will. After that time nothing reports "paid" any more.
* A result that no session waits for (the terminal was restarted) is held. If the register asks for it (06 20), it gets
  the result, and its answer decides as above. If it begins another payment, or never asks, it has given up the result.
* If the ``80 00 00`` to a payment could not be sent in time (the line was gone), the payment has no session and is
  cancelled. If it was paid all the same, its result is held as after a restart. A late ``80 00 00`` would answer
  something else.
* Over TCP a session ends with its connection, because programs come and go between two commands. Its sale goes on; the
  register connects again and asks (06 20), or aborts (06 B0).
* While a sale is open, everything but an abort (06 B0) is answered "please wait". But a register that registers, or
  wants another amount, has begun anew and knows nothing of the open sale. That sale is cancelled.
* A register that wants another payment of the same amount gets "please wait" too. If that does not reach it, it would
  take the next frame for its answer, so the session is over for it.
* A refund (06 30, 06 31) goes on whatever the register answers. If the terminal reports that its end is not known, the
  register asks (06 20).
* A late word of the terminal to one command never answers the next: every reply carries the question that it answers.

The register waits 180 s (T4) for the result, and longer only if it accepts intermediate status. So a sale is cancelled
in time (``longest_sale_s``), as is a sale whose register no longer accepts our frames. A result that is not known by
then is reported only to a register that asks: the next customer may by then pay the same amount.

Settings: amount in the register's own scale (``amount_decimals``), krona (352) or no currency at all unless
``accept_foreign_currency_code``. The line is 9600 baud, 8 data bits, no parity, and by the specification two stop bits
(``stopbits = 2``); with one stop bit the terminal understands either kind of register.

The parts: transport.py frames and repeats, network.py is the same over TCP, turns.py alternates, session.py has the
payment that runs, format.py reads fields and commands.py whole commands, frames.py writes, result.py words a decision,
telling.py reports how a sale ended, refunding.py how a refund ended.

Source: PA00P015 rev. 13.08 (commands), PA00P016 rev. 04 (transport).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo

from hardware.interfaces import Document
from terminal.counter.register_words import (
    CancelRequest,
    Progress,
    RefundResult,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalBusy,
    TerminalCondition,
    TotalsReport,
)
from terminal.register.zvt import frames as zf
from terminal.register.zvt.commands import AskedCommand, CommandReader, Said
from terminal.register.zvt.end_of_day import EndOfDay, condition_told
from terminal.register.zvt.format import Apdu, Command, ZvtResult
from terminal.register.zvt.network import NetworkLink
from terminal.register.zvt.refunding import Refunding
from terminal.register.zvt.result import Wording, refusal_code
from terminal.register.zvt.session import T4_S, Payment, Session
from terminal.register.zvt.telling import ReceiptOf, Telling
from terminal.register.zvt.transport import ZvtLink
from terminal.register.zvt.turns import Answer, Ended, Purpose, Turns
from terminal.sale.money import AmountDecimals
from terminal.sale.totals import ClosedPeriod

OWN_ANSWER_S = 4.0
"""For our own answer to a command, so that it comes within T3."""
LONGEST_REPORT_S = 180.0


class ZvtProtocol:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`, and hears progress."""

    longest_sale_s: float | None = 140.0
    """Leaves time within T4 to give up what is on its way."""
    longest_report_s: float | None = LONGEST_REPORT_S

    def __init__(
        self,
        amount_decimals: AmountDecimals,
        *,
        terminal_id: str = "",
        accept_foreign_currency_code: bool = False,
        receipt_of: ReceiptOf = lambda _sale, _copy: (),
        slip_of: Callable[[ClosedPeriod], Document] = lambda _period: (),
        zone: tzinfo | None = None,
        over_network: bool = False,
        length_bytes: int | None = None,
        without: int = 0,
    ) -> None:
        """``terminal_id``: its digits name the terminal to the register. ``zone``: of the times told; None: local.

        ``over_network``: the register comes by TCP, and may come and go between two commands; ``length_bytes`` is then
        the size of the length before each APDU, None: as the register does it. ``without``: see :class:`CommandReader`.
        """
        self._wording = Wording(terminal_id=_number_of(terminal_id), decimals=amount_decimals, zone=zone)
        self._commands = CommandReader(
            self._wording.terminal_id, amount_decimals, any_currency=accept_foreign_currency_code, without=without
        )
        self._over_network = over_network
        self._turns = Turns(NetworkLink(length_bytes) if over_network else ZvtLink())
        self._requests: list[RegisterRequest] = []
        """For the terminal, with the next call that can return them."""
        self._end_of_day = EndOfDay(self._turns, self._wording, slip_of, self._requests)
        self._telling = Telling(self._turns, self._wording, receipt_of, self._requests, LONGEST_REPORT_S)
        self._refunding = Refunding(self._turns, self._wording, receipt_of, self._requests, LONGEST_REPORT_S)
        self._asked: AskedCommand | None = None
        self._asked_until_s = 0.0
        self._session = Session(self._turns, self._telling, self._refunding, self._requests)

    # --- the line -----------------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``."""
        self._take(self._turns.receive(data, now_s), now_s)
        return _taken(self._requests)

    def data_to_send(self) -> bytes:
        return self._turns.data_to_send()

    def data_sent(self) -> Sequence[RegisterRequest]:
        """Having left says nothing: the register itself says what it has taken."""
        return _taken(self._requests)

    @property
    def next_wakeup_s(self) -> float | None:
        if self._requests:
            return 0.0
        times = [self._turns.next_wakeup_s, self._telling.held_until_s, *self._session.wakeups_s]
        if self._asked is not None:
            times.append(self._asked_until_s)
        return min((time_s for time_s in times if time_s is not None), default=None)

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Time has passed: repeat, say "please wait", give up."""
        self._take(self._turns.wake(now_s), now_s)
        if self._asked is not None and now_s >= self._asked_until_s:
            self._answer(self._asked, zf.refusal(ZvtResult.PLEASE_WAIT))
        held_until_s = self._telling.held_until_s
        if held_until_s is not None and now_s >= held_until_s:
            self._telling.give_up_held()
        self._pump(now_s)
        return _taken(self._requests)

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Forget what was half said; a sale goes on, and its result waits for the line as long as it may."""
        self._asked = None
        if self._over_network:
            self._session.leave()
            return _taken(self._requests)
        self._session.line_lost()
        return _taken(self._requests)

    def _take(self, items: Iterable[Apdu | Ended], now_s: float) -> None:
        for item in items:
            if isinstance(item, Ended):
                self._frame_ended(item, now_s)
            else:
                self._receive_command(item, now_s)
            self._pump(now_s)
        self._pump(now_s)

    def _pump(self, now_s: float) -> None:
        """Send what may be sent now."""
        if self._session.has_given_up(now_s) or self._turns.has_stale_acceptance(now_s):
            self._session.lose()
        if self._turns.may_begin(now_s):
            self._session.queue_progress(now_s)
            self._telling.stop_if_expired(now_s)
            self._refunding.stop_if_expired(now_s)
        self._turns.pump(now_s)

    def _frame_ended(self, ended: Ended, now_s: float) -> None:
        match ended.frame.purpose:
            case Purpose.ACCEPTANCE | Purpose.REFUSED_PAYMENT if ended.answer is Answer.LOST:
                self._session.lose()
            case Purpose.PROGRESS:
                self._session.progress_ended(ended.answer, now_s)
            case Purpose.REFUND:
                self._refunding.answered(ended, now_s)
            case Purpose.TOTALS:
                self._end_of_day.answered(ended.answer)
            case Purpose.RESULT | Purpose.PRINT:
                self._telling.answered(ended, now_s)
            case Purpose.END:
                self._telling.end()

    # --- commands -----------------------------------------------------------------------------------------------------

    def _receive_command(self, apdu: Apdu, now_s: float) -> None:
        if apdu.control == Command.ABORT:
            self._session.abort(is_asking=self._asked is not None and self._asked.is_payment)
            return
        self._session.end_tail()
        if self._session.is_begun_anew_by(apdu):
            self._session.lose()
        if self._asked is not None or self._session.payment is not None or not self._turns.is_over:
            self._session.put_off(apdu)
            return
        match self._commands.read(apdu, self._telling.registration):
            case Said(response, end, registration):
                self._turns.respond(response)
                if end is not None:
                    self._turns.queue(end, Purpose.END)
                if registration is not None:
                    self._telling.registration = registration
            case AskedCommand() as asked:
                self._ask(asked, now_s)

    def _ask(self, asked: AskedCommand, now_s: float) -> None:
        if asked.is_payment:
            self._telling.give_up_held()
        self._asked, self._asked_until_s = asked, now_s + OWN_ANSWER_S
        self._requests.append(asked.question)

    # --- what the terminal decided ------------------------------------------------------------------------------------

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Say what the terminal has decided."""
        asked = self._asked if to is not None and self._asked is not None and self._asked.question is to else None
        match reply:
            case SaleAccepted(register_id):
                self._accepted(register_id, asked, to, now_s)
            case SaleResult() | RefundResult():
                self._take_result(reply, now_s, asked, to)
            case TotalsReport() if asked is not None:
                self._answer(asked, zf.good())
                self._end_of_day.tell(reply, self._telling.registration)
            case RequestRefused() if asked is not None:
                self._answer(asked, zf.refusal(refusal_code(reply, asked.command, asked.amount_kr)))
            case TerminalBusy() if asked is not None:
                self._answer(asked, zf.refusal(ZvtResult.PLEASE_WAIT))
            case TerminalCondition() if asked is not None:
                self._answer(asked, zf.good())
                self._turns.queue(condition_told(reply, asked), Purpose.END)
            case _:
                pass  # the register has been told to wait, and has gone on
        self._pump(now_s)

    def hear(self, told: Progress | TerminalCondition, now_s: float) -> None:
        """How far the payment is."""
        self._session.hear(told, now_s)
        self._pump(now_s)

    def _answer(self, asked: AskedCommand, apdu: bytes, purpose: Purpose = Purpose.RESPONSE) -> None:
        """Respond to the command that waits for it."""
        assert asked is self._asked
        self._asked = None
        self._turns.respond(apdu, purpose)

    def _accepted(
        self, register_id: str, asked: AskedCommand | None, to: RegisterQuestion | None, now_s: float
    ) -> None:
        if asked is not None and asked.payment is not None:
            self._session.payment = Payment(register_id, asked.payment, now_s + T4_S, is_refund=not asked.is_payment)
            self._answer(asked, zf.good(), Purpose.ACCEPTANCE)
        elif asked is not None:  # a stored sale that is still being settled
            self._answer(asked, zf.refusal(ZvtResult.PLEASE_WAIT))
        elif isinstance(to, SaleRequest):  # too late: the register has been told to wait
            self._requests.append(CancelRequest(register_id))

    def _take_result(
        self, result: SaleResult | RefundResult, now_s: float, asked: AskedCommand | None, to: RegisterQuestion | None
    ) -> None:
        self._session.has_ended(result.register_id)
        if asked is not None:
            self._answer(asked, zf.good())
            self._session.tell_again(result, asked.service, now_s)
        elif to is None:  # else it is the answer to a question whose register has gone on
            self._session.tell(result, now_s)


def _taken(requests: list[RegisterRequest]) -> list[RegisterRequest]:
    """All of them, once."""
    taken = list(requests)
    requests.clear()
    return taken


def _number_of(terminal_id: str) -> str:
    return "".join(char for char in terminal_id if char in "0123456789")[-8:].zfill(8)
