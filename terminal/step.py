"""The one function that decides about a sale: ``step(sale, event) -> (sale, effects)``.

The theory
----------
Money can move only through a call that has left this terminal, so each such call is a state of its own that is on
disk before the call leaves. ``sale.committed`` says that such a call may have left: with manual capture the capture
itself, with automatic capture already the authorization, with a server callback our acknowledgement. Before that point
a sale may be given up at any time, because nothing unseen can become a payment. After it only the service's word ends
the sale:

* paid, for this amount and this reference, in the service's own record: approved, whatever else was wanted meanwhile;
* cancelled or declined: not paid;
* anything else, or nothing at all: ask again, with growing pauses, for ever.

Calls are numbered. An answer to an older call is ignored unless it proves payment, which no later answer can undo.

After a power cut, after ``capture_patience_s`` and after the cashier's cancel key a capture is never sent again
(``sale.settling``): the cashier may meanwhile have been paid in another way. What is then still reserved is voided.

``TABLE`` at the end of this file has a row for every state and says for every event what happens and where it can lead;
what an event must not change is named in ``IGNORED``. ``step`` holds each move to its declared targets, the tests walk
every cell, and the diagram in README.md is drawn from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from terminal import effects as fx
from terminal import events as ev
from terminal.gateway import AuthorizationStatus as Status
from terminal.gateway import CaptureMode, Refusal
from terminal.sale import CallKind, Outcome, Reason, Sale, State

DEFAULT_POLL_INTERVAL_S = 2.0
POLL_INTERVAL_BOUNDS_S = (0.5, 10.0)
LONGEST_RETRY_DELAY_S = 60.0
MOST_CAPTURES = 3


class Transition(NamedTuple):
    """The sale after an event, and what to do once it is on disk."""

    sale: Sale
    effects: tuple[fx.Effect, ...] = ()


def step(sale: Sale, event: ev.SaleEvent) -> Transition:
    """Decide what ``event`` means for ``sale``. Pure: no I/O, no clock, no randomness; never raises on any event."""
    if _is_stale(sale, event):
        return Transition(sale)
    move = TABLE[sale.state].get(type(event))
    if move is None:
        return Transition(sale)
    if isinstance(event, ev.AnswerReceived):
        sale = replace(sale, support_reference=_support_reference(event) or sale.support_reference)
    after, effects = move.decide(sale, event)
    assert after.state is sale.state or after.state in move.targets, f"{sale.state} + {event} led to {after.state}"
    if isinstance(event, ev.AnswerReceived) and after.calls == sale.calls:
        after = replace(after, asking=None)
    return Transition(after, effects)


def begin(sale: Sale) -> Transition:
    """The first effects of a new sale."""
    assert sale.state is State.ENTRY
    limit_s = sale.terms.longest_sale_s
    limit = (fx.SetLimit(sale_number=sale.number, delay_s=limit_s),) if limit_s is not None else ()
    return Transition(sale, (_deadline(sale, sale.terms.entry_timeout_s), *limit))


# --- reading events ---------------------------------------------------------------------------------------------------


def _is_stale(sale: Sale, event: ev.SaleEvent) -> bool:
    """Meant for another sale, for a state that is over, or the answer to a question that is no longer asked."""
    if event.sale_number != sale.number:
        return True
    if isinstance(event, ev.DeadlinePassed | ev.RetryDue):
        return event.state is not sale.state
    if isinstance(event, ev.AnswerReceived) and not (event.call == sale.calls and sale.asking):
        return not (isinstance(event, ev.StatusReceived) and sale.is_paid_by(event.report))
    return False


def _support_reference(event: ev.AnswerReceived) -> str | None:
    match event:
        case ev.StatusReceived():
            return event.report.support_reference
        case ev.AuthorizationOpened():
            return event.authorization.support_reference
        case ev.RefusalReceived():
            return event.support_reference
    return None


# --- building transitions ---------------------------------------------------------------------------------------------


def _deadline(sale: Sale, delay_s: float) -> fx.Effect:
    return fx.SetDeadline(sale_number=sale.number, state=sale.state, delay_s=delay_s)


def _retry(sale: Sale, delay_s: float) -> Transition:
    return Transition(sale, (fx.SetRetry(sale_number=sale.number, state=sale.state, delay_s=delay_s),))


def _poll(sale: Sale) -> Transition:
    return _retry(replace(sale, misses=0), sale.poll_interval_s)


def _miss(sale: Sale) -> Transition:
    """No progress: ask again, at the service's pace at first and then ever more slowly."""
    longest = POLL_INTERVAL_BOUNDS_S[1] if sale.state is State.CUSTOMER else LONGEST_RETRY_DELAY_S
    return _retry(replace(sale, misses=sale.misses + 1), min(longest, 2.0 ** min(sale.misses, 6)))


def _ask(sale: Sale, kind: CallKind) -> tuple[Sale, dict[str, Any]]:
    sale = replace(sale, calls=sale.calls + 1, asking=kind)
    return sale, {"sale_number": sale.number, "call": sale.calls, "authorization_id": sale.authorization_id}


def _query(sale: Sale) -> Transition:
    if sale.asking is not None:  # the answer that is on its way will do
        return Transition(sale)
    sale, call = _ask(sale, CallKind.STATUS)
    return Transition(sale, (fx.QueryStatus(**call),))


def _to_customer(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CUSTOMER, misses=0)
    sale, call = _ask(sale, CallKind.STATUS)
    return Transition(sale, (_deadline(sale, sale.terms.customer_timeout_s), fx.QueryStatus(**call)))


def _to_code_entry(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CODE_ENTRY, misses=0)
    return Transition(sale, (_deadline(sale, sale.terms.code_timeout_s),))


def _to_capture(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CAPTURE, committed=True, captures=sale.captures + 1)
    first = sale.captures == 1
    sale, call = _ask(sale, CallKind.CAPTURE)
    bound = (_deadline(sale, sale.terms.capture_patience_s),) if first else ()
    return Transition(sale, (*bound, fx.RequestCapture(**call)))


def _to_void(sale: Sale, reason: Reason) -> Transition:
    sale = replace(sale, state=State.VOID, reason=sale.reason or reason, misses=0)
    sale, call = _ask(sale, CallKind.VOID)
    return Transition(sale, (_deadline(sale, sale.terms.void_patience_s), fx.RequestVoid(**call)))


def _to_report(sale: Sale, reason: Reason) -> Transition:
    sale = replace(sale, state=State.REPORT, reason=reason, asking=None, misses=0)
    receipts: tuple[fx.Effect, ...] = ()
    if reason.outcome is Outcome.APPROVED:
        wanted = {
            fx.ReceiptKind.CUSTOMER: sale.terms.customer_copy,
            fx.ReceiptKind.MERCHANT: sale.terms.merchant_copy,
        }
        receipts = tuple(fx.PrintReceipt(sale_number=sale.number, kind=kind) for kind in wanted if wanted[kind])
    report = fx.ReportResult(sale_number=sale.number)
    return Transition(sale, (report, *receipts, _deadline(sale, sale.terms.report_timeout_s)))


def _paid(sale: Sale, event: ev.StatusReceived) -> Transition:
    """Approved if the answer proves it; else money has moved in a way that does not fit, so find out."""
    if not sale.is_paid_by(event.report):
        return _miss(replace(sale, committed=True))
    return _to_report(replace(sale, invoice_number=event.report.invoice_number), Reason.PAID)


_REFUSAL_REASONS = {
    Refusal.NOT_SENT: Reason.NO_CONNECTION,
    Refusal.BELOW_MINIMUM: Reason.BELOW_MINIMUM,
    Refusal.CUSTOMER_UNKNOWN: Reason.CUSTOMER_UNKNOWN,
    Refusal.CUSTOMER_DECLINED: Reason.CUSTOMER_DECLINED,
    Refusal.REQUEST_NOT_VALID: Reason.REQUEST_NOT_VALID,
    Refusal.NOT_FOUND: Reason.WITHDRAWN,
    Refusal.CREDENTIALS: Reason.CREDENTIALS,
}


def _refusal_reason(refusal: Refusal | None) -> Reason:
    return _REFUSAL_REASONS[refusal] if refusal else Reason.REQUEST_NOT_VALID


# --- ENTRY ------------------------------------------------------------------------------------------------------------


def _authorize(sale: Sale, event: ev.CustomerIdentified) -> Transition:
    kind = event.customer.kind
    mode = sale.terms.capture_mode_for(kind)
    sale = replace(
        sale,
        state=State.AUTHORIZATION,
        customer_kind=kind,
        customer_label=event.customer.masked,
        capture_mode=mode,
        committed=mode is CaptureMode.AUTOMATIC,
        code_tries_left=sale.terms.code_tries,
        calls=sale.calls + 1,
        asking=CallKind.AUTHORIZATION,
    )
    request = fx.RequestAuthorization(
        sale_number=sale.number,
        call=sale.calls,
        reference=sale.reference,
        amount_kr=sale.amount_kr,
        customer=event.customer,
        capture_mode=mode,
    )
    return Transition(sale, (request,))


def _cancel_unsent(sale: Sale, event: ev.CancelRequested) -> Transition:
    return _to_report(sale, _cancel_reason(event))


def _expire(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return _to_report(sale, Reason.TIMED_OUT)


def _end_by_power_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    return _to_report(sale, Reason.POWER_CUT)


_CANCEL_REASONS = {
    ev.Canceller.CASHIER: Reason.CASHIER_CANCELLED,
    ev.Canceller.REGISTER: Reason.REGISTER_CANCELLED,
    ev.Canceller.CLOCK: Reason.TIMED_OUT,
}


def _cancel_reason(event: ev.CancelRequested) -> Reason:
    return _CANCEL_REASONS[event.by]


# --- AUTHORIZATION ----------------------------------------------------------------------------------------------------


def _opened(sale: Sale, event: ev.AuthorizationOpened) -> Transition:
    low, high = POLL_INTERVAL_BOUNDS_S
    interval_s = event.authorization.poll_interval_s or DEFAULT_POLL_INTERVAL_S
    sale = replace(
        sale,
        authorization_id=event.authorization.authorization_id,
        poll_interval_s=min(high, max(low, interval_s)),
    )
    return _to_customer(sale) if sale.reason is None else _to_void(sale, sale.reason)


def _authorization_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    return _to_report(sale, sale.reason or _refusal_reason(event.refusal))


def _authorization_lost(sale: Sale, _event: ev.AnswerLost) -> Transition:
    """Never repeated. Whoever approves it now pays nothing, unless approval alone pays."""
    return _to_report(sale, Reason.NOT_TRACEABLE if sale.committed else sale.reason or Reason.NO_ANSWER)


def _authorization_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    return _to_report(sale, Reason.NOT_TRACEABLE if sale.committed else Reason.POWER_CUT)


def _cancel_when_opened(sale: Sale, event: ev.CancelRequested) -> Transition:
    """Only a named authorization can be voided, so the answer is waited for; the call itself bounds that wait."""
    return Transition(replace(sale, reason=sale.reason or _cancel_reason(event)))


# --- CUSTOMER ---------------------------------------------------------------------------------------------------------


def _customer_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    match event.report.status:
        case Status.PAID:
            return _paid(sale, event)
        case Status.RESERVED:
            return _to_capture(sale) if sale.agrees_with(event.report) else _to_void(sale, Reason.MISMATCH)
        case Status.CODE_REQUIRED:
            return _to_code_entry(sale)
        case Status.DECLINED:
            return _to_report(sale, Reason.CUSTOMER_DECLINED)
        case Status.CANCELLED:
            return _to_report(sale, Reason.WITHDRAWN)
        case Status.REFUSED if not sale.committed:
            return _to_report(sale, _refusal_reason(event.report.refusal))
        case Status.PENDING | Status.AWAITING_CALLBACK:
            return _poll(sale)
    return _miss(sale)


def _called_back(sale: Sale, event: ev.CallbackReceived) -> Transition:
    """Acknowledging an approval makes it a payment, so that is a commitment; what really happened is asked for."""
    pays = event.approved and sale.capture_mode is CaptureMode.SERVER_CALLBACK
    sale = replace(sale, committed=sale.committed or pays)
    sale, query = _query(sale)
    return Transition(sale, (fx.AcknowledgeCallback(sale_number=sale.number), *query))


def _ask_again(sale: Sale, _event: ev.SaleEvent) -> Transition:
    return _query(sale)


def _missed(sale: Sale, _event: ev.SaleEvent) -> Transition:
    return _miss(sale)


def _give_up(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return _to_void(sale, Reason.TIMED_OUT)


def _cancel_sent(sale: Sale, event: ev.CancelRequested) -> Transition:
    return _to_void(sale, _cancel_reason(event))


def _void_after_power_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    return _to_void(sale, Reason.POWER_CUT)


# --- CODE_ENTRY and CODE_CHECK ----------------------------------------------------------------------------------------


def _submit_code(sale: Sale, event: ev.CodeEntered) -> Transition:
    sale, call = _ask(replace(sale, state=State.CODE_CHECK), CallKind.CODE)
    return Transition(sale, (_deadline(sale, sale.terms.code_timeout_s), fx.SubmitCode(**call, code=event.code)))


def _code_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    match event.report.status:
        case Status.CODE_REQUIRED:
            return _code_refused(sale, event)
        case Status.PENDING | Status.AWAITING_CALLBACK:
            return _to_customer(sale)
    return _customer_status(sale, event)


def _code_refused(sale: Sale, _event: ev.SaleEvent) -> Transition:
    """Only the answer to the code itself uses up a try; a query that still asks for one tells that it was lost.

    The next code commits then: should the lost one arrive late, the two together may reserve and capture.
    """
    if sale.asking is not CallKind.CODE:
        return _to_code_entry(replace(sale, committed=True))
    sale = replace(sale, code_tries_left=sale.code_tries_left - 1)
    return _to_code_entry(sale) if sale.code_tries_left > 0 else _to_void(sale, Reason.WRONG_CODE)


def _code_call_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    said_no = sale.asking is CallKind.CODE and event.refusal is not Refusal.NOT_SENT
    return _code_refused(sale, event) if said_no else _miss(sale)


# --- CAPTURE ----------------------------------------------------------------------------------------------------------


def _capture_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    match event.report.status:
        case Status.PAID:
            return _paid(sale, event)
        case Status.DECLINED:
            return _to_report(sale, Reason.CUSTOMER_DECLINED)
        case Status.CANCELLED:
            return _to_report(sale, Reason.WITHDRAWN)
        case Status.RESERVED if not sale.agrees_with(event.report):
            return _to_void(sale, Reason.MISMATCH)
        case Status.RESERVED if sale.settling or sale.captures >= MOST_CAPTURES:
            return _to_void(sale, Reason.NO_ANSWER)
        case Status.RESERVED if sale.asking is CallKind.STATUS:  # so the capture before it did not happen
            return _to_capture(sale)
    return _miss(sale)


def _stop_capturing(sale: Sale, event: ev.SaleEvent) -> Transition:
    """Too late to cancel what has left; but what did not arrive is not sent again."""
    reason = _cancel_reason(event) if isinstance(event, ev.CancelRequested) else Reason.TIMED_OUT
    return Transition(replace(sale, settling=True, reason=sale.reason or reason))


def _settle_capture(sale: Sale, _event: ev.PowerRestored) -> Transition:
    return _query(replace(sale, settling=True, reason=sale.reason or Reason.POWER_CUT, asking=None))


# --- VOID -------------------------------------------------------------------------------------------------------------


def _void_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    match event.report.status:
        case Status.PAID:
            return _paid(sale, event)
        case Status.CANCELLED | Status.DECLINED:
            return _voided(sale)
        case Status.REFUSED if not sale.committed:
            return _voided(sale)
        case Status.REFUSED | Status.UNCLEAR:
            return _miss(sale)
    if sale.asking is CallKind.VOID:
        return _not_voided(sale)
    sale, call = _ask(sale, CallKind.VOID)
    return Transition(sale, (fx.RequestVoid(**call),))


def _void_call_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    said_no = sale.asking is CallKind.VOID and event.refusal is not Refusal.NOT_SENT
    return _not_voided(sale) if said_no else _miss(sale)


def _not_voided(sale: Sale) -> Transition:
    """Still there. If only our capture could make it a payment, it may stay reserved until the service drops it."""
    return _miss(sale) if sale.committed else _voided(sale)


def _void_patience_over(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return Transition(sale) if sale.committed else _voided(sale)


def _voided(sale: Sale) -> Transition:
    return _to_report(sale, sale.reason or Reason.WITHDRAWN)


def _settle_void(sale: Sale, _event: ev.PowerRestored) -> Transition:
    sale, query = _query(replace(sale, asking=None))
    return Transition(sale, (_deadline(sale, sale.terms.void_patience_s), *query))


# --- what staff say ---------------------------------------------------------------------------------------------------


def _settle_unknown(sale: Sale, event: ev.SettledByStaff) -> Transition:
    """Only what has stood openly as unknown may be settled by hand; anything else the service still answers for."""
    if not sale.stands_unknown or event.verdict is ev.Verdict.REFUNDED:
        return Transition(sale)
    return _to_report(sale, Reason.SETTLED_PAID if event.verdict is ev.Verdict.PAID else Reason.SETTLED_UNPAID)


_VERDICTS = {
    (Reason.NOT_TRACEABLE, ev.Verdict.PAID): Reason.SETTLED_PAID,
    (Reason.NOT_TRACEABLE, ev.Verdict.UNPAID): Reason.SETTLED_UNPAID,
    (Reason.REFUND_DUE, ev.Verdict.REFUNDED): Reason.REFUNDED,
}


def _settle_attention(sale: Sale, event: ev.SettledByStaff) -> Transition:
    reason = _VERDICTS.get((sale.reason or Reason.NOT_TRACEABLE, event.verdict))
    return Transition(replace(sale, state=State.CLOSED, reason=reason) if reason else sale)


# --- REPORT -----------------------------------------------------------------------------------------------------------


def _acknowledged(sale: Sale, _event: ev.ResultAcknowledged) -> Transition:
    return Transition(_ended(replace(sale, acknowledged=True)))


def _end_untold(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    """The register does not listen; it can ask for the stored result at any time."""
    return Transition(_ended(_not_taken(sale) if sale.terms.final_when_taken else sale))


def _rejected(sale: Sale, _event: ev.ResultRejected) -> Transition:
    """What is captured stays captured: where the service cannot undo it, staff must pay it back."""
    return Transition(_ended(_not_taken(sale)))


def _not_taken(sale: Sale) -> Sale:
    return replace(sale, reason=Reason.REFUND_DUE) if sale.outcome is Outcome.APPROVED else sale


def _ended(sale: Sale) -> Sale:
    open_for_staff = sale.outcome in (Outcome.UNKNOWN, Outcome.REFUND_DUE)
    return replace(sale, state=State.ATTENTION if open_for_staff else State.CLOSED)


def _report_again(sale: Sale, _event: ev.PowerRestored) -> Transition:
    report = fx.ReportResult(sale_number=sale.number)
    return Transition(sale, (report, _deadline(sale, sale.terms.report_timeout_s)))


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
        ev.CustomerIdentified: _move(_authorize, State.AUTHORIZATION),
        ev.CancelRequested: _move(_cancel_unsent, *_ENDS),
        ev.DeadlinePassed: _move(_expire, *_ENDS),
        ev.PowerRestored: _move(_end_by_power_cut, *_ENDS),
    },
    State.AUTHORIZATION: {
        ev.AuthorizationOpened: _move(_opened, State.CUSTOMER, State.VOID),
        ev.RefusalReceived: _move(_authorization_refused, *_ENDS),
        ev.AnswerLost: _move(_authorization_lost, *_ENDS),
        ev.CancelRequested: _move(_cancel_when_opened),
        ev.PowerRestored: _move(_authorization_cut, *_ENDS),
    },
    State.CUSTOMER: {
        ev.StatusReceived: _move(_customer_status, *_FROM_STATUS),
        ev.RefusalReceived: _move(_missed),
        ev.AnswerLost: _move(_missed),
        ev.RetryDue: _move(_ask_again),
        ev.CallbackReceived: _move(_called_back),
        ev.CancelRequested: _move(_cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(_give_up, State.VOID),
        ev.PowerRestored: _move(_void_after_power_cut, State.VOID),
    },
    State.CODE_ENTRY: {
        ev.CodeEntered: _move(_submit_code, State.CODE_CHECK),
        ev.StatusReceived: _move(_customer_status, *_ENDS),
        ev.CancelRequested: _move(_cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(_give_up, State.VOID),
        ev.PowerRestored: _move(_void_after_power_cut, State.VOID),
    },
    State.CODE_CHECK: {
        ev.StatusReceived: _move(_code_status, State.CUSTOMER, *_FROM_STATUS),
        ev.RefusalReceived: _move(_code_call_refused, State.CODE_ENTRY, State.VOID),
        ev.AnswerLost: _move(_missed),
        ev.RetryDue: _move(_ask_again),
        ev.CancelRequested: _move(_cancel_sent, State.VOID),
        ev.DeadlinePassed: _move(_give_up, State.VOID),
        ev.PowerRestored: _move(_void_after_power_cut, State.VOID),
    },
    State.CAPTURE: {
        ev.StatusReceived: _move(_capture_status, State.VOID, State.REPORT),
        ev.RefusalReceived: _move(_missed),
        ev.AnswerLost: _move(_missed),
        ev.RetryDue: _move(_ask_again),
        ev.CancelRequested: _move(_stop_capturing),
        ev.DeadlinePassed: _move(_stop_capturing),
        ev.SettledByStaff: _move(_settle_unknown, State.REPORT),
        ev.PowerRestored: _move(_settle_capture),
    },
    State.VOID: {
        ev.StatusReceived: _move(_void_status, State.REPORT),
        ev.RefusalReceived: _move(_void_call_refused, State.REPORT),
        ev.AnswerLost: _move(_missed),
        ev.RetryDue: _move(_ask_again),
        ev.DeadlinePassed: _move(_void_patience_over, State.REPORT),
        ev.SettledByStaff: _move(_settle_unknown, State.REPORT),
        ev.PowerRestored: _move(_settle_void),
    },
    State.REPORT: {
        ev.ResultAcknowledged: _move(_acknowledged, State.ATTENTION, State.CLOSED),
        ev.ResultRejected: _move(_rejected, State.ATTENTION, State.CLOSED),
        ev.DeadlinePassed: _move(_end_untold, State.ATTENTION, State.CLOSED),
        ev.PowerRestored: _move(_report_again),
    },
    State.ATTENTION: {
        ev.SettledByStaff: _move(_settle_attention, State.CLOSED),
    },
    State.CLOSED: {},
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
    ev.StatusReceived: _in(_NOT_ASKED, State.ENTRY, State.AUTHORIZATION, *_OVER),
    ev.RefusalReceived: _in(_NOT_ASKED, State.ENTRY, State.CODE_ENTRY, *_OVER),
    ev.AnswerLost: _in(_NOT_ASKED, State.ENTRY, State.CODE_ENTRY, *_OVER),
    ev.RetryDue: _in("no query is due", State.ENTRY, State.AUTHORIZATION, State.CODE_ENTRY, *_OVER),
    ev.CallbackReceived: _unless("not acknowledged, so it pays nothing", State.CUSTOMER),
    ev.CancelRequested: _in("the outcome is on its way already", State.VOID, *_OVER),
    ev.DeadlinePassed: {
        State.AUTHORIZATION: "the call bounds itself",
        State.ATTENTION: "staff take the time they need",
        State.CLOSED: "a closed sale waits for nothing",
    },
    ev.ResultAcknowledged: _unless("no result was reported", State.REPORT),
    ev.ResultRejected: _unless("no result was reported", State.REPORT),
    ev.SettledByStaff: _unless("it ends by itself", State.CAPTURE, State.VOID, State.ATTENTION),
    ev.PowerRestored: _in("nothing is on its way", State.ATTENTION, State.CLOSED),
}
