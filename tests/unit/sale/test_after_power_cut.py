"""A sale that a power cut met before its capture. Where a void takes back a payment, the service is asked first."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from terminal.sale import effects as fx
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, State, differs_durably
from tests.each import each_of
from tests.sales import AUTOMATIC, MANUAL, Walk, assert_ended, walk_to

BEFORE_CAPTURE = (State.CUSTOMER, State.CODE_ENTRY, State.CODE_CHECK)
STILL_OPEN = (Status.PENDING, Status.RESERVED, Status.CODE_REQUIRED, Status.AWAITING_CALLBACK)


def cut(state: State = State.CUSTOMER, mode: CaptureMode = MANUAL, **terms: object) -> Walk:
    return walk_to(state, mode, void_undoes_payment=True, **terms).power_restored()


def calls(walk: Walk) -> list[type[fx.Effect]]:
    return [type(effect) for effect in walk.last if isinstance(effect, fx.Call)]


@each_of("state", BEFORE_CAPTURE)
def test_it_is_asked_about_for_as_long_as_a_void_may_take(state: State) -> None:
    walk = cut(state, void_patience_s=20.0)
    assert calls(walk) == [fx.QueryStatus]
    assert walk.asked(fx.SetDeadline).delay_s == 20.0
    assert (walk.sale.state, walk.sale.settling, walk.sale.reason) == (State.CAPTURE, True, Reason.POWER_CUT)


@each_of("state", BEFORE_CAPTURE)
def test_that_it_is_asked_about_is_on_disk(state: State) -> None:
    before = walk_to(state, void_undoes_payment=True)
    assert differs_durably(before.sale, before.power_restored().sale)


@each_of("state", BEFORE_CAPTURE)
def test_where_a_void_undoes_nothing_it_is_voided_at_once(state: State) -> None:
    walk = walk_to(state).power_restored()
    assert (walk.sale.state, walk.sale.reason, calls(walk)) == (State.VOID, Reason.POWER_CUT, [fx.RequestVoid])
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


@each_of("state", BEFORE_CAPTURE)
def test_what_is_paid_is_told_as_paid_and_no_void_leaves(state: State) -> None:
    walk = cut(state).answered(Status.PAID)
    assert_ended(walk, Reason.PAID)
    assert walk.count(fx.RequestVoid) == 0


@each_of("status", STILL_OPEN)
def test_what_is_still_open_by_the_services_own_word_is_voided_and_never_captured(status: Status) -> None:
    walk = cut().answered(status)
    assert (walk.sale.state, calls(walk)) == (State.VOID, [fx.RequestVoid])
    assert_ended(walk.answered(Status.CANCELLED), Reason.POWER_CUT)
    assert walk.count(fx.RequestCapture) == 0


def test_once_a_void_has_left_a_payment_is_not_told() -> None:
    walk = cut().answered(Status.RESERVED).lost().retried().answered(Status.PAID)
    assert (walk.sale.state, calls(walk)) == (State.VOID, [fx.RequestVoid])


@each_of("status", [Status.DECLINED, Status.CANCELLED])
def test_an_end_without_a_payment_needs_no_void(status: Status) -> None:
    walk = cut().answered(status)
    assert (walk.sale.state, walk.sale.outcome) == (State.REPORT, Outcome.DECLINED)
    assert (walk.count(fx.RequestVoid), walk.sale.tracing) == (0, False)


@each_of(
    "answer",
    [
        Walk.lost,
        lambda walk: walk.refused(Refusal.NOT_SENT),
        lambda walk: walk.refused(Refusal.CREDENTIALS),
        lambda walk: walk.answered(Status.UNCLEAR),
        lambda walk: walk.answered(Status.REFUSED, refusal=Refusal.NOT_FOUND),
        lambda walk: walk.answered(Status.CANCELLED, is_final=False),
    ],
    ids=["lost", "not sent", "not admitted", "unclear", "not known", 'a bare "cancelled"'],
)
def test_what_proves_nothing_is_asked_again(answer: Callable[[Walk], Walk]) -> None:
    walk = answer(cut())
    assert walk.sale.state is State.CAPTURE
    walk.asked(fx.SetRetry)
    assert calls(walk.retried()) == [fx.QueryStatus]


def test_the_first_pause_is_short_however_often_the_customer_was_asked_about_in_vain() -> None:
    walk = walk_to(State.CUSTOMER, AUTOMATIC, void_undoes_payment=True)
    for _ in range(MISSES_UNTIL_UNKNOWN):
        walk.lost().retried()
    walk.power_restored()
    assert not walk.sale.stands_unknown
    assert walk.lost().asked(fx.SetRetry).delay_s == 1.0


def test_it_is_paid_only_for_this_amount_by_the_services_own_record() -> None:
    walk = cut().answered(Status.PAID, confirmed=False)
    assert (walk.sale.state, walk.sale.committed) == (State.CAPTURE, True)
    assert walk.timed_out().sale.state is State.CAPTURE, "money has moved: no clock ends it"


def test_nobody_can_cancel_it_meanwhile() -> None:
    walk = cut().cancelled()
    assert (walk.sale.state, walk.sale.reason, walk.last) == (State.CAPTURE, Reason.POWER_CUT, ())


def test_a_reason_that_it_had_before_the_power_cut_remains() -> None:
    walk = walk_to(State.CAPTURE).cancelled().power_restored()
    assert walk.sale.reason is Reason.CASHIER_CANCELLED


def test_a_second_power_cut_asks_again_and_waits_anew() -> None:
    walk = cut().lost().power_restored()
    assert calls(walk) == [fx.QueryStatus]
    walk.asked(fx.SetDeadline)
    assert_ended(walk.answered(Status.PAID), Reason.PAID)


def test_what_may_be_paid_without_us_waits_for_the_service_as_long_as_it_takes() -> None:
    walk = cut(mode=AUTOMATIC)
    assert not any(isinstance(effect, fx.SetDeadline) for effect in walk.last)
    assert walk.timed_out().sale.state is State.CAPTURE


# --- a service that does not answer in time ---------------------------------------------------------------------------


def unanswered() -> Walk:
    return cut().lost().timed_out()


def voided_unanswered() -> Walk:
    return walk_to(State.CUSTOMER).power_restored().lost().timed_out()


@each_of("ended", [unanswered, voided_unanswered])
def test_then_it_ends_and_is_asked_about_further(ended: Callable[[], Walk]) -> None:
    walk = ended()
    assert_ended(walk, Reason.POWER_CUT)
    assert (walk.sale.outcome, walk.sale.may_stay_reserved, walk.sale.tracing) == (Outcome.CANCELLED, True, True)
    assert calls(walk) == [fx.QueryStatus]


@each_of("ended", [unanswered, voided_unanswered])
@each_of("told", [False, True], ids=["before the register has it", "after"])
@each_of("is_restarted", [False, True])
def test_a_payment_that_is_proved_then_opens_the_case_again(
    ended: Callable[[], Walk], told: bool, is_restarted: bool
) -> None:
    walk = ended()
    walk = walk.acknowledged() if told else walk
    walk = walk.power_restored() if is_restarted else walk
    walk.answered(Status.PAID)
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.PAID_LATE)
    assert not any(isinstance(effect, fx.ReportResult) for effect in walk.last), "the register keeps its answer"


def test_an_answer_that_only_comes_after_its_end_proves_as_much() -> None:
    walk = cut()
    asked = walk.sale.calls
    assert walk.timed_out().answered(Status.PAID, call=asked).sale.reason is Reason.PAID_LATE


@each_of("status", STILL_OPEN)
def test_what_is_still_open_then_is_given_up(status: Status) -> None:
    walk = unanswered().acknowledged().answered(status)
    assert calls(walk) == [fx.RequestVoid]
    walk.answered(Status.CANCELLED)
    assert (walk.sale.outcome, walk.sale.tracing) == (Outcome.CANCELLED, False)


def test_a_void_that_left_after_the_end_is_not_feared_after_another_power_cut() -> None:
    """It left because the service had said that nothing was paid. What is paid now the register may have heard."""
    walk = unanswered().acknowledged()
    on_disk = walk.sale
    assert calls(walk.answered(Status.RESERVED)) == [fx.RequestVoid]
    assert not differs_durably(on_disk, walk.sale)
    assert Walk(on_disk).power_restored().answered(Status.PAID).sale.reason is Reason.PAID_LATE


@each_of("refusal", [Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID])
def test_a_void_that_was_refused_as_such_says_nothing_about_a_payment_that_may_be_forgotten(refusal: Refusal) -> None:
    """A card that loses commits loses marks of nonces, too: then the request is refused, whatever it was about."""
    walk = walk_to(State.CUSTOMER).power_restored().refused(refusal)
    assert walk.sale.state is State.VOID
    assert_ended(walk.retried().answered(Status.PAID), Reason.PAID)


def test_a_void_that_the_service_refused_about_this_sale_ends_it() -> None:
    walk = walk_to(State.CUSTOMER).power_restored().refused(Refusal.DECLINED_BY_SERVICE)
    assert_ended(walk, Reason.POWER_CUT)


def test_what_was_cancelled_before_is_not_asked_about_further() -> None:
    walk = walk_to(State.VOID).lost().timed_out()
    assert_ended(walk, Reason.CASHIER_CANCELLED)
    assert (walk.sale.tracing, calls(walk)) == (False, [])


def test_what_nobody_gave_a_reason_for_was_withdrawn() -> None:
    assert_ended(Walk(replace(walk_to(State.VOID).sale, reason=None)).timed_out(), Reason.WITHDRAWN)


def test_what_the_journal_has_as_being_voided_is_not_told_as_paid() -> None:
    """Its void may have left. Earlier versions wrote that of every sale that a power cut had met."""
    walk = walk_to(State.VOID, void_undoes_payment=True).power_restored()
    assert calls(walk) == [fx.QueryStatus]
    walk.answered(Status.PAID)
    assert (walk.sale.state, calls(walk)) == (State.VOID, [fx.RequestVoid])
