"""V2's answers as they are read: amounts that a shop can take, and the day on which money was paid out."""

from __future__ import annotations

from terminal.netgiro.wire_v2 import MOST_KR, parse_settlements, whole_kronur
from tests.each import each_of


@each_of(
    ("amount", "amount_kr"),
    [
        (MOST_KR, MOST_KR),
        (-MOST_KR, -MOST_KR),
        (MOST_KR + 1, None),
        (-MOST_KR - 1, None),
        (1990.0, 1990),
        (0.5, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_an_amount_is_whole_and_one_that_a_shop_can_take(amount: float, amount_kr: int | None) -> None:
    assert whole_kronur(amount) == amount_kr


def test_a_settlement_says_when_it_was_paid_out_if_it_was() -> None:
    row = b'{"Number": "7", "Amount": 1990, "CostAmount": 40, "TotalAmount": 1950%s}'
    paid = row % b', "BankTransferTransactionDate": "2026-11-24"'
    told = parse_settlements(b"[" + paid + b"," + row % b"" + b"]")
    assert [one.transferred for one in told] == ["2026-11-24", None]
