"""The client over real sockets: connections that are cut, kept or too old, and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from terminal.netgiro import https
from terminal.netgiro.carrier import Request
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.pinning import fingerprint_of, pins_in
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from tests.each import each_of
from tests.unit.netgiro.client_bench import BASE_URL, BODY, listening, make_client, post, read_request

# --- real sockets -----------------------------------------------------------------------------------------------------


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


@each_of("text", ["x", "0" * 63, "0" * 65, "sha256:" + "0" * 64])
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
