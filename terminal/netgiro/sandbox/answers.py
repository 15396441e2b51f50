"""The API's JSON: requests checked for form, carts and replies as answers (Netgíró docs, Offline Checkout)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from terminal.netgiro.sandbox.carts import Capture, Cart, CartState, Order, Refund, Reply
from terminal.netgiro.sandbox.leniency import field_names, in_proper_form
from terminal.netgiro.sandbox.settings import ResultCode

MAX_AMOUNT_KR = 999_999_999
CUSTOMER_ID = re.compile(r"[678]\d{6}|\d{10}", re.ASCII)
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Form = TypeVar("Form")
Url = Annotated[str, Meta(max_length=2000)]


class BadRequest(ValueError):
    """The request's body is not what the documentation asks for; the message names the field."""


class CartNotValid(ValueError):
    """The cart's items do not add up."""


class CartItem(msgspec.Struct, frozen=True):
    """One of ``CartItemRequests``; only the amounts matter here."""

    Amount: int


class InsertCart(msgspec.Struct, frozen=True):
    """InsertCart's request, names as on the wire."""

    Amount: int
    Reference: Annotated[str, Meta(min_length=1, max_length=255)]
    CustomerId: str
    ConfirmationType: int = 0
    CallbackUrl: Url | None = None
    CallbackCancelUrl: Url | None = None
    Description: Annotated[str, Meta(max_length=2000)] | None = None
    CartItemRequests: Annotated[list[CartItem], Meta(max_length=1000)] | None = None


class NamesCart(msgspec.Struct, frozen=True):
    """The request of CheckCart, ConfirmCart and CancelCart; ``Identifier`` is ConfirmCart's SMS code."""

    TransactionId: str
    Identifier: str | None = None


def read_insert(body: bytes) -> Order:
    """InsertCart's body as an order. Raises BadRequest or CartNotValid."""
    request, notices = decode_leniently(body, InsertCart)
    if request.Amount > MAX_AMOUNT_KR:
        raise BadRequest(f"'Amount' must not be greater than '{MAX_AMOUNT_KR}'.")
    if not CUSTOMER_ID.fullmatch(request.CustomerId):
        raise BadRequest("'CustomerId' is a kennitala or app code (10 digits) or a phone number (7 digits, 6, 7 or 8).")
    if request.ConfirmationType == 1 and not request.CallbackUrl:
        raise BadRequest("'CallbackUrl' must not be empty when ConfirmationType is 1 (ServerCallback).")
    items = request.CartItemRequests
    if items and sum(item.Amount for item in items) != request.Amount:
        raise CartNotValid("The amounts of CartItemRequests do not add up to Amount.")
    return Order(
        amount_kr=request.Amount,
        reference=request.Reference,
        customer_id=request.CustomerId,
        confirmation_type=request.ConfirmationType,
        callback_url=request.CallbackUrl or "",
        callback_cancel_url=request.CallbackCancelUrl or "",
        description=request.Description or "",
        notices=tuple(notices),
    )


def read_cart_name(body: bytes) -> NamesCart:
    """The body of the other three calls, its TransactionId in lower case. Raises BadRequest."""
    request, _notices = decode_leniently(body, NamesCart)
    if not GUID.fullmatch(request.TransactionId):
        raise BadRequest("'TransactionId' must be the GUID that InsertCart answered.")
    return msgspec.structs.replace(request, TransactionId=request.TransactionId.lower())


def insert_answer(reply: Reply, check_interval_ms: int | None) -> dict[str, Any]:
    """InsertCart's answer; the misspelt key is Netgíró's."""
    return {
        "Success": reply.success,
        "Message": reply.message,
        "ResultCode": int(reply.code),
        "TransactionId": reply.cart.transaction_id if reply.cart else None,
        "ProcessCartCheckIntervalMiliseconds": check_interval_ms if reply.cart else None,
    }


def cart_answer(reply: Reply) -> dict[str, Any]:
    """The answer of CheckCart, ConfirmCart and CancelCart, and the body of a callback."""
    cart = reply.cart
    return {
        "Success": reply.success,
        "Message": reply.message,
        "ResultCode": int(reply.code),
        "PaymentSuccessful": cart is not None and cart.state is CartState.PAID,
        "PaymentInfo": payment_info(cart) if cart else None,
    }


def found_answer(cart: Cart | None) -> dict[str, Any]:
    """The answer of Payment/Get: there is a payment from the reservation on."""
    payment = payment_info(cart) if cart is not None else None
    if cart is None or payment is None:
        return refusal(ResultCode.UNKNOWN_CART, "Payment not found") | {"Result": None}
    said = {"Success": True, "Message": None, "ResultCode": int(ResultCode.OK)}
    return said | {"Result": payment | {"CartId": cart.transaction_id}}


def refusal(code: int, message: str) -> dict[str, Any]:
    """A call that did nothing."""
    return {"Success": False, "Message": message, "ResultCode": int(code)}


def coded_answer(call: str, code: int) -> dict[str, Any]:
    """The answer of a call that was not carried out but is to look as if it had ended with this code."""
    success = code in (ResultCode.OK, ResultCode.PAID)
    if call == "InsertCart":
        return insert_answer(Reply(code, success=success), None)
    return cart_answer(Reply(code, success=success)) | {"PaymentSuccessful": code == ResultCode.PAID}


def payment_info(cart: Cart) -> dict[str, Any] | None:
    """``PaymentInfo``: there is one from the reservation on."""
    if not cart.invoice_number:
        return None
    return {
        "TransactionId": cart.transaction_id,
        "InvoiceNumber": int(cart.invoice_number),
        "ReferenceNumber": cart.order.reference,
        "StatusId": {CartState.PAID: 2, CartState.CANCELLED: 5, CartState.DECLINED: 5}.get(cart.state, 1),
        "Created": when(cart.created_s),
        "TotalAmount": cart.order.amount_kr,
        "DiscountAmount": 0,
        "ShippingAmount": 0,
        "HandlingAmount": 0,
        "AccountNumber": None,
        "NumberOfInstallments": 1,
        "ClientIdentityConfirmed": True,
        "LocationId": None,
        "RegisterId": None,
    }


def cart_row(cart: Cart, captures: int, refunded_kr: int = 0) -> dict[str, Any]:
    """A cart as GET /sandbox/carts shows it."""
    customer = cart.order.customer_id
    return {
        "TransactionId": cart.transaction_id,
        "Reference": cart.order.reference,
        "DuplicateReference": cart.earlier_with_reference > 0,
        "Amount": cart.order.amount_kr,
        "Description": cart.order.description,
        "ConfirmationType": int(cart.confirmation),
        "Confirmation": cart.confirmation.name.lower(),
        "Customer": "*" * (len(customer) - 3) + customer[-3:],
        "IdentifiedBy": cart.identified_by.value,
        "State": cart.state.value,
        "ResultCode": int(cart.result_code),
        "SmsCode": cart.sms_code,
        "CanAccept": cart.state is CartState.AWAITING_CUSTOMER,
        "InvoiceNumber": cart.invoice_number,
        "Created": when(cart.created_s),
        "Changed": when(cart.changed_s),
        "Captures": captures,
        "Notices": list(cart.order.notices),
        "Refunded": refunded_kr,
        "Settled": None if cart.settled_s is None else when(cart.settled_s),
    }


def ledger_row(capture: Capture) -> dict[str, Any]:
    """A captured payment as GET /sandbox/ledger shows it."""
    return {
        "TransactionId": capture.transaction_id,
        "Reference": capture.reference,
        "Amount": capture.amount_kr,
        "InvoiceNumber": capture.invoice_number,
        "Captured": when(capture.captured_s),
    }


def refund_row(refund: Refund) -> dict[str, Any]:
    """A refund as GET /sandbox/refunds shows it."""
    return {
        "TransactionId": refund.transaction_id,
        "Reference": refund.reference,
        "Amount": refund.amount_kr,
        "IdempotencyKey": refund.key,
        "Refunded": when(refund.refunded_s),
    }


def app_code_row(code: str, expires_s: float) -> dict[str, Any]:
    """What POST /sandbox/appcodes answers."""
    return {"AppCode": code, "Token": code[-4:], "Expires": when(expires_s)}


def when(time_s: float) -> str:
    """As the API writes a time."""
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decode_leniently(body: bytes, kind: type[Form]) -> tuple[Form, list[str]]:
    """The same, as Netgíró's own clients may write it, with a notice for whatever is not as documented."""
    fields, notices = in_proper_form(decode(body, dict), field_names(kind))  # type: ignore[arg-type]
    if kind is InsertCart and "ConfirmationType" not in fields:
        notices.append("ConfirmationType is missing and counts as 0 (Automatic).")
    return decode(msgspec.json.encode(fields), kind), notices


def decode(body: bytes, kind: type[Form]) -> Form:
    """A JSON body as one of the structs. Raises BadRequest for anything else, whatever the bytes."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise BadRequest(f"{error}.") from None
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not readable JSON: {error}.") from None
