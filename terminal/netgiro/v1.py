"""Netgíró V1, "Offline Checkout (POS)", as a gateway: the only file that knows its verbs and result codes.

What an answer means is decided by its ResultCode and PaymentInfo, never by ``Success``: CancelCart says
``Success=false`` for a cart that is paid, and ConfirmCart says ``Success=true`` for a payment that failed.
"""

from __future__ import annotations

import re
from enum import IntEnum
from urllib.parse import quote

from terminal.netgiro.client import SignedAnswer, SignedClient
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.wire import PaymentInfo
from terminal.sale.customer import Customer
from terminal.sale.gateway import (
    AuthorizationStatus,
    CallLost,
    CallRefused,
    CaptureMode,
    OpenedAuthorization,
    PaymentRecord,
    Refusal,
    StatusReport,
)
from terminal.sale.sensitive import Sensitive
from terminal.system.shown import printable

CONFIRMATION_TYPES = {CaptureMode.AUTOMATIC: 0, CaptureMode.SERVER_CALLBACK: 1, CaptureMode.MANUAL: 2}

PAYMENT_CONFIRMED, PAYMENT_CANCELLED = 2, 5
"""PaymentInfo.StatusId; 1 is unconfirmed."""

LONGEST_CHECK_INTERVAL_MS = 3_600_000

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class ResultCode(IntEnum):
    """Netgíró docs, "Result codes"."""

    OK = 200
    BAD_REQUEST = 400
    PAYMENT_COMPLETED = 10200
    PAYMENT_CANCELLED = 10201
    ALREADY_CANCELLED = 10202
    ALREADY_CONFIRMED = 10203
    DECLINED = 10302
    CART_NOT_VALID = 10304
    BELOW_MINIMUM_AMOUNT = 10305
    CUSTOMER_DOES_NOT_EXIST = 10306
    CUSTOMER_DECLINED_10307 = 10307
    CUSTOMER_DECLINED_10422 = 10422
    CUSTOMER_DECLINED_10423 = 10423
    CART_NOT_FOUND = 10424
    PENDING_CUSTOMER = 10425
    RESERVATION_WAITING_FOR_PROVIDER = 10426
    CONFIRMATION_TYPE_NOT_VALID = 10427
    ADDITIONAL_CONFIRMATION_NEEDED = 10428
    RESERVATION_WAITING_FOR_CALLBACK = 10429


_STATUSES: dict[int, AuthorizationStatus] = {
    ResultCode.PAYMENT_COMPLETED: AuthorizationStatus.PAID,
    ResultCode.ALREADY_CONFIRMED: AuthorizationStatus.PAID,
    ResultCode.PAYMENT_CANCELLED: AuthorizationStatus.CANCELLED,
    ResultCode.ALREADY_CANCELLED: AuthorizationStatus.CANCELLED,
    ResultCode.DECLINED: AuthorizationStatus.DECLINED,
    ResultCode.CUSTOMER_DECLINED_10307: AuthorizationStatus.DECLINED,
    ResultCode.CUSTOMER_DECLINED_10422: AuthorizationStatus.DECLINED,
    ResultCode.CUSTOMER_DECLINED_10423: AuthorizationStatus.DECLINED,
    ResultCode.PENDING_CUSTOMER: AuthorizationStatus.PENDING,
    ResultCode.RESERVATION_WAITING_FOR_PROVIDER: AuthorizationStatus.RESERVED,
    ResultCode.ADDITIONAL_CONFIRMATION_NEEDED: AuthorizationStatus.CODE_REQUIRED,
    ResultCode.RESERVATION_WAITING_FOR_CALLBACK: AuthorizationStatus.AWAITING_CALLBACK,
}

_REFUSALS: dict[int, Refusal] = {
    ResultCode.BAD_REQUEST: Refusal.REQUEST_NOT_VALID,
    ResultCode.CART_NOT_VALID: Refusal.REQUEST_NOT_VALID,
    ResultCode.CONFIRMATION_TYPE_NOT_VALID: Refusal.REQUEST_NOT_VALID,
    ResultCode.BELOW_MINIMUM_AMOUNT: Refusal.BELOW_MINIMUM,
    ResultCode.CUSTOMER_DOES_NOT_EXIST: Refusal.CUSTOMER_UNKNOWN,
    ResultCode.CART_NOT_FOUND: Refusal.NOT_FOUND,
    ResultCode.DECLINED: Refusal.CUSTOMER_DECLINED,
    ResultCode.CUSTOMER_DECLINED_10307: Refusal.CUSTOMER_DECLINED,
    ResultCode.CUSTOMER_DECLINED_10422: Refusal.CUSTOMER_DECLINED,
    ResultCode.CUSTOMER_DECLINED_10423: Refusal.CUSTOMER_DECLINED,
}

_OPENED: set[int | None] = {ResultCode.OK, ResultCode.PAYMENT_COMPLETED} | {
    code
    for code, status in _STATUSES.items()
    if status not in (AuthorizationStatus.CANCELLED, AuthorizationStatus.DECLINED)
}
"""Answers to InsertCart after which there is a cart; how it stands is then asked for."""


class NetgiroV1:
    """The V1 gateway; see :class:`terminal.sale.gateway.Gateway` for what its methods promise."""

    def __init__(self, client: SignedClient, *, callback_base_url: str = "", partner: PartnerApi | None = None) -> None:
        """Without the partner API nothing can be refunded or looked up."""
        self._client = client
        self._partner = partner
        self._callback_base_url = callback_base_url
        self._finds: bool | None = None

    async def open_authorization(
        self, *, reference: str, amount_kr: int, customer: Customer, capture_mode: CaptureMode
    ) -> OpenedAuthorization:
        """InsertCart ("Offline Checkout (POS)"). Never sent twice: a second cart could become a second payment."""
        request: dict[str, object] = {
            "Amount": amount_kr,
            "Reference": reference,
            "CustomerId": customer.identifier.reveal(),
            "ConfirmationType": CONFIRMATION_TYPES[capture_mode],
        }
        if capture_mode is CaptureMode.SERVER_CALLBACK:
            request["CallbackUrl"] = callback_url(self._callback_base_url, reference, approved=True)
            request["CallbackCancelUrl"] = callback_url(self._callback_base_url, reference, approved=False)
        return _opened(await self._client.post("/Checkout/InsertCart", request, may_repeat=False))

    async def query_status(self, authorization_id: str) -> StatusReport:
        return await self._about("CheckCart", authorization_id)

    async def submit_code(self, authorization_id: str, code: Sensitive) -> StatusReport:
        return await self._about("ConfirmCart", authorization_id, may_repeat=False, Identifier=code.reveal())

    async def capture(self, authorization_id: str) -> StatusReport:
        return await self._about("ConfirmCart", authorization_id, may_repeat=False)

    async def void(self, authorization_id: str) -> StatusReport:
        return await self._about("CancelCart", authorization_id)

    @property
    def finds(self) -> bool | None:
        return self._finds

    async def find(self, reference: str) -> StatusReport:
        """GET /Payment/Get. Netgíró's published .NET client has this call, its documentation of today has not.

        Raises CallRefused(NOT_OFFERED) without sending anything once Netgíró has said so.
        """
        if self._finds is False:
            raise CallRefused(Refusal.NOT_OFFERED, "Payment/Get is not offered; nothing was sent")
        try:
            signed = await self._client.get(f"/Payment/Get?referenceNumberId={quote(reference, safe='')}")
            report = _found(signed)
        except CallRefused as refused:
            if refused.refusal in (Refusal.NOT_OFFERED, Refusal.NOT_FOUND):
                self._finds = refused.refusal is Refusal.NOT_FOUND
            raise
        self._finds = True
        return report

    @property
    def can_refund(self) -> bool:
        return self._partner is not None

    async def refund(
        self, authorization_id: str, *, amount_kr: int, is_whole: bool, idempotency_key: str, description: str = ""
    ) -> None:
        await self._beside().refund(authorization_id, amount_kr, idempotency_key, description)

    async def look_up(self, authorization_id: str) -> PaymentRecord:
        return await self._beside().look_up(authorization_id)

    def _beside(self) -> PartnerApi:
        if self._partner is None:
            raise CallRefused(Refusal.REQUEST_NOT_VALID, "netgiro.partner_url is not known; nothing was sent")
        return self._partner

    @property
    def payouts(self) -> None:
        """V1's documentation knows no call for them."""

    async def reach(self) -> bool:
        return await self._client.reach()

    async def close(self) -> None:
        await self._client.close()
        if self._partner is not None:
            await self._partner.close()

    async def _about(self, verb: str, authorization_id: str, *, may_repeat: bool = True, **more: str) -> StatusReport:
        request = {"TransactionId": authorization_id, **more}
        answer = await self._client.post(f"/Checkout/{verb}", request, may_repeat=may_repeat)
        return status_report(answer, authorization_id)


def callback_url(base_url: str, reference: str, *, approved: bool) -> str:
    """The URL that Netgíró is told to call for this sale; its callback's signature is checked over this very text."""
    return f"{base_url.rstrip('/')}/netgiro/callback/{'confirmed' if approved else 'cancelled'}/{reference}"


def _opened(signed: SignedAnswer) -> OpenedAuthorization:
    answer = signed.answer
    _raise_if_http_refused(signed)
    if answer.result_code in _OPENED and _is_guid(answer.transaction_id):
        interval_ms = answer.check_interval_ms
        return OpenedAuthorization(
            authorization_id=answer.transaction_id or "",
            poll_interval_s=min(interval_ms, LONGEST_CHECK_INTERVAL_MS) / 1000 if interval_ms else None,
            support_reference=signed.support_reference,
        )
    refusal = _REFUSALS.get(answer.result_code or 0)
    if refusal is None:
        raise CallLost(f"InsertCart: unclear answer, ResultCode {answer.result_code}", signed.support_reference)
    raise CallRefused(refusal, _detail("InsertCart", signed), signed.support_reference)


def status_report(signed: SignedAnswer, authorization_id: str) -> StatusReport:
    """What an answer to CheckCart, ConfirmCart or CancelCart says about this cart.

    Raises CallRefused or CallLost if HTTP refuses the call, and CallLost if the answer is about another cart.
    """
    answer, payment = signed.answer, signed.answer.payment_info or PaymentInfo()
    _raise_if_http_refused(signed)
    if payment.transaction_id is not None and payment.transaction_id.lower() != authorization_id.lower():
        raise CallLost("the answer is about another cart", signed.support_reference)
    code = answer.result_code or 0
    status = _STATUSES.get(code)
    refusal = None
    if status is None:
        refusal = _REFUSALS.get(code)
        status = AuthorizationStatus.REFUSED if refusal else AuthorizationStatus.UNCLEAR
    if not signed.is_vouched_for and status in (AuthorizationStatus.RESERVED, AuthorizationStatus.AWAITING_CALLBACK):
        status = AuthorizationStatus.UNCLEAR
    is_contradicted = status is not AuthorizationStatus.PAID and _claims_payment(signed)
    if is_contradicted:
        status, refusal = AuthorizationStatus.PAID, None
    return StatusReport(
        status=status,
        refusal=refusal,
        amount_kr=_kronur(payment, signed),
        reference=payment.reference_number,
        confirmed=payment.status_id == PAYMENT_CONFIRMED and signed.is_vouched_for and not is_contradicted,
        is_final=status is AuthorizationStatus.CANCELLED and payment.status_id == PAYMENT_CANCELLED,
        invoice_number=None if payment.invoice_number is None else printable(str(payment.invoice_number), 40),
        support_reference=signed.support_reference,
    )


def _found(signed: SignedAnswer) -> StatusReport:
    """What an answer to Payment/Get has found. It names the cart; how that stands is asked by its name."""
    _raise_if_http_refused(signed)
    payment = signed.answer.result
    if payment is None or not _is_guid(payment.transaction_id):
        raise CallRefused(Refusal.NOT_FOUND, _detail("Payment/Get has found nothing", signed), signed.support_reference)
    if not signed.is_vouched_for:
        raise CallLost("Payment/Get: the answer is not signed", signed.support_reference)
    return StatusReport(
        status=AuthorizationStatus.UNCLEAR,
        amount_kr=_kronur(payment, signed),
        reference=payment.reference_number,
        confirmed=payment.status_id == PAYMENT_CONFIRMED,
        is_final=payment.status_id == PAYMENT_CANCELLED,
        authorization_id=(payment.transaction_id or "").lower(),
        support_reference=signed.support_reference,
    )


def _raise_if_http_refused(signed: SignedAnswer) -> None:
    if signed.http_status in (401, 403):
        raise CallRefused(Refusal.CREDENTIALS, _detail("credentials", signed), signed.support_reference)
    if signed.http_status in (408, 429):  # says nothing about the cart: ask again later
        raise CallLost(f"HTTP {signed.http_status}", signed.support_reference)
    if signed.http_status >= 400:
        refusal = _REFUSALS.get(signed.answer.result_code or 0)
        if refusal is None:
            raise CallLost(_detail("refused without a known code", signed), signed.support_reference)
        raise CallRefused(refusal, _detail("refused", signed), signed.support_reference)


def _claims_payment(signed: SignedAnswer) -> bool:
    """Something in the answer says "paid" although its code does not: no proof, and no reason any more to decline."""
    payment = signed.answer.payment_info
    return bool(signed.answer.payment_successful) or (payment is not None and payment.status_id == PAYMENT_CONFIRMED)


def _kronur(payment: PaymentInfo, signed: SignedAnswer) -> int | None:
    if payment.total_amount is None:
        return None
    if isinstance(payment.total_amount, float) and not payment.total_amount.is_integer():
        raise CallLost("the answer names a fraction of a krona", signed.support_reference)
    return int(payment.total_amount)


def _is_guid(text: str | None) -> bool:
    """Strictly: the name goes into receipts and register lines, where a stray space or line end would do harm."""
    return _GUID.fullmatch(text or "") is not None


def _detail(what: str, signed: SignedAnswer) -> str:
    """For the log. Netgíró's Message is left out on purpose: it may repeat what the customer typed."""
    return f"{what}: HTTP {signed.http_status}, ResultCode {signed.answer.result_code}"
