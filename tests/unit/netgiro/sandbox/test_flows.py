"""The seven flows of Netgíró's sequence diagrams, and every way out of them, over HTTP."""

from __future__ import annotations

import pytest

from terminal.netgiro.sandbox import Settings
from tests.unit.netgiro.sandbox.flows_bench import (
    CANCELLED,
    CANCELLED_RESERVATION,
    CODE_NEEDED,
    PAID,
    RESERVED,
    WAITING,
    codes,
)
from tests.unit.netgiro.sandbox.sandbox_provider import (
    APP_CODE,
    AUTOMATIC,
    MANUAL,
    PHONE,
    PHONE_WITHOUT_CREDIT,
    WITH_CREDIT,
    WITHOUT_CREDIT,
    run,
)

# The flows (ServerCallback is in test_sandbox_callbacks.py)


def test_app_code_automatic():
    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, AUTOMATIC)
        assert codes(await shop.check(cart)) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_app_code_manual():
    async def scenario(shop, sandbox):
        cart = await shop.opened(APP_CODE, MANUAL)
        assert codes(await shop.check(cart)) == RESERVED
        assert await shop.paid() == []
        assert codes(await shop.confirm(cart)) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_kennitala_automatic():
    async def scenario(shop, sandbox):
        cart = await shop.opened(WITH_CREDIT, AUTOMATIC)
        assert codes(await shop.check(cart)) == CODE_NEEDED
        assert codes(await shop.confirm(cart, await shop.sms_code(cart))) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_kennitala_manual():
    async def scenario(shop, sandbox):
        cart = await shop.opened(WITH_CREDIT, MANUAL)
        assert codes(await shop.confirm(cart, await shop.sms_code(cart))) == RESERVED
        assert codes(await shop.check(cart)) == RESERVED
        assert await shop.paid() == []
        assert codes(await shop.confirm(cart)) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_phone_automatic():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, AUTOMATIC)
        assert codes(await shop.check(cart)) == WAITING
        await shop.accept(cart)
        assert codes(await shop.check(cart)) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_phone_manual():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        assert codes(await shop.confirm(cart)) == WAITING
        await shop.accept(cart)
        assert codes(await shop.check(cart)) == RESERVED
        assert codes(await shop.confirm(cart)) == PAID
        assert await shop.paid() == [cart]

    run(scenario)


def test_answers_carry_the_documented_fields():
    async def scenario(shop, sandbox):
        opened = await shop.insert(APP_CODE, MANUAL, Reference="T1-42", Amount=2500)
        cart = opened.pop("TransactionId")
        assert opened == {
            "Success": True,
            "Message": "",
            "ResultCode": 200,
            "ProcessCartCheckIntervalMiliseconds": 1000,
        }
        info = (await shop.check(cart))["PaymentInfo"]
        assert (info["TransactionId"], info["ReferenceNumber"], info["TotalAmount"]) == (cart, "T1-42", 2500)
        assert info["InvoiceNumber"] == 1001
        assert info["Created"] == "1970-01-01T00:16:40.000Z"  # the clock of the test starts at 1000 s

    run(scenario)


# The SMS code


@pytest.mark.parametrize(("code", "words"), [("wrong", "wrong"), (None, "Identifier"), ("", "Identifier")])
def test_without_the_right_code_nothing_moves(code, words):
    async def scenario(shop, sandbox):
        cart = await shop.opened(WITH_CREDIT, AUTOMATIC)
        answer = await shop.confirm(cart, code)
        assert codes(answer) == CODE_NEEDED
        assert words in answer["Message"]
        assert codes(await shop.confirm(cart, await shop.sms_code(cart))) == PAID

    run(scenario)


def test_only_kennitala_carts_have_a_code():
    async def scenario(shop, sandbox):
        assert len(await shop.sms_code(await shop.opened(WITH_CREDIT, MANUAL))) == 4
        assert await shop.sms_code(await shop.opened(PHONE, MANUAL)) == ""

    run(scenario)


# Declined


@pytest.mark.parametrize(
    ("customer", "code"), [(WITHOUT_CREDIT, 10302), (PHONE_WITHOUT_CREDIT, 10302), ("4444444449", 10422)]
)
def test_customer_without_credit_is_declined_at_once(customer, code):
    async def scenario(shop, sandbox):
        answer = await shop.insert(customer, MANUAL)
        assert (answer["Success"], answer["ResultCode"], answer["TransactionId"]) == (False, code, None)
        assert await shop.control("GET", "/carts") == []

    run(scenario)


@pytest.mark.parametrize(("customer", "code"), [("8223283", 10307), ("8223285", 10423)])
def test_customer_may_be_declined_when_they_accept(customer, code):
    async def scenario(shop, sandbox):
        cart = await shop.opened(customer, MANUAL)
        assert (await shop.accept(cart))["State"] == "declined"
        assert codes(await shop.check(cart)) == (code, True, False, None)
        assert codes(await shop.confirm(cart)) == (code, True, False, None)
        assert await shop.paid() == []

    run(scenario)


def test_failed_confirm_is_a_success_without_a_payment():
    async def scenario(shop, sandbox):
        cart = await shop.opened("3333333339", AUTOMATIC)
        assert codes(await shop.confirm(cart, await shop.sms_code(cart))) == (10307, True, False, None)

    run(scenario)


def test_rejection_on_the_phone():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        await shop.reject(cart)
        assert codes(await shop.check(cart)) == (10302, True, False, None)
        other = await shop.opened(PHONE, MANUAL)
        await shop.reject(other, code=10201)
        assert codes(await shop.check(other)) == CANCELLED

    run(scenario)


def test_rejection_code_is_a_setting():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        await shop.reject(cart)
        assert (await shop.check(cart))["ResultCode"] == 10422

    run(scenario, settings=Settings(rejection_code=10422))


# Cancelling


@pytest.mark.parametrize(
    ("customer", "expected"), [(PHONE, CANCELLED), (WITH_CREDIT, CANCELLED), (APP_CODE, CANCELLED_RESERVATION)]
)
def test_cancel_in_time(customer, expected):
    async def scenario(shop, sandbox):
        cart = await shop.opened(customer, MANUAL)
        assert codes(await shop.cancel(cart)) == expected
        assert codes(await shop.check(cart)) == expected
        assert codes(await shop.confirm(cart)) == expected
        assert await shop.paid() == []

    run(scenario)


def test_cancel_too_late_says_that_the_cart_is_paid():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, AUTOMATIC)
        await shop.accept(cart)
        assert codes(await shop.cancel(cart)) == (10200, False, True, 2)
        assert codes(await shop.check(cart)) == PAID

    run(scenario)


def test_second_cancel_and_second_confirm_have_codes_of_their_own():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        await shop.cancel(cart)
        assert codes(await shop.cancel(cart)) == (10202, False, False, None)
        cart = await shop.opened(APP_CODE, MANUAL)
        await shop.confirm(cart)
        assert codes(await shop.confirm(cart)) == (10203, False, True, 2)
        assert await shop.paid() == [cart]

    run(scenario)


def test_cancel_of_a_rejected_cart_is_too_late_but_harmless():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        await shop.reject(cart)
        assert (await shop.cancel(cart))["ResultCode"] == 10202

    run(scenario)


def test_reservations_may_be_made_uncancellable():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        await shop.accept(cart)
        assert codes(await shop.cancel(cart)) == (10426, False, False, 1)
        assert codes(await shop.confirm(cart)) == PAID

    run(scenario, settings=Settings(refuse_cancel_of_reservation=True))
