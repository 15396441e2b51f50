"""Somebody who answers in Netgíró's place: with no certificate, with another one, by sending us elsewhere."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from terminal.netgiro.carrier import LARGEST_ANSWER_BYTES, HttpsCarrier, Request
from terminal.sale.gateway import CallLost, CallRefused

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    subprocess.run([*kind, *names, "-keyout", key, "-out", made], check=True, capture_output=True)
    return made, key


class Impostor:
    """Says the same to everybody, and counts who has said something to it."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self.heard = 0

    async def serve(self, ask: Callable[[int], Awaitable[None]]) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if await reader.read(65536):
                self.heard += 1
            writer.write(self._answer)
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=self._tls)
        try:
            await ask(server.sockets[0].getsockname()[1])
        finally:
            server.close()


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


def identity(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(folder, name))
    return context


def test_a_certificate_that_nobody_vouches_for_hears_no_word(tmp_path: Path) -> None:
    impostor = Impostor(HELLO, identity(tmp_path, "localhost"))
    assert isinstance(asked(impostor), CallRefused)  # nothing has left, so the sale is not in doubt
    assert impostor.heard == 0


def test_a_right_certificate_for_another_name_hears_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impostor = Impostor(HELLO, identity(tmp_path, "api.elsewhere.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "api.elsewhere.example.pem"))
    assert isinstance(asked(impostor), CallRefused)
    assert impostor.heard == 0


def test_a_connection_without_tls_hears_no_word() -> None:
    impostor = Impostor(HELLO)
    assert isinstance(asked(impostor), CallRefused | CallLost)


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
