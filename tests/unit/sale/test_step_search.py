"""An authorization whose answer was lost, searched for by our reference where approval alone pays."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal, StatusReport
from terminal.sale.moves import POLL_INTERVAL_BOUNDS_S
from terminal.sale.sale import Outcome, Reason, State
from tests.each import each_of
from tests.sales import AUTOMATIC, GUID, MANUAL, SERVER_CALLBACK, Walk, assert_ended, walk_to


def searching(**terms: Any) -> Walk:
    return walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True, **terms).lost()


def test_it_is_asked_for_by_our_reference_as_long_as_a_customer_may_take() -> None:
    walk = searching(customer_timeout_s=120.0)
    assert walk.asked(fx.FindAuthorization).reference == walk.sale.reference
    assert walk.refused(Refusal.NOT_FOUND).asked(fx.SetDeadline).delay_s == 120.0
    for _ in range(2):
        walk.retried().refused(Refusal.NOT_FOUND)
        assert walk.count(fx.SetDeadline) == 3, "the time runs from the first answer"
    assert (walk.sale.state, walk.sale.outcome) == (State.AUTHORIZATION, None)
    assert walk.count(fx.RequestAuthorization) == 1


@pytest.mark.parametrize("refusal", [Refusal.NOT_SENT, Refusal.CREDENTIALS])
def test_a_service_that_says_nothing_is_waited_for_no_longer_than_for_a_void(refusal: Refusal) -> None:
    walk = searching(void_patience_s=20.0)
    assert walk.asked(fx.SetDeadline).delay_s == 20.0
    walk.refused(refusal).retried().lost().retried()
    assert sum(isinstance(effect, fx.SetDeadline) for effect in walk.all) == 2, "that of the entry, and this one"


def test_who_has_cancelled_does_not_wait_for_the_customer() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True).cancelled().lost()
    walk.refused(Refusal.NOT_FOUND)
    assert not any(isinstance(effect, fx.SetDeadline) for effect in walk.last)


def test_what_is_found_is_finished_like_any_other() -> None:
    walk = searching().found()
    assert (walk.sale.state, walk.asked(fx.QueryStatus).authorization_id) == (State.CUSTOMER, GUID)
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_that_it_is_found_proves_no_payment() -> None:
    walk = searching().found(confirmed=True)
    assert walk.sale.outcome is None
    assert_ended(walk.answered(Status.CANCELLED), Reason.WITHDRAWN)


@each_of(
    "said",
    [{"amount_kr": 1}, {"amount_kr": None}, {"reference": "T1-000001-A1B2C3"}, {"reference": None}],
    ids=str,
)
def test_what_is_not_ours_by_amount_and_reference_gives_no_name(said: dict[str, Any]) -> None:
    walk = searching().found(**said)
    assert (walk.sale.state, walk.sale.authorization_id) == (State.AUTHORIZATION, None)
    walk.retried().asked(fx.FindAuthorization)


def test_nor_does_what_has_no_name() -> None:
    assert searching().found(authorization_id=None).sale.state is State.AUTHORIZATION


@each_of("refusal", [Refusal.NOT_FOUND, Refusal.NOT_SENT, Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID])
def test_that_nothing_is_found_proves_nothing_and_it_is_asked_again(refusal: Refusal) -> None:
    walk = searching()
    for _ in range(10):
        pause = walk.refused(refusal).asked(fx.SetRetry)
        assert pause.delay_s <= POLL_INTERVAL_BOUNDS_S[1]
        walk.retried().lost().retried()
    walk.found()
    assert walk.sale.state is State.CUSTOMER


def test_when_the_time_is_up_staff_look_it_up() -> None:
    assert_ended(searching().refused(Refusal.NOT_FOUND).timed_out(), Reason.NOT_TRACEABLE)
    assert searching().timed_out().sale.outcome is Outcome.UNKNOWN


def test_where_the_service_has_no_such_look_up_it_is_left_to_staff_at_once() -> None:
    assert_ended(searching().refused(Refusal.NOT_OFFERED), Reason.NOT_TRACEABLE)
    assert_ended(walk_to(State.AUTHORIZATION, AUTOMATIC).lost(), Reason.NOT_TRACEABLE)


@pytest.mark.parametrize("mode", [MANUAL, SERVER_CALLBACK])
def test_where_approval_alone_pays_nothing_it_is_not_searched_for(mode: Any) -> None:
    walk = walk_to(State.AUTHORIZATION, mode, finds_by_reference=True).lost()
    assert_ended(walk, Reason.NO_ANSWER)
    assert walk.count(fx.FindAuthorization) == 0


def test_a_cancel_before_the_answer_was_lost_voids_what_is_found() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True).cancelled().lost().found()
    assert (walk.sale.state, walk.asked(fx.RequestVoid).authorization_id) == (State.VOID, GUID)
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_cancel_while_it_is_searched_for_leaves_it_to_staff() -> None:
    """Nothing can be voided that has no name, and nobody waits for the end of a search that is not wanted."""
    assert_ended(searching().cancelled(), Reason.NOT_TRACEABLE)


def test_a_late_answer_of_the_search_changes_nothing_after_its_end() -> None:
    walk = searching()
    late = StatusReport(status=Status.PAID, amount_kr=1990, reference=walk.sale.reference, authorization_id=GUID)
    event = ev.AuthorizationFound(walk.sale.number, walk.sale.calls, late)
    before = walk.cancelled().sale
    assert walk.happen(event).sale == before


def test_after_a_power_cut_it_is_searched_for_and_voided() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True, void_patience_s=20.0).power_restored()
    assert walk.asked(fx.SetDeadline).delay_s == 20.0
    walk.asked(fx.FindAuthorization)
    walk.found().asked(fx.RequestVoid)
    assert_ended(walk.answered(Status.CANCELLED), Reason.POWER_CUT)


def test_a_cancel_before_the_power_cut_remains_the_reason() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True).cancelled().power_restored().found()
    assert_ended(walk.answered(Status.CANCELLED), Reason.CASHIER_CANCELLED)


def test_what_is_found_is_asked_about_at_the_first_pace() -> None:
    walk = searching().lost().retried().lost().retried().found()
    assert walk.lost().asked(fx.SetRetry).delay_s == 1.0


def test_a_search_begins_with_short_pauses_whatever_was_asked_before() -> None:
    assert searching().lost().asked(fx.SetRetry).delay_s == 1.0
    walk = searching().lost().retried().lost().power_restored()
    assert walk.lost().asked(fx.SetRetry).delay_s == 1.0


def test_each_question_of_the_search_is_a_call_of_its_own() -> None:
    walk = searching()
    assert walk.asked(fx.FindAuthorization).call == 2
    assert walk.lost().retried().asked(fx.FindAuthorization).call == 3


def test_the_call_itself_is_bounded_by_nothing_but_itself() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC, finds_by_reference=True).timed_out().retried()
    assert (walk.sale.state, walk.last) == (State.AUTHORIZATION, ())
