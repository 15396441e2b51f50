"""The golden receipts, ends of day and lists, as text, and where each is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TypedDict

from msgspec.structs import replace

from hardware.interfaces import Columns, Document, TextLine
from terminal.paper.end_of_day import end_of_day_slip, x_report_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.refund_receipt import refund_document
from terminal.paper.transaction_list import transaction_list
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.totals import ClosedPeriod, Corrected, Period, Tally, Totals, totals_of
from terminal.texts.words import Language
from tests.golden.samples import CLOSED_SALE, GOLDEN, LANGUAGES, REFUND_DONE, REFUND_DUE, SALE, SHOP

# --- receipts ---------------------------------------------------------------------------------------------------------

ON_OTHER_PAPER = ("paid", "refund_due", "busy")


def widths(name: str) -> tuple[Columns, ...]:
    """Two receipts and one end of day are kept for the narrowest and the widest paper, the others for 42 columns."""
    return (32, 48) if name in ON_OTHER_PAPER else (42,)


NOT_TRACEABLE = replace(REFUND_DUE, reason=Reason.NOT_TRACEABLE, authorization_id=None, invoice_number=None)
REFUNDED = replace(CLOSED_SALE, reason=Reason.REFUNDED)
DECLINED = replace(CLOSED_SALE, reason=Reason.CUSTOMER_DECLINED, invoice_number=None)
COPIES = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
ALL = (*COPIES, ReceiptKind.ATTENTION)

RECEIPTS = {
    "paid": (CLOSED_SALE, False, COPIES),
    "paid_copy": (CLOSED_SALE, True, COPIES),
    "not_traceable": (NOT_TRACEABLE, False, ALL),
    "refund_due": (REFUND_DUE, False, ALL),
    "refund_due_copy": (REFUND_DUE, True, (ReceiptKind.ATTENTION,)),
    "refunded": (REFUNDED, False, ALL),
    "declined": (DECLINED, False, (ReceiptKind.CUSTOMER,)),
}


class _Printed(TypedDict):
    """What a receipt of either kind is printed with."""

    kind: ReceiptKind
    shop: Shop
    terminal_id: str
    printed_at: datetime
    language: Language
    columns: Columns


RECEIPT_CASES = [
    (name, language, kind, columns)
    for name, (_sale, _copy, kinds) in RECEIPTS.items()
    for language, kind, columns in product(LANGUAGES, kinds, widths(name))
] + [("refund", language, kind, 42) for language, kind in product(LANGUAGES, COPIES)]


def receipt(name: str, language: Language, kind: ReceiptKind, columns: Columns) -> Document:
    printed: _Printed = {
        "kind": kind,
        "shop": SHOP,
        "terminal_id": "T1",
        "printed_at": datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        "language": language,
        "columns": columns,
    }
    if name != "refund":
        sale, copy, _kinds = RECEIPTS[name]
        return receipt_document(sale, copy=copy, **printed)
    return refund_document(
        number=1051,
        sale_number=1042,
        amount_kr=500,
        refunded_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        reference="T1-001051-9F3C2A",
        transaction_id=CLOSED_SALE.authorization_id or "",
        register_id="8812",
        copy=False,
        **printed,
    )


def receipt_path(name: str, language: Language, kind: ReceiptKind, columns: Columns) -> Path:
    return GOLDEN / "receipts" / language / f"{name}_{kind}_{columns}.txt"


# --- ends of day ------------------------------------------------------------------------------------------------------


def _busy_day() -> Totals:
    reasons = (*(Reason.PAID,) * 14, *(Reason.CUSTOMER_DECLINED,) * 2, Reason.TIMED_OUT, Reason.NO_ANSWER)
    sales = [
        replace(CLOSED_SALE, number=1030 + index, amount_kr=1990 * (index + 1), reason=reason)
        for index, reason in enumerate(reasons)
    ]
    older = replace(NOT_TRACEABLE, number=987, amount_kr=12_500, created="2026-11-20T17:12:00Z")
    refunded = [replace(REFUNDED, number=number, amount_kr=2_500) for number in (990, 1049)]
    totals = totals_of([*sales, replace(REFUND_DUE, number=1048), *refunded], [older, replace(REFUND_DUE, number=1048)])
    paid, unpaid = Reason.SETTLED_PAID, Reason.SETTLED_UNPAID
    corrected = Corrected(1021, "T1-1021-7KQ2MZ", 1_990, paid, unpaid, "2026-11-23T16:40:11Z", "gunnar (user 1000)")
    return replace(
        totals,
        refunded_earlier=Tally(1, 2_500),
        billed_earlier=Tally(1, 1_990),
        corrected_earlier=Tally(1, 1_990),
        corrected=(corrected,),
    )


_HEAD = "93ef541fa7e5eaca0514820ad49dcabb88facf71ebcde14fe5e96d95a7e95a27"
_DAY = ClosedPeriod(
    number=12, since="2026-11-22T18:02:11Z", until="2026-11-23T18:01:40Z", totals=_busy_day(), head=_HEAD
)
_DAY = replace(_DAY, head=_HEAD)
DAYS = {
    "busy": (_DAY, False),
    "busy_copy": (_DAY, True),
    "empty_first": (replace(_DAY, number=1, since=None, totals=Totals()), False),
}
DAY_CASES = [(name, language, columns) for name in DAYS for language in LANGUAGES for columns in widths(name)]


X_REPORTS = {
    "x_busy": Period(_DAY.number, _DAY.totals, _DAY.since),
    "x_empty_first": Period(1),
}
LISTS: dict[str, list[Sale | Refund]] = {
    "list_busy": [
        replace(SALE, number=1044, state=State.CAPTURE),
        REFUND_DONE,
        replace(REFUND_DUE, number=1041),
        replace(CLOSED_SALE, number=1040, reason=Reason.CUSTOMER_DECLINED),
        CLOSED_SALE,
    ],
    "list_empty": [],
}
DAY_CASES += [(name, language, 42) for name in (*X_REPORTS, *LISTS) for language in LANGUAGES]
DAY_CASES += [("list_busy", language, 32) for language in LANGUAGES]


def day_slip(name: str, language: Language, columns: Columns) -> Document:
    at = datetime(2026, 11, 23, 17, 1, tzinfo=UTC)
    if name in LISTS:
        return transaction_list(
            LISTS[name], shop=SHOP, terminal_id="T1", printed_at=at, language=language, columns=columns
        )
    if name in X_REPORTS:
        return x_report_slip(
            X_REPORTS[name], shop=SHOP, terminal_id="T1", printed_at=at, language=language, columns=columns
        )
    period, copy = DAYS[name]
    return end_of_day_slip(
        period,
        copy=copy,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def day_path(name: str, language: Language, columns: Columns) -> Path:
    return GOLDEN / "days" / language / f"{name}_{columns}.txt"


def as_text(document: Document, columns: int) -> str:
    """The paper with its right edge, and behind it b for bold and d for double size."""
    lines = []
    for item in document:
        if not isinstance(item, TextLine):
            lines.append("-" * columns + "+")
            continue
        text = "".join(f"{char} " for char in item.text) if item.double else item.text
        indent = {"left": 0, "center": (columns - len(text)) // 2, "right": columns - len(text)}[item.align]
        flags = "b" * item.bold + "d" * item.double
        lines.append(f"{' ' * indent + text:<{columns}}| {flags}".rstrip())
    return "\n".join(lines) + "\n"
