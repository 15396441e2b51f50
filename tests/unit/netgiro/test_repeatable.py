"""Which calls may be sent once more when a connection turns out to be gone: none that moves or reserves money."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.client import Credentials, SignedClient
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.v1 import NetgiroV1
from terminal.netgiro.v2 import NetgiroV2
from terminal.sale.gateway import CallLost, CaptureMode, Gateway
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import CUSTOMERS, GUID

SECRET = Sensitive("secret")
CUSTOMER = next(iter(CUSTOMERS.values()))


class Silence(Carrier):
    """Notes what is sent, and answers nothing."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    async def exchange(self, request: Request) -> RawAnswer:
        self.sent.append(request)
        raise CallLost("no answer")

    async def reach(self, _url: str) -> bool:
        return True

    async def close(self) -> None:
        """There is nothing to close."""


async def _keep_nothing(_high_water: int, _answers_signed: bool) -> None:
    """These nonces need not outlive the test."""


def gateway(api: str, carrier: Carrier) -> Gateway:
    if api == "v2":
        return NetgiroV2(KeyedClient(carrier, "http://n.test/v2", "key", SECRET))
    client = SignedClient(
        carrier, "http://n.test/v1", Credentials("app", SECRET), NonceSource(0, _keep_nothing, lambda: 1)
    )
    return NetgiroV1(client, partner=PartnerApi(KeyedClient(carrier, "http://p.test", "token", SECRET)))


CALLS: dict[str, Callable[[Gateway], Awaitable[object]]] = {
    "open": lambda service: service.open_authorization(
        reference="T1-1", amount_kr=1990, customer=CUSTOMER, capture_mode=CaptureMode.MANUAL
    ),
    "status": lambda service: service.query_status(GUID),
    "code": lambda service: service.submit_code(GUID, Sensitive("1234")),
    "capture": lambda service: service.capture(GUID),
    "void": lambda service: service.void(GUID),
    "refund": lambda service: service.refund(GUID, amount_kr=1, is_whole=False, idempotency_key="0" * 40),
    "look up": lambda service: service.look_up(GUID),
    "find": lambda service: service.find("T1-1"),
}
MAY_BE_REPEATED = {"v1": {"status", "void", "look up", "find"}, "v2": {"status", "look up"}}
"""V1's void takes back no payment; V2's does, and its first copy may have arrived."""


@each_of("name", CALLS)
@each_of("api", ["v1", "v2"])
def test_only_what_moves_no_money_is_sent_again(api: str, name: str) -> None:
    if api == "v2" and name in ("code", "find"):
        return  # V2 has no such call, and nothing is sent
    carrier = Silence()
    with pytest.raises(CallLost):
        asyncio.run(_call(gateway(api, carrier), name))
    (request,) = carrier.sent
    assert request.may_repeat is (name in MAY_BE_REPEATED[api])


async def _call(service: Gateway, name: str) -> None:
    await CALLS[name](service)
