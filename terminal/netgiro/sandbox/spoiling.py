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
        _record_in(answer) is not None or "TotalAmount" in answer or "totalAmount" in answer
    )


def _record_in(answer: dict[str, Any]) -> str | None:
    """Where V1 answers with a record of the payment."""
    return next((name for name in ("PaymentInfo", "Result") if answer.get(name)), None)


def _with_wrong_payment(kind: str, answer: Any) -> Any:
    if not isinstance(answer, dict):
        return answer
    if (name := _record_in(answer)) is not None:
        info = answer[name]
        if kind == "wrong_amount":
            return {**answer, name: {**info, "TotalAmount": info["TotalAmount"] + 1}}
        if kind == "wrong_reference":
            return {**answer, name: {**info, "ReferenceNumber": f"{info['ReferenceNumber']}-other"}}
        return answer
    if not names_payment(answer):
        return answer
    if kind == "wrong_amount":
        return {name: value + 1 if name.lower() == "totalamount" else value for name, value in answer.items()}
    if kind == "wrong_reference":
        return {name: OTHER_ID if name.lower() == "transactionid" else value for name, value in answer.items()}
    return answer
