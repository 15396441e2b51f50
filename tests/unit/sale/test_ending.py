"""How sales end, at the edges: who said so, what was never said, and money that was or was not given back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.moves import Transition
from terminal.sale.sale import CallKind, Reason, Sale, State
from terminal.sale.step import step
from tests.each import each_of
from tests.sales import report_for, unknown_capture, walk_to

VOID = replace(walk_to(State.VOID).sale, reason=None)
ANNA = "anna (user 1001)"


def answered(sale: Sale, status: Status) -> Sale:
    return step(sale, ev.StatusReceived(sale.number, sale.calls, report_for(sale, status))).sale


@each_of("status", [Status.CANCELLED, Status.DECLINED])
def test_a_void_that_nobody_gave_a_reason_for_was_withdrawn(status: Status) -> None:
    ended = answered(VOID, status)
    assert (ended.state, ended.reason) == (State.REPORT, Reason.WITHDRAWN)


@each_of(("asking", "state"), [(CallKind.VOID, State.REPORT), (CallKind.STATUS, State.VOID)])
def test_only_a_refused_void_is_one(asking: CallKind, state: State) -> None:
    sale = replace(VOID, asking=asking, committed=False)
    refused = ev.RefusalReceived(sale.number, sale.calls, Refusal.REQUEST_NOT_VALID)
    assert step(sale, refused).sale.state is state


@each_of("verdict", [ev.Verdict.PAID, ev.Verdict.UNPAID])
def test_what_stood_unknown_names_whoever_settled_it(verdict: ev.Verdict) -> None:
    sale = unknown_capture().sale
    assert step(sale, ev.SettledByStaff(sale.number, verdict, ANNA)).sale.settled_by == ANNA


def test_what_was_never_authorized_is_not_asked_about_after_it_was_settled() -> None:
    sale = replace(unknown_capture().sale, authorization_id=None)
    assert sale.has_no_authorization
    settled = step(sale, ev.SettledByStaff(sale.number, ev.Verdict.UNPAID, ANNA))
    assert settled.sale.state is State.REPORT
    assert not any(isinstance(effect, fx.QueryStatus) for effect in settled.effects)


def test_what_was_left_to_staff_names_whoever_settled_it_and_is_no_correction() -> None:
    due = replace(walk_to(State.ATTENTION).sale, reason=Reason.REFUND_DUE, corrected_from=Reason.SETTLED_PAID)
    settled = step(due, ev.SettledByStaff(due.number, ev.Verdict.REFUNDED, ANNA)).sale
    assert (settled.reason, settled.settled_by, settled.corrected_from) == (Reason.REFUNDED, ANNA, None)


def test_after_a_correction_nothing_asks_for_the_word_before() -> None:
    settled = replace(walk_to(State.CLOSED).sale, reason=Reason.REFUNDED, settled_from=Reason.REFUND_DUE)
    asked_about = replace(settled, tracing=True, asking=CallKind.STATUS)
    corrected = step(asked_about, ev.SettlementCorrected(settled.number, ev.Verdict.PAID, ANNA)).sale
    assert (corrected.reason, corrected.tracing, corrected.asking) == (Reason.SETTLED_PAID, False, None)


@each_of("changes", [{"asking": CallKind.VOID}, {"void_lost": True}], ids=str)
def test_while_a_void_may_still_undo_it_nothing_is_corrected(changes: dict[str, Any]) -> None:
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    sale = replace(sale, terms=replace(sale.terms, void_undoes_payment=True), **changes)
    said = ev.SettlementCorrected(sale.number, ev.Verdict.PAID, ANNA)
    assert step(sale, said) == Transition(sale)


@each_of(
    ("reason", "is_ended"),
    [(Reason.REFUND_DUE, True), (Reason.NOT_TRACEABLE, False), (Reason.PROVED_UNPAID, False)],
)
def test_money_that_was_returned_ends_what_was_due(reason: Reason, is_ended: bool) -> None:
    sale = replace(walk_to(State.ATTENTION).sale, reason=reason, settled_from=Reason.NOT_TRACEABLE)
    returned = step(sale, ev.MoneyReturned(sale.number)).sale
    wanted = (State.CLOSED, Reason.REFUNDED, None) if is_ended else (sale.state, reason, sale.settled_from)
    assert (returned.state, returned.reason, returned.settled_from) == wanted


@each_of(
    ("reason", "settled_from", "is_due"),
    [(Reason.REFUNDED, None, True), (Reason.REFUNDED, Reason.REFUND_DUE, False), (Reason.PAID, None, False)],
)
def test_only_what_the_terminal_gave_back_is_due_again(
    reason: Reason, settled_from: Reason | None, is_due: bool
) -> None:
    sale = replace(walk_to(State.CLOSED).sale, reason=reason, settled_from=settled_from)
    after = step(sale, ev.MoneyNotReturned(sale.number)).sale
    assert (after.state, after.reason) == ((State.ATTENTION, Reason.REFUND_DUE) if is_due else (sale.state, reason))


@each_of(("reason", "is_asked"), [(Reason.CASHIER_CANCELLED, True), (Reason.NOT_TRACEABLE, False)])
def test_a_callback_at_the_end_is_a_reason_to_ask_about_what_ended_unpaid(reason: Reason, is_asked: bool) -> None:
    sale = replace(walk_to(State.REPORT).sale, reason=reason, committed=True, asking=None)
    called = step(sale, ev.CallbackReceived(sale.number, True, True))
    assert any(isinstance(effect, fx.QueryStatus) for effect in called.effects) is is_asked
