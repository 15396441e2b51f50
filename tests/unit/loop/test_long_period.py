"""An end of day after weeks without one: the period is added up in the journal, and its sales are not loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from terminal.counter.inputs import EndOfDayLookedUp, EndOfDayRequested, RegisterRequestLookedUp
from terminal.counter.register_words import TotalsRequest
from terminal.journal.thread import JournalFile
from terminal.loop.ages import Ages
from terminal.loop.lookup import looked_up
from terminal.loop.names import Names
from terminal.sale.record import Record
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.totals import Close
from tests.unit.journal.journal_samples import a_sale

NOW = "2026-11-23T18:00:00.000Z"


def rows_loaded(path: Path, event: EndOfDayRequested | TotalsRequest, *, sales: int) -> int:
    """What the look-up takes out of a journal whose second period has so many sales."""
    names, ages = Names("T1", lambda: NOW), Ages(lambda: 0.0, lambda: NOW)
    loaded = []

    def load(_cursor: object, row: tuple[Any, ...]) -> tuple[Any, ...]:
        loaded.append(row)
        return row

    with JournalFile(path, lambda: NOW) as journal:
        journal.open()
        journal.append(Record("Test", a_sale(1, State.CLOSED, Reason.PAID)))
        journal.append_close(Close(1, journal.open_period().totals))
        for number in range(2, sales + 2):
            reason = Reason.PAID if number % 2 else Reason.CUSTOMER_DECLINED
            journal.append(Record("Test", a_sale(number, State.CLOSED, reason)))
        journal.pair.connection.row_factory = load
        found = looked_up(event, journal, names, sales + 2, ages, None)
    assert isinstance(found, EndOfDayLookedUp | RegisterRequestLookedUp)
    assert found.period is not None
    tallies = found.period.totals.by_outcome
    assert tallies[Outcome.APPROVED].count + tallies[Outcome.DECLINED].count == sales
    return len(loaded)


@pytest.mark.parametrize(
    "event", [EndOfDayRequested(), EndOfDayRequested(due_at=NOW), TotalsRequest(close=True), TotalsRequest()]
)
def test_an_end_of_day_loads_as_little_of_a_long_period_as_of_a_short_one(
    tmp_path: Path, event: EndOfDayRequested | TotalsRequest
) -> None:
    few = rows_loaded(tmp_path / "short.db", event, sales=4)
    assert few == rows_loaded(tmp_path / "long.db", event, sales=60)
    assert 0 < few < 20
