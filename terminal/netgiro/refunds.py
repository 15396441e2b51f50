"""Money on its way back: Netgíró's partner API, which refunds what V1 has paid, and V2's own refund.

Both carry out one refund under one idempotency key, so a call whose answer was lost is repeated under the same key, and
only with it. The partner API knows the shop by the secret key itself, in a header: it leaves for the configured host
alone, over TLS whose certificate was checked, and no redirect is followed.
"""

from __future__ import annotations

import logging

from terminal.netgiro import wire_v2 as wire
from terminal.netgiro.keyed import KeyedAnswer, KeyedClient
from terminal.sale.gateway import CallLost, CallRefused, PaymentRecord, RecordStatus, Refusal
from terminal.system.shown import printable

LONGEST_REASON = 100

_RECORD_STATUSES = {
    "paid": RecordStatus.PAID,
    "unpaid": RecordStatus.UNPAID,
    "new": RecordStatus.UNPAID,
    "canceled": RecordStatus.CANCELLED,
    "cancelled": RecordStatus.CANCELLED,
    "reservation": RecordStatus.RESERVED,
}

log = logging.getLogger(__name__)


class PartnerApi:
    """The calls that stand beside V1."""

    def __init__(self, client: KeyedClient) -> None:
        self._client = client

    async def refund(self, authorization_id: str, amount_kr: int, idempotency_key: str, description: str) -> None:
        """Raises CallRefused or CallLost."""
        request: dict[str, object] = {
            "transactionId": authorization_id,
            "refundAmount": amount_kr,
            "idempotencyKey": idempotency_key,
        }
        if description:
            request["reason"] = description[:LONGEST_REASON]
        answer = await self._client.post("/refund", request, may_repeat=False)
        if answer.http_status == 200:  # the body is not needed; but one that says no contradicts it
            if _says_no(answer):
                raise CallLost("refund: HTTP 200, and the answer says no", answer.support_reference)
            if is_page(answer):  # asking again under the same key returns nothing twice
                raise CallLost("refund: HTTP 200, and a page instead of an answer", answer.support_reference)
            return
        _refuse(answer)

    async def look_up(self, authorization_id: str) -> PaymentRecord:
        """Raises CallRefused or CallLost."""
        return read_record(await self._client.get(f"/transaction/{authorization_id}"), authorization_id)

    async def close(self) -> None:
        await self._client.close()


async def refund_by_v2(
    client: KeyedClient, authorization_id: str, amount_kr: int, idempotency_key: str, description: str
) -> None:
    """Raises CallRefused or CallLost."""
    request: dict[str, object] = {
        "TransactionId": authorization_id,
        "RefundAmount": amount_kr,
        "IdempotencyKey": idempotency_key,
    }
    if description:
        request["Description"] = description[:LONGEST_REASON]
    answer = await client.post("/transaction/refund", request, may_repeat=False)
    if answer.http_status < 400 and _parsed(answer).success is True:
        return
    _refuse(answer)


def read_record(answer: KeyedAnswer, authorization_id: str) -> PaymentRecord:
    """The record of this transaction. Raises CallRefused(NOT_FOUND) or CallLost."""
    try:
        details = wire.parse_details(answer.content)
    except ValueError as error:
        raise CallLost(f"details: HTTP {answer.http_status}, {error}", answer.support_reference) from error
    if details.success is False and is_not_found(details.message):
        raise CallRefused(Refusal.NOT_FOUND, "details: no such transaction", answer.support_reference)
    if answer.http_status >= 400 or details.success is False or not details.status:
        raise CallLost(f"details: HTTP {answer.http_status}, no record", answer.support_reference)
    if (details.transaction_id or "").lower() != authorization_id.lower():
        raise CallLost("details: the record is of another transaction", answer.support_reference)
    return PaymentRecord(
        authorization_id=authorization_id.lower(),
        status=_RECORD_STATUSES.get(details.status.lower(), RecordStatus.UNCLEAR),
        amount_kr=kronur(details),
        is_refundable=details.is_refundable,
        settled=printable(details.settlement_date or "", wire.LONGEST_TIME) or None,
        invoice_number=None if details.invoice_number is None else printable(str(details.invoice_number), 40),
        created=printable(details.created or "", wire.LONGEST_TIME) or None,
    )


def kronur(details: wire.Details) -> int | None:
    """A fraction of a krona, or a number beyond all sense, is no amount of ours: it agrees with none."""
    if details.total_amount is None:
        return None
    amount_kr = wire.whole_kronur(details.total_amount)
    return -1 if amount_kr is None else amount_kr


def is_not_found(message: str | None) -> bool:
    return (message or "").strip().rstrip(".").lower() == "transaction not found"


def _parsed(answer: KeyedAnswer) -> wire.Answer:
    try:
        return wire.parse_answer(answer.content)
    except ValueError as error:
        raise CallLost(f"refund: HTTP {answer.http_status}, {error}", answer.support_reference) from error


def _says_no(answer: KeyedAnswer) -> bool:
    try:
        return wire.parse_answer(answer.content).success is False
    except ValueError:
        return False


def is_page(answer: KeyedAnswer) -> bool:
    """Something in front of the service has answered in its place."""
    return answer.content.lstrip()[:1] == b"<"


def _refuse(answer: KeyedAnswer) -> None:
    """Only what says no in so many words is a refusal."""
    parsed = _parsed(answer)
    if parsed.success is True or (answer.http_status < 400 and parsed.success is None):
        raise CallLost(f"refund: HTTP {answer.http_status}, unclear answer", answer.support_reference)
    refusal = Refusal.NOT_FOUND if is_not_found(parsed.message) else Refusal.DECLINED_BY_SERVICE
    raise CallRefused(refusal, f"refund refused: HTTP {answer.http_status}", answer.support_reference)
