"""The rules of a sale, one by one: the table, how a sale begins, what comes too late. Beside it a file for the rest.

tests/property/test_step.py walks everything that can happen.
"""

from __future__ import annotations

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, OpenedAuthorization, Refusal
from terminal.sale.moves import POLL_INTERVAL_BOUNDS_S
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.step import IGNORED, TABLE, begin
from tests.sales import AUTOMATIC, GUID, MANUAL, SERVER_CALLBACK, Walk, assert_ended, new_sale, walk_to

EVENTS: tuple[type[ev.SaleEvent], ...] = (
    ev.CustomerIdentified,
    ev.CodeEntered,
    ev.CancelRequested,
    ev.DeadlinePassed,
    ev.RetryDue,
    ev.TraceDue,
    ev.AuthorizationOpened,
    ev.AuthorizationFound,
    ev.StatusReceived,
    ev.RefusalReceived,
    ev.AnswerLost,
    ev.CallbackReceived,
    ev.ResultAcknowledged,
    ev.ResultRejected,
    ev.SettledByStaff,
    ev.SettlementCorrected,
    ev.MoneyReturned,
    ev.MoneyNotReturned,
    ev.PowerRestored,
)

# --- the table --------------------------------------------------------------------------------------------------------


def test_these_are_all_the_events_there_are() -> None:
    concrete = {
        kind
        for kind in vars(ev).values()
        if isinstance(kind, type) and issubclass(kind, ev.SaleEvent) and kind not in (ev.SaleEvent, ev.AnswerReceived)
    }
    assert concrete == set(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
@pytest.mark.parametrize("state", State)
def test_every_cell_is_a_move_or_a_named_ignore(state: State, event: type[ev.SaleEvent]) -> None:
    moves, why_not = event in TABLE[state], IGNORED.get(event, {}).get(state)
    assert moves != bool(why_not), f"{state} x {event.__name__} must stand either in TABLE or in IGNORED"


def test_only_the_services_word_and_staff_who_take_theirs_back_lead_out_of_closed() -> None:
    targets = {event: move.targets for event, move in TABLE[State.CLOSED].items() if move.targets}
    assert targets == {ev.StatusReceived: {State.ATTENTION}, ev.MoneyNotReturned: {State.ATTENTION}}


# --- ENTRY ------------------------------------------------------------------------------------------------------------


def test_a_new_sale_waits_for_the_customer_and_expires() -> None:
    walk = Walk(entry_timeout_s=300.0)
    assert walk.asked(fx.SetDeadline).delay_s == 300.0
    assert_ended(walk.timed_out(), Reason.TIMED_OUT)


def test_only_a_new_sale_begins() -> None:
    with pytest.raises(AssertionError):
        begin(walk_to(State.CUSTOMER).sale)


@pytest.mark.parametrize(
    ("by", "reason"),
    [(ev.Canceller.CASHIER, Reason.CASHIER_CANCELLED), (ev.Canceller.REGISTER, Reason.REGISTER_CANCELLED)],
)
def test_a_sale_that_nobody_has_identified_for_is_cancelled_at_once(by: ev.Canceller, reason: Reason) -> None:
    walk = walk_to(State.ENTRY).cancelled(by)
    assert_ended(walk, reason)
    assert walk.sale.outcome is Outcome.CANCELLED


def test_a_power_cut_before_the_customer_came_ends_the_sale() -> None:
    assert_ended(walk_to(State.ENTRY).power_restored(), Reason.POWER_CUT)


# --- AUTHORIZATION ----------------------------------------------------------------------------------------------------


def test_the_request_carries_amount_customer_and_who_captures() -> None:
    walk = walk_to(State.AUTHORIZATION)
    request = walk.asked(fx.RequestAuthorization)
    assert (request.reference, request.amount_kr, request.capture_mode) == (walk.sale.reference, 1990, MANUAL)
    assert request.customer.identifier.reveal() == "8223281"
    assert (walk.sale.customer_kind, walk.sale.customer_label) == (CustomerKind.PHONE, "••• ••81")


def test_a_kind_of_customer_may_have_its_own_capture_mode() -> None:
    walk = Walk(capture_mode=SERVER_CALLBACK, capture_mode_by_kind={CustomerKind.KENNITALA: MANUAL})
    assert walk.identified(CustomerKind.KENNITALA).sale.capture_mode is MANUAL
    walk = Walk(capture_mode=SERVER_CALLBACK, capture_mode_by_kind={CustomerKind.KENNITALA: MANUAL})
    assert walk.identified(CustomerKind.PHONE).sale.capture_mode is SERVER_CALLBACK


@pytest.mark.parametrize(("mode", "committed"), [(MANUAL, False), (SERVER_CALLBACK, False), (AUTOMATIC, True)])
def test_only_an_automatic_authorization_commits(mode: CaptureMode, committed: bool) -> None:
    assert walk_to(State.AUTHORIZATION, mode).sale.committed is committed


@pytest.mark.parametrize("mode", [MANUAL, SERVER_CALLBACK])
def test_a_lost_authorization_is_abandoned_and_never_repeated(mode: CaptureMode) -> None:
    walk = walk_to(State.AUTHORIZATION, mode).lost()
    assert_ended(walk, Reason.NO_ANSWER)
    assert walk.sale.outcome is Outcome.FAILED
    assert walk.count(fx.RequestAuthorization) == 1


def test_a_lost_automatic_authorization_may_be_paid_out_of_sight() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC).lost()
    assert_ended(walk, Reason.NOT_TRACEABLE)
    assert walk.sale.outcome is Outcome.UNKNOWN


def test_a_power_cut_loses_an_authorization_like_the_network() -> None:
    assert_ended(walk_to(State.AUTHORIZATION).power_restored(), Reason.POWER_CUT)
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC).power_restored()
    assert_ended(walk, Reason.NOT_TRACEABLE)


@pytest.mark.parametrize(
    ("refusal", "reason", "outcome"),
    [
        (Refusal.NOT_SENT, Reason.NO_CONNECTION, Outcome.FAILED),
        (Refusal.BELOW_MINIMUM, Reason.BELOW_MINIMUM, Outcome.DECLINED),
        (Refusal.CUSTOMER_UNKNOWN, Reason.CUSTOMER_UNKNOWN, Outcome.DECLINED),
        (Refusal.CUSTOMER_DECLINED, Reason.CUSTOMER_DECLINED, Outcome.DECLINED),
        (Refusal.REQUEST_NOT_VALID, Reason.REQUEST_NOT_VALID, Outcome.FAILED),
        (Refusal.NOT_FOUND, Reason.WITHDRAWN, Outcome.DECLINED),
        (Refusal.CREDENTIALS, Reason.CREDENTIALS, Outcome.FAILED),
        (Refusal.DECLINED_BY_SERVICE, Reason.SERVICE_DECLINED, Outcome.DECLINED),
        (Refusal.NOT_OFFERED, Reason.REQUEST_NOT_VALID, Outcome.FAILED),
    ],
)
@pytest.mark.parametrize("mode", CaptureMode)
def test_a_refused_authorization_ends_with_its_reason(
    mode: CaptureMode, refusal: Refusal, reason: Reason, outcome: Outcome
) -> None:
    if mode is CaptureMode.AUTOMATIC and refusal in (Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID):
        return
    walk = walk_to(State.AUTHORIZATION, mode).refused(refusal)
    assert_ended(walk, reason)
    assert walk.sale.outcome is outcome


@pytest.mark.parametrize("refusal", [Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID])
def test_a_refused_request_is_no_proof_where_approval_alone_pays(refusal: Refusal) -> None:
    """It may be the second copy of a request that the network has doubled, refused for its nonce."""
    walk = walk_to(State.AUTHORIZATION, CaptureMode.AUTOMATIC).refused(refusal)
    assert_ended(walk, Reason.NOT_TRACEABLE)


def test_every_refusal_is_tested_above() -> None:
    assert len(Refusal) == 9


def test_cancelling_a_request_on_its_way_voids_it_once_it_is_named() -> None:
    walk = walk_to(State.AUTHORIZATION).cancelled()
    assert walk.sale.state is State.AUTHORIZATION
    walk.cancelled(ev.Canceller.REGISTER).opened()
    assert walk.sale.state is State.VOID
    assert walk.asked(fx.RequestVoid).authorization_id == GUID
    assert_ended(walk.answered(Status.CANCELLED), Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize("end", [lambda walk: walk.refused(Refusal.CUSTOMER_UNKNOWN), lambda walk: walk.lost()])
def test_cancelling_a_request_that_comes_to_nothing_is_a_cancellation(end: object) -> None:
    walk = walk_to(State.AUTHORIZATION).cancelled()
    assert callable(end)
    assert_ended(end(walk), Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize(
    ("said_s", "used_s"), [(None, 2.0), (0.0, 2.0), (-5.0, 0.5), (0.01, 0.5), (1.5, 1.5), (10.0, 10.0), (3600.0, 10.0)]
)
def test_the_services_pace_is_kept_within_bounds(said_s: float | None, used_s: float) -> None:
    walk = walk_to(State.AUTHORIZATION).opened(poll_interval_s=said_s).answered(Status.PENDING)
    assert walk.asked(fx.SetRetry).delay_s == used_s
    assert POLL_INTERVAL_BOUNDS_S == (0.5, 10.0)


# --- stale events -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PAID])
def test_an_answer_to_an_older_call_changes_nothing(status: Status) -> None:
    walk = walk_to(State.VOID)
    before = walk.sale
    walk.answered(status, call=before.calls - 1)
    assert (walk.sale, walk.last) == (before, ())


@pytest.mark.parametrize("state", [State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK, State.CAPTURE, State.VOID])
def test_an_answer_to_an_older_call_that_proves_payment_counts(state: State) -> None:
    assert_ended(walk_to(state).answered(Status.PAID, call=0), Reason.PAID)


def test_an_answer_to_an_older_call_that_only_claims_payment_changes_nothing() -> None:
    walk = walk_to(State.VOID)
    before = walk.sale
    assert walk.answered(Status.PAID, call=0, confirmed=False).sale == before


def test_the_same_answer_twice_counts_once() -> None:
    walk = walk_to(State.CAPTURE)
    call = walk.sale.calls
    walk.answered(Status.RESERVED, call=call)
    misses = walk.sale.misses
    assert walk.answered(Status.RESERVED, call=call).sale.misses == misses


def test_timers_of_a_state_that_is_over_change_nothing() -> None:
    walk = walk_to(State.CAPTURE)
    before = walk.sale
    for late in (ev.DeadlinePassed(7, State.CUSTOMER), ev.RetryDue(7, State.CUSTOMER)):
        assert walk.happen(late).sale == before


def test_events_of_another_sale_change_nothing() -> None:
    walk = walk_to(State.ENTRY)
    assert walk.happen(ev.PowerRestored(8)).sale == new_sale()


def test_the_support_reference_of_the_latest_answer_is_kept() -> None:
    walk = walk_to(State.CUSTOMER).answered(Status.PENDING, support_reference="first")
    walk.retried().answered(Status.PENDING)
    assert walk.sale.support_reference == "first"
    walk.retried().answered(Status.DECLINED, support_reference="last")
    assert walk.sale.support_reference == "last"


def test_the_support_reference_of_an_opened_authorization_is_kept() -> None:
    authorization = OpenedAuthorization(authorization_id=GUID, support_reference="opened")
    walk = walk_to(State.AUTHORIZATION).happen(ev.AuthorizationOpened(7, 1, authorization))
    assert walk.sale.support_reference == "opened"


def test_the_support_reference_of_a_refused_authorization_is_kept() -> None:
    refused = ev.RefusalReceived(7, 1, Refusal.CUSTOMER_UNKNOWN, support_reference="refused")
    assert walk_to(State.AUTHORIZATION).happen(refused).sale.support_reference == "refused"


def test_a_sale_whose_register_waits_only_so_long_has_a_limit_and_any_other_has_none() -> None:
    limit = Walk(longest_sale_s=140.0).asked(fx.SetLimit)
    assert (limit.sale_number, limit.delay_s) == (7, 140.0)
    assert Walk().count(fx.SetLimit) == 0


def test_calls_are_numbered_from_one() -> None:
    assert walk_to(State.AUTHORIZATION).asked(fx.RequestAuthorization).call == 1
    assert walk_to(State.CUSTOMER).asked(fx.QueryStatus).call == 2
    assert walk_to(State.CAPTURE).asked(fx.RequestCapture).call == 3
