"""Answers that are not worth anything, in both APIs' words: cut off, unreadable, badly signed, about something else."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import msgspec

from terminal.netgiro.carrier import RawAnswer

KINDS = (
    *("5xx", "garbage", "cut", "signature", "redirect", "compressed", "stranger"),
    *("amount", "no amount", "reference", "unknown code", "early", "paid by its record"),
)
GARBAGE = (b"", b"<html>", b"[]", b'{"ResultCode":"x"}', b'{"Status":1}', b"\xff\0")
UNCONFIRMED, CONFIRMED = 1, 2
"""PaymentInfo.StatusId"""
NOBODY = "00000000-0000-4000-8000-000000000000"


def spoil(rng: random.Random, answer: RawAnswer, remake: Callable[[bytes], RawAnswer]) -> RawAnswer:
    """The answer, wrong in one way. ``remake`` sends another body as the service would, signed if it signs."""
    match rng.choice(KINDS):
        case "5xx":
            return answer._replace(http_status=rng.choice((500, 502, 503, 504)))
        case "redirect":
            return answer._replace(http_status=rng.choice((301, 302, 307)))
        case "garbage" | "compressed":  # what is compressed is not unpacked, so it cannot be read either
            return remake(rng.choice(GARBAGE))
        case "cut":
            return answer._replace(content=answer.content[: rng.randrange(len(answer.content))])
        case "signature" if "netgiro_signature" in answer.headers:
            return answer._replace(headers={**answer.headers, "netgiro_signature": "0" * 64})
        case "stranger" if "netgiro_signature" in answer.headers:  # one without the key, who knows everything else
            return RawAnswer(200, {}, _paid_in_full(answer.content))
        case "amount":
            return remake(_about_payment(answer.content, TotalAmount=rng.randrange(1, 10**6)))
        case "no amount":
            return remake(_about_payment(answer.content, TotalAmount=None))
        case "reference":
            return remake(_about_payment(answer.content, ReferenceNumber="T9-000001-ABCDEF", TransactionId=NOBODY))
        case "unknown code":
            return remake(_with(answer.content, ResultCode=19_999, Status="Later"))
        case "early":
            return remake(_claiming_payment(answer.content))
        case "paid by its record":
            return remake(_about_payment(answer.content, StatusId=CONFIRMED))
    return remake(b"<html>")


def _claiming_payment(content: bytes) -> bytes:
    """ "Paid" by its code, and by its own record not: an answer that contradicts itself."""
    answer = _read(content)
    info = answer.get("PaymentInfo")
    if isinstance(info, dict) and info["StatusId"] == UNCONFIRMED:
        answer["ResultCode"] = 10200
    if answer.get("Status") in ("Pending", "Authorized"):
        answer["Status"] = "Confirmed"
    return msgspec.json.encode(answer)


def _paid_in_full(content: bytes) -> bytes:
    answer = _read(content)
    if isinstance(answer.get("PaymentInfo"), dict):
        answer |= {"ResultCode": 10200, "Success": True, "PaymentSuccessful": True}
        answer["PaymentInfo"]["StatusId"] = CONFIRMED
    return msgspec.json.encode(answer)


def _with(content: bytes, **changes: object) -> bytes:
    """With these fields changed, as far as they are there."""
    answer = _read(content)
    return msgspec.json.encode(answer | {name: value for name, value in changes.items() if name in answer})


def _about_payment(content: bytes, **changes: object) -> bytes:
    """With another record of the payment, if there is one in it: PaymentInfo, or the whole of V2's details."""
    answer = _read(content)
    record = answer.get("PaymentInfo") or answer.get("Result", answer if "TotalAmount" in answer else None)
    if isinstance(record, dict):
        record.update({name: value for name, value in changes.items() if name in record})
    return msgspec.json.encode(answer)


def _read(content: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(content))
