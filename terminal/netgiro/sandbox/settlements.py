"""V2's settlements: all that was paid out on one day is one of them, less a fee."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from terminal.netgiro.sandbox.answers import BadRequest, when
from terminal.netgiro.sandbox.carts import Cart

FEE_PER_MILLE = 20


def settlement_rows(payouts: Sequence[Cart], query: str) -> list[dict[str, Any]]:
    """GET /settlement/list. Raises BadRequest."""
    asked = {name.lower(): values[-1] for name, values in parse_qs(query).items()}
    first, last = _date(asked.get("datefrom", "")), _date(asked.get("dateto", ""))
    wanted = asked.get("settlementnumber", "")
    return [
        _settlement_row(number, carts)
        for number, carts in _by_number(payouts).items()
        if (not first or _day(carts[0]) >= first)
        and (not last or _day(carts[0]) <= last)
        and (not wanted or wanted == number)
    ]


def item_rows(payouts: Sequence[Cart], number: str) -> list[dict[str, Any]]:
    """GET /settlement/items/{number}; an unknown number has none."""
    return [
        {
            "TotalAmount": cart.order.amount_kr,
            "CostAmount": _fee_kr(cart),
            "Created": when(cart.created_s),
            "LoanNumber": int(cart.invoice_number),
        }
        for cart in _by_number(payouts).get(number, [])
    ]


def _settlement_row(number: str, carts: Sequence[Cart]) -> dict[str, Any]:
    total_kr, fee_kr = sum(cart.order.amount_kr for cart in carts), sum(map(_fee_kr, carts))
    settled = when(carts[-1].settled_s or 0.0)
    return {
        "ProviderName": "Sandbox",
        "Number": number,
        "Created": settled,
        "Amount": total_kr - fee_kr,
        "CostAmount": fee_kr,
        "BankTransferTransactionDate": settled,
        "NumberOfSales": len(carts),
        "TotalAmount": total_kr,
        "Status": "Paid",
    }


def _by_number(payouts: Sequence[Cart]) -> dict[str, list[Cart]]:
    by_day: dict[str, list[Cart]] = {}
    for cart in payouts:
        by_day.setdefault(_day(cart), []).append(cart)
    return {f"100000-{place:06}": carts for place, carts in enumerate(by_day.values(), 1)}


def _fee_kr(cart: Cart) -> int:
    return cart.order.amount_kr * FEE_PER_MILLE // 1000


def _day(cart: Cart) -> str:
    return when(cart.settled_s or 0.0)[:10]


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise BadRequest("dates are written as 2026-01-01") from None
