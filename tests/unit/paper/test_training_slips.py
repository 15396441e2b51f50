"""Whatever training prints says at its top that it is training."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.paper.end_of_day import end_of_day_slip, x_report_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.refund_receipt import refund_document
from terminal.paper.transaction_list import transaction_list
from terminal.sale.effects import ReceiptKind
from terminal.sale.totals import ClosedPeriod, Period, Totals
from tests.golden.samples import CLOSED_SALE, REFUND_DUE

NOW = datetime(2026, 11, 24, 9, 1, tzinfo=UTC)
PAPER: dict[str, Any] = {"terminal_id": "T1", "printed_at": NOW, "language": "is", "columns": 42}
DAY = ClosedPeriod(number=1, since=None, until="2026-11-23T18:00:00Z", totals=Totals(), head="")
SALES = {ReceiptKind.CUSTOMER: CLOSED_SALE, ReceiptKind.MERCHANT: CLOSED_SALE, ReceiptKind.ATTENTION: REFUND_DUE}


def papers(shop: Shop) -> list[Any]:
    found = [
        receipt_document(replace(sale, number=1), kind=kind, copy=copy, shop=shop, **PAPER)
        for kind, sale in SALES.items()
        for copy in (False, True)
    ]
    found += [
        refund_document(
            number=2, sale_number=1, amount_kr=500, refunded_at=NOW, reference="T1-2", transaction_id="x",
            register_id="7", kind=kind, copy=copy, shop=shop, **PAPER,
        )
        for kind in (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
        for copy in (False, True)
    ]  # fmt: skip
    found += [end_of_day_slip(DAY, copy=copy, shop=shop, **PAPER) for copy in (False, True)]
    found.append(x_report_slip(Period(1), shop=shop, **PAPER))
    return [*found, transaction_list([CLOSED_SALE], shop=shop, **PAPER)]


@pytest.mark.parametrize("is_training", [True, False])
def test_every_receipt_slip_report_and_copy_begins_with_it_in_training_only(is_training: bool) -> None:
    found = papers(Shop(name="Kaffi", is_training=is_training))
    assert len(found) == 14
    assert [getattr(paper[0], "text", "") == "ÞJÁLFUN" for paper in found] == [is_training] * len(found)
