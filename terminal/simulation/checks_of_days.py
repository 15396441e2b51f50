"""What an end of day says, added up once more outside the terminal: from what was committed, and from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale, State
from terminal.sale.totals import Close, Totals

Sums = Mapping[Outcome, tuple[int, int]]


def sums(committed: Iterable[Sale | Refund | Close], still_open: Totals) -> Iterator[str]:
    """Each period's totals are those of the sales and refunds that ended in it, as each stood last."""
    ended: dict[int, Sale | Refund] = {}
    for one in committed:
        if isinstance(one, Close):
            yield from _compare(f"end of day {one.number}", one.totals, ended)
            ended = {}
        elif one.state == State.CLOSED or one.state is State.ATTENTION:
            ended[one.number] = one
    yield from _compare("the open period", still_open, ended)


def _compare(name: str, totals: Totals, ended: Mapping[int, Sale | Refund]) -> Iterator[str]:
    counted: defaultdict[Outcome, list[int]] = defaultdict(list)
    returned = []
    for one in ended.values():
        if isinstance(one, Refund):
            if one.outcome == "refunded" and one.source != "automatic":
                returned.append(one.amount_kr)
        elif one.outcome is not None:
            counted[one.outcome].append(one.amount_kr)
    if (totals.refunds.count, totals.refunds.sum_kr) != (len(returned), sum(returned)):
        yield f"{name} says {totals.refunds}, its refunds add up to {len(returned)}, {sum(returned)} kr."
    expected = {outcome: (len(amounts), sum(amounts)) for outcome, amounts in counted.items()}
    said = {outcome: (tally.count, tally.sum_kr) for outcome, tally in totals.by_outcome.items()}
    if said != expected:
        yield f"{name} says {said}, its sales add up to {expected}"


def booked_is_banked(closes: Iterable[Close], still_open: Totals, banked_kr: int) -> Iterator[str]:
    """What all days together call approved is what the service holds for the shop."""
    booked_kr = sum(totals.of(Outcome.APPROVED).sum_kr for totals in [*(one.totals for one in closes), still_open])
    if booked_kr != banked_kr:
        yield f"the ends of day add up to {booked_kr} kr., the service holds {banked_kr} kr. of approved sales"
