"""Callbacks that Netgíró never sent, to a running terminal whose sale waits for one: nothing is paid, nothing ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import TypeAlias

import httpx
import pytest

from terminal.netgiro.v1 import callback_url
from terminal.netgiro.wire import NONCE_HEADER, SIGNATURE_HEADER, sign
from tests.integration.counter import ShopCounter, free_port
from tests.integration.netgiro import PATIENT_PHONE, SECRET_KEY, NetgiroProcess
from tests.patience import at_most

Waiting: TypeAlias = tuple[ShopCounter, str, str]


@pytest.fixture(scope="module")
def waiting(
    tmp_path_factory: pytest.TempPathFactory, netgiro: NetgiroProcess
) -> Iterator[tuple[ShopCounter, str, str]]:
    """A counter whose customer has not answered yet, where its callbacks arrive, and the sale's reference."""
    listen = f"127.0.0.1:{free_port()}"
    settings = {
        "netgiro": {"confirmation": "server_callback"},
        "callback": {"listen": listen, "public_url": f"http://{listen}"},
    }
    with ShopCounter(tmp_path_factory.mktemp("forged"), netgiro, settings) as counter:
        counter.pay("forged")
        counter.press(f"{PATIENT_PHONE}#")
        counter.wait_for("customer")
        yield counter, f"http://{listen}", str(counter.journal_row("forged")["reference"])


def body_for(reference: str, **more: object) -> bytes:
    payment = {"ReferenceNumber": reference, "StatusId": 2, "TotalAmount": 1990}
    return json.dumps({"ResultCode": 200, "PaymentSuccessful": True, "PaymentInfo": payment, **more}).encode()


def signed(url: str, body: bytes, secret: str = SECRET_KEY) -> dict[str, str]:
    return {NONCE_HEADER: "1", SIGNATURE_HEADER: sign(secret, "1", url, body)}


def test_forged_callbacks_pay_nothing(waiting: Waiting) -> None:
    counter, base_url, reference = waiting
    right_url, body = callback_url(base_url, reference, approved=True), body_for(reference)
    cancelled_url = callback_url(base_url, reference, approved=False)
    forged: list[tuple[str, bytes, dict[str, str]]] = [
        (right_url, body, {}),
        (right_url, body, {SIGNATURE_HEADER: "", NONCE_HEADER: ""}),
        (right_url, body, signed(right_url, body, "another key")),
        (right_url, body, signed(right_url, body, "")),
        (right_url, body_for(reference, Message="changed"), signed(right_url, body)),
        (right_url, body, signed(cancelled_url, body)),
        (cancelled_url, body, signed(right_url, body)),
        (right_url.replace("confirmed", "CONFIRMED"), body, signed(right_url, body)),
        (right_url.replace(reference, f"x/../{reference}"), body, {}),
        (right_url, b"x" * 100_000, signed(right_url, b"x" * 100_000)),
        (right_url, b"[" * 50_000, signed(right_url, b"[" * 50_000)),
    ]
    with httpx.Client(trust_env=False, timeout=at_most(10)) as client:
        for url, content, headers in forged:
            assert client.post(url, content=content, headers=headers).status_code in (400, 404), url
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "TRACE"):
            assert client.request(method, right_url, headers=signed(right_url, b"")).status_code == 405

    assert counter.state()["state"] == "customer"
    assert counter.journal_row("forged")["outcome"] is None


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\x00" * 4096,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_two_requests_in_one_and_other_crooked_ones_are_refused(waiting: Waiting, smuggled: bytes) -> None:
    counter, base_url, _reference = waiting
    url = httpx.URL(base_url)
    with socket.create_connection((url.host, url.port or 80), timeout=at_most(10)) as caller:
        caller.sendall(smuggled)
        try:
            answer = caller.recv(4096)
        except ConnectionError:
            answer = b""
    assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405")
    assert counter.state()["state"] == "customer"
