"""Numbers at their ends: what a field has no room for is never told as another number."""

from __future__ import annotations

import pytest

from terminal.counter.register_words import SaleResult
from terminal.register.zvt.frames import to_bcd, totals_field
from terminal.register.zvt.result import Wording, receipt_number
from terminal.sale.sale import Reason
from tests.each import each_of
from tests.sales import new_sale


@each_of(("count", "told"), [(0, 0), (99, 99), (100, 100), (255, 255), (256, 255), (9999, 255)])
def test_payments_of_a_day_are_counted_in_one_byte(count: int, told: int) -> None:
    field = totals_field(1, 2, count, "1990")
    assert (len(field), field[-7]) == (53, told)
    assert field[-6:].hex() == "000000001990"


@each_of(
    ("kronur_or_aurar", "told"),
    [
        ("9999999", "000009999999"),
        ("22000000000", "022000000000"),
        ("999999999999", "999999999999"),
        ("2200000000000", "999999999999"),
    ],
)
def test_a_sum_that_the_field_has_no_room_for_is_told_as_nines(kronur_or_aurar: str, told: str) -> None:
    assert to_bcd(kronur_or_aurar, 6).hex() == told
    assert totals_field(1, 2, 1, kronur_or_aurar)[-6:].hex() == told


@each_of(("number", "told"), [(None, 0), (1, 1), (9999, 9999), (10_000, 1), (999_999, 99), (1_000_000, 100)])
def test_receipt_numbers_go_round_and_are_never_nothing(number: int | None, told: int) -> None:
    assert receipt_number(number) == told


@pytest.mark.parametrize(("number", "told"), [(7, "000007"), (1_234_567, "234567")])
def test_trace_numbers_go_round(number: int, told: str) -> None:
    wording = Wording(terminal_id="00000001", decimals=0)
    sale = new_sale(number)
    result = SaleResult(
        register_id="", amount_kr=1990, reason=Reason.CUSTOMER_DECLINED, authorization_id=None, sale=sale
    )
    assert bytes.fromhex(f"0b{told}") in wording.status(result, currency=None)
