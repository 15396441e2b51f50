"""Staff who have settled wrongly what the terminal was to give back by itself, and say so."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from terminal.counter.inputs import ConditionsChanged
from terminal.errors import TerminalError
from terminal.journal import tables
from terminal.journal.rows import ChainedRow, EntryRow, Row
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.gateway import Refusal
from terminal.sale.sale import Outcome, Reason, State
from tests.unit.loop.loop_bench import Scenario, Terminal, run, settle

REFUNDED, UNPAID, PAID = ev.Verdict.REFUNDED, ev.Verdict.UNPAID, ev.Verdict.PAID


def due(path: Path, *scenarios: Scenario) -> None:
    """The register has refused a payment, and nobody can say whether the service has returned it."""

    async def not_traceable(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        await terminal.happen(ev.ResultRejected(1, said_so=True))
        (refund,) = terminal.loop.view.refunds
        for event in (rs.RefundAnswerLost(refund.number, 1), rs.RefundRetryDue(refund.number)):
            await terminal.happen(event)
        await terminal.happen(rs.RefundRefused(refund.number, 2, Refusal.REQUEST_NOT_VALID))

    run(path, not_traceable, *scenarios, final_when_taken=True, refunds_itself=True)


async def stands(terminal: Terminal) -> tuple[Reason | None, str, list[int]]:
    """The sale, its refund, and what waits for staff."""
    await terminal.happen(ConditionsChanged({}))
    sale, refund = terminal.disk.find_sale(1), terminal.disk.find_refund(2)
    assert sale is not None
    assert refund is not None
    return sale.reason, refund.outcome, [one.number for one in terminal.loop.view.attention]


def test_what_was_not_given_back_after_all_is_due_again_and_in_the_books(tmp_path: Path) -> None:
    async def returned(terminal: Terminal) -> None:
        await settle(terminal, REFUNDED, sale=2)
        assert await stands(terminal) == (Reason.REFUNDED, "refunded", [])
        assert terminal.disk.open_period().totals.charged_kr == 0

    async def corrected(terminal: Terminal) -> None:
        told = await settle(terminal, UNPAID, sale=2, correct=True, by="gunnar (user 1000)")
        assert told == {"outcome": "refused", "state": "closed"}
        assert await stands(terminal) == (Reason.REFUND_DUE, "refused", [1])
        totals = terminal.disk.open_period().totals
        assert totals.charged_kr == 1990, "the service still holds it"
        assert [(one.number, one.by) for one in totals.corrected_refunds] == [(2, "gunnar (user 1000)")]
        assert terminal.outside.calls == [], "nothing is tried once more under a key that was refused"

    async def settled(terminal: Terminal) -> None:
        assert await stands(terminal) == (Reason.REFUND_DUE, "refused", [1])
        await settle(terminal, REFUNDED)
        assert await stands(terminal) == (Reason.REFUNDED, "refused", [])
        assert terminal.disk.open_period().totals.charged_kr == 0

    due(tmp_path / "journal.db", returned, corrected, settled)


def test_what_was_given_back_after_all_ends_its_sale(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settle(terminal, UNPAID, sale=2)
        assert await stands(terminal) == (Reason.REFUND_DUE, "refused", [1])
        await settle(terminal, REFUNDED, sale=2, correct=True)
        assert await stands(terminal) == (Reason.REFUNDED, "refunded", [])
        assert terminal.disk.open_period().totals.charged_kr == 0
        await settle(terminal, UNPAID, sale=2, correct=True)
        assert await stands(terminal) == (Reason.REFUND_DUE, "refused", [1])

    due(tmp_path / "journal.db", scenario)


def test_what_staff_have_made_a_sale_of_was_not_given_back(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await settle(terminal, UNPAID, sale=2)
        await settle(terminal, PAID)
        with pytest.raises(TerminalError, match="correct that first"):
            await settle(terminal, REFUNDED, sale=2, correct=True)
        assert await stands(terminal) == (Reason.SETTLED_PAID, "refused", [])

    due(tmp_path / "journal.db", scenario)


def test_what_the_service_has_given_back_is_not_taken_back(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal) -> None:
        await terminal.pay(until=State.REPORT)
        await terminal.happen(ev.ResultRejected(1, said_so=True))
        await terminal.happen(rs.RefundConfirmed(2, 1))
        with pytest.raises(TerminalError, match="only what staff have settled"):
            await settle(terminal, UNPAID, sale=2, correct=True)
        assert await stands(terminal) == (Reason.REFUNDED, "refunded", [])

    run(tmp_path / "journal.db", scenario, final_when_taken=True, refunds_itself=True)


def test_a_disk_that_takes_only_the_first_of_the_two_entries_takes_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_row = tables.insert_row

    def fail(db: sqlite3.Connection, row: Row) -> ChainedRow:
        if isinstance(row, EntryRow) and row.event == rs.RefundSettlementCorrected.__name__:
            raise sqlite3.OperationalError("disk I/O error")
        return insert_row(db, row)

    async def failed(terminal: Terminal) -> None:
        await settle(terminal, REFUNDED, sale=2)
        with monkeypatch.context() as disk:
            disk.setattr(tables, "insert_row", fail)
            with pytest.raises(TerminalError, match="correct refund 2 again"):
                await settle(terminal, UNPAID, sale=2, correct=True)
        assert await stands(terminal) == (Reason.REFUNDED, "refunded", [])
        assert terminal.disk.open_period().totals.charged_kr == 0

    async def again(terminal: Terminal) -> None:
        assert await stands(terminal) == (Reason.REFUNDED, "refunded", [])
        await settle(terminal, UNPAID, sale=2, correct=True)
        assert await stands(terminal) == (Reason.REFUND_DUE, "refused", [1])
        assert Outcome.REFUND_DUE in terminal.disk.open_period().totals.by_outcome

    due(tmp_path / "journal.db", failed, again)
