"""Somebody who has recorded Netgíró's signed answers tells them again in its place: a signature does not say which call
it answers, so what an answer says of itself must."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from terminal.config.schema import NetgiroSettings
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, build_sandbox, create_app
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus, CallLost, CaptureMode, Gateway, StatusReport
from terminal.sale.sale import Outcome, Sale, State
from terminal.sale.sensitive import Sensitive
from tests.sales import CUSTOMERS, Walk, walk_to
from tests.virtual_time import run_virtual


class Recorder(httpx.ASGITransport):
    """Carries calls and keeps their answers by address, until it is told to answer with those instead."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.kept: defaultdict[str, list[httpx.Response]] = defaultdict(list)
        self.replays: httpx.Response | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.replays is not None:
            return httpx.Response(200, headers=self.replays.headers, content=self.replays.content)
        response = await super().handle_async_request(request)
        content = await response.aread()
        kept = httpx.Response(response.status_code, headers=response.headers, content=content)
        self.kept[request.url.path.rpartition("/")[2]].append(kept)
        return httpx.Response(response.status_code, headers=response.headers, content=content)


Scenario = Callable[[Gateway, Recorder], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def inside() -> None:
        sandbox = build_sandbox(clock=asyncio.get_running_loop().time, rng=random.Random(1))
        settings = NetgiroSettings(
            base_url="http://127.0.0.1/v1",
            application_id=PUBLIC_APPLICATION_ID,
            secret_key=Sensitive(PUBLIC_SECRET_KEY),
            check_response_signature="require",  # type: ignore[arg-type]
        )
        recorder = Recorder(create_app(sandbox))
        gateway = build_gateway(settings, transport=recorder)
        await scenario(gateway, recorder)
        await gateway.close()
        await sandbox.aclose()

    run_virtual(inside())


async def opened(gateway: Gateway, reference: str, amount_kr: int) -> str:
    customer = CUSTOMERS[CustomerKind.APP_CODE]
    asked = {"reference": reference, "amount_kr": amount_kr, "customer": customer, "capture_mode": CaptureMode.MANUAL}
    return (await gateway.open_authorization(**asked)).authorization_id  # type: ignore[arg-type]


async def paid(gateway: Gateway, reference: str, amount_kr: int) -> str:
    """Somebody else's sale, or an earlier one."""
    authorization_id = await opened(gateway, reference, amount_kr)
    assert (await gateway.query_status(authorization_id)).status is AuthorizationStatus.RESERVED
    await gateway.capture(authorization_id)
    report = await gateway.query_status(authorization_id)
    assert (report.status, report.confirmed, report.reference) == (AuthorizationStatus.PAID, True, reference)
    return authorization_id


def told(walk: Walk, report: StatusReport) -> Sale:
    """Again and again, as whoever replays it would."""
    for _ in range(6):
        walk.happen(ev.StatusReceived(walk.sale.number, walk.sale.calls, report))
        walk.happen(ev.RetryDue(walk.sale.number, walk.sale.state))
    return walk.sale


@pytest.mark.parametrize("call", ["CheckCart", "ConfirmCart"])
def test_an_earlier_sales_payment_is_no_answer_for_another(call: str) -> None:
    async def scenario(gateway: Gateway, recorder: Recorder) -> None:
        await paid(gateway, "T1-000006-ABCDEF", 1990)
        authorization_id = await opened(gateway, "T1-000007-ABCDEF", 1990)
        recorder.replays = recorder.kept[call][-1]
        for ask in (gateway.query_status, gateway.capture, gateway.void):
            with pytest.raises(CallLost, match=r"about another cart|signature is missing or does not match"):
                await ask(authorization_id)

    run(scenario)


@pytest.mark.parametrize("state", [State.CUSTOMER, State.CODE_CHECK, State.CAPTURE, State.VOID])
def test_the_name_of_an_earlier_authorization_leads_to_no_payment(state: State) -> None:
    """Told again when a sale is opened, it names a cart that was paid; Netgíró's word about that names its own sale."""

    async def scenario(gateway: Gateway, recorder: Recorder) -> None:
        await paid(gateway, "T1-000006-ABCDEF", 1990)
        mine = walk_to(state)
        recorder.replays = recorder.kept["InsertCart"][0]
        authorization_id = await opened(gateway, mine.sale.reference, mine.sale.amount_kr)
        recorder.replays = None
        report = await gateway.query_status(authorization_id)
        assert report.status is AuthorizationStatus.PAID
        assert told(mine, report).outcome is not Outcome.APPROVED
        assert mine.count(fx.RequestCapture) == (state is State.CAPTURE), "nor is anything captured for that"

    run(scenario)


def test_the_record_of_another_amount_is_not_ours() -> None:
    async def scenario(gateway: Gateway, recorder: Recorder) -> None:
        mine = walk_to(State.CAPTURE)
        authorization_id = await paid(gateway, mine.sale.reference, mine.sale.amount_kr - 1)
        recorder.replays = recorder.kept["CheckCart"][-1]
        assert told(mine, await gateway.query_status(authorization_id)).outcome is not Outcome.APPROVED

    run(scenario)
