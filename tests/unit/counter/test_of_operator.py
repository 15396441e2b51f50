"""Who sells: asked for at the start of a shift, on the sale, on paper and in the day's totals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.config.section import OperatorSettings
from terminal.counter import register_words as reg
from terminal.counter.inputs import KeyPressed, RegisterRequestLookedUp
from terminal.counter.menu import DIGIT_OF, Item, MenuRules, items_for
from terminal.counter.of_keys import offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, View
from terminal.journal.verify import verify
from terminal.paper.end_of_day import x_report_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Record, RefundRecord
from terminal.sale.refund import RefundReason, RefundSource
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close, Period, Tally, figures, totals_of
from tests.each import each_of
from tests.golden.samples import CLOSED_SALE, REFUND_DONE
from tests.unit.counter.staff_bench import PressedCounter
from tests.unit.journal.journal_samples import a_sale, opened

OPERATORS = OperatorSettings(numbers=("1 Anna", "22")).by_number
REQUEST = RegisterRequestLookedUp(
    request=reg.SaleRequest(500, "7"), number=9, reference="T1-9", created="2026-11-23T14:00:00Z"
)
PAPER: Any = {
    "shop": Shop(),
    "terminal_id": "T1",
    "printed_at": datetime(2026, 11, 23, 18, 1, tzinfo=UTC),
    "language": "en",
    "columns": 42,
}


class Counter(PressedCounter):
    def __init__(self, **view: Any) -> None:
        rules = CounterRules(operators=OPERATORS, menu=MenuRules(has_operators=True))
        super().__init__(View(asks_operator=True, **view), rules)


def test_the_waiting_screen_asks_until_somebody_has_said_who_they_are() -> None:
    counter = Counter()
    assert "Cashier number" in counter.screen
    counter.press("9#")
    assert "Unknown number" in counter.screen
    counter.press("2*1")
    assert "1" in counter.screen
    counter.press("#")
    assert counter.view.operator == "1 Anna"
    assert "Ready   0 Íslenska" in counter.screen
    counter.press("2#")
    assert counter.view.operator == "1 Anna", "digits mean nothing more"


def test_another_takes_over_by_the_menu() -> None:
    counter = Counter(operator="1 Anna")
    counter.press("D" + DIGIT_OF[Item.OPERATOR])
    assert "Cashier number" in counter.screen
    counter.press("22#")
    assert counter.view.operator == "22"
    assert Item.OPERATOR not in items_for([], MenuRules())


def test_the_sale_names_who_sold_it_and_no_sale_waits_for_that() -> None:
    for operator in ("1 Anna", ""):
        record = Counter(operator=operator).happens(REQUEST).record
        assert record is not None
        assert record.sale.operator == operator


def test_an_offer_is_accepted_also_while_nobody_has_said_who_they_are() -> None:
    counter = Counter(offer=Offer(1990))
    assert offer_accepted(counter.view, KeyPressed("#")) == reg.SaleRequest(1990)
    counter.press("*")
    assert counter.view.offered_kr is None


def test_it_stands_on_the_receipt() -> None:
    for operator, count in (("1 Anna", 1), ("", 0)):
        document = receipt_document(
            replace(CLOSED_SALE, operator=operator), kind=ReceiptKind.CUSTOMER, copy=False, **PAPER
        )
        texts = [getattr(item, "text", "") for item in document]
        assert sum(text.startswith("Cashier") and text.endswith("1 Anna") for text in texts) == count


def sold(number: int, operator: str, reason: Reason = Reason.PAID) -> Any:
    return replace(a_sale(number, State.CLOSED, reason), operator=operator)


def test_the_day_says_what_each_has_sold_and_the_journal_agrees_with_its_sales(tmp_path: Path) -> None:
    sales = [sold(1, "1 Anna"), sold(2, "22"), sold(3, "1 Anna"), sold(4, "22", Reason.CUSTOMER_DECLINED), sold(5, "")]
    with opened(tmp_path / "journal.db") as journal:
        for sale in sales:
            journal.append(Record("Test", sale))
        totals = journal.open_period().totals
        assert totals.by_operator == {"1 Anna": Tally(2, 3980), "22": Tally(1, 1990)}
        assert totals == totals_of(sales)
        journal.append_close(Close(1, totals))
        assert journal.open_period().totals.by_operator == {}
        closed = journal.closed_period(1)
        assert closed is not None
        assert closed.totals == totals
    assert verify(tmp_path / "journal.db").problems == ()
    slip = [getattr(item, "text", "") for item in x_report_slip(Period(1, totals), **PAPER)]
    assert "BY CASHIER" in slip
    assert any(line.startswith("1 Anna (2)") and line.endswith("3.980 kr.") for line in slip)
    assert figures(1, totals)["operators"]["22"] == {"count": 1, "amount": 1990, "refunds": {"count": 0, "amount": 0}}


def test_what_each_has_given_back_stands_apart_whoever_had_sold_it(tmp_path: Path) -> None:
    sale = sold(1, "1 Anna")
    backs = [
        replace(REFUND_DONE, number=2, sale_number=1, amount_kr=500, operator="22"),
        replace(REFUND_DONE, number=3, sale_number=1, amount_kr=300, operator="22"),
        replace(REFUND_DONE, number=4, sale_number=1, amount_kr=7, source=RefundSource.AUTOMATIC),
        replace(REFUND_DONE, number=5, sale_number=1, amount_kr=9),
        replace(REFUND_DONE, number=6, sale_number=1, reason=RefundReason.REFUSED, operator="1 Anna"),
    ]
    with opened(tmp_path / "journal.db") as journal:
        journal.append(Record("Test", sale))
        for refund in backs:
            journal.append_refund(RefundRecord("Test", refund))
        totals = journal.open_period().totals
        assert totals == totals_of([sale, *backs])
        journal.append_close(Close(1, totals))
        assert journal.open_period().totals.operators == []
    assert totals.refunds_by_operator == {"22": Tally(2, 800)}
    told = figures(1, totals)["operators"]
    assert told["22"] == {"count": 0, "amount": 0, "refunds": {"count": 2, "amount": 800}}
    slip = [getattr(item, "text", "") for item in x_report_slip(Period(1, totals), **PAPER)]
    assert any(line.startswith("22 (0)") for line in slip)
    assert any(line.startswith("  Refunds (2)") and line.endswith("-800 kr.") for line in slip)


@each_of("numbers", [("x",), ("12345",), ("1 \n",), ("1 " + "a" * 21,)])
def test_what_is_no_number_is_refused(numbers: tuple[str, ...]) -> None:
    import msgspec  # noqa: PLC0415

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"numbers": list(numbers)}, OperatorSettings)
