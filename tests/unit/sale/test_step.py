"""The rules of a sale, one by one. tests/property/test_step.py walks everything that can happen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.moves import DENIAL_PAUSE_S, DENIALS_UNTIL_BELIEVED, MOST_CAPTURES, POLL_INTERVAL_BOUNDS_S
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, State, differs_durably
from terminal.sale.step import IGNORED, TABLE, begin
from tests.sales import GUID, Walk, new_sale, report_for, walk_to

MANUAL, AUTOMATIC, SERVER_CALLBACK = CaptureMode.MANUAL, CaptureMode.AUTOMATIC, CaptureMode.SERVER_CALLBACK
EVENTS: tuple[type[ev.SaleEvent], ...] = (
    ev.CustomerIdentified,
    ev.CodeEntered,
    ev.CancelRequested,
    ev.DeadlinePassed,
    ev.RetryDue,
    ev.AuthorizationOpened,
    ev.StatusReceived,
    ev.RefusalReceived,
    ev.AnswerLost,
    ev.CallbackReceived,
    ev.ResultAcknowledged,
    ev.ResultRejected,
    ev.SettledByStaff,
    ev.MoneyReturned,
    ev.PowerRestored,
)
INTERRUPTIONS = [
    (Walk.cancelled, Reason.CASHIER_CANCELLED),
    (Walk.timed_out, Reason.TIMED_OUT),
    (Walk.power_restored, Reason.POWER_CUT),
]
PAID, UNPAID, REFUNDED = ev.Verdict.PAID, ev.Verdict.UNPAID, ev.Verdict.REFUNDED


def assert_ended(walk: Walk, reason: Reason) -> None:
    assert (walk.sale.state, walk.sale.reason) == (State.REPORT, reason)
    walk.asked(fx.ReportResult)


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


def test_only_the_services_word_leads_out_of_closed() -> None:
    assert set(TABLE[State.CLOSED]) == {ev.StatusReceived, ev.CallbackReceived}
    assert TABLE[State.CLOSED][ev.StatusReceived].targets == {State.ATTENTION}
    assert TABLE[State.CLOSED][ev.CallbackReceived].targets == frozenset()


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
    assert walk.sale.customer_label == "••• ••81"


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
    assert len(Refusal) == 8


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


@pytest.mark.parametrize("refusal", Refusal)
def test_a_refused_poll_is_asked_again(refusal: Refusal) -> None:
    walk = walk_to(State.CUSTOMER).refused(refusal)
    assert walk.sale.state is State.CUSTOMER
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.DECLINED, Reason.CUSTOMER_DECLINED), (Status.CANCELLED, Reason.WITHDRAWN)]
)
@pytest.mark.parametrize("mode", CaptureMode)
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


@pytest.mark.parametrize(
    "lacking",
    [
        {"confirmed": False},
        {"amount_kr": None},
        {"amount_kr": 1991},
        {"reference": None},
        {"reference": "T1-000008-A1B2C3"},
    ],
)
@pytest.mark.parametrize("state", [State.CUSTOMER, State.CODE_CHECK, State.CAPTURE, State.VOID])
def test_paid_without_proof_approves_nothing_and_ends_nothing(state: State, lacking: dict[str, object]) -> None:
    walk = walk_to(state).answered(Status.PAID, **lacking)
    assert walk.sale.state is state
    assert walk.sale.committed
    walk.asked(fx.SetRetry)
    assert_ended(walk.retried().answered(Status.PAID), Reason.PAID)


@pytest.mark.parametrize(("end", "reason"), INTERRUPTIONS)
@pytest.mark.parametrize("state", [State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK])
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


@pytest.mark.parametrize(
    "state", [state for state in State if state not in (State.CUSTOMER, State.REPORT, State.CLOSED)]
)
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


# --- not paid, but not by the record's own word ----------------------------------------------------------------------


BARE = {"is_final": False}


@pytest.mark.parametrize(
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
    assert (DENIALS_UNTIL_BELIEVED - 1) * DENIAL_PAUSE_S >= 15
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


@pytest.mark.parametrize("refusal", Refusal)
def test_a_refused_query_says_nothing_about_the_code_before_it(refusal: Refusal) -> None:
    walk = walk_to(State.CODE_CHECK).lost().retried().refused(refusal)
    assert walk.sale.state is State.CODE_CHECK, "the code may have arrived: a second one could capture unseen"
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize("status", [Status.PENDING, Status.AWAITING_CALLBACK])
def test_a_right_code_may_leave_the_customer_something_to_decide(status: Status) -> None:
    walk = walk_to(State.CODE_CHECK).answered(status)
    assert walk.sale.state is State.CUSTOMER
    walk.asked(fx.QueryStatus)


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


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.CODE_REQUIRED, Status.AWAITING_CALLBACK, Status.REFUSED, Status.UNCLEAR]
)
def test_any_other_word_about_a_capture_is_asked_about_again(status: Status) -> None:
    walk = walk_to(State.CAPTURE).answered(status)
    assert walk.sale.state is State.CAPTURE
    walk.asked(fx.SetRetry)


@pytest.mark.parametrize("refusal", Refusal)
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


# --- VOID -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("status", [Status.RESERVED, Status.PENDING, Status.CODE_REQUIRED, Status.AWAITING_CALLBACK])
def test_a_reservation_that_stays_is_left_where_only_we_could_capture_it(status: Status) -> None:
    assert_ended(walk_to(State.VOID).answered(status), Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize("status", [Status.RESERVED, Status.PENDING])
def test_a_reservation_that_stays_keeps_a_committed_sale_open(status: Status) -> None:
    walk = walk_to(State.VOID, AUTOMATIC).answered(status)
    assert walk.sale.state is State.VOID
    walk.retried().asked(fx.QueryStatus)
    walk.answered(status).asked(fx.RequestVoid)


@pytest.mark.parametrize("refusal", [refusal for refusal in Refusal if refusal is not Refusal.NOT_SENT])
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


# --- REPORT and CLOSED ------------------------------------------------------------------------------------------------


def test_an_acknowledged_result_closes_the_sale() -> None:
    walk = walk_to(State.REPORT).acknowledged()
    assert walk.sale.state is State.CLOSED
    assert walk.sale.acknowledged


def test_a_register_that_does_not_listen_does_not_hold_up_the_terminal() -> None:
    walk = walk_to(State.REPORT).timed_out()
    assert walk.sale.state is State.CLOSED
    assert not walk.sale.acknowledged


def test_after_a_power_cut_the_result_is_told_again_and_nothing_is_printed_twice() -> None:
    walk = walk_to(State.REPORT).power_restored()
    walk.asked(fx.ReportResult)
    walk.asked(fx.SetDeadline)
    assert walk.count(fx.PrintReceipt) == 2


def test_nothing_is_printed_for_a_sale_that_was_not_paid() -> None:
    assert walk_to(State.VOID).answered(Status.CANCELLED).count(fx.PrintReceipt) == 0


def printed(walk: Walk) -> list[ReceiptKind]:
    """What the latest event put on paper."""
    return [effect.kind for effect in walk.last if isinstance(effect, fx.PrintReceipt)]


def test_what_the_register_can_still_refuse_is_on_paper_once_it_has_taken_it() -> None:
    walk = walk_to(State.REPORT, final_when_taken=True)
    assert walk.count(fx.PrintReceipt) == 0
    assert walk.power_restored().count(fx.PrintReceipt) == 0
    assert printed(walk.acknowledged()) == [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT]


@pytest.mark.parametrize("end", [Walk.rejected, Walk.timed_out], ids=["rejected", "untold"])
def test_of_a_refund_that_is_due_only_staff_get_paper(end: object) -> None:
    walk = walk_to(State.REPORT, final_when_taken=True, customer_copy=False, merchant_copy=False)
    assert callable(end)
    end(walk)
    assert walk.sale.outcome is Outcome.REFUND_DUE
    assert printed(walk) == [ReceiptKind.ATTENTION]


@pytest.mark.parametrize("verdict", [PAID, REFUNDED])
def test_a_refund_that_was_due_and_is_settled_has_its_receipts(verdict: ev.Verdict) -> None:
    walk = walk_to(State.REPORT, final_when_taken=True).rejected().settled(verdict)
    assert printed(walk) == [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT]


def test_an_untraceable_sale_is_on_paper_for_staff_and_when_settled_as_paid_for_everybody() -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC).lost()
    assert printed(walk) == [ReceiptKind.ATTENTION]
    assert printed(walk.acknowledged()) == []
    assert printed(walk.settled(PAID)) == [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT]


def test_without_a_printer_nothing_is_queued_for_staff_either() -> None:
    walk = walk_to(State.REPORT, final_when_taken=True, staff_slip=False).rejected()
    assert (walk.sale.outcome, printed(walk)) == (Outcome.REFUND_DUE, [])


@pytest.mark.parametrize("mode", CaptureMode)
def test_a_payment_that_the_register_did_not_take_waits_for_a_refund(mode: CaptureMode) -> None:
    walk = walk_to(State.REPORT, mode).rejected()
    assert (walk.sale.state, walk.sale.outcome) == (State.ATTENTION, Outcome.REFUND_DUE)
    assert walk.settled(UNPAID).sale.state is State.ATTENTION
    walk.settled(REFUNDED)
    assert (walk.sale.state, walk.sale.outcome) == (State.CLOSED, Outcome.REFUNDED)


def test_a_payment_that_the_register_took_after_all_can_be_settled_as_paid() -> None:
    walk = walk_to(State.REPORT).rejected().settled(PAID)
    assert (walk.sale.state, walk.sale.reason) == (State.CLOSED, Reason.SETTLED_PAID)


def test_a_rejected_result_that_is_no_payment_leaves_nothing_to_do() -> None:
    walk = walk_to(State.VOID).answered(Status.CANCELLED).rejected()
    assert (walk.sale.state, walk.sale.reason) == (State.CLOSED, Reason.CASHIER_CANCELLED)


@pytest.mark.parametrize(
    "end", [Walk.acknowledged, Walk.timed_out, Walk.rejected], ids=["acknowledged", "untold", "rejected"]
)
@pytest.mark.parametrize(
    ("verdict", "reason", "outcome"),
    [(PAID, Reason.SETTLED_PAID, Outcome.APPROVED), (UNPAID, Reason.SETTLED_UNPAID, Outcome.CANCELLED)],
)
def test_an_untraceable_sale_waits_until_staff_say_how_it_ended(
    end: object, verdict: ev.Verdict, reason: Reason, outcome: Outcome
) -> None:
    walk = walk_to(State.AUTHORIZATION, AUTOMATIC).lost()
    assert callable(end)
    end(walk)
    assert (walk.sale.state, walk.sale.outcome) == (State.ATTENTION, Outcome.UNKNOWN)
    assert walk.settled(REFUNDED).sale.state is State.ATTENTION
    walk.settled(verdict)
    assert (walk.sale.state, walk.sale.reason, walk.sale.outcome) == (State.CLOSED, reason, outcome)


# --- settling by staff ------------------------------------------------------------------------------------------------


def unknown_capture() -> Walk:
    """Its capture and every question since are lost; it is only asked about now."""
    walk = walk_to(State.CAPTURE).timed_out()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    return walk


@pytest.mark.parametrize(
    ("verdict", "reason", "receipts"), [(PAID, Reason.SETTLED_PAID, 2), (UNPAID, Reason.SETTLED_UNPAID, 0)]
)
def test_staff_settle_a_sale_that_stands_as_unknown(verdict: ev.Verdict, reason: Reason, receipts: int) -> None:
    walk = unknown_capture().settled(verdict)
    assert_ended(walk, reason)
    assert walk.count(fx.PrintReceipt) == receipts


def unknown_while_a_capture_is_on_its_way() -> Walk:
    """The network said three times that nothing left; then a capture did, and the time to try is over."""
    walk = walk_to(State.CAPTURE)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.refused(Refusal.NOT_SENT).retried()
    walk.answered(Status.RESERVED).asked(fx.RequestCapture)
    return walk.timed_out()


def unknown_while_a_void_is_on_its_way() -> Walk:
    walk = walk_to(State.VOID, AUTOMATIC, void_undoes_payment=True)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.answered(Status.PENDING).asked(fx.RequestVoid)
    return walk


MID_CALL = [unknown_while_a_capture_is_on_its_way, unknown_while_a_void_is_on_its_way]


@pytest.mark.parametrize("mid_call", MID_CALL)
def test_the_word_of_staff_waits_for_a_call_that_may_move_money(mid_call: Callable[[], Walk]) -> None:
    walk = mid_call()
    assert walk.sale.stands_unknown
    before = walk.sale
    walk.settled(UNPAID)
    assert (walk.sale.state, walk.sale.said_by_staff, walk.last) == (before.state, Reason.SETTLED_UNPAID, ())
    assert differs_durably(before, walk.sale)


def test_a_capture_that_pays_is_told_as_paid_whatever_staff_have_said_meanwhile() -> None:
    walk = unknown_while_a_capture_is_on_its_way().settled(UNPAID).answered(Status.PAID)
    assert_ended(walk, Reason.PAID)
    assert walk.sale.said_by_staff is None


@pytest.mark.parametrize("mid_call", MID_CALL)
def test_the_first_word_counts_while_it_waits(mid_call: Callable[[], Walk]) -> None:
    walk = mid_call().settled(UNPAID)
    before = walk.sale
    for verdict in ev.Verdict:
        assert walk.settled(verdict).sale == before
    assert_ended(walk.refused(Refusal.NOT_SENT), Reason.SETTLED_UNPAID)


@pytest.mark.parametrize("mid_call", MID_CALL)
@pytest.mark.parametrize(
    "answer",
    [Walk.lost, lambda walk: walk.refused(Refusal.CREDENTIALS), lambda walk: walk.answered(Status.UNCLEAR)],
    ids=["lost", "refused", "unclear"],
)
def test_after_an_answer_that_tells_nothing_staff_are_asked_again(
    mid_call: Callable[[], Walk], answer: Callable[[Walk], Walk]
) -> None:
    """Nobody knows whether they saw what this call did."""
    walk = mid_call().settled(UNPAID)
    before = walk.sale
    answer(walk)
    assert (walk.sale.state, walk.sale.said_by_staff) == (before.state, None)
    assert walk.sale.stands_unknown
    walk.asked(fx.SetRetry)
    assert_ended(walk.settled(UNPAID), Reason.SETTLED_UNPAID)


@pytest.mark.parametrize("mid_call", MID_CALL)
def test_a_power_cut_takes_the_word_that_waits(mid_call: Callable[[], Walk]) -> None:
    walk = mid_call().settled(UNPAID).power_restored()
    assert walk.sale.said_by_staff is None
    walk.asked(fx.QueryStatus)


def test_the_word_of_staff_does_not_wait_for_a_question() -> None:
    walk = unknown_capture()
    assert walk.sale.asking is CallKind.STATUS
    assert_ended(walk.settled(UNPAID), Reason.SETTLED_UNPAID)


def test_nothing_is_captured_once_it_stands_unknown() -> None:
    """What staff look up must still be true when they say it."""
    walk = walk_to(State.CAPTURE)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    assert not walk.sale.stands_unknown, "it may still be captured"
    assert walk.settled(UNPAID).sale.state is State.CAPTURE
    walk.timed_out()
    assert walk.sale.stands_unknown
    walk.answered(Status.RESERVED)
    assert (walk.sale.state, walk.count(fx.RequestCapture)) == (State.VOID, 1)


def test_paid_is_not_the_last_word_while_a_void_may_take_it_back() -> None:
    walk = unknown_while_a_void_is_on_its_way()
    before = walk.sale
    assert walk.settled(PAID).sale == before
    assert_ended(walk.lost().retried().settled(UNPAID), Reason.SETTLED_UNPAID)


# --- proved after the end ---------------------------------------------------------------------------------------------


def late_proof(walk: Walk, **said: object) -> Walk:
    """The answer to a question of before, which proves that it is paid."""
    return walk.answered(Status.PAID, call=walk.sale.calls, **said)


def ended_unpaid() -> dict[str, Walk]:
    return {
        "by the word of staff": unknown_capture().settled(UNPAID),
        "by the service's own word": walk_to(State.CAPTURE).answered(Status.CANCELLED),
        "by its customer": walk_to(State.CAPTURE).answered(Status.DECLINED),
        "by a lost authorization": walk_to(State.AUTHORIZATION).lost(),
    }


@pytest.mark.parametrize("how", ended_unpaid())
@pytest.mark.parametrize("told", [False, True], ids=["before the register has it", "after"])
def test_a_proof_of_payment_after_the_end_opens_the_case_again(how: str, told: bool) -> None:
    walk = ended_unpaid()[how]
    if told:
        assert walk.acknowledged().sale.state is State.CLOSED
    late_proof(walk)
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.PAID_LATE)
    assert walk.sale.outcome is Outcome.REFUND_DUE
    assert walk.sale.invoice_number == "1001"
    assert walk.asked(fx.PrintReceipt).kind is ReceiptKind.ATTENTION
    assert walk.count(fx.ReportResult) == 1, "the register keeps its answer"


@pytest.mark.parametrize(
    ("verdict", "reason"), [(REFUNDED, Reason.REFUNDED), (PAID, Reason.SETTLED_PAID), (UNPAID, Reason.PAID_LATE)]
)
def test_staff_return_what_was_proved_late_or_ring_it_up(verdict: ev.Verdict, reason: Reason) -> None:
    walk = late_proof(unknown_capture().settled(UNPAID).acknowledged()).settled(verdict)
    assert walk.sale.reason is reason
    assert walk.sale.state is (State.ATTENTION if verdict is UNPAID else State.CLOSED)


@pytest.mark.parametrize("lacking", [{"confirmed": False}, {"amount_kr": 1991}, {"reference": None}])
@pytest.mark.parametrize("told", [False, True])
def test_less_than_a_proof_opens_nothing(told: bool, lacking: dict[str, object]) -> None:
    walk = unknown_capture().settled(UNPAID)
    state = walk.acknowledged().sale.state if told else walk.sale.state
    late_proof(walk, **lacking)
    assert (walk.sale.state, walk.sale.reason, walk.last) == (state, Reason.SETTLED_UNPAID, ())


@pytest.mark.parametrize("told", [False, True])
def test_a_proof_of_what_is_told_as_paid_is_no_news(told: bool) -> None:
    walk = walk_to(State.CLOSED if told else State.REPORT)
    state = walk.sale.state
    assert late_proof(walk).last == ()
    assert (walk.sale.state, walk.sale.reason) == (state, Reason.PAID)


def test_what_a_void_has_taken_back_is_not_proved_by_an_answer_from_before_it() -> None:
    walk = walk_to(State.VOID, AUTOMATIC, void_undoes_payment=True)
    void = walk.sale.calls
    walk.answered(Status.CANCELLED)
    assert walk.answered(Status.PAID, call=void - 1).sale.reason is Reason.CASHIER_CANCELLED
    assert walk.answered(Status.PAID, call=void).sale.reason is Reason.PAID_LATE, "that void was refused"


def test_a_callback_about_what_ended_unpaid_is_a_reason_to_ask() -> None:
    for walk in (unknown_capture().settled(UNPAID), unknown_capture().settled(UNPAID).acknowledged()):
        query = walk.called_back().asked(fx.QueryStatus)
        assert walk.answered(Status.PAID, call=query.call).sale.reason is Reason.PAID_LATE
    never_sent = walk_to(State.ENTRY).cancelled()
    declined = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.DECLINED)
    for walk in (never_sent, declined, unknown_capture().settled(UNPAID)):
        approved = walk in (never_sent, declined)
        assert walk.called_back(approved=approved).last == ()
    assert unknown_capture().settled(UNPAID).called_back(fits=False).last == ()


def test_a_callback_about_a_closed_payment_is_acknowledged() -> None:
    walk_to(State.CLOSED, SERVER_CALLBACK).called_back().asked(fx.AcknowledgeCallback)


def test_an_open_capture_cannot_be_settled_as_refunded() -> None:
    assert unknown_capture().settled(REFUNDED).sale.state is State.CAPTURE


@pytest.mark.parametrize("verdict", ev.Verdict)
def test_staff_do_not_settle_what_the_service_still_answers_for(verdict: ev.Verdict) -> None:
    for walk in (walk_to(State.CAPTURE), walk_to(State.CAPTURE).lost(), walk_to(State.VOID).lost()):
        before = walk.sale
        assert walk.settled(verdict).sale == before


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
