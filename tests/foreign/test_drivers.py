"""Registers' drivers of other hands: Odoo's for payment terminals and displays, and the older one of Concert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from terminal.counter.register_words import RegisterRequest, TotalSeen
from terminal.register.settings import TotalRules
from terminal.register.taps.display import SILENCE_S, DisplayTap
from tests.foreign.conftest import foreign_register
from tests.integration.counter import DemoCounter
from tests.integration.netgiro import PATIENT_PHONE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["refuse", "received"])
def counter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    register = {"protocol": "concert", "amount_decimals": 2, "immediate_answer": request.param}
    with DemoCounter(tmp_path_factory.mktemp("concert"), {"register": register}) as counter:
        yield counter


def cable(counter: DemoCounter) -> str:
    path = re.search(r"Register +(/dev/\S+)", counter.process.output)
    assert path
    return path[1]


def pay(counter: DemoCounter, carts: list[dict[str, Any]]) -> None:
    counter.wait_for("entry")
    counter.press(PATIENT_PHONE + "#")
    counter.netgiro.accept(counter.netgiro.new_cart(carts))
    counter.wait_for("idle")


def test_odoo_hears_no_outcome_so_what_was_paid_is_not_sold(counter: DemoCounter) -> None:
    """Its driver hangs up once its request is taken, and tells the cashier that all is well."""
    carts = counter.netgiro.carts()
    assert foreign_register("odoo-payment", cable(counter), "1990.0", "ISK") == "True"
    pay(counter, carts)
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"], row["register_told"]) == (1990, "refund_due", False)


def test_another_currency_is_refused_although_odoo_does_not_hear_it(counter: DemoCounter) -> None:
    sales = len(counter.journal())
    assert foreign_register("odoo-payment", cable(counter), "1990.0", "EUR") == "True"
    assert len(counter.journal()) == sales


def test_who_wants_its_answer_at_once_gets_it(counter: DemoCounter) -> None:
    """Refused by default; or "received", and the cashier looks at the terminal."""
    carts, sales = counter.netgiro.carts(), len(counter.journal())
    foreign_register("postelium", cable(counter), "2490.0", "ISK")
    if counter.settings["register"]["immediate_answer"] == "refuse":
        assert len(counter.journal()) == sales
        return
    pay(counter, carts)
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"]) == (2490, "approved")


def told(tasks: list[dict[str, object]]) -> list[RegisterRequest]:
    tap = DisplayTap("epson", TotalRules(amount_decimals=2))
    tap.receive_data(bytes.fromhex(foreign_register("odoo-display", "-", json.dumps(tasks))), 1.0)
    return list(tap.wake(1.0 + SILENCE_S))


def test_odoos_display_shows_a_total_in_kronur() -> None:
    lines: dict[str, object] = {"action": "display_lines", "text_lines": ["SAMTALS", "1.990,00 kr"]}
    assert told([lines]) == [TotalSeen(1990)]


def test_odoos_own_total_is_in_euro_and_not_offered() -> None:
    assert told([{"action": "payment_balance", "total": 1990, "total_paid": 0, "total_due": 1990}]) == []
