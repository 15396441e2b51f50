"""The web server of register programs over real sockets: who may call, what is handed on, what is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hardware.interfaces import Cut, DeviceError, Document, TextLine
from terminal.register.http.certificate import OwnCertificate
from terminal.register.http.port import MOST_LISTENERS, MOST_UNREAD_EVENTS, HttpPort, Listen
from terminal.register.http.programs import Programs
from terminal.register.http.server import LONGEST_BODY
from terminal.register.settings import CERTIFICATE_FILE
from tests.patience import at_most
from tests.unit.register.http.server_bench import STATUS, Terminal, at_a_terminal

# --- what is handed on ------------------------------------------------------------------------------------------------


def test_a_call_is_handed_on_whole(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        body = {"amount": 1990}
        answer = await client.post("/v1/payments", json=body, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()) == (201, {"id": "x"})
        assert answer.headers["content-type"] == "application/json"
        (call,) = terminal.heard
        assert {name: call[name] for name in ("program", "method", "path", "key")} == {
            "program": "Kassi 1",
            "method": "POST",
            "path": "/v1/payments",
            "key": "k",
        }
        assert json.loads(call["body"]) == body
        await client.get("/v1/payments/T1-1-A?wait=25")
        assert terminal.heard[-1]["query"] == {"wait": "25"}
        assert terminal.token not in json.dumps(terminal.heard)

    at_a_terminal(tmp_path, scenario)


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        for path in ("/", "/v1", "/v1/payments/", "/v1/payments/a/b", "/v1/payments/a%2Fb", "/v1/refunds/x/y"):
            assert (await client.get(path)).status_code == 404
        refused = await client.put("/v1/payments")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST, GET, OPTIONS")
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_what_is_too_long_or_twice_is_refused(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        key = {"Idempotency-Key": "k"}
        assert (await client.post("/v1/payments", content=b"x" * (LONGEST_BODY + 1), headers=key)).status_code == 413
        assert (await client.post("/v1/payments", content=b"\xff", headers=key)).status_code == 400
        two_keys = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        assert (await client.post("/v1/payments", json={"amount": 1}, headers=two_keys)).json()["code"] == "key"
        assert (await client.get("/v1/payments?key=a&key=b")).status_code == 400
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_whoever_hangs_up_is_forgotten(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        terminal.waits = True
        waiting = asyncio.ensure_future(client.get("/v1/payments/T1-1-A?wait=25"))
        await terminal.until(lambda: bool(terminal.heard))
        waiting.cancel()
        await terminal.until(lambda: terminal.heard[-1]["type"] == "gone")
        assert terminal.heard[-1]["number"] == terminal.heard[-2]["number"]

    at_a_terminal(tmp_path, scenario)


def test_whoever_waits_at_the_end_is_answered(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        terminal.waits = True
        waiting = asyncio.ensure_future(client.get("/v1/payments/T1-1-A?wait=25"))
        await terminal.until(lambda: bool(terminal.heard))
        await terminal.port.close()
        assert (await waiting).status_code == 503

    at_a_terminal(tmp_path, scenario)


# --- paper ------------------------------------------------------------------------------------------------------------


def test_lines_come_out_on_our_printer(tmp_path: Path) -> None:
    printed: list[Document] = []

    async def print_now(document: Document) -> None:
        printed.append(document)

    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        terminal.port.print_now, terminal.port.columns = print_now, 10
        lines = ["Kaffi   590", "", "þ\tæ\x1b@", "a b"]
        answer = await client.post("/v1/print", json={"lines": lines})
        assert (answer.status_code, answer.json()) == (200, {"lines": 5})
        assert printed == [(TextLine("Kaffi"), TextLine("590"), TextLine(), TextLine("þ æ @"), TextLine("a b"), Cut())]
        await client.post("/v1/print", json={"lines": ["x"], "cut": False})
        assert printed[-1] == (TextLine("x"),)

    at_a_terminal(tmp_path, scenario)


@pytest.mark.parametrize(
    "form", [{}, {"lines": []}, {"lines": ["x"] * 201}, {"lines": ["x" * 201]}, {"lines": "x"}, {"lines": [1]}]
)
def test_paper_has_an_end(tmp_path: Path, form: dict[str, object]) -> None:
    async def scenario(_terminal: Terminal, client: httpx.AsyncClient) -> None:
        assert (await client.post("/v1/print", json=form)).status_code == 400

    at_a_terminal(tmp_path, scenario)


def test_a_printer_that_is_not_there_or_not_well_is_told(tmp_path: Path) -> None:
    async def print_now(_document: Document) -> None:
        raise DeviceError("the printer has no paper: put in a roll")

    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        refused = await client.post("/v1/print", json={"lines": ["x"]})
        assert refused.status_code == 503
        assert "printer.driver" in refused.json()["detail"]
        terminal.port.print_now = print_now
        refused = await client.post("/v1/print", json={"lines": ["x"]})
        assert (refused.status_code, refused.json()["code"]) == (503, "printer")
        assert "put in a roll" in refused.json()["detail"]

    at_a_terminal(tmp_path, scenario)


# --- events -----------------------------------------------------------------------------------------------------------


async def next_event(lines: AsyncIterator[str]) -> tuple[str, Any]:
    async with asyncio.timeout(at_most(5)):
        async for line in lines:
            if line.startswith("event: "):
                data = await anext(lines)
                return line.removeprefix("event: "), json.loads(data.removeprefix("data: "))
    raise AssertionError("the stream has ended")


def test_who_listens_hears_how_it_is_and_then_what_changes(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/v1/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await next_event(lines) == ("status", STATUS)
            await terminal.tell("payment", {"id": "x"})
            assert await next_event(lines) == ("payment", {"id": "x"})

    at_a_terminal(tmp_path, scenario)


def test_who_is_revoked_hears_no_more(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/v1/events") as stream:
            lines = stream.aiter_lines()
            await next_event(lines)
            terminal.port.programs.revoke("Kassi 1")
            await terminal.tell("payment", {"id": "x"})
            with pytest.raises(AssertionError, match="has ended"):
                await next_event(lines)

    at_a_terminal(tmp_path, scenario)


def test_only_so_many_listen(tmp_path: Path) -> None:
    async def scenario(_terminal: Terminal, client: httpx.AsyncClient) -> None:
        async with contextlib.AsyncExitStack() as stack:
            listeners = []  # httpx ends a stream of which nobody has the lines
            for _ in range(MOST_LISTENERS):
                stream = await stack.enter_async_context(client.stream("GET", "/v1/events"))
                listeners.append(stream.aiter_lines())
                await next_event(listeners[-1])
            refused = await client.get("/v1/events")
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many")

    at_a_terminal(tmp_path, scenario)


def test_who_does_not_read_is_let_go(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, _client: httpx.AsyncClient) -> None:
        with terminal.port.listening() as listener:
            for count in range(MOST_UNREAD_EVENTS + 1):
                await terminal.tell("status", {"count": count})
            await terminal.tell("status", {"count": "one more"})
            events = [listener.get_nowait() for _ in range(listener.qsize())]
        assert events[-1] is None
        assert len(events) == MOST_UNREAD_EVENTS

    at_a_terminal(tmp_path, scenario)


# --- the address ------------------------------------------------------------------------------------------------------


def test_an_address_that_is_taken_is_a_device_that_is_missing(tmp_path: Path) -> None:
    async def scenario() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = HttpPort(Listen("127.0.0.1", other.getsockname()[1]), Programs(tmp_path / "p.json"))
            with pytest.raises(DeviceError, match="choose another port"):
                await port.open(lambda _data: None, lambda _error: None)
        await port.open(lambda _data: None, lambda _error: None)
        await port.close()
        await port.close()

    asyncio.run(scenario())


def test_it_is_found_again_where_it_was(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        before = terminal.port.base_url
        await terminal.port.close()
        await terminal.port.open(terminal.hear, lambda _error: None)
        assert terminal.port.base_url == before == terminal.port.description
        assert (await client.get("/v1/status")).status_code == 200

    at_a_terminal(tmp_path, scenario)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: apt-get install openssl")
def test_over_the_network_it_speaks_https_by_its_own_certificate(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        url = terminal.port.base_url
        assert url.startswith("https://")
        theirs = ssl.create_default_context(cafile=str(tmp_path / CERTIFICATE_FILE))
        async with httpx.AsyncClient(verify=theirs, trust_env=False, headers=client.headers) as trusting:
            assert (await trusting.get(f"{url}/v1/status")).status_code == 200
            form = {"code": terminal.port.programs.new_code().digits.reveal(), "name": "x"}
            paired = (await trusting.post(f"{url}/v1/pair", json=form)).json()
            assert paired["certificate_sha256"] == terminal.port.certificate_sha256
            assert len(paired["certificate_sha256"]) == 64
        async with httpx.AsyncClient(trust_env=False, headers=client.headers) as other:
            with pytest.raises(httpx.ConnectError, match="self-signed"):
                await other.get(f"{url}/v1/status")
            with pytest.raises(httpx.HTTPError):
                await other.get(f"{url.replace('https', 'http')}/v1/status")

    at_a_terminal(tmp_path, scenario, certificate=OwnCertificate(tmp_path, "T7", "127.0.0.1"))


def test_a_certificate_that_cannot_be_made_is_a_device_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    async def scenario() -> None:
        own = OwnCertificate(tmp_path, "T7", "127.0.0.1")
        port = HttpPort(Listen("127.0.0.1", 0, own), Programs(tmp_path / "p.json"))
        with pytest.raises(DeviceError, match="apt-get install openssl"):
            await port.open(lambda _data: None, lambda _error: None)

    asyncio.run(scenario())
