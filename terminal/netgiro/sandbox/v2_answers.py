"""V2's JSON, and the partner API's: requests checked for form, carts as they show them (Netgíró docs of 2026)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from terminal.netgiro.sandbox.answers import CUSTOMER_ID, GUID, MAX_AMOUNT_KR, BadRequest, Url, decode, when
from terminal.netgiro.sandbox.carts import Cart, CartState, ConfirmationType, Order, Reply
from terminal.netgiro.sandbox.settings import ResultCode

STATUSES = {
    CartState.AWAITING_CUSTOMER: "Pending",
    CartState.AWAITING_CODE: "Pending",
    CartState.RESERVED: "Authorized",
    CartState.AWAITING_CALLBACK: "Authorized",
    CartState.PAID: "Confirmed",
    CartState.CANCELLED: "Cancelled",
    CartState.DECLINED: "Cancelled",
}
RECORDS = {
    CartState.AWAITING_CUSTOMER: "new",
    CartState.AWAITING_CODE: "new",
    CartState.RESERVED: "reservation",
    CartState.AWAITING_CALLBACK: "reservation",
    CartState.PAID: "paid",
    CartState.CANCELLED: "canceled",
    CartState.DECLINED: "canceled",
}
BLACKLISTED = "Customer is blacklisted"
NOT_VERIFIED = "Customer not verified."
NOT_FOUND = "Transaction not found"
IDEMPOTENCY_KEY = Annotated[str, Meta(min_length=1, max_length=100)]


class Payment(msgspec.Struct, frozen=True):
    """POST /checkout/payment, names as on the wire."""

    Amount: int | float = 0
    Reference: Annotated[str, Meta(max_length=255)] = ""
    CustomerIdentifier: Annotated[str, Meta(max_length=50)] = ""
    CallbackUrl: Url | None = None
    CallbackCancelUrl: Url | None = None
    ManualCapture: bool = False


class NamesTransaction(msgspec.Struct, frozen=True):
    """POST /transaction/capture and /transaction/cancel."""

    TransactionId: str = ""
    Amount: int | float | None = None


class RefundRequest(msgspec.Struct, frozen=True):
    """POST /transaction/refund; the partner API writes the same in camelCase, and ``reason``."""

    TransactionId: str
    RefundAmount: int
    IdempotencyKey: IDEMPOTENCY_KEY
    Description: Annotated[str, Meta(max_length=100)] | None = None


class PartnerRefundRequest(msgspec.Struct, frozen=True, rename="camel"):
    """The partner API's POST refund."""

    transaction_id: str
    refund_amount: int
    idempotency_key: IDEMPOTENCY_KEY
    reason: Annotated[str, Meta(max_length=100)] | None = None


def read_payment(body: bytes) -> Order:
    """The order in a payment's body. Raises BadRequest with Netgíró's own sentence where one is documented."""
    request = decode(body, Payment)
    if request.Amount <= 0:
        raise BadRequest("'Amount' must be greater than '0'.")
    if request.Amount != int(request.Amount) or request.Amount > MAX_AMOUNT_KR:
        raise BadRequest(f"'Amount' must be whole kronur and not greater than '{MAX_AMOUNT_KR}'.")
    if not request.Reference:
        raise BadRequest("'Reference' must not be empty.")
    if not request.CustomerIdentifier:
        raise BadRequest("'CustomerIdentifier' must not be empty.")
    if not CUSTOMER_ID.fullmatch(request.CustomerIdentifier):
        raise BadRequest(NOT_VERIFIED)
    asks_first = bool(request.CallbackUrl) and len(request.CustomerIdentifier) == 7
    kind = ConfirmationType.SERVER_CALLBACK if asks_first else ConfirmationType.AUTOMATIC
    return Order(
        amount_kr=int(request.Amount),
        reference=request.Reference,
        customer_id=request.CustomerIdentifier,
        confirmation_type=ConfirmationType.MANUAL if request.ManualCapture else kind,
        api="v2",
        callback_url=request.CallbackUrl or "",
        callback_cancel_url=request.CallbackCancelUrl or "",
    )


def read_transaction(body: bytes) -> NamesTransaction:
    """The body of capture and cancel, its id in lower case. Raises BadRequest."""
    request = decode(body, NamesTransaction)
    return msgspec.structs.replace(request, TransactionId=transaction_id(request.TransactionId))


def transaction_id(text: str) -> str:
    """In lower case. Raises BadRequest."""
    if not GUID.fullmatch(text):
        raise BadRequest(NOT_FOUND)
    return text.lower()


def payment_answer(reply: Reply, check_interval_ms: int | None) -> dict[str, Any]:
    """What payment answers; of codes V2 knows only sentences."""
    if reply.cart is None:
        sentence = {
            ResultCode.UNKNOWN_CUSTOMER: NOT_VERIFIED,
            ResultCode.BELOW_MINIMUM: "'Amount' must be greater than '0'.",
        }
        return refused(sentence.get(ResultCode(reply.code), BLACKLISTED))
    return status_answer(reply.cart, check_interval_ms)


def status_answer(cart: Cart, check_interval_ms: int | None) -> dict[str, Any]:
    """What status, capture and cancel answer, and the body of a callback."""
    status = STATUSES[cart.state]
    return {
        "Success": True,
        "Message": None,
        "Status": status,
        "TransactionId": cart.transaction_id,
        "PollIntervalMs": check_interval_ms if status == "Pending" else None,
    }


def details_answer(cart: Cart, refunded_kr: int) -> dict[str, Any]:
    """The record, in V2's spelling."""
    left_kr = cart.order.amount_kr - refunded_kr if cart.state is CartState.PAID else 0
    return {
        "Success": True,
        "Message": None,
        "IsRefundable": left_kr > 0,
        "Status": RECORDS[cart.state],
        "Created": when(cart.created_s),
        "InvoiceNumber": int(cart.invoice_number) if cart.invoice_number else None,
        "TotalAmount": cart.order.amount_kr,
        "TransactionId": cart.transaction_id,
        "SettlementDate": None if cart.settled_s is None else when(cart.settled_s),
    }


def camel(answer: dict[str, Any]) -> dict[str, Any]:
    """The same, as the partner API spells names."""
    return {name[0].lower() + name[1:]: value for name, value in answer.items()}


def refused(message: str, cart: Cart | None = None) -> dict[str, Any]:
    """A call that did nothing."""
    return {
        "Success": False,
        "Message": message,
        "Status": None,
        "TransactionId": cart.transaction_id if cart else None,
        "PollIntervalMs": None,
    }
