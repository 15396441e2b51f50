"""The rules of a sale that takes the money, and what proves that nothing was taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.moves import DENIAL_PAUSE_S, DENIALS_UNTIL_BELIEVED, MOST_CAPTURES
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, State
from tests.each import each_of
from tests.sales import AUTOMATIC, GUID, INTERRUPTIONS, SERVER_CALLBACK, Walk, assert_ended, walk_to

# --- CAPTURE ----------------------------------------------------------------------------------------------------------


def test_a_capture_is_asked_for_in_its_own_committed_state() -> None:
    walk = walk_to(State.CAPTURE, capture_patience_s=45.0)
    assert walk.asked(fx.RequestCapture).authorization_id == GUID
    assert walk.sale.committed
    assert walk.asked(fx.SetDeadline).delay_s == 45.0


def test_a_captured_sale_is_reported_and_both_receipts_are_printed() -> None:
    walk = walk_to(State.CAPTURE, report_timeout_s=30.0).answered(Status.PAID)
    assert_ended(walk, Reason.PAID)
    kinds = [effect.kind for effect in walk.last if isinstance(effect, fx.PrintReceipt)]
    assert kinds == [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT]
    assert walk.sale.invoice_number == "1001"
    assert walk.asked(fx.SetDeadline).delay_s == 30.0


def test_unwanted_copies_are_not_printed() -> None:
    walk = walk_to(State.CAPTURE, customer_copy=False).answered(Status.PAID)
    assert walk.asked(fx.PrintReceipt).kind is ReceiptKind.MERCHANT
    walk = walk_to(State.CAPTURE, merchant_copy=False).answered(Status.PAID)
    assert walk.asked(fx.PrintReceipt).kind is ReceiptKind.CUSTOMER
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, staff_slip=False).lost()
    assert (walk.sale.outcome, walk.count(fx.PrintReceipt)) == (Outcome.UNKNOWN, 0)


def test_a_lost_capture_is_asked_about_and_then_sent_again_three_times_at_most() -> None:
    walk = walk_to(State.CAPTURE)
    for captures in range(1, MOST_CAPTURES + 1):
        assert walk.count(fx.RequestCapture) == captures
        walk.lost()
        assert walk.sale.state is State.CAPTURE
        walk.retried()
        walk.asked(fx.QueryStatus)
        walk.answered(Status.RESERVED)
    assert walk.count(fx.RequestCapture) == MOST_CAPTURES == 3
    assert walk.sale.state is State.VOID
    assert_ended(walk.answered(Status.CANCELLED), Reason.NO_ANSWER)


def test_the_patience_with_a_capture_begins_once() -> None:
    walk = walk_to(State.CAPTURE).lost().retried().answered(Status.RESERVED)
    assert not [effect for effect in walk.last if isinstance(effect, fx.SetDeadline)]


def test_a_capture_that_says_still_reserved_is_asked_about_before_it_is_sent_again() -> None:
    walk = walk_to(State.CAPTURE).answered(Status.RESERVED)
    assert walk.count(fx.RequestCapture) == 1
    walk.retried().asked(fx.QueryStatus)
    walk.answered(Status.RESERVED)
    assert walk.count(fx.RequestCapture) == 2


def test_a_lost_capture_that_was_carried_out_is_paid() -> None:
    assert_ended(walk_to(State.CAPTURE).lost().retried().answered(Status.PAID), Reason.PAID)


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.DECLINED, Reason.CUSTOMER_DECLINED), (Status.CANCELLED, Reason.WITHDRAWN)]
)
def test_a_capture_can_be_declined(status: Status, reason: Reason) -> None:
    assert_ended(walk_to(State.CAPTURE).answered(status), reason)


@each_of("status", [Status.PENDING, Status.CODE_REQUIRED, Status.AWAITING_CALLBACK, Status.REFUSED, Status.UNCLEAR])
def test_any_other_word_about_a_capture_is_asked_about_again(status: Status) -> None:
    walk = walk_to(State.CAPTURE).answered(status)
    assert walk.sale.state is State.CAPTURE
    walk.asked(fx.SetRetry)


@each_of("refusal", Refusal)
def test_a_refused_capture_is_asked_about_because_an_earlier_one_may_have_happened(refusal: Refusal) -> None:
    walk = walk_to(State.CAPTURE).refused(refusal)
    assert walk.sale.state is State.CAPTURE
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize(("settle", "reason"), INTERRUPTIONS)
def test_after_cancel_key_patience_or_power_cut_it_is_never_captured_again(settle: object, reason: Reason) -> None:
    walk = walk_to(State.CAPTURE)
    assert callable(settle)
    settle(walk)
    assert walk.sale.settling
    if walk.sale.asking is CallKind.CAPTURE:
        walk.lost().retried()
    walk.answered(Status.RESERVED)
    assert walk.sale.state is State.VOID
    assert walk.count(fx.RequestCapture) == 1
    assert_ended(walk.answered(Status.CANCELLED), reason)


def test_the_first_reason_for_giving_up_a_capture_remains() -> None:
    walk = walk_to(State.CAPTURE).cancelled().timed_out()
    assert walk.sale.reason is Reason.CASHIER_CANCELLED
    assert walk.power_restored().sale.reason is Reason.CASHIER_CANCELLED


@pytest.mark.parametrize("settle", [Walk.cancelled, Walk.timed_out, Walk.power_restored])
def test_a_settled_capture_that_had_happened_is_paid(settle: object) -> None:
    walk = walk_to(State.CAPTURE)
    assert callable(settle)
    settle(walk)
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_capture_without_any_answer_pauses_ever_longer_and_is_shown_as_unknown() -> None:
    walk, pauses_s = walk_to(State.CAPTURE).timed_out(), []
    for misses in range(10):
        assert walk.sale.stands_unknown == (misses >= MISSES_UNTIL_UNKNOWN)
        walk.lost()
        pauses_s.append(walk.asked(fx.SetRetry).delay_s)
        walk.retried()
    assert pauses_s == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]
    assert walk.sale.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("wrong", [{"amount_kr": 1991}, {"reference": "T1-000008-A1B2C3"}])
def test_a_reservation_that_turns_out_not_to_be_ours_is_not_captured_again(wrong: dict[str, object]) -> None:
    walk = walk_to(State.CAPTURE).lost().retried().answered(Status.RESERVED, **wrong)
    assert walk.sale.state is State.VOID
    assert walk.count(fx.RequestCapture) == 1


# --- not paid, but not by the record's own word ----------------------------------------------------------------------


BARE = {"is_final": False}


@each_of(
    "walk",
    [
        pytest.param(lambda: walk_to(State.CUSTOMER, AUTOMATIC), id="an automatic sale"),
        pytest.param(
            lambda: walk_to(State.CUSTOMER, SERVER_CALLBACK).called_back().lost().retried(), id="acknowledged"
        ),
        pytest.param(lambda: walk_to(State.CAPTURE), id="a capture"),
        pytest.param(lambda: walk_to(State.VOID, AUTOMATIC), id="a void"),
    ],
)
def test_one_bare_cancelled_ends_nothing_that_may_have_been_paid(walk: Callable[[], Walk]) -> None:
    """The same code means "does not exist": a service that lags behind itself says it of a payment."""
    sale = walk().answered(Status.CANCELLED, **BARE)
    assert not sale.sale.has_ended
    assert sale.asked(fx.SetRetry).delay_s == DENIAL_PAUSE_S
    sale.retried().asked(fx.QueryStatus)
    if sale.sale.state is not State.VOID:
        assert_ended(sale.answered(Status.PAID), Reason.PAID)


def test_a_bare_cancelled_is_believed_when_it_has_been_said_for_a_while() -> None:
    walk = walk_to(State.CAPTURE)
    for _ in range(DENIALS_UNTIL_BELIEVED - 1):
        walk.answered(Status.CANCELLED, **BARE).retried()
    assert (DENIALS_UNTIL_BELIEVED - 1) * DENIAL_PAUSE_S == 15
    assert walk.sale.state is State.CAPTURE
    assert walk.sale.outcome is None, "it is looked into, not left to staff"
    assert_ended(walk.answered(Status.CANCELLED, **BARE), Reason.WITHDRAWN)


def test_another_answer_in_between_begins_the_count_anew() -> None:
    walk = walk_to(State.CAPTURE)
    for _ in range(2 * DENIALS_UNTIL_BELIEVED):
        walk.answered(Status.CANCELLED, **BARE).retried().answered(Status.UNCLEAR).retried()
    assert walk.sale.state is State.CAPTURE


def test_a_lost_answer_in_between_does_not() -> None:
    walk = walk_to(State.CAPTURE)
    for _ in range(DENIALS_UNTIL_BELIEVED - 1):
        walk.answered(Status.CANCELLED, **BARE).retried().lost().retried()
    assert_ended(walk.answered(Status.CANCELLED, **BARE), Reason.WITHDRAWN)


def test_before_anything_can_have_been_paid_one_bare_cancelled_is_enough() -> None:
    assert_ended(walk_to(State.CUSTOMER).answered(Status.CANCELLED, **BARE), Reason.WITHDRAWN)


# --- credentials that are not accepted any more -----------------------------------------------------------------------


def test_credentials_refused_twice_in_a_row_end_a_sale_that_cannot_be_paid() -> None:
    walk = walk_to(State.CUSTOMER).refused(Refusal.CREDENTIALS)
    assert walk.sale.state is State.CUSTOMER, "once can be a fault on the way"
    walk.retried().refused(Refusal.CREDENTIALS).asked(fx.RequestVoid)
    assert_ended(walk.refused(Refusal.CREDENTIALS), Reason.CREDENTIALS)


def test_they_end_nothing_that_may_be_paid() -> None:
    walk = walk_to(State.CUSTOMER, AUTOMATIC)
    for _ in range(5):
        walk.refused(Refusal.CREDENTIALS).retried()
    assert walk.sale.state is State.CUSTOMER


@pytest.mark.parametrize("refusal", [Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID])
def test_where_no_refusal_is_that_of_a_second_copy_it_proves_that_nothing_was_paid(refusal: Refusal) -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, refusal_is_proof=True).refused(refusal)
    assert walk.sale.outcome is Outcome.FAILED
