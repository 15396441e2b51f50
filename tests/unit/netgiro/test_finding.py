"""V1's look-up by our reference, which Netgíró may offer or not, against the simulated one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from terminal.config.schema import NetgiroSettings
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, build_sandbox
from terminal.netgiro.sandbox.carts import Order
from terminal.netgiro.sandbox.faults import Fault
from terminal.sale.gateway import CallLost, CallRefused, Gateway, Refusal
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.unit.netgiro.overheard import Overheard
from tests.virtual_time import run_virtual

AUTOMATIC = 0
APP_CODE, PHONE = "5000041234", "8223281"


def run(
    scenario: Callable[[Sandbox, Gateway], Awaitable[None]], *faults: Fault, offered: bool = True, api: str = "v1"
) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    async def inside() -> None:
        sandbox = build_sandbox(clock=asyncio.get_running_loop().time, rng=random.Random(1))
        sandbox.change_settings({"finds_by_reference": offered})
        sandbox.faults.add(*faults)
        settings = NetgiroSettings(
            api=api,  # type: ignore[arg-type]
            base_url=f"http://127.0.0.1/{api}",
            application_id=PUBLIC_APPLICATION_ID,
            secret_key=Sensitive(PUBLIC_SECRET_KEY),
        )
        gateway = build_gateway(settings, transport=Overheard(sandbox, seen))
        await scenario(sandbox, gateway)
        await gateway.close()
        await sandbox.aclose()

    run_virtual(inside())
    return seen


async def refused(gateway: Gateway, reference: str = "T1-1") -> Refusal:
    with pytest.raises(CallRefused) as error:
        await gateway.find(reference)
    return error.value.refusal


def test_a_payment_is_found_with_its_name_amount_and_reference() -> None:
    async def scenario(sandbox: Sandbox, gateway: Gateway) -> None:
        cart = sandbox.book.insert(Order(1990, "T1-1", APP_CODE, AUTOMATIC)).cart
        assert cart is not None
        found = await gateway.find("T1-1")
        assert (found.authorization_id, found.amount_kr, found.reference) == (cart.transaction_id, 1990, "T1-1")
        assert (found.confirmed, gateway.finds) == (True, True)

    (request,) = run(scenario)
    assert (request.method, request.url.query) == ("GET", b"referenceNumberId=T1-1")
    assert request.headers["netgiro_signature"]
    assert request.content == b""


def test_what_the_customer_has_not_approved_yet_is_not_found_yet() -> None:
    async def scenario(sandbox: Sandbox, gateway: Gateway) -> None:
        cart = sandbox.book.insert(Order(1990, "T1-1", PHONE, AUTOMATIC)).cart
        assert cart is not None
        assert (await refused(gateway), gateway.finds) == (Refusal.NOT_FOUND, True)
        sandbox.accept(cart.transaction_id)
        assert (await gateway.find("T1-1")).authorization_id == cart.transaction_id

    run(scenario)


def test_where_it_is_not_offered_it_is_asked_once() -> None:
    async def scenario(_sandbox: Sandbox, gateway: Gateway) -> None:
        assert gateway.finds is None
        assert [await refused(gateway) for _ in range(3)] == [Refusal.NOT_OFFERED] * 3
        assert gateway.finds is False

    assert len(run(scenario, offered=False)) == 1


def test_v2_has_none_and_nothing_is_sent() -> None:
    async def scenario(_sandbox: Sandbox, gateway: Gateway) -> None:
        assert (gateway.finds, await refused(gateway)) == (False, Refusal.NOT_OFFERED)

    assert run(scenario, api="v2") == []


@each_of("fault", ["lost_before", "lost_after", "http_500_after", "garbage", "truncated", "wrong_signature"])
def test_what_is_no_answer_says_nothing_of_the_service(fault: str) -> None:
    async def scenario(sandbox: Sandbox, gateway: Gateway) -> None:
        sandbox.book.insert(Order(1990, "T1-1", APP_CODE, AUTOMATIC))
        with pytest.raises(CallLost):
            await gateway.find("T1-1")
        assert gateway.finds is None
        assert (await gateway.find("T1-1")).amount_kr == 1990

    run(scenario, Fault(fault=fault, call="PaymentGet"))


def test_an_answer_without_a_signature_gives_no_name() -> None:
    async def scenario(sandbox: Sandbox, gateway: Gateway) -> None:
        sandbox.book.insert(Order(1990, "T1-1", APP_CODE, AUTOMATIC))
        with pytest.raises(CallLost, match="not signed"):
            await gateway.find("T1-1")

    run(scenario, Fault(fault="no_signature", call="PaymentGet"))


def test_credentials_that_are_refused_say_nothing_of_the_service() -> None:
    async def scenario(_sandbox: Sandbox, gateway: Gateway) -> None:
        assert (await refused(gateway), gateway.finds) == (Refusal.CREDENTIALS, None)

    run(scenario, Fault(fault="unauthorized", call="PaymentGet"))


@pytest.mark.parametrize("fault", ["wrong_amount", "wrong_reference"])
def test_a_record_of_something_else_is_told_as_it_is(fault: str) -> None:
    async def scenario(sandbox: Sandbox, gateway: Gateway) -> None:
        sandbox.book.insert(Order(1990, "T1-1", APP_CODE, AUTOMATIC))
        found = await gateway.find("T1-1")
        assert (found.amount_kr, found.reference) != (1990, "T1-1")

    run(scenario, Fault(fault=fault, call="PaymentGet"))


@each_of("reference", ["T1-1&transacionId=x", "T1/../../Checkout", "T1 1", "\u00e6", ""])
def test_a_reference_is_one_value_of_the_query(reference: str) -> None:
    async def scenario(_sandbox: Sandbox, gateway: Gateway) -> None:
        assert await refused(gateway, reference) is Refusal.NOT_FOUND

    (request,) = run(scenario)
    assert dict(request.url.params) == {"referenceNumberId": reference}


@each_of(
    ("status", "body", "offered"),
    [
        (404, b"<html>", False),
        (405, b"", False),
        (410, b"{}", False),
        (404, b'{"ResultCode": 404}', False),
        (404, b'{"ResultCode": 10424}', True),
        (200, b'{"ResultCode": 10424, "Result": null}', True),
    ],
)
def test_only_the_addresss_absence_says_that_it_is_not_offered(status: int, body: bytes, *, offered: bool) -> None:
    async def inside() -> None:
        settings = NetgiroSettings(
            base_url="http://127.0.0.1/v1",
            application_id="a",
            secret_key=Sensitive("b"),
            check_response_signature="off",
        )
        answer: Any = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
        gateway = build_gateway(settings, transport=answer)
        assert await refused(gateway) is (Refusal.NOT_FOUND if offered else Refusal.NOT_OFFERED)
        assert gateway.finds is offered
        await gateway.close()

    run_virtual(inside())
