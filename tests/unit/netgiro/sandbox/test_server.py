"""The sandbox behind a real uvicorn on loopback: connections that really break, quietly for the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from terminal.netgiro.sandbox import build_sandbox, create_app, sandbox_routes
from tests.loopback import LOOPBACK
from tests.patience import at_most
from tests.unit.netgiro.sandbox.sandbox_provider import APP_CODE, MANUAL, PHONE, Provider


@contextlib.asynccontextmanager
async def serving(app):
    """The application on a free loopback port: its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        ready = asyncio.Event()
        startup = server.startup

        async def started(sockets):
            await startup(sockets)
            ready.set()

        server.startup = started
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.wait_for(ready.wait(), at_most(5))
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, at_most(5))


def run(scenario, app_of=create_app):
    async def whole():
        sandbox = build_sandbox()
        async with serving(app_of(sandbox)) as base, httpx.AsyncClient(timeout=at_most(5), **LOOPBACK) as client:
            await scenario(Provider(client, base), sandbox)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("kind", "captured"), [("lost_before", 0), ("unreachable", 0), ("lost_after", 1), ("truncated", 1)]
)
def test_connection_breaks_and_the_server_logs_no_error(kind, captured, caplog):
    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, MANUAL)
        await shop.control("PUT", "/faults", {"fault": kind, "times": 1})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await shop.confirm(cart)
        assert len(await shop.paid()) == captured
        assert (await shop.confirm(cart))["PaymentSuccessful"] is True  # over a new connection

    with caplog.at_level(logging.WARNING):
        run(scenario)
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_truncated_answer_ends_in_the_middle_of_its_json():
    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, MANUAL)
        await shop.control("PUT", "/faults", {"fault": "truncated", "call": "CheckCart"})
        body = json.dumps({"TransactionId": cart}).encode()
        url = f"{shop.base}/v1/Checkout/CheckCart"
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        lines = [f"POST {httpx.URL(url).path} HTTP/1.1", f"Host: {httpx.URL(url).netloc.decode()}"]
        lines += [f"{name}: {value}" for name, value in shop.headers(url, body).items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        answer = await asyncio.wait_for(reader.read(), at_most(5))  # to the end of the connection
        writer.close()
        await writer.wait_closed()
        head, _, part = answer.partition(b"\r\n\r\n")
        promised = int(next(line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"content-length")))
        assert 0 < len(part) < promised
        assert part.startswith(b'{"Success":true')

    run(scenario)


def test_errors_that_were_not_asked_for_are_still_logged(caplog):
    async def broken(request):
        raise ZeroDivisionError

    def app_of(sandbox):
        return Starlette(routes=[*sandbox_routes(sandbox), Route("/broken", broken)])

    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": "lost_before"})
        with pytest.raises(httpx.RemoteProtocolError):
            await shop.insert(PHONE, MANUAL)
        assert (await shop.client.get(f"{shop.base}/broken")).status_code == 500

    with caplog.at_level(logging.ERROR):
        run(scenario, app_of)
    assert [record.name for record in caplog.records] == ["uvicorn.error"]


def test_routes_fit_into_another_application():
    async def hello(request):
        return PlainTextResponse("panel")

    def app_of(sandbox):
        return Starlette(routes=[Route("/", hello), *sandbox_routes(sandbox)])

    async def scenario(shop, sandbox):
        assert (await shop.client.get(shop.base)).text == "panel"
        cart = await shop.opened(PHONE, MANUAL)
        await shop.accept(cart)
        assert (await shop.confirm(cart))["ResultCode"] == 10200

    run(scenario, app_of)


def test_server_callback_over_real_sockets():
    got = []

    async def done(request):
        got.append(await request.json())
        return PlainTextResponse("")

    async def scenario(shop, sandbox):
        async with serving(Starlette(routes=[Route("/done", done, methods=["POST"])])) as listener:
            cart = await shop.opened(PHONE, 1, CallbackUrl=f"{listener}/done")
            await shop.accept(cart)
            await asyncio.wait_for(sandbox.settled(), at_most(5))
            assert (await shop.check(cart))["ResultCode"] == 10200
            assert got[0]["PaymentInfo"]["ReferenceNumber"] == "T1-1"

    run(scenario)
