"""What a cart is answered with on its way, and a cart that nothing is wrong with."""

from __future__ import annotations

from tests.unit.netgiro.sandbox.sandbox_provider import (
    MANUAL,
    PHONE,
)


def codes(answer):
    """What a client must look at, and what it must not look at alone."""
    info = answer["PaymentInfo"]
    return answer["ResultCode"], answer["Success"], answer["PaymentSuccessful"], info and info["StatusId"]


WAITING = (10425, True, False, None)
CODE_NEEDED = (10428, True, False, None)
RESERVED = (10426, True, False, 1)
PAID = (10200, True, True, 2)
CANCELLED = (10201, True, False, None)
CANCELLED_RESERVATION = (10201, True, False, 5)


GOOD = {"Amount": 1990, "Reference": "T1-1", "CustomerId": PHONE, "ConfirmationType": MANUAL}
