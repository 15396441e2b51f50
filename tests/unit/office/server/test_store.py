"""The journal lies in months, by the clock of the office's machine, and is one journal all the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, tzinfo

import pytest

from terminal.office.server import store
from tests.office_bench import chained, running_office, sale_rows

ROWS = chained([row for number in (1, 2, 3) for row in sale_rows(number)])
PLACES = "SELECT tableoid::regclass::text, min(seq), max(seq), count(*) FROM journal GROUP BY 1 ORDER BY 1"


class _Clock(datetime):
    at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        assert tz is UTC
        return cls.at


def test_a_journal_goes_on_in_the_next_month_and_no_row_stands_in_two(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "datetime", _Clock)

    async def scenario() -> None:
        async with running_office(database) as office:
            assert (await office.send(ROWS[:4])).json() == {"have": 4}
            monkeypatch.setattr(_Clock, "at", datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC))
            assert (await office.send(ROWS)).json() == {"have": 9}, "the answer to the first rows may have been lost"
            assert await office.rows(PLACES) == [("journal_2026_12", 1, 4, 4), ("journal_2027_01", 5, 9, 5)]
            changed = chained([*sale_rows(1, amount_kr=1), *sale_rows(2)])[:4]
            assert (await office.send(changed)).json()["conflict"] == 1, "last month's rows are known, too"
            assert await office.rows("SELECT sum(sales)::int, sum(sum_kr)::int FROM turnover") == [(3, 3 * 1990)]

    asyncio.run(scenario())
