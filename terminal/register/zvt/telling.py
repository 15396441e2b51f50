"""Tells a ZVT register how a sale ended, and knows what has become of that; the rules stand in zvt.py.

A result is *told* frame by frame, *decided* by the register's answers, and, where no session waits for it, *held*.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hardware.interfaces import Document
from terminal.counter.register_words import RegisterRequest, ResultDelivered, ResultRefusal, SaleResult
from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import ZvtResult
from terminal.register.zvt.result import Wording, receipt_frames, result_code
from terminal.register.zvt.turns import Answer, Ended, Purpose, Turns
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale

RESULT_ANSWER_S = 30.0
"""For the answer to a result, unless the payment said otherwise (BMP 01)."""
LONGEST_RESULT_ANSWER_S = 60.0
WAIT_PAUSE_S = 2.0
REPETITIONS = 10
"""Of a result whose register asks to wait, unless the payment said otherwise (BMP 02)."""

WITH_STATUS, WITHOUT_PRINT = 0x01, 0x02
"""Bits of the service byte in 06 20."""

ReceiptOf = Callable[[Sale | Refund, bool], Document]
"""The customer's receipt of a sale or a refund; True for a copy of one that was printed before."""


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


def answer_time_s(request: za.Authorisation) -> float:
    """How long the register may take to answer each frame of its result."""
    return min(request.answer_timeout_s or RESULT_ANSWER_S, LONGEST_RESULT_ANSWER_S)


class Telling:
    """``requests`` collects what the terminal is to know; whoever owns both takes it from there."""

    def __init__(
        self, turns: Turns, wording: Wording, receipt_of: ReceiptOf, requests: list[RegisterRequest], longest_s: float
    ) -> None:
        self.registration = za.Registration()
        self._turns = turns
        self._wording = wording
        self._receipt_of = receipt_of
        self._requests = requests
        self._longest_s = longest_s
        self._report: Report | None = None
        self._held: Held | None = None
        self.last_id: str | None = None
        """The sale that was told last: later echoes of its result mean nothing."""

    @property
    def is_telling(self) -> bool:
        return self._report is not None

    @property
    def held_until_s(self) -> float | None:
        """When the register has had its time to ask."""
        return self._held.expires_s if self._held is not None else None

    def tell_payment(self, request: za.Authorisation, result: SaleResult, now_s: float) -> None:
        """End the session of a payment with its result."""
        report = Report(
            result,
            now_s + self._longest_s,
            answer_s=answer_time_s(request),
            waits_left=REPETITIONS if request.repetitions is None else request.repetitions,
            currency=request.currency,
        )
        self._begin(report)
        code = result_code(result)
        if code is ZvtResult.GOOD:
            self._queue_receipt(report, copy=False)
        self._turns.queue(zf.aborted(code) if code else zf.completion(), Purpose.END)

    def tell_again(self, result: SaleResult, service: int, now_s: float) -> None:
        """The latest result, because the register asks for it; with the service byte it chooses what of it.

        A result that it has not acknowledged is told first, whether or not it wants that: else its paper would say
        "paid" of a payment that it can still lose.
        """
        is_held = self._held is not None and self._held.register_id == result.register_id
        expires_s = self._held.expires_s if is_held and self._held is not None else now_s + self._longest_s
        report = Report(result, expires_s, is_repeated=True, currency=self.registration.currency)
        is_open = is_held or (result.sale is not None and not result.sale.acknowledged)
        if is_open or service & WITH_STATUS:
            self._begin(report)
        if result_code(result) is ZvtResult.GOOD and not service & WITHOUT_PRINT:
            self._queue_receipt(report, copy=True)
        self._turns.queue(zf.completion(), Purpose.END)

    def take_unasked(self, result: SaleResult, now_s: float) -> None:
        """A result that no session waits for: a payment is held, anything else needs nobody to hear it."""
        if result.register_id == self.last_id:
            if self._report is not None and result.outcome is not Outcome.APPROVED:
                self._report.expires_s = min(self._report.expires_s, now_s)  # the record contradicts what is told
            return
        if result.outcome is Outcome.APPROVED:
            self._held = Held(result.register_id, now_s + self._longest_s)
        else:
            self._requests.append(ResultRefusal(result.register_id))

    def hold(self) -> None:
        """The session is gone in which the result was to be told."""
        report, self._report = self._report, None
        if report is None or report.is_decided:
            return
        if report.result.outcome is Outcome.APPROVED:
            self._held = Held(report.result.register_id, report.expires_s)
        else:
            self._decide(report, taken=False)

    def give_up_held(self) -> None:
        """The register has turned to something else, or has had its time."""
        if self._held is not None:
            self._requests.append(ResultRefusal(self._held.register_id))
            self._held = None

    def end(self) -> None:
        """The session is over."""
        self._report = None

    def _begin(self, report: Report) -> None:
        self._report, self.last_id = report, report.result.register_id
        if self._held is not None and self._held.register_id == self.last_id:
            self._held = None
        status = self._wording.status(report.result, currency=report.currency)
        self._turns.queue(status, Purpose.RESULT, report.answer_s)

    def _queue_receipt(self, report: Report, *, copy: bool) -> None:
        """The lines that the register prints, if it does."""
        sale = report.result.sale
        if sale is None or not self.registration.prints_receipts:
            return
        as_text_blocks = self.registration.takes_text_blocks
        for frame in receipt_frames(self._receipt_of(sale, copy), as_text_blocks=as_text_blocks):
            self._turns.queue(frame, Purpose.PRINT, report.answer_s)

    def answered(self, ended: Ended, now_s: float) -> None:
        """What the register makes of a result, or of a line of its receipt."""
        report, answer = self._report, ended.answer
        if report is None or report.is_decided:
            return
        if report.result.outcome is not Outcome.APPROVED:
            self._decide(report, taken=answer not in (Answer.SILENT, Answer.LOST))
        elif now_s >= report.expires_s:
            self._not_taken(report)
        elif answer is Answer.GOOD:
            if not self._turns.has_queued(Purpose.RESULT, Purpose.PRINT):
                self._decide(report, taken=True)
        elif answer is Answer.WAIT and report.waits_left > 0:
            report.waits_left -= 1
            self._turns.repeat(ended.frame, now_s + WAIT_PAUSE_S)
        else:
            self._not_taken(report, said_so=answer is Answer.REFUSED)

    def stop_if_expired(self, now_s: float) -> None:
        """Nothing tells "paid" any more once the time is over."""
        report, following = self._report, self._turns.next_frame
        if report is None or report.is_decided or now_s < report.expires_s:
            return
        if following is not None and following.purpose.must_be_taken:
            self._not_taken(report)

    def _not_taken(self, report: Report, *, said_so: bool = False) -> None:
        """For the register nothing was sold; tell it so, in case it was only its answer that got lost."""
        self._turns.forget_queued()
        self._decide(report, taken=False, said_so=said_so)
        if report.is_repeated:
            self._turns.queue(zf.completion(), Purpose.END)
            return
        self._turns.queue(self._wording.undone(report.result, currency=report.currency), Purpose.INFORMATION)
        self._turns.queue(zf.aborted(ZvtResult.CANCELLED), Purpose.END)

    def _decide(self, report: Report, *, taken: bool, said_so: bool = False) -> None:
        report.is_decided = True
        register_id = report.result.register_id
        self._requests.append(ResultDelivered(register_id) if taken else ResultRefusal(register_id, said_so))
