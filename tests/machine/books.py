"""The three books of one sale: what the register is told, what the journal has, and what Netgíró captured."""

from __future__ import annotations

import re

from tests.integration.netgiro import NetgiroProcess
from tests.machine.counter import Counter

ANSWER = re.compile(r"(OK|NO|ERR) \S+")
PAID, UNPAID, UNKNOWN = "paid", "unpaid", "unknown to both"


class Books:
    """Opened before the first sale that they are asked about."""

    def __init__(self, netgiro: NetgiroProcess) -> None:
        self._netgiro = netgiro
        self._captured_before = {entry["TransactionId"] for entry in netgiro.ledger()}

    def captured(self) -> list[int]:
        """Amounts in kr., oldest first."""
        return [
            entry["Amount"] for entry in self._netgiro.ledger() if entry["TransactionId"] not in self._captured_before
        ]

    def agreed(self, counter: Counter, register_id: str, amount_kr: int) -> str:
        """How the sale ended in all three; an AssertionError where they differ. Its amount is no other sale's."""
        counter.register.send(f"STATUS ID={register_id}")
        while not ANSWER.match(answer := counter.register.line(60)):
            pass
        rows = [row for row in counter.sales() if row["register_id"] == register_id]
        captured = self.captured().count(amount_kr)
        books = f"register: {answer!r}, journal: {[row['outcome'] for row in rows]}, captured: {captured} times"
        if answer.startswith("OK"):
            assert answer.startswith(f"OK {amount_kr} ID={register_id}"), books
            assert [row["outcome"] for row in rows] == ["approved"], books
            assert captured == 1, books
            return PAID
        assert captured == 0, books
        assert all(row["outcome"] not in ("approved", None) for row in rows), books
        return UNPAID if rows else UNKNOWN
