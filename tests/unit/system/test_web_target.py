"""A request target that names the host, as proxies and some clients send it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote

import pytest

from terminal.system import web
from terminal.system.web import WebServer


async def hello(scope: MutableMapping[str, Any], _receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        status = 200 if scope["path"] == "/" else 404
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/a/b%20c?d=1", "127.0.0.1:9 /a/b%20c d=1"),
        ("http://counter:80/a/b%20c?d=1", "counter:80 /a/b%20c d=1"),
        ("HTTPS://[::1]:8023/a", "[::1]:8023 /a "),
        ("http://counter", "counter / "),
        ("http://counter?d=1", "counter / d=1"),
        ("http://127.0.0.1@elsewhere/a", "127.0.0.1:9 http://127.0.0.1@elsewhere/a "),
        ("http:///a", "127.0.0.1:9 http:///a "),
        ("ftp://counter/a", "127.0.0.1:9 ftp://counter/a "),
    ],
)
def test_a_target_with_a_host_is_accepted_and_that_host_counts(target: str, answer: str) -> None:
    """Whoever checks the host, as the panel does, must check the one that the request names."""

    async def called(scope: MutableMapping[str, Any]) -> str:
        said: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request"}

        await web.in_origin_form(told)(scope, receive, send)
        return str(said[0]["host"] + " " + said[0]["raw_path"] + " " + said[0]["query"])

    async def told(scope: MutableMapping[str, Any], _receive: Any, send: Any) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        assert len(hosts) == 1
        assert scope["path"] == unquote(scope["raw_path"].decode())
        words = {"host": hosts[0], "raw_path": scope["raw_path"], "query": scope["query_string"]}
        await send({name: value.decode() for name, value in words.items()})

    raw_path, _, query = target.encode().partition(b"?")
    scope = {
        "type": "http",
        "path": unquote(raw_path.decode()),
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(b"accept", b"*/*"), (b"host", b"127.0.0.1:9")],
    }
    assert asyncio.run(called(scope)) == answer


def test_an_absolute_target_finds_the_page() -> None:
    async def scenario() -> bytes:
        server = WebServer(hello, "127.0.0.1", 0)
        await server.start()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(server.base_url.rpartition(":")[2]))
            writer.write(b"GET http://counter/ HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer
        finally:
            await server.stop()

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 200 ")
