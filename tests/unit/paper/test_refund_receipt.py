"""The receipt of a refund: nobody takes it for a sale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from hardware.interfaces import TextLine
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.refund_receipt import Layout, receipt_of_refund, refund_document
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Reason
from terminal.texts.sentences import LANGUAGES, words_in
from terminal.texts.words import Language
from tests.each import each_of
from tests.golden.samples import CLOSED_SALE, REFUND, SHOP

WHOLE: dict[str, Any] = {
    "number": 8,
    "sale_number": 7,
    "amount_kr": 500,
    "refunded_at": datetime(2026, 11, 23, 12, 30, tzinfo=UTC),
    "reference": "T1-8",
    "kind": ReceiptKind.CUSTOMER,
    "copy": False,
    "shop": Shop(name="Kaffihúsið"),
    "terminal_id": "T1",
    "printed_at": datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    "language": "is",
    "columns": 32,
}


def texts(**changes: Any) -> list[str]:
    return [item.text for item in refund_document(**WHOLE | changes) if isinstance(item, TextLine)]


@each_of("columns", [24, 32, 42, 48, 64])
@each_of("kind", [ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT])
def test_it_is_headed_negative_with_its_own_time_and_thanks_nobody(columns: int, kind: ReceiptKind) -> None:
    lines = texts(columns=columns, kind=kind)
    assert "ENDURGREIÐSLA" in lines
    assert "-500 kr." in lines
    assert "23.11.2026 12:30" in " ".join(lines)
    assert "24.11.2026" not in " ".join(lines), "the day of a later print is not the refund's"
    assert not any("Takk" in line for line in lines)
    assert all(len(line) <= columns for line in lines)


def test_one_that_did_not_come_about_says_so() -> None:
    assert "NETGÍRÓ HAFNAÐI ÞESSU." in texts(problem=words_in("is").refund.results[RefundReason.REFUSED])
    assert "ENDURGREITT" in texts()


def test_a_copy_says_when_it_was_printed() -> None:
    assert any("AFRIT" in line for line in texts(copy=True))
    assert "24.11.2026 09:00" in " ".join(texts(copy=True))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        refund_document(**WHOLE | {"refunded_at": datetime(2026, 11, 23)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_that_calls_service_names_the_shops_number(language: Language) -> None:
    refused = replace(REFUND, state=RefundState.CLOSED, reason=RefundReason.CREDENTIALS)
    declined = replace(CLOSED_SALE, reason=Reason.CREDENTIALS)
    layout: Layout = {
        "copy": False,
        "shop": replace(SHOP, service_phone="555 9876"),
        "terminal_id": "T1",
        "printed_at": datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        "language": language,
        "columns": 42,
        "clock_set": True,
    }
    for document in (
        receipt_of_refund(refused, ReceiptKind.ATTENTION, layout),
        receipt_document(declined, kind=ReceiptKind.ATTENTION, **layout),
    ):
        printed = " ".join(item.text for item in document if isinstance(item, TextLine))
        assert "555 9876" in printed
        assert words_in(language).call_service[0] not in printed
