"""Requests whose end two readers may see at two places: none of them brings a second request to the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from pathlib import Path

import httpx
import pytest

from terminal.system import web
from tests.patience import at_most
from tests.unit.register.http.server_bench import Terminal, answers, at_a_terminal

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
        head = payment(terminal)
        hidden = f"{head}Content-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}"
        said = await answers(terminal, f"{head}{framing}\r\n\r\n0\r\n\r\n{hidden}")
        assert said.count(b"HTTP/1.1 ") == 1
        assert said.startswith(b"HTTP/1.1 400 ")
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_a_folded_header_is_not_read_as_one_of_its_own(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        head = payment(terminal)
        folded = f"X: a\r\n Content-Length: 5\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}"
        await answers(terminal, head + folded)
        assert [json.loads(call["body"]) for call in terminal.heard] == [{"amount": 1}]

    at_a_terminal(tmp_path, scenario)


@pytest.mark.parametrize(
    "body",
    [
        '10\n{"amount": 1990}\n0\n\n',
        '10\r\n{"amount": 1990}\n0\r\n\r\n',
        '10;a\nb\r\n{"amount": 1990}\r\n0\r\n\r\n',
        f"{'F' * 40}\r\n{{}}",
        "-1\r\n{}",
        "10 \t\r{}",
    ],
)
def test_a_chunk_whose_end_is_doubtful_is_no_payment(
    tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "REQUEST_S", 0.2)

    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        said = await answers(terminal, f"{payment(terminal)}Transfer-Encoding: chunked\r\n\r\n{body}")
        assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_requests_that_come_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        bodies = [f'{{"amount": {amount_kr}}}' for amount_kr in (1990, 590, 2990)]
        first = "".join(f"{payment(terminal)}Content-Length: {len(body)}\r\n\r\n{body}" for body in bodies)
        last = payment(terminal).replace("POST /v1/payments", "GET /v1/status")
        said = await answers(terminal, f"{first}{last}Connection: close\r\n\r\n")
        assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"201", b"201", b"201", b"200"]
        assert [call.get("body", "") for call in terminal.heard] == [*bodies, ""]

    at_a_terminal(tmp_path, scenario)


def test_another_version_of_http_is_no_request_of_ours(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        said = await answers(terminal, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        assert set(re.findall(rb"HTTP/1.1 (\d+)", said)) <= {b"404", b"400"}
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_a_head_of_64_kib_is_refused_also_when_it_comes_at_once(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        head = payment(terminal).replace("POST /v1/payments", "GET /v1/status")
        said = await answers(terminal, f"{head}X: {'a' * 65536}\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400 ")
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


@pytest.mark.parametrize(("token", "status"), [("", "401"), (None, "100")])
def test_who_asks_before_the_body_is_told_to_go_on_if_the_terminal_knows_it(
    tmp_path: Path, token: str | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "REQUEST_S", 0.2)

    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        terminal.token = terminal.token if token is None else token
        said = await answers(terminal, f"{payment(terminal)}Expect: 100-continue\r\nContent-Length: 16\r\n\r\n")
        assert re.findall(r"HTTP/1.1 (\d+)", said.decode()) == [status], "and no waiting for a body that never comes"
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_a_body_that_drips_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "REQUEST_S", 0.2)

    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        port = int(terminal.port.base_url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def drip() -> None:
            writer.write(f"{payment(terminal)}Content-Length: 4000\r\n\r\n{{".encode())
            while True:
                writer.write(b" ")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(at_most(3)):
            with contextlib.suppress(ConnectionError):
                assert await reader.read(-1) == b""
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.transport.abort()
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def payment(terminal: Terminal) -> str:
    """The head, but for what says where the body ends."""
    token = f"Authorization: Bearer {terminal.token}\r\n"
    return f"POST /v1/payments HTTP/1.1\r\nHost: x\r\n{token}Idempotency-Key: k\r\n"
