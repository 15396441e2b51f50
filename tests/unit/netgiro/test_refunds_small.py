"""Answers to refunds and look-ups, each alone: only the service's own yes is a yes, only its own no is a no."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from terminal.netgiro.keyed import KeyedAnswer
from terminal.netgiro.refunds import PartnerApi, is_not_found, read_record, refund_by_v2
from terminal.sale.gateway import CallLost, CallRefused, RecordStatus, Refusal
from tests.each import each_of
from tests.sales import GUID

OK, LOST = "ok", "lost"
REFUSED, NOT_FOUND = Refusal.DECLINED_BY_SERVICE, Refusal.NOT_FOUND
YES, NO, UNSAID = {"success": True}, {"success": False}, {"message": "Refunded"}
NOT_THERE = {"success": False, "message": "Transaction not found."}
PAGE = b" <html>"


class Client:
    """Answers every call like this, and keeps what it was asked."""

    def __init__(self, body: Any, http_status: int = 200) -> None:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.answer = KeyedAnswer(content, http_status, "ref-1")
        self.posts: list[tuple[str, dict[str, Any], bool]] = []

    async def post(self, path: str, request: dict[str, Any], *, may_repeat: bool) -> KeyedAnswer:
        self.posts.append((path, request, may_repeat))
        return self.answer


def said(call: Callable[[], Any]) -> object:
    """With the reference by which the service's own people find it."""
    try:
        call()
    except (CallRefused, CallLost) as error:
        word = error.refusal if isinstance(error, CallRefused) else LOST
        return word if error.support_reference == "ref-1" else "no reference"
    return OK


def by_v2(client: Any, description: str = "") -> None:
    asyncio.run(refund_by_v2(client, GUID, 500, "key", description))


def by_partner(client: Any, description: str = "") -> None:
    asyncio.run(PartnerApi(client).refund(GUID, 500, "key", description))


@each_of(
    ("body", "http_status", "v2", "partner"),
    [
        (YES, 200, OK, OK),
        (YES, 399, OK, LOST),
        (YES, 400, LOST, LOST),
        (YES, 401, LOST, LOST),
        (NO, 200, REFUSED, LOST),
        (NO, 400, REFUSED, REFUSED),
        (UNSAID, 200, LOST, OK),
        (UNSAID, 399, LOST, LOST),
        (UNSAID, 400, REFUSED, REFUSED),
        (NOT_THERE, 404, NOT_FOUND, NOT_FOUND),
        (b"", 200, LOST, OK),
        (PAGE, 200, LOST, LOST),
        (b"{", 400, LOST, LOST),
    ],
)
def test_a_refund_is_done_refused_or_not_known(body: Any, http_status: int, v2: object, partner: object) -> None:
    assert said(lambda: by_v2(Client(body, http_status))) == v2
    assert said(lambda: by_partner(Client(body, http_status))) == partner


@each_of(("description", "reason"), [("", None), ("broken", "broken"), ("x" * 101, "x" * 100)])
def test_a_refund_says_why_if_anybody_said_it(description: str, reason: str | None) -> None:
    client = Client(YES)
    by_v2(client, description)
    by_partner(client, description)
    v2, partner = client.posts
    wanted = {"TransactionId": GUID, "RefundAmount": 500, "IdempotencyKey": "key"}
    assert v2 == ("/transaction/refund", wanted | ({"Description": reason} if reason else {}), False)
    wanted = {"transactionId": GUID, "refundAmount": 500, "idempotencyKey": "key"}
    assert partner == ("/refund", wanted | ({"reason": reason} if reason else {}), False)


@each_of(
    ("body", "http_status", "outcome"),
    [
        ({"status": "Paid", "transactionId": GUID}, 200, OK),
        ({"status": "Paid", "transactionId": GUID.upper()}, 399, OK),
        ({"status": "Paid", "transactionId": GUID}, 400, LOST),
        ({"status": "Paid", "transactionId": GUID, "success": False}, 200, LOST),
        ({"transactionId": GUID}, 200, LOST),
        ({"status": "Paid"}, 200, LOST),
        (NOT_THERE, 200, NOT_FOUND),
        (NOT_THERE, 404, NOT_FOUND),
        ({**NOT_THERE, "success": True}, 404, LOST),
        ({"success": False, "message": "Later"}, 404, LOST),
        (PAGE, 200, LOST),
    ],
)
def test_a_record_is_read_not_there_or_not_known(body: Any, http_status: int, outcome: object) -> None:
    assert said(lambda: read_record(Client(body, http_status).answer, GUID)) == outcome


@each_of(
    ("word", "status"),
    [
        ("Paid", RecordStatus.PAID),
        ("Unpaid", RecordStatus.UNPAID),
        ("New", RecordStatus.UNPAID),
        ("Canceled", RecordStatus.CANCELLED),
        ("Cancelled", RecordStatus.CANCELLED),
        ("Reservation", RecordStatus.RESERVED),
        ("Other", RecordStatus.UNCLEAR),
    ],
)
def test_each_word_for_how_a_record_stands(word: str, status: RecordStatus) -> None:
    body = {"status": word, "transactionId": GUID, "settlementDate": "", "invoiceNumber": 1001}
    record = read_record(Client(body).answer, GUID.upper())
    told = (record.authorization_id, record.status, record.settled, record.created, record.invoice_number)
    assert told == (GUID, status, None, None, "1001")


@each_of(
    ("message", "is_meant"),
    [("Transaction not found", True), (" transaction NOT found. ", True), ("Not found", False), (None, False)],
)
def test_only_one_sentence_says_that_a_payment_is_not_there(message: str | None, is_meant: bool) -> None:
    assert is_not_found(message) is is_meant
