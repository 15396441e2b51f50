"""A client of a Netgíró that answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from terminal.netgiro.client import Credentials, SignatureCheck, SignedClient
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.nonce import NonceSource
from terminal.sale.gateway import CallLost
from terminal.sale.sensitive import Sensitive

BASE_URL = "http://netgiro.test/v1"
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


def seconds_to_refuse_compressed(serve: Serve) -> float:
    """Of the processor, until the call to such a server has ended as lost, because its answer is compressed."""

    async def scenario() -> float:
        async with listening(serve) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            started_s = time.process_time()
            with pytest.raises(CallLost, match="compressed"):
                await post(client)
            return time.process_time() - started_s

    return asyncio.run(scenario())


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return head + await reader.readexactly(length)
