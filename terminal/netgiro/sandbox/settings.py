"""Who the sandbox's customers are and how its server behaves."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

APP_CODE_PREFIX = "500004"
"""What stands before the four-digit token in the Netgíró app's barcode number."""


class ResultCode(IntEnum):
    """``ResultCode`` in answers (Netgíró docs, Result codes)."""

    OK = 200
    BAD_REQUEST = 400
    SERVER_ERROR = 500
    PAID = 10200
    CANCELLED = 10201
    ALREADY_CANCELLED = 10202
    ALREADY_CONFIRMED = 10203
    DECLINED = 10302
    CART_NOT_VALID = 10304
    BELOW_MINIMUM = 10305
    UNKNOWN_CUSTOMER = 10306
    DECLINED_10307 = 10307
    DECLINED_10422 = 10422
    DECLINED_10423 = 10423
    UNKNOWN_CART = 10424
    PENDING_CUSTOMER = 10425
    RESERVED = 10426
    CONFIRMATION_TYPE_NOT_VALID = 10427
    SMS_CODE_NEEDED = 10428
    RESERVED_FOR_CALLBACK = 10429


DeclineCode = Literal[10201, 10302, 10307, 10422, 10423]
"""The codes that tell of a customer who said no, or to whom Netgíró said no."""

Kennitala = Annotated[str, Meta(pattern=r"^[0-9]{10}\Z")]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer. ``decline_code`` makes Netgíró refuse them: at once in InsertCart, or later, when they approve."""

    kennitala: Kennitala
    phone: Annotated[str, Meta(pattern=r"^[678][0-9]{6}\Z")]
    decline_code: DeclineCode | None = None
    declined_at: Literal["insert", "approval"] = "insert"
    auto_accept_after_s: Seconds | None = None
    """They accept on their phone by themselves after so many seconds; None: somebody has to press the button."""


PEOPLE = (
    Person("1111111119", "8223281"),
    Person("2222222229", "8223282", decline_code=10302),
    Person("3333333339", "8223283", decline_code=10307, declined_at="approval"),
    Person("4444444449", "8223284", decline_code=10422),
    Person("5555555559", "8223285", decline_code=10423, declined_at="approval"),
)
"""The first two are Netgíró's own test customers; the others show the remaining ways to be declined."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the server behaves. Where Netgíró's documentation leaves two answers open, both can be had here."""

    check_interval_ms: Annotated[int, Meta(ge=0, le=600_000)] | None = 1000
    """``ProcessCartCheckIntervalMiliseconds``: how often clients are asked to poll; None sends null."""
    min_amount_kr: Annotated[int, Meta(ge=1)] = 1
    unknown_cart_code: Literal[10201, 10424] = 10201
    """CheckCart for a cart that does not exist: its page says 10201, the list of result codes has 10424."""
    rejection_code: DeclineCode = 10302
    """What CheckCart says after the customer pressed "reject"."""
    refuse_cancel_of_reservation: bool = False
    """CancelCart of a reserved cart answers 10426 (or 10429) and leaves the reservation standing."""
    finds_by_reference: bool = False
    """V1: whether the signed GET Payment/Get?referenceNumberId= answers, as Netgíró's .NET client of 2015 expects. Its
    documentation of today does not say."""
    customers_answer: bool = True
    """False: nobody accepts or rejects on the phone, neither by hand nor by themselves."""
    app_code_lifetime_s: Seconds = 300
    permanent_app_code: Annotated[str, Meta(pattern=r"^(500004[0-9]{4})?\Z")] = "5000041234"
    """An app code of the first person that never expires, for use by hand; empty: there is none."""
    permanent_access_code: Annotated[str, Meta(pattern=r"^([0-9]{10})?\Z")] = "9000000010"
    """V2: an access code of the first person, likewise. It is nobody's kennitala."""
    sms_code: Annotated[str, Meta(pattern=r"^([0-9]{4})?\Z")] = ""
    """The code of every SMS; empty: another one each time."""
    callback_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5
    callback_retry_delay_s: Seconds = 1
    max_carts: Annotated[int, Meta(ge=1, le=100_000)] = 10_000
    magic_amounts: bool = False
    """Amounts such as 10302 decide how their sale goes; magic.py has the table."""
    people: Annotated[tuple[Person, ...], Meta(min_length=1, max_length=100)] = PEOPLE
