"""Everything that can be asked, once: what is served and what the reference says come from this table. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from terminal.register.http import forms
from terminal.register.http.problems import Code

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Operation(NamedTuple):
    """One method of one path."""

    name: str
    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    form: type[forms.Form] | None = None
    body_needed: bool = True
    takes_key: bool = False
    takes_wait: bool = False
    finds_key: bool = False
    """``?key=`` is needed."""
    is_open: bool = False
    """Needs no token."""
    problems: tuple[Code, ...] = ()


_MONEY = (Code.BUSY, Code.KEY_REUSED, Code.UNAVAILABLE)

OPERATIONS = (
    Operation(
        "pair",
        "POST",
        "/v1/pair",
        "Exchange the six digits that the terminal shows for a token.",
        forms.Paired,
        form=forms.PairingForm,
        is_open=True,
        problems=(Code.PAIRING, Code.TOO_MANY),
    ),
    Operation(
        "begin_payment",
        "POST",
        "/v1/payments",
        "Ask to be paid. The same key answers the same payment.",
        forms.Payment,
        201,
        forms.PaymentForm,
        takes_key=True,
        problems=(*_MONEY, Code.RECORDS_LOST),
    ),
    Operation(
        "find_payment",
        "GET",
        "/v1/payments",
        "The payment that this key has asked for: after a time-out.",
        forms.Payment,
        finds_key=True,
        problems=(Code.NOT_FOUND, Code.RECORDS_LOST),
    ),
    Operation(
        "payment",
        "GET",
        "/v1/payments/{id}",
        "As it stands; with wait as soon as it changes, if it can still change.",
        forms.Payment,
        takes_wait=True,
        problems=(Code.NOT_FOUND,),
    ),
    Operation(
        "call_off_payment",
        "DELETE",
        "/v1/payments/{id}",
        "Call it off. Ask for it afterwards: until it has an outcome it may still be paid.",
        forms.Payment,
        problems=(Code.NOT_FOUND, Code.TOO_LATE),
    ),
    Operation(
        "begin_refund",
        "POST",
        "/v1/payments/{id}/refunds",
        "Give money back. The same key answers the same refund.",
        forms.Refund,
        201,
        forms.RefundForm,
        body_needed=False,
        takes_key=True,
        problems=(*_MONEY, Code.NOT_FOUND, Code.NOTHING_LEFT, Code.TOO_OLD, Code.NOT_POSSIBLE, Code.RECORDS_LOST),
    ),
    Operation(
        "find_refund",
        "GET",
        "/v1/refunds",
        "The refund that this key has asked for: after a time-out.",
        forms.Refund,
        finds_key=True,
        problems=(Code.NOT_FOUND, Code.RECORDS_LOST),
    ),
    Operation(
        "refund",
        "GET",
        "/v1/refunds/{id}",
        "As it stands; with wait as soon as it changes, if it can still change.",
        forms.Refund,
        takes_wait=True,
        problems=(Code.NOT_FOUND,),
    ),
    Operation("status", "GET", "/v1/status", "How the terminal and its devices are.", forms.Status),
    Operation("totals", "GET", "/v1/totals", "The open period so far; it goes on (X).", forms.Totals),
    Operation(
        "end_day",
        "POST",
        "/v1/end-of-day",
        "End the period (Z). Asked again before anything else, it answers the same period.",
        forms.Totals,
        form=forms.EmptyForm,
        body_needed=False,
        problems=(Code.BUSY, Code.UNAVAILABLE),
    ),
    Operation(
        "print_lines",
        "POST",
        "/v1/print",
        "Print lines on the terminal's printer.",
        forms.Printed,
        form=forms.PrintForm,
        problems=(Code.PRINTER,),
    ),
    Operation("events", "GET", "/v1/events", "Server-sent events: payment, refund and status, each whole."),
    Operation("reference", "GET", "/openapi.json", "This document.", is_open=True),
)
BY_SERVER = ("pair", "print_lines", "events", "reference")
"""What needs no counter."""


class Found(NamedTuple):
    operation: Operation
    record_id: str = ""


def find_operation(method: str, path: str) -> Found | Code:
    """What is asked; or NOT_FOUND, or METHOD if something else can be asked there."""
    known = False
    for operation in OPERATIONS:
        found = _fits(operation.path, path)
        if found is None:
            continue
        if operation.method == method:
            return Found(operation, found)
        known = True
    return Code.METHOD if known else Code.NOT_FOUND


def methods_of(path: str) -> list[str]:
    """What can be asked there."""
    return [one.method for one in OPERATIONS if _fits(one.path, path) is not None]


def _fits(template: str, path: str) -> str | None:
    """The id in ``path``, or nothing where the template has none; None if it is another path."""
    ours, theirs = template.split("/"), path.split("/")
    if len(ours) != len(theirs):
        return None
    found = ""
    for part, given in zip(ours, theirs, strict=True):
        if part == "{id}":
            if not _ID.match(given):
                return None
            found = given
        elif part != given:
            return None
    return found


def unknown_query(operation: Operation, query: Mapping[str, str]) -> str | None:
    """A name in the query that means nothing there."""
    known = {"wait"} if operation.takes_wait else {"key"} if operation.finds_key else set()
    return next((name for name in query if name not in known), None)
