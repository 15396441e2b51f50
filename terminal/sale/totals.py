"""Totals: how many sales ended how, and the sums of them. Pure; the journal says which sales belong to a period.

A period runs from one end of day to the next. It holds each sale that ended in it, as it stood at its latest end: a
sale that was left to staff in one period and settled in the next stands in both, each time as what it then was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import msgspec

from terminal.sale.refund import Refund, RefundSource, RefundState
from terminal.sale.sale import Outcome, Sale, State

ENDED = (State.ATTENTION, State.CLOSED)
"""States in which a sale counts."""


CHARGED = (Outcome.APPROVED, Outcome.REFUND_DUE)
"""Outcomes of which the payment service holds the money for the shop."""


class Tally(msgspec.Struct, frozen=True):
    """So many sales, and their sum."""

    count: int = 0
    sum_kr: int = 0


class LeftToStaff(msgspec.Struct, frozen=True):
    """A sale that only staff can bring to an end, as an accountant needs to know it."""

    number: int
    reference: str
    amount_kr: int
    outcome: Outcome
    created: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The sales of one period by outcome; an outcome that did not occur is left out."""

    by_outcome: dict[Outcome, Tally] = {}
    refunded_earlier: Tally = Tally()
    """Of the refunded ones those that an earlier end of day has called a payment that is to be refunded."""
    billed_earlier: Tally = Tally()
    """Of the approved ones those that an earlier end of day has billed, as a payment that is to be refunded: staff have
    said since then that the register has it after all."""
    refunds: Tally = Tally()
    """What was returned of payments; not what the terminal returned itself because a register did not accept it: that
    is the outcome of the sale."""
    first_number: int | None = None
    last_number: int | None = None
    left_to_staff: tuple[LeftToStaff, ...] = ()
    """Every one that still waits for them, from whatever period."""

    def of(self, outcome: Outcome) -> Tally:
        return self.by_outcome.get(outcome, Tally())

    @property
    def charged_kr(self) -> int:
        """What the service bills for this period. All periods together are what it holds."""
        return sum(self.of(outcome).sum_kr for outcome in CHARGED) - self.returned_kr - self.billed_earlier.sum_kr

    @property
    def returned_kr(self) -> int:
        """What the service has given back of what it billed in this period or an earlier one."""
        return self.refunds.sum_kr + self.refunded_earlier.sum_kr

    @property
    def is_empty(self) -> bool:
        """Nothing has happened."""
        return not (self.count or self.refunds.count or self.refunded_earlier.count)

    @property
    def moves_nothing(self) -> bool:
        """No money came in or went back; sales that were cancelled or declined may stand in it."""
        return not (self.of(Outcome.APPROVED).count or self.refunds.count or self.refunded_earlier.count)

    @property
    def count(self) -> int:
        return sum(tally.count for tally in self.by_outcome.values())


def figures(number: int, totals: Totals) -> dict[str, Any]:
    """For programs. Sales are gross: what was given back of them stands apart, whenever they were made."""

    def tally(one: Tally) -> dict[str, int]:
        return {"count": one.count, "amount": one.sum_kr}

    return {
        "period": number,
        "sales": tally(totals.of(Outcome.APPROVED)),
        "refunds": tally(totals.refunds),
        "refund_due": tally(totals.of(Outcome.REFUND_DUE)),
        "refunded_earlier": tally(totals.refunded_earlier),
        "billed_earlier": tally(totals.billed_earlier),
        "charged": totals.charged_kr,
        "outcomes": {str(outcome): tally(one) for outcome, one in totals.by_outcome.items()},
        "left_to_staff": [str(sale.number) for sale in totals.left_to_staff],
    }


class Period(msgspec.Struct, frozen=True):
    """The time since the last end of day: its number, counting from 1, and the totals of what ended in it."""

    number: int
    totals: Totals = Totals()
    since: str | None = None
    """Its begin, the end of day before; None: there was none."""


class Close(msgspec.Struct, frozen=True):
    """The end of a period."""

    number: int
    totals: Totals
    is_printed: bool = False
    """The slip is queued with it."""


class ClosedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """An end of day as it is found again. Times are wall clock, RFC 3339, UTC."""

    number: int
    since: str | None
    """The end of day before; None: there was none."""
    until: str
    totals: Totals
    head: str = ""
    """Of the journal's chain once the period was closed: a hash over every row up to there. Empty: not known yet."""


def totals_of(
    entries: Iterable[Sale | Refund], left_to_staff: Iterable[Sale] = (), billed_before: Container[int] = ()
) -> Totals:
    """Count and add up sales and refunds; those that have not ended yet belong to a later period and are left out.

    ``billed_before``: numbers of sales that an earlier end of day has billed.
    """
    earlier: dict[Outcome, Tally] = {}
    by_outcome: dict[Outcome, Tally] = {}
    numbers: list[int] = []
    refunds = Tally()
    for sale in entries:
        if isinstance(sale, Refund):
            if counts_as_refund(sale):
                refunds = Tally(refunds.count + 1, refunds.sum_kr + sale.amount_kr)
            continue
        if sale.state not in ENDED or sale.outcome is None:
            continue
        for tallies in (by_outcome, earlier) if sale.number in billed_before else (by_outcome,):
            before = tallies.get(sale.outcome, Tally())
            tallies[sale.outcome] = Tally(before.count + 1, before.sum_kr + sale.amount_kr)
        numbers.append(sale.number)
    return Totals(
        by_outcome=by_outcome,
        refunded_earlier=earlier.get(Outcome.REFUNDED, Tally()),
        billed_earlier=earlier.get(Outcome.APPROVED, Tally()),
        refunds=refunds,
        first_number=min(numbers, default=None),
        last_number=max(numbers, default=None),
        left_to_staff=to_staff(left_to_staff),
    )


def counts_as_refund(refund: Refund) -> bool:
    """It is over, the money was returned, and no sale says so itself."""
    return refund.state is RefundState.CLOSED and refund.is_done and refund.source is not RefundSource.AUTOMATIC


def billed_kr(entry: Sale | Refund) -> int:
    """What the service bills because of it, as it stands: of a payment its amount, of money given back less than
    nothing."""
    if isinstance(entry, Refund):
        return -entry.amount_kr if counts_as_refund(entry) else 0
    return entry.amount_kr if entry.state in ENDED and entry.outcome in CHARGED else 0


def to_staff(sales: Iterable[Sale]) -> tuple[LeftToStaff, ...]:
    """As they stand on the slip."""
    return tuple(
        LeftToStaff(sale.number, sale.reference, sale.amount_kr, sale.outcome, sale.created)
        for sale in sales
        if sale.outcome is not None
    )
