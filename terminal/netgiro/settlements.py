"""What Netgíró has paid out to the shop: V2's settlements and what each is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from terminal.netgiro import wire_v2 as wire
from terminal.netgiro.keyed import KeyedAnswer, KeyedClient
from terminal.sale.gateway import CallLost, SettledItem, Settlement
from terminal.system.shown import printable

_NUMBER = re.compile(r"[0-9A-Za-z]([0-9A-Za-z-]{0,38}[0-9A-Za-z])?")
"""It goes into an address."""

LONGEST_TEXT = 40

_Row = TypeVar("_Row")


class SettlementApi:
    """See :class:`terminal.sale.gateway.Payouts`."""

    def __init__(self, client: KeyedClient) -> None:
        self._client = client

    async def settlements(self, first: date, last: date) -> Sequence[Settlement]:
        """GET /settlement/list of V2, both days included; an answer that does not fit is CallLost."""
        answer = await self._client.get(f"/settlement/list?dateFrom={first:%Y-%m-%d}&dateTo={last:%Y-%m-%d}")
        rows = _rows(answer, wire.parse_settlements)
        if not all(_NUMBER.fullmatch(row.number) for row in rows):
            raise CallLost("settlements: one has a number that is none", answer.support_reference)
        return [
            Settlement(
                number=row.number,
                created=_time(row.created),
                transferred=_time(row.transferred),
                total_kr=_kronur(row.total_amount, answer),
                fee_kr=_kronur(row.cost_amount, answer),
                net_kr=_kronur(row.amount, answer),
                status=printable(row.status or "", LONGEST_TEXT),
            )
            for row in rows
        ]

    async def items(self, number: str) -> Sequence[SettledItem]:
        """GET /settlement/items of V2; ``number`` as :meth:`settlements` has it."""
        answer = await self._client.get(f"/settlement/items/{number}")
        return [
            SettledItem(
                created=_time(row.created),
                total_kr=_kronur(row.total_amount, answer),
                fee_kr=_kronur(row.cost_amount, answer),
            )
            for row in _rows(answer, wire.parse_items)
        ]


def _rows(answer: KeyedAnswer, parse: Callable[[bytes], list[_Row]]) -> list[_Row]:
    """Raises CallLost: no answer to these questions says anything of a payment."""
    if answer.http_status >= 400:
        raise CallLost(f"settlements: HTTP {answer.http_status}", answer.support_reference)
    try:
        return parse(answer.content)
    except ValueError as error:
        raise CallLost(f"settlements: {error}", answer.support_reference) from error


def _kronur(amount: int | float, answer: KeyedAnswer) -> int:
    amount_kr = wire.whole_kronur(amount)
    if amount_kr is None:
        raise CallLost("settlements: an amount is no whole kronur, or beyond all sense", answer.support_reference)
    return amount_kr


def _time(text: str | None) -> str | None:
    return None if text is None else printable(text, wire.LONGEST_TIME)
