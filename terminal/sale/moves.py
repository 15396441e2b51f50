"""What happens to a sale in each state: the moves that the table in ``step.py`` is made of.

Each takes the sale and one event and returns the sale after it with what is then to be done. They are in the order in
which a sale meets them, up to the capture; ``ending.py`` has the rest. The theory behind them opens ``step.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal
from terminal.sale.sale import CallKind, Reason, Sale, State

DEFAULT_POLL_INTERVAL_S = 2.0
POLL_INTERVAL_BOUNDS_S = (0.5, 10.0)
LONGEST_RETRY_DELAY_S = 60.0
MOST_CAPTURES = 3
DENIALS_UNTIL_BELIEVED = 4
DENIAL_PAUSE_S = 5.0
"""A service that lags behind itself has caught up by the last of them, 15 s after the first."""


class Transition(NamedTuple):
    """The sale after an event, and what to do once it is on disk."""

    sale: Sale
    effects: tuple[fx.Effect, ...] = ()


# --- building transitions ---------------------------------------------------------------------------------------------


def deadline(sale: Sale, delay_s: float) -> fx.Effect:
    return fx.SetDeadline(sale_number=sale.number, state=sale.state, delay_s=delay_s)


def retry(sale: Sale, delay_s: float) -> Transition:
    return Transition(sale, (fx.SetRetry(sale_number=sale.number, state=sale.state, delay_s=delay_s),))


def poll(sale: Sale) -> Transition:
    return retry(replace(sale, misses=0), sale.poll_interval_s)


def miss(sale: Sale) -> Transition:
    """No progress: ask again, at the service's pace at first and then ever more slowly."""
    somebody_waits = sale.state in (State.AUTHORIZATION, State.CUSTOMER)
    longest = POLL_INTERVAL_BOUNDS_S[1] if somebody_waits else LONGEST_RETRY_DELAY_S
    return retry(replace(sale, misses=sale.misses + 1), min(longest, 2.0 ** min(sale.misses, 6)))


def ask(sale: Sale, kind: CallKind) -> tuple[Sale, dict[str, Any]]:
    calls = sale.calls + 1
    sale = replace(sale, calls=calls, asking=kind, void_call=calls if kind is CallKind.VOID else sale.void_call)
    return sale, {"sale_number": sale.number, "call": sale.calls, "authorization_id": sale.authorization_id}


def query_status(sale: Sale) -> Transition:
    if sale.asking is not None:  # the answer that is on its way will do
        return Transition(sale)
    sale, call = ask(sale, CallKind.STATUS)
    return Transition(sale, (fx.QueryStatus(**call),))


def to_customer(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CUSTOMER, misses=0)
    sale, call = ask(sale, CallKind.STATUS)
    return Transition(sale, (deadline(sale, sale.terms.customer_timeout_s), fx.QueryStatus(**call)))


def to_code_entry(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CODE_ENTRY, misses=0)
    return Transition(sale, (deadline(sale, sale.terms.code_timeout_s),))


def to_capture(sale: Sale) -> Transition:
    sale = replace(sale, state=State.CAPTURE, committed=True, captures=sale.captures + 1)
    first = sale.captures == 1
    sale, call = ask(sale, CallKind.CAPTURE)
    bound = (deadline(sale, sale.terms.capture_patience_s),) if first else ()
    return Transition(sale, (*bound, fx.RequestCapture(**call)))


def to_void(sale: Sale, reason: Reason) -> Transition:
    sale = replace(sale, state=State.VOID, reason=sale.reason or reason, misses=0)
    sale, call = ask(sale, CallKind.VOID)
    return Transition(sale, (deadline(sale, sale.terms.void_patience_s), fx.RequestVoid(**call)))


def to_report(sale: Sale, reason: Reason) -> Transition:
    sale = replace(sale, state=State.REPORT, reason=reason, asking=None, misses=0, said_by_staff=None)
    report = fx.ReportResult(sale_number=sale.number)
    return Transition(sale, (report, deadline(sale, sale.terms.report_timeout_s)))


def paid(sale: Sale, event: ev.StatusReceived) -> Transition:
    """Approved if the answer proves it; else money has moved in a way that does not fit, so find out."""
    if not sale.is_paid_by(event.report):
        return miss(replace(sale, committed=True))
    return to_report(replace(sale, invoice_number=event.report.invoice_number), Reason.PAID)


def not_paid(sale: Sale, event: ev.StatusReceived, reason: Reason) -> Transition:
    """Over, and nothing was paid. If it may be paid, that needs the record's own word, or the same word several times:
    the same status is that of an authorization which the service does not know (yet)."""
    may_be_paid = sale.committed or sale.state is State.CAPTURE
    if not may_be_paid or event.report.is_final or sale.denials + 1 >= DENIALS_UNTIL_BELIEVED:
        return to_report(sale, reason)
    return retry(replace(sale, denials=sale.denials + 1), DENIAL_PAUSE_S)


_REFUSAL_REASONS = {
    Refusal.NOT_SENT: Reason.NO_CONNECTION,
    Refusal.BELOW_MINIMUM: Reason.BELOW_MINIMUM,
    Refusal.CUSTOMER_UNKNOWN: Reason.CUSTOMER_UNKNOWN,
    Refusal.CUSTOMER_DECLINED: Reason.CUSTOMER_DECLINED,
    Refusal.REQUEST_NOT_VALID: Reason.REQUEST_NOT_VALID,
    Refusal.DECLINED_BY_SERVICE: Reason.SERVICE_DECLINED,
    Refusal.NOT_FOUND: Reason.WITHDRAWN,
    Refusal.CREDENTIALS: Reason.CREDENTIALS,
    Refusal.NOT_OFFERED: Reason.REQUEST_NOT_VALID,
}


def refusal_reason(refusal: Refusal | None) -> Reason:
    return _REFUSAL_REASONS[refusal] if refusal else Reason.REQUEST_NOT_VALID


# --- ENTRY ------------------------------------------------------------------------------------------------------------


def authorize(sale: Sale, event: ev.CustomerIdentified) -> Transition:
    """Ask the service to open an authorization. With automatic capture that commits: money may move from here on."""
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


def cancel_unsent(sale: Sale, event: ev.CancelRequested) -> Transition:
    return to_report(sale, cancel_reason(event))


def expire(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return to_report(sale, Reason.TIMED_OUT)


def end_by_power_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    return to_report(sale, Reason.POWER_CUT)


_CANCEL_REASONS = {
    ev.Canceller.CASHIER: Reason.CASHIER_CANCELLED,
    ev.Canceller.REGISTER: Reason.REGISTER_CANCELLED,
    ev.Canceller.CLOCK: Reason.TIMED_OUT,
}


def cancel_reason(event: ev.CancelRequested) -> Reason:
    return _CANCEL_REASONS[event.by]


# --- AUTHORIZATION ----------------------------------------------------------------------------------------------------


def opened(sale: Sale, event: ev.AuthorizationOpened) -> Transition:
    low, high = POLL_INTERVAL_BOUNDS_S
    interval_s = event.authorization.poll_interval_s or DEFAULT_POLL_INTERVAL_S
    sale = replace(
        sale,
        authorization_id=event.authorization.authorization_id,
        poll_interval_s=min(high, max(low, interval_s)),
    )
    return to_customer(sale) if sale.reason is None else to_void(sale, sale.reason)


def authorization_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    """A refusal that is no proof counts for nothing where approval alone pays."""
    if sale.asking is CallKind.FIND:
        return not_found(sale, event)
    if sale.committed and not sale.terms.is_proof(event.refusal):
        return search(sale)
    return to_report(sale, sale.reason or refusal_reason(event.refusal))


def authorization_lost(sale: Sale, _event: ev.AnswerLost) -> Transition:
    """Never repeated. Whoever approves it now pays nothing, unless approval alone pays."""
    if sale.asking is CallKind.FIND:
        return miss(sale)
    if sale.committed:
        return search(sale)
    return to_report(sale, sale.reason or Reason.NO_ANSWER)


def authorization_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    if not sale.committed:
        return to_report(sale, Reason.POWER_CUT)
    return search(replace(sale, reason=sale.reason or Reason.POWER_CUT))


def search(sale: Sale) -> Transition:
    """Approval alone pays here, and the authorization has no name: the service is asked for it by our reference.

    Once the time is up it is left to staff, as it is at once where the service finds nothing by reference.
    """
    if not sale.terms.finds_by_reference:
        return to_report(sale, Reason.NOT_TRACEABLE)
    sale, effects = find(replace(sale, misses=0))
    return Transition(sale, (deadline(sale, sale.terms.void_patience_s), *effects))


def not_found(sale: Sale, event: ev.RefusalReceived) -> Transition:
    """That proves nothing, because the customer may still approve: where the service answers and nobody has cancelled,
    that is waited for. A service that answers nothing is not waited for so long."""
    if event.refusal is Refusal.NOT_OFFERED:
        return to_report(sale, Reason.NOT_TRACEABLE)
    waits = event.refusal is Refusal.NOT_FOUND and sale.reason is None and not sale.is_searched
    sale, effects = miss(replace(sale, is_searched=sale.is_searched or waits))
    return Transition(sale, (deadline(sale, sale.terms.customer_timeout_s), *effects) if waits else effects)


def find(sale: Sale) -> Transition:
    sale = replace(sale, calls=sale.calls + 1, asking=CallKind.FIND)
    return Transition(sale, (fx.FindAuthorization(sale_number=sale.number, call=sale.calls, reference=sale.reference),))


def find_again(sale: Sale, _event: ev.RetryDue) -> Transition:
    return find(sale) if sale.asking is None else Transition(sale)


def found(sale: Sale, event: ev.AuthorizationFound) -> Transition:
    """It has a name if it is ours by amount and reference; what became of it is asked by that name, as ever."""
    if event.report.authorization_id is None or not sale.agrees_with(event.report, strictly=True):
        return miss(sale)
    named = OpenedAuthorization(authorization_id=event.report.authorization_id)
    return opened(sale, ev.AuthorizationOpened(sale.number, event.call, named))


def search_over(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return Transition(sale) if sale.asking is CallKind.AUTHORIZATION else to_report(sale, Reason.NOT_TRACEABLE)


def cancel_when_opened(sale: Sale, event: ev.CancelRequested) -> Transition:
    """Only a named authorization can be voided, so the answer is waited for; the call itself bounds that wait. What is
    only searched for is given up: nobody knows."""
    if sale.asking is not CallKind.AUTHORIZATION:
        return to_report(sale, Reason.NOT_TRACEABLE)
    return Transition(replace(sale, reason=sale.reason or cancel_reason(event)))


# --- CUSTOMER ---------------------------------------------------------------------------------------------------------


def customer_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    """An answer while the customer decides. Only a reservation of this amount and reference is captured."""
    match event.report.status:
        case Status.PAID:
            return paid(sale, event)
        case Status.RESERVED if not sale.agrees_with(event.report):
            return to_void(sale, Reason.MISMATCH)
        case Status.RESERVED if sale.capture_mode is not CaptureMode.SERVER_CALLBACK:
            return to_capture(sale)
        case Status.CODE_REQUIRED:
            return to_code_entry(sale)
        case Status.DECLINED:
            return to_report(sale, Reason.CUSTOMER_DECLINED)
        case Status.CANCELLED:
            return not_paid(sale, event, Reason.WITHDRAWN)
        case Status.REFUSED if not sale.committed:
            return to_report(sale, refusal_reason(event.report.refusal))
        case Status.PENDING | Status.AWAITING_CALLBACK | Status.RESERVED:
            return poll(sale)
    return miss(sale)


def customer_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    """Whoever is not admitted any more, twice in a row, need not let the customer wait."""
    if event.refusal is Refusal.CREDENTIALS and sale.misses > 0 and not sale.committed:
        return to_void(sale, Reason.CREDENTIALS)
    return miss(sale)


def called_back(sale: Sale, event: ev.CallbackReceived) -> Transition:
    """Acknowledging an approval makes it a payment, so that is a commitment; what really happened is asked for."""
    if not event.fits:
        return query_status(sale)
    pays = event.approved and sale.capture_mode is CaptureMode.SERVER_CALLBACK
    sale = replace(sale, committed=sale.committed or pays)
    sale, query = query_status(sale)
    return Transition(sale, (fx.AcknowledgeCallback(sale_number=sale.number), *query))


def ask_again(sale: Sale, _event: ev.SaleEvent) -> Transition:
    return query_status(sale)


def missed(sale: Sale, _event: ev.SaleEvent) -> Transition:
    return miss(sale)


def give_up(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return to_void(sale, Reason.TIMED_OUT)


def cancel_sent(sale: Sale, event: ev.CancelRequested) -> Transition:
    return to_void(sale, cancel_reason(event))


# --- CODE_ENTRY and CODE_CHECK ----------------------------------------------------------------------------------------


def submit_code(sale: Sale, event: ev.CodeEntered) -> Transition:
    sale, call = ask(replace(sale, state=State.CODE_CHECK), CallKind.CODE)
    return Transition(sale, (deadline(sale, sale.terms.code_timeout_s), fx.SubmitCode(**call, code=event.code)))


def code_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    match event.report.status:
        case Status.CODE_REQUIRED:
            return code_refused(sale, event)
        case Status.PENDING | Status.AWAITING_CALLBACK:
            return to_customer(sale)
    return customer_status(sale, event)


def code_refused(sale: Sale, _event: ev.SaleEvent) -> Transition:
    """Only the answer to the code itself uses up a try; a query that still asks for one tells that it was lost.

    The next code commits then: should the lost one arrive late, the two together may reserve and capture.
    """
    if sale.asking is not CallKind.CODE:
        return to_code_entry(replace(sale, committed=True))
    sale = replace(sale, code_tries_left=sale.code_tries_left - 1)
    return to_code_entry(sale) if sale.code_tries_left > 0 else to_void(sale, Reason.WRONG_CODE)


def code_call_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    """Where the refusal is no proof, the code may have reserved, and the next one captures then."""
    said_no = sale.asking is CallKind.CODE and event.refusal is not Refusal.NOT_SENT
    if not said_no:
        return miss(sale)
    return code_refused(replace(sale, committed=sale.committed or not sale.terms.is_proof(event.refusal)), event)


# --- CAPTURE ----------------------------------------------------------------------------------------------------------


def capture_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    """An answer after a capture, or after a power cut that may have hidden one. Only what is still reserved is captured
    again, MOST_CAPTURES times in all."""
    match event.report.status:
        case Status.PAID:
            return paid(sale, event)
        case Status.DECLINED:
            return to_report(sale, Reason.CUSTOMER_DECLINED)
        case Status.CANCELLED:
            return not_paid(sale, event, Reason.WITHDRAWN)
        case Status.RESERVED if not sale.agrees_with(event.report):
            return to_void(sale, Reason.MISMATCH)
        case Status.RESERVED if sale.settling or sale.captures >= MOST_CAPTURES:
            return to_void(sale, Reason.NO_ANSWER)
        case Status.RESERVED if sale.asking is CallKind.STATUS:  # so the capture before it did not happen
            return to_capture(sale)
        case Status.PENDING | Status.CODE_REQUIRED | Status.AWAITING_CALLBACK if sale.captures == 0:
            return to_void(sale, Reason.NO_ANSWER)
    return miss(sale)


def stop_capturing(sale: Sale, event: ev.SaleEvent) -> Transition:
    """Too late to cancel what has left; but what did not arrive is not sent again."""
    reason = cancel_reason(event) if isinstance(event, ev.CancelRequested) else Reason.TIMED_OUT
    return Transition(replace(sale, settling=True, reason=sale.reason or reason))
