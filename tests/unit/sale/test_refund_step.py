"""Every event of a refund in every state: what moves money back, and what must not end it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from terminal.sale import refund_step as rs
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import Refusal
from terminal.sale.refund import (
    Refund,
    RefundReason,
    RefundSource,
    RefundState,
    RefundTerms,
    automatic_key,
    left_to_refund_kr,
    refund_differs_durably,
)
from terminal.sale.sale import Reason, State
from tests.each import each_of
from tests.sales import GUID, new_refund, new_sale

CUSTOMER, MERCHANT, SLIP = ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT, ReceiptKind.ATTENTION


def begun(**changes: object) -> Refund:
    return rs.begin_refund(new_refund(**changes)).refund


def walk(refund: Refund, *events: rs.RefundEvent) -> rs.RefundTransition:
    transition = rs.RefundTransition(refund)
    for event in events:
        transition = rs.refund_step(transition.refund, event)
    return transition


def calls(transition: rs.RefundTransition) -> list[rs.RequestRefund]:
    return [effect for effect in transition.effects if isinstance(effect, rs.RequestRefund)]


def printed(transition: rs.RefundTransition) -> list[ReceiptKind]:
    return [effect.kind for effect in transition.effects if isinstance(effect, rs.PrintRefund)]


def is_told(transition: rs.RefundTransition) -> bool:
    return any(isinstance(effect, rs.ReportRefund) for effect in transition.effects)


LOST = rs.RefundAnswerLost(8, 1)
AGAIN = rs.RefundRetryDue(8)


def test_the_first_call_names_payment_amount_and_key() -> None:
    begin = rs.begin_refund(new_refund(description="broken"))
    (call,) = calls(begin)
    assert (call.authorization_id, call.amount_kr, call.idempotency_key) == (GUID, 500, "ab" * 20)
    assert (call.is_whole, call.description) == (False, "broken")


def test_the_wait_of_whoever_asked_is_bounded() -> None:
    begin = rs.begin_refund(new_refund(terms=RefundTerms(patience_s=12.0, report_timeout_s=34.0)))
    (patience,) = [effect for effect in begin.effects if isinstance(effect, rs.SetRefundPatience)]
    assert (patience.state, patience.delay_s) == (RefundState.TRANSFER, 12.0)
    done = walk(begin.refund, rs.RefundConfirmed(8, 1))
    (patience,) = [effect for effect in done.effects if isinstance(effect, rs.SetRefundPatience)]
    assert (patience.state, patience.delay_s) == (RefundState.REPORT, 34.0)


@pytest.mark.parametrize("wanted", [(True, False), (False, True)])
def test_only_the_copies_that_are_wanted_are_printed(wanted: tuple[bool, bool]) -> None:
    terms = RefundTerms(customer_copy=wanted[0], merchant_copy=wanted[1], staff_slip=False)
    done = walk(begun(terms=terms), rs.RefundConfirmed(8, 1))
    assert printed(done) == [CUSTOMER if wanted[0] else MERCHANT]
    assert printed(walk(begun(terms=terms, is_late=True), rs.RefundRefused(8, 1, Refusal.NOT_FOUND))) == []


def test_a_no_that_comes_after_whoever_asked_has_gone_is_on_paper_for_staff() -> None:
    late = walk(begun(), rs.RefundPatienceOver(8, RefundState.TRANSFER)).refund
    refused = walk(late, rs.RefundRefused(8, 1, Refusal.REQUEST_NOT_VALID))
    assert (refused.refund.outcome, printed(refused), is_told(refused)) == ("refused", [SLIP], False)


def test_the_support_reference_of_the_latest_refusal_is_kept() -> None:
    refund = walk(begun(), LOST, AGAIN, rs.RefundRefused(8, 2, Refusal.CREDENTIALS, "first")).refund
    assert refund.support_reference == "first"
    refund = walk(refund, AGAIN, rs.RefundRefused(8, 3, Refusal.CREDENTIALS)).refund
    assert refund.support_reference == "first"
    assert walk(refund, AGAIN, rs.RefundRefused(8, 4, Refusal.NOT_FOUND, "last")).refund.support_reference == "last"


def test_done_is_reported_and_printed_in_both_copies() -> None:
    done = walk(begun(), rs.RefundConfirmed(8, 1))
    assert (done.refund.state, done.refund.outcome) == (RefundState.REPORT, "refunded")
    assert printed(done) == [CUSTOMER, MERCHANT]
    assert is_told(done)
    assert walk(done.refund, rs.RefundResultTaken(8)).refund.state is RefundState.CLOSED
    assert walk(done.refund, rs.RefundPatienceOver(8, RefundState.REPORT)).refund.state is RefundState.CLOSED


def test_a_lost_answer_is_followed_by_the_same_call_under_the_same_key_for_ever() -> None:
    refund = begun()
    pauses = []
    for call in range(1, 15):
        lost = rs.refund_step(refund, rs.RefundAnswerLost(8, call))
        (retry,) = [effect for effect in lost.effects if isinstance(effect, rs.SetRefundRetry)]
        pauses.append(retry.delay_s)
        again = rs.refund_step(lost.refund, AGAIN)
        (sent,) = calls(again)
        assert sent.idempotency_key == refund.idempotency_key
        refund = again.refund
    assert pauses == sorted(pauses)
    assert pauses[0] <= 1.0
    assert pauses[-1] == rs.LONGEST_PAUSE_S
    assert refund.state is RefundState.TRANSFER


def test_a_late_confirmation_of_an_earlier_call_counts() -> None:
    assert walk(begun(), LOST, AGAIN, rs.RefundConfirmed(8, 1)).refund.is_done


@each_of(
    ("refusal", "reason"),
    [
        (Refusal.REQUEST_NOT_VALID, RefundReason.REFUSED),
        (Refusal.NOT_FOUND, RefundReason.NOT_FOUND),
        (Refusal.CREDENTIALS, RefundReason.CREDENTIALS),
        (Refusal.NOT_SENT, RefundReason.NO_CONNECTION),
    ],
)
def test_a_refusal_of_the_first_call_ends_it(refusal: Refusal, reason: RefundReason) -> None:
    refused = walk(begun(), rs.RefundRefused(8, 1, refusal))
    assert (refused.refund.reason, refused.refund.outcome) == (reason, "refused")
    assert is_told(refused)
    assert printed(refused) == []


@pytest.mark.parametrize("refusal", [Refusal.REQUEST_NOT_VALID, Refusal.NOT_FOUND])
def test_a_refusal_after_a_lost_answer_proves_nothing_and_is_left_to_staff(refusal: Refusal) -> None:
    refused = walk(begun(), LOST, AGAIN, rs.RefundRefused(8, 2, refusal))
    assert (refused.refund.state, refused.refund.outcome) == (RefundState.ATTENTION, "unknown")
    assert is_told(refused)
    assert printed(refused) == [SLIP]
    settled = rs.refund_step(refused.refund, rs.RefundSettledByStaff(8, True))
    assert (settled.refund.state, settled.refund.outcome) == (RefundState.CLOSED, "refunded")
    assert printed(settled) == [CUSTOMER, MERCHANT]
    assert rs.refund_step(refused.refund, rs.RefundSettledByStaff(8, False)).refund.outcome == "refused"


@pytest.mark.parametrize("refusal", [Refusal.NOT_SENT, Refusal.CREDENTIALS])
def test_what_never_arrived_does_not_end_a_refund_that_may_have_arrived_before(refusal: Refusal) -> None:
    refund = walk(begun(), LOST, AGAIN, rs.RefundRefused(8, 2, refusal)).refund
    assert (refund.state, refund.reason) == (RefundState.TRANSFER, None)


def test_a_power_cut_repeats_the_call_and_lets_nothing_but_the_service_end_it() -> None:
    restored = walk(begun(), rs.RefundPowerRestored(8))
    (call,) = calls(restored)
    assert call.idempotency_key == "ab" * 20
    refused = walk(restored.refund, rs.RefundRefused(8, call.call, Refusal.REQUEST_NOT_VALID))
    assert refused.refund.state is RefundState.ATTENTION


def test_whoever_asked_is_told_once_that_it_is_not_known_yet_and_the_refund_goes_on() -> None:
    late = walk(begun(), LOST, rs.RefundPatienceOver(8, RefundState.TRANSFER))
    assert is_told(late)
    assert late.refund.is_late
    assert late.refund.outcome == "unknown"
    done = walk(late.refund, AGAIN, rs.RefundConfirmed(8, 2))
    assert done.refund.state is RefundState.CLOSED
    assert not is_told(done)
    assert printed(done) == [CUSTOMER, MERCHANT]


def test_what_the_terminal_began_itself_goes_on_without_a_connection() -> None:
    refund = begun(source=RefundSource.AUTOMATIC, register_id="")
    assert walk(refund, rs.RefundRefused(8, 1, Refusal.NOT_SENT)).refund.state is RefundState.TRANSFER
    refused = walk(refund, rs.RefundRefused(8, 1, Refusal.REQUEST_NOT_VALID))
    assert refused.refund.state is RefundState.CLOSED
    assert printed(refused) == [SLIP], "nobody is there to hear the no"


def every_event() -> Iterator[rs.RefundEvent]:
    for number in (7, 8):
        for call in (0, 1, 2):
            yield rs.RefundConfirmed(number, call)
            yield rs.RefundAnswerLost(number, call)
            yield from (rs.RefundRefused(number, call, refusal) for refusal in Refusal)
        yield from (rs.RefundPatienceOver(number, state) for state in RefundState)
        yield rs.RefundRetryDue(number)
        yield rs.RefundResultTaken(number)
        yield rs.RefundPowerRestored(number)
        yield from (rs.RefundSettledByStaff(number, done) for done in (True, False))
        yield from (rs.RefundSettlementCorrected(number, done) for done in (True, False))


def test_nothing_but_the_services_word_or_staff_ends_a_refund_that_may_have_arrived() -> None:
    lost = walk(begun(), LOST).refund
    for event in every_event():
        after = rs.refund_step(lost, event).refund
        if after.reason is RefundReason.DONE:
            assert isinstance(event, rs.RefundConfirmed), event
        else:
            assert after.reason in (None, RefundReason.NOT_TRACEABLE), event


def test_an_ended_refund_keeps_its_outcome_whatever_comes() -> None:
    for end in (rs.RefundConfirmed(8, 1), rs.RefundRefused(8, 1, Refusal.REQUEST_NOT_VALID)):
        ended = walk(begun(), end).refund
        for event in every_event():
            after = rs.refund_step(ended, event)
            assert after.refund.reason is ended.reason, event
            assert calls(after) == [], event


@pytest.mark.parametrize("said", [True, False])
def test_what_staff_have_settled_wrongly_they_say_anew(said: bool) -> None:
    waiting = walk(begun(), LOST, AGAIN, rs.RefundRefused(8, 2, Refusal.REQUEST_NOT_VALID)).refund
    settled = walk(waiting, rs.RefundSettledByStaff(8, said, "anna (user 1001)")).refund
    assert (settled.is_done, settled.settled_by, settled.corrected_from) == (said, "anna (user 1001)", None)
    corrected = walk(settled, rs.RefundSettlementCorrected(8, not said, "gunnar (user 1000)"))
    assert (corrected.refund.is_done, corrected.refund.settled_by) == (not said, "gunnar (user 1000)")
    assert corrected.refund.corrected_from is settled.reason
    assert corrected.refund.state is RefundState.CLOSED
    assert refund_differs_durably(settled, corrected.refund), "a further entry"
    assert calls(corrected) == []
    for nothing_new in (rs.RefundSettlementCorrected(8, said), rs.RefundSettledByStaff(8, not said)):
        assert walk(settled, nothing_new).refund == settled
    for not_settled in (begun(), waiting, walk(begun(), rs.RefundConfirmed(8, 1)).refund):
        assert walk(not_settled, rs.RefundSettlementCorrected(8, not said)).refund == not_settled
    automatic = replace(settled, source=RefundSource.AUTOMATIC)
    assert walk(automatic, rs.RefundSettlementCorrected(8, not said)).refund.is_done is not said


def test_no_more_is_returned_than_was_paid() -> None:
    paid = replace(new_sale(7, amount_kr=1990), state=State.CLOSED, reason=Reason.PAID, authorization_id=GUID)
    open_one, done = begun(), walk(begun(amount_kr=990), rs.RefundConfirmed(8, 1)).refund
    refused = walk(begun(), rs.RefundRefused(8, 1, Refusal.REQUEST_NOT_VALID)).refund
    assert left_to_refund_kr(paid, []) == 1990
    assert left_to_refund_kr(paid, [open_one, done, refused]) == 500
    assert left_to_refund_kr(replace(paid, reason=Reason.CUSTOMER_DECLINED), []) == 0
    assert left_to_refund_kr(replace(paid, authorization_id=None), []) == 0


def test_the_automatic_key_follows_from_the_sale_alone() -> None:
    sale = new_sale(7)
    assert automatic_key(sale) == automatic_key(replace(sale, state=State.CLOSED))
    assert automatic_key(sale) == hashlib.sha1(f"refund due {sale.reference}".encode()).hexdigest()
    assert automatic_key(sale) != automatic_key(replace(sale, reference="T1-000009-A1B2C3"))


def test_tries_are_not_worth_a_commit_and_lateness_is() -> None:
    refund = begun()
    assert not refund_differs_durably(refund, replace(refund, calls=9, misses=3))
    assert refund_differs_durably(refund, replace(refund, is_late=True))
