"""Totals: how many sales ended how, and the sums of them. Pure; the journal says which sales belong to a period.

A period runs from one end of day to the next. It holds each sale that ended in it, as it stood at its latest end: a
sale that was left to staff in one period and settled in the next stands in both, each time as what it then was.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import NOT_PAID, Outcome, Reason, Sale, State

ENDED = (State.ATTENTION, State.CLOSED)
"""States in which a sale counts."""
REFUND_ENDED = (RefundState.ATTENTION, RefundState.CLOSED)


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


class Corrected(msgspec.Struct, frozen=True):
    """A settlement that staff have corrected."""

    number: int
    reference: str
    amount_kr: int
    before: Reason
    """As they had settled it."""
    after: Reason
    at: str
    by: str


class CorrectedRefund(msgspec.Struct, frozen=True):
    """The same of a refund."""

    number: int
    reference: str
    amount_kr: int
    before: RefundReason
    after: RefundReason
    at: str
    by: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """The sales of one period by outcome; an outcome that did not occur is left out."""

    by_outcome: dict[Outcome, Tally] = {}
    refunded_earlier: Tally = Tally()
    """Of the refunded ones those that an earlier end of day has called a payment that is to be refunded."""
    billed_earlier: Tally = Tally()
    """Of the payments those that an earlier end of day has billed already: staff have said since then, say, that the
    register has it after all."""
    corrected_earlier: Tally = Tally()
    """Of what is no payment, or not any more, those that an earlier end of day has billed: staff have corrected what
    they had said, or the service's record has contradicted them."""
    corrected: tuple[Corrected, ...] = ()
    """Every time that they did, in this period."""
    corrected_refunds: tuple[CorrectedRefund, ...] = ()
    refunds: Tally = Tally()
    """What was returned of payments; not what the terminal returned itself because a register did not accept it: that
    is the outcome of the sale."""
    refunds_undone: Tally = Tally()
    """What an earlier end of day has counted as returned: staff have corrected that."""
    by_operator: dict[str, Tally] = {}
    """The approved sales of each cashier, gross; empty where the shop does not name them."""
    refunds_by_operator: dict[str, Tally] = {}
    """What each has given back, whoever had sold it."""
    first_number: int | None = None
    """The lowest number of a sale or refund that ended in the period: receipts of both have them."""
    last_number: int | None = None
    left_to_staff: tuple[LeftToStaff, ...] = ()
    """Every one that still waits for them, from whatever period."""

    def of(self, outcome: Outcome) -> Tally:
        return self.by_outcome.get(outcome, Tally())

    @property
    def operators(self) -> list[str]:
        """Everybody who has sold or given back."""
        return sorted({*self.by_operator, *self.refunds_by_operator})

    @property
    def charged_kr(self) -> int:
        """What the service bills for this period. All periods together are what it holds."""
        earlier_kr = self.billed_earlier.sum_kr + self.corrected_earlier.sum_kr
        return sum(self.of(outcome).sum_kr for outcome in CHARGED) - self.returned_kr - earlier_kr

    @property
    def returned_kr(self) -> int:
        """What the service has given back of what it billed in this period or an earlier one."""
        return self.refunds.sum_kr + self.refunded_earlier.sum_kr - self.refunds_undone.sum_kr

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
        "refunds_undone": tally(totals.refunds_undone),
        "refund_due": tally(totals.of(Outcome.REFUND_DUE)),
        "refunded_earlier": tally(totals.refunded_earlier),
        "billed_earlier": tally(totals.billed_earlier),
        "corrected_earlier": tally(totals.corrected_earlier),
        "charged": totals.charged_kr,
        "outcomes": {str(outcome): tally(one) for outcome, one in totals.by_outcome.items()},
        "corrected": [*map(_correction, totals.corrected), *map(_correction, totals.corrected_refunds)],
        "operators": {
            name: {
                **tally(totals.by_operator.get(name, Tally())),
                "refunds": tally(totals.refunds_by_operator.get(name, Tally())),
            }
            for name in totals.operators
        },
        "left_to_staff": [str(sale.number) for sale in totals.left_to_staff],
    }


def _correction(one: Corrected | CorrectedRefund) -> dict[str, Any]:
    said = {"before": one.before, "after": one.after, "at": one.at, "by": one.by}
    return {"number": one.number, "amount": one.amount_kr, **said}


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
    asked_by: str | None = None
    """The register, or this one of its programs, has asked for it and is to acknowledge it; None: nobody is."""


class ToldCloses(NamedTuple):
    """Which ends of day the register has acknowledged, as far as the journal says; older journals do not."""

    told: int | None = None
    """The last one that it has."""
    untold: int | None = None
    """The one that it asked for last, and has not acknowledged."""
    asked_by: str = ""
    """Which of its programs has asked for that."""

    def with_told(self, number: int) -> ToldCloses:
        return ToldCloses(number) if self.untold == number else self._replace(told=number)


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

    ``billed_before``: numbers of sales and refunds that the last end of day has left billed or returned.
    """
    earlier: dict[Outcome, Tally] = {}
    by_outcome: dict[Outcome, Tally] = {}
    by_operator: dict[str, Tally] = {}
    refunds_by_operator: dict[str, Tally] = {}
    numbers: list[int] = []
    refunds = refunds_undone = Tally()
    for sale in entries:
        if isinstance(sale, Refund):
            if sale.state in REFUND_ENDED:
                numbers.append(sale.number)
            if counts_as_refund(sale) and sale.number not in billed_before:
                refunds = _one_more(refunds, sale.amount_kr)
                if sale.operator:
                    before = refunds_by_operator.get(sale.operator, Tally())
                    refunds_by_operator[sale.operator] = _one_more(before, sale.amount_kr)
            elif not counts_as_refund(sale) and sale.number in billed_before:
                refunds_undone = _one_more(refunds_undone, sale.amount_kr)
            continue
        if sale.state not in ENDED or sale.outcome is None:
            continue
        for tallies in (by_outcome, earlier) if sale.number in billed_before else (by_outcome,):
            tallies[sale.outcome] = _one_more(tallies.get(sale.outcome, Tally()), sale.amount_kr)
        if sale.outcome is Outcome.APPROVED and sale.operator:
            before = by_operator.get(sale.operator, Tally())
            by_operator[sale.operator] = _one_more(before, sale.amount_kr)
        numbers.append(sale.number)
    totals = Totals(
        by_outcome=by_outcome,
        by_operator=by_operator,
        refunds_by_operator=refunds_by_operator,
        refunds=refunds,
        refunds_undone=refunds_undone,
        first_number=min(numbers, default=None),
        last_number=max(numbers, default=None),
        left_to_staff=to_staff(left_to_staff),
    )
    return with_earlier(totals, earlier)


def _one_more(tally: Tally, amount_kr: int) -> Tally:
    return Tally(tally.count + 1, tally.sum_kr + amount_kr)


def with_earlier(totals: Totals, billed: Mapping[Outcome, Tally]) -> Totals:
    """``billed``: what an earlier end of day has billed, by how it stands now."""

    def added(*outcomes: Outcome) -> Tally:
        tallies = [billed.get(outcome, Tally()) for outcome in outcomes]
        return Tally(sum(one.count for one in tallies), sum(one.sum_kr for one in tallies))

    return replace(
        totals,
        refunded_earlier=added(Outcome.REFUNDED),
        billed_earlier=added(*CHARGED),
        corrected_earlier=added(*NOT_PAID, Outcome.UNKNOWN),
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
