"""ZVT, the terminal's end of a session: what is answered to which command, and when money counts as told.

The theory
----------
The register commands and the terminal answers ``80 00 00``; from then on the terminal leads until it hands back with a
completion (06 0F) or an abort (06 1E). Whoever leads sends one frame, and the other side answers it, before the next.

    register  06 01 pay     80   80          80                80
    terminal             80   04 FF ...  04 0F result   06 D1 ...   06 0F

There are no ids, and a result cannot be told to a register that does not wait for it. So:

* A payment is told as made (04 0F with result 00) after it was captured, and is final only when the register has
  answered this, and every line of the receipt that it prints itself, with "good". Then, not before, the sale is
  :class:`ResultDelivered`. "Please wait" (84 9C) asks for the same again after two seconds.
* Any other answer, or none, means for the register that nothing was sold. The sale is :class:`ResultRejected`, and the
  register is told so once more: 04 0F and 06 1E with 6C.
* Within ``longest_report_s`` this has happened or never will; afterwards nothing tells "paid" any more.
* A result that no session waits for (the terminal was restarted) is held. A register that asks for it (06 20) is told,
  and its answer decides as above. One that begins another payment has given it up, as has one that never asks.
* While one sale is open, everything but an abort (06 B0) is answered "please wait".

The register waits 180 s (T4) for the result, longer only if it takes intermediate status; so a sale is cancelled in
time (``longest_sale_s``), and so is one whose register no longer takes our frames.

Settings: amount in the register's own scale (``amount_decimals``), krona (352) or no currency at all unless
``accept_foreign_currency_code``. The line is 9600 baud, 8 data bits, no parity, and by the specification two stop bits
(``stopbits = 2``); with one stop bit the terminal hears either kind of register.

Source: PA00P015 rev. 13.08 (commands), PA00P016 rev. 04 (transport). The link is in zvt_link.py, the turns in
zvt_turns.py, the bytes in zvt_apdu.py, the words in zvt_result.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo

import msgspec

from hardware.interfaces import Document
from terminal.money import AmountDecimals, AmountError, parse_register_amount
from terminal.register import zvt_apdu as za
from terminal.register.protocol import (
    CancelRequested,
    ConditionRequested,
    LastResultRequested,
    RefundRequested,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRejected,
    ReversalRequested,
    SaleAccepted,
    SaleRequested,
    SaleResult,
    TerminalBusy,
    TerminalCondition,
    TerminalReady,
    TotalsReport,
    TotalsRequested,
)
from terminal.register.zvt_apdu import Apdu, Command, Config, Result, ZvtError
from terminal.register.zvt_result import Wording, receipt_frames, refusal_code, result_code
from terminal.register.zvt_turns import Answer, Ended, Purpose, Turns
from terminal.sale import Outcome, Sale

VERSION = "NG1.0"

OWN_ANSWER_S = 4.0
"""For our own answer to a command, so that it comes within T3."""
RESULT_ANSWER_S = 30.0
"""For the answer to a result, unless the payment said otherwise (BMP 01)."""
LONGEST_RESULT_ANSWER_S = 60.0
WAIT_PAUSE_S = 2.0
REPETITIONS = 10
"""Of a result whose register asks to wait, unless the payment said otherwise (BMP 02)."""
PROGRESS_INTERVAL_S = 15.0
BEGUN, PLEASE_WAIT = 0x0E, 0x17
"""Intermediate status."""

WITH_STATUS, WITHOUT_PRINT = 0x01, 0x02
"""Bits of the service byte in 06 20."""
WITHOUT_VERSION = 0x02
"""The same in 05 01."""

ReceiptOf = Callable[[Sale, bool], Document]
"""The customer's receipt of a sale; True for a copy of one that was printed before."""


class Asked(msgspec.Struct, frozen=True):
    """A command whose answer the terminal has to decide."""

    command: Command
    deadline_s: float
    service: int = 0
    amount_kr: int = 0
    payment: za.Authorisation | None = None


class Payment(msgspec.Struct):
    """The sale of this session, until its outcome is known."""

    register_id: str
    request: za.Authorisation
    next_progress_s: float = 0.0
    is_cancelled: bool = False


class Report(msgspec.Struct):
    """A result that is being told."""

    result: SaleResult
    expires_s: float
    answer_s: float = RESULT_ANSWER_S
    waits_left: int = REPETITIONS
    currency: bytes | None = None
    is_repeated: bool = False
    """Told because the register asked for it, so that there is no payment to end with an abort."""
    is_decided: bool = False


class Held(msgspec.Struct, frozen=True):
    """A payment that no session waits for."""

    register_id: str
    expires_s: float


class ZvtProtocol:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`."""

    longest_sale_s: float | None = 140.0
    """Leaves time within T4 to give up what is on its way."""
    longest_report_s: float | None = 180.0

    def __init__(
        self,
        amount_decimals: AmountDecimals,
        *,
        terminal_id: str = "",
        accept_foreign_currency_code: bool = False,
        receipt_of: ReceiptOf = lambda _sale, _copy: (),
        zone: tzinfo | None = None,
    ) -> None:
        """``terminal_id``: its digits name the terminal to the register. ``zone``: of the times told; None: local."""
        digits = "".join(char for char in terminal_id if char in "0123456789")
        self._wording = Wording(terminal_id=digits[-8:].zfill(8), decimals=amount_decimals, zone=zone)
        self._decimals = amount_decimals
        self._any_currency = accept_foreign_currency_code
        self._receipt_of = receipt_of
        self._turns = Turns()
        self._registration = za.Registration()
        self._asked: Asked | None = None
        self._payment: Payment | None = None
        self._report: Report | None = None
        self._held: Held | None = None
        self._last_id: str | None = None
        """The sale that was told last: later echoes of its result mean nothing."""
        self._abandoned_id: str | None = None
        """A sale that was accepted after the register had been told to wait."""
        self._requests: list[RegisterRequest] = []
        """For the terminal, with the next call that can return them."""

    # --- the line -----------------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``."""
        self._take(self._turns.receive(data, now_s), now_s)
        return self._take_requests()

    def data_to_send(self) -> bytes:
        return self._turns.data_to_send()

    def data_sent(self) -> Sequence[RegisterRequest]:
        """Having left says nothing: the register itself says what it has taken."""
        return self._take_requests()

    @property
    def next_wakeup_s(self) -> float | None:
        if self._requests:
            return 0.0
        times = [self._turns.next_wakeup_s]
        if self._asked is not None:
            times.append(self._asked.deadline_s)
        if self._payment is not None and self._tells_progress and self._turns.is_over:
            times.append(self._payment.next_progress_s)
        if self._held is not None:
            times.append(self._held.expires_s)
        return min((time_s for time_s in times if time_s is not None), default=None)

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Time has passed: repeat, say "please wait", give up."""
        self._take(self._turns.wake(now_s), now_s)
        if self._asked is not None and now_s >= self._asked.deadline_s:
            self._answer_asked(za.refusal(Result.PLEASE_WAIT))
        if self._held is not None and now_s >= self._held.expires_s:
            self._give_up_held()
        self._pump(now_s)
        return self._take_requests()

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Forget what was half said; a sale goes on, and its result waits for the line as long as it may."""
        self._asked = None
        self._turns.connection_lost()
        if self._payment is None and self._report is None:
            self._turns.forget_all()
        return self._take_requests()

    def _take(self, items: Iterable[Apdu | Ended], now_s: float) -> None:
        for item in items:
            if isinstance(item, Ended):
                self._frame_ended(item, now_s)
            else:
                self._receive_command(item, now_s)
            self._pump(now_s)
        self._pump(now_s)

    def _take_requests(self) -> list[RegisterRequest]:
        requests, self._requests = self._requests, []
        return requests

    def _pump(self, now_s: float) -> None:
        """Send what may be sent now."""
        if self._turns.may_begin(now_s):
            self._queue_progress(now_s)
            following = self._turns.next_frame
            if following is not None and following.purpose.must_be_taken and self._is_expired(now_s):
                self._not_taken()
        self._turns.pump(now_s)

    @property
    def _tells_progress(self) -> bool:
        return self._registration.has(Config.WANTS_INTERMEDIATE_STATUS)

    def _queue_progress(self, now_s: float) -> None:
        payment = self._payment
        if payment is not None and self._tells_progress and self._turns.is_over and now_s >= payment.next_progress_s:
            status = PLEASE_WAIT if payment.next_progress_s else BEGUN
            payment.next_progress_s = now_s + PROGRESS_INTERVAL_S
            self._turns.queue(za.intermediate_status(status), Purpose.PROGRESS)

    def _frame_ended(self, ended: Ended, now_s: float) -> None:
        match ended.frame.purpose:
            case Purpose.ACCEPTANCE | Purpose.PROGRESS if ended.answer is Answer.LOST:
                self._cancel_payment()
            case Purpose.RESULT | Purpose.PRINT if self._report is not None:
                self._result_answered(self._report, ended, now_s)
            case Purpose.END:
                self._report = None

    # --- commands -----------------------------------------------------------------------------------------------------

    def _receive_command(self, apdu: Apdu, now_s: float) -> None:
        if apdu.control == Command.ABORT:
            self._abort()
            return
        self._end_tail()
        if self._asked is not None or self._payment is not None or not self._turns.is_over:
            self._turns.respond(za.refusal(Result.PLEASE_WAIT))
            return
        try:
            handler = _HANDLERS.get(apdu.control)
            if handler is None:
                raise ZvtError(f"{apdu.control:04X} is not a command", Result.NOT_POSSIBLE)
            handler(self, apdu.data, now_s)
        except ZvtError as error:
            self._turns.respond(za.refusal(error.result))

    def _end_tail(self) -> None:
        """A register that commands again has seen the end of what was before, even if its answer got lost."""
        last = self._turns.current
        if last is not None and last.purpose is Purpose.END:
            self._turns.forget_all()
            self._report = None

    def _abort(self) -> None:
        self._turns.respond(za.good())
        if self._payment is not None:
            self._cancel_payment()
        elif self._asked is not None and self._asked.payment is not None:
            self._requests.append(CancelRequested())

    def _cancel_payment(self) -> None:
        payment = self._payment
        if payment is not None and not payment.is_cancelled:
            payment.is_cancelled = True
            self._requests.append(CancelRequested(payment.register_id))

    def _register(self, data: bytes, _now_s: float) -> None:
        registration = za.parse_registration(data)
        if not self._takes_currency(registration.currency):
            self._turns.respond(za.wrong_currency_at_registration(za.ISK))
            return
        self._registration = registration
        self._complete(za.registered(self._wording.terminal_id, registration.currency))

    def _log_off(self, _data: bytes, _now_s: float) -> None:
        self._registration = za.Registration(config=Config.AFTER_LOG_OFF)
        self._turns.respond(za.good())

    def _pay(self, data: bytes, now_s: float) -> None:
        payment = za.parse_authorisation(data)
        amount_kr = self._kronur(payment)
        if self._held is not None:  # the register has turned to something else
            self._give_up_held()
        request = SaleRequested(amount_kr, prints_receipt=self._prints_receipts)
        self._ask(request, Asked(Command.AUTHORISATION, now_s + OWN_ANSWER_S, amount_kr=amount_kr, payment=payment))

    def _refund(self, data: bytes, now_s: float) -> None:
        amount_kr = self._kronur(za.parse_refund(data))
        self._ask(RefundRequested(amount_kr), Asked(Command.REFUND, now_s + OWN_ANSWER_S, amount_kr=amount_kr))

    def _reverse(self, data: bytes, now_s: float) -> None:
        number = za.parse_reversal(data)
        self._ask(ReversalRequested(number), Asked(Command.REVERSAL, now_s + OWN_ANSWER_S))

    def _repeat_receipt(self, data: bytes, now_s: float) -> None:
        service = za.parse_service_byte(data)
        self._ask(LastResultRequested(), Asked(Command.REPEAT_RECEIPT, now_s + OWN_ANSWER_S, service))

    def _enquire_status(self, data: bytes, now_s: float) -> None:
        service = za.parse_service_byte(data)
        self._ask(ConditionRequested(), Asked(Command.STATUS_ENQUIRY, now_s + OWN_ANSWER_S, service))

    def _diagnose(self, _data: bytes, now_s: float) -> None:
        self._ask(ConditionRequested(), Asked(Command.DIAGNOSIS, now_s + OWN_ANSWER_S))

    def _send_totals(self, _data: bytes, now_s: float) -> None:
        self._ask(TotalsRequested(), Asked(Command.TOTALS, now_s + OWN_ANSWER_S))

    def _end_day(self, _data: bytes, now_s: float) -> None:
        self._ask(TotalsRequested(close=True), Asked(Command.END_OF_DAY, now_s + OWN_ANSWER_S))

    def _take_note(self, _data: bytes, _now_s: float) -> None:
        """Nothing here depends on it."""
        self._complete(za.completion())

    def _ignore(self, _data: bytes, _now_s: float) -> None:
        self._turns.respond(za.good())

    def _keep_baud_rate(self, _data: bytes, _now_s: float) -> None:
        self._turns.respond(za.refusal(Result.BAUD_RATE_NOT_SUPPORTED))

    def _ask(self, request: RegisterQuestion, asked: Asked) -> None:
        self._asked = asked
        self._requests.append(request)

    def _complete(self, end: bytes) -> None:
        self._turns.respond(za.good())
        self._turns.queue(end, Purpose.END)

    def _takes_currency(self, currency: bytes | None) -> bool:
        return currency in (None, za.ISK) or self._any_currency

    def _kronur(self, payment: za.Authorisation) -> int:
        """Raises ZvtError with what the register is answered."""
        if not self._takes_currency(payment.currency):
            raise ZvtError("only kronur are taken", Result.WRONG_CURRENCY)
        try:
            return parse_register_amount(payment.digits, self._decimals)
        except AmountError as error:
            raise ZvtError(str(error)) from error

    @property
    def _prints_receipts(self) -> bool:
        return self._registration.has(Config.PRINTS_RECEIPTS | Config.WANTS_PRINT_LINES)

    # --- what the terminal decided ------------------------------------------------------------------------------------

    def send(self, reply: RegisterReply, now_s: float) -> None:
        """Say what the terminal has decided."""
        match reply:
            case SaleAccepted(register_id):
                self._accepted(register_id)
            case SaleResult():
                self._take_result(reply, now_s)
            case RequestRefused():
                if (asked := self._asked) is not None:
                    self._answer_asked(za.refusal(refusal_code(reply, asked.command, asked.amount_kr)))
            case TerminalBusy():
                self._answer_asked(za.refusal(Result.PLEASE_WAIT))
            case TerminalCondition():
                self._tell_condition(reply)
            case TotalsReport():
                if self._answer_asked(za.good()) is not None:
                    self._turns.queue(self._wording.totals(reply.totals), Purpose.INFORMATION)
                    self._turns.queue(za.completion(), Purpose.END)
            case TerminalReady():
                pass  # nothing here asks for it
        self._pump(now_s)

    def _answer_asked(self, apdu: bytes) -> Asked | None:
        """Respond to the command that waits for it, if one does."""
        asked, self._asked = self._asked, None
        if asked is not None:
            self._turns.respond(apdu)
        return asked

    def _accepted(self, register_id: str) -> None:
        if register_id in self._known_ids:
            return
        asked = self._asked
        if asked is not None and asked.payment is not None:
            self._asked = None
            self._payment = Payment(register_id, asked.payment)
            self._turns.respond(za.good(), Purpose.ACCEPTANCE)
        elif asked is not None:  # a stored sale that is still being settled
            self._answer_asked(za.refusal(Result.PLEASE_WAIT))
        else:  # too late: the register has been told to wait
            self._abandoned_id = register_id
            self._requests.append(CancelRequested(register_id))

    @property
    def _known_ids(self) -> tuple[str | None, ...]:
        return self._last_id, self._abandoned_id, self._payment.register_id if self._payment else None

    def _tell_condition(self, condition: TerminalCondition) -> None:
        asked = self._answer_asked(za.good())
        if asked is None:
            return
        if asked.command is not Command.STATUS_ENQUIRY:
            end = za.completion() if condition.service_reached else za.aborted(Result.NO_CONNECTION)
        else:
            ready = Result.GOOD if condition.can_sell else Result.OUT_OF_ORDER
            status = Result.PLEASE_WAIT if condition.busy else ready
            end = za.terminal_status(status, None if asked.service & WITHOUT_VERSION else VERSION)
        self._turns.queue(end, Purpose.END)

    # --- results ------------------------------------------------------------------------------------------------------

    def _take_result(self, result: SaleResult, now_s: float) -> None:
        asked, payment, register_id = self._asked, self._payment, result.register_id
        expires_s = now_s + (self.longest_report_s or 0.0)
        if payment is not None and payment.register_id == register_id:
            self._payment = None
            self._tell_payment(payment.request, result, expires_s)
        elif asked is not None and asked.command is Command.REPEAT_RECEIPT:
            self._tell_again(asked, result, expires_s)
        elif register_id == self._last_id:
            return
        elif result.outcome is Outcome.APPROVED:
            self._held = Held(register_id, expires_s)
        else:  # nothing was paid, and nobody waits to hear it
            self._requests.append(ResultRejected(register_id))

    def _tell_payment(self, request: za.Authorisation, result: SaleResult, expires_s: float) -> None:
        report = Report(
            result,
            expires_s,
            answer_s=min(request.answer_timeout_s or RESULT_ANSWER_S, LONGEST_RESULT_ANSWER_S),
            waits_left=REPETITIONS if request.repetitions is None else request.repetitions,
            currency=request.currency,
        )
        self._begin_report(report)
        code = result_code(result)
        if code is Result.GOOD:
            self._queue_receipt(report, copy=False)
        self._turns.queue(za.aborted(code) if code else za.completion(), Purpose.END)

    def _tell_again(self, asked: Asked, result: SaleResult, expires_s: float) -> None:
        """The latest result, because the register asks for it; with the service bits it chooses what of it."""
        self._answer_asked(za.good())
        if self._held is not None and self._held.register_id == result.register_id:
            expires_s = self._held.expires_s
        report = Report(result, expires_s, is_repeated=True)
        if asked.service & WITH_STATUS:
            self._begin_report(report)
        if result_code(result) is Result.GOOD and not asked.service & WITHOUT_PRINT:
            self._queue_receipt(report, copy=True)
        self._turns.queue(za.completion(), Purpose.END)

    def _begin_report(self, report: Report) -> None:
        self._report, self._last_id = report, report.result.register_id
        if self._held is not None and self._held.register_id == self._last_id:
            self._held = None
        status = self._wording.status(report.result, currency=report.currency)
        self._turns.queue(status, Purpose.RESULT, report.answer_s)

    def _queue_receipt(self, report: Report, *, copy: bool) -> None:
        """The lines that the register prints, if it does."""
        sale = report.result.sale
        if sale is None or not self._prints_receipts:
            return
        as_text_blocks = self._registration.takes_text_blocks
        for frame in receipt_frames(self._receipt_of(sale, copy), as_text_blocks=as_text_blocks):
            self._turns.queue(frame, Purpose.PRINT, report.answer_s)

    def _result_answered(self, report: Report, ended: Ended, now_s: float) -> None:
        """What the register makes of a result, or of a line of its receipt."""
        if report.is_decided:
            return
        register_id, answer = report.result.register_id, ended.answer
        if report.result.outcome is not Outcome.APPROVED:
            untold = answer in (Answer.SILENT, Answer.LOST)
            self._decide(report, ResultRejected(register_id) if untold else ResultDelivered(register_id))
        elif now_s >= report.expires_s:
            self._not_taken()
        elif answer is Answer.GOOD:
            if not self._turns.has_queued(Purpose.RESULT, Purpose.PRINT):
                self._decide(report, ResultDelivered(register_id))
        elif answer is Answer.WAIT and report.waits_left > 0:
            report.waits_left -= 1
            self._turns.repeat(ended.frame, now_s + WAIT_PAUSE_S)
        else:
            self._not_taken()

    def _is_expired(self, now_s: float) -> bool:
        report = self._report
        return report is not None and not report.is_decided and now_s >= report.expires_s

    def _not_taken(self) -> None:
        """For the register nothing was sold; tell it so, in case it was only its answer that got lost."""
        report = self._report
        assert report is not None
        self._turns.forget_queued()
        self._decide(report, ResultRejected(report.result.register_id))
        if report.is_repeated:
            self._turns.queue(za.completion(), Purpose.END)
            return
        self._turns.queue(self._wording.undone(report.result, currency=report.currency), Purpose.INFORMATION)
        self._turns.queue(za.aborted(Result.CANCELLED), Purpose.END)

    def _decide(self, report: Report, fate: ResultDelivered | ResultRejected) -> None:
        report.is_decided = True
        self._requests.append(fate)

    def _give_up_held(self) -> None:
        if self._held is not None:
            self._requests.append(ResultRejected(self._held.register_id))
            self._held = None


_HANDLERS: Mapping[int, Callable[[ZvtProtocol, bytes, float], None]] = {
    Command.REGISTRATION: ZvtProtocol._register,
    Command.LOG_OFF: ZvtProtocol._log_off,
    Command.AUTHORISATION: ZvtProtocol._pay,
    Command.REVERSAL: ZvtProtocol._reverse,
    Command.REFUND: ZvtProtocol._refund,
    Command.END_OF_DAY: ZvtProtocol._end_day,
    Command.TOTALS: ZvtProtocol._send_totals,
    Command.DIAGNOSIS: ZvtProtocol._diagnose,
    Command.STATUS_ENQUIRY: ZvtProtocol._enquire_status,
    Command.REPEAT_RECEIPT: ZvtProtocol._repeat_receipt,
    Command.INITIALISATION: ZvtProtocol._take_note,
    Command.SET_TIME: ZvtProtocol._take_note,
    Command.SELF_TEST: ZvtProtocol._take_note,
    Command.RESET: ZvtProtocol._take_note,
    Command.PRINT_CONFIGURATION: ZvtProtocol._take_note,
    Command.DISPLAY_TEXT: ZvtProtocol._ignore,
    Command.PRINT_LINE: ZvtProtocol._ignore,
    Command.PRINT_TEXT_BLOCK: ZvtProtocol._ignore,
    Command.CHANGE_BAUD_RATE: ZvtProtocol._keep_baud_rate,
}
