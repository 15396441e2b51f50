"""Refunds by both APIs, against the simulated Netgíró: done once under a key, whatever gets lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from terminal.config.schema import NetgiroSettings
from terminal.netgiro.factory import build_gateway
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, build_sandbox
from terminal.netgiro.sandbox.carts import Order
from terminal.netgiro.sandbox.faults import Fault
from terminal.sale.gateway import CallLost, CallRefused, Gateway, PaymentRecord, RecordStatus, Refusal
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.unit.netgiro.overheard import Overheard
from tests.virtual_time import run_virtual

KEY, OTHER_KEY = "0" * 40, "1" * 40
NOBODY = "00000000-0000-4000-8000-000000000000"
APIS = pytest.mark.parametrize("api", ["v1", "v2"])


class Counter:
    """A terminal's gateway and the service, with one payment of 1.990 kr."""

    def __init__(self, api: str, sandbox: Sandbox, gateway: Gateway) -> None:
        self.sandbox = sandbox
        self.gateway = gateway
        opened = sandbox.book.insert(Order(1990, "T1-1", "5000041234", 0)).cart
        assert opened is not None
        self.payment = opened.transaction_id

    async def refund(self, amount_kr: int = 1990, key: str = KEY, **more: Any) -> None:
        is_whole = amount_kr == 1990
        await self.gateway.refund(self.payment, amount_kr=amount_kr, is_whole=is_whole, idempotency_key=key, **more)

    @property
    def returned(self) -> list[int]:
        return [refund.amount_kr for refund in self.sandbox.book.refunds]


def run(
    api: str, scenario: Callable[[Counter], Awaitable[None]], *faults: Fault, **settings: Any
) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    async def inside() -> None:
        sandbox = build_sandbox(clock=asyncio.get_running_loop().time, rng=random.Random(1))
        configured = {
            "api": api,
            "base_url": f"http://127.0.0.1/{api}",
            "partner_url": "http://127.0.0.1/partner/",
            "application_id": PUBLIC_APPLICATION_ID,
            "secret_key": Sensitive(PUBLIC_SECRET_KEY),
        }
        gateway = build_gateway(
            NetgiroSettings(**(configured | settings)),
            transport=Overheard(sandbox, seen),
        )
        counter = Counter(api, sandbox, gateway)
        sandbox.faults.add(*faults)
        await scenario(counter)
        await gateway.close()
        await sandbox.aclose()

    run_virtual(inside())
    return seen


@APIS
def test_several_parts_are_returned_and_never_more_than_was_paid(api: str) -> None:
    async def scenario(counter: Counter) -> None:
        assert counter.gateway.can_refund
        await counter.refund(500, KEY)
        await counter.refund(1490, OTHER_KEY)
        with pytest.raises(CallRefused) as caught:
            await counter.refund(1, "2" * 40)
        assert caught.value.refusal is Refusal.DECLINED_BY_SERVICE
        assert counter.returned == [500, 1490]

    run(api, scenario)


@APIS
@pytest.mark.parametrize("fault", ["lost_after", "http_500_after", "garbage", "truncated", "slow"])
def test_a_lost_answer_is_repeated_under_the_same_key(api: str, fault: str) -> None:
    if (api, fault) == ("v1", "garbage"):
        pytest.skip("the partner API's HTTP 200 needs no body")

    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallLost):
            await counter.refund()
        await counter.refund()
        assert counter.returned == [1990]

    run(api, scenario, Fault(fault, "refund", seconds=60.0))


@APIS
@pytest.mark.parametrize("fault", ["lost_before", "http_500_before"])
def test_a_lost_request_too(api: str, fault: str) -> None:
    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallLost):
            await counter.refund(500)
        assert counter.returned == []
        await counter.refund(500)
        assert counter.returned == [500]

    run(api, scenario, Fault(fault, "refund"))


@APIS
def test_a_part_that_is_refused_is_refused(api: str) -> None:
    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallRefused) as caught:
            await counter.refund(500)
        assert caught.value.refusal is Refusal.DECLINED_BY_SERVICE
        assert counter.sandbox.ledger(), "and the payment stands"

    run(api, scenario, Fault("refused", "refund", message="8223281 may not"))


@APIS
def test_credentials_that_are_refused_are_told_as_such(api: str) -> None:
    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallRefused) as caught:
            await counter.refund()
        assert caught.value.refusal is Refusal.CREDENTIALS

    run(api, scenario, Fault("unauthorized", "refund"))


@APIS
def test_a_payment_that_is_not_there_is_not_found(api: str) -> None:
    async def scenario(counter: Counter) -> None:
        counter.payment = NOBODY
        for call in (counter.refund(), counter.gateway.look_up(NOBODY)):
            with pytest.raises(CallRefused) as caught:
                await call
            assert caught.value.refusal is Refusal.NOT_FOUND

    run(api, scenario)


@APIS
def test_the_record_tells_how_it_stands(api: str) -> None:
    async def scenario(counter: Counter) -> None:
        record = await counter.gateway.look_up(counter.payment)
        assert record == PaymentRecord(
            authorization_id=counter.payment,
            status=RecordStatus.PAID,
            amount_kr=1990,
            is_refundable=True,
            settled=None,
            invoice_number="1001",
            created="1970-01-01T00:16:40.000Z",
        )
        await counter.refund()
        counter.sandbox.book.settle(counter.payment)
        record = await counter.gateway.look_up(counter.payment)
        assert record.is_refundable is False
        assert record.settled is not None

    run(api, scenario)


# --- V1: the partner API ----------------------------------------------------------------------------------------------


def test_the_secret_leaves_in_its_header_for_the_partner_api_alone() -> None:
    async def scenario(counter: Counter) -> None:
        await counter.gateway.query_status(counter.payment)
        await counter.refund(description="x" * 200)
        await counter.gateway.look_up(counter.payment)

    calls = run("v1", scenario)
    assert [(one.method, one.url.path) for one in calls] == [
        ("POST", "/v1/Checkout/CheckCart"),
        ("POST", "/partner/refund"),
        ("GET", f"/partner/transaction/{calls[2].url.path.rsplit('/', 1)[1]}"),
    ]
    assert [one.headers.get("token") for one in calls] == [None, PUBLIC_SECRET_KEY, PUBLIC_SECRET_KEY]
    for one in calls:
        assert PUBLIC_SECRET_KEY not in str(one.url) + one.content.decode()
    assert not [name for name in calls[1].headers if name.startswith("netgiro")], "nothing is signed there"
    assert b'"reason":"' + b"x" * 100 + b'"' in calls[1].content


def test_without_a_partner_api_nothing_is_sent() -> None:
    async def scenario(counter: Counter) -> None:
        assert not counter.gateway.can_refund
        for call in (counter.refund(), counter.gateway.look_up(counter.payment)):
            with pytest.raises(CallRefused):
                await call

    assert run("v1", scenario, partner_url="") == []


@each_of(
    ("base_url", "partner_url", "effective"),
    [
        ("https://api.netgiro.is/v1", "", "https://api.netgiro.is/partner"),
        ("https://api.test.netgiro.is/v1", "", "https://partner-api.test.netgiro.is"),
        ("https://netgiro.example.is/v1", "", ""),
        ("https://api.netgiro.is.example.is/v1", "", ""),
        ("https://netgiro.example.is/v1", "https://refunds.example.is/", "https://refunds.example.is"),
        ("https://api.netgiro.is/v1", "https://refunds.example.is", "https://refunds.example.is"),
    ],
)
def test_only_netgiros_own_hosts_have_a_partner_api_that_need_not_be_named(
    base_url: str, partner_url: str, effective: str
) -> None:
    assert NetgiroSettings(base_url=base_url, partner_url=partner_url).effective_partner_url == effective


# --- V2: take back what cannot be refunded ----------------------------------------------------------------------------


def test_a_whole_payment_whose_refund_is_refused_is_taken_back() -> None:
    async def scenario(counter: Counter) -> None:
        await counter.refund()
        assert counter.returned == []
        assert counter.sandbox.ledger() == []
        await counter.refund()  # asked again, it is still done

    run("v2", scenario, Fault("refused", "refund", times=2))


def test_what_is_paid_out_is_not() -> None:
    async def scenario(counter: Counter) -> None:
        counter.sandbox.book.settle(counter.payment)
        with pytest.raises(CallRefused):
            await counter.refund()
        assert len(counter.sandbox.ledger()) == 1

    run("v2", scenario, Fault("refused", "refund"))


def test_a_cancel_whose_answer_is_lost_is_found_done_when_it_is_asked_again() -> None:
    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallLost):
            await counter.refund()
        await counter.refund()
        assert counter.sandbox.ledger() == []

    run("v2", scenario, Fault("refused", "refund", times=2), Fault("lost_after", "cancel"))


@each_of(
    "second_look",
    [CallRefused(Refusal.NOT_SENT, "no route"), CallRefused(Refusal.NOT_FOUND, "unknown"), CallLost("no answer"), None],
    ids=["not sent", "refused", "lost", "from before the cancel"],
)
def test_a_payment_that_was_undone_is_not_told_as_a_refund_that_was_refused(second_look: Exception | None) -> None:
    """Who hears "refused" returns the money once more."""

    async def scenario(counter: Counter) -> None:
        look_up, looks = counter.gateway.look_up, []

        async def troubled(authorization_id: str) -> PaymentRecord:
            looks.append(looks[0] if looks else await look_up(authorization_id))
            if len(looks) > 1 and second_look is not None:
                raise second_look
            return looks[0]

        counter.gateway.look_up = troubled  # type: ignore[method-assign]
        with pytest.raises(CallLost):
            await counter.refund()
        assert counter.sandbox.ledger() == []
        counter.gateway.look_up = look_up  # type: ignore[method-assign]
        await counter.refund()

    run("v2", scenario, Fault("refused", "refund", times=2))


def test_a_record_that_does_not_say_how_the_payment_stands_refuses_nothing() -> None:
    """The cancel before it may have undone the payment."""

    async def scenario(counter: Counter) -> None:
        with pytest.raises(CallLost):
            await counter.refund()
        look_up = counter.gateway.look_up

        async def unclear(authorization_id: str) -> PaymentRecord:
            return replace(await look_up(authorization_id), status=RecordStatus.UNCLEAR)

        counter.gateway.look_up = unclear  # type: ignore[method-assign]
        with pytest.raises(CallLost):
            await counter.refund()
        counter.gateway.look_up = look_up  # type: ignore[method-assign]
        await counter.refund()

    run("v2", scenario, Fault("refused", "refund", times=3), Fault("lost_after", "cancel"))


def test_what_was_returned_already_is_not_taken_back_on_top() -> None:
    async def scenario(counter: Counter) -> None:
        await counter.refund()
        with pytest.raises(CallRefused):
            await counter.refund(key=OTHER_KEY)
        assert counter.returned == [1990]
        assert len(counter.sandbox.ledger()) == 1

    run("v2", scenario)
