"""Reads what a request carries: its body, its key, how long it waits. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

import msgspec

from terminal.register.http.forms import LONGEST_KEY, Form
from terminal.register.http.operations import Operation
from terminal.register.http.problems import Code

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}\Z")
_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?\Z")

F = TypeVar("F", bound=Form)


class Unreadable(ValueError):
    """The message says what to send instead."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_form(body: str, form: type[F], operation: Operation) -> F:
    """Raises Unreadable."""
    if not body.strip() and not operation.body_needed:
        return form()
    try:
        found = msgspec.json.decode(body.encode("utf-8", "surrogatepass"), type=form)
    except msgspec.ValidationError as error:
        code = Code.AMOUNT if "$.amount" in str(error) else Code.SYNTAX
        raise Unreadable(code, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(Code.SYNTAX, f"the body is not JSON: {error}") from error
    json.loads(body, object_pairs_hook=_once_each)  # msgspec takes the last of two amounts, another reader the first
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise Unreadable(Code.SYNTAX, "each name may stand once in the body")


def read_key(key: str | None, missing: str = "send the header Idempotency-Key: a new UUID for every payment") -> str:
    """Raises Unreadable. Quotation marks around it, as some libraries put them there, are no part of it."""
    if not key:
        raise Unreadable(Code.KEY, missing)
    plain = key[1:-1] if len(key) > 2 and key[0] == key[-1] == '"' else key
    if not _KEY.match(plain):
        raise Unreadable(Code.KEY, f"a key has 1 to {LONGEST_KEY} printable ASCII characters and no spaces")
    return plain


def read_wait_s(wait: str | None, longest_s: int) -> float:
    """Raises Unreadable."""
    if wait is None:
        return 0.0
    if not _SECONDS.match(wait) or float(wait) > longest_s:
        raise Unreadable(Code.SYNTAX, f"wait is a number of seconds from 0 to {longest_s}")
    return float(wait)
