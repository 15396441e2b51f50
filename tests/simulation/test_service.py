"""The simulated service's side of what happens to a payment afterwards, by both APIs."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from terminal.netgiro.carrier import RawAnswer
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.sandbox.carts import Order
from terminal.sale.gateway import CallRefused, RecordStatus
from terminal.simulation.network import Exchange
from terminal.simulation.service import SimulatedNetgiro, build_gateway
from terminal.simulation.world import NO_TROUBLE, World


async def keep_nothing(_high_water: int, _answers_signed: bool) -> None:
    """These nonces need not outlive the test."""


def carried(world: World, netgiro: SimulatedNetgiro, call: Coroutine[Any, Any, Any]) -> Any:
    """What the call returns, once the network has brought its answers."""
    answers: list[RawAnswer | Exception] = []
    value: Any = None
    while True:
        try:
            exchange = call.send(value)
        except StopIteration as ended:
            return ended.value
        assert isinstance(exchange, Exchange)
        netgiro.carry(exchange.request, answers.append)
        world.run_until(world.now_s + 1)
        value = answers.pop()


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_payment_is_looked_up_and_returned_once_under_a_key(api: str) -> None:
    world = World(1, NO_TROUBLE)
    netgiro = SimulatedNetgiro(world, api)
    gateway = build_gateway(api, NonceSource(0, keep_nothing, world.wall_clock))
    payment = netgiro.book.insert(Order(1990, "T1-1", "5000041234", 0)).cart
    assert payment is not None
    name = payment.transaction_id

    record = carried(world, netgiro, gateway.look_up(name))
    assert (record.status, record.amount_kr, record.is_refundable) == (RecordStatus.PAID, 1990, True)
    for _ in range(2):
        refund = gateway.refund(name, amount_kr=500, is_whole=False, idempotency_key="0" * 40)
        carried(world, netgiro, refund)
    assert [one.amount_kr for one in netgiro.book.refunds] == [500]


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_refund_of_more_than_was_paid_is_refused_in_so_many_words(api: str) -> None:
    world = World(1, NO_TROUBLE)
    netgiro = SimulatedNetgiro(world, api)
    gateway = build_gateway(api, NonceSource(0, keep_nothing, world.wall_clock))
    payment = netgiro.book.insert(Order(1990, "T1-1", "5000041234", 0)).cart
    assert payment is not None
    refund = gateway.refund(payment.transaction_id, amount_kr=1991, is_whole=False, idempotency_key="0" * 40)
    with pytest.raises(CallRefused):
        carried(world, netgiro, refund)
    assert netgiro.book.refunds == []
