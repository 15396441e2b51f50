"""How a sale at a register must have ended, and the words of each protocol for it."""

from __future__ import annotations

from collections.abc import Callable

from terminal.sale.sale import Outcome, State
from tests.unit.register.register_shop import Shop

TAPS = ("display", "receipt", "display-of-two", "receipt-of-two")
LONG_S = 400.0
"""Longer than any register has patience and than any result is told."""

Case = Callable[[Shop], None]


def assert_ended(shop: Shop, outcome: Outcome, *told: tuple[bool, int]) -> None:
    """The newest sale ended so, the register has taken this of it, and the money agrees."""
    assert shop.sale.outcome is outcome
    assert shop.sale.state is (State.ATTENTION if outcome in (Outcome.UNKNOWN, Outcome.REFUND_DUE) else State.CLOSED)
    assert shop.told == list(told if shop.register.hears else ())
    if outcome is not Outcome.UNKNOWN:
        paid = outcome in (Outcome.APPROVED, Outcome.REFUND_DUE)
        assert shop.captured == ([shop.sale.amount_kr] if paid else [])


UNKNOWN_WORDS = {
    "line": ["NO UNKNOWN"],
    "http": ["UNKNOWN"],
    "zvt": ["27 FF"],
    "zvt-tcp": ["27 FF"],
    "concert": ["status 7"],
    **{tap: [] for tap in TAPS},
}
"""ZVT says "system error"; Concert has one word for everything that is not a sale."""
DUPLICATE = {"line": "DUPLICATE", "http": "key_reused"}
NOTHING_LEFT = {"line": "REFUND", "http": "nothing_left", "zvt": "B4", "zvt-tcp": "B4"}
