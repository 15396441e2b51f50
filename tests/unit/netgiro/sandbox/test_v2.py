"""V2 and the partner API as the simulated Netgíró plays them, called as their documentation says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Sandbox, build_sandbox, create_app
from tests.each import each_of
from tests.virtual_time import run_virtual

PHONE, DECLINED_PHONE, BARCODE, ACCESS_CODE = "8223281", "8223282", "5000041234", "9000000010"
NOBODY = "00000000-0000-4000-8000-000000000000"


class Shop:
    """A provider that knows V2."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.headers = {"X-Netgiro-Api-Key": PUBLIC_APPLICATION_ID}

    async def post(self, path: str, body: Any, *, status: int = 200) -> Any:
        response = await self.client.post(path, json=body, headers=self.headers)
        assert response.status_code == status, response.text
        return response.json()

    async def get(self, path: str, *, status: int = 200) -> Any:
        response = await self.client.get(path, headers=self.headers)
        assert response.status_code == status, response.text
        return response.json()

    async def pay(self, customer: str, **more: Any) -> Any:
        order = {"Amount": 1990, "Reference": "T1-1", "CustomerIdentifier": customer, "ManualCapture": True} | more
        return await self.post("/v2/checkout/payment", order)

    async def paid(self, customer: str = BARCODE) -> str:
        name = str((await self.pay(customer))["TransactionId"])
        assert (await self.post("/v2/transaction/capture", {"TransactionId": name}))["Status"] == "Confirmed"
        return name

    async def status(self, name: str) -> Any:
        return (await self.get(f"/v2/checkout/status/{name}"))["Status"]

    async def details(self, name: str) -> Any:
        return await self.get(f"/v2/transaction/details/{name}")

    async def refund(self, name: str, amount: int, key: str, *, status: int = 200) -> Any:
        body = {"TransactionId": name, "RefundAmount": amount, "IdempotencyKey": key}
        return await self.post("/v2/transaction/refund", body, status=status)


def run(scenario: Callable[[Shop, Sandbox], Awaitable[None]], **built: Any) -> None:
    async def inside() -> None:
        sandbox = build_sandbox(clock=asyncio.get_running_loop().time, rng=random.Random(1), **built)
        transport = httpx.ASGITransport(create_app(sandbox))
        async with httpx.AsyncClient(transport=transport, base_url="http://n.test") as client:
            await scenario(Shop(client), sandbox)
        await sandbox.aclose()

    run_virtual(inside())


# --- the two steps of a payment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("customer", [BARCODE, ACCESS_CODE])
def test_an_instant_identifier_is_authorized_at_once_and_captured(customer: str) -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        opened = await shop.pay(customer)
        assert (opened["Success"], opened["Status"], opened["PollIntervalMs"]) == (True, "Authorized", None)
        name = opened["TransactionId"]
        assert (await shop.details(name))["Status"] == "reservation"
        captured = await shop.post("/v2/transaction/capture", {"TransactionId": name})
        assert captured["Status"] == "Confirmed"
        details = await shop.details(name)
        assert (details["Status"], details["TotalAmount"], details["IsRefundable"]) == ("paid", 1990, True)

    run(scenario)


def test_a_phone_is_pending_until_its_owner_accepts() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        opened = await shop.pay(PHONE)
        name = opened["TransactionId"]
        assert (opened["Status"], opened["PollIntervalMs"]) == ("Pending", 1000)
        sandbox.accept(name)
        assert await shop.status(name) == "Authorized"

    run(scenario)


def test_without_manual_capture_approval_is_payment() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        assert (await shop.pay(BARCODE, ManualCapture=False))["Status"] == "Confirmed"
        name = (await shop.pay(PHONE, ManualCapture=False))["TransactionId"]
        sandbox.accept(name)
        assert await shop.status(name) == "Confirmed"

    run(scenario)


def test_a_part_of_a_reservation_can_be_captured() -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        name = (await shop.pay(BARCODE))["TransactionId"]
        await shop.post("/v2/transaction/capture", {"TransactionId": name, "Amount": 990})
        assert (await shop.details(name))["TotalAmount"] == 990

    run(scenario)


# --- refusals ---------------------------------------------------------------------------------------------------------


@each_of(
    ("customer", "sentence"),
    [
        ("8999999", "Customer not verified."),
        ("1111111119", "Customer not verified."),
        ("5000049999", "Customer not verified."),
        (DECLINED_PHONE, "Customer is blacklisted"),
    ],
)
def test_a_refusal_is_a_sentence_without_a_status(customer: str, sentence: str) -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        refused = await shop.pay(customer)
        assert (refused["Success"], refused["Message"], refused["Status"]) == (False, sentence, None)

    run(scenario)


@each_of(
    ("change", "sentence"),
    [
        ({"Amount": 0}, "'Amount' must be greater than '0'."),
        ({"Amount": -5}, "'Amount' must be greater than '0'."),
        ({"Reference": ""}, "'Reference' must not be empty."),
        ({"CustomerIdentifier": ""}, "'CustomerIdentifier' must not be empty."),
        ({"Amount": "x"}, "Expected `int | float`, got `str` - at `$.Amount`."),
    ],
)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], sentence: str) -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        order = {"Amount": 1990, "Reference": "T1-1", "CustomerIdentifier": PHONE} | change
        assert (await shop.post("/v2/checkout/payment", order, status=400))["Message"] == sentence

    run(scenario)


@pytest.mark.parametrize("key", ["", "wrong", PUBLIC_SECRET_KEY])
def test_whoever_has_not_the_key_is_told_that_one_is_required(key: str) -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        shop.headers = {"X-Netgiro-Api-Key": key}
        answer = await shop.post("/v2/checkout/payment", {}, status=401)
        assert answer["Message"] == "API key is required"
        assert sandbox.book.newest(1) == []

    run(scenario)


def test_a_transaction_that_is_not_there_is_not_found() -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        assert (await shop.get(f"/v2/checkout/status/{NOBODY}"))["Message"] == "Transaction not found"
        for verb in ("capture", "cancel"):
            answer = await shop.post(f"/v2/transaction/{verb}", {"TransactionId": NOBODY})
            assert (answer["Success"], answer["Message"]) == (False, "Transaction not found")

    run(scenario)


# --- cancel and refund ------------------------------------------------------------------------------------------------


def test_a_cancel_works_at_any_stage_until_it_is_paid_out() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        for name in ((await shop.pay(PHONE))["TransactionId"], (await shop.pay(BARCODE))["TransactionId"]):
            assert (await shop.post("/v2/transaction/cancel", {"TransactionId": name}))["Status"] == "Cancelled"
        name = await shop.paid()
        assert len(sandbox.ledger()) == 1
        assert (await shop.post("/v2/transaction/cancel", {"TransactionId": name}))["Status"] == "Cancelled"
        assert (await shop.details(name))["Status"] == "canceled"
        assert sandbox.ledger() == []
        settled = await shop.paid()
        sandbox.book.settle(settled)
        assert (await shop.post("/v2/transaction/cancel", {"TransactionId": settled}))["Success"] is False
        assert (await shop.details(settled))["SettlementDate"] is not None

    run(scenario)


def test_one_refund_is_carried_out_under_a_key() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        name = await shop.paid()
        for _ in range(3):
            assert (await shop.refund(name, 500, "key-1"))["Success"] is True
        await shop.refund(name, 1490, "key-2")
        assert [row["Amount"] for row in sandbox.refunds()] == [500, 1490]
        assert (await shop.details(name))["IsRefundable"] is False

    run(scenario)


def test_more_than_what_is_left_is_not_refunded() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        name = await shop.paid()
        await shop.refund(name, 1990, "a", status=200)
        for amount, key in ((1, "b"), (0, "c"), (-1, "d")):
            assert (await shop.refund(name, amount, key, status=400))["Success"] is False
        reserved = (await shop.pay(BARCODE))["TransactionId"]
        await shop.refund(reserved, 1, "e", status=400)
        await shop.refund(NOBODY, 1, "f", status=400)
        assert len(sandbox.refunds()) == 1

    run(scenario)


# --- the partner API --------------------------------------------------------------------------------------------------


def test_the_partner_api_refunds_what_v1_has_paid() -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        name = await shop.paid()
        shop.headers = {"token": PUBLIC_SECRET_KEY}
        body = {"transactionId": name, "refundAmount": 990, "idempotencyKey": "0" * 40, "reason": "broken"}
        await shop.post("/partner/refund", body)
        await shop.post("/partner/refund", body)
        assert [row["Amount"] for row in sandbox.refunds()] == [990]
        details = await shop.get(f"/partner/transaction/{name}")
        assert (details["status"], details["isRefundable"], details["totalAmount"]) == ("paid", True, 1990)
        too_much = await shop.post(
            "/partner/refund", body | {"refundAmount": 1001, "idempotencyKey": "1" * 40}, status=400
        )
        assert "greater" in too_much["Message"]
        missing = await shop.get(f"/partner/transaction/{NOBODY}")
        assert (missing["Success"], missing["Message"]) == (False, "Transaction not found")

    run(scenario)


@pytest.mark.parametrize("headers", [{}, {"token": "x"}, {"X-Netgiro-Api-Key": PUBLIC_APPLICATION_ID}])
def test_the_partner_api_wants_the_secret(headers: dict[str, str]) -> None:
    async def scenario(shop: Shop, _sandbox: Sandbox) -> None:
        shop.headers = headers
        await shop.get(f"/partner/transaction/{NOBODY}", status=401)

    run(scenario)


# --- callbacks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "state"), [([204], "Confirmed"), ([500, 200], "Confirmed"), ([500, 404], "Cancelled")]
)
def test_any_2xx_acknowledges_and_after_two_others_the_sale_is_cancelled(answers: list[int], state: str) -> None:
    heard: list[httpx.Request] = []

    def listen(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(answers[min(len(heard), len(answers)) - 1])

    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        urls = {"CallbackUrl": "http://shop.test/c/secret", "CallbackCancelUrl": "http://shop.test/x/secret"}
        name = (await shop.pay(PHONE, ManualCapture=False, **urls))["TransactionId"]
        sandbox.accept(name)
        await sandbox.settled()
        assert await shop.status(name) == state
        assert str(heard[0].url) == "http://shop.test/c/secret"
        assert not [header for header in heard[0].headers if header.startswith("netgiro")], "V2 signs nothing"

    run(scenario, callback_transport=httpx.MockTransport(listen))


# --- faults -----------------------------------------------------------------------------------------------------------


def faulty(fault: dict[str, Any], check: Callable[[Shop, Sandbox, str], Awaitable[None]]) -> None:
    async def scenario(shop: Shop, sandbox: Sandbox) -> None:
        name = (await shop.pay(BARCODE))["TransactionId"]
        await shop.client.put("/sandbox/faults", json=fault)
        await check(shop, sandbox, name)

    run(scenario)


def test_a_service_that_lags_tells_how_things_stood_before() -> None:
    async def check(shop: Shop, _sandbox: Sandbox, name: str) -> None:
        await shop.post("/v2/transaction/capture", {"TransactionId": name})
        assert await shop.status(name) == "Authorized"
        assert await shop.status(name) == "Confirmed"

    faulty({"fault": "lags", "call": "status"}, check)


def test_a_service_that_forgets_says_paid_and_does_nothing() -> None:
    async def check(shop: Shop, sandbox: Sandbox, name: str) -> None:
        assert (await shop.post("/v2/transaction/capture", {"TransactionId": name}))["Status"] == "Confirmed"
        assert (await shop.details(name))["Status"] == "reservation"
        assert sandbox.ledger() == []

    faulty({"fault": "forgets", "call": "capture"}, check)


def test_a_reservation_can_end_by_itself() -> None:
    async def check(shop: Shop, _sandbox: Sandbox, name: str) -> None:
        assert (await shop.post("/v2/transaction/capture", {"TransactionId": name}))["Success"] is False
        assert await shop.status(name) == "Cancelled"

    faulty({"fault": "drops_reservation", "call": "capture"}, check)


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [("wrong_amount", "TotalAmount", 1991), ("wrong_reference", "TransactionId", NOBODY)],
)
def test_the_record_can_be_wrong(fault: str, field: str, value: Any) -> None:
    async def check(shop: Shop, _sandbox: Sandbox, name: str) -> None:
        assert await shop.status(name) == "Authorized"
        assert (await shop.details(name))[field] == value
        assert (await shop.details(name))[field] != value

    faulty({"fault": fault}, check)


def test_a_refusal_can_be_asked_for_in_any_words() -> None:
    async def check(shop: Shop, sandbox: Sandbox, name: str) -> None:
        answer = await shop.post("/v2/transaction/capture", {"TransactionId": name})
        assert (answer["Success"], answer["Message"], answer["Status"]) == (False, "not today", None)
        assert sandbox.ledger() == []

    faulty({"fault": "refused", "call": "capture", "message": "not today"}, check)


def test_the_key_can_be_refused() -> None:
    async def check(shop: Shop, _sandbox: Sandbox, name: str) -> None:
        await shop.get(f"/v2/checkout/status/{name}", status=401)

    faulty({"fault": "unauthorized"}, check)


def test_faults_of_signatures_leave_v2_alone() -> None:
    async def check(shop: Shop, sandbox: Sandbox, name: str) -> None:
        assert await shop.status(name) == "Authorized"
        assert [fault.fault for fault in sandbox.faults] == ["wrong_signature"]

    faulty({"fault": "wrong_signature"}, check)


def test_a_connection_that_was_idle_can_be_gone() -> None:
    """The answers of httpx's own transport all come over one connection."""

    async def check(shop: Shop, _sandbox: Sandbox, name: str) -> None:
        assert await shop.status(name) == "Authorized"
        await asyncio.sleep(2.5)
        with pytest.raises(httpx.RemoteProtocolError):
            await shop.status(name)
        assert await shop.status(name) == "Authorized"

    faulty({"fault": "stale", "seconds": 2}, check)
