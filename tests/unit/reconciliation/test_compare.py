"""One payment of the journal against one record of the service: what agrees, what differs, what to do."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.reconciliation.compare import compare
from terminal.reconciliation.findings import Answer, Ending, Finding, NoRecord, Unanswered
from terminal.reconciliation.gathering import Payment, concerns
from terminal.sale.gateway import PaymentRecord, RecordStatus
from terminal.sale.refund import Refund, RefundReason, RefundState
from terminal.sale.sale import Reason, Sale, State
from tests.each import each_of
from tests.sales import refund_of

NAME = "aaaaaaaa-0000-4000-8000-000000000000"


def sale(reason: Reason | None = Reason.PAID, **more: Any) -> Sale:
    fields: dict[str, Any] = {
        "number": 7,
        "reference": "T1-7",
        "register_id": "42",
        "amount_kr": 1990,
        "created": "2026-11-23T15:00:00.000Z",
        "state": State.CLOSED,
        "authorization_id": NAME,
    }
    return Sale(**(fields | more), reason=reason)


def refund(amount_kr: int = 1990, reason: RefundReason | None = RefundReason.DONE) -> Refund:
    state = RefundState.CLOSED if reason else RefundState.TRANSFER
    return refund_of(sale(), 8, amount_kr, authorization_id=NAME, state=state, reason=reason)


def record(status: RecordStatus = RecordStatus.PAID, **more: Any) -> PaymentRecord:
    fields: dict[str, Any] = {"amount_kr": 1990, "is_refundable": status is RecordStatus.PAID} | more
    return PaymentRecord(authorization_id=NAME, status=status, **fields)


def found(answer: Answer, of: Sale | None = None, *refunds: Refund) -> list[Finding]:
    return list(compare(Payment(of or sale(), refunds), answer))


def endings(answer: Answer, of: Sale | None = None, *refunds: Refund) -> list[Ending]:
    return [finding.ending for finding in found(answer, of, *refunds)]


PAID, CANCELLED = RecordStatus.PAID, RecordStatus.CANCELLED
LEFT, NOTHING_LEFT = record(), record(is_refundable=False)

AGREE = {
    "paid": (LEFT, sale(), ()),
    "paid out": (record(settled="2026-11-24"), sale(), ()),
    "settled as paid": (LEFT, sale(Reason.SETTLED_PAID), ()),
    "wholly refunded": (NOTHING_LEFT, sale(), (refund(),)),
    "wholly refunded by taking it back": (record(CANCELLED), sale(), (refund(),)),
    "refunded in parts": (LEFT, sale(), (refund(500),)),
    "a record of what is left": (record(amount_kr=1490), sale(), (refund(500),)),
    "a refused refund": (LEFT, sale(), (refund(reason=RefundReason.REFUSED),)),
    "declined, cancelled there": (record(CANCELLED), sale(Reason.CUSTOMER_DECLINED), ()),
    "declined, not known there": (NoRecord(), sale(Reason.CUSTOMER_DECLINED), ()),
    "cancelled, still reserved": (record(RecordStatus.RESERVED), sale(Reason.TIMED_OUT), ()),
    "refund due, held there": (LEFT, sale(Reason.REFUND_DUE), ()),
    "given back": (NOTHING_LEFT, sale(Reason.REFUNDED), (refund(),)),
}


@each_of("name", AGREE)
def test_two_books_that_say_the_same_agree(name: str) -> None:
    answer, of, refunds = AGREE[name]
    assert set(endings(answer, of, *refunds)) == {Ending.AGREES}


DIFFER = {
    "not known there": (NoRecord(), sale(), (), "knows no such payment"),
    "taken back in the portal": (record(CANCELLED), sale(), (), "taken the payment back"),
    "refunded in the portal": (NOTHING_LEFT, sale(), (), "nothing of it can be refunded"),
    "partly refunded in the portal": (record(amount_kr=1000), sale(), (), "990 kr. less"),
    "the rest refunded in the portal": (NOTHING_LEFT, sale(), (refund(500),), "1.490 kr. left"),
    "never paid there": (record(RecordStatus.UNPAID), sale(), (), "at Netgíró unpaid"),
    "only reserved there": (record(RecordStatus.RESERVED), sale(), (), "at Netgíró reserved"),
    "another amount": (record(amount_kr=19900), sale(), (), "19.900 kr."),
    "no whole amount": (record(amount_kr=-1), sale(), (), "no whole kronur"),
    "declined, paid there": (LEFT, sale(Reason.CUSTOMER_DECLINED), (), "holds the payment"),
    "failed, paid there and gone": (NOTHING_LEFT, sale(Reason.NO_ANSWER), (), "nothing left to refund"),
    "given back, held there": (LEFT, sale(Reason.REFUNDED), (), "still holds"),
    "refund due, given back there": (record(CANCELLED), sale(Reason.REFUND_DUE), (), "has given it back"),
    "unknown, paid there": (LEFT, sale(Reason.NOT_TRACEABLE), (), "at Netgíró paid"),
}


MISREAD = {"reason": Reason.SETTLED_PAID, "settled_from": Reason.NOT_TRACEABLE}
CORRECT = "if it was never paid: netgiro-terminal settle --correct 7 unpaid"
REFUSED = refund(reason=RefundReason.REFUSED)


@each_of(
    ("answer", "of", "refunds", "is_advised"),
    [
        (record(CANCELLED), sale(**MISREAD), (), True),
        (record(RecordStatus.UNPAID), sale(**MISREAD), (REFUSED,), True),
        (record(CANCELLED), sale(**MISREAD | {"settled_from": Reason.PROVED_UNPAID}), (), True),
        (record(CANCELLED), sale(), (), False),
        (record(CANCELLED), sale(**MISREAD | {"settled_from": Reason.REFUND_DUE}), (), False),
        (record(CANCELLED), sale(**MISREAD), (refund(500),), False),
        (LEFT, sale(**MISREAD), (), False),
    ],
)
def test_what_staff_have_misread_is_to_be_corrected_and_not_booked_as_refunded(
    answer: Answer, of: Sale, refunds: tuple[Refund, ...], is_advised: bool
) -> None:
    advice = found(answer, of, *refunds)[0].advice
    assert (CORRECT in advice) is is_advised
    assert not (is_advised and "refunded" in advice)


@each_of("name", DIFFER)
def test_a_difference_says_what_it_is_and_what_to_do(name: str) -> None:
    answer, of, refunds, words = DIFFER[name]
    finding = found(answer, of, *refunds)[0]
    assert finding.ending is Ending.DIFFERS
    assert words in finding.what
    assert finding.advice


@pytest.mark.parametrize(("answer", "word"), [(LEFT, "paid"), (record(CANCELLED), "unpaid"), (NoRecord(), "unpaid")])
def test_an_unknown_sale_is_told_how_to_be_settled(answer: Answer, word: str) -> None:
    assert found(answer, sale(Reason.NOT_TRACEABLE))[0].advice == f"netgiro-terminal settle 7 {word}"


def test_what_could_not_be_asked_is_no_difference() -> None:
    assert endings(Unanswered("no connection"), sale(), refund(500)) == [Ending.NOT_ASKED, Ending.NOT_ASKED]
    assert endings(record(RecordStatus.UNCLEAR)) == [Ending.NOT_ASKED]


def test_a_refund_that_the_service_does_not_have_differs() -> None:
    assert endings(LEFT, sale(), refund())[1] is Ending.DIFFERS


def test_a_refund_that_is_not_over_differs_until_it_is() -> None:
    assert endings(LEFT, sale(), refund(reason=None)) == [Ending.AGREES, Ending.DIFFERS]
    assert endings(LEFT, sale(), refund(reason=RefundReason.NOT_TRACEABLE))[1] is Ending.DIFFERS


def test_a_part_says_that_the_record_does_not_show_it() -> None:
    assert "does not show it" in found(LEFT, sale(), refund(500))[1].what


def test_only_what_the_service_can_know_of_is_asked_about() -> None:
    assert concerns(sale())
    assert concerns(sale(Reason.CUSTOMER_DECLINED))
    assert concerns(sale(Reason.NOT_TRACEABLE, authorization_id=None))
    assert not concerns(sale(Reason.NO_CONNECTION, authorization_id=None))
    assert not concerns(sale(None, state=State.CUSTOMER))


def test_another_word_of_the_journal_makes_another_mark() -> None:
    assert Payment(sale()).mark == Payment(sale()).mark
    assert Payment(sale()).mark != Payment(sale(), (refund(500),)).mark
