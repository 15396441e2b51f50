"""Concert, also called Caisse or Telium protocol E and E+: the terminal's end of it.

The messages are in format.py, the conversations in transport.py.

The theory
----------
Each conversation carries one message: the register's request, and up to two minutes later, once the result is known,
the terminal's answer. There are no ids: an answer belongs to the request before it. So one rule keeps the money right:
*the register gets only the answer to its latest request*.

* The same request again, while its sale is open, is a retry of the register. It gets that sale's answer. But only as
  long as the terminal itself would wait for the customer, and not after another command: later it may be the request
  of the next customer, who pays the same amount. Then the open sale is given up, as below.
* Another request means that the register has given up the one before. That sale is cancelled. Its result is not sent
  any more, because the register would take it for the new one's. If it was paid, it counts as rejected: a refund is
  due.
* After a start the terminal does not know what the register waits for. The register would acknowledge any result, also
  one that it cannot use. So the terminal holds a result until the register speaks. The same request gets the result,
  if it comes in time. Any other command or request gives it up, and so does a register that remains silent.
* A sale that another request gives up is given up when we acknowledge that request: its EOT may get lost on the way.
* A call of the register goes before an answer of ours, unless the register is listening to that answer already.
* An answer that is not acknowledged after some tries counts as rejected.

A request starts something only with its EOT, which shows that the register has our ACK. ``echo`` carries the request
through the journal, so that the answer has its length and fields also after a restart.

A register that wants its answer at once (``A011``) never learns how the sale ends. By default its request is refused.
If the shop allows it, the answer says that the request was received, and the cashier looks at the terminal.

``CMD=CANCEL`` is answered when the open sale has ended: 9 if nothing was paid, 7 if it was too late or nothing was open
(the Global Payments SDK calls them CANCEL_DONE and CANCEL_FAILED). The sale's own answer follows. The terminal refuses
every other command, and refunds, because it can do none of them here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from terminal.counter.register_words import (
    CancelRequest,
    RegisterQuestion,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    SaleResult,
)
from terminal.register.concert import format as cf
from terminal.register.concert.rules import Rules
from terminal.register.concert.transport import TELL_TIMEOUT_S, AnswerEnded, ConcertLink, LinkEvent, MessageTaken
from terminal.register.concert.wish import SAME_WISH_S, Wish
from terminal.sale.money import AmountDecimals
from terminal.sale.sale import Outcome

PATIENCE_S = 20.0
"""For a register that speaks itself, or a cable that is off, before a result is told."""
REPLY_TIMEOUT_S = 10.0
"""For the terminal's own word to a request; a slow disk takes a second."""
MOST_ASKED = 8


class AskedQuestion(NamedTuple):
    """A question to the terminal."""

    question: RegisterQuestion
    """As it was handed in: the answer comes with this very object."""
    request: cf.ConcertRequest
    deadline_s: float
    """The register waits no longer for the terminal's word."""


class Questions:
    """The terminal has not said yet whether it takes them."""

    def __init__(self) -> None:
        self._asked: deque[AskedQuestion] = deque(maxlen=MOST_ASKED)

    def ask(self, question: RegisterQuestion, request: cf.ConcertRequest, now_s: float) -> RegisterQuestion:
        self._asked.append(AskedQuestion(question, request, now_s + REPLY_TIMEOUT_S))
        return question

    def take(self, question: RegisterQuestion | None) -> AskedQuestion | None:
        found = next((asked for asked in self._asked if asked.question is question), None)
        if found is not None:
            self._asked.remove(found)
        return found


class ConcertProtocol:
    """Implements :class:`terminal.register.protocol.RegisterProtocol`."""

    longest_sale_s: float | None = SAME_WISH_S
    """Registers stop waiting after 120 s without a word; calling off what is on its way takes its time too."""
    longest_report_s: float | None = SAME_WISH_S + PATIENCE_S + TELL_TIMEOUT_S

    def __init__(
        self,
        amount_decimals: AmountDecimals,
        *,
        immediate_answer: Literal["refuse", "received"] = "refuse",
        cancelled_status: Literal[6, 7] = 7,
        accept_foreign_currency_code: bool = False,
    ) -> None:
        self._rules = Rules(
            amount_decimals,
            takes_immediate=immediate_answer == "received",
            cancelled=cf.CANCELLED if cancelled_status == 6 else cf.REFUSED,
            any_currency=accept_foreign_currency_code,
        )
        self._link = ConcertLink()
        self._questions = Questions()
        self._open: tuple[str, str] | None = None
        """Register id and echo of the sale that runs and whose register waits."""
        self._cancelling: cf.ConcertRequest | None = None
        self._wish = Wish()
        self._held: cf.Answer | None = None
        """For a register that asks for it again."""
        self._requests: list[RegisterRequest] = []
        """What is known without a word from the register; for the next wake()."""

    # --- from the register --------------------------------------------------------------------------------------------

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The requests in ``data``, and the results that the register has taken."""
        return self._handle(self._link.receive(data, now_s), now_s)

    def _handle(self, events: Iterable[LinkEvent], now_s: float) -> list[RegisterRequest]:
        requests: list[RegisterRequest] = []
        for event in events:
            match event:
                case MessageTaken(request):
                    requests += self._forget_others(request, now_s)
                case cf.ConcertRequest():
                    requests += self._begin(event, now_s)
                case AnswerEnded(answer, taken) if answer.register_id is not None:
                    requests.append((ResultDelivered if taken else ResultRefusal)(answer.register_id))
        return requests

    def _begin(self, request: cf.ConcertRequest, now_s: float) -> Sequence[RegisterRequest]:
        if request.command:
            if request.command != "CANCEL":
                self._link.tell(cf.Answer(request, cf.REFUSED))
                return ()
            return (self._questions.ask(CancelRequest(), request, now_s),)
        if self._is_about_to_be_told(request, now_s):
            self._tell_held(now_s)
            return ()
        is_anew, self._wish.is_anew = self._wish.is_anew, False
        amount_kr = self._rules.amount_of(request)
        if amount_kr is None:
            self._link.tell(cf.Answer(request, cf.REFUSED))
            return ()
        question = SaleRequest(amount_kr, echo=request.echo, repeats_within_s=0.0 if is_anew else SAME_WISH_S)
        return (self._questions.ask(question, request, now_s),)

    def _is_about_to_be_told(self, request: cf.ConcertRequest, now_s: float) -> bool:
        return any(
            answer.request.echo == request.echo and now_s - answer.begun_s < SAME_WISH_S for answer in self._results
        )

    @property
    def _results(self) -> list[cf.Answer]:
        """Of sales, on their way to the register or held for it."""
        answers = [*self._link.answers, *([self._held] if self._held is not None else [])]
        return [answer for answer in answers if answer.register_id is not None]

    def _forget_others(self, request: cf.ConcertRequest, now_s: float) -> list[RegisterRequest]:
        """The register has given up what it asked before. So it thinks from our ACK on, even if its EOT gets lost."""
        if request.command:
            self._wish.has_turned = True
            if request.command == "CANCEL" or self._wish.echo is not None:
                return []
        elif not self._wish.has_turned and self._is_about_to_be_told(request, now_s):
            self._wish.echo, self._wish.asked_s = request.echo, now_s
            return []
        has_turned, self._wish.has_turned = self._wish.has_turned and not request.command, False
        is_same = request.echo == self._wish.echo
        self._wish.echo, self._wish.asked_s, self._cancelling = request.echo, now_s, None
        self._wish.is_anew = self._wish.is_anew if is_same and not has_turned else has_turned
        given_up, self._held = [answer.register_id or "" for answer in self._results], None
        self._link.answers.clear()
        return [
            *(ResultRefusal(register_id) for register_id in given_up),
            *self._cancel_given_up(even_the_same=has_turned),
        ]

    def _tell_held(self, now_s: float) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._link.tell(msgspec.structs.replace(held, expires_s=now_s + PATIENCE_S))

    def _cancel_given_up(self, *, even_the_same: bool = False) -> list[RegisterRequest]:
        """Nobody is to pay for what its register does not wait for."""
        if self._open is None or (self._open[1] == self._wish.echo and not even_the_same):
            return []
        (register_id, _), self._open = self._open, None
        self._wish.given_up.append(register_id)
        return [CancelRequest(register_id)]

    # --- from the terminal --------------------------------------------------------------------------------------------

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Queue what the register is to be told."""
        asked = self._questions.take(to)
        is_awaited = asked is not None and now_s <= asked.deadline_s
        match reply:
            case SaleAccepted(register_id) if asked is not None and register_id in self._wish.given_up:
                if is_awaited:
                    self._link.tell(cf.Answer(asked.request, cf.REFUSED))
            case SaleAccepted(register_id) if asked is not None:
                if not asked.request.command and not asked.request.answers_at_once:
                    self._open = (register_id, asked.request.echo)
                    self._requests += self._cancel_given_up()
                if is_awaited:
                    self._accepted(asked.request)
            case RequestRefused() if asked is not None and is_awaited:
                self._link.tell(cf.Answer(asked.request, cf.REFUSED))
            case SaleResult() if asked is not None:  # a cancel that comes too late: the result is on its way
                if is_awaited:
                    self._link.tell(cf.Answer(asked.request, cf.REFUSED))
            case SaleResult():
                self._result(reply, now_s)
            case _:
                pass  # nothing in this protocol asks how the terminal is

    def _accepted(self, request: cf.ConcertRequest) -> None:
        if request.command and self._results:
            self._link.tell(cf.Answer(request, cf.REFUSED))  # too late: the result is on its way
        elif request.command:
            self._cancelling = request
        elif request.answers_at_once:
            self._link.tell(cf.Answer(request, cf.RECEIVED))

    def _result(self, result: SaleResult, now_s: float) -> None:
        if self._open is not None and self._open[0] == result.register_id:
            self._open = None
        if self._cancelling is not None:
            nothing_paid = result.outcome not in (Outcome.APPROVED, Outcome.UNKNOWN)
            self._link.tell(cf.Answer(self._cancelling, cf.RECEIVED if nothing_paid else cf.REFUSED))
            self._cancelling = None
        try:
            request = cf.parse_request(result.echo.encode("ascii", "replace"))
        except cf.ConcertError:  # nobody on this line has asked for it
            is_final = result.sale is None or not result.sale.terms.final_when_taken
            self._requests.append((ResultDelivered if is_final else ResultRefusal)(result.register_id))
            return
        begun_s = now_s - result.age_s
        self._held = None if self._held and self._held.register_id == result.register_id else self._held
        if request.answers_at_once:
            self._requests.append(ResultDelivered(result.register_id))
        elif self._wish.is_given_up(result, begun_s, now_s):
            self._requests.append(ResultRefusal(result.register_id))
        elif not self._link.say_instead(status := self._rules.status_of(result.outcome), result.register_id):
            answer = cf.Answer(request, status, result.register_id, begun_s=begun_s)
            if self._wish.echo is None:
                self._held = msgspec.structs.replace(answer, expires_s=begun_s + SAME_WISH_S)
            else:
                self._link.tell(msgspec.structs.replace(answer, expires_s=now_s + PATIENCE_S))

    # --- wire and time ------------------------------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        return self._link.data_to_send()

    def data_sent(self) -> Sequence[RegisterRequest]:
        """The register itself says what it has been told."""
        self._link.data_sent()
        return ()

    @property
    def next_wakeup_s(self) -> float | None:
        if self._requests:
            return 0.0
        times = (self._link.next_wakeup_s, self._held.expires_s if self._held is not None else None)
        return min((time_s for time_s in times if time_s is not None), default=None)

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Say what is due, and give up what nobody takes."""
        requests, self._requests = self._requests, []
        if self._held is not None and now_s >= self._held.expires_s:
            requests.append(ResultRefusal(self._held.register_id or ""))
            self._held = None
        return [*requests, *self._handle(self._link.wake(now_s), now_s)]

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Answers stay until they expire."""
        self._link.connection_lost()
        return ()
