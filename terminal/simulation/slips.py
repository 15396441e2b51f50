"""What the staff of a simulated shop settle as the opposite of what they mean, and correct the next time."""

from __future__ import annotations

import random

from terminal.sale.events import Verdict
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.simulation.terminal import SimulatedTerminal

SLIPS = 0.2
"""Of what is due for a refund, of refunds, and of what nobody knows, where they read the wrong line of the records."""
OPPOSITE = {
    (Outcome.REFUND_DUE, Verdict.PAID): Verdict.REFUNDED,
    (Outcome.REFUND_DUE, Verdict.REFUNDED): Verdict.PAID,
    (Outcome.UNKNOWN, Verdict.PAID): Verdict.UNPAID,
    (Outcome.UNKNOWN, Verdict.UNPAID): Verdict.PAID,
}
SETTLED_AS = {
    Verdict.PAID: Reason.SETTLED_PAID,
    Verdict.UNPAID: Reason.SETTLED_UNPAID,
    Verdict.REFUNDED: Reason.REFUNDED,
}


class Slips:
    """Sales that staff have settled wrongly, and what they meant."""

    def __init__(self, terminal: SimulatedTerminal, seed: int) -> None:
        self._terminal = terminal
        self._chances = {
            Outcome.REFUND_DUE: random.Random(f"staff slips {seed}"),
            Outcome.UNKNOWN: random.Random(f"staff misreads {seed}"),
        }
        self._meant: dict[int, Verdict] = {}

    def take_unwritten(self, sale: Sale) -> Verdict | None:
        """What was meant by a first word that never reached the disk."""
        return self._meant.pop(sale.number, None)

    def said(self, sale: Sale, meant: Verdict) -> Verdict:
        """The word for what is meant, or for its opposite."""
        if sale.outcome not in self._chances or self._chances[sale.outcome].random() >= SLIPS:
            return meant
        self._meant[sale.number] = meant
        opposite = OPPOSITE[sale.outcome, meant]
        if sale.outcome is Outcome.UNKNOWN:
            self._terminal.world.count(f"staff misread an unknown sale as {opposite}")
        return opposite

    def correct(self) -> None:
        """By a further word."""
        for number, meant in list(self._meant.items()):
            sale = self._terminal.disk.latest.get(number)
            if sale is None or sale.state is not State.CLOSED:
                continue
            if sale.reason is SETTLED_AS[meant]:
                del self._meant[number]
                self._terminal.world.count("settlement corrected")
                continue
            self._terminal.world.tell("staff", f"correct sale {number}: {meant}")
            self._terminal.correct(number, meant)

    def concerns(self, sale: Sale) -> bool:
        return sale.number in self._meant

    def means_paid(self, sale: Sale) -> bool:
        """As it stands, but for what they will correct."""
        meant = self._meant.get(sale.number)
        return sale.outcome is Outcome.APPROVED if meant is None else meant is Verdict.PAID
