"""The rules of a sale that has ended: its report, its receipts, the word of staff, a proof that comes late."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CaptureMode, Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, CallKind, Outcome, Reason, State, differs_durably
from tests.each import each_of
from tests.sales import AUTOMATIC, SERVER_CALLBACK, Walk, assert_ended, unknown_capture, walk_to

PAID, UNPAID, REFUNDED = ev.Verdict.PAID, ev.Verdict.UNPAID, ev.Verdict.REFUNDED

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


@pytest.mark.parametrize("said_so", [True, False])
def test_what_the_register_said_itself_is_told_from_its_silence(said_so: bool) -> None:
    """Only then its money is returned without staff."""
    walk = walk_to(State.REPORT, refunds_itself=True)
    walk.happen(ev.ResultRejected(walk.sale.number, said_so=said_so))
    assert walk.sale.refused_by_register is said_so
    assert walk.sale.is_returned_by_itself is said_so
    assert (ReceiptKind.ATTENTION in printed(walk)) is not said_so


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


@each_of("end", [Walk.acknowledged, Walk.timed_out, Walk.rejected], ids=["acknowledged", "untold", "rejected"])
@each_of(
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


@each_of("mid_call", MID_CALL)
@each_of(
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


@each_of("how", ended_unpaid())
@each_of("told", [False, True], ids=["before the register has it", "after"])
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


@each_of("lacking", [{"confirmed": False}, {"amount_kr": 1991}, {"reference": None}])
@each_of("told", [False, True])
def test_less_than_a_proof_opens_nothing(told: bool, lacking: dict[str, object]) -> None:
    walk = unknown_capture().settled(UNPAID)
    state = walk.acknowledged().sale.state if told else walk.sale.state
    late_proof(walk, **lacking)
    assert (walk.sale.state, walk.sale.reason) == (state, Reason.SETTLED_UNPAID)
    assert walk.count(fx.PrintReceipt) == 0


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
    for walk in (walk_to(State.CAPTURE).answered(Status.CANCELLED), unknown_capture().settled(UNPAID).lost()):
        query = walk.called_back().asked(fx.QueryStatus)
        assert walk.answered(Status.PAID, call=query.call).sale.reason is Reason.PAID_LATE
    never_sent = walk_to(State.ENTRY).cancelled()
    declined = walk_to(State.CUSTOMER, SERVER_CALLBACK).answered(Status.DECLINED)
    for walk in (never_sent, declined):
        assert walk.called_back().last == (), "nothing that could have paid it has left"
    for said in ({"approved": False}, {"fits": False}):
        assert walk_to(State.CAPTURE).answered(Status.CANCELLED).called_back(**said).last == ()
    assert unknown_capture().settled(UNPAID).called_back().last == (), "it is being asked about"


def test_a_callback_about_a_closed_payment_is_acknowledged() -> None:
    walk_to(State.CLOSED, SERVER_CALLBACK).called_back().asked(fx.AcknowledgeCallback)


def test_an_open_capture_cannot_be_settled_as_refunded() -> None:
    assert unknown_capture().settled(REFUNDED).sale.state is State.CAPTURE


@pytest.mark.parametrize("verdict", ev.Verdict)
def test_staff_do_not_settle_what_the_service_still_answers_for(verdict: ev.Verdict) -> None:
    for walk in (walk_to(State.CAPTURE), walk_to(State.CAPTURE).lost(), walk_to(State.VOID).lost()):
        before = walk.sale
        assert walk.settled(verdict).sale == before
