"""A refund in the small: the names that stand in journals, its pauses, and when somebody still waits for it."""

from __future__ import annotations

from terminal.sale import refund_step as rs
from terminal.sale.gateway import Refusal
from terminal.sale.refund import RefundReason, RefundSource, RefundState, RefundTerms
from tests.each import each_of
from tests.sales import new_refund


@each_of(
    ("names", "in_journals"),
    [
        (RefundState, "transfer report attention closed"),
        (
            RefundReason,
            "done no_connection credentials not_found refused not_traceable settled_done settled_not_done",
        ),
        (RefundSource, "register keypad command automatic"),
    ],
)
def test_a_journal_of_any_age_is_read_by_these_names(names: type, in_journals: str) -> None:
    assert set(names) >= set(in_journals.split())  # type: ignore[call-overload]


def test_the_times_are_these() -> None:
    assert (RefundTerms().patience_s, RefundTerms().report_timeout_s, rs.LONGEST_PAUSE_S) == (30.0, 30.0, 300.0)


def test_each_pause_is_twice_the_one_before_up_to_five_minutes() -> None:
    refund, pauses = rs.begin_refund(new_refund()).refund, []
    for call in range(1, 12):
        refund, effects = rs.refund_step(refund, rs.RefundAnswerLost(8, call))
        pauses += [effect.delay_s for effect in effects if isinstance(effect, rs.SetRefundRetry)]
        refund = rs.refund_step(refund, rs.RefundRetryDue(8)).refund
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_after_a_power_cut_nobody_waits_and_nobody_is_told_that_it_takes_long() -> None:
    restored = rs.refund_step(rs.begin_refund(new_refund()).refund, rs.RefundPowerRestored(8)).refund
    assert not restored.is_awaited
    over = rs.refund_step(restored, rs.RefundPatienceOver(8, RefundState.TRANSFER))
    assert over == rs.RefundTransition(restored)


def test_what_is_left_to_staff_says_why_and_holds_up_nobody() -> None:
    refund = rs.refund_step(rs.begin_refund(new_refund()).refund, rs.RefundAnswerLost(8, 1)).refund
    refund = rs.refund_step(refund, rs.RefundRetryDue(8)).refund
    left = rs.refund_step(refund, rs.RefundRefused(8, 2, Refusal.REQUEST_NOT_VALID)).refund
    assert (left.state, left.reason, left.is_late) == (RefundState.ATTENTION, RefundReason.NOT_TRACEABLE, True)
    assert not left.is_awaited
