"""How a fault spoils what the sandbox sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal.netgiro.sandbox.faults import Fault
from terminal.netgiro.sandbox.signing import SIGNATURE_HEADER, SignedBody

OTHER_ID = "00000000-0000-4000-8000-000000000000"
GARBAGE = b"<html><body>Service Unavailable</body></html>"


def spoiled(fault: Fault | None, answer: Any, sign: Callable[[bytes], SignedBody]) -> SignedBody:
    """The answer as signed bytes, wrong in the way the fault asks for; with None (or another kind) it is right."""
    kind = fault.fault if fault else ""
    if kind == "garbage":
        return sign(GARBAGE)
    signed = sign(msgspec.json.encode(_with_wrong_payment(kind, answer)))
    if kind == "no_signature" and SIGNATURE_HEADER in signed.headers:
        return SignedBody(signed.body, {k: v for k, v in signed.headers.items() if k != SIGNATURE_HEADER})
    if kind == "wrong_signature" and SIGNATURE_HEADER in signed.headers:
        right = signed.headers[SIGNATURE_HEADER]
        wrong = ("0" if right[0] != "0" else "1") + right[1:]
        return SignedBody(signed.body, {**signed.headers, SIGNATURE_HEADER: wrong})
    return signed


def names_payment(answer: Any) -> bool:
    """Whether there is an amount in it that can be made wrong."""
    return isinstance(answer, dict) and (
        bool(answer.get("PaymentInfo")) or "TotalAmount" in answer or "totalAmount" in answer
    )


def _with_wrong_payment(kind: str, answer: Any) -> Any:
    if not isinstance(answer, dict):
        return answer
    info = answer.get("PaymentInfo")
    if info:
        if kind == "wrong_amount":
            return {**answer, "PaymentInfo": {**info, "TotalAmount": info["TotalAmount"] + 1}}
        if kind == "wrong_reference":
            return {**answer, "PaymentInfo": {**info, "ReferenceNumber": f"{info['ReferenceNumber']}-other"}}
        return answer
    if not names_payment(answer):
        return answer
    if kind == "wrong_amount":
        return {name: value + 1 if name.lower() == "totalamount" else value for name, value in answer.items()}
    if kind == "wrong_reference":
        return {name: OTHER_ID if name.lower() == "transactionid" else value for name, value in answer.items()}
    return answer
