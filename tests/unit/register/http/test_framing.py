"""Requests whose end two readers may see at two places: none of them brings a second request to the terminal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.patience import at_most
from tests.unit.register.http.server_bench import Terminal, at_a_terminal

BODY = '{"amount": 1}'
HIDDEN = '{"amount": 9}'


@pytest.mark.parametrize(
    "framing",
    [
        f"Content-Length: {len(BODY)}\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4000",
        f"Content-Length: {len(BODY)}\r\nContent-Length: 0",
        "Content-Length: 0, 400",
        "Content-Length: +13",
        "Content-Length: -1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        f"X: a\rTransfer-Encoding: chunked\r\nContent-Length: {len(BODY)}",
    ],
)
def test_a_request_with_two_ends_is_refused_and_the_connection_closed(tmp_path: Path, framing: str) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        head = (
            f"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {terminal.token}\r\nIdempotency-Key: k\r\n"
        )
        hidden = f"{head}Content-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}"
        said = await answers(terminal, f"{head}{framing}\r\n\r\n0\r\n\r\n{hidden}")
        assert said.count(b"HTTP/1.1 ") == 1
        assert said.startswith(b"HTTP/1.1 400 ")
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_a_folded_header_is_not_read_as_one_of_its_own(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        head = (
            f"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {terminal.token}\r\nIdempotency-Key: k\r\n"
        )
        folded = f"X: a\r\n Content-Length: 5\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
        await answers(terminal, head + folded)
        assert [json.loads(call["body"]) for call in terminal.heard] == [{"amount": 1}]

    at_a_terminal(tmp_path, scenario)


async def answers(terminal: Terminal, request: str) -> bytes:
    """Until the terminal closes the connection."""
    port = int(terminal.port.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode())
        async with asyncio.timeout(at_most(3)):
            return await reader.read(-1)
    finally:
        writer.close()
