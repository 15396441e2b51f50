"""The sandbox's own calls: ServerCallback's question, and the notices of carts with callback addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from terminal.netgiro.sandbox import Settings, build_sandbox
from tests.each import each_of
from tests.unit.netgiro.sandbox.sandbox_provider import (
    APP_CODE,
    AUTOMATIC,
    MANUAL,
    PHONE,
    SERVER_CALLBACK,
    run,
    sha256_signature,
)

DONE, GONE = "http://shop.test/done/T1-1", "http://shop.test/gone/T1-1"
URLS = {"CallbackUrl": DONE, "CallbackCancelUrl": GONE}


class Shop(httpx.AsyncBaseTransport):
    """The provider's callback listener: keeps what it gets, answers as told (the last answer again and again)."""

    def __init__(self, *answers: int | httpx.TransportError | Callable[[], Awaitable[int]]) -> None:
        self.answers = list(answers) or [200]
        self.got: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        answer = self.answers[min(len(self.got), len(self.answers)) - 1]
        if isinstance(answer, httpx.TransportError):
            raise answer
        return httpx.Response(answer if isinstance(answer, int) else await answer())

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.got]


def body(request: httpx.Request) -> dict[str, Any]:
    return httpx.Response(200, content=request.content).json()


def is_signed(request: httpx.Request, registered_url: str) -> bool:
    right = sha256_signature(request.headers["netgiro_nonce"], registered_url, request.content)
    return request.headers["netgiro_signature"] == right


def test_callback_answered_200_makes_the_payment():
    listener = Shop(200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        assert (await shop.check(cart))["ResultCode"] == 10425
        await shop.accept(cart)
        assert (await shop.check(cart))["ResultCode"] in (10429, 10200)
        await sandbox.settled()
        assert (await shop.check(cart))["ResultCode"] == 10200
        assert await shop.paid() == [cart]
        assert listener.urls == [DONE]
        assert is_signed(listener.got[0], DONE)
        told = body(listener.got[0])
        assert (told["ResultCode"], told["PaymentSuccessful"]) == (10429, False)
        assert (told["PaymentInfo"]["TransactionId"], told["PaymentInfo"]["TotalAmount"]) == (cart, 1990)

    run(scenario, callback_transport=listener)


def test_until_the_callback_is_answered_the_cart_is_only_reserved():
    answered = asyncio.Event()

    async def slowly() -> int:
        await answered.wait()
        return 200

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        assert (await shop.check(cart))["ResultCode"] == 10429
        assert (await shop.confirm(cart))["ResultCode"] == 10429
        assert await shop.paid() == []
        answered.set()
        await sandbox.settled()
        assert await shop.paid() == [cart]

    run(scenario, callback_transport=Shop(slowly))


@each_of("first", [500, 204, 302, httpx.ConnectError("refused"), httpx.ReadTimeout("late")])
def test_anything_but_200_is_tried_once_more(first):
    listener = Shop(first, 200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        await sandbox.settled()
        assert await shop.paid() == [cart]
        assert listener.urls == [DONE, DONE]
        nonces = {request.headers["netgiro_nonce"] for request in listener.got}
        assert len(nonces) == 2

    run(scenario, callback_transport=listener)


def test_twice_unanswered_cancels_the_sale():
    listener = Shop(500)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        await sandbox.settled()
        answer = await shop.check(cart)
        assert (answer["ResultCode"], answer["PaymentInfo"]["StatusId"]) == (10201, 5)
        assert await shop.paid() == []
        assert listener.urls == [DONE, DONE, GONE, GONE]

    run(scenario, callback_transport=listener)


def test_listener_that_never_answers_is_given_up():
    async def never() -> int:
        await asyncio.sleep(3600)
        return 200

    async def scenario(shop, sandbox):
        clock = asyncio.get_running_loop().time
        cart = await shop.opened(PHONE, SERVER_CALLBACK, CallbackUrl=DONE)
        started_s = clock()
        await shop.accept(cart)
        await sandbox.settled()
        assert clock() - started_s == pytest.approx(2 * 5 + 1)
        assert (await shop.check(cart))["ResultCode"] == 10201

    run(scenario, callback_transport=Shop(never))


def test_cancel_while_the_callback_is_under_way_wins():
    listening, cancelled = asyncio.Event(), asyncio.Event()

    async def slowly() -> int:
        listening.set()
        await cancelled.wait()
        return 200

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        await listening.wait()
        assert (await shop.cancel(cart))["ResultCode"] == 10201
        cancelled.set()
        await sandbox.settled()
        assert (await shop.check(cart))["ResultCode"] == 10201
        assert await shop.paid() == []

    run(scenario, callback_transport=Shop(slowly, 200))


def test_cancel_between_the_two_tries_ends_them():
    listener = Shop(500, 200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        await asyncio.sleep(0.5)  # the second try comes after 1 s
        await shop.cancel(cart)
        await sandbox.settled()
        assert sorted(listener.urls) == [DONE, GONE]
        assert await shop.paid() == []

    run(scenario, callback_transport=listener)


def test_payments_of_other_carts_are_told_too():
    listener = Shop(200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, MANUAL, **URLS)
        await sandbox.settled()
        assert listener.got == []  # a reservation of ours is nothing to tell
        await shop.confirm(cart)
        await sandbox.settled()
        assert listener.urls == [DONE]
        assert body(listener.got[0])["ResultCode"] == 10200

    run(scenario, callback_transport=listener)


def test_notices_that_nobody_takes_change_nothing():
    listener = Shop(500)

    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, AUTOMATIC, **URLS)
        await sandbox.settled()
        assert listener.urls == [DONE, DONE]
        assert (await shop.check(cart))["ResultCode"] == 10200

    run(scenario, callback_transport=listener)


@pytest.mark.parametrize("by", ["cancel", "reject"])
def test_cancelled_and_rejected_carts_call_the_cancel_address(by):
    listener = Shop(200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL, **URLS)
        await (shop.cancel(cart) if by == "cancel" else shop.reject(cart))
        await sandbox.settled()
        assert listener.urls == [GONE]
        assert is_signed(listener.got[0], GONE)
        assert body(listener.got[0])["ResultCode"] == (10201 if by == "cancel" else 10302)

    run(scenario, callback_transport=listener)


def test_address_without_a_scheme_is_signed_as_registered_and_called_over_https():
    listener = Shop(200)

    async def scenario(shop, sandbox):
        await shop.opened(APP_CODE, AUTOMATIC, CallbackUrl="shop.test/done")
        await sandbox.settled()
        assert listener.urls == ["https://shop.test/done"]
        assert is_signed(listener.got[0], "shop.test/done")

    run(scenario, callback_transport=listener)


@each_of("url", ["http://[::1", "ftp://shop.test", "http://", "://", "http://\x00", "http://a:b:c"])
def test_addresses_that_cannot_be_called_cancel_the_sale(url):
    listener = Shop(200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, CallbackUrl=url)
        await shop.accept(cart)
        await sandbox.settled()
        assert (await shop.check(cart))["ResultCode"] == 10201
        assert listener.got == []

    run(scenario, callback_transport=listener)


@each_of(
    ("kind", "received"),
    [("lost_before", 1), ("wrong_signature", 2), ("no_signature", 2), ("garbage", 2), ("wrong_amount", 2)],
)
def test_callbacks_can_be_spoiled(kind, received):
    listener = Shop(400, 200)

    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": kind, "call": "Callback"})
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        if kind == "lost_before":
            listener.answers = [200]
        await sandbox.settled()
        assert len(listener.got) == received
        assert is_signed(listener.got[-1], DONE)
        assert body(listener.got[-1])["PaymentInfo"]["TotalAmount"] == 1990
        assert await shop.paid() == [cart]
        if received == 2:
            first = listener.got[0]
            spoiled = {
                "wrong_signature": lambda: not is_signed(first, DONE),
                "no_signature": lambda: "netgiro_signature" not in first.headers,
                "garbage": lambda: first.content.startswith(b"<html>"),
                "wrong_amount": lambda: body(first)["PaymentInfo"]["TotalAmount"] == 1991,
            }
            assert spoiled[kind]()

    run(scenario, callback_transport=listener)


def test_faults_for_any_call_leave_callbacks_alone():
    listener = Shop(200)

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.control("PUT", "/faults", {"fault": "unreachable"})
        await shop.accept(cart)
        await sandbox.settled()
        assert await shop.paid() == [cart]

    run(scenario, callback_transport=listener)


def test_reservations_for_a_callback_may_be_made_uncancellable():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        answer = await shop.cancel(cart)
        assert (answer["ResultCode"], answer["Success"]) == (10429, False)
        await sandbox.settled()
        assert await shop.paid() == [cart]

    async def later() -> int:
        await asyncio.sleep(1)
        return 200

    settings = Settings(refuse_cancel_of_reservation=True)
    run(scenario, callback_transport=Shop(later), settings=settings)


def test_closing_ends_callbacks_under_way_and_may_be_repeated():
    started = asyncio.Event()

    async def never() -> int:
        started.set()
        await asyncio.sleep(3600)
        return 200

    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, SERVER_CALLBACK, **URLS)
        await shop.accept(cart)
        await started.wait()
        before_s = asyncio.get_running_loop().time()
        await sandbox.aclose()
        await sandbox.aclose()
        assert asyncio.get_running_loop().time() == before_s
        assert (await shop.check(cart))["ResultCode"] == 10429

    run(scenario, callback_transport=Shop(never))


def test_a_sandbox_that_was_never_used_closes():
    asyncio.run(build_sandbox().aclose())
