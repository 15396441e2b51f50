"""What the sandbox does wrong on demand, as its client sees it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from terminal.netgiro.sandbox.faults import CALLS, HELP, KINDS, Fault, Faults
from tests.each import each_of
from tests.unit.netgiro.sandbox.sandbox_provider import APP_CODE, MANUAL, PHONE, run, sha256_signature


async def reserved(shop):
    """A cart that only waits for its ConfirmCart."""
    return await shop.opened(APP_CODE, MANUAL)


def named(cart):
    return json.dumps({"TransactionId": cart}).encode()


@each_of(("kind", "moved"), [("lost_before", False), ("unreachable", False), ("lost_after", True), ("truncated", True)])
def test_dropped_connection(kind, moved):
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": kind, "call": "ConfirmCart", "times": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            await shop.confirm(cart)
        assert await shop.paid() == ([cart] if moved else [])
        assert (await shop.confirm(cart))["ResultCode"] == (10203 if moved else 10200)

    run(scenario)


@pytest.mark.parametrize(("kind", "moved"), [("http_500_before", False), ("http_500_after", True)])
def test_http_500(kind, moved):
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": kind})
        assert (await shop.post("ConfirmCart", named(cart))).status_code == 500
        assert await shop.paid() == ([cart] if moved else [])

    run(scenario)


def test_slow_answers_late_but_works_at_once():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "slow", "seconds": 40})
        confirming = asyncio.create_task(shop.confirm(cart))
        await asyncio.sleep(39)
        assert await shop.paid() == [cart]
        assert not confirming.done()
        assert (await confirming)["ResultCode"] == 10200

    run(scenario)


def test_slow_before_works_late():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "slow_before", "seconds": 40, "call": "ConfirmCart"})
        confirming = asyncio.create_task(shop.confirm(cart))
        await asyncio.sleep(39)
        assert (await shop.check(cart))["ResultCode"] == 10426
        assert (await confirming)["ResultCode"] == 10200

    run(scenario)


def test_garbage_is_signed_but_no_json():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "garbage"})
        response = await shop.post("ConfirmCart", named(cart))
        assert response.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            response.json()
        assert await shop.paid() == [cart]

    run(scenario)


def test_wrong_and_missing_signature():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", [{"fault": "wrong_signature"}, {"fault": "no_signature"}])
        wrong = await shop.post("CheckCart", named(cart))
        right = sha256_signature(wrong.headers["netgiro_nonce"], str(wrong.request.url), wrong.content)
        assert len(wrong.headers["netgiro_signature"]) == len(right)
        assert wrong.headers["netgiro_signature"] != right
        missing = await shop.post("CheckCart", named(cart))
        assert "netgiro_signature" not in missing.headers
        assert missing.json()["ResultCode"] == 10426
        assert (await shop.check(cart))["ResultCode"] == 10426  # and then all is well

    run(scenario)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("wrong_amount", "TotalAmount", 1991), ("wrong_reference", "ReferenceNumber", "T1-1-other")],
)
def test_wrong_payment_waits_for_an_answer_with_payment_info(kind, field, value):
    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": kind})
        cart = await shop.opened(PHONE, MANUAL)
        assert (await shop.check(cart))["PaymentInfo"] is None
        await shop.accept(cart)
        assert (await shop.check(cart))["PaymentInfo"][field] == value
        assert (await shop.check(cart))["PaymentInfo"][field] != value

    run(scenario)


@pytest.mark.parametrize(("code", "success", "paid"), [(10302, False, False), (10200, True, True)])
def test_result_code_is_answered_without_the_work(code, success, paid):
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "result_code", "code": code})
        answer = await shop.confirm(cart)
        assert (answer["ResultCode"], answer["Success"], answer["PaymentSuccessful"]) == (code, success, paid)
        assert await shop.paid() == []

    run(scenario)


def test_result_code_for_insert_opens_no_cart():
    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": "result_code", "code": 10305, "call": "InsertCart"})
        answer = await shop.insert(PHONE, MANUAL)
        assert (answer["ResultCode"], answer["TransactionId"]) == (10305, None)
        assert await shop.control("GET", "/carts") == []

    run(scenario)


def test_nonce_refused():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "nonce_refused"})
        response = await shop.post("ConfirmCart", named(cart))
        assert response.status_code == 400
        assert "used before" in response.json()["Message"]
        assert await shop.paid() == []

    run(scenario)


def test_unreachable_lasts_until_cleared():
    async def scenario(shop, sandbox):
        cart = await reserved(shop)
        await shop.control("PUT", "/faults", {"fault": "unreachable"})
        for _ in range(5):
            with pytest.raises(httpx.RemoteProtocolError):
                await shop.check(cart)
        assert (await shop.control("DELETE", "/faults"))["faults"] == []
        assert (await shop.check(cart))["ResultCode"] == 10426

    run(scenario)


def test_fault_spoils_its_own_call_only_and_so_many_times():
    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", [{"fault": "http_500_before", "call": "checkcart", "times": 2}])
        cart = await reserved(shop)
        statuses = [(await shop.post("CheckCart", named(cart))).status_code for _ in range(3)]
        assert statuses == [500, 500, 200]

    run(scenario)


def test_put_replaces_and_get_shows_with_help():
    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": "garbage"})
        await shop.control("PUT", "/faults", [{"fault": "slow", "call": "*", "seconds": 2}])
        shown = await shop.control("GET", "/faults")
        told = {"fault": "slow", "call": "any", "times": 1, "seconds": 2.0, "code": 10302}
        assert shown["faults"] == [told | {"message": "Customer is blacklisted"}]
        assert set(shown["help"]["kinds"]) == set(KINDS)

    run(scenario)


@each_of(
    ("fault", "words"),
    [
        ({"fault": "gremlins"}, "lost_before, lost_after, unreachable"),
        ({"fault": "slow", "call": "Payout"}, "InsertCart, CheckCart, ConfirmCart, CancelCart, PaymentGet, payment"),
        ({"fault": "no_signature", "call": "details"}, "does not apply to details"),
        ({"fault": "refused", "call": "InsertCart"}, "does not apply to InsertCart"),
        ({"fault": "lost_after", "call": "Callback"}, "does not apply to Callback"),
        ({"fault": "slow", "seconds": 0}, "seconds"),
        ({"fault": "slow", "times": 0}, "times"),
        ({"fault": "slow", "second": 3}, "second"),
        ("slow", "Expected `object`"),
    ],
)
def test_mistakes_in_faults_are_explained_and_leave_the_old_ones(fault, words):
    async def scenario(shop, sandbox):
        await shop.control("PUT", "/faults", {"fault": "garbage"})
        response = await shop.client.put(f"{shop.base}/sandbox/faults", json=fault)
        assert response.status_code == 400
        assert words in response.json()["error"]
        assert [fault.fault for fault in sandbox.faults] == ["garbage"]

    run(scenario)


def test_every_kind_is_accepted_and_the_example_too():
    faults = Faults()
    applicable = [Fault(kind, call) for kind in KINDS for call in CALLS if Fault(kind, call).is_for(call)]
    assert {fault.fault for fault in applicable} == set(KINDS)
    faults.replace([*applicable, *(Fault(kind) for kind in KINDS), Fault(**HELP["example"])])
    assert len(list(faults)) == len(applicable) + len(KINDS) + 1


def test_using_a_fault_that_was_cleared_meanwhile_changes_nothing():
    faults = Faults()
    faults.replace([Fault("slow")])
    fault = faults.next_for("CheckCart")
    faults.replace([Fault("slow")])
    faults.use(fault)
    assert [waiting.times for waiting in faults] == [1]
