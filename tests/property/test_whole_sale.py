"""Whole sales against the simulated Netgíró's own book of carts, with lost answers and power cuts at any time.

At the end money must have moved exactly when the outcome says so.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from terminal.netgiro.sandbox.answers import cart_answer, insert_answer
from terminal.netgiro.sandbox.book import CartBook
from terminal.netgiro.sandbox.carts import CartState, Order, Reply
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import Settings
from terminal.netgiro.v1 import CONFIRMATION_TYPES
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal, StatusReport
from terminal.sale.sale import Outcome, State, differs_durably
from terminal.sale.sensitive import Sensitive
from terminal.sale.step import begin, step
from tests.sale_laws import ENDED, assert_lawful
from tests.sales import CUSTOMERS, new_sale

STATUSES = {
    10200: Status.PAID,
    10203: Status.PAID,
    10201: Status.CANCELLED,
    10202: Status.CANCELLED,
    10302: Status.DECLINED,
    10307: Status.DECLINED,
    10425: Status.PENDING,
    10426: Status.RESERVED,
    10428: Status.CODE_REQUIRED,
    10429: Status.AWAITING_CALLBACK,
}


class Wire:
    """The four calls between a sale and the cart book, by Netgíró's codes; no HTTP, no time-outs."""

    def __init__(self, book: CartBook) -> None:
        self.book = book

    def perform(self, effect: fx.Call) -> ev.AnswerReceived:
        match effect:
            case fx.RequestAuthorization():
                return self._open(effect)
            case fx.QueryStatus(authorization_id=name):
                return self._status(effect, self.book.check(name))
            case fx.SubmitCode(authorization_id=name, code=code):
                return self._status(effect, self.book.confirm(name, code.reveal()))
            case fx.RequestCapture(authorization_id=name):
                return self._status(effect, self.book.confirm(name))
            case fx.RequestVoid(authorization_id=name):
                return self._status(effect, self.book.cancel(name))
        raise AssertionError(effect)

    def _open(self, effect: fx.RequestAuthorization) -> ev.AnswerReceived:
        customer, mode = effect.customer.identifier.reveal(), CONFIRMATION_TYPES[effect.capture_mode]
        order = Order(effect.amount_kr, effect.reference, customer, mode, callback_url="https://shop.test/")
        answer = insert_answer(self.book.insert(order), None)
        assert answer["ResultCode"] == 200, answer
        opened = OpenedAuthorization(authorization_id=answer["TransactionId"])
        return ev.AuthorizationOpened(effect.sale_number, effect.call, opened)

    def _status(self, effect: fx.Call, reply: Reply) -> ev.AnswerReceived:
        answer = cart_answer(reply)
        payment = answer["PaymentInfo"] or {}
        report = StatusReport(
            status=STATUSES[answer["ResultCode"]],
            amount_kr=payment.get("TotalAmount"),
            reference=payment.get("ReferenceNumber"),
            confirmed=payment.get("StatusId") == 2,
        )
        return ev.StatusReceived(effect.sale_number, effect.call, report)


class WholeSale(RuleBasedStateMachine):
    """One sale: the terminal, its disk, the network and the customer, each free to spoil it at any time."""

    mode = CaptureMode.MANUAL

    @initialize(kind=st.sampled_from(CustomerKind), seed=st.integers(0, 2**32), keeps=st.booleans())
    def begin(self, kind: CustomerKind, seed: int, keeps: bool) -> None:
        chance = random.Random(seed)
        rules = Settings(refuse_cancel_of_reservation=keeps)
        self.book = CartBook(rules, Customers(lambda: 0.0, chance), lambda: 0.0, chance)
        self.wire = Wire(self.book)
        self.kind = kind
        self.sale = self.disk = begin(new_sale(capture_mode=self.mode)).sale
        self.calls: list[fx.Call] = []
        self.late: list[ev.AnswerReceived] = []
        self.told: list[Outcome | None] = []

    def happen(self, event: ev.SaleEvent) -> None:
        after, effects = step(self.sale, event)
        assert_lawful(self.sale, event, after, effects)
        if differs_durably(self.sale, after):
            self.disk = after
        self.sale = after
        for effect in effects:
            if isinstance(effect, fx.Call):
                self.calls.append(effect)
            elif isinstance(effect, fx.ReportResult):
                self.told.append(after.outcome)

    @rule(steps=st.integers(1, 4))
    def all_goes_well(self, steps: int) -> None:
        """The ordinary next thing, whatever it is: most sales must get far enough for faults to matter."""
        for _ in range(steps):
            if self.calls:
                self.happen(self.wire.perform(self.calls.pop(0)))
            elif self.sale.state is State.ENTRY:
                self.happen(ev.CustomerIdentified(7, CUSTOMERS[self.kind]))
            elif self.sale.state is State.CODE_ENTRY:
                self.happen(ev.CodeEntered(7, Sensitive(self.book.newest(1)[0].sms_code)))
            elif self.sale.state is State.CUSTOMER and self.is_awaited():
                self.book.accept(self.book.newest(1)[0].transaction_id)
            else:
                self.happen(ev.RetryDue(7, self.sale.state))

    def is_awaited(self) -> bool:
        return any(cart.state is CartState.AWAITING_CUSTOMER for cart in self.book.newest(1))

    @precondition(lambda self: self.calls)
    @rule(ending=st.sampled_from(["lost before", "lost after", "never left", "refused for its nonce"]))
    def the_network_spoils_a_call(self, ending: str) -> None:
        call = self.calls.pop(0)
        if ending == "lost after":
            self.late.append(self.wire.perform(call))
        match ending:
            case "lost before" | "lost after":
                self.happen(ev.AnswerLost(7, call.call))
            case "never left":
                self.happen(ev.RefusalReceived(7, call.call, Refusal.NOT_SENT))
            case "refused for its nonce":
                self.happen(ev.RefusalReceived(7, call.call, Refusal.REQUEST_NOT_VALID))

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def a_lost_answer_arrives_after_all(self, data: st.DataObject) -> None:
        self.happen(self.late.pop(data.draw(st.integers(0, len(self.late) - 1))))

    @rule(arrived=st.booleans())
    def power_is_cut(self, arrived: bool) -> None:
        """Whatever was not on disk is forgotten; calls on their way may or may not have arrived."""
        for call in self.calls if arrived else ():
            self.wire.perform(call)
        self.sale = self.disk
        self.late.clear()
        self.calls.clear()
        self.happen(ev.PowerRestored(7))

    @rule(what=st.sampled_from(["cancel key", "register cancels", "deadline", "wrong code", "customer rejects"]))
    def somebody_has_other_plans(self, what: str) -> None:
        match what:
            case "cancel key":
                self.happen(ev.CancelRequested(7, ev.Canceller.CASHIER))
            case "register cancels":
                self.happen(ev.CancelRequested(7, ev.Canceller.REGISTER))
            case "deadline":
                self.happen(ev.DeadlinePassed(7, self.sale.state))
            case "wrong code":
                self.happen(ev.CodeEntered(7, Sensitive("wrong")))
            case "customer rejects" if self.is_awaited():
                self.book.reject(self.book.newest(1)[0].transaction_id)

    # the end

    def settle(self) -> None:
        """Faults are over: the network works, timers run out, nobody presses anything."""
        for turn in range(60):
            if self.sale.state in ENDED:
                return
            if self.calls:
                self.happen(self.wire.perform(self.calls.pop(0)))
            else:
                self.happen(ev.RetryDue(7, self.sale.state))
            if turn % 10 == 9:
                self.happen(ev.DeadlinePassed(7, self.sale.state))

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        self.settle()
        captured = [capture.reference for capture in self.book.captures]
        assert captured.count(self.sale.reference) <= 1, "captured twice"
        if self.sale.state in ENDED:
            self.check_the_end(paid=self.sale.reference in captured)
        else:  # only where the service will not let go of a reservation after a capture was under way
            assert self.sale.state is State.VOID
            assert self.sale.committed
            assert self.book.settings.refuse_cancel_of_reservation
        assert len(set(self.told)) <= 1, "the register was told two outcomes"

    def check_the_end(self, paid: bool) -> None:
        assert (self.sale.outcome is Outcome.APPROVED) == paid


class WholeAutomaticSale(WholeSale):
    """Where the approval alone pays, a lost authorization cannot be traced; it must be called unknown, never failed."""

    mode = CaptureMode.AUTOMATIC

    def check_the_end(self, paid: bool) -> None:
        if self.sale.outcome is not Outcome.UNKNOWN:
            assert (self.sale.outcome is Outcome.APPROVED) == paid


@pytest.mark.parametrize("machine", [WholeSale, WholeAutomaticSale])
def test_approved_is_captured_and_captured_is_approved(machine: type[WholeSale]) -> None:
    examples = 5 * settings().max_examples // 2
    machine.TestCase.settings = settings(max_examples=examples, stateful_step_count=20, deadline=None, derandomize=True)
    machine.TestCase().runTest()
