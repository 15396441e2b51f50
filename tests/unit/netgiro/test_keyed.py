"""Calls that are known by a key in a header, as they leave and as their answers are read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from terminal.netgiro.carrier import RawAnswer, Request
from terminal.netgiro.keyed import LONGEST_SUPPORT_REFERENCE, KeyedAnswer, KeyedClient
from terminal.netgiro.wire import REFERENCE_HEADER
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

KEYED = {"token": "secret", "accept": "application/json", "accept-encoding": "identity"}
JSON = KEYED | {"content-type": "application/json; charset=utf-8"}


class Line:
    """Carries one call, and keeps it."""

    def __init__(self, http_status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.answer = RawAnswer(http_status, headers or {}, b"{}")
        self.calls: list[Request] = []

    async def exchange(self, request: Request) -> RawAnswer:
        self.calls.append(request)
        return self.answer

    def client(self, base_url: str = "https://host/v2/") -> KeyedClient:
        line: Any = self
        return KeyedClient(line, base_url, "token", Sensitive("secret"))


def test_each_call_names_its_key_its_form_and_whether_it_may_be_repeated() -> None:
    line = Line()

    async def calls() -> None:
        await line.client().get("/transaction/7")
        await line.client("https://host/v2").post("/refund", {"a": 1})
        await line.client().post("/refund", {"a": 1}, may_repeat=False)

    asyncio.run(calls())
    assert line.calls == [
        Request("GET", "https://host/v2/transaction/7", b"", KEYED, True),
        Request("POST", "https://host/v2/refund", b'{"a":1}', JSON, True),
        Request("POST", "https://host/v2/refund", b'{"a":1}', JSON, False),
    ]


@each_of(
    ("http_status", "word"),
    [
        *((status, None) for status in (200, 299, 400, 404, 407, 409, 428, 430, 499)),
        *((status, Refusal.CREDENTIALS) for status in (401, 403)),
        *((status, "lost") for status in (300, 399, 408, 429, 500, 503)),
    ],
)
def test_what_an_answer_is_worth_by_its_number(http_status: int, word: object) -> None:
    line = Line(http_status)
    try:
        asyncio.run(line.client().get("/x"))
        said: object = None
    except CallRefused as refused:
        said = refused.refusal
    except CallLost:
        said = "lost"
    assert said == word


def test_a_support_reference_is_as_long_as_anybody_reads() -> None:
    line = Line(headers={REFERENCE_HEADER.lower(): "r" * 101})
    answer = asyncio.run(line.client().get("/x"))
    assert answer == KeyedAnswer(b"{}", 200, "r" * LONGEST_SUPPORT_REFERENCE)
    assert LONGEST_SUPPORT_REFERENCE == 100


def test_no_error_names_the_transaction_that_was_asked_for() -> None:
    with pytest.raises(CallLost, match=r"^/transaction: HTTP 503$"):
        asyncio.run(Line(503).client().get("/transaction/7"))
    with pytest.raises(CallLost, match=r"^/transaction/refund: HTTP 503$"):
        asyncio.run(Line(503).client().post("/transaction/refund", {}))
