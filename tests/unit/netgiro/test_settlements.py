"""What V2 tells of its pay-outs, against the simulated Netgíró and against answers that are none."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import httpx
import pytest

from terminal.config.schema import NetgiroSettings
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, Sandbox, build_sandbox, create_app
from terminal.netgiro.sandbox.carts import Order
from terminal.netgiro.sandbox.faults import Fault
from terminal.sale.gateway import CallLost, CallRefused, Payouts, Refusal, SettledItem
from tests.each import each_of
from tests.virtual_time import run_virtual

DAY = date(2026, 11, 23)
NOON_S = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def run(
    scenario: Callable[[Payouts, Sandbox], Awaitable[None]], transport: httpx.AsyncBaseTransport | None = None
) -> None:
    async def inside() -> None:
        sandbox = build_sandbox(clock=lambda: NOON_S, rng=random.Random(1))
        settings = NetgiroSettings(api="v2", base_url="http://127.0.0.1/v2", application_id=PUBLIC_APPLICATION_ID)
        gateway = build_gateway(settings, transport=transport or httpx.ASGITransport(create_app(sandbox)))
        assert gateway.payouts is not None
        await scenario(gateway.payouts, sandbox)
        await gateway.close()
        await sandbox.aclose()

    run_virtual(inside())


def pay_out(sandbox: Sandbox, amount_kr: int) -> None:
    cart = sandbox.book.insert(Order(amount_kr, "T1-1", "5000041234", 0)).cart
    assert cart is not None
    sandbox.book.settle(cart.transaction_id)


def test_a_settlement_is_told_with_its_fee_and_its_items() -> None:
    async def scenario(payouts: Payouts, sandbox: Sandbox) -> None:
        pay_out(sandbox, 1990)
        pay_out(sandbox, 5000)
        (settlement,) = await payouts.settlements(DAY, DAY)
        assert (settlement.number, settlement.total_kr, settlement.fee_kr, settlement.net_kr) == (
            "100000-000001",
            6990,
            139,
            6851,
        )
        assert await payouts.items(settlement.number) == [
            SettledItem(created="2026-11-23T12:00:00.000Z", total_kr=1990, fee_kr=39),
            SettledItem(created="2026-11-23T12:00:00.000Z", total_kr=5000, fee_kr=100),
        ]

    run(scenario)


def test_only_those_of_the_days_are_asked_for() -> None:
    async def scenario(payouts: Payouts, sandbox: Sandbox) -> None:
        pay_out(sandbox, 1990)
        assert not await payouts.settlements(date(2026, 11, 24), date(2026, 11, 30))
        assert not await payouts.settlements(date(2026, 11, 1), date(2026, 11, 22))

    run(scenario)


def test_a_wrong_key_is_said() -> None:
    async def scenario(payouts: Payouts, sandbox: Sandbox) -> None:
        sandbox.faults.add(Fault("unauthorized", "settlements"))
        with pytest.raises(CallRefused) as refused:
            await payouts.settlements(DAY, DAY)
        assert refused.value.refusal is Refusal.CREDENTIALS

    run(scenario)


GOOD = '"Number": "1-2", "Amount": 1, "CostAmount": 0, "TotalAmount": 1'


@each_of(
    "body",
    [
        "",
        "{}",
        "[1]",
        '[{"Number": "1"}]',
        '{"Success": false, "Message": "no"}',
        f"[{{{GOOD.replace('1-2', '../../x')}}}]",
        f"[{{{GOOD.replace('1-2', '')}}}]",
        f"[{{{GOOD.replace('0', '0.5')}}}]",
        f"[{{{GOOD.replace('0', '1e400')}}}]",
        "[" * 5000,
    ],
)
def test_what_is_no_list_of_settlements_is_no_answer(body: str) -> None:
    async def scenario(payouts: Payouts, _sandbox: Sandbox) -> None:
        with pytest.raises(CallLost):
            await payouts.settlements(DAY, DAY)

    run(scenario, httpx.MockTransport(lambda _request: httpx.Response(200, text=body)))
