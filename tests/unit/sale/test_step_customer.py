"""The rules of a sale while the customer decides: on the phone, by the service's callback, by SMS code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import Outcome, Reason, State
from tests.each import each_of
from tests.sales import AUTOMATIC, GUID, INTERRUPTIONS, MANUAL, SERVER_CALLBACK, Walk, assert_ended, walk_to

# --- CUSTOMER ---------------------------------------------------------------------------------------------------------


def test_an_opened_authorization_is_asked_about_at_once_and_bounded() -> None:
    walk = walk_to(State.CUSTOMER, customer_timeout_s=150.0)
    assert walk.asked(fx.QueryStatus).authorization_id == GUID
    assert walk.asked(fx.SetDeadline).delay_s == 150.0


def test_a_waiting_customer_is_asked_about_again_and_again() -> None:
    walk = walk_to(State.CUSTOMER)
    for _ in range(5):
        walk.answered(Status.PENDING)
        assert walk.asked(fx.SetRetry).delay_s == 1.0
        walk.retried()
        walk.asked(fx.QueryStatus)
    assert walk.sale.misses == 0


def test_no_second_query_leaves_while_one_is_on_its_way() -> None:
    walk = walk_to(State.CUSTOMER).retried()
    assert walk.last == ()


def test_lost_polls_are_repeated_with_growing_pauses_that_stay_short_while_somebody_waits() -> None:
    walk, pauses_s = walk_to(State.CUSTOMER), []
    for _ in range(7):
        walk.lost()
        pauses_s.append(walk.asked(fx.SetRetry).delay_s)
        walk.retried()
    assert pauses_s == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]


def test_a_poll_that_succeeds_ends_the_growing_pauses() -> None:
    walk = walk_to(State.CUSTOMER).lost().retried().lost().retried().answered(Status.PENDING)
    assert walk.asked(fx.SetRetry).delay_s == 1.0
    assert walk.retried().lost().asked(fx.SetRetry).delay_s == 1.0


@pytest.mark.parametrize(
    "onward",
    [
        pytest.param(lambda walk: walk.answered(Status.CODE_REQUIRED).code_entered(), id="to the code"),
        pytest.param(lambda walk: walk.cancelled(), id="to the void"),
    ],
)
def test_what_comes_next_begins_with_short_pauses_again(onward: Callable[[Walk], Walk]) -> None:
    walk = onward(walk_to(State.CUSTOMER).lost().retried().lost().retried())
    assert walk.lost().asked(fx.SetRetry).delay_s == 1.0


def test_a_customer_who_is_asked_again_after_the_code_is_asked_at_the_first_pace() -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried().lost().retried().answered(Status.PENDING)
    assert walk.lost().asked(fx.SetRetry).delay_s == 1.0


@each_of("refusal", Refusal)
def test_a_refused_poll_is_asked_again(refusal: Refusal) -> None:
    walk = walk_to(State.CUSTOMER).refused(refusal)
    assert walk.sale.state is State.CUSTOMER
    walk.asked(fx.SetRetry)
    again = walk.retried().refused(refusal).sale.state
    assert again is (State.VOID if refusal is Refusal.CREDENTIALS else State.CUSTOMER)


@each_of(("status", "reason"), [(Status.DECLINED, Reason.CUSTOMER_DECLINED), (Status.CANCELLED, Reason.WITHDRAWN)])
@each_of("mode", CaptureMode)
def test_the_customer_or_the_service_can_say_no(mode: CaptureMode, status: Status, reason: Reason) -> None:
    assert_ended(walk_to(State.CUSTOMER, mode).answered(status), reason)


def test_an_automatic_sale_is_paid_by_the_customers_approval_alone() -> None:
    walk = walk_to(State.CUSTOMER, AUTOMATIC).answered(Status.PAID)
    assert_ended(walk, Reason.PAID)
    assert walk.count(fx.RequestCapture) == 0


def test_a_refused_status_ends_only_what_cannot_be_paid() -> None:
    refused = {"refusal": Refusal.NOT_FOUND}
    assert_ended(walk_to(State.CUSTOMER).answered(Status.REFUSED, **refused), Reason.WITHDRAWN)
    assert_ended(walk_to(State.CUSTOMER).answered(Status.REFUSED), Reason.REQUEST_NOT_VALID)
    walk = walk_to(State.CUSTOMER, AUTOMATIC).answered(Status.REFUSED, **refused)
    assert walk.sale.state is State.CUSTOMER


def test_an_unclear_status_is_asked_about_again() -> None:
    walk = walk_to(State.CUSTOMER).answered(Status.UNCLEAR)
    assert walk.sale.state is State.CUSTOMER
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize("wrong", [{"amount_kr": 1991}, {"reference": "T1-000008-A1B2C3"}])
def test_a_reservation_that_is_not_ours_is_voided_and_never_captured(wrong: dict[str, object]) -> None:
    walk = walk_to(State.CUSTOMER).answered(Status.RESERVED, **wrong)
    assert walk.sale.state is State.VOID
    assert_ended(walk.answered(Status.CANCELLED), Reason.MISMATCH)
    assert walk.count(fx.RequestCapture) == 0


def test_a_reservation_that_names_neither_amount_nor_reference_is_captured() -> None:
    walk = walk_to(State.CUSTOMER).answered(Status.RESERVED, amount_kr=None, reference=None)
    walk.asked(fx.RequestCapture)


@each_of(
    "lacking",
    [
        {"confirmed": False},
        {"amount_kr": None},
        {"amount_kr": 1991},
        {"reference": None},
        {"reference": "T1-000008-A1B2C3"},
    ],
)
@each_of("state", [State.CUSTOMER, State.CODE_CHECK, State.CAPTURE, State.VOID])
def test_paid_without_proof_approves_nothing_and_ends_nothing(state: State, lacking: dict[str, object]) -> None:
    walk = walk_to(state).answered(Status.PAID, **lacking)
    assert walk.sale.state is state
    assert walk.sale.committed
    walk.asked(fx.SetRetry)
    assert_ended(walk.retried().answered(Status.PAID), Reason.PAID)


@each_of(("end", "reason"), INTERRUPTIONS)
@each_of("state", [State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK])
def test_what_is_not_captured_can_be_given_up(state: State, end: object, reason: Reason) -> None:
    walk = walk_to(state)
    assert callable(end)
    end(walk)
    assert walk.sale.state is State.VOID
    walk.asked(fx.RequestVoid)
    assert_ended(walk.answered(Status.CANCELLED), reason)


def test_approval_that_meets_the_cancel_key_is_paid() -> None:
    """The customer approves an automatic sale while our void is on its way: the void is answered "too late"."""
    walk = walk_to(State.CUSTOMER, AUTOMATIC).cancelled().answered(Status.PAID)
    assert_ended(walk, Reason.PAID)
    assert walk.sale.outcome is Outcome.APPROVED
    assert walk.count(fx.PrintReceipt) == 2


# --- callbacks --------------------------------------------------------------------------------------------------------


def test_a_callback_is_acknowledged_and_only_then_a_commitment() -> None:
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.AWAITING_CALLBACK)
    assert not walk.sale.committed
    walk.called_back()
    walk.asked(fx.AcknowledgeCallback)
    walk.asked(fx.QueryStatus)
    assert walk.sale.committed
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_callback_while_a_query_is_on_its_way_asks_no_second_time() -> None:
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).called_back()
    assert [type(effect) for effect in walk.last] == [fx.AcknowledgeCallback]


def test_a_callback_about_another_amount_is_not_acknowledged_and_asked_about() -> None:
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.AWAITING_CALLBACK)
    walk.happen(ev.CallbackReceived(walk.sale.number, approved=True, fits=False))
    assert [type(effect) for effect in walk.last] == [fx.QueryStatus]
    assert not walk.sale.committed


@pytest.mark.parametrize(("mode", "approved"), [(SERVER_CALLBACK, False), (MANUAL, True), (MANUAL, False)])
def test_a_callback_that_pays_nothing_commits_to_nothing(mode: CaptureMode, approved: bool) -> None:
    walk = walk_to(State.CUSTOMER, mode).called_back(approved=approved)
    walk.asked(fx.AcknowledgeCallback)
    assert not walk.sale.committed


def test_a_callback_that_pays_nothing_takes_no_commitment_back() -> None:
    assert walk_to(State.CUSTOMER, AUTOMATIC).called_back(approved=False).sale.committed


@each_of("state", [state for state in State if state not in (State.CUSTOMER, State.REPORT, State.CLOSED)])
def test_a_callback_at_any_other_time_is_not_acknowledged(state: State) -> None:
    mode = MANUAL if state is State.CAPTURE else SERVER_CALLBACK
    assert walk_to(state, mode).called_back().last == ()


def test_a_callback_about_what_is_paid_already_is_acknowledged() -> None:
    """Some services call back after the payment, and take it back if nobody answers."""
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.PAID)
    walk.called_back().asked(fx.AcknowledgeCallback)
    assert walk.sale.outcome is Outcome.APPROVED
    for not_paid in (walk.called_back(fits=False), walk.called_back(approved=False)):
        assert not_paid.last == ()
    withdrawn = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.CANCELLED)
    assert withdrawn.called_back().last == ()


def test_a_reservation_that_waits_for_our_callback_answer_is_not_captured() -> None:
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.RESERVED)
    assert (walk.sale.state, walk.count(fx.RequestCapture)) == (State.CUSTOMER, 0)
    walk.asked(fx.SetRetry)


def test_an_acknowledged_sale_that_is_cancelled_ends_by_the_services_word_alone() -> None:
    walk = walk_to(State.CUSTOMER, SERVER_CALLBACK).called_back().cancelled().timed_out()
    assert walk.sale.state is State.VOID
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


# --- the SMS code -----------------------------------------------------------------------------------------------------


def test_the_code_is_handed_in_and_leads_to_the_capture() -> None:
    walk = walk_to(State.CODE_ENTRY, code_timeout_s=150.0)
    assert walk.asked(fx.SetDeadline).delay_s == 150.0
    walk.code_entered("1234")
    assert walk.asked(fx.SubmitCode).code.reveal() == "1234"
    walk.answered(Status.RESERVED)
    walk.asked(fx.RequestCapture)


def test_a_wrong_code_may_be_tried_three_times() -> None:
    walk = walk_to(State.CODE_ENTRY)
    for tries_left in (2, 1):
        walk.code_entered("0000").answered(Status.CODE_REQUIRED)
        assert (walk.sale.state, walk.sale.code_tries_left) == (State.CODE_ENTRY, tries_left)
    walk.code_entered("0000").answered(Status.CODE_REQUIRED)
    assert walk.sale.state is State.VOID
    assert_ended(walk.answered(Status.CANCELLED), Reason.WRONG_CODE)


def test_a_code_that_got_lost_does_not_cost_a_try() -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried()
    walk.asked(fx.QueryStatus)
    walk.answered(Status.CODE_REQUIRED)
    assert (walk.sale.state, walk.sale.code_tries_left) == (State.CODE_ENTRY, 3)


def test_a_code_that_arrived_although_its_answer_got_lost_leads_to_the_capture() -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried().answered(Status.RESERVED)
    walk.asked(fx.RequestCapture)


def test_a_code_after_a_lost_one_commits_because_the_two_together_may_capture() -> None:
    """The first makes the reservation if it still arrives, and a second ConfirmCart makes a reservation a payment."""
    walk = walk_to(State.CODE_CHECK).lost().retried().answered(Status.CODE_REQUIRED).code_entered()
    assert walk.sale.committed
    walk.lost().cancelled().timed_out()
    assert walk.sale.state is State.VOID, "the service's word is needed"
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_wrong_code_that_was_answered_commits_to_nothing() -> None:
    walk = walk_to(State.CODE_CHECK).answered(Status.CODE_REQUIRED).code_entered()
    assert not walk.sale.committed


def test_a_code_that_never_left_does_not_cost_a_try() -> None:
    walk = walk_to(State.CODE_CHECK).refused(Refusal.NOT_SENT)
    assert walk.sale.state is State.CODE_CHECK
    assert walk.sale.code_tries_left == 3


def test_a_refused_code_costs_a_try() -> None:
    walk = walk_to(State.CODE_CHECK).refused(Refusal.REQUEST_NOT_VALID)
    assert (walk.sale.state, walk.sale.code_tries_left) == (State.CODE_ENTRY, 2)


@pytest.mark.parametrize("refusal", [Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID])
def test_a_code_that_was_refused_as_such_may_have_reserved_so_the_next_one_commits(refusal: Refusal) -> None:
    """The second copy of a request that the network has doubled is refused for its nonce, and the first one counts."""
    walk = walk_to(State.CODE_CHECK).refused(refusal).code_entered()
    assert walk.sale.committed
    walk.lost().cancelled()
    walk.refused(refusal).retried()
    assert walk.sale.state is State.VOID, "only the service's word ends it"
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_code_that_was_refused_with_proof_takes_no_commitment_back() -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried().answered(Status.CODE_REQUIRED).code_entered()
    assert walk.refused(Refusal.DECLINED_BY_SERVICE).sale.committed


def test_a_code_that_was_refused_with_proof_commits_to_nothing() -> None:
    assert not walk_to(State.CODE_CHECK).refused(Refusal.DECLINED_BY_SERVICE).sale.committed
    proven = walk_to(State.CODE_CHECK, refusal_is_proof=True).refused(Refusal.REQUEST_NOT_VALID)
    assert not proven.sale.committed


@each_of("refusal", Refusal)
def test_a_refused_query_says_nothing_about_the_code_before_it(refusal: Refusal) -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried().refused(refusal)
    assert walk.sale.state is State.CODE_CHECK, "the code may have arrived: a second one could capture unseen"
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize("status", [Status.PENDING, Status.AWAITING_CALLBACK])
def test_a_right_code_may_leave_the_customer_something_to_decide(status: Status) -> None:
    walk = walk_to(State.CODE_CHECK).answered(status)
    assert walk.sale.state is State.CUSTOMER
    walk.asked(fx.QueryStatus)
