r"""Concert, also called Caisse or Telium protocol E and E+: the terminal's end. The messages are in concert_format.py.

The theory
----------
Whoever wants to say something calls first, and each conversation carries one message:

    register   ENQ        STX..ETX LRC        EOT               then silence, for up to two minutes
    terminal        ACK                 ACK

    terminal   ENQ        STX..ETX LRC        EOT               once the result is known
    register        ACK                 ACK

ENQ followed by EOT is a presence test. NAK asks for a repetition. There are no ids: an answer belongs to the request
before it, so the one rule that keeps the money right is *the register hears only the answer to its latest request*:

* The same request again, while its sale is open, is the register trying again; it gets that sale's answer.
* Another request means that the register has given up the one before. That sale's result is not told any more, because
  it would be taken for the new one's; if it was paid, it counts as rejected (a refund is due).
* While an answer is being told, a call of the register is answered with NAK.
* An answer that is not acknowledged, after some tries, is rejected.

A request starts something only with its EOT, which shows that the register has our ACK. ``echo`` carries the request
through the journal, so that the answer has its length and fields also after a restart.

A register that wants its answer at once (``A011``) never learns how the sale ends. By default it is refused; if the
shop so decides, it is told that the request was received, and the cashier looks at the terminal.

``CMD=CANCEL`` is answered when the open sale has ended: 9 if nothing was paid, 7 if it was too late or nothing was open
(the Global Payments SDK calls them CANCEL_DONE and CANCEL_FAILED). The sale's own answer follows. Every other command,
and refunds, are refused, because nothing of what they ask for can be done here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Literal

from terminal.money import AmountDecimals, AmountError, parse_register_amount
from terminal.register import concert_format as cf
from terminal.register.protocol import (
    CancelRequested,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRejected,
    SaleAccepted,
    SaleRequested,
    SaleResult,
)
from terminal.sale import Outcome

ENQ, ACK, NAK, EOT = 0x05, 0x06, 0x15, 0x04

TRIES = 3
CALL_TIMEOUT_S = 1.0
"""For the register's ACK to our ENQ; also the pause before the next one."""
TELL_TIMEOUT_S = 3.0
"""For its ACK to the answer: 83 characters take that long at 300 baud."""
LISTEN_TIMEOUT_S = 2.0
"""For the next byte of a register that has called."""
PAUSE_S = 0.3
"""Between two conversations."""
PATIENCE_S = 20.0
"""For a register that speaks itself, or a cable that is off, before a result is told."""
MOST_WAITING = 8
MOST_UNSENT_BYTES = 256
"""Single characters for a register that reads nothing; no conversation needs more."""


class Phase(Enum):
    """Whose turn it is."""

    IDLE = auto()
    LISTENING = auto()
    """The register has called; its message comes."""
    HOLDING = auto()
    """Its message is in; its EOT comes."""
    CALLING = auto()
    """We have called."""
    TELLING = auto()
    """Our message is out."""


class ConcertProtocol:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`."""

    longest_sale_s: float | None = 110.0
    """Registers stop waiting after 120 s without a word."""
    longest_report_s: float | None = PATIENCE_S + TELL_TIMEOUT_S

    def __init__(
        self,
        amount_decimals: AmountDecimals,
        *,
        immediate_answer: Literal["refuse", "received"] = "refuse",
        cancelled_status: Literal[6, 7] = 7,
        accept_foreign_currency_code: bool = False,
    ) -> None:
        self._decimals = amount_decimals
        self._takes_immediate = immediate_answer == "received"
        self._cancelled = cf.CANCELLED if cancelled_status == 6 else cf.REFUSED
        self._any_currency = accept_foreign_currency_code
        self._receiver = cf.Receiver()
        self._last_byte_s = 0.0
        self._out = bytearray()
        self._phase = Phase.IDLE
        self._deadline_s = 0.0
        """When the phase ends by itself; in IDLE, when the next answer may begin."""
        self._line_is_down = False
        self._is_unsent = False
        """The answer has not left yet, so an ACK that comes in is not for it."""
        self._tries = 0
        self._held: cf.ConcertRequest | None = None
        self._asked: deque[cf.ConcertRequest] = deque(maxlen=MOST_WAITING)
        """Handed in; the terminal has not said yet whether it takes them."""
        self._cancelling: cf.ConcertRequest | None = None
        self._latest_echo: str | None = None
        """Which sale's answer the register waits for; None after a start: any."""
        self._answers: deque[cf.Answer] = deque()
        self._ended: list[RegisterRequest] = []
        """Results whose fate is known without a word to the register; for the next wake()."""

    # --- from the register --------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``."""
        if now_s - self._last_byte_s > LISTEN_TIMEOUT_S:
            self._receiver.reset()
        self._last_byte_s = now_s
        requests: list[RegisterRequest] = []
        for item in self._receiver.feed(data):
            if isinstance(item, int):
                requests += self._receive_control(item, now_s)
            elif self._phase in (Phase.LISTENING, Phase.HOLDING):
                self._receive_message(item)
        if data and self._phase in (Phase.LISTENING, Phase.HOLDING):
            self._deadline_s = now_s + LISTEN_TIMEOUT_S
        return requests

    def _receive_control(self, control: int, now_s: float) -> Sequence[RegisterRequest]:
        match control, self._phase:
            case 0x05, Phase.CALLING | Phase.TELLING:  # ENQ; its answer would be mixed up with ours
                self._say(NAK)
            case 0x05, _:
                self._phase, self._held = Phase.LISTENING, None
                self._say(ACK)
            case 0x04, Phase.LISTENING | Phase.HOLDING:  # EOT
                held, self._held = self._held, None
                self._pause(now_s)
                return self._begin(held, now_s) if held is not None else ()
            case 0x06, Phase.CALLING:  # ACK
                self._phase, self._tries = Phase.TELLING, 0
                return self._tell(now_s)
            case 0x06, Phase.TELLING if not self._is_unsent:
                self._say(EOT)
                return self._end_answer(now_s, taken=True)
            case 0x15, Phase.TELLING:  # NAK
                return self._tell(now_s)
        return ()

    def _receive_message(self, payload: bytes | None) -> None:
        """Acknowledge or not; nothing is started before the EOT."""
        try:
            self._held = cf.parse_request(payload) if payload is not None else None
        except cf.ConcertError:
            self._held = None
        self._phase = Phase.HOLDING if self._held is not None else Phase.LISTENING
        self._say(ACK if self._held is not None else NAK)

    def _begin(self, request: cf.ConcertRequest, now_s: float) -> Sequence[RegisterRequest]:
        if request.command:
            if request.command != "CANCEL":
                self._answer(cf.Answer(request, cf.REFUSED), now_s)
                return ()
            self._asked.append(request)
            return (CancelRequested(),)
        if any(answer.register_id and answer.request.echo == request.echo for answer in self._answers):
            return ()  # that answer is just about to be told
        forgotten = self._forget_results()
        self._latest_echo, self._cancelling = request.echo, None
        amount_kr = self._amount_of(request)
        if amount_kr is None:
            self._answer(cf.Answer(request, cf.REFUSED), now_s)
            return forgotten
        self._asked.append(request)
        return (*forgotten, SaleRequested(amount_kr, echo=request.echo))

    def _amount_of(self, request: cf.ConcertRequest) -> int | None:
        """What to charge; None if the request is to be refused."""
        if not request.is_plain_sale or (request.answers_at_once and not self._takes_immediate):
            return None
        if not self._any_currency and not request.has_currency(cf.ISK):
            return None
        try:
            return parse_register_amount(request.amount, self._decimals)
        except AmountError:
            return None

    def _forget_results(self) -> list[RegisterRequest]:
        """The register asks for something else: it has given up what it asked before."""
        given_up = [answer.register_id for answer in self._answers if answer.register_id]
        self._answers.clear()
        return [ResultRejected(register_id) for register_id in given_up]

    # --- from the terminal --------------------------------------------------------------------------------------------

    def send(self, reply: RegisterReply, now_s: float) -> None:
        """Queue a reply. While the line is down only answers are kept."""
        match reply:
            case SaleAccepted():
                self._accepted(now_s)
            case RequestRefused():
                if self._asked:
                    self._answer(cf.Answer(self._asked.popleft(), cf.REFUSED), now_s)
            case SaleResult():
                self._result(reply, now_s)
            case _:
                pass  # nothing in this protocol asks how the terminal is

    def _accepted(self, now_s: float) -> None:
        if not self._asked:
            return
        request = self._asked.popleft()
        if request.command:
            self._cancelling = request
        elif request.answers_at_once:
            self._answer(cf.Answer(request, cf.RECEIVED), now_s)

    def _result(self, result: SaleResult, now_s: float) -> None:
        if self._cancelling is not None:
            nothing_paid = result.outcome not in (Outcome.APPROVED, Outcome.UNKNOWN)
            self._answer(cf.Answer(self._cancelling, cf.RECEIVED if nothing_paid else cf.REFUSED), now_s)
            self._cancelling = None
        try:
            request = cf.parse_request(result.echo.encode("ascii", "replace"))
        except cf.ConcertError:
            self._ended.append(ResultDelivered(result.register_id))  # nobody on this line has asked for it
            return
        if request.answers_at_once:
            self._ended.append(ResultDelivered(result.register_id))
        elif self._latest_echo not in (None, result.echo):
            self._ended.append(ResultRejected(result.register_id))
        elif all(answer.register_id != result.register_id for answer in self._answers):
            status = self._status_of(result.outcome)
            self._answer(cf.Answer(request, status, result.register_id, now_s + PATIENCE_S), now_s)

    def _status_of(self, outcome: Outcome) -> str:
        match outcome:
            case Outcome.APPROVED:
                return cf.ACCEPTED
            case Outcome.CANCELLED:
                return self._cancelled
        return cf.REFUSED

    # --- telling an answer --------------------------------------------------------------------------------------------

    def _answer(self, answer: cf.Answer, now_s: float) -> None:
        if answer.register_id is None and len(self._answers) >= MOST_WAITING:
            return  # a register that asks so much does not listen
        self._answers.append(answer)
        self._call_if_free(now_s)

    def _call_if_free(self, now_s: float) -> None:
        if self._phase is Phase.IDLE and self._answers and now_s >= self._deadline_s and not self._line_is_down:
            self._phase, self._tries = Phase.CALLING, 0
            self._ended += self._call(now_s)

    def _call(self, now_s: float) -> Sequence[RegisterRequest]:
        if self._must_give_up(now_s):
            return self._end_answer(now_s, taken=False)
        self._tries += 1
        self._deadline_s = now_s + CALL_TIMEOUT_S
        self._say(ENQ)
        return ()

    def _tell(self, now_s: float) -> Sequence[RegisterRequest]:
        if self._must_give_up(now_s):
            return self._end_answer(now_s, taken=False)
        self._tries += 1
        self._deadline_s = now_s + TELL_TIMEOUT_S
        self._is_unsent = True
        self._out += self._answers[0].frame
        return ()

    def _must_give_up(self, now_s: float) -> bool:
        """Says so to the register, if it has heard of this answer at all."""
        given_up = self._tries >= TRIES or now_s > self._answers[0].expires_s
        if given_up and (self._tries or self._phase is Phase.TELLING):
            self._say(EOT)
        return given_up

    def _end_answer(self, now_s: float, *, taken: bool) -> Sequence[RegisterRequest]:
        register_id = self._answers.popleft().register_id
        self._pause(now_s)
        if register_id is None:
            return ()
        return (ResultDelivered(register_id) if taken else ResultRejected(register_id),)

    def _pause(self, now_s: float) -> None:
        self._phase = Phase.IDLE
        self._deadline_s = now_s + PAUSE_S

    # --- wire and time ------------------------------------------------------------------------------------------------

    def _say(self, control: int) -> None:
        if len(self._out) < MOST_UNSENT_BYTES:
            self._out.append(control)

    def data_to_send(self) -> bytes:
        self._line_is_down = False
        data = bytes(self._out)
        self._out.clear()
        return data

    def data_sent(self) -> Sequence[RegisterRequest]:
        """The register itself says what it has been told."""
        self._is_unsent = False
        return ()

    @property
    def next_wakeup_s(self) -> float | None:
        if self._ended:
            return 0.0
        if self._phase is Phase.IDLE and not self._answers:
            return None
        return self._deadline_s

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Try again, give up, or begin the next answer."""
        if now_s >= self._deadline_s:
            self._ended += self._time_is_up(now_s)
        ended, self._ended = self._ended, []
        return ended

    def _time_is_up(self, now_s: float) -> Sequence[RegisterRequest]:
        match self._phase:
            case Phase.IDLE:
                self._call_if_free(now_s)
            case Phase.LISTENING | Phase.HOLDING:  # without its EOT nothing has begun
                if self._receiver.in_frame:
                    self._say(NAK)
                self._receiver.reset()
                self._held = None
                self._pause(now_s)
            case Phase.CALLING:
                return self._call(now_s)
            case Phase.TELLING:
                return self._tell(now_s)
        return ()

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Answers stay, and are told from the beginning once the line is back."""
        self._line_is_down = True
        self._receiver.reset()
        self._out.clear()
        self._held = None
        self._phase, self._deadline_s = Phase.IDLE, 0.0
        return ()
