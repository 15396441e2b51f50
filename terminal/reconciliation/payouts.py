"""Which item of a settlement is which sale. Pure.

Items name neither reference nor authorization, so they are told by their amount and the time of the payment. Where that
fits several, the nearest in time is taken, and it is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from terminal.reconciliation.findings import Ending, Finding, Kind, MatchedBy
from terminal.sale.gateway import SettledItem, Settlement
from terminal.sale.money import format_kr
from terminal.sale.sale import NOT_PAID

TOLERANCE = timedelta(minutes=10)
"""Between our clock and theirs, and from the begin of a sale to its payment."""
DAY = timedelta(days=1)
LENGTH_OF_DATE = 10


def with_payouts(
    findings: Sequence[Finding], created_there: Mapping[int, str], contents: Mapping[Settlement, Sequence[SettledItem]]
) -> tuple[list[Finding], int]:
    """The findings, the sales among them with what is known of their pay-out, and one for each settlement; and how many
    items are of no sale here: other tills of the shop have theirs, too.

    ``created_there``: when the service began a sale, by its number.
    """
    places = [(settlement, item) for settlement, items in contents.items() for item in items]
    sales = {
        place: created_there.get(finding.number or 0) or finding.created
        for place, finding in enumerate(findings)
        if finding.kind is Kind.SALE and finding.outcome not in NOT_PAID
    }
    fits = [
        [place for place, created in sales.items() if _fits(item, findings[place].amount_kr, created)]
        for _, item in places
    ]
    matched = list(findings)
    free = set(sales)
    others = 0
    for (settlement, item), candidates in sorted(zip(places, fits, strict=True), key=lambda one: len(one[1])):
        open_ones = [place for place in candidates if place in free]
        if not open_ones:
            others += 1
            continue
        place = min(open_ones, key=lambda one: _distance(item.created, sales[one]))
        free.discard(place)
        is_unique = len(candidates) == 1 and sum(place in rivals for rivals in fits) == 1
        matched[place] = replace(
            findings[place],
            settlement=settlement.number,
            settled=settlement.transferred or settlement.created,
            fee_kr=item.fee_kr,
            net_kr=item.total_kr - item.fee_kr,
            matched_by=MatchedBy.AMOUNT_AND_TIME if is_unique else MatchedBy.NOT_UNIQUE,
        )
    listed = Counter(settlement.number for settlement in contents)
    return [*matched, *(_adds_up(one, items, listed[one.number]) for one, items in contents.items())], others


def _adds_up(settlement: Settlement, items: Sequence[SettledItem], times_listed: int) -> Finding:
    total_kr, fee_kr = sum(item.total_kr for item in items), sum(item.fee_kr for item in items)
    what = ""
    total, fee, net = map(format_kr, (settlement.total_kr, settlement.fee_kr, settlement.net_kr))
    if times_listed > 1:
        what = f"Netgíró lists this number {times_listed} times, each time with other figures"
    elif settlement.total_kr - settlement.fee_kr != settlement.net_kr:
        what = f"{total} less {fee} is not {net}"
    elif (total_kr, fee_kr) != (settlement.total_kr, settlement.fee_kr):
        what = f"its items are {format_kr(total_kr)} less {format_kr(fee_kr)}, it is {total} less {fee}"
    return Finding(
        kind=Kind.SETTLEMENT,
        ending=Ending.DIFFERS if what else Ending.AGREES,
        what=what,
        advice="ask Netgíró about this settlement" if what else "",
        amount_kr=settlement.total_kr,
        created=settlement.created or "",
        outcome=settlement.status,
        settlement=settlement.number,
        settled=settlement.transferred,
        fee_kr=settlement.fee_kr,
        net_kr=settlement.net_kr,
    )


def _fits(item: SettledItem, amount_kr: int, created: str) -> bool:
    is_whole_day = len(item.created or "") == LENGTH_OF_DATE
    return item.total_kr == amount_kr and _distance(item.created, created) <= (DAY if is_whole_day else TOLERANCE)


def _distance(one: str | None, other: str | None) -> timedelta:
    first, second = _when(one), _when(other)
    return timedelta.max if first is None or second is None else abs(first - second)


def _when(text: str | None) -> datetime | None:
    """Iceland's clock is UTC all the year."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
