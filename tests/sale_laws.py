"""The promises of ``step``, checked on any single transition of any sale."""

from __future__ import annotations

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.moves import DENIALS_UNTIL_BELIEVED, MOST_CAPTURES, POLL_INTERVAL_BOUNDS_S
from terminal.sale.sale import NOT_PAID, Outcome, Reason, Sale, State, differs_durably
from terminal.sale.tracing import MOST_TRACES

ENDED = (State.REPORT, State.ATTENTION, State.CLOSED)

SETTLED = (Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, Reason.REFUNDED)

PAPERS = {
    (Outcome.APPROVED, fx.ReceiptKind.CUSTOMER),
    (Outcome.APPROVED, fx.ReceiptKind.MERCHANT),
    (Outcome.REFUNDED, fx.ReceiptKind.CUSTOMER),
    (Outcome.REFUNDED, fx.ReceiptKind.MERCHANT),
    (Outcome.REFUND_DUE, fx.ReceiptKind.ATTENTION),
    (Outcome.UNKNOWN, fx.ReceiptKind.ATTENTION),
}
"""What is on paper of which outcome, where every copy is wanted."""

Effects = tuple[fx.Effect, ...]


def assert_lawful(before: Sale, event: ev.SaleEvent, after: Sale, effects: Effects) -> None:
    """Fail with the promise that this transition breaks."""
    if after is before and not effects:
        return  # nothing happened: every promise that held still holds
    if before.state is State.CLOSED and differs_durably(before, after):
        is_proof = isinstance(event, ev.StatusReceived) and after.reason in (Reason.PAID_LATE, Reason.PROVED_UNPAID)
        is_taken_back = isinstance(event, ev.MoneyNotReturned) and after.reason is Reason.REFUND_DUE
        may_reopen = is_proof or is_taken_back or _is_corrected(before, event, after)
        assert may_reopen, "only a proof opens a case again, and staff who take back their word"
    if before.state is after.state is State.CLOSED and not _is_corrected(before, event, after):
        assert (after.outcome, after.reason) == (before.outcome, before.reason), "what is over stays as it was"
    _keeps_what_must_stay(before, after)
    _numbers_its_calls(before, after, effects)
    for effect in effects:
        _may_ask_for(effect, before, event, after)
    _ends_rightly(before, event, after)
    _ends_in_time(before, event, after)
    _waits_for_calls_that_move_money(before, event, after, effects)
    _is_on_paper(before, after, effects)
    _never_hangs(event, before, after, effects)


def _keeps_what_must_stay(before: Sale, after: Sale) -> None:
    for name in ("number", "reference", "register_id", "amount_kr", "created", "terms"):
        assert getattr(after, name) == getattr(before, name), f"a sale's {name} never changes"
    assert after.committed or not before.committed, "a commitment is never taken back"
    assert after.settling or not before.settling, "a sale that is being settled stays so"


def _numbers_its_calls(before: Sale, after: Sale, effects: Effects) -> None:
    calls = [effect for effect in effects if isinstance(effect, fx.Call)]
    assert len(calls) <= 1, "one question at a time"
    assert [call.call for call in calls] == list(range(before.calls + 1, after.calls + 1)), "calls count up by one"
    nameless = (fx.RequestAuthorization, fx.FindAuthorization)
    named = all(isinstance(call, nameless) or call.authorization_id for call in calls)  # type: ignore[attr-defined]
    assert named, "only a named authorization can be asked about"


def _may_ask_for(effect: fx.Effect, before: Sale, event: ev.SaleEvent, after: Sale) -> None:
    assert effect.sale_number == before.number
    match effect:
        case fx.RequestCapture():
            assert (after.state, after.committed) == (State.CAPTURE, True)
            assert not after.settling, "never captured again while settling"
            assert after.captures == before.captures + 1 <= MOST_CAPTURES
            assert differs_durably(before, after), "on disk before it leaves"
        case fx.RequestAuthorization() | fx.SubmitCode():
            assert differs_durably(before, after), "on disk before it leaves"
        case fx.FindAuthorization(reference=reference):
            assert (after.state, after.authorization_id) == (State.AUTHORIZATION, None), "only what has no name"
            assert (reference, after.committed) == (after.reference, True), "only where approval alone pays"
        case fx.AcknowledgeCallback():
            pays = isinstance(event, ev.CallbackReceived) and event.approved
            is_paid = after.outcome is Outcome.APPROVED
            assert is_paid or after.committed or not pays or after.capture_mode is not CaptureMode.SERVER_CALLBACK
        case fx.ReportResult():
            is_untrue_now = after.reason is Reason.PROVED_UNPAID and not after.acknowledged
            assert after.state is State.REPORT or is_untrue_now
        case fx.SetRetry(delay_s=delay_s):
            longest_s = POLL_INTERVAL_BOUNDS_S[1] if after.state in (State.AUTHORIZATION, State.CUSTOMER) else 60
            assert POLL_INTERVAL_BOUNDS_S[0] <= delay_s <= longest_s
        case fx.SetTrace(delay_s=delay_s):
            assert after.tracing
            assert after.state in (State.REPORT, State.CLOSED)
            assert 2 <= delay_s <= 60
        case fx.RequestVoid():
            is_asked_first = not (after.terms.void_undoes_payment and isinstance(event, ev.PowerRestored))
            assert is_asked_first, "what is paid, and forgotten in a power cut, is not voided"
            assert before.state not in ENDED or before.tracing, "only what is traced is given up after its end"
        case fx.SetDeadline(state=state):
            assert state is after.state


def _ends_rightly(before: Sale, event: ev.SaleEvent, after: Sale) -> None:
    if before.authorization_id != after.authorization_id:
        assert (before.authorization_id, before.state) == (None, State.AUTHORIZATION), "it is named once"
        if isinstance(event, ev.AuthorizationFound):
            ours = (after.amount_kr, after.reference)
            assert (event.report.amount_kr, event.report.reference) == ours, "only what is ours is found"
    if after.state in ENDED:
        assert after.reason is not None
    if after.outcome is Outcome.APPROVED and before.outcome is not Outcome.APPROVED:
        if after.reason is Reason.SETTLED_PAID:
            has_said = isinstance(event, ev.SettledByStaff | ev.SettlementCorrected)
            assert has_said or _never_left(before, event), "only the word of staff"
        else:
            assert isinstance(event, ev.StatusReceived), "only the service's word is a payment"
            said = event.report
            assert (said.status, said.confirmed) == (Status.PAID, True), "only its own record is"
            assert (said.amount_kr, said.reference) == (after.amount_kr, after.reference), "for this very sale"
            undone = before.state is State.VOID and after.terms.void_undoes_payment
            assert not undone or (before.void_refused and not before.void_lost), "no void is on its way to it"
    if before.state in ENDED and before.outcome not in (after.outcome, Outcome.UNKNOWN):
        assert (before.outcome, after.outcome) in _later_outcomes(before, event, after), "one outcome for ever"
    if before.committed and before.state not in ENDED and after.state in ENDED:
        said_so = isinstance(event, ev.StatusReceived | ev.SettledByStaff | ev.RefusalReceived)
        assert said_so or after.outcome is Outcome.UNKNOWN, "only the service or staff end what may be paid"
        if isinstance(event, ev.StatusReceived) and event.report.status is Status.CANCELLED:
            is_proved = event.report.is_final or before.denials + 1 >= DENIALS_UNTIL_BELIEVED
            assert is_proved, "not paid by the record's own word, or by the same word for a while"


def _ends_in_time(before: Sale, event: ev.SaleEvent, after: Sale) -> None:
    is_over = before.state in (State.CAPTURE, State.VOID) and after.state in ENDED
    if is_over and isinstance(event, ev.DeadlinePassed):
        assert not before.committed, "no clock ends what may be paid"
        assert after.tracing == (after.reason is Reason.POWER_CUT), "what a power cut may have hidden is asked about"


def _later_outcomes(before: Sale, event: ev.SaleEvent, after: Sale) -> set[tuple[Outcome | None, Outcome | None]]:
    """From which to which it may come once it has ended."""
    corrections: set[tuple[Outcome | None, Outcome | None]] = {
        (Outcome.APPROVED, Outcome.REFUND_DUE),
        (Outcome.REFUND_DUE, Outcome.REFUNDED),
        (Outcome.REFUND_DUE, Outcome.APPROVED),
    }
    if _is_corrected(before, event, after):
        pairs = {(Outcome.APPROVED, Outcome.CANCELLED), (Outcome.APPROVED, Outcome.REFUNDED)}
        corrections = pairs | {(after, before) for before, after in pairs}
    if isinstance(event, ev.MoneyNotReturned):
        assert before.settled_from is None, "not what staff have said of the sale itself"
        assert (before.state, after.state) == (State.CLOSED, State.ATTENTION), "staff see it again"
        corrections = {(Outcome.REFUNDED, Outcome.REFUND_DUE)}
    if after.reason is Reason.PAID_LATE:
        _is_proved_late(before, event, after)
        corrections |= {(outcome, Outcome.REFUND_DUE) for outcome in NOT_PAID}
    if after.reason is Reason.PROVED_UNPAID:
        _is_proved_unpaid(before, event, after)
        corrections |= {(Outcome.APPROVED, Outcome.UNKNOWN)}
    return corrections


def _is_corrected(before: Sale, event: ev.SaleEvent, after: Sale) -> bool:
    """Staff take back their own word, and nobody else's; what they said before is named."""
    if not isinstance(event, ev.SettlementCorrected) or after.reason is before.reason:
        return False
    assert before.state is after.state is State.CLOSED
    assert before.settled_from is not None, "only what staff have settled is corrected"
    assert before.reason in SETTLED
    assert after.reason in SETTLED
    assert (after.corrected_from, after.settled_from) == (before.reason, before.settled_from)
    assert after.settled_by == event.by
    assert not before.may_be_undone, "a void is on its way to it"
    return True


def _is_proved_late(before: Sale, event: ev.SaleEvent, after: Sale) -> None:
    assert isinstance(event, ev.StatusReceived)
    assert after.state is State.ATTENTION, "staff see it"
    assert before.is_paid_by(event.report), "only the service's own record opens a case again"
    is_undone = before.terms.void_undoes_payment and event.call < before.void_call
    assert not is_undone, "what a void has taken back since is not paid"
    assert not before.may_be_undone or before.traces >= MOST_TRACES, "no void is on its way that returns it, too"


def _is_proved_unpaid(before: Sale, event: ev.SaleEvent, after: Sale) -> None:
    assert before.reason is Reason.SETTLED_PAID, "the word of staff and no other is contradicted"
    assert isinstance(event, ev.StatusReceived)
    assert event.report.is_final, "only by the record's own word"
    assert before.agrees_with(event.report), "about this very sale"
    assert after.state is State.ATTENTION, "staff see it"


def _never_left(before: Sale, event: ev.SaleEvent) -> bool:
    """The call that the word of staff has waited for."""
    is_not_sent = isinstance(event, ev.RefusalReceived) and event.refusal is Refusal.NOT_SENT
    return is_not_sent and before.said_by_staff is Reason.SETTLED_PAID


def _waits_for_calls_that_move_money(before: Sale, event: ev.SaleEvent, after: Sale, effects: Effects) -> None:
    if isinstance(event, ev.SettledByStaff) and before.state in (State.CAPTURE, State.VOID):
        assert after == before or before.stands_unknown, "staff end only what stands openly as unknown"
        assert after.state not in ENDED or not before.moves_money, "their word waits for a call that moves money"
        assert after.reason is not Reason.SETTLED_PAID or not before.may_be_undone, "a void is on its way to it"
    if before.stands_unknown:
        assert not any(isinstance(effect, fx.RequestCapture) for effect in effects), "what staff see is not captured"
    if isinstance(event, ev.AnswerReceived) and after != before:
        assert after.said_by_staff is None, "a word is not kept beyond the answer that it waits for"


def _is_on_paper(before: Sale, after: Sale, effects: Effects) -> None:
    stands = after.state in ENDED and not _may_be_refused(after)
    is_new = after.outcome is not before.outcome or _may_be_refused(before)
    outcome = after.outcome
    due = {kind for called_for_by, kind in PAPERS if called_for_by is outcome} if stands and is_new else set()
    queued = {effect.kind for effect in effects if isinstance(effect, fx.PrintReceipt)}
    assert queued == due, "what an outcome calls for is queued with it"


def _may_be_refused(sale: Sale) -> bool:
    return sale.state is State.REPORT and sale.terms.final_when_taken


def _never_hangs(event: ev.SaleEvent, before: Sale, after: Sale, effects: Effects) -> None:
    is_over = after.state in (State.ENTRY, *ENDED) and not after.tracing
    if is_over or after == before or not isinstance(event, ev.AnswerReceived):
        return
    goes_on = any(isinstance(effect, fx.SetRetry | fx.SetDeadline | fx.SetTrace) for effect in effects)
    assert goes_on or after.asking, "a sale that waits for nothing hangs"
