"""After the word of staff: the terminal asks on, gives up what is still open, reports what proves them wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, State, differs_durably
from terminal.sale.tracing import LONGEST_PAUSE_S, MOST_TRACES, MOST_TRACES_UNANSWERED
from tests.each import each_of
from tests.sales import GUID, Walk, walk_to

UNPAID = ev.Verdict.UNPAID


def settled(mode: CaptureMode = CaptureMode.MANUAL, *, told: bool = True, **terms: bool) -> Walk:
    """A capture, or whatever pays here, got no answer; staff have said "not paid", and the first question has left."""
    walk = walk_to(State.CAPTURE if mode is CaptureMode.MANUAL else State.VOID, mode, **terms)
    walk.timed_out() if mode is CaptureMode.MANUAL else walk
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.settled(UNPAID)
    assert walk.asked(fx.QueryStatus).authorization_id == GUID
    return walk.acknowledged() if told else walk


def test_a_capture_that_arrives_long_after_the_word_of_staff_opens_the_case_again() -> None:
    """The request hung in the network; the terminal had given it up, and staff saw a mere reservation."""
    walk = settled()
    for _ in range(5):
        walk.answered(Status.RESERVED).asked(fx.RequestVoid)
        walk.refused(Refusal.REQUEST_NOT_VALID)  # a service that lets no reservation go
        walk.asked(fx.SetTrace)
        walk.trace_due().asked(fx.QueryStatus)
    walk.answered(Status.PAID)
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.PAID_LATE)
    assert walk.asked(fx.PrintReceipt).kind is ReceiptKind.ATTENTION
    assert walk.count(fx.ReportResult) == 1, "the register keeps its answer"
    assert walk.trace_due().last == ()


@each_of("status", [Status.RESERVED, Status.PENDING, Status.AWAITING_CALLBACK, Status.CODE_REQUIRED], ids=str)
@each_of("told", [False, True], ids=["before the register has it", "after"])
def test_what_is_still_open_is_given_up(status: Status, told: bool) -> None:
    walk = settled(told=told).answered(status)
    assert walk.asked(fx.RequestVoid).call == walk.sale.calls
    walk.answered(Status.CANCELLED)
    assert (walk.sale.reason, walk.sale.tracing, walk.last) == (Reason.SETTLED_UNPAID, False, ())


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DECLINED], ids=str)
def test_the_records_own_word_ends_the_questions(status: Status) -> None:
    walk = settled().answered(status)
    assert (walk.sale.tracing, walk.last) == (False, ())
    assert walk.trace_due().last == ()


def test_a_bare_cancelled_does_not_end_them() -> None:
    """It also means "not known (yet)"."""
    settled().answered(Status.CANCELLED, is_final=False).asked(fx.SetTrace)


def pauses(walk: Walk, answer: Callable[[Walk], Walk]) -> list[float]:
    """Until the last question."""
    delays = []
    while answer(walk).last:
        delays.append(walk.asked(fx.SetTrace).delay_s)
        walk.trace_due()
    return delays


def test_the_pauses_grow_and_add_up_to_a_quarter_of_an_hour() -> None:
    delays = pauses(settled(), lambda walk: walk.answered(Status.UNCLEAR))
    assert delays == [2, 4, 8, 16, 32, *[60] * (MOST_TRACES - 6)]
    assert 14 * 60 <= sum(delays) <= 16 * 60


@pytest.mark.parametrize(
    "answer",
    [Walk.lost, lambda walk: walk.refused(Refusal.NOT_SENT), lambda walk: walk.refused(Refusal.CREDENTIALS)],
    ids=["lost", "not sent", "not admitted"],
)
def test_a_service_that_is_not_reached_is_asked_until_it_answers_or_a_day_is_over(
    answer: Callable[[Walk], Walk],
) -> None:
    walk = settled()
    for _ in range(MOST_TRACES + 5):
        answer(walk).asked(fx.SetTrace)
        walk.trace_due()
    assert walk.answered(Status.UNCLEAR).sale.tracing is False
    delays = pauses(settled(), answer)
    assert len(delays) == MOST_TRACES_UNANSWERED - 1
    assert max(delays) == LONGEST_PAUSE_S
    assert sum(delays) == pytest.approx(24 * 3600, rel=0.05)


def test_a_refusal_of_the_question_is_an_answer() -> None:
    delays = pauses(settled(), lambda walk: walk.refused(Refusal.NOT_FOUND))
    assert len(delays) == MOST_TRACES - 1


def test_one_question_at_a_time() -> None:
    walk = settled()
    before = walk.sale
    assert walk.trace_due().sale == before
    assert walk.called_back().sale == before
    assert walk.last == ()


@pytest.mark.parametrize("reason", ["without a name", "told by the service"])
def test_nothing_else_is_traced(reason: str) -> None:
    walks = {
        "without a name": walk_to(State.AUTHORIZATION, CaptureMode.AUTOMATIC).lost().acknowledged().settled(UNPAID),
        "told by the service": walk_to(State.CAPTURE).answered(Status.CANCELLED),
    }
    walk = walks[reason]
    assert (walk.sale.tracing, walk.count(fx.SetTrace)) == (False, 0)
    assert not any(isinstance(effect, fx.Call) for effect in walk.last)
    assert not any(isinstance(effect, fx.Call) for effect in walk.power_restored().last)


def test_the_word_that_waited_for_a_call_which_never_left_is_traced_too() -> None:
    walk = walk_to(State.CAPTURE)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.refused(Refusal.NOT_SENT).retried()
    walk.answered(Status.RESERVED).timed_out().settled(UNPAID)
    assert walk.sale.said_by_staff is Reason.SETTLED_UNPAID
    walk.refused(Refusal.NOT_SENT).asked(fx.QueryStatus)
    assert (walk.sale.tracing, walk.sale.said_by_staff) == (True, None)
    assert walk.answered(Status.PAID).sale.reason is Reason.PAID_LATE


# --- a start ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True], ids=["before the register has it", "after"])
def test_after_a_power_cut_the_questions_begin_anew(told: bool) -> None:
    walk = settled(told=told).lost()
    for _ in range(4):
        walk.trace_due().lost()
    walk.power_restored()
    walk.asked(fx.QueryStatus)
    assert walk.sale.traces == 1
    assert walk.answered(Status.PAID).sale.reason is Reason.PAID_LATE


def test_only_a_case_that_is_opened_again_is_written() -> None:
    """A later end of day would count it once more."""
    closed = settled().sale
    for walk in (settled().answered(Status.RESERVED), settled().lost(), settled().answered(Status.CANCELLED)):
        assert walk.sale != closed
        assert not differs_durably(closed, walk.sale)
    assert differs_durably(closed, settled().answered(Status.PAID).sale)


# --- where a void takes back a payment --------------------------------------------------------------------------------


def with_a_void_on_its_way() -> Walk:
    walk = settled(void_undoes_payment=True).answered(Status.RESERVED)
    walk.asked(fx.RequestVoid)
    return walk


def test_what_is_found_paid_is_voided_again_while_a_void_may_still_arrive() -> None:
    """Else staff return the money, and the void returns it once more."""
    walk = with_a_void_on_its_way().lost()
    walk.trace_due().answered(Status.PAID).asked(fx.RequestVoid)
    assert walk.sale.state is State.CLOSED
    walk.answered(Status.CANCELLED)
    assert (walk.sale.reason, walk.sale.tracing) == (Reason.SETTLED_UNPAID, False)


def test_a_void_is_taken_to_have_left_after_a_start() -> None:
    walk = settled(void_undoes_payment=True).power_restored().answered(Status.PAID)
    walk.asked(fx.RequestVoid)


def test_where_no_void_undoes_a_payment_none_is_held_possible_after_a_restart() -> None:
    walk = settled().power_restored()
    assert not walk.sale.void_lost
    assert walk.answered(Status.PAID).sale.reason is Reason.PAID_LATE


def after_a_power_cut() -> Walk:
    return walk_to(State.CUSTOMER, void_undoes_payment=True).power_restored()


def test_of_what_nobody_answered_for_after_a_power_cut_no_void_is_held_possible_after_a_start() -> None:
    walk = after_a_power_cut().timed_out().acknowledged().power_restored()
    assert not walk.sale.void_lost
    assert walk.answered(Status.PAID).sale.reason is Reason.PAID_LATE


def test_a_void_that_was_lost_before_the_end_is_held_possible_after_a_start() -> None:
    walk = after_a_power_cut().answered(Status.RESERVED).lost().timed_out().acknowledged().power_restored()
    walk.answered(Status.PAID).asked(fx.RequestVoid)


def test_without_a_void_on_its_way_a_proof_counts_at_once() -> None:
    assert settled(void_undoes_payment=True).answered(Status.PAID).sale.reason is Reason.PAID_LATE
    refused = with_a_void_on_its_way().refused(Refusal.DECLINED_BY_SERVICE).trace_due()
    assert refused.answered(Status.PAID).sale.reason is Reason.PAID_LATE


def test_an_answer_from_before_the_void_proves_nothing() -> None:
    walk = with_a_void_on_its_way()
    void = walk.sale.calls
    assert walk.answered(Status.PAID, call=void - 1).sale.state is State.CLOSED
    assert walk.answered(Status.PAID).sale.reason is not Reason.PAID_LATE, "it may be about the moment before the void"


def test_what_is_still_paid_at_the_last_question_is_left_to_staff() -> None:
    """A void that was lost a quarter of an hour ago arrives no more."""
    walk = with_a_void_on_its_way()
    while walk.sale.traces < MOST_TRACES:
        walk.lost().trace_due()
        if walk.sale.traces < MOST_TRACES:
            walk.answered(Status.PAID)
            assert walk.sale.asking is CallKind.VOID
    assert walk.answered(Status.PAID).sale.outcome is Outcome.REFUND_DUE


def test_where_approval_alone_pays_the_customer_is_not_asked_on() -> None:
    walk = settled(CaptureMode.AUTOMATIC).answered(Status.PENDING)
    walk.asked(fx.RequestVoid)
    assert walk.answered(Status.PAID).sale.reason is Reason.PAID_LATE, "the customer was faster"
