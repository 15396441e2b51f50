"""Staff have settled a sale wrongly: a further word says so, and nobody's word but theirs is taken back."""

from __future__ import annotations

from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.sale import Outcome, Reason, State, differs_durably
from tests.each import each_of
from tests.sales import Walk, unknown_capture, walk_to

PAID, UNPAID, REFUNDED = ev.Verdict
GUNNAR = "gunnar (user 1000)"


def settled(verdict: ev.Verdict) -> Walk:
    """What stood unknown."""
    return unknown_capture().settled(verdict).acknowledged()


def refund_due() -> Walk:
    return walk_to(State.REPORT, final_when_taken=True).rejected()


@each_of(
    ("walk", "said", "meant", "reason"),
    [
        (unknown_capture, PAID, UNPAID, Reason.SETTLED_UNPAID),
        (unknown_capture, UNPAID, PAID, Reason.SETTLED_PAID),
        (refund_due, PAID, REFUNDED, Reason.REFUNDED),
        (refund_due, REFUNDED, PAID, Reason.SETTLED_PAID),
    ],
)
def test_what_was_said_wrongly_is_said_anew_and_back_again(
    walk: object, said: ev.Verdict, meant: ev.Verdict, reason: Reason
) -> None:
    sale = walk().settled(said)  # type: ignore[operator]
    if sale.sale.state is State.REPORT:
        sale.acknowledged()
    before = sale.sale
    sale.corrected(meant)
    assert (sale.sale.state, sale.sale.reason, sale.sale.settled_by) == (State.CLOSED, reason, GUNNAR)
    assert sale.sale.corrected_from is before.reason
    assert differs_durably(before, sale.sale), "a further entry"
    sale.corrected(said)
    assert (sale.sale.reason, sale.sale.corrected_from) == (before.reason, reason)


@each_of(
    ("walk", "verdict"),
    [
        (settled(PAID), PAID),
        (settled(PAID), REFUNDED),
        (settled(UNPAID), REFUNDED),
        (refund_due().settled(PAID), UNPAID),
        (refund_due().settled(REFUNDED), UNPAID),
        (unknown_capture(), PAID),
        (unknown_capture().settled(PAID), UNPAID),  # the register has not heard it yet
        (refund_due(), PAID),
        (walk_to(State.CLOSED), UNPAID),
        (walk_to(State.CLOSED), REFUNDED),
        (walk_to(State.VOID).answered(Status.CANCELLED).acknowledged(), PAID),
    ],
)
def test_nothing_else_is_corrected(walk: Walk, verdict: ev.Verdict) -> None:
    before = walk.sale
    assert walk.corrected(verdict).sale == before
    assert walk.last == ()


def test_what_the_service_has_given_back_itself_is_nobodys_word() -> None:
    walk = refund_due()
    walk.happen(ev.MoneyReturned(walk.sale.number))
    assert walk.sale.reason is Reason.REFUNDED
    assert walk.corrected(PAID).sale.reason is Reason.REFUNDED


def test_what_was_not_given_back_after_all_is_due_again() -> None:
    walk = refund_due()
    for happens, reason in ((ev.MoneyReturned, Reason.REFUNDED), (ev.MoneyNotReturned, Reason.REFUND_DUE)) * 2:
        walk.happen(happens(walk.sale.number))
        assert walk.sale.reason is reason
    assert walk.sale.state is State.ATTENTION
    walk.settled(PAID)
    assert walk.sale.reason is Reason.SETTLED_PAID


def test_what_staff_have_said_of_the_sale_is_not_changed_by_its_refund() -> None:
    walk = refund_due().settled(REFUNDED)
    walk.happen(ev.MoneyNotReturned(walk.sale.number))
    assert walk.sale.reason is Reason.REFUNDED


def test_a_payment_that_was_proved_late_is_settled_before_it_can_be_corrected() -> None:
    walk = settled(UNPAID).answered(Status.PAID)
    assert walk.sale.reason is Reason.PAID_LATE
    assert walk.corrected(PAID).sale.reason is Reason.PAID_LATE
    walk.settled(REFUNDED)
    assert walk.corrected(UNPAID).sale.reason is Reason.REFUNDED, "it was proved"
    assert walk.corrected(PAID).sale.reason is Reason.SETTLED_PAID


def test_corrected_it_is_traced_as_it_then_stands() -> None:
    walk = settled(PAID).corrected(UNPAID)
    assert walk.sale.tracing
    walk.asked(fx.QueryStatus)
    walk.answered(Status.PAID)
    assert (walk.sale.state, walk.sale.reason) == (State.ATTENTION, Reason.PAID_LATE)

    walk = settled(UNPAID)
    walk.corrected(PAID).asked(fx.QueryStatus)
    assert walk.answered(Status.RESERVED).asked(fx.SetTrace).delay_s == 2.0, "and nothing is given up"


def test_while_a_void_is_on_its_way_it_is_not_said_to_be_paid() -> None:
    walk = settled(UNPAID).answered(Status.RESERVED)
    walk.asked(fx.RequestVoid)
    assert walk.corrected(PAID).sale.reason is Reason.SETTLED_UNPAID


def test_the_receipts_follow_the_new_word() -> None:
    walk = settled(UNPAID).corrected(PAID)
    kinds = {effect.kind for effect in walk.last if isinstance(effect, fx.PrintReceipt)}
    assert kinds == {ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT}
    assert walk.sale.outcome is Outcome.APPROVED
    assert settled(PAID).corrected(UNPAID).count(fx.PrintReceipt) == 2, "those of the first word, and none more"
