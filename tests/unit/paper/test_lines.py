"""What stands out on paper, how names and numbers are cut, and the lines of a day that few days have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from hardware.interfaces import QrCode, TextLine
from terminal.counter.trouble import Trouble
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.receipt import Shop, centred, large, pair, receipt_document
from terminal.paper.refund_receipt import receipt_of_refund, refund_document
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund, RefundReason
from terminal.sale.sale import Outcome, Reason, State
from terminal.sale.totals import ClosedPeriod, Corrected, CorrectedRefund, Tally, Totals
from terminal.texts.sentences import words_in
from tests.each import each_of
from tests.golden.samples import CLOSED_SALE, REFUND, SHOP

WORDS = words_in("is")
PRINTED_AT = datetime(2026, 11, 24, 9, 1, tzinfo=UTC)
LAYOUT: dict[str, Any] = {
    "copy": False,
    "shop": SHOP,
    "terminal_id": "T1",
    "printed_at": PRINTED_AT,
    "language": "is",
    "columns": 32,
    "clock_set": True,
}


def lines(document: Any) -> list[TextLine]:
    return [item for item in document if isinstance(item, TextLine)]


def looks(document: Any, text: str) -> tuple[bool, bool]:
    """Bold and double of the only line with this text."""
    (line,) = [line for line in lines(document) if line.text == text]
    return line.bold, line.double


def sale_receipt(sale: Any = CLOSED_SALE, kind: ReceiptKind = ReceiptKind.CUSTOMER, **changes: Any) -> Any:
    return receipt_document(sale, kind=kind, **(LAYOUT | changes))


# --- what stands out --------------------------------------------------------------------------------------------------


def test_training_stands_out_above_all() -> None:
    printed = sale_receipt(shop=replace(SHOP, is_training=True))
    first, second, third = lines(printed)[:3]
    assert (first.text, first.bold, first.double) == (WORDS.training, True, True)
    assert (second.bold, second.double, third.text) == (True, False, "")


@each_of("bold", [False, True])
@each_of("double", [False, True])
def test_a_line_looks_as_it_was_asked_to(bold: bool, double: bool) -> None:
    (line,) = centred("halló", 32, bold=bold, double=double)
    assert (line.text, line.align, line.bold, line.double) == ("halló", "center", bold, double)


@each_of(
    ("text", "columns", "double", "rows"), [("x" * 16, 32, True, 1), ("x" * 17, 32, True, 2), ("x" * 17, 32, False, 1)]
)
def test_double_letters_take_two_columns(text: str, columns: int, double: bool, rows: int) -> None:
    assert len(list(centred(text, columns, double=double))) == rows


@each_of(("amount", "double"), [("1" * 16, True), ("1" * 17, False)])
def test_an_amount_is_large_if_it_fits(amount: str, double: bool) -> None:
    (line,) = large(amount, 32)
    assert (line.text, line.bold, line.double) == (amount, True, double)


def test_a_refund_and_how_it_stands_are_bold() -> None:
    printed = refund_document(
        number=8,
        sale_number=7,
        amount_kr=500,
        refunded_at=PRINTED_AT,
        reference="T1-8",
        kind=ReceiptKind.CUSTOMER,
        **(LAYOUT | {"shop": Shop(name="Kaffihúsið")}),
    )
    assert looks(printed, WORDS.receipt.refund) == (True, False)
    assert looks(printed, WORDS.outcomes[Outcome.REFUNDED].upper()) == (True, False)
    assert looks(printed, WORDS.receipt.payment_receipt) == (False, False)


# --- what is left out, and what must be there -------------------------------------------------------------------------


def test_a_sale_without_a_reason_or_without_an_end_has_no_receipt() -> None:
    for sale in (replace(CLOSED_SALE, reason=None), replace(CLOSED_SALE, state=State.CAPTURE)):
        with pytest.raises(ValueError, match="still open"):
            sale_receipt(sale)


def of_refund(refund: Refund = REFUND, **changes: Any) -> str:
    layout: Any = LAYOUT | {"columns": 64} | changes
    return " ".join(line.text for line in lines(receipt_of_refund(refund, ReceiptKind.CUSTOMER, layout)))


def test_a_refund_names_what_finds_it() -> None:
    printed = of_refund()
    for fact in (REFUND.reference, REFUND.authorization_id, str(REFUND.number), str(REFUND.sale_number)):
        assert fact in printed
    assert "R-99" in of_refund(replace(REFUND, register_id="R-99"))


@each_of("zoneless", ["printed_at", "refunded_at"])
def test_a_time_without_a_zone_is_refused_on_a_refund_too(zoneless: str) -> None:
    facts: dict[str, Any] = {"refunded_at": PRINTED_AT, **LAYOUT}
    facts[zoneless] = PRINTED_AT.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        refund_document(number=8, sale_number=7, amount_kr=500, reference="T1-8", kind=ReceiptKind.CUSTOMER, **facts)


@each_of("wanted", [False, True])
def test_the_reference_stands_as_a_code_where_the_shop_wants_it(wanted: bool) -> None:
    printed = sale_receipt(shop=replace(SHOP, reference_qr=wanted))
    assert ([item for item in printed if isinstance(item, QrCode)] != []) is wanted


@each_of("clock_set", [False, True])
def test_a_clock_that_nothing_has_set_is_said_on_a_refund(clock_set: bool) -> None:
    words = of_refund(clock_set=clock_set)
    assert (WORDS.receipt.clock_not_set.split()[0] in words) is not clock_set
    assert WORDS.receipt.customer_copy in words


# --- letters ----------------------------------------------------------------------------------------------------------


@each_of(
    ("kennitala", "shown"),
    [
        ("5402696029", "540269-6029"),
        ("540269-6029", "540269-6029"),
        ("54026960", "54026960"),
        ("abcdefghij", "abcdefghij"),
    ],
)
def test_a_kennitala_of_ten_digits_has_a_hyphen(kennitala: str, shown: str) -> None:
    printed = sale_receipt(shop=Shop(name="Kaffihúsið", kennitala=kennitala))
    assert f"{WORDS.receipt.kennitala} {shown}" in [line.text for line in lines(printed)]


@each_of(
    ("value", "shown"),
    [
        ("a\tb", "a b"),
        ("a\x00b", "a b"),
        ("a\u00adb", "ab"),
        ("a\u200bb", "ab"),
        ("  a   b ", "a b"),
        ("A\u0301", "Á"),
        ("a", "a"),
    ],
    ids=str,
)
def test_a_value_has_one_column_a_letter(value: str, shown: str) -> None:
    (line,) = pair("x", value, 32)
    assert line.text == "x" + shown.rjust(31)


# --- the day ----------------------------------------------------------------------------------------------------------


def day(totals: Totals, **changes: Any) -> list[str]:
    period = ClosedPeriod(number=3, since=None, until="2026-11-23T18:01:00.000Z", totals=totals)
    return [line.text for line in lines(end_of_day_slip(period, **({**LAYOUT, "columns": 48} | changes)))]


def row(label: str, value: str) -> str:
    return label + value.rjust(48 - len(label))


def test_each_cashier_has_what_was_sold_and_what_was_given_back() -> None:
    totals = Totals(
        by_outcome={Outcome.APPROVED: Tally(3, 5970)},
        by_operator={"Anna": Tally(3, 5970)},
        refunds=Tally(2, 750),
        refunds_undone=Tally(1, 250),
        refunds_by_operator={"Bára": Tally(2, 750)},
    )
    said = day(totals)
    assert row("Anna (3)", "5.970 kr.") in said
    assert row("Bára (0)", "0 kr.") in said
    assert row(f"  {WORDS.receipt.refunds} (2)", "-750 kr.") in said
    assert row(f"{WORDS.receipt.refunds} (2)", "-750 kr.") in said
    assert row(f"{WORDS.receipt.refunds_undone} (1)", "250 kr.") in said
    assert sum(line.startswith("  ") for line in said) == 1, "Anna has given nothing back"


def test_the_cashiers_heading_is_bold_and_only_there_if_they_are_named() -> None:
    period = ClosedPeriod(
        number=3, since=None, until="2026-11-23T18:01:00.000Z", totals=Totals(by_operator={"Anna": Tally(1, 10)})
    )
    assert looks(end_of_day_slip(period, **LAYOUT), WORDS.receipt.operators) == (True, False)
    assert WORDS.receipt.operators not in day(Totals())


@each_of("what", ["sale", "refund"])
def test_what_staff_have_corrected_stands_with_both_words_when_and_who(what: str) -> None:
    at, by = "2026-11-23T17:00:00.000Z", "anna (user 1001)"
    sale = Corrected(5, "T1-5", 1990, Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, at, by)
    back = CorrectedRefund(6, "T1-6", 500, RefundReason.SETTLED_DONE, RefundReason.SETTLED_NOT_DONE, at, by)
    said = day(Totals(corrected=(sale,)) if what == "sale" else Totals(corrected_refunds=(back,)))
    assert WORDS.receipt.corrected in said
    assert any(by in line for line in said)
    results: Any = WORDS.results if what == "sale" else WORDS.refund.results
    one: Any = sale if what == "sale" else back
    words = " ".join(" ".join(said).split())
    assert f"{results[one.before].what.rstrip('.')} > {results[one.after].what.rstrip('.')}" in words


@each_of("copy", [False, True])
@each_of("paper_low", [False, True])
@each_of("since", [None, "2026-11-22T18:01:00.000Z"])
def test_a_slip_says_that_it_is_a_copy_since_when_and_that_the_roll_will_end(
    since: str | None, paper_low: bool, copy: bool
) -> None:
    period = ClosedPeriod(number=3, since=since, until="2026-11-23T18:01:00.000Z", totals=Totals())
    changes = {**LAYOUT, "columns": 48, "copy": copy, "paper_low": paper_low}
    said = [line.text for line in lines(end_of_day_slip(period, **changes))]
    assert any(line.startswith(WORDS.receipt.printed) and "24.11.2026" in line for line in said) is copy
    assert any(line.startswith(WORDS.receipt.since) and "22.11.2026" in line for line in said) is (since is not None)
    assert (WORDS.troubles[Trouble.PAPER_LOW].what in said) is paper_low
