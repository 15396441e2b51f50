"""The one function that decides about a sale: ``step(sale, event) -> (sale, effects)``.

The theory
----------
Money can move only through a call that has left this terminal. So each such call is a state of its own, and the state
is on disk before the call leaves. ``sale.committed`` says that such a call may have left: with manual capture this is
the capture, with automatic capture the authorization, with a server callback our acknowledgement. Before that point
the sale can be given up at any time, because nothing can become a payment unseen. After it, only the service can say
how the sale ended:

* The service's own record says "paid", for this amount and this reference: the sale is approved, whatever else was
  wanted meanwhile.
* The record says "declined" or "cancelled": the sale is not paid. "Cancelled" alone can also mean "not known (yet)", so
  the terminal asks again and believes it only after it was said several times.
* The record says anything else, or nothing comes at all: the terminal asks again, with growing pauses, for ever.

If the answer to an authorization was lost, the authorization has no name to ask about. If it commits, and the service
can be asked by our own reference (``terms.finds_by_reference``), the terminal searches for it. If an authorization over
this amount is found under the reference, its name becomes known, and the sale continues like any other. If nothing is
found, that proves nothing.

Calls are numbered. An answer to an older call is ignored, unless it proves payment. No later answer can undo a payment;
only a void of the kind described below can, if it has left since.

A capture is never sent again after a power cut, after ``capture_patience_s`` and after the cashier's cancel key
(``sale.settling``): the cashier may have been paid in another way meanwhile. What is still reserved then is voided.

A void gives up what is not captured. With some services a void works at any stage and takes back a payment as well
(``terms.void_undoes_payment``). This changes one thing: a void whose answer was lost may still arrive, even after the
service has said "paid". So once a void has left, such a sale ends as paid only if the service has refused the void and
no other is on its way; otherwise the void is repeated until it is answered. Two things do not change. If the answer to
a capture was lost, no void leaves before the service has said that the authorization is still only reserved. And no
void leaves once the sale has been found paid.

A card can report a commit as durable and lose it when the power goes. So after a power cut a sale may be paid, and told
as paid, that the journal has as still waiting for the customer. Where a void takes back a payment, such a sale goes to
CAPTURE, and the service is asked first: a void leaves only once the service itself has said that it is still open. If
the service does not answer within ``void_patience_s``, what nothing has committed ends as cancelled, so that the next
customer can pay. It is asked about further (``tracing.py``): what is still open is voided then, and a payment that is
proved opens the case again, for staff. Elsewhere the void itself finds out, and its patience ends in the same way.

A sale that remains unknown is never captured again, so staff can look it up and settle it. At that moment a call that
may move money can still be on its way. Then the word of staff waits for the answer to that call, for as long as the
call's own time limit at most. If the call never left, the word of staff holds. If the answer ends the sale, that is the
end. Otherwise nobody knows whether staff saw the effect of this call: their word lapses, and they are asked again.

An end as "not paid", also by the word of staff, is not the last word of the service. If a later answer proves payment,
the sale returns from REPORT or CLOSED to ATTENTION: the register keeps its "not paid", and staff must return the money.
A sale in ATTENTION is in the hands of staff already and remains there. After the word of staff the terminal continues
to ask for a while, because a capture may still be on its way: ``tracing.py``. If staff have said "paid", and the
service's own record says that the sale ended without a payment, it returns to ATTENTION as PROVED_UNPAID, and staff
look it up once more. A register that has not acknowledged "paid" yet hears UNKNOWN in its place. Staff can correct
their word at any time; both words remain in the journal.

The paper follows from the outcome alone: receipts once money has moved and nobody can refuse that any more, a slip for
staff when only they can bring the sale to an end.

``TABLE`` at the end of this file has a row for every state. It says for every event what happens and where it can lead.
``IGNORED`` says why an event changes nothing in a state. ``step`` holds each move to its declared targets, the tests
walk every cell, and the diagram in README.md is drawn from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from terminal.sale import after_power_cut, ending, moves, tracing
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus
from terminal.sale.moves import Transition
from terminal.sale.sale import NOTHING_SAID, CallKind, Outcome, Sale, State


def step(sale: Sale, event: ev.SaleEvent) -> Transition:
    """Decide what ``event`` means for ``sale``. Pure: no I/O, no clock, no randomness; never raises on any event."""
    if _is_stale(sale, event):
        return Transition(sale)
    move = TABLE[sale.state].get(type(event))
    if move is None:
        return Transition(sale)
    if isinstance(event, ev.AnswerReceived):
        sale = replace(sale, support_reference=_support_reference(event) or sale.support_reference)
        if isinstance(event, ev.StatusReceived) and event.report.status is not AuthorizationStatus.CANCELLED:
            sale = replace(sale, denials=0)
    after, effects = move.decide(sale, event)
    assert after.state is sale.state or after.state in move.targets, f"{sale.state} + {event} led to {after.state}"
    if isinstance(event, ev.AnswerReceived):
        if after.calls == sale.calls:
            after = replace(after, asking=None)
        if sale.said_by_staff not in (None, after.reason):  # said before this answer, which did not make it true
            after = replace(after, **NOTHING_SAID)
    if after.outcome_on_paper is not sale.outcome_on_paper:
        effects = (*effects, *_receipts(after))
    return Transition(after, effects)


def begin(sale: Sale) -> Transition:
    """The first effects of a new sale."""
    assert sale.state is State.ENTRY
    limit_s = sale.terms.longest_sale_s
    limit = (fx.SetLimit(sale_number=sale.number, delay_s=limit_s),) if limit_s is not None else ()
    return Transition(sale, (moves.deadline(sale, sale.terms.entry_timeout_s), *limit))


def _receipts(sale: Sale) -> tuple[fx.PrintReceipt, ...]:
    """What is to be on paper of an outcome that has just come to stand."""
    outcome, terms = sale.outcome_on_paper, sale.terms
    has_paid = outcome in (Outcome.APPROVED, Outcome.REFUNDED)
    wanted = {
        fx.ReceiptKind.CUSTOMER: has_paid and terms.customer_copy,
        fx.ReceiptKind.MERCHANT: has_paid and terms.merchant_copy,
        fx.ReceiptKind.ATTENTION: sale.is_left_to_staff and terms.staff_slip,
    }
    return tuple(fx.PrintReceipt(sale_number=sale.number, kind=kind) for kind in wanted if wanted[kind])


# --- reading events ---------------------------------------------------------------------------------------------------


def _is_stale(sale: Sale, event: ev.SaleEvent) -> bool:
    """Meant for another sale, for a state that is over, or the answer to a question that is no longer asked."""
    if event.sale_number != sale.number:
        return True
    if isinstance(event, ev.DeadlinePassed | ev.RetryDue):
        return event.state is not sale.state
    if isinstance(event, ev.AuthorizationFound) and sale.asking is not CallKind.FIND:
        return True
    if isinstance(event, ev.AnswerReceived) and not (event.call == sale.calls and sale.asking):
        return sale.may_be_undone or not (isinstance(event, ev.StatusReceived) and sale.is_paid_by(event.report))
    return False


def _support_reference(event: ev.AnswerReceived) -> str | None:
    match event:
        case ev.StatusReceived():
            return event.report.support_reference
        case ev.AuthorizationFound():
            return event.report.support_reference
        case ev.AuthorizationOpened():
            return event.authorization.support_reference
        case ev.RefusalReceived():
            return event.support_reference
    return None


# --- the table --------------------------------------------------------------------------------------------------------


class Move(NamedTuple):
    """What an event does in a state, and the states it can lead to (staying is always allowed)."""

    decide: Callable[[Sale, Any], Transition]
    targets: frozenset[State]


def _move(decide: Callable[[Sale, Any], Transition], *targets: State) -> Move:
    return Move(decide, frozenset(targets))


_ENDS = (State.REPORT,)
_FROM_STATUS = (State.CAPTURE, State.CODE_ENTRY, State.VOID, State.REPORT)

TABLE: Mapping[State, Mapping[type[ev.SaleEvent], Move]] = {
    State.ENTRY: {
        ev.CustomerIdentified: _move(moves.authorize, State.AUTHORIZATION),
        ev.CancelRequested: _move(moves.cancel_unsent, *_ENDS),
        ev.DeadlinePassed: _move(moves.expire, *_ENDS),
        ev.PowerRestored: _move(moves.end_by_power_cut, *_ENDS),
    },
    State.AUTHORIZATION: {
        ev.AuthorizationOpened: _move(moves.opened, State.CUSTOMER, State.VOID),
        ev.AuthorizationFound: _move(moves.found, State.CUSTOMER, State.VOID),
        ev.RefusalReceived: _move(moves.authorization_refused, *_ENDS),
        ev.AnswerLost: _move(moves.authorization_lost, *_ENDS),
        ev.RetryDue: _move(moves.find_again),
        ev.CancelRequested: _move(moves.cancel_when_opened, *_ENDS),
        ev.DeadlinePassed: _move(moves.search_over, *_ENDS),
        ev.PowerRestored: _move(moves.authorization_cut, *_ENDS),
    },
    State.CUSTOMER: {
        ev.StatusReceived: _move(moves.customer_status, *_FROM_STATUS),
        ev.RefusalReceived: _move(moves.customer_refused, State.VOID),
        ev.AnswerLost: _move(moves.missed),
        ev.RetryDue: _move(moves.ask_again),
        ev.CallbackReceived: _move(moves.called_back),
        ev.CancelRequested: _move(moves.cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(moves.give_up, State.VOID),
        ev.PowerRestored: _move(after_power_cut.give_up_after_power_cut, State.CAPTURE, State.VOID),
    },
    State.CODE_ENTRY: {
        ev.CodeEntered: _move(moves.submit_code, State.CODE_CHECK),
        ev.StatusReceived: _move(moves.customer_status, *_ENDS),
        ev.CancelRequested: _move(moves.cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(moves.give_up, State.VOID),
        ev.PowerRestored: _move(after_power_cut.give_up_after_power_cut, State.CAPTURE, State.VOID),
    },
    State.CODE_CHECK: {
        ev.StatusReceived: _move(moves.code_status, State.CUSTOMER, *_FROM_STATUS),
        ev.RefusalReceived: _move(moves.code_call_refused, State.CODE_ENTRY, State.VOID),
        ev.AnswerLost: _move(moves.missed),
        ev.RetryDue: _move(moves.ask_again),
        ev.CancelRequested: _move(moves.cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(moves.give_up, State.VOID),
        ev.PowerRestored: _move(after_power_cut.give_up_after_power_cut, State.CAPTURE, State.VOID),
    },
    State.CAPTURE: {
        ev.StatusReceived: _move(moves.capture_status, State.VOID, State.REPORT),
        ev.RefusalReceived: _move(ending.capture_refused, State.REPORT),
        ev.AnswerLost: _move(moves.missed),
        ev.RetryDue: _move(moves.ask_again),
        ev.CancelRequested: _move(moves.stop_capturing),
        ev.DeadlinePassed: _move(after_power_cut.capture_patience_over, State.REPORT),
        ev.SettledByStaff: _move(ending.settle_unknown, State.REPORT),
        ev.PowerRestored: _move(after_power_cut.find_out_after_power_cut),
    },
    State.VOID: {
        ev.StatusReceived: _move(ending.void_status, State.REPORT),
        ev.RefusalReceived: _move(ending.void_call_refused, State.REPORT),
        ev.AnswerLost: _move(ending.void_call_lost),
        ev.RetryDue: _move(moves.ask_again),
        ev.DeadlinePassed: _move(ending.void_patience_over, State.REPORT),
        ev.SettledByStaff: _move(ending.settle_unknown, State.REPORT),
        ev.PowerRestored: _move(ending.settle_void),
    },
    State.REPORT: {
        ev.ResultAcknowledged: _move(ending.acknowledged, State.ATTENTION, State.CLOSED),
        ev.ResultRejected: _move(ending.rejected, State.ATTENTION, State.CLOSED),
        ev.DeadlinePassed: _move(ending.end_untold, State.ATTENTION, State.CLOSED),
        ev.StatusReceived: _move(tracing.told_after_end, State.ATTENTION),
        ev.RefusalReceived: _move(tracing.trace_refused),
        ev.AnswerLost: _move(tracing.trace_lost),
        ev.TraceDue: _move(tracing.trace_due),
        ev.CallbackReceived: _move(ending.called_back_at_the_end),
        ev.PowerRestored: _move(ending.report_again),
    },
    State.ATTENTION: {
        ev.SettledByStaff: _move(ending.settle_attention, State.CLOSED),
        ev.MoneyReturned: _move(ending.money_returned, State.CLOSED),
    },
    State.CLOSED: {
        ev.StatusReceived: _move(tracing.told_after_end, State.ATTENTION),
        ev.RefusalReceived: _move(tracing.trace_refused),
        ev.AnswerLost: _move(tracing.trace_lost),
        ev.TraceDue: _move(tracing.trace_due),
        ev.CallbackReceived: _move(ending.called_back_at_the_end),
        ev.SettlementCorrected: _move(ending.correct_settlement),
        ev.MoneyNotReturned: _move(ending.money_not_returned, State.ATTENTION),
        ev.PowerRestored: _move(tracing.trace_anew),
    },
}


def _in(reason: str, *states: State) -> dict[State, str]:
    return dict.fromkeys(states, reason)


def _unless(reason: str, *states: State) -> dict[State, str]:
    return {state: reason for state in State if state not in states}


_NOT_ASKED = "nothing was asked that this could answer"
_OVER = (State.REPORT, State.ATTENTION, State.CLOSED)
IGNORED: Mapping[type[ev.SaleEvent], Mapping[State, str]] = {
    ev.CustomerIdentified: _unless("the customer is known already", State.ENTRY),
    ev.CodeEntered: _unless("no code is asked for", State.CODE_ENTRY),
    ev.AuthorizationOpened: _unless(_NOT_ASKED, State.AUTHORIZATION),
    ev.AuthorizationFound: _unless(_NOT_ASKED, State.AUTHORIZATION),
    ev.StatusReceived: {
        **_in(_NOT_ASKED, State.ENTRY, State.AUTHORIZATION),
        State.ATTENTION: "it is in the hands of staff, who find the same in the service's records",
    },
    ev.RefusalReceived: _in(_NOT_ASKED, State.ENTRY, State.CODE_ENTRY, State.ATTENTION),
    ev.AnswerLost: _in(_NOT_ASKED, State.ENTRY, State.CODE_ENTRY, State.ATTENTION),
    ev.TraceDue: _unless("nothing is asked after the end", State.REPORT, State.CLOSED),
    ev.RetryDue: _in("no query is due", State.ENTRY, State.CODE_ENTRY, *_OVER),
    ev.CallbackReceived: _unless("not acknowledged, so it pays nothing", State.CUSTOMER, State.REPORT, State.CLOSED),
    ev.CancelRequested: _in("the outcome is on its way already", State.VOID, *_OVER),
    ev.DeadlinePassed: {
        State.ATTENTION: "staff take the time they need",
        State.CLOSED: "a closed sale waits for nothing",
    },
    ev.ResultAcknowledged: _unless("no result was reported", State.REPORT),
    ev.ResultRejected: _unless("no result was reported", State.REPORT),
    ev.SettledByStaff: _unless("it ends by itself", State.CAPTURE, State.VOID, State.ATTENTION),
    ev.SettlementCorrected: _unless("staff have not settled it, or it is still told", State.CLOSED),
    ev.MoneyReturned: _unless("no refund is due", State.ATTENTION),
    ev.MoneyNotReturned: _unless("nothing was given back", State.CLOSED),
    ev.PowerRestored: _in("nothing is on its way", State.ATTENTION),
}
