"""What the staff of a simulated shop settle as the opposite of what they mean, and correct the next time."""

from __future__ import annotations

import random

from terminal.sale.events import Verdict
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Outcome, Reason, Sale, State
from terminal.simulation.terminal import SimulatedTerminal

SLIPS = 0.2
"""Of what is due for a refund, of refunds, and of what nobody knows, where they read the wrong line of the records."""
OPEN_SLIPS = 0.2
"""The same of what is still open."""
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
        self._chance_of_open = random.Random(f"staff misreads an open sale {seed}")
        self._meant: dict[int, Verdict] = {}

    def misreads_open(self) -> bool:
        """They call paid what is not, while the sale is open, and never notice: only the service's record tells."""
        return self._chance_of_open.random() < OPEN_SLIPS

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


class RefundSlips:
    """Refunds that staff have settled wrongly, and whether they were done."""

    def __init__(self, terminal: SimulatedTerminal, seed: int) -> None:
        self._terminal = terminal
        self._chance = random.Random(f"staff slips on refunds {seed}")
        self._meant: dict[int, bool] = {}

    def said(self, refund: Refund, *, is_done: bool) -> bool:
        """The word for what is meant, or for its opposite; what they have said of its sale they know."""
        is_said = self._terminal.disk.latest[refund.sale_number].outcome is Outcome.REFUNDED
        if self._chance.random() >= SLIPS or is_said:
            return is_done
        self._meant[refund.number] = is_done
        return not is_done

    def correct(self) -> None:
        """By a further word."""
        for number, is_done in list(self._meant.items()):
            refund = self._terminal.disk.find_refund(number)
            if refund is None or refund.state is not RefundState.CLOSED:
                continue
            if refund.is_done is is_done:
                del self._meant[number]
                self._terminal.world.count("refund corrected")
                continue
            self._terminal.world.tell("staff", f"correct refund {number}: {'done' if is_done else 'not done'}")
            self._terminal.correct_refund(number, is_done=is_done)

    def concerns(self, sale: Sale) -> bool:
        return any(one.number in self._meant for one in self._terminal.disk.refunds_of(sale.number))
