"""What is answered where a request is not carried out, as application/problem+json (RFC 9457). Pure."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

from terminal.counter.register_words import RefusalCode, RequestRefused
from terminal.register.http.forms import Payment, Problem, Text
from terminal.texts.sentences import refusal_sentence

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:netgiro-terminal:problem:"


class Code(StrEnum):
    """Why. A program decides by this; it may also decide by the status alone."""

    SYNTAX = "syntax"
    KEY = "key"
    AMOUNT = "amount"
    TOKEN = "token"
    PAIRING = "pairing"
    ORIGIN = "origin"
    NOT_FOUND = "not_found"
    METHOD = "method"
    BUSY = "busy"
    TOO_LATE = "too_late"
    NOTHING_LEFT = "nothing_left"
    TOO_OLD = "too_old"
    NOT_POSSIBLE = "not_possible"
    RECORDS_LOST = "records_lost"
    TOO_LONG = "too_long"
    KEY_REUSED = "key_reused"
    TOO_MANY = "too_many"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    PRINTER = "printer"


STATUS_OF = {
    Code.SYNTAX: 400,
    Code.KEY: 400,
    Code.AMOUNT: 400,
    Code.TOKEN: 401,
    Code.PAIRING: 403,
    Code.ORIGIN: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD: 405,
    Code.BUSY: 409,
    Code.TOO_LATE: 409,
    Code.NOTHING_LEFT: 409,
    Code.TOO_OLD: 409,
    Code.NOT_POSSIBLE: 409,
    Code.RECORDS_LOST: 409,
    Code.TOO_LONG: 413,
    Code.KEY_REUSED: 422,
    Code.TOO_MANY: 429,
    Code.FAILED: 500,
    Code.UNAVAILABLE: 503,
    Code.PRINTER: 503,
}
_CODES = {
    RefusalCode.BUSY: Code.BUSY,
    RefusalCode.AMOUNT: Code.AMOUNT,
    RefusalCode.UNAVAILABLE: Code.UNAVAILABLE,
    RefusalCode.NOT_FOUND: Code.NOT_FOUND,
    RefusalCode.NOTHING_OPEN: Code.NOT_FOUND,
    RefusalCode.NOT_POSSIBLE: Code.NOT_POSSIBLE,
    RefusalCode.DUPLICATE: Code.KEY_REUSED,
    RefusalCode.RECORDS_LOST: Code.RECORDS_LOST,
    RefusalCode.REFUND: Code.NOTHING_LEFT,
    RefusalCode.TOO_OLD: Code.TOO_OLD,
}
_DETAILS = {
    Code.BUSY: "another payment or refund goes on: ask again once it has ended",
    Code.UNAVAILABLE: "the terminal cannot take payments now: see GET /v1/status",
    Code.NOT_FOUND: "there is no such payment or refund",
    Code.NOT_POSSIBLE: "Netgíró cannot be asked for refunds as this terminal is set up",
    Code.KEY_REUSED: "this Idempotency-Key names another request, or that of another program: make a new key",
    Code.RECORDS_LOST: "records are missing, and this may have moved money already: staff look it up first",
    Code.NOTHING_LEFT: "nothing of that payment is left to give back",
    Code.TOO_OLD: "that payment is too long ago to be given back here",
    Code.TOO_LATE: "it cannot be called off any more; payment says what it is",
}


def problem(code: Code, detail: str = "", *, text: Text | None = None, payment: Payment | None = None) -> Problem:
    status = STATUS_OF[code]
    return Problem(
        type=TYPE + code.replace("_", "-"),
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail or _DETAILS.get(code, ""),
        code=code,
        text=text,
        payment=payment,
    )


def problem_of(refused: RequestRefused) -> Problem:
    """Why the counter began nothing."""
    code = _CODES[refused.code]
    detail = ""
    if refused.code is RefusalCode.AMOUNT and refused.limits_kr is not None:
        detail = "amount must be from {} to {} kronur".format(*refused.limits_kr)
    text = Text(
        icelandic=refusal_sentence(refused.code, "is", refused.limits_kr, of_refund=refused.of_refund),
        english=refusal_sentence(refused.code, "en", refused.limits_kr, of_refund=refused.of_refund),
    )
    return problem(code, detail, text=text)
