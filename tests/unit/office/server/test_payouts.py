"""Payouts of a chain against the sales of all its counters: what fits several is nobody's to choose."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from terminal.commands.main import main
from terminal.office.server.database import connect
from terminal.office.server.payouts import HeldAgainst, hold_against
from terminal.sale.gateway import SettledItem
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from tests.office_bench import chained, running_office, sale_rows

DAY = datetime(2026, 11, 30, tzinfo=UTC)
NEXT = datetime(2026, 12, 1, tzinfo=UTC)
CANCELLED = ((State.CLOSED, Reason.TIMED_OUT),)


def item(amount_kr: int, created: str | None = "2026-11-30T12:35:20Z") -> tuple[str, SettledItem]:
    return "100000-000069", SettledItem(created=created, total_kr=amount_kr, fee_kr=amount_kr // 50)


def held(database: str, sales: dict[str, list[dict[str, Any]]], *paid_out: tuple[str, SettledItem]) -> HeldAgainst:
    """``sales``: by the counter's name."""

    async def run() -> HeldAgainst:
        async with running_office(database) as office:
            for terminal, ones in sales.items():
                rows = [
                    row for number, one in enumerate(ones, 1) for row in sale_rows(number, terminal=terminal, **one)
                ]
                assert (await office.send(chained(rows), terminal=terminal)).status_code == 200
                await office.rows("UPDATE terminal SET shop = %s WHERE terminal = %s", f"Shop {terminal[0]}", terminal)
            async with await connect(Sensitive(database)) as connection:
                result = await hold_against(connection, paid_out, DAY, NEXT)
            tables = await office.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'payout%%'")
            assert tables == [(0,)], "nothing is left behind"
            return result

    return asyncio.run(run())


def told(result: HeldAgainst) -> dict[str, tuple[int, int]]:
    classes: dict[str, tuple[int, int]] = {}
    for one in result.sums:
        lines, sum_kr = classes.get(one.found, (0, 0))
        classes[one.found] = (lines + one.lines, sum_kr + one.sum_kr)
    return classes


def test_an_item_that_fits_just_one_sale_of_all_counters_is_that_sale(database: str) -> None:
    sales = {"A1": [{"amount_kr": 1990}], "B1": [{"amount_kr": 5000}, {"amount_kr": 700, "states": CANCELLED}]}
    result = held(database, sales, item(1990), item(5000))
    assert told(result) == {"matched": (2, 6990)}
    assert [(one.shop, one.fee_kr) for one in result.sums] == [("Shop A", 39), ("Shop B", 100)]
    assert result.lines == []


def test_what_fits_several_is_a_class_of_its_own(database: str) -> None:
    sales = {"A1": [{"amount_kr": 1990}], "A2": [{"amount_kr": 1990}], "B1": [{"amount_kr": 500}]}
    result = held(database, sales, item(1990), item(1990), item(500))
    assert told(result) == {"ambiguous": (2, 3980), "matched": (1, 500)}
    assert [(line.shop, line.terminal) for line in result.lines] == [("Shop A", "A1 A2")] * 2, "its shop is certain"
    assert all(one.agrees for one in result.sums)


def test_a_missing_payment_among_those_that_look_alike_shows(database: str) -> None:
    sales = {"A1": [{"amount_kr": 1990}], "B1": [{"amount_kr": 1990}]}
    result = held(database, sales, item(1990))
    assert told(result) == {"ambiguous": (1, 1990), "uneven": (1, 1990)}
    (uneven,) = [line for line in result.lines if line.found == "uneven"]
    assert (uneven.terminal, uneven.reference) == ("A1 B1", "1 paid out, 2 sold")
    assert not all(one.agrees for one in result.sums)


FITS = {
    "2026-11-30T12:44:50.000Z": True,
    "2026-11-30T12:45:30Z": False,
    "2026-11-30T12:24:50": False,
    "2026-11-30T12:35:00": True,
    "2026-11-30": True,
    "2026-12-01": False,
    "yesterday": False,
    "0001-01-01T00:00:00Z": False,
    "": False,
    None: False,
}
"""When an item was paid, of a sale that began at 12:34:56."""


def test_it_is_told_by_the_time_of_the_payment(database: str) -> None:
    amounts = dict(enumerate(FITS, 1000))
    sales = {"A1": [{"amount_kr": amount_kr} for amount_kr in amounts]}
    result = held(database, sales, *(item(amount_kr, created) for amount_kr, created in amounts.items()))
    fitting = [amount_kr for amount_kr, created in amounts.items() if FITS[created]]
    others = [amount_kr for amount_kr in amounts if amount_kr not in fitting]
    assert told(result)["matched"] == (len(fitting), sum(fitting))
    assert {line.amount_kr for line in result.lines if line.found == "no_sale"} == set(others)
    assert {line.amount_kr for line in result.lines if line.found == "not_paid_out"} == set(others)


def test_only_charged_sales_of_these_days_are_missed(database: str) -> None:
    sales = {
        "A1": [
            {"amount_kr": 100},
            {"amount_kr": 200, "states": CANCELLED},
            {"amount_kr": 300, "created": "2026-11-29T23:59:00.000Z"},
            {"amount_kr": 400, "created": "2026-12-01T00:00:00.000Z"},
            {"amount_kr": 500, "states": ((State.ATTENTION, Reason.REFUND_DUE),)},
        ]
    }
    result = held(database, sales)
    assert told(result) == {"not_paid_out": (2, 600)}
    assert {line.reference for line in result.lines} == {"A1-1", "A1-5"}


def test_the_command_wants_v2_and_days_in_their_order(
    database: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[office]\ndatabase = {msgspec.json.encode(database).decode()}\n")
    asked = ["office", "reconcile", "--config", str(config), "--from", "2026-11-30"]
    assert main([*asked, "--to", "2026-11-29"]) == 2
    assert main([*asked, "--to", "2026-11-30"]) == 1
    assert "only api" in capsys.readouterr().err
