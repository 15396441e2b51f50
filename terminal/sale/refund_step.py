"""The one function that decides about a refund: ``refund_step(refund, event) -> (refund, effects)``.

The theory
----------
The service carries out one refund under one idempotency key. So if the answer to a call was lost, the call is repeated
under the same key, with growing pauses, until the service answers. Neither a power cut nor a deadline ends that. The
key is on disk before the first call leaves.

Two answers end a refund: *done*, and a refusal. A refusal proves something only if no earlier call can have arrived.
After a lost answer it may also mean "this was returned already"; then staff must look it up. "Not sent" ends a refund
under the same condition. Otherwise it counts as one more miss, and so do refused credentials.

Whoever asked for the refund waits ``terms.patience_s``. Then the terminal reports that the outcome is not known, and
the refund goes on alone, so that the next customer does not wait for it.

Staff can correct how they settled a refund; both words remain in the journal.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import Refusal
from terminal.sale.refund import REASON_OF, Refund, RefundReason, RefundSource, RefundState

LONGEST_PAUSE_S = 300.0


class RefundEvent(msgspec.Struct, frozen=True):
    """Something that happened to one refund."""

    refund_number: int


class RefundAnswer(RefundEvent, frozen=True):
    """The end of one call; ``call`` tells which."""

    call: int


class RefundConfirmed(RefundAnswer, frozen=True):
    """The service has returned the money."""


class RefundRefused(RefundAnswer, frozen=True):
    """The service refused, or the call never left (NOT_SENT)."""

    refusal: Refusal
    support_reference: str | None = None


class RefundAnswerLost(RefundAnswer, frozen=True):
    """No usable answer: the refund may have been carried out."""


class RefundRetryDue(RefundEvent, frozen=True):
    """The pause before the next call is over."""


class RefundPatienceOver(RefundEvent, frozen=True):
    """Whoever asked has waited long enough, in this state."""

    state: RefundState


class RefundResultTaken(RefundEvent, frozen=True):
    """The register has the outcome, or has refused to take it: that changes nothing for the customer's money."""


class RefundSettledByStaff(RefundEvent, frozen=True):
    """Staff say whether the service's own records have it."""

    is_done: bool
    by: str = ""
    """Who said so: the keypad, or the account that gave the command."""


class RefundSettlementCorrected(RefundEvent, frozen=True):
    """Staff had settled it wrongly, and say so."""

    is_done: bool
    by: str = ""


class RefundPowerRestored(RefundEvent, frozen=True):
    """The terminal started and found this refund open in the journal."""


class RefundEffect(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do for one refund."""

    refund_number: int


class RequestRefund(RefundEffect, frozen=True, kw_only=True):
    """The call that returns money. It may be repeated under its key."""

    call: int
    authorization_id: str
    amount_kr: int
    is_whole: bool
    idempotency_key: str
    description: str


class SetRefundRetry(RefundEffect, frozen=True, kw_only=True):
    """Pause before the next call."""

    delay_s: float


class SetRefundPatience(RefundEffect, frozen=True, kw_only=True):
    """Bound the wait of whoever asked."""

    state: RefundState
    delay_s: float


class ReportRefund(RefundEffect, frozen=True, kw_only=True):
    """Tell the register how it stands."""


class PrintRefund(RefundEffect, frozen=True, kw_only=True):
    """Put a copy on paper. It is queued on disk together with the refund."""

    kind: ReceiptKind


class RefundTransition(NamedTuple):
    """The refund after an event, and what to do once it is on disk."""

    refund: Refund
    effects: tuple[RefundEffect, ...] = ()


def begin_refund(refund: Refund) -> RefundTransition:
    """The first call, and the bound of whoever waits for it."""
    assert refund.state is RefundState.TRANSFER
    refund, call = _call(refund)
    return RefundTransition(refund, (_patience(refund, refund.terms.patience_s), call))


def refund_step(refund: Refund, event: RefundEvent) -> RefundTransition:
    """Decide what ``event`` means for ``refund``. Pure; never raises on any event."""
    if event.refund_number != refund.number:
        return RefundTransition(refund)
    if isinstance(event, RefundSettledByStaff | RefundSettlementCorrected):
        return _settled(refund, event)
    match refund.state, event:
        case RefundState.TRANSFER, RefundConfirmed():  # also of an earlier call: done is done
            return _ended(refund, RefundReason.DONE)
        case RefundState.TRANSFER, RefundAnswer(call=call) if call != refund.calls:
            return RefundTransition(refund)
        case RefundState.TRANSFER, RefundRefused(refusal=Refusal.NOT_SENT):
            return _not_sent(refund)
        case RefundState.TRANSFER, RefundRefused():
            refund = replace(refund, support_reference=event.support_reference or refund.support_reference)
            return _refused(refund, event.refusal)
        case RefundState.TRANSFER, RefundAnswerLost():
            return _missed(replace(refund, may_have_left=True))
        case RefundState.TRANSFER, RefundRetryDue():
            return _again(refund)
        case RefundState.TRANSFER, RefundPowerRestored():
            # What was on its way when the power went may have arrived.
            return _again(replace(refund, may_have_left=True, is_late=True))
        case RefundState.TRANSFER, RefundPatienceOver(state=RefundState.TRANSFER) if not refund.is_late:
            return RefundTransition(replace(refund, is_late=True), _told(refund))
        case RefundState.REPORT, RefundResultTaken() | RefundPatienceOver(state=RefundState.REPORT):
            return RefundTransition(replace(refund, state=RefundState.CLOSED))
        case RefundState.REPORT, RefundPowerRestored():
            return RefundTransition(refund, (*_told(refund), _patience(refund, refund.terms.report_timeout_s)))
    return RefundTransition(refund)


_SETTLED = {True: RefundReason.SETTLED_DONE, False: RefundReason.SETTLED_NOT_DONE}


def _settled(refund: Refund, event: RefundSettledByStaff | RefundSettlementCorrected) -> RefundTransition:
    """Of what staff have settled they may say the opposite."""
    reason, before = _SETTLED[event.is_done], refund.reason
    if isinstance(event, RefundSettledByStaff):
        may_be = refund.state is RefundState.ATTENTION
        before = None
    else:
        may_be = refund.state is RefundState.CLOSED and before is _SETTLED[not event.is_done]
    if not may_be:
        return RefundTransition(refund)
    refund = replace(refund, reason=reason, settled_by=event.by, corrected_from=before, state=RefundState.CLOSED)
    return RefundTransition(refund, _prints(refund))


def _call(refund: Refund) -> tuple[Refund, RequestRefund]:
    refund = replace(refund, calls=refund.calls + 1)
    return refund, RequestRefund(
        refund_number=refund.number,
        call=refund.calls,
        authorization_id=refund.authorization_id,
        amount_kr=refund.amount_kr,
        is_whole=refund.is_whole,
        idempotency_key=refund.idempotency_key,
        description=refund.description,
    )


def _again(refund: Refund) -> RefundTransition:
    refund, call = _call(refund)
    return RefundTransition(refund, (call,))


def _not_sent(refund: Refund) -> RefundTransition:
    """Nobody has heard of it: whoever stands there may try again later. What the terminal began itself goes on."""
    if refund.may_have_left or refund.source is RefundSource.AUTOMATIC:
        return _missed(refund)
    return _ended(refund, RefundReason.NO_CONNECTION)


def _refused(refund: Refund, refusal: Refusal) -> RefundTransition:
    if not refund.may_have_left:
        return _ended(refund, REASON_OF.get(refusal, RefundReason.REFUSED))
    if refusal is Refusal.CREDENTIALS:
        return _missed(refund)
    told = () if refund.is_late else _told(refund)
    refund = replace(refund, reason=RefundReason.NOT_TRACEABLE, state=RefundState.ATTENTION, is_late=True)
    return RefundTransition(refund, (*_prints(refund), *told))


def _missed(refund: Refund) -> RefundTransition:
    pause_s = min(LONGEST_PAUSE_S, 2.0 ** min(refund.misses, 9))
    refund = replace(refund, misses=refund.misses + 1)
    return RefundTransition(refund, (SetRefundRetry(refund_number=refund.number, delay_s=pause_s),))


def _ended(refund: Refund, reason: RefundReason) -> RefundTransition:
    """A register that waits is told; one that was told "not known" asks, and nobody else is told by a line."""
    is_awaited = bool(refund.register_id) and not refund.is_late
    refund = replace(refund, reason=reason, misses=0, state=RefundState.REPORT if is_awaited else RefundState.CLOSED)
    effects: tuple[RefundEffect, ...] = _prints(refund)
    if is_awaited:
        effects = (*effects, *_told(refund), _patience(refund, refund.terms.report_timeout_s))
    return RefundTransition(refund, effects)


def _prints(refund: Refund) -> tuple[PrintRefund, ...]:
    """Both copies of what was done; a slip for staff of a "no" that nobody is there to hear."""
    terms = refund.terms
    is_unheard = refund.is_late or refund.source is RefundSource.AUTOMATIC
    wanted = {
        ReceiptKind.CUSTOMER: refund.is_done and terms.customer_copy,
        ReceiptKind.MERCHANT: refund.is_done and terms.merchant_copy,
        ReceiptKind.ATTENTION: not refund.is_done and (is_unheard or refund.is_unknown) and terms.staff_slip,
    }
    return tuple(PrintRefund(refund_number=refund.number, kind=kind) for kind in wanted if wanted[kind])


def _told(refund: Refund) -> tuple[ReportRefund, ...]:
    return (ReportRefund(refund_number=refund.number),) if refund.register_id else ()


def _patience(refund: Refund, delay_s: float) -> SetRefundPatience:
    return SetRefundPatience(refund_number=refund.number, state=refund.state, delay_s=delay_s)
