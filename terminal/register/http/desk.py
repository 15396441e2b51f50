"""What each call asks of the counter, and what its answers say; the rules stand in codec.py. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from terminal.counter import register_words as reg
from terminal.register.http import answers
from terminal.register.http.ended_days import EndedDays
from terminal.register.http.forms import LONGEST_WAIT_S, PaymentForm, RefundForm
from terminal.register.http.frames import Call
from terminal.register.http.last_word import LastWord
from terminal.register.http.operations import Found, Operation, find_operation, unknown_query
from terminal.register.http.outbox import Body, Outbox, Record, may_change
from terminal.register.http.problems import Code, problem, problem_of
from terminal.register.http.requests import Unreadable, read_form, read_key, read_wait_s
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale, State

ANSWER_S = 10.0
"""A question that the terminal has not answered by then is not answered any more."""
MOST_CALLS = 64

Then = Callable[[reg.RegisterReply], None]


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What answers say of the terminal itself."""

    terminal_id: str = ""
    version: str = ""
    certificate: Callable[[], str] = lambda: ""
    """The SHA-256 of the server's own; empty without one."""
    receipt_of: answers.ReceiptOf = lambda _record, _kind: ()
    service_phone: str = ""
    """Whom staff call."""

    def body(self, record: Record) -> Body:
        if isinstance(record, Refund):
            return answers.refund_of(record, self.receipt_of, self.service_phone)
        return answers.payment_of(record, self.receipt_of, self.service_phone)

    def status(self, condition: reg.TerminalCondition) -> msgspec.Struct:
        return answers.status_of(condition, self.terminal_id, self.version, self.certificate())


class _Asked(msgspec.Struct, eq=False):
    """A call whose question the counter has."""

    call: Call
    question: reg.RegisterQuestion
    due_s: float
    then: Then


class Desk:
    """``requests`` collects what the counter is asked; whoever owns both takes it from there."""

    def __init__(self, wording: Wording, outbox: Outbox, requests: list[reg.RegisterRequest]) -> None:
        self._wording = wording
        self._outbox = outbox
        self._requests = requests
        self._asked: list[_Asked] = []
        self._ended_days = EndedDays(requests)
        self._last_word = LastWord(wording.status)
        self.now_s = 0.0

    @property
    def next_due_s(self) -> float | None:
        return min((one.due_s for one in self._asked), default=None)

    def give_up_overdue(self) -> None:
        for asked in [one for one in self._asked if self.now_s >= one.due_s]:
            self._asked.remove(asked)
            self._outbox.refuse(asked.call, problem(Code.UNAVAILABLE, "the terminal has not answered: ask again"))

    def give_up(self, number: int) -> None:
        """That caller has hung up."""
        self._asked = [one for one in self._asked if one.call.number != number]

    def forget(self) -> None:
        """Every call is gone."""
        self._asked.clear()
        self._last_word.forget()

    def replied(self, reply: reg.RegisterReply, to: reg.RegisterQuestion) -> None:
        """To the call that has asked just this, if it still waits."""
        asked = next((one for one in self._asked if one.question is to), None)
        if asked is not None:
            self._asked.remove(asked)
            asked.then(reply)

    def hear(self, condition: reg.TerminalCondition) -> None:
        """How the terminal is; if that is news, an event says so."""
        if self._last_word.hear(condition, self.now_s):
            self._outbox.say("status", self._last_word.status)

    def take(self, call: Call) -> None:
        found = find_operation(call.method, call.path)
        if isinstance(found, Code):
            self._outbox.refuse(call, problem(found))
        elif len(self._asked) + self._outbox.waiting >= MOST_CALLS:
            self._outbox.refuse(call, problem(Code.TOO_MANY, "too many calls wait for an answer"))
        else:
            try:
                self._begin(call, found)
            except Unreadable as error:
                self._outbox.refuse(call, problem(error.code, str(error)))

    def _begin(self, call: Call, found: Found) -> None:
        """Raises Unreadable."""
        operation, record_id = found
        if (name := unknown_query(operation, call.query)) is not None:
            raise Unreadable(Code.SYNTAX, f"{name!r} means nothing here")
        if operation.name != "end_day":
            self._ended_days.goes_on(call.program, to_all="begin" in operation.name)
        kind = Refund if "refund" in operation.name else Sale
        match operation.name:
            case "begin_payment" | "begin_refund":
                self._begin_record(call, operation, record_id)
            case "find_payment" | "find_refund":
                key = read_key(call.query.get("key"), "the query needs key=, the Idempotency-Key that was sent")
                self._ask(call, reg.RecordRequest(register_id=key), lambda reply: self._by_key(call, kind, reply))
            case "payment" | "refund":
                wait_s = read_wait_s(call.query.get("wait"), LONGEST_WAIT_S)
                asked = reg.RecordRequest(reference=record_id)
                self._ask(call, asked, lambda reply: self._found(call, reply, kind=kind, wait_s=wait_s))
            case "call_off_payment":
                self._ask(call, reg.RecordRequest(reference=record_id), lambda reply: self._to_call_off(call, reply))
            case "status" if self._last_word.is_good(self.now_s):
                self._outbox.answer(call, self._last_word.status)
            case "status":
                self._ask(call, reg.ConditionRequest(), lambda reply: self._told(call, reply))
            case "totals" | "end_day":
                if operation.form is not None:
                    read_form(call.body, operation.form, operation)
                totals = reg.TotalsRequest(close=operation.name == "end_day", asked_by=call.program)
                if totals.close:
                    self._ended_days.asked()
                self._ask(call, totals, lambda reply: self._told(call, reply))
            case _:
                self._outbox.refuse(call, problem(Code.NOT_FOUND))

    def _begin_record(self, call: Call, operation: Operation, payment_id: str) -> None:
        """A payment, or a refund of that one. Raises Unreadable."""
        wanted: reg.RegisterQuestion
        if operation.name == "begin_payment":
            form, key = read_form(call.body, PaymentForm, operation), read_key(call.key)
            wanted = reg.SaleRequest(form.amount, key, echo=call.program, names_one_try=True)
        else:
            back, key = read_form(call.body, RefundForm, operation), read_key(call.key)
            wanted = reg.ReversalRequest(
                reference=payment_id, register_id=key, amount_kr=back.amount, echo=call.program, names_one_try=True
            )
        if self._outbox.untold not in (None, key):  # who begins something else does not wait for who has forgotten it
            self._requests.append(reg.ResultDelivered(self._outbox.untold or ""))
            self._outbox.untold = None
        self._ask(call, wanted, lambda reply: self._begun(call, key, reply))

    def _ask(self, call: Call, question: reg.RegisterQuestion, then: Then) -> None:
        self._asked.append(_Asked(call, question, self.now_s + ANSWER_S, then))
        self._requests.append(question)

    # --- what the counter says ----------------------------------------------------------------------------------------

    def _begun(self, call: Call, key: str, reply: reg.RegisterReply) -> None:
        """It has begun, or had before."""
        match reply:
            case reg.SaleResult(sale=Sale() as record) | reg.RefundResult(refund=record):
                self._outbox.answer_record(call, record, self._wording.body(record), 201)
            case reg.SaleAccepted():
                asked = reg.RecordRequest(register_id=key)
                self._ask(call, asked, lambda found: self._found(call, found, status=201))
            case _:
                self._otherwise(call, reply)

    def _found(
        self,
        call: Call,
        reply: reg.RegisterReply,
        *,
        kind: type[Record] | None = None,
        wait_s: float = 0.0,
        status: int = 200,
    ) -> None:
        if not isinstance(reply, reg.RecordFound):
            self._otherwise(call, reply)
            return
        record = reply.record
        if kind is not None and not isinstance(record, kind):
            self._outbox.refuse(call, problem(Code.NOT_FOUND))
        elif wait_s > 0 and may_change(record):
            self._outbox.park(call, record, self._wording.body(record), self.now_s + wait_s)
        else:
            self._outbox.answer_record(call, record, self._wording.body(record), status)

    def _by_key(self, call: Call, kind: type[Record], reply: reg.RegisterReply) -> None:
        """A key names nothing to a program that has not sent it."""
        if isinstance(reply, reg.RecordFound) and reply.record.register_echo != call.program:
            self._outbox.refuse(call, problem(Code.NOT_FOUND))
        else:
            self._found(call, reply, kind=kind)

    def _to_call_off(self, call: Call, reply: reg.RegisterReply) -> None:
        if not (isinstance(reply, reg.RecordFound) and isinstance(reply.record, Sale)):
            self._otherwise(call, reply)
            return
        sale = reply.record
        if sale.has_ended or _is_called_off(sale):
            self._called_off(call, reply)
            return

        def look(_any: reg.RegisterReply) -> None:
            then = reg.RecordRequest(reference=sale.reference)
            self._ask(call, then, lambda found: self._called_off(call, found))

        self._ask(call, reg.CancelRequest(sale.register_id), look)

    def _called_off(self, call: Call, reply: reg.RegisterReply) -> None:
        if not (isinstance(reply, reg.RecordFound) and isinstance(reply.record, Sale)):
            self._otherwise(call, reply)
            return
        sale = reply.record
        body = answers.payment_of(sale, self._wording.receipt_of, self._wording.service_phone)
        if _is_called_off(sale):
            self._outbox.answer_record(call, sale, body)
        else:
            self._outbox.note_told(sale)
            self._outbox.refuse(call, problem(Code.TOO_LATE, payment=body))

    def _told(self, call: Call, reply: reg.RegisterReply) -> None:
        match reply:
            case reg.TerminalCondition():
                self.hear(reply)
                self._outbox.answer(call, self._last_word.status)
            case reg.TotalsReport():
                if reply.closed:
                    self._ended_days.answered(call.program, reply.number)
                self._outbox.answer(call, answers.totals_of(reply))
            case _:
                self._otherwise(call, reply)

    def _otherwise(self, call: Call, reply: reg.RegisterReply) -> None:
        match reply:
            case reg.RequestRefused():
                self._outbox.refuse(call, problem_of(reply))
            case reg.RecordFound():
                self._outbox.refuse(call, problem(Code.NOT_FOUND))
            case _:
                self._outbox.refuse(call, problem(Code.UNAVAILABLE))


def _is_called_off(sale: Sale) -> bool:
    """It has ended so, or that end is on its way."""
    if sale.has_ended:
        return sale.outcome is Outcome.CANCELLED
    return sale.state is not State.CAPTURE and sale.reason is not None and sale.reason.outcome is Outcome.CANCELLED
