"""A provider for tests of the sandbox: signs and posts calls by hand, knows nothing of the product's own client."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx

from terminal.netgiro.sandbox import Sandbox, build_sandbox, create_app
from terminal.netgiro.sandbox.service import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
from tests.virtual_time import run_virtual

HOST = "http://sandbox.test"
WITH_CREDIT, WITHOUT_CREDIT = "1111111119", "2222222229"
PHONE, PHONE_WITHOUT_CREDIT = "8223281", "8223282"
APP_CODE = "5000041234"
AUTOMATIC, SERVER_CALLBACK, MANUAL = 0, 1, 2
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def sha256_signature(nonce: str, url: str, body: bytes) -> str:
    return hashlib.sha256((PUBLIC_SECRET_KEY + nonce + url).encode() + body).hexdigest()


class Provider:
    """One HTTP client of one sandbox."""

    def __init__(self, client: httpx.AsyncClient, base: str = HOST) -> None:
        self.client = client
        self.base = base
        self._nonces = itertools.count(1)

    def headers(self, url: str, body: bytes, **changed: str) -> dict[str, str]:
        nonce = changed.get("netgiro_nonce", str(next(self._nonces)))
        right = {
            "netgiro_appkey": PUBLIC_APPLICATION_ID,
            "netgiro_nonce": nonce,
            "netgiro_signature": sha256_signature(nonce, url, body),
        }
        return {name: value for name, value in (right | changed).items() if value}

    async def post(self, call: str, body: bytes, **changed: str) -> httpx.Response:
        """A signed call; keyword arguments replace headers, an empty one leaves it out."""
        url = f"{self.base}/v1/Checkout/{call}"
        return await self.client.post(url, content=body, headers=self.headers(url, body, **changed))

    async def call(self, call: str, **fields: Any) -> dict[str, Any]:
        """A signed call whose answer is known to be HTTP 200 and signed."""
        response = await self.post(call, json.dumps(fields).encode())
        assert response.status_code == 200, response.text
        signed = response.headers
        assert signed["netgiro_signature"] == sha256_signature(
            signed["netgiro_nonce"], str(response.request.url), response.content
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def insert(self, customer: str, confirmation: int, **fields: Any) -> dict[str, Any]:
        order = {"Amount": 1990, "Reference": "T1-1", "CustomerId": customer, "ConfirmationType": confirmation}
        return await self.call("InsertCart", **(order | fields))

    async def opened(self, customer: str, confirmation: int, **fields: Any) -> str:
        """InsertCart that must succeed: the TransactionId."""
        answer = await self.insert(customer, confirmation, **fields)
        assert answer["ResultCode"] == 200, answer
        return str(answer["TransactionId"])

    async def check(self, transaction_id: str) -> dict[str, Any]:
        return await self.call("CheckCart", TransactionId=transaction_id)

    async def confirm(self, transaction_id: str, code: str | None = None) -> dict[str, Any]:
        fields = {"TransactionId": transaction_id} | ({"Identifier": code} if code is not None else {})
        return await self.call("ConfirmCart", **fields)

    async def cancel(self, transaction_id: str) -> dict[str, Any]:
        return await self.call("CancelCart", TransactionId=transaction_id)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control interface that must succeed."""
        response = await self.client.request(method, f"{self.base}/sandbox{path}", json=body)
        assert response.is_success, response.text
        return response.json()

    async def accept(self, transaction_id: str) -> Any:
        return await self.control("POST", f"/carts/{transaction_id}/accept")

    async def reject(self, transaction_id: str, **options: Any) -> Any:
        return await self.control("POST", f"/carts/{transaction_id}/reject", options)

    async def sms_code(self, transaction_id: str) -> str:
        carts = await self.control("GET", "/carts")
        return str(next(cart["SmsCode"] for cart in carts if cart["TransactionId"] == transaction_id))

    async def paid(self) -> list[str]:
        """The TransactionIds for which money moved, oldest first."""
        return [capture["TransactionId"] for capture in await self.control("GET", "/ledger")]


Scenario = Callable[[Provider, Sandbox], Awaitable[None]]


def run(scenario: Scenario, **options: Any) -> None:
    """Run a scenario against a fresh sandbox, in one process and in virtual time."""

    async def whole() -> None:
        options.setdefault("clock", asyncio.get_running_loop().time)
        options.setdefault("rng", random.Random(1))
        sandbox = build_sandbox(**options)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(sandbox.aclose)
            transport = httpx.ASGITransport(create_app(sandbox))
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport))
            await scenario(Provider(client), sandbox)

    run_virtual(whole())
