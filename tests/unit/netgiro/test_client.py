"""Every way in which a call can end: a readable answer, known not to have left, or lost."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.netgiro import https, wire
from terminal.netgiro.carrier import Request
from terminal.netgiro.client import Credentials, SignatureCheck, SignedClient
from terminal.netgiro.https import LARGEST_ANSWER_BYTES, HttpsCarrier
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.pinning import fingerprint_of, pins_in
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive
from tests.virtual_time import run_virtual

BASE_URL = "http://netgiro.test/v1"
URL = BASE_URL + "/Checkout/CheckCart"
SECRET = "leyndarmál"
BODY = b'{"ResultCode":10425}'

Answering = Callable[[httpx.Request], httpx.Response | Coroutine[Any, Any, httpx.Response]]


def make_client(
    base_url: str = BASE_URL,
    *,
    answering: Answering | None = None,
    check: SignatureCheck = SignatureCheck.WHEN_PRESENT,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 15.0,
) -> SignedClient:
    async def reserve(_high_water: int, _answers_signed: bool) -> None:
        """These nonces need not outlive the test."""

    way = HttpsCarrier(
        base_url,
        connect_timeout_s=connect_timeout_s,
        read_timeout_s=read_timeout_s,
        transport=httpx.MockTransport(answering) if answering else None,
    )
    credentials = Credentials("881E674F", Sensitive(SECRET))
    return SignedClient(way, base_url, credentials, NonceSource(0, reserve, lambda: 0.0), check)


async def post(client: SignedClient) -> Any:
    try:
        return await client.post("/Checkout/CheckCart", {"TransactionId": "x"})
    finally:
        await client.close()


def call(answer: httpx.Response, check: SignatureCheck = SignatureCheck.WHEN_PRESENT) -> Any:
    return asyncio.run(post(make_client(answering=lambda _request: answer, check=check)))


def signed(body: bytes = BODY, *, url: str = URL, secret: str = SECRET) -> dict[str, str]:
    return {wire.NONCE_HEADER: "7", wire.SIGNATURE_HEADER: wire.sign(secret, "7", url, body)}


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_the_very_bytes_that_are_sent_are_signed() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=BODY)

    asyncio.run(post(make_client(answering=answer)))
    request = seen[0]
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["netgiro_appkey"] == "881E674F"
    assert json.loads(request.content) == {"TransactionId": "x"}
    assert wire.signature_matches(SECRET, request.headers, URL, request.content)
    assert request.headers["accept-encoding"] == "identity"


def test_a_base_url_may_end_with_a_slash() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, content=BODY)

    asyncio.run(post(make_client(BASE_URL + "/", answering=answer)))
    assert seen == [URL]


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_readable_answer_comes_with_its_status_and_support_reference() -> None:
    answer = call(httpx.Response(400, content=BODY, headers={"Netgiro_ReferenceId": "abc"}))
    assert (answer.answer.result_code, answer.http_status, answer.support_reference) == (10425, 400, "abc")


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 500, 502, 503, 504, 599])
def test_a_redirect_or_a_server_error_is_no_answer(status: int) -> None:
    headers = {"location": "https://elsewhere.test/", "netgiro_referenceId": "abc"}
    with pytest.raises(CallLost, match=str(status)) as caught:
        call(httpx.Response(status, content=BODY, headers=headers))
    assert caught.value.support_reference == "abc"


@pytest.mark.parametrize("body", [b"", b"<html>", BODY[:-3], b"[1]", b'"paid"', b"\xff\xfe\x00"])
def test_a_body_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    with pytest.raises(CallLost):
        call(httpx.Response(200, content=body))


def test_a_body_that_is_too_large_is_no_answer_and_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    with pytest.raises(CallLost, match="too large"):
        call(httpx.Response(200, content=endless()))
    assert sent <= 2 * LARGEST_ANSWER_BYTES


def test_a_body_that_claims_a_compression_it_does_not_have_is_no_answer() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"not gzip"

    with pytest.raises(CallLost):
        call(httpx.Response(200, content=body(), headers={"content-encoding": "gzip"}))


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br", "deflate", "zstd", "IDENTITY, gzip", "x"])
def test_a_compressed_answer_is_no_answer_whatever_it_holds(encoding: str) -> None:
    headers = {"content-encoding": encoding} | signed()

    async def body() -> AsyncIterator[bytes]:
        yield gzip.compress(BODY)

    with pytest.raises(CallLost, match="compressed"):
        call(httpx.Response(200, content=body(), headers=headers))


def test_a_decompression_bomb_is_not_unpacked() -> None:
    """980 bytes that hold 1.6 GB stopped the terminal for 14 seconds."""
    bomb = gzip.compress(gzip.compress(b"0" * 64_000_000, mtime=0), mtime=0)

    async def explode(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
        writer.write(head + bomb)
        await writer.drain()

    async def scenario() -> float:
        async with listening(explode) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            started_s = time.process_time()
            with pytest.raises(CallLost, match="compressed"):
                await post(client)
            return time.process_time() - started_s

    assert asyncio.run(scenario()) < 0.5


# --- signatures -------------------------------------------------------------------------------------------------------

RIGHT = signed()
WRONG = [
    pytest.param(signed(secret="other"), id="another secret"),
    pytest.param(signed(url=URL + "?"), id="another URL"),
    pytest.param(signed(BODY + b" "), id="another body"),
    pytest.param(RIGHT | {wire.NONCE_HEADER: "8"}, id="another nonce"),
    pytest.param({wire.SIGNATURE_HEADER: RIGHT[wire.SIGNATURE_HEADER]}, id="no nonce"),
    pytest.param(RIGHT | {wire.SIGNATURE_HEADER: ""}, id="empty"),
]


@pytest.mark.parametrize("check", SignatureCheck)
def test_a_right_signature_is_taken(check: SignatureCheck) -> None:
    assert call(httpx.Response(200, content=BODY, headers=RIGHT), check).answer.result_code == 10425


@pytest.mark.parametrize("check", [SignatureCheck.REQUIRE, SignatureCheck.WHEN_PRESENT])
@pytest.mark.parametrize("headers", WRONG)
def test_a_wrong_signature_is_no_answer(headers: dict[str, str], check: SignatureCheck) -> None:
    with pytest.raises(CallLost, match="signature"):
        call(httpx.Response(200, content=BODY, headers=headers), check)


def test_a_wrong_signature_on_a_refusal_is_no_answer_either() -> None:
    with pytest.raises(CallLost):
        call(httpx.Response(400, content=b'{"ResultCode":400}', headers=RIGHT))


def test_a_missing_signature_is_no_answer_only_where_one_is_required() -> None:
    answer = httpx.Response(200, content=BODY)
    assert call(answer, SignatureCheck.WHEN_PRESENT).answer.result_code == 10425
    with pytest.raises(CallLost):
        call(httpx.Response(200, content=BODY), SignatureCheck.REQUIRE)


def test_once_the_service_has_signed_whoever_does_not_is_not_the_service() -> None:
    answers = [httpx.Response(200, content=BODY), httpx.Response(200, content=BODY, headers=RIGHT)]

    async def scenario() -> None:
        client = make_client(answering=lambda _request: answers[0])
        unsigned = await client.post("/Checkout/CheckCart", {})
        assert not unsigned.is_vouched_for
        answers.reverse()
        assert (await client.post("/Checkout/CheckCart", {})).is_vouched_for
        answers.reverse()
        for status in (200, 400, 401):
            answers[0] = httpx.Response(status, content=BODY)
            with pytest.raises(CallLost, match="signature"):
                await client.post("/Checkout/CheckCart", {})
        await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("headers", WRONG)
def test_signatures_are_not_looked_at_when_that_is_off(headers: dict[str, str]) -> None:
    assert call(httpx.Response(200, content=BODY, headers=headers), SignatureCheck.OFF).answer.result_code == 10425


# --- connections that fail --------------------------------------------------------------------------------------------

NOT_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
LOST = [
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.DecodingError,
    httpx.TooManyRedirects,
]


def failing(error: type[httpx.RequestError]) -> SignedClient:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("as asked for", request=request)

    return make_client(answering=answer)


@pytest.mark.parametrize("error", NOT_SENT)
def test_what_never_left_is_refused_as_not_sent(error: type[httpx.RequestError]) -> None:
    with pytest.raises(CallRefused) as caught:
        asyncio.run(post(failing(error)))
    assert caught.value.refusal is Refusal.NOT_SENT


@pytest.mark.parametrize("error", LOST)
def test_whatever_else_fails_may_have_happened(error: type[httpx.RequestError]) -> None:
    with pytest.raises(CallLost):
        asyncio.run(post(failing(error)))


def test_every_transport_error_of_httpx_is_known_here() -> None:
    families = {
        httpx.RequestError,
        httpx.TransportError,
        httpx.TimeoutException,
        httpx.NetworkError,
        httpx.ProtocolError,
    }
    of_httpx = {
        error for error in vars(httpx).values() if isinstance(error, type) and issubclass(error, httpx.RequestError)
    }
    assert of_httpx - families == {*NOT_SENT, *LOST}


def test_a_server_that_never_answers_is_given_up_in_bounded_time() -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(CallLost):
            await post(make_client(answering=never, connect_timeout_s=5, read_timeout_s=15))
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(35)


def test_a_server_that_drips_is_given_up_in_bounded_time() -> None:
    """Each byte comes within the read time-out; only the sum of them is too long."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(10)

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(CallLost):
            await post(make_client(answering=lambda _request: httpx.Response(200, content=drip())))
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(35)


# --- is anybody there -------------------------------------------------------------------------------------------------


def is_reached(client: SignedClient) -> bool:
    async def scenario() -> bool:
        try:
            return await client.reach()
        finally:
            await client.close()

    return run_virtual(scenario())


@pytest.mark.parametrize("status", [200, 301, 401, 404, 405, 503])
def test_whoever_answers_anything_is_there(status: int) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status)

    assert is_reached(make_client(answering=answer))
    (request,) = seen
    assert (request.method, str(request.url)) == ("HEAD", BASE_URL)
    assert not any(name.lower().startswith("netgiro") for name in request.headers), "it says nothing of the shop"


@pytest.mark.parametrize("error", [*NOT_SENT, *LOST])
def test_whoever_cannot_be_asked_is_not_there(error: type[httpx.RequestError]) -> None:
    assert not is_reached(failing(error))


def test_whoever_is_silent_is_not_there_and_is_not_waited_for_long() -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        assert not await make_client(answering=never, connect_timeout_s=5).reach()
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(10)


def test_a_night_without_network_is_two_lines_of_log(caplog: pytest.LogCaptureFixture) -> None:
    up = [True, False, False, False, True, True]

    def answer(request: httpx.Request) -> httpx.Response:
        if up.pop(0):
            return httpx.Response(404)
        raise httpx.ConnectError("no route to host", request=request)

    async def scenario() -> None:
        client = make_client(answering=answer)
        for _ in range(6):
            await client.reach()

    with caplog.at_level(logging.INFO, "terminal.netgiro.https"):
        asyncio.run(scenario())
    lost, found = (record.getMessage() for record in caplog.records)
    assert "is not reached: ConnectError: no route to host" in lost
    assert "is reached" in found


# --- real sockets -----------------------------------------------------------------------------------------------------

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server on a free port, whose connections are closed after ``serve``."""

    serving: list[asyncio.Task[None]] = []

    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*serving, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)


def test_a_port_that_nobody_listens_on_means_not_sent() -> None:
    async def scenario() -> None:
        async with listening(lambda _reader, _writer: asyncio.sleep(0)) as port:
            pass
        with pytest.raises(CallRefused) as caught:
            await post(make_client(f"http://127.0.0.1:{port}/v1"))
        assert caught.value.refusal is Refusal.NOT_SENT

    asyncio.run(scenario())


def test_a_connection_dropped_after_the_request_may_have_done_its_work() -> None:
    received: list[bytes] = []

    async def read_and_hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(await read_request(reader))

    async def scenario() -> None:
        async with listening(read_and_hang_up) as port:
            with pytest.raises(CallLost):
                await post(make_client(f"http://127.0.0.1:{port}/v1"))

    asyncio.run(scenario())
    assert b'{"TransactionId":"x"}' in received[0]


def test_a_body_cut_in_the_middle_is_no_answer() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n" + BODY[:10])
        await writer.drain()

    async def scenario() -> None:
        async with listening(half) as port:
            with pytest.raises(CallLost):
                await post(make_client(f"http://127.0.0.1:{port}/v1"))

    asyncio.run(scenario())


def test_a_second_call_goes_over_the_same_connection() -> None:
    connections = 0

    async def answer_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            await read_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)
            await writer.drain()

    async def scenario() -> None:
        async with listening(answer_twice) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            await client.post("/Checkout/CheckCart", {})
            await post(client)

    asyncio.run(scenario())
    assert connections == 1


class KeepsAlive:
    """Answers every call, and closes a connection that has been idle for ``idle_s``, as servers do."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self.connections = 0
        self.calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(TimeoutError):
            while True:
                await asyncio.wait_for(read_request(reader), self._idle_s)
                self.calls += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)
                await writer.drain()


def test_a_call_that_cannot_be_repeated_does_not_trust_an_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "TRUSTED_IDLE_S", 0.0)
    server = KeepsAlive(idle_s=5)

    async def scenario() -> None:
        async with listening(server.serve) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            await client.post("/Checkout/CheckCart", {})
            await client.post("/Checkout/CheckCart", {})
            assert server.connections == 1, "a question may go over any connection"
            await client.post("/Checkout/InsertCart", {}, may_repeat=False)
            assert server.connections == 2
            await client.post("/Checkout/CheckCart", {})
            assert server.connections == 2, "what follows goes over the new one"
            await client.close()

    asyncio.run(scenario())


def test_a_connection_in_use_just_now_is_trusted() -> None:
    server = KeepsAlive(idle_s=5)

    async def scenario() -> None:
        async with listening(server.serve) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            await client.post("/Checkout/CheckCart", {})
            await client.post("/Checkout/ConfirmCart", {}, may_repeat=False)
            await client.close()

    asyncio.run(scenario())
    assert server.connections == 1


def test_what_is_under_way_over_a_connection_that_is_given_up_still_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "TRUSTED_IDLE_S", -1.0)  # every connection is too old
    slow = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"CheckCart" in await read_request(reader):
            await slow.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)
        await writer.drain()

    async def scenario() -> None:
        async with listening(serve) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            question = asyncio.create_task(client.post("/Checkout/CheckCart", {}))
            await asyncio.sleep(0)
            await client.post("/Checkout/InsertCart", {}, may_repeat=False)
            slow.set()
            assert (await question).answer.result_code == 10425
            await client.close()

    asyncio.run(scenario())


def test_connections_are_made_anew_after_a_pool_that_gave_none() -> None:
    """A pool that has run out of descriptors once hands out nothing any more."""
    builds = 0

    class Pool(httpx.AsyncBaseTransport):
        is_dead = True

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if self.is_dead:
                raise httpx.PoolTimeout("no connection is free", request=request)
            return httpx.Response(200, content=BODY)

        async def aclose(self) -> None:
            nonlocal builds
            builds += 1
            self.is_dead = False  # as a new pool is not

    async def scenario() -> None:
        client = make_client(answering=None)
        client._carrier = HttpsCarrier(BASE_URL, transport=Pool())
        with pytest.raises(CallRefused) as caught:
            await client.post("/Checkout/InsertCart", {}, may_repeat=False)
        assert caught.value.refusal is Refusal.NOT_SENT
        assert builds == 1
        assert (await client.post("/Checkout/InsertCart", {}, may_repeat=False)).http_status == 200
        await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("refusal", [404, 405])
def test_a_call_goes_over_the_connection_that_the_look_has_made(refusal: int) -> None:
    connections = 0

    async def refuse_then_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d No\r\ncontent-length: 99\r\n\r\n" % refusal)  # of the body that HEAD leaves out
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)
        await writer.drain()

    async def scenario() -> None:
        async with listening(refuse_then_answer) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            assert await client.reach()
            await post(client)

    asyncio.run(scenario())
    assert connections == 1


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but itself vouches for, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("TLS verification is not tested: the openssl command is missing (apt-get install openssl)")
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*command.split(), *where], check=True, capture_output=True)
    return chain, key


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(BODY) + BODY)
    await writer.drain()


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_no_request(
    scheme: str, certificate: tuple[Path, Path]
) -> None:
    received: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(await read_request(reader))

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)  # the server's side of the failed handshake
        async with listening(listen, server_context(certificate)) as port:
            with pytest.raises(CallRefused) as caught:
                await post(make_client(f"{scheme}://127.0.0.1:{port}/v1"))
        assert caught.value.refusal is Refusal.NOT_SENT
        assert "certificate" in str(caught.value).lower()

    asyncio.run(scenario())
    assert received == []


def test_a_server_with_another_certificate_than_the_pinned_one_gets_no_request(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    right = fingerprint_of(ssl.PEM_cert_to_DER_cert(certificate[0].read_text()))
    received: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()

    async def call_with(pins: str) -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with listening(answer, server_context(certificate)) as port:
            url = f"https://127.0.0.1:{port}/v2"
            way = HttpsCarrier(url, certificate_pins=pins_in(pins))
            try:
                return (await way.exchange(Request("POST", url, b"{}", {}))).http_status
            finally:
                await way.close()

    assert asyncio.run(call_with(right)) == 200
    assert asyncio.run(call_with(f"{'0' * 64} {right.upper()}")) == 200
    received.clear()
    with pytest.raises(CallRefused) as caught:
        asyncio.run(call_with("0" * 64))
    assert caught.value.refusal is Refusal.NOT_SENT
    assert right in str(caught.value)
    assert received == []


@pytest.mark.parametrize("text", ["x", "0" * 63, "0" * 65, "sha256:" + "0" * 64])
def test_what_is_no_fingerprint_is_no_pin(text: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        pins_in(text)


def test_a_server_whose_certificate_is_trusted_is_called(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pair of the test above: it is the certificate alone that made the difference."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    async def scenario() -> int:
        async with listening(answer_once, server_context(certificate)) as port:
            answer = await post(make_client(f"https://127.0.0.1:{port}/v1"))
        return int(answer.answer.result_code)

    assert asyncio.run(scenario()) == 10425
