"""Tells a ZVT register how a refund ended. The money is back whatever the register answers, so nothing is taken back.

A register that does not take the result asks for it again (06 20). What nobody knows yet is told as an error, and the
refund goes on without its register.
"""

from __future__ import annotations

import msgspec

from terminal.counter.register_words import RefundResult, RegisterRequest, ResultDelivered, ResultRefusal
from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import Registration, ZvtResult
from terminal.register.zvt.result import Wording, receipt_frames, refund_code
from terminal.register.zvt.telling import (
    REPETITIONS,
    RESULT_ANSWER_S,
    WAIT_PAUSE_S,
    WITH_STATUS,
    WITHOUT_PRINT,
    ReceiptOf,
    answer_time_s,
)
from terminal.register.zvt.turns import Answer, Ended, Purpose, Turns


class Report(msgspec.Struct):
    """The result of a refund that is being told."""

    register_id: str
    end: bytes
    expires_s: float
    waits_left: int


class Refunding:
    """``requests`` collects what the terminal is to know."""

    def __init__(
        self, turns: Turns, wording: Wording, receipt_of: ReceiptOf, requests: list[RegisterRequest], longest_s: float
    ) -> None:
        self._turns = turns
        self._wording = wording
        self._receipt_of = receipt_of
        self._requests = requests
        self._longest_s = longest_s
        self._report: Report | None = None

    @property
    def is_telling(self) -> bool:
        return self._report is not None

    def tell(self, request: za.Authorisation, result: RefundResult, registration: Registration, now_s: float) -> None:
        """End the session of a refund with its result."""
        code, answer_s = refund_code(result), answer_time_s(request)
        end = zf.aborted(code) if code else zf.completion()
        waits_left = REPETITIONS if request.repetitions is None else request.repetitions
        self._report = Report(result.register_id, end, now_s + self._longest_s, waits_left)
        status = self._wording.refund_status(result, currency=request.currency)
        self._turns.queue(status, Purpose.REFUND, answer_s)
        self._queue_receipt(result, registration, answer_s, copy=False)
        self._turns.queue(end, Purpose.END)

    def tell_again(self, result: RefundResult, registration: Registration, service: int, now_s: float) -> None:
        """Because the register asks for it; with the service byte it chooses what of it."""
        end = zf.completion()
        self._report = Report(result.register_id, end, now_s + self._longest_s, REPETITIONS)
        if service & WITH_STATUS:
            status = self._wording.refund_status(result, currency=registration.currency)
            self._turns.queue(status, Purpose.REFUND, RESULT_ANSWER_S)
        if not service & WITHOUT_PRINT:
            self._queue_receipt(result, registration, RESULT_ANSWER_S, copy=True)
        self._turns.queue(end, Purpose.END)

    def take_unasked(self, result: RefundResult) -> None:
        """No session waits for it: it is over, and a register may ask."""
        self._requests.append(ResultRefusal(result.register_id))

    def _queue_receipt(self, result: RefundResult, registration: Registration, answer_s: float, *, copy: bool) -> None:
        """The lines that the register prints, if it does."""
        if refund_code(result) is not ZvtResult.GOOD or not registration.prints_receipts:
            return
        document = self._receipt_of(result.refund, copy)
        for frame in receipt_frames(document, as_text_blocks=registration.takes_text_blocks):
            self._turns.queue(frame, Purpose.REFUND, answer_s)

    def answered(self, ended: Ended, now_s: float) -> None:
        """What the register makes of a frame of it."""
        report, answer = self._report, ended.answer
        if report is None:
            return
        if answer is Answer.GOOD:
            if not self._turns.has_queued(Purpose.REFUND):
                self._end(taken=True)
        elif answer is Answer.WAIT and report.waits_left > 0 and now_s < report.expires_s:
            report.waits_left -= 1
            self._turns.repeat(ended.frame, now_s + WAIT_PAUSE_S)
        else:
            self._break_off(report)

    def stop_if_expired(self, now_s: float) -> None:
        """Nothing tells of it any more once the time is over: the register may be with the next customer."""
        if self._report is not None and now_s >= self._report.expires_s:
            self._break_off(self._report)

    def lose(self) -> None:
        """The session is gone in which it was told."""
        self._end(taken=False)

    def _break_off(self, report: Report) -> None:
        self._turns.forget_queued()
        self._turns.queue(report.end, Purpose.END)
        self._end(taken=False)

    def _end(self, *, taken: bool) -> None:
        if self._report is not None:
            register_id, self._report = self._report.register_id, None
            self._requests.append(ResultDelivered(register_id) if taken else ResultRefusal(register_id))
