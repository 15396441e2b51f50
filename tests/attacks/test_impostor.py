"""Somebody who answers in Netgíró's place, with something that is no answer, or by sending us elsewhere."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from terminal.netgiro.carrier import Request
from terminal.netgiro.https import LARGEST_ANSWER_BYTES, HttpsCarrier
from terminal.sale.gateway import CallLost, CallRefused
from tests.attacks.impostor import Impostor


def asked(impostor: Impostor, scheme: str = "https") -> Exception:
    """How a call to it ends."""
    failure: list[Exception] = []

    async def ask(port: int) -> None:
        url = f"{scheme}://localhost:{port}/v1/checkout/InsertCart"
        carrier = HttpsCarrier(url, connect_timeout_s=5, read_timeout_s=5)
        try:
            await carrier.exchange(Request("POST", url, b"{}", {}))
        except (CallLost, CallRefused) as error:
            failure.append(error)
        finally:
            await carrier.close()

    asyncio.run(impostor.serve(ask))
    assert failure, "the answer counted"
    return failure[0]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000, id="too much"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n", id="a head without end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\n{}", id="compressed"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a crooked chunk"),
        pytest.param(b"\x16\x03\x01" * 100, id="no HTTP"),
    ],
)
def test_an_answer_that_is_none_is_no_answer(answer: bytes) -> None:
    assert isinstance(asked(Impostor(answer), "http"), CallLost)
    assert LARGEST_ANSWER_BYTES < 5_000_000


def test_nobody_is_followed_elsewhere() -> None:
    elsewhere: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        elsewhere.append(str(request.url))
        return httpx.Response(307, headers={"location": "https://evil.example/v1"})

    async def ask() -> int:
        url = "https://api.netgiro.example/v1"
        carrier = HttpsCarrier(url, transport=httpx.MockTransport(answer))
        return (await carrier.exchange(Request("POST", url, b"{}", {}))).http_status

    assert asyncio.run(ask()) == 307
    assert elsewhere == ["https://api.netgiro.example/v1"]
