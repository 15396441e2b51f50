"""Netgíró V2 as a gateway: the only file that knows its verbs, its words for a status and its sentences.

Nothing is signed here: that an answer comes from Netgíró rests on TLS alone, and that a call comes from the shop on the
key in one header. ``status`` names neither amount nor reference, so whatever is more than "pending" is held against the
service's own record: ``details``. There are no result codes. A refusal is an answer with ``Success=false`` and no
status; its sentence may be unknown, but it remains a refusal.
"""

from __future__ import annotations

import hashlib
import hmac
import logging

from msgspec.structs import replace

from terminal.netgiro import wire_v2 as wire
from terminal.netgiro.keyed import KeyedAnswer, KeyedClient
from terminal.netgiro.refunds import read_record, refund_by_v2
from terminal.netgiro.settlements import SettlementApi
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import (
    AuthorizationStatus,
    CallLost,
    CallRefused,
    CaptureMode,
    GatewayError,
    OpenedAuthorization,
    PaymentRecord,
    RecordStatus,
    Refusal,
    StatusReport,
)
from terminal.sale.sensitive import Sensitive

LONGEST_CHECK_INTERVAL_MS = 3_600_000

_STATUSES = {
    "pending": AuthorizationStatus.PENDING,
    "authorized": AuthorizationStatus.RESERVED,
    "confirmed": AuthorizationStatus.PAID,
    "cancelled": AuthorizationStatus.CANCELLED,
    "canceled": AuthorizationStatus.CANCELLED,
}

_SENTENCES = {
    "customer is blacklisted": Refusal.DECLINED_BY_SERVICE,
    "customer not verified": Refusal.CUSTOMER_UNKNOWN,  # also for an identifier that means nobody
    "transaction not found": Refusal.NOT_FOUND,
    "'amount' must be greater than '0'": Refusal.BELOW_MINIMUM,
    "'reference' must not be empty": Refusal.REQUEST_NOT_VALID,
    "'customeridentifier' must not be empty": Refusal.REQUEST_NOT_VALID,
}

log = logging.getLogger(__name__)


class NetgiroV2:
    """The V2 gateway; see :class:`terminal.sale.gateway.Gateway` for what its methods promise."""

    def __init__(
        self, client: KeyedClient, *, callback_base_url: str = "", callback_key: Sensitive | None = None
    ) -> None:
        self._client = client
        self._callback_base_url = callback_base_url
        self._callback_key = callback_key or Sensitive("")

    async def open_authorization(
        self, *, reference: str, amount_kr: int, customer: Customer, capture_mode: CaptureMode
    ) -> OpenedAuthorization:
        """POST /checkout/payment, never sent twice. Raises CallRefused for a kennitala without sending anything."""
        if customer.kind is CustomerKind.KENNITALA:
            raise CallRefused(Refusal.CUSTOMER_UNKNOWN, "payment: V2 knows no kennitala; nothing was sent")
        request: dict[str, object] = {
            "Amount": amount_kr,
            "Reference": reference,
            "CustomerIdentifier": customer.identifier.reveal(),
            "ManualCapture": capture_mode is CaptureMode.MANUAL,
        }
        if capture_mode is CaptureMode.SERVER_CALLBACK:
            base_url, key = self._callback_base_url, self._callback_key
            request["CallbackUrl"] = callback_url(base_url, reference, key, approved=True)
            request["CallbackCancelUrl"] = callback_url(base_url, reference, key, approved=False)
        return _opened(await self._client.post("/checkout/payment", request, may_repeat=False))

    async def query_status(self, authorization_id: str) -> StatusReport:
        answer = await self._client.get(f"/checkout/status/{authorization_id}")
        return await self._with_details(_status_report("status", answer, authorization_id), authorization_id)

    async def submit_code(self, authorization_id: str, code: Sensitive) -> StatusReport:
        """Raises CallRefused: V2 asks for no code."""
        raise CallRefused(Refusal.REQUEST_NOT_VALID, "V2 asks for no code; nothing was sent")

    async def capture(self, authorization_id: str) -> StatusReport:
        """Of the whole amount, always: a part of it would be another sale than the one that the register asked for."""
        return await self._about("capture", authorization_id)

    async def void(self, authorization_id: str) -> StatusReport:
        return await self._about("cancel", authorization_id)

    @property
    def finds(self) -> bool:
        return False

    async def find(self, reference: str) -> StatusReport:
        """Raises CallRefused(NOT_OFFERED)."""
        raise CallRefused(Refusal.NOT_OFFERED, "V2 has no look-up by reference; nothing was sent")

    @property
    def can_refund(self) -> bool:
        return True

    async def refund(
        self, authorization_id: str, *, amount_kr: int, is_whole: bool, idempotency_key: str, description: str = ""
    ) -> None:
        """Where that of a whole payment is refused, the payment is taken back, if it is not paid out yet."""
        try:
            await refund_by_v2(self._client, authorization_id, amount_kr, idempotency_key, description)
        except CallRefused as refused:
            if not is_whole or refused.refusal is not Refusal.DECLINED_BY_SERVICE:
                raise
            if not await self._take_back(authorization_id):
                raise

    async def _take_back(self, authorization_id: str) -> bool:
        """Whether the whole payment is undone by now. A record that says so is proof, also of a cancel before this.

        Once the cancel has left and was not refused, only the record can say that it did nothing: a look that fails, or
        that is older than the cancel, must not turn a payment that was undone into a refund that was refused.
        """
        record = await self.look_up(authorization_id)
        if record.status is RecordStatus.UNCLEAR:
            raise CallLost("details: the record does not say how the payment stands")
        if record.status is not RecordStatus.PAID or record.is_refundable is False or record.settled is not None:
            return record.status is RecordStatus.CANCELLED
        cancelled = await self._about("cancel", authorization_id)
        if not cancelled.is_final:
            raise CallLost("cancel: the record does not bear it out (yet)", cancelled.support_reference)
        return True

    async def look_up(self, authorization_id: str) -> PaymentRecord:
        answer = await self._client.get(f"/transaction/details/{authorization_id}")
        return read_record(answer, authorization_id)

    @property
    def payouts(self) -> SettlementApi:
        return SettlementApi(self._client)

    async def reach(self) -> bool:
        return await self._client.reach()

    async def close(self) -> None:
        await self._client.close()

    async def _about(self, verb: str, authorization_id: str) -> StatusReport:
        request = {"TransactionId": authorization_id}
        answer = await self._client.post(f"/transaction/{verb}", request, may_repeat=False)
        return await self._with_details(_status_report(verb, answer, authorization_id), authorization_id)

    async def _with_details(self, report: StatusReport, authorization_id: str) -> StatusReport:
        """The report, held against the service's own record. Without the record it proves nothing, but is not lost."""
        if report.status not in (AuthorizationStatus.RESERVED, AuthorizationStatus.PAID, AuthorizationStatus.CANCELLED):
            return report
        try:
            record = await self.look_up(authorization_id)
        except GatewayError as error:
            log.warning("details: %s", error)
            return report
        return replace(
            report,
            amount_kr=record.amount_kr,
            authorization_id=record.authorization_id,
            confirmed=(report.status, record.status) == (AuthorizationStatus.PAID, RecordStatus.PAID),
            is_final=(report.status, record.status) == (AuthorizationStatus.CANCELLED, RecordStatus.CANCELLED),
            invoice_number=record.invoice_number,
        )


def callback_url(base_url: str, reference: str, key: Sensitive, *, approved: bool) -> str:
    """The URL that Netgíró is told to call for this sale. Its last part is all that tells Netgíró from a stranger."""
    kind = "confirmed" if approved else "cancelled"
    return f"{base_url.rstrip('/')}/netgiro/callback/{kind}/{reference}/{callback_token(reference, key)}"


def callback_token(reference: str, key: Sensitive) -> str:
    """Nobody can guess it without the key; the same after a restart."""
    return hmac.new(key.reveal().encode(), f"callback {reference}".encode(), hashlib.sha256).hexdigest()[:32]


def _opened(keyed: KeyedAnswer) -> OpenedAuthorization:
    answer = _parsed("payment", keyed)
    status = _STATUSES.get((answer.status or "").lower())
    is_open = answer.success is not False and status not in (None, AuthorizationStatus.CANCELLED)
    if is_open and keyed.http_status < 400 and wire.is_transaction_id(answer.transaction_id):
        interval_ms = answer.poll_interval_ms
        return OpenedAuthorization(
            authorization_id=answer.transaction_id or "",
            poll_interval_s=min(interval_ms, LONGEST_CHECK_INTERVAL_MS) / 1000 if interval_ms else None,
            support_reference=keyed.support_reference,
        )
    if answer.success is False and answer.status is None:
        refusal = _refusal(answer)
        raise CallRefused(refusal, _detail("payment refused", keyed, answer), keyed.support_reference)
    raise CallLost(_detail("payment: unclear answer", keyed, answer), keyed.support_reference)


def _status_report(name: str, keyed: KeyedAnswer, authorization_id: str) -> StatusReport:
    """What an answer to status, capture or cancel tells about this transaction, before the record is asked."""
    answer = _parsed(name, keyed)
    if answer.transaction_id is not None and answer.transaction_id.lower() != authorization_id.lower():
        raise CallLost(f"{name}: the answer is about another transaction", keyed.support_reference)
    if answer.status is None and answer.success is False:
        refusal = _refusal(answer)
        if name != "status":
            raise CallRefused(refusal, _detail(f"{name} refused", keyed, answer), keyed.support_reference)
        return StatusReport(
            status=AuthorizationStatus.REFUSED, refusal=refusal, support_reference=keyed.support_reference
        )
    status = _STATUSES.get((answer.status or "").lower(), AuthorizationStatus.UNCLEAR)
    if keyed.http_status >= 400 and status is not AuthorizationStatus.PAID:
        status = AuthorizationStatus.UNCLEAR
    return StatusReport(status=status, support_reference=keyed.support_reference)


def _parsed(name: str, keyed: KeyedAnswer) -> wire.Answer:
    try:
        return wire.parse_answer(keyed.content)
    except ValueError as error:
        raise CallLost(f"{name}: HTTP {keyed.http_status}, {error}", keyed.support_reference) from error


def _refusal(answer: wire.Answer) -> Refusal:
    return _SENTENCES.get((answer.message or "").strip().rstrip(".").lower(), Refusal.DECLINED_BY_SERVICE)


def _detail(what: str, keyed: KeyedAnswer, answer: wire.Answer) -> str:
    """For the log. A sentence that is not known is left out: it may repeat what the customer typed."""
    sentence = (answer.message or "").strip()
    known = sentence if sentence.rstrip(".").lower() in _SENTENCES else "a sentence that is not known here"
    return f"{what}: HTTP {keyed.http_status}, {known}"
