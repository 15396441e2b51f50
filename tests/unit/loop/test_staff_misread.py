"""Staff who call paid what is not: the service's record contradicts them, over the real loop and journal."""

from __future__ import annotations

from pathlib import Path

from terminal.counter.inputs import EndOfDayRequested, RefundRequested
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.effects import ReceiptKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.refund import RefundSource
from terminal.sale.sale import Reason
from terminal.sale.totals import totals_of
from tests.sales import report_for
from tests.unit.loop.loop_bench import Terminal, run, settle
from tests.unit.loop.staff_bench import answer_a_trace, unknown


async def settled_as_paid(terminal: Terminal) -> None:
    await unknown(terminal)
    await settle(terminal, ev.Verdict.PAID)
    await terminal.happen(ev.ResultAcknowledged(1))


def test_what_staff_call_paid_and_the_record_not_waits_for_them_again(tmp_path: Path) -> None:
    """In the journal, on the screen, on a slip, and in the day; also if a power cut came between."""

    async def after_a_start(terminal: Terminal) -> None:
        await terminal.happen(EndOfDayRequested())
        await answer_a_trace(terminal, Status.CANCELLED)
        assert [one.reason for one in terminal.loop.view.attention] == [Reason.PROVED_UNPAID]
        assert ReceiptKind.ATTENTION in [one.kind for one in terminal.disk.receipts_of(1)]
        totals = terminal.disk.open_period().totals
        assert (totals.corrected_earlier.count, totals.charged_kr) == (1, -1990)
        assert [one.number for one in totals_of([], terminal.loop.view.attention).left_to_staff] == [1]
        await settle(terminal, ev.Verdict.UNPAID)
        assert terminal.loop.view.attention == ()

    run(tmp_path / "journal.db", settled_as_paid, after_a_start)


def test_a_record_that_ended_by_a_refund_says_nothing_against_staff(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settled_as_paid(terminal)
        await terminal.happen(RefundRequested(number=1, source=RefundSource.COMMAND))
        (refund,) = [one for one in (terminal.loop.view.refund, *terminal.loop.view.refunds) if one is not None]
        (sale,) = terminal.loop.view.traced
        cancelled = ev.StatusReceived(1, sale.calls, report_for(sale, Status.CANCELLED))
        await terminal.happen(cancelled)
        assert (terminal.loop.view.attention, len(terminal.loop.view.traced)) == ((), 1)
        await terminal.happen(rs.RefundRefused(refund.number, 1, Refusal.DECLINED_BY_SERVICE))
        await terminal.happen(ev.TraceDue(1))
        await answer_a_trace(terminal, Status.CANCELLED)
        assert [one.reason for one in terminal.loop.view.attention] == [Reason.PROVED_UNPAID], "nothing was returned"

    run(tmp_path / "journal.db", scenario)
