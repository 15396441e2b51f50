"""V2 in all its calls over one kept-alive connection; V1 has another one only for the partner API."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from terminal.config.schema import NetgiroSettings
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.sandbox import build_sandbox, create_app
from terminal.netgiro.sandbox.service import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import CaptureMode, Gateway
from terminal.sale.sensitive import Sensitive
from terminal.system.web import WebServer

DAY = date(2026, 11, 23)
CODE = Customer(CustomerKind.APP_CODE, Sensitive("5000041234"))


async def sell_and_give_back(gateway: Gateway) -> None:
    """Every call that there is."""
    opened = await gateway.open_authorization(
        reference="T1-1", amount_kr=1990, customer=CODE, capture_mode=CaptureMode.MANUAL
    )
    name = opened.authorization_id
    await gateway.query_status(name)
    await gateway.capture(name)
    await gateway.look_up(name)
    await gateway.refund(name, amount_kr=90, is_whole=False, idempotency_key="0" * 40)
    if gateway.payouts is not None:
        await gateway.payouts.settlements(DAY, DAY)
        await gateway.payouts.items("100000-000001")
    other = await gateway.open_authorization(
        reference="T1-2", amount_kr=1990, customer=CODE, capture_mode=CaptureMode.MANUAL
    )
    await gateway.void(other.authorization_id)
    assert await gateway.reach()


@pytest.mark.parametrize(("api", "expected"), [("v2", 1), ("v1", 2)])
def test_every_call_goes_over_the_same_connection(api: str, expected: int) -> None:
    opened: set[Any] = set()

    async def scenario() -> None:
        sandbox = build_sandbox()
        app = create_app(sandbox)

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                opened.add(scope["client"])
            await app(scope, receive, send)

        server = WebServer(watched, "127.0.0.1", 0)
        await server.start()
        try:
            base = server.base_url
            settings = NetgiroSettings(
                api="v2" if api == "v2" else "v1",
                base_url=f"{base}/{api}",
                partner_url=f"{base}/partner",
                application_id=PUBLIC_APPLICATION_ID,
                secret_key=Sensitive(PUBLIC_SECRET_KEY),
            )
            gateway = build_gateway(settings)
            await sell_and_give_back(gateway)
            await gateway.close()
        finally:
            await server.stop()
        await sandbox.aclose()

    asyncio.run(scenario())
    assert len(opened) == expected
