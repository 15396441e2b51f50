"""What happens to a sale on its way out: the moves of VOID, REPORT and ATTENTION. The others are in ``moves.py``."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.after_power_cut import end_unanswered
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.moves import Transition, ask, deadline, miss, not_paid, paid, query_status, to_report
from terminal.sale.sale import NOT_PAID, NOTHING_SAID, CallKind, Outcome, Reason, Sale, State
from terminal.sale.tracing import begin_trace, trace_anew

# --- VOID -------------------------------------------------------------------------------------------------------------


def void_status(sale: Sale, event: ev.StatusReceived) -> Transition:
    """An answer in VOID: the reservation is gone, the payment is proved after all, or the void is asked for again."""
    match event.report.status:
        case Status.PAID if sale.may_be_undone:
            return void_again(replace(sale, committed=True))
        case Status.PAID:
            return paid(sale, event)
        case Status.CANCELLED:
            return not_paid(sale, event, sale.reason or Reason.WITHDRAWN)
        case Status.DECLINED:
            return voided(sale)
        case Status.REFUSED if not sale.committed:
            return voided(sale)
        case Status.REFUSED | Status.UNCLEAR:
            return miss(sale)
    return not_voided(sale) if sale.asking is CallKind.VOID else void_again(sale)


def void_again(sale: Sale) -> Transition:
    """At once after a status, and after a pause if it was the void itself that brought no end."""
    if sale.asking is CallKind.VOID:
        return miss(sale)
    sale, call = ask(sale, CallKind.VOID)
    return Transition(sale, (fx.RequestVoid(**call),))


def void_call_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    if sale.said_by_staff is not None and event.refusal is Refusal.NOT_SENT:
        return _settled(sale, sale.said_by_staff)
    is_no_answer = sale.reason is Reason.POWER_CUT and not sale.terms.is_proof(event.refusal)  # it may be paid
    if sale.asking is not CallKind.VOID or event.refusal is Refusal.NOT_SENT or is_no_answer:
        return miss(sale)
    return not_voided(replace(sale, void_refused=sale.terms.void_undoes_payment))


def void_call_lost(sale: Sale, _event: ev.AnswerLost) -> Transition:
    """An answer in VOID is lost. The void may have happened; where it may undo a payment, the sale remembers that."""
    return miss(_void_lost(sale) if sale.asking is CallKind.VOID else sale)


def _void_lost(sale: Sale) -> Sale:
    return replace(sale, void_lost=sale.terms.void_undoes_payment)


def not_voided(sale: Sale) -> Transition:
    """Still there. If only our capture could make it a payment, it may stay reserved until the service drops it."""
    return miss(sale) if sale.committed else voided(replace(sale, may_stay_reserved=True))


def void_patience_over(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    return Transition(sale) if sale.committed else end_unanswered(sale)


def voided(sale: Sale) -> Transition:
    return to_report(sale, sale.reason or Reason.WITHDRAWN)


def settle_void(sale: Sale, _event: ev.PowerRestored) -> Transition:
    sale, query = query_status(replace(_void_lost(sale), asking=None, **NOTHING_SAID))
    return Transition(sale, (deadline(sale, sale.terms.void_patience_s), *query))


# --- what staff say ---------------------------------------------------------------------------------------------------


def settle_unknown(sale: Sale, event: ev.SettledByStaff) -> Transition:
    """Only what has stood openly as unknown may be settled by hand; anything else the service still answers for.

    Nor is it "paid" while a void may still take that back. The word waits for a call that may move money, and the first
    word counts.
    """
    reason = _VERDICTS.get((Reason.NOT_TRACEABLE, event.verdict))
    is_too_early = reason is Reason.SETTLED_PAID and sale.may_be_undone
    if reason is None or is_too_early or not sale.stands_unknown or sale.said_by_staff is not None:
        return Transition(sale)
    sale = replace(sale, settled_by=event.by, settled_from=Reason.NOT_TRACEABLE)
    if sale.moves_money:
        return Transition(replace(sale, said_by_staff=reason))
    return _settled(sale, reason)


def capture_refused(sale: Sale, event: ev.RefusalReceived) -> Transition:
    """An earlier one may have happened. What staff have said meanwhile is as true as before if this one never left."""
    if sale.said_by_staff is not None and event.refusal is Refusal.NOT_SENT:
        return _settled(sale, sale.said_by_staff)
    return miss(sale)


def _settled(sale: Sale, reason: Reason) -> Transition:
    """What is said to be unpaid may be paid by what is still on its way; and what is said to be paid may be misread."""
    sale, effects = to_report(sale, reason)
    if sale.has_no_authorization:
        return Transition(sale, effects)
    sale, question = begin_trace(sale)
    return Transition(sale, (*effects, *question))


_VERDICTS = {
    (Reason.NOT_TRACEABLE, ev.Verdict.PAID): Reason.SETTLED_PAID,
    (Reason.NOT_TRACEABLE, ev.Verdict.UNPAID): Reason.SETTLED_UNPAID,
    (Reason.REFUND_DUE, ev.Verdict.REFUNDED): Reason.REFUNDED,
    # The register has it after all, or the goods were given all the same.
    (Reason.REFUND_DUE, ev.Verdict.PAID): Reason.SETTLED_PAID,
    (Reason.PAID_LATE, ev.Verdict.REFUNDED): Reason.REFUNDED,
    (Reason.PAID_LATE, ev.Verdict.PAID): Reason.SETTLED_PAID,
    (Reason.PROVED_UNPAID, ev.Verdict.UNPAID): Reason.SETTLED_UNPAID,
    # Their word against the record's, once more.
    (Reason.PROVED_UNPAID, ev.Verdict.PAID): Reason.SETTLED_PAID,
}


def settle_attention(sale: Sale, event: ev.SettledByStaff) -> Transition:
    """The word of staff about what was left to them; one that does not fit changes nothing."""
    asked_for = sale.reason or Reason.NOT_TRACEABLE
    reason = _VERDICTS.get((asked_for, event.verdict))
    if reason is None:
        return Transition(sale)
    return Transition(
        replace(
            sale, state=State.CLOSED, reason=reason, settled_by=event.by, settled_from=asked_for, corrected_from=None
        )
    )


def correct_settlement(sale: Sale, event: ev.SettlementCorrected) -> Transition:
    """What staff have settled wrongly is settled once more, as what was left to them: the entry before stays.

    Nothing that the service or the terminal itself has ended is theirs to correct.
    """
    reason = _VERDICTS.get((sale.settled_from, event.verdict)) if sale.settled_from is not None else None
    if reason in (None, sale.reason) or sale.may_be_undone or sale.asking is CallKind.VOID:
        return Transition(sale)
    sale = replace(sale, reason=reason, settled_by=event.by, corrected_from=sale.reason, tracing=False, asking=None)
    if sale.settled_from is not Reason.NOT_TRACEABLE or sale.has_no_authorization:
        return Transition(sale)
    return begin_trace(sale)


def money_returned(sale: Sale, _event: ev.MoneyReturned) -> Transition:
    """By a refund of its own, which the service has carried out."""
    if sale.outcome is not Outcome.REFUND_DUE:
        return Transition(sale)
    return Transition(replace(sale, state=State.CLOSED, reason=Reason.REFUNDED, settled_from=None))


def money_not_returned(sale: Sale, _event: ev.MoneyNotReturned) -> Transition:
    """It is due again. What staff have said of the sale itself stays as they said it."""
    if sale.outcome is not Outcome.REFUNDED or sale.settled_from is not None:
        return Transition(sale)
    return Transition(replace(sale, state=State.ATTENTION, reason=Reason.REFUND_DUE))


# --- REPORT -----------------------------------------------------------------------------------------------------------


def acknowledged(sale: Sale, _event: ev.ResultAcknowledged) -> Transition:
    return Transition(ended(replace(sale, acknowledged=True)))


def end_untold(sale: Sale, _event: ev.DeadlinePassed) -> Transition:
    """The register does not listen; it can ask for the stored result at any time."""
    return Transition(ended(not_taken(sale) if sale.terms.final_when_taken else sale))


def rejected(sale: Sale, event: ev.ResultRejected) -> Transition:
    """What is captured is to be returned. Without staff only if the register has said so: after mere silence it may
    show the sale as paid, and the goods are gone."""
    return Transition(ended(not_taken(replace(sale, refused_by_register=event.said_so))))


def not_taken(sale: Sale) -> Sale:
    return replace(sale, reason=Reason.REFUND_DUE) if sale.outcome is Outcome.APPROVED else sale


def ended(sale: Sale) -> Sale:
    left_to_staff = sale.outcome is not None and sale.outcome.needs_staff
    if left_to_staff:
        return replace(sale, state=State.ATTENTION, tracing=False)
    return replace(sale, state=State.CLOSED)


def called_back_at_the_end(sale: Sale, event: ev.CallbackReceived) -> Transition:
    """A service that calls back after the payment would take it back if nobody answered. Of what ended as not paid,
    though it might have been, it is a reason to ask."""
    if not (event.approved and event.fits):
        return Transition(sale)
    if sale.outcome is Outcome.APPROVED:
        return Transition(sale, (fx.AcknowledgeCallback(sale_number=sale.number),))
    if sale.outcome not in NOT_PAID or not sale.committed or sale.has_no_authorization or sale.asking is not None:
        return Transition(sale)
    sale, call = ask(sale, CallKind.STATUS)
    return Transition(sale, (fx.QueryStatus(**call),))


def report_again(sale: Sale, event: ev.PowerRestored) -> Transition:
    report = fx.ReportResult(sale_number=sale.number)
    sale, question = trace_anew(sale, event)
    return Transition(sale, (report, deadline(sale, sale.terms.report_timeout_s), *question))
