"""The rules of a sale that is given up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import CallKind, Outcome, Reason, State
from tests.each import each_of
from tests.sales import AUTOMATIC, Walk, assert_ended, report_for, walk_to

# --- VOID -------------------------------------------------------------------------------------------------------------


@each_of(
    ("end", "may_stay_reserved"),
    [
        (lambda walk: walk.answered(Status.CANCELLED), False),
        (lambda walk: walk.answered(Status.DECLINED), False),
        (lambda walk: walk.answered(Status.RESERVED), True),
        (lambda walk: walk.refused(Refusal.REQUEST_NOT_VALID), True),
        (lambda walk: walk.lost().timed_out(), True),
    ],
)
def test_staff_hear_whether_the_service_has_let_a_reservation_go(
    end: Callable[[Walk], Walk], may_stay_reserved: bool
) -> None:
    assert end(walk_to(State.VOID)).sale.may_stay_reserved is may_stay_reserved


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DECLINED])
def test_a_void_is_done_when_the_service_says_so(status: Status) -> None:
    assert_ended(walk_to(State.VOID).answered(status), Reason.CASHIER_CANCELLED)


def test_a_void_that_came_too_late_is_paid() -> None:
    assert_ended(walk_to(State.VOID).answered(Status.PAID), Reason.PAID)


@each_of("status", [Status.RESERVED, Status.PENDING, Status.CODE_REQUIRED, Status.AWAITING_CALLBACK])
def test_a_reservation_that_stays_is_left_where_only_we_could_capture_it(status: Status) -> None:
    assert_ended(walk_to(State.VOID).answered(status), Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize("status", [Status.RESERVED, Status.PENDING])
def test_a_reservation_that_stays_keeps_a_committed_sale_open(status: Status) -> None:
    walk = walk_to(State.VOID, AUTOMATIC).answered(status)
    assert walk.sale.state is State.VOID
    walk.retried().asked(fx.QueryStatus)
    walk.answered(status).asked(fx.RequestVoid)


@each_of("refusal", [refusal for refusal in Refusal if refusal is not Refusal.NOT_SENT])
def test_a_refused_void_ends_what_only_we_could_capture(refusal: Refusal) -> None:
    assert_ended(walk_to(State.VOID).refused(refusal), Reason.CASHIER_CANCELLED)
    assert walk_to(State.VOID, AUTOMATIC).refused(refusal).sale.state is State.VOID


def test_a_void_that_never_left_is_tried_again() -> None:
    walk = walk_to(State.VOID).refused(Refusal.NOT_SENT)
    assert walk.sale.state is State.VOID
    walk.retried().answered(Status.RESERVED).asked(fx.RequestVoid)


def test_a_refused_status_ends_an_uncommitted_void_only() -> None:
    assert_ended(walk_to(State.VOID).answered(Status.REFUSED), Reason.CASHIER_CANCELLED)
    assert walk_to(State.VOID, AUTOMATIC).answered(Status.REFUSED).sale.state is State.VOID


def test_an_unclear_void_is_asked_about() -> None:
    assert walk_to(State.VOID).answered(Status.UNCLEAR).sale.state is State.VOID


def test_the_patience_with_a_void_ends_where_only_we_could_capture() -> None:
    walk = walk_to(State.VOID, void_patience_s=20.0)
    assert walk.asked(fx.SetDeadline).delay_s == 20.0
    assert_ended(walk.lost().timed_out(), Reason.CASHIER_CANCELLED)


def test_the_patience_with_a_committed_void_never_ends() -> None:
    walk = walk_to(State.VOID, AUTOMATIC)
    for _ in range(20):
        walk.lost().timed_out().retried()
    assert walk.sale.state is State.VOID
    assert walk.sale.outcome is Outcome.UNKNOWN
    assert_ended(walk.answered(Status.CANCELLED), Reason.CASHIER_CANCELLED)


def test_a_void_that_a_power_cut_met_is_asked_about() -> None:
    walk = walk_to(State.VOID).power_restored()
    walk.asked(fx.QueryStatus)
    walk.asked(fx.SetDeadline)
    walk.answered(Status.RESERVED).asked(fx.RequestVoid)


# --- a void that works at any stage -----------------------------------------------------------------------------------


def void_that_undoes(mode: CaptureMode = AUTOMATIC) -> Walk:
    return walk_to(State.VOID, mode, void_undoes_payment=True)


def test_a_void_that_may_still_arrive_keeps_a_payment_from_being_told() -> None:
    walk = void_that_undoes().lost().retried()
    walk.answered(Status.PAID).asked(fx.RequestVoid)
    assert walk.sale.state is State.VOID
    assert_ended(walk.answered(Status.CANCELLED), Reason.CASHIER_CANCELLED)


def test_a_late_answer_that_proves_payment_is_no_proof_while_a_void_is_on_its_way() -> None:
    walk = void_that_undoes()
    report = report_for(walk.sale, Status.PAID)
    walk.happen(ev.StatusReceived(walk.sale.number, walk.sale.calls - 1, report))
    assert (walk.sale.state, walk.sale.asking, walk.last) == (State.VOID, CallKind.VOID, ())


def test_a_void_that_answers_paid_is_sent_again_after_a_pause() -> None:
    walk = void_that_undoes().answered(Status.PAID)
    walk.asked(fx.SetRetry)
    walk.retried().asked(fx.QueryStatus)


def test_a_payment_whose_void_was_refused_is_paid() -> None:
    walk = void_that_undoes().refused(Refusal.DECLINED_BY_SERVICE).retried()
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_void_that_never_left_may_not_arrive() -> None:
    walk = void_that_undoes().refused(Refusal.NOT_SENT).retried().answered(Status.PAID)
    walk.asked(fx.RequestVoid)
    assert_ended(walk.refused(Refusal.DECLINED_BY_SERVICE).retried().answered(Status.PAID), Reason.PAID)


@pytest.mark.parametrize("before", [Walk.lost, Walk.power_restored])
def test_a_refused_void_proves_nothing_about_one_that_was_lost(before: Callable[[Walk], Walk]) -> None:
    walk = before(void_that_undoes())
    if walk.sale.asking is None:
        walk.retried()
    walk.answered(Status.PAID).refused(Refusal.DECLINED_BY_SERVICE).retried()
    walk.answered(Status.PAID).asked(fx.RequestVoid)
    assert walk.sale.state is State.VOID


def test_where_a_void_undoes_nothing_a_payment_is_paid_whatever_became_of_the_void() -> None:
    walk = walk_to(State.VOID, AUTOMATIC).lost().retried()
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_a_void_that_finds_a_payment_is_answered_for_by_the_service_alone() -> None:
    """Nothing of ours was to pay it, and it is paid all the same: no deadline ends that."""
    walk = walk_to(State.VOID, void_undoes_payment=True)
    assert not walk.sale.committed
    walk.answered(Status.PAID)
    assert (walk.sale.state, walk.sale.committed) == (State.VOID, True)
    assert walk.timed_out().sale.state is State.VOID


def test_what_is_given_up_waits_for_no_answer_and_counts_none_that_were_missed() -> None:
    walk = walk_to(State.VOID).lost().retried().timed_out()
    assert (walk.sale.state, walk.sale.asking, walk.sale.misses) == (State.REPORT, None, 0)
