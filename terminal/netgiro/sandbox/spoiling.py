"""How a fault spoils what the sandbox sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal.netgiro.sandbox.faults import Fault
from terminal.netgiro.sandbox.signing import SIGNATURE_HEADER, SignedBody

GARBAGE = b"<html><body>Service Unavailable</body></html>"


def spoiled(fault: Fault | None, answer: dict[str, Any], sign: Callable[[bytes], SignedBody]) -> SignedBody:
    """The answer as signed bytes, wrong in the way the fault asks for; with None (or another kind) it is right."""
    kind = fault.fault if fault else ""
    if kind == "garbage":
        return sign(GARBAGE)
    signed = sign(msgspec.json.encode(_with_wrong_payment(kind, answer)))
    if kind == "no_signature":
        return SignedBody(signed.body, {k: v for k, v in signed.headers.items() if k != SIGNATURE_HEADER})
    if kind == "wrong_signature":
        right = signed.headers[SIGNATURE_HEADER]
        wrong = ("0" if right[0] != "0" else "1") + right[1:]
        return SignedBody(signed.body, {**signed.headers, SIGNATURE_HEADER: wrong})
    return signed


def _with_wrong_payment(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    info = answer.get("PaymentInfo")
    if info is None:
        return answer
    if kind == "wrong_amount":
        return {**answer, "PaymentInfo": {**info, "TotalAmount": info["TotalAmount"] + 1}}
    if kind == "wrong_reference":
        return {**answer, "PaymentInfo": {**info, "ReferenceNumber": f"{info['ReferenceNumber']}-other"}}
    return answer
