"""Traces a sale for a while after its end: one that staff have settled, or that nobody answered for after a power cut.

Staff know only what the service's records said when they looked. A capture that this terminal has given up may still be
on its way to the service. A sale that is still reserved, or still waits for the customer, may be paid later. So the
terminal continues to ask, with growing pauses, for about a quarter of an hour, and gives up what is still open. It
stops earlier if the service's own record says that nothing was paid. If a payment appears, the case is open again.

Staff may also have read the wrong line, and said "paid". Of such a sale nothing is given up. The terminal asks in the
same way until the record bears them out. If the record says that the sale ended without a payment, staff and the
record contradict each other: the case is open again, as one that nobody knows.

With some services a void also takes back a payment. There a void that was sent and not answered may still arrive. Until
it is answered, a payment that is found is voided again: staff must not return money that a void returns as well.

Nobody has looked at a sale that ended after a power cut without an answer. Its card may have lost a payment, so it is
traced like one that staff have called unpaid.

Only the beginning of a trace is in the journal. After a start the trace begins again, and a void counts as sent. Not so
where a power cut may hide a payment: the register may have heard of that, so a payment that is found is left to staff.
If a void has left, the service had said before that nothing was paid.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal, StatusReport
from terminal.sale.moves import Transition, ask
from terminal.sale.sale import NOT_PAID, CallKind, Reason, Sale, State

MOST_TRACES = 20
"""Questions about one sale: the pauses between them add up to fifteen minutes."""
MOST_TRACES_UNANSWERED = 1_500
"""As long as none is answered, it goes on beyond that, for a day: a service that is not reached has said nothing."""
LONGEST_PAUSE_S = 60.0

_STILL_OPEN = (Status.RESERVED, Status.PENDING, Status.AWAITING_CALLBACK, Status.CODE_REQUIRED)


def begin_trace(sale: Sale) -> Transition:
    """It was looked up a while ago, so the first question leaves at once."""
    return _question(replace(sale, tracing=True, traces=0))


def trace_anew(sale: Sale, _event: ev.PowerRestored) -> Transition:
    if not sale.tracing:
        return Transition(sale)
    may_be_voided = sale.outcome in NOT_PAID and sale.terms.void_undoes_payment and sale.settled_from is not None
    return begin_trace(replace(sale, void_lost=sale.void_lost or may_be_voided))


def trace_due(sale: Sale, _event: ev.TraceDue) -> Transition:
    return _question(sale) if sale.tracing and sale.asking is None else Transition(sale)


def told_after_end(sale: Sale, event: ev.StatusReceived) -> Transition:
    """Ended as not paid, by the service's word or by that of staff. If it is now proved to be paid, the case is open
    again: the register has heard "not paid" and hears no other outcome, so staff return the money, or ring it up."""
    if sale.reason is Reason.SETTLED_PAID:
        return _told_of_paid(sale, event.report)
    is_paid = sale.outcome in NOT_PAID and sale.is_paid_by(event.report) and not sale.is_undone_since(event.call)
    if is_paid and not (sale.may_be_undone and sale.traces < MOST_TRACES):
        invoice_number = event.report.invoice_number
        return Transition(
            replace(
                sale,
                state=State.ATTENTION,
                reason=Reason.PAID_LATE,
                invoice_number=invoice_number,
                tracing=False,
                settled_from=None,
            )
        )
    if not sale.tracing:
        return Transition(sale)
    if event.report.status is Status.DECLINED or event.report.is_final:
        return Transition(replace(sale, tracing=False))
    if sale.asking is CallKind.STATUS and (is_paid or event.report.status in _STILL_OPEN):
        sale, call = ask(sale, CallKind.VOID)
        return Transition(sale, (fx.RequestVoid(**call),))
    return _pause(sale, is_answered=True)


def _told_of_paid(sale: Sale, report: StatusReport) -> Transition:
    """A status can lag behind, so only the record's own word is held against that of staff."""
    if not sale.tracing:
        return Transition(sale)
    if report.is_final and sale.agrees_with(report):
        # A register that has not heard "paid" yet must not hear it now: this word replaces the one that waits.
        told = () if sale.acknowledged else (fx.ReportResult(sale_number=sale.number),)
        sale = replace(sale, state=State.ATTENTION, reason=Reason.PROVED_UNPAID, tracing=False, settled_from=None)
        return Transition(sale, told)
    if sale.is_paid_by(report):
        return Transition(replace(sale, tracing=False))
    return _pause(sale, is_answered=True)


def trace_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    return _pause(sale, is_answered=event.refusal not in (Refusal.NOT_SENT, Refusal.CREDENTIALS))


def trace_lost(sale: Sale, _event: ev.AnswerLost) -> Transition:
    if sale.asking is CallKind.VOID:
        sale = replace(sale, void_lost=sale.terms.void_undoes_payment)
    return _pause(sale, is_answered=False)


def _question(sale: Sale) -> Transition:
    sale, call = ask(replace(sale, traces=sale.traces + 1), CallKind.STATUS)
    return Transition(sale, (fx.QueryStatus(**call),))


def _pause(sale: Sale, *, is_answered: bool) -> Transition:
    most = MOST_TRACES if is_answered else MOST_TRACES_UNANSWERED
    if not sale.tracing or sale.traces >= most:
        return Transition(replace(sale, tracing=False))
    delay_s = min(LONGEST_PAUSE_S, 2.0 ** min(sale.traces, 6))
    return Transition(sale, (fx.SetTrace(sale_number=sale.number, delay_s=delay_s),))
