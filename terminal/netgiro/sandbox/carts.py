"""The words of the sandbox: what a cart is, where it can stand, and what a call answers."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal

import msgspec

from terminal.netgiro.sandbox.settings import Person, ResultCode


class ConfirmationType(IntEnum):
    """Who turns an approval into a payment (Netgíró docs, InsertCart)."""

    AUTOMATIC = 0
    SERVER_CALLBACK = 1
    MANUAL = 2


class IdentifiedBy(StrEnum):
    """What the customer gave at the counter."""

    APP_CODE = "app code"
    KENNITALA = "kennitala"
    PHONE = "phone"


class CartState(StrEnum):
    """Where a cart stands; see the head of this file."""

    AWAITING_CUSTOMER = "awaiting customer"
    AWAITING_CODE = "awaiting code"
    RESERVED = "reserved"
    AWAITING_CALLBACK = "awaiting callback"
    PAID = "paid"
    CANCELLED = "cancelled"
    DECLINED = "declined"


RESULT_CODES = {
    CartState.AWAITING_CUSTOMER: ResultCode.PENDING_CUSTOMER,
    CartState.AWAITING_CODE: ResultCode.SMS_CODE_NEEDED,
    CartState.RESERVED: ResultCode.RESERVED,
    CartState.AWAITING_CALLBACK: ResultCode.RESERVED_FOR_CALLBACK,
    CartState.PAID: ResultCode.PAID,
    CartState.CANCELLED: ResultCode.CANCELLED,
}
FINAL = frozenset({CartState.PAID, CartState.CANCELLED, CartState.DECLINED})
RESERVATIONS = frozenset({CartState.RESERVED, CartState.AWAITING_CALLBACK})


class Order(msgspec.Struct, frozen=True):
    """What InsertCart asked for, already checked for form."""

    amount_kr: int
    reference: str
    customer_id: str
    confirmation_type: int
    api: Literal["v1", "v2"] = "v1"
    """V2 takes no kennitala: ten digits are the app's code."""
    callback_url: str = ""
    callback_cancel_url: str = ""
    description: str = ""
    notices: tuple[str, ...] = ()
    """What was taken although it is not as documented."""


class Cart(msgspec.Struct, frozen=True):
    """A cart at one moment. ``invoice_number`` is given when the amount is reserved."""

    transaction_id: str
    order: Order
    confirmation: ConfirmationType
    identified_by: IdentifiedBy
    person: Person
    state: CartState
    created_s: float
    changed_s: float
    sms_code: str = ""
    invoice_number: str = ""
    decline_code: int = 0
    earlier_with_reference: int = 0
    settled_s: float | None = None
    """When Netgíró paid it out to the shop."""

    @property
    def result_code(self) -> int:
        return self.decline_code if self.state is CartState.DECLINED else RESULT_CODES[self.state]


class Capture(msgspec.Struct, frozen=True):
    """Money that moved."""

    transaction_id: str
    reference: str
    amount_kr: int
    invoice_number: str
    captured_s: float


class Refund(msgspec.Struct, frozen=True):
    """Money that went back to the customer. One is carried out under a key, however often it is asked for."""

    transaction_id: str
    reference: str
    amount_kr: int
    key: str
    refunded_s: float


class RefundRefused(ValueError):
    """Nothing was paid back; the message says why."""


class Reply(msgspec.Struct, frozen=True):
    """What a call answers. ``success`` is the wire's ``Success``, which is not the same as a payment."""

    code: int
    message: str = ""
    success: bool = True
    cart: Cart | None = None


class OutOfTurn(ValueError):
    """The customer cannot do that to this cart (any more); the message says why."""


class UnknownCart(LookupError):
    """There is no cart with this TransactionId."""
