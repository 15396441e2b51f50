"""The payment or refund of a ZVT session: how long its register waits, what calls it off, how its result is told, and
what is left when the session goes."""

from __future__ import annotations

import msgspec

from terminal.counter.register_words import (
    CancelRequest,
    Progress,
    RefundResult,
    RegisterRequest,
    SaleResult,
    Step,
    TerminalCondition,
)
from terminal.register.zvt import format as za
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import Apdu, Command, Config, ZvtError
from terminal.register.zvt.refunding import Refunding
from terminal.register.zvt.telling import Telling
from terminal.register.zvt.turns import Answer, Purpose, Turns

PROGRESS_INTERVAL_S = 15.0
T4_S = 180.0
"""So long a register waits for the end of its session, since we last said something in it."""
BEGUN, PLEASE_WAIT = 0x0E, 0x17
STATUS_OF = {Step.CUSTOMER: 0x01, Step.SERVICE: 0x04}
"""Intermediate status: watch the PIN pad; the host has not answered yet."""


class Payment(msgspec.Struct):
    """The sale or refund of this session, until its outcome is known."""

    register_id: str
    request: za.Authorisation
    waits_until_s: float
    """Then the register has given it up, and what it sends next is another customer's, even if it looks the same."""
    next_progress_s: float = 0.0
    step: Step | None = None
    """What it waits for, as far as that was told."""
    is_cancelled: bool = False
    is_refund: bool = False
    """Nothing calls it off."""


class Session:
    """From the terminal's "accepted" until the outcome is known, or nobody is there any more who could hear it."""

    def __init__(self, turns: Turns, telling: Telling, refunding: Refunding, requests: list[RegisterRequest]) -> None:
        """``requests``: where its own go."""
        self._turns = turns
        self._telling = telling
        self._refunding = refunding
        self._requests = requests
        self.payment: Payment | None = None
        self.left_behind: str | None = None
        """The sale that goes on without its connection."""

    @property
    def is_telling(self) -> bool:
        return self._telling.is_telling or self._refunding.is_telling

    @property
    def is_running(self) -> bool:
        """Its register is being told something, or will be."""
        return self.payment is not None or self.is_telling

    @property
    def tells_progress(self) -> bool:
        return self._telling.registration.has(Config.WANTS_INTERMEDIATE_STATUS)

    def queue_progress(self, now_s: float) -> None:
        payment = self.payment
        if payment is not None and self.tells_progress and self._turns.is_over and now_s >= payment.next_progress_s:
            status = PLEASE_WAIT if payment.next_progress_s else BEGUN
            if payment.step is not None:
                status = STATUS_OF[payment.step]
            payment.next_progress_s = now_s + PROGRESS_INTERVAL_S
            self._turns.queue(zf.intermediate_status(status), Purpose.PROGRESS)

    def hear(self, told: Progress | TerminalCondition, now_s: float) -> None:
        """The payment of this session waits for something else now: the register is told as soon as it is our turn."""
        payment = self.payment
        if payment is None or not isinstance(told, Progress) or told.record.register_id != payment.register_id:
            return
        if told.step in STATUS_OF and told.step is not payment.step:
            payment.step = told.step
            payment.next_progress_s = min(payment.next_progress_s, now_s)

    def progress_ended(self, answer: Answer, now_s: float) -> None:
        """The register has answered "please wait", or does not hear us any more."""
        if answer is Answer.LOST:
            self.cancel_payment()
        elif self.payment is not None:
            self.payment.waits_until_s = now_s + T4_S

    @property
    def wakeups_s(self) -> list[float]:
        """When something is due."""
        if self.payment is None:
            return []
        progress_s = [self.payment.next_progress_s] if self.tells_progress and self._turns.is_over else []
        return [self.payment.waits_until_s, *progress_s]

    def is_begun_anew_by(self, apdu: Apdu) -> bool:
        """A register that registers, or wants another amount, knows nothing (any more) of the payment that runs.

        The same amount again is taken for a repetition.
        """
        if apdu.control == Command.REGISTRATION:
            return self.is_running
        if apdu.control != Command.AUTHORISATION or self.payment is None:
            return False
        try:
            asked = za.parse_authorisation(apdu.data)
            return self.payment.is_refund or asked.digits != self.payment.request.digits
        except ZvtError:
            return False

    def end_tail(self) -> None:
        """A register that commands again has seen the end of what was before, even if its answer got lost."""
        last = self._turns.current
        if last is not None and last.purpose is Purpose.END:
            self._turns.forget_all()
            self._telling.end()

    def abort(self, *, is_asking: bool) -> None:
        """``is_asking``: a payment waits for the terminal's word."""
        self._turns.respond(zf.good())
        if self.payment is not None:
            self.cancel_payment()
        elif self.left_behind is not None:
            self._requests.append(CancelRequest(self.left_behind))
        elif is_asking:
            self._requests.append(CancelRequest())

    def cancel_payment(self) -> None:
        payment = self.payment
        if payment is not None and not payment.is_refund and not payment.is_cancelled:
            payment.is_cancelled = True
            self._requests.append(CancelRequest(payment.register_id))

    def has_given_up(self, now_s: float) -> bool:
        """The register waits no longer for the payment's end."""
        return self.payment is not None and now_s >= self.payment.waits_until_s

    def lose(self) -> None:
        """Nothing of ours can be told in this session any more; a result is held for a register that asks."""
        self.cancel_payment()
        self.payment = None
        self._turns.forget_all()
        self._telling.hold()
        self._refunding.lose()

    def put_off(self, apdu: Apdu) -> None:
        """A command in the middle of something else."""
        is_payment = apdu.control == Command.AUTHORISATION and self.is_running
        purpose = Purpose.REFUSED_PAYMENT if is_payment else Purpose.RESPONSE
        self._turns.respond(zf.refusal(za.ZvtResult.PLEASE_WAIT), purpose)

    def line_lost(self) -> None:
        """What is still to be said waits for the line, as far as its register then knows what it is about."""
        if self._turns.has_unsaid(Purpose.REFUSED_PAYMENT):
            self.lose()
        self._turns.connection_lost()
        if not self.is_running:
            self._turns.forget_all()

    def leave(self) -> None:
        """The connection is gone, and with it the session. Whoever connects next asks how the sale ended; only one that
        its register does not know to be accepted is called off."""
        payment = self.payment
        if payment is None or payment.is_refund or self._turns.has_unsaid(Purpose.ACCEPTANCE):
            self.lose()
            self._turns.connection_lost()
            return
        self.left_behind, self.payment = payment.register_id, None
        self._turns.forget_all()
        self._turns.connection_lost()

    # --- how it ended -------------------------------------------------------------------------------------------------

    def has_ended(self, register_id: str) -> None:
        """There is a result of this: nobody need call it off."""
        if self.left_behind == register_id:
            self.left_behind = None

    def tell_again(self, result: SaleResult | RefundResult, service: int, now_s: float) -> None:
        """The register asks for it."""
        if isinstance(result, RefundResult):
            self._refunding.tell_again(result, self._telling.registration, service, now_s)
        else:
            self._telling.tell_again(result, service, now_s)

    def tell(self, result: SaleResult | RefundResult, now_s: float) -> None:
        """In the session that waits for it, if there is one."""
        payment = self.payment
        if payment is None or payment.register_id != result.register_id:
            if isinstance(result, RefundResult):
                self._refunding.take_unasked(result)
            else:
                self._telling.take_unasked(result, now_s)
            return
        self.payment = None
        if isinstance(result, RefundResult):
            self._refunding.tell(payment.request, result, self._telling.registration, now_s)
        else:
            self._telling.tell_payment(payment.request, result, now_s)
