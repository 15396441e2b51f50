"""After the word "paid" of staff: the terminal asks on, gives nothing up, and opens the case if the record says no."""

from __future__ import annotations

from typing import Any

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, State, differs_durably
from terminal.sale.tracing import LONGEST_PAUSE_S, MOST_TRACES, MOST_TRACES_UNANSWERED
from tests.each import each_of
from tests.sales import Walk, walk_to

PAID, UNPAID, REFUNDED = ev.Verdict
each_told = each_of("told", [False, True], ids=["before the register has it", "after"])


def settled(*, told: bool = True, **terms: Any) -> Walk:
    """A capture got no answer; staff have said "paid", and the first question has left."""
    walk = walk_to(State.CAPTURE, **terms).timed_out()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.settled(PAID).asked(fx.QueryStatus)
    assert walk.sale.reason is Reason.SETTLED_PAID
    return walk.acknowledged() if told else walk


@each_told
def test_the_records_own_word_opens_the_case_again(told: bool) -> None:
    walk = settled(told=told)
    before = walk.sale
    walk.answered(Status.CANCELLED)
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.PROVED_UNPAID)
    assert walk.sale.outcome is Outcome.UNKNOWN, "the shop says one thing and the service another"
    assert walk.asked(fx.PrintReceipt).kind is ReceiptKind.ATTENTION
    assert differs_durably(before, walk.sale)
    assert (walk.sale.tracing, walk.sale.settled_from) == (False, None)
    assert walk.count(fx.ReportResult) == (1 if told else 2), (
        "the register keeps its answer, and hears none that is untrue"
    )
    assert walk.trace_due().last == ()


@each_of(
    ("status", "said"),
    [
        (Status.CANCELLED, {"is_final": False}),
        (Status.CANCELLED, {"amount_kr": 1}),
        (Status.CANCELLED, {"reference": "T9-000001-ABCDEF"}),
        (Status.DECLINED, {}),
        (Status.REFUSED, {}),
        (Status.UNCLEAR, {}),
        (Status.RESERVED, {}),
        (Status.PENDING, {}),
        (Status.PAID, {"confirmed": False}),
    ],
)
@each_told
def test_nothing_less_does_and_nothing_is_given_up(told: bool, status: Status, said: dict[str, Any]) -> None:
    walk = settled(told=told)
    before = walk.sale
    walk.answered(status, **said).asked(fx.SetTrace)
    assert walk.sale.reason is Reason.SETTLED_PAID
    assert not any(isinstance(effect, fx.RequestVoid) for effect in walk.all)
    assert not differs_durably(before, walk.sale)
    walk.trace_due().asked(fx.QueryStatus)


@each_told
def test_a_record_that_bears_them_out_ends_the_questions(told: bool) -> None:
    walk = settled(told=told).answered(Status.PAID)
    assert (walk.sale.reason, walk.sale.tracing, walk.last) == (Reason.SETTLED_PAID, False, ())
    assert walk.answered(Status.CANCELLED).sale.reason is Reason.SETTLED_PAID, "nobody asks any more"


@each_of("answer", [Walk.lost, lambda walk: walk.refused(Refusal.NOT_SENT)], ids=["lost", "not sent"])
def test_a_question_without_an_answer_is_asked_again(answer: Any) -> None:
    answer(settled()).asked(fx.SetTrace)


def test_the_questions_end() -> None:
    walk = settled()
    for _ in range(MOST_TRACES - 1):
        walk.answered(Status.RESERVED).asked(fx.SetTrace)
        walk.trace_due()
    assert (walk.answered(Status.RESERVED).last, walk.sale.tracing) == ((), False)


@each_told
def test_after_a_power_cut_it_is_asked_about_again_and_no_void_is_feared(told: bool) -> None:
    walk = settled(told=told, void_undoes_payment=True).power_restored()
    walk.asked(fx.QueryStatus)
    assert not walk.sale.may_be_undone
    assert walk.answered(Status.CANCELLED).sale.reason is Reason.PROVED_UNPAID


@each_of(
    ("verdict", "reason"), [(PAID, Reason.SETTLED_PAID), (UNPAID, Reason.SETTLED_UNPAID), (REFUNDED, None)], ids=str
)
def test_staff_settle_it_once_more_and_then_nobody_asks(verdict: ev.Verdict, reason: Reason | None) -> None:
    walk = settled().answered(Status.CANCELLED).settled(verdict)
    assert walk.sale.reason is (reason or Reason.PROVED_UNPAID)
    assert not walk.sale.tracing
    if reason is not None:
        assert (walk.sale.state, walk.sale.settled_from) == (State.CLOSED, Reason.PROVED_UNPAID)
        again = UNPAID if verdict is PAID else PAID
        assert walk.corrected(again).sale.corrected_from is reason
        assert not walk.sale.tracing, "the record has been heard"


def test_what_the_register_refuses_is_left_to_staff_and_not_asked_about() -> None:
    walk = settled(told=False, final_when_taken=True).rejected()
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.REFUND_DUE)
    assert not walk.sale.tracing
    assert walk.trace_due().last == ()


def test_what_staff_correct_to_paid_is_asked_about_too() -> None:
    walk = settled().corrected(UNPAID).corrected(PAID)
    walk.asked(fx.QueryStatus)
    assert walk.answered(Status.CANCELLED).sale.reason is Reason.PROVED_UNPAID


# --- what the two words have in common --------------------------------------------------------------------------------


def settled_unpaid() -> Walk:
    walk = walk_to(State.CAPTURE).timed_out()
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    return walk.settled(UNPAID).acknowledged()


def test_a_payment_that_is_proved_late_has_its_invoice_and_is_asked_about_no_more() -> None:
    walk = settled_unpaid().answered(Status.PAID)
    assert (walk.sale.reason, walk.sale.invoice_number) == (Reason.PAID_LATE, "1001")
    assert (walk.sale.tracing, walk.sale.settled_from) == (False, None)


def test_the_same_proof_twice_changes_nothing() -> None:
    for walk in (settled().answered(Status.PAID), walk_to(State.CLOSED)):
        before = walk.sale
        assert walk.answered(Status.PAID).sale == before
        assert walk.last == ()


def test_what_a_callback_asked_about_is_not_traced_by_its_answer() -> None:
    for answer in (
        lambda walk: walk.answered(Status.PENDING),
        lambda walk: walk.refused(Refusal.NOT_FOUND),
        Walk.lost,
    ):
        walk = walk_to(State.CAPTURE).answered(Status.CANCELLED).acknowledged()
        assert not walk.sale.tracing
        walk.called_back().asked(fx.QueryStatus)
        answer(walk)
        assert (walk.last, walk.sale.tracing, walk.sale.reason) == ((), False, Reason.WITHDRAWN)


def test_a_void_that_changed_nothing_is_not_repeated_at_once() -> None:
    walk = settled_unpaid().answered(Status.RESERVED)
    walk.asked(fx.RequestVoid)
    walk.answered(Status.RESERVED).asked(fx.SetTrace)
    assert walk.count(fx.RequestVoid) == 1


def test_the_bounds_are_these() -> None:
    """A quarter of an hour of answers, and a day without any."""
    assert (MOST_TRACES, MOST_TRACES_UNANSWERED, LONGEST_PAUSE_S) == (20, 1_500, 60.0)
