"""Money on its way back, frame by frame: what a ZVT register is told of it, and what its answers change."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.counter.register_words import (
    CancelRequest,
    RefundResult,
    ResultDelivered,
    ResultRefusal,
    ReversalRequest,
    SaleAccepted,
)
from terminal.sale.refund import RefundReason
from terminal.simulation.registers.zvt_frames import ABORT, GOOD, NOT_EXPECTED, WAIT, reversal, status_fields
from tests.each import each_of
from tests.sales import new_refund
from tests.unit.register.zvt.zvt_bench import NAME, Bench

RECEIPT = b"\0\x07"


def told(reason: RefundReason | None = RefundReason.DONE) -> RefundResult:
    refund = new_refund(reference=NAME, amount_kr=1990, register_id=NAME, reason=reason)
    return RefundResult(register_id=NAME, refund=refund)


def returning(**options: Any) -> Bench:
    """A reversal is accepted and waits for the service."""
    bench = Bench(**options).send(reversal(RECEIPT))
    (question,) = bench.questions
    assert question == ReversalRequest(7)
    return bench.say(SaleAccepted(NAME), question)


def test_money_that_is_back_is_told_with_both_receipts_numbers() -> None:
    bench = returning().say(told())
    status, end = bench.register.heard[-2:]
    fields = status_fields(status)
    assert (fields[0x27], fields[0x37], fields[0x87]) == (b"\0", b"\0\0\x07", b"\0\x08")
    assert fields[0x04].hex() == "000000001990"
    assert end.hex() == "060f00"
    assert bench.requests[-1] == ResultDelivered(NAME)


@each_of(
    ("reason", "code"),
    [
        (None, 0xFF),
        (RefundReason.NOT_TRACEABLE, 0xFF),
        (RefundReason.NO_CONNECTION, 0xA3),
        (RefundReason.REFUSED, 0x05),
        (RefundReason.NOT_FOUND, 0xB5),
    ],
)
def test_what_is_not_back_ends_with_why(reason: RefundReason | None, code: int) -> None:
    bench = returning().say(told(reason))
    assert bench.register.results == [code]
    assert bench.register.heard[-1] == bytes([0x06, 0x1E, 1, code])


def test_nothing_calls_a_refund_off() -> None:
    bench = returning().send(ABORT)
    assert not any(isinstance(request, CancelRequest) for request in bench.requests)
    assert bench.say(told()).register.results == [0]


@pytest.mark.parametrize("refusal", [NOT_EXPECTED, None], ids=["no", "silence"])
def test_register_that_does_not_take_the_result_hears_no_other(refusal: bytes | None) -> None:
    """The money is back all the same: nothing says that it is not."""
    bench = returning(manners=lambda apdu: refusal if apdu[:2] == b"\x04\x0f" else GOOD).say(told()).wait(60)
    assert bench.register.results == [0]
    assert bench.register.heard[-1].hex() == "060f00"
    assert bench.requests[-1] == ResultRefusal(NAME)


def test_register_that_asks_to_wait_is_told_again() -> None:
    answers = [GOOD, WAIT]
    bench = returning(manners=lambda apdu: answers.pop() if apdu[:2] == b"\x04\x0f" else GOOD).say(told()).wait(5)
    assert bench.register.results == [0, 0]
    assert bench.requests[-1] == ResultDelivered(NAME)
