"""Callbacks: 200 only for what is genuine and on disk; everything else gets 400 and changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from terminal.netgiro import wire
from terminal.netgiro.callback import (
    LARGEST_CALLBACK_BYTES,
    Callback,
    create_callback_listener,
    create_unsigned_callback_listener,
)
from terminal.netgiro.v1 import callback_url
from terminal.netgiro.v2 import callback_url as url_v2
from terminal.sale.sensitive import Sensitive
from tests.each import each_of

PUBLIC_URL = "https://shop.test/hooks"
ARRIVES_AT = "http://127.0.0.1:8024"
SECRET = "leyndarmál"
KEY = Sensitive("the-key")
REFERENCE = "T1-000007-A1B2C3"
PAYMENT = {"ReferenceNumber": REFERENCE, "StatusId": 1, "TotalAmount": 1990}
BODY = json.dumps({"ResultCode": 10429, "PaymentInfo": PAYMENT}).encode()


class Terminal:
    """What stands behind the listener: takes callbacks down, or has a disk that does not."""

    def __init__(self, *, takes: bool = True) -> None:
        self.heard: list[tuple[str, bool]] = []
        self.amount: float | None = None
        self.cart: str | None = None
        self._takes = takes

    async def on_callback(self, callback: Callback) -> bool:
        self.heard.append((callback.reference, callback.approved))
        self.amount, self.cart = callback.amount, callback.authorization_id
        return self._takes


def sign(body: bytes = BODY, *, url: str | None = None, secret: str = SECRET, nonce: str = "7") -> dict[str, str]:
    url = callback_url(PUBLIC_URL, REFERENCE, approved=True) if url is None else url
    return {wire.NONCE_HEADER: nonce, wire.SIGNATURE_HEADER: wire.sign(secret, nonce, url, body)}


def deliver(
    terminal: Terminal,
    *,
    body: bytes | AsyncIterator[bytes] = BODY,
    headers: dict[str, str] | None = None,
    path: str = f"/hooks/netgiro/callback/confirmed/{REFERENCE}",
    method: str = "POST",
) -> int:
    async def scenario() -> int:
        app = create_callback_listener(PUBLIC_URL, Sensitive(SECRET), terminal.on_callback)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            sent: dict[str, Any] = {"headers": sign() if headers is None else headers}
            response = await client.request(method, ARRIVES_AT + path, content=body, **sent)
        return response.status_code

    return asyncio.run(scenario())


def test_a_genuine_approval_is_heard_and_acknowledged() -> None:
    terminal = Terminal()
    assert deliver(terminal) == 200
    assert terminal.heard == [(REFERENCE, True)]
    assert terminal.amount == PAYMENT["TotalAmount"]


@each_of(
    ("amount", "cart", "fits"),
    [
        (1990, "A1", True),
        (1990.0, "a1", True),
        (None, None, True),
        (1991, "A1", False),
        (0, "A1", False),
        (1990, "B2", False),
    ],
)
def test_a_callback_fits_a_sale_of_its_amount_and_cart(amount: float | None, cart: str | None, fits: bool) -> None:
    assert Callback(REFERENCE, True, amount, cart).fits(1990, "A1") is fits


def test_before_a_sale_has_a_cart_only_a_callback_without_one_fits() -> None:
    assert Callback(REFERENCE, True, 1990, None).fits(1990, None)
    assert not Callback(REFERENCE, True, 1990, "A1").fits(1990, None)


@pytest.mark.parametrize("place", ["whole answer", "payment"])
def test_the_cart_of_a_callback_is_heard_from_wherever_it_stands(place: str) -> None:
    answer: dict[str, Any] = {"ResultCode": 10429, "PaymentInfo": dict(PAYMENT)}
    (answer if place == "whole answer" else answer["PaymentInfo"])["TransactionId"] = "B2"
    terminal, body = Terminal(), json.dumps(answer).encode()
    assert deliver(terminal, body=body, headers=sign(body)) == 200
    assert terminal.cart == "B2"


def test_a_genuine_cancellation_is_heard_as_one() -> None:
    terminal = Terminal()
    headers = sign(url=callback_url(PUBLIC_URL, REFERENCE, approved=False))
    assert deliver(terminal, headers=headers, path=f"/netgiro/callback/cancelled/{REFERENCE}") == 200
    assert terminal.heard == [(REFERENCE, False)]


def test_a_proxy_may_shorten_the_path_because_the_registered_url_is_what_is_signed() -> None:
    terminal = Terminal()
    assert deliver(terminal, path=f"/netgiro/callback/confirmed/{REFERENCE}") == 200


def test_what_the_disk_did_not_take_is_not_acknowledged() -> None:
    terminal = Terminal(takes=False)
    assert deliver(terminal) == 400
    assert terminal.heard == [(REFERENCE, True)]


@each_of(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param(sign(secret="other"), id="another secret"),
        pytest.param(sign(BODY + b" "), id="another body"),
        pytest.param(sign(url=callback_url(PUBLIC_URL, REFERENCE, approved=False)), id="the other kind's URL"),
        pytest.param(sign(url=callback_url(PUBLIC_URL, "T1-000008-A1B2C3", approved=True)), id="another sale's URL"),
        pytest.param(sign(url=callback_url(ARRIVES_AT, REFERENCE, approved=True)), id="the URL that it arrived at"),
        pytest.param(sign() | {wire.NONCE_HEADER: "8"}, id="another nonce"),
        pytest.param(sign() | {wire.SIGNATURE_HEADER: sign()[wire.SIGNATURE_HEADER].upper()}, id="capitals"),
    ],
)
def test_a_wrong_signature_gets_400_and_nobody_hears_of_it(headers: dict[str, str]) -> None:
    terminal = Terminal()
    assert deliver(terminal, headers=headers) == 400
    assert terminal.heard == []


def test_a_signed_body_about_another_sale_is_refused() -> None:
    body = json.dumps({"ResultCode": 10429, "PaymentInfo": {**PAYMENT, "ReferenceNumber": "T1-000008-A1B2C3"}}).encode()
    terminal = Terminal()
    assert deliver(terminal, body=body, headers=sign(body)) == 400
    assert terminal.heard == []


@pytest.mark.parametrize("body", [b'{"ResultCode":10429}', b'{"ResultCode":10429,"PaymentInfo":{}}'])
def test_a_signed_body_that_names_no_sale_is_taken_for_that_of_its_url(body: bytes) -> None:
    assert deliver(Terminal(), body=body, headers=sign(body)) == 200


@each_of("body", [b"", b"<html>", b"[]", BODY[:-1], b"\xff\xfe", b"[" * 60_000])
def test_garbage_gets_400_even_when_it_is_signed(body: bytes) -> None:
    terminal = Terminal()
    assert deliver(terminal, body=body, headers=sign(body)) == 400
    assert terminal.heard == []


def test_a_body_without_end_is_cut_off() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LARGEST_CALLBACK_BYTES:
            sent += 8192
            yield b" " * 8192

    terminal = Terminal()
    assert deliver(terminal, body=endless()) == 400
    assert sent <= 2 * LARGEST_CALLBACK_BYTES
    assert terminal.heard == []


@each_of(
    ("method", "path", "status"),
    [
        ("POST", f"/netgiro/callback/refunded/{REFERENCE}", 404),
        ("POST", f"/netgiro/callback/confirmed/{REFERENCE}/more", 404),
        ("POST", "/", 404),
        ("GET", f"/netgiro/callback/confirmed/{REFERENCE}", 405),
    ],
)
def test_other_addresses_are_nobodys(method: str, path: str, status: int) -> None:
    terminal = Terminal()
    assert deliver(terminal, method=method, path=path) == status
    assert terminal.heard == []


def hang_up(app: Starlette, url: str) -> int:
    """The caller is gone before the body has come."""

    async def scenario() -> int:
        answers: list[Any] = []

        async def receive() -> dict[str, str]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            answers.append(message)

        path = urlsplit(url).path
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": ""}
        await app({**scope, "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http"}, receive, send)
        return int(answers[0]["status"])

    return asyncio.run(scenario())


def test_a_caller_who_hangs_up_has_said_nothing(caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal()
    v1 = create_callback_listener(PUBLIC_URL, Sensitive(SECRET), terminal.on_callback)
    v2 = create_unsigned_callback_listener(KEY, terminal.on_callback)
    assert hang_up(v1, callback_url(PUBLIC_URL, REFERENCE, approved=True)) == 400
    assert hang_up(v2, url_v2(PUBLIC_URL, REFERENCE, KEY, approved=True)) == 400
    assert terminal.heard == []
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["the caller hung up"] * 2


ABOUT_ANOTHER = json.dumps({"PaymentInfo": {"ReferenceNumber": "T1-000008-A1B2C3"}}).encode()
LARGEST = BODY + b" " * (64 * 1024 - len(BODY))


@pytest.mark.parametrize(
    ("body", "headers", "takes", "why"),
    [
        (BODY, {}, True, "the signature does not match"),
        (ABOUT_ANOTHER, sign(ABOUT_ANOTHER), True, "it is about another sale"),
        (BODY, sign(), False, "no open sale waits for it"),
        (LARGEST + b" ", sign(LARGEST + b" "), True, "too large to be a callback"),
    ],
)
def test_the_log_says_why_a_callback_counts_for_nothing(
    body: bytes, headers: dict[str, str], takes: bool, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert deliver(Terminal(takes=takes), body=body, headers=headers) == 400
    assert caplog.records[-1].getMessage() == f"callback for {REFERENCE!r} refused: {why}"


def test_a_callback_of_64_kb_is_still_read() -> None:
    assert deliver(Terminal(), body=LARGEST, headers=sign(LARGEST)) == 200


# --- V2: unsigned -----------------------------------------------------------------------------------------------------


def deliver_v2(terminal: Terminal, url: str, body: bytes = b"{}") -> int:
    async def scenario() -> int:
        app = create_unsigned_callback_listener(KEY, terminal.on_callback)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return (await client.post(url, content=body)).status_code

    return asyncio.run(scenario())


@each_of("body", [b'{"Status": "Confirmed", "TransactionId": "A1"}', b"", b"<html>", b"\xff", b"[]"])
@each_of("approved", [True, False])
def test_whoever_knows_the_address_is_heard_whatever_the_body(body: bytes, approved: bool) -> None:
    terminal = Terminal()
    assert deliver_v2(terminal, url_v2(PUBLIC_URL, REFERENCE, KEY, approved=approved), body) == 200
    assert terminal.heard == [(REFERENCE, approved)]
    assert terminal.cart == ("A1" if b"A1" in body else None)


@each_of(
    "url",
    [
        url_v2(PUBLIC_URL, REFERENCE, Sensitive("another key"), approved=True),
        url_v2(PUBLIC_URL, "T1-000008-A1B2C3", KEY, approved=True).replace("000008", "000007"),
        f"{PUBLIC_URL}/netgiro/callback/confirmed/{REFERENCE}",
        f"{PUBLIC_URL}/netgiro/callback/confirmed/{REFERENCE}/",
        f"{PUBLIC_URL}/netgiro/callback/confirmed/{REFERENCE}/%C3%BE",
        url_v2(PUBLIC_URL, REFERENCE, KEY, approved=True).replace("confirmed", "maybe"),
    ],
)
def test_whoever_does_not_is_not(url: str) -> None:
    terminal = Terminal()
    assert deliver_v2(terminal, url) in (400, 404)
    assert terminal.heard == []


def test_what_is_not_on_disk_is_not_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    terminal = Terminal(takes=False)
    assert deliver_v2(terminal, url_v2(PUBLIC_URL, REFERENCE, KEY, approved=True)) == 400
    assert caplog.records[-1].getMessage().endswith("refused: no sale waits for it")


def test_whoever_guesses_an_address_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    guessed = url_v2(PUBLIC_URL, REFERENCE, Sensitive("another key"), approved=True)
    assert deliver_v2(Terminal(), guessed) == 400
    assert caplog.records[-1].getMessage().endswith("refused: its address is not one that was given out")


def test_only_a_post_is_a_callback_and_only_of_a_kind_that_there_is() -> None:
    url = url_v2(PUBLIC_URL, REFERENCE, KEY, approved=True)

    async def scenario() -> tuple[int, int]:
        app = create_unsigned_callback_listener(KEY, Terminal().on_callback)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            unknown = await client.post(url.replace("confirmed", "maybe"))
            return (await client.get(url)).status_code, unknown.status_code

    assert asyncio.run(scenario()) == (405, 404)


def test_a_body_without_end_is_cut() -> None:
    terminal = Terminal()
    url = url_v2(PUBLIC_URL, REFERENCE, KEY, approved=True)
    assert deliver_v2(terminal, url, b" " * (LARGEST_CALLBACK_BYTES + 1)) == 200
    assert terminal.cart is None
