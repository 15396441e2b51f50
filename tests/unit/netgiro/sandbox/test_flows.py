"""The seven flows of Netgíró's sequence diagrams, and every way out of them, over HTTP."""

from __future__ import annotations

import json
import re

import pytest

from terminal.netgiro.sandbox import Settings
from tests.unit.netgiro.sandbox.sandbox_provider import (
    APP_CODE,
    AUTOMATIC,
    MANUAL,
    PHONE,
    PHONE_WITHOUT_CREDIT,
    SERVER_CALLBACK,
    UNKNOWN_ID,
    WITH_CREDIT,
    WITHOUT_CREDIT,
    run,
)


def codes(answer):
    """What a client must look at, and what it must not look at alone."""
    info = answer["PaymentInfo"]
    return answer["ResultCode"], answer["Success"], answer["PaymentSuccessful"], info and info["StatusId"]


WAITING = (10425, True, False, None)
CODE_NEEDED = (10428, True, False, None)
RESERVED = (10426, True, False, 1)
PAID = (10200, True, True, 2)
CANCELLED = (10201, True, False, None)
CANCELLED_RESERVATION = (10201, True, False, 5)


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


# Refused


@pytest.mark.parametrize("customer", ["8999999", "9999999999", "5000049999"])
def test_unknown_customer(customer):
    async def scenario(shop, sandbox):
        answer = await shop.insert(customer, MANUAL)
        assert (answer["Success"], answer["ResultCode"]) == (False, 10306)
        assert customer not in answer["Message"]

    run(scenario)


@pytest.mark.parametrize("amount", [99, 0, -5])
def test_below_the_minimum(amount):
    async def scenario(shop, sandbox):
        answer = await shop.insert(PHONE, MANUAL, Amount=amount)
        assert (answer["Success"], answer["ResultCode"]) == (False, 10305)
        assert (await shop.insert(PHONE, MANUAL, Amount=100))["ResultCode"] == 200

    run(scenario, settings=Settings(min_amount_kr=100))


@pytest.mark.parametrize(
    ("customer", "confirmation"), [(PHONE, 3), (PHONE, -1), (APP_CODE, SERVER_CALLBACK), (WITH_CREDIT, SERVER_CALLBACK)]
)
def test_confirmation_type_not_valid(customer, confirmation):
    async def scenario(shop, sandbox):
        answer = await shop.insert(customer, confirmation, CallbackUrl="http://shop.test/done")
        assert (answer["Success"], answer["ResultCode"]) == (False, 10427)

    run(scenario)


def test_confirm_of_an_automatic_cart_that_still_waits():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, AUTOMATIC)
        assert codes(await shop.confirm(cart)) == (10427, True, False, None)
        assert codes(await shop.check(cart)) == WAITING

    run(scenario)


@pytest.mark.parametrize(("setting", "checked"), [(Settings(), 10201), (Settings(unknown_cart_code=10424), 10424)])
def test_unknown_cart(setting, checked):
    async def scenario(shop, sandbox):
        assert codes(await shop.check(UNKNOWN_ID)) == (checked, False, False, None)
        assert codes(await shop.confirm(UNKNOWN_ID)) == (10424, False, False, None)
        assert codes(await shop.cancel(UNKNOWN_ID)) == (10424, False, False, None)

    run(scenario, settings=setting)


def test_items_must_add_up():
    async def scenario(shop, sandbox):
        item = {"ProductNo": "1", "Name": "Peysa", "Amount": 990, "Quantity": 1000, "UnitPrice": 990}
        answer = await shop.insert(PHONE, MANUAL, Amount=1990, CartItemRequests=[item])
        assert (answer["Success"], answer["ResultCode"]) == (False, 10304)
        answer = await shop.insert(PHONE, MANUAL, Amount=1980, CartItemRequests=[item, item])
        assert answer["ResultCode"] == 200

    run(scenario)


GOOD = {"Amount": 1990, "Reference": "T1-1", "CustomerId": PHONE, "ConfirmationType": MANUAL}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe{", "not readable JSON"),
        (b'{"Amount":' + b"[" * 60_000, "not readable JSON|Expected"),
        (b"[]", "Expected `object`"),
        (json.dumps(GOOD | {"Amount": "19x0"}).encode(), r"\$\.Amount"),
        (json.dumps(GOOD | {"Amount": 1990.5}).encode(), r"\$\.Amount"),
        (json.dumps(GOOD | {"Amount": True}).encode(), r"\$\.Amount"),
        (json.dumps(GOOD | {"Amount": 10**30}).encode(), "'Amount' must not be greater"),
        (json.dumps(GOOD | {"Reference": ""}).encode(), r"\$\.Reference"),
        (json.dumps(GOOD | {"CustomerId": "12345"}).encode(), "'CustomerId'"),
        (json.dumps(GOOD | {"CustomerId": "٨٢٢٣٢٨١"}).encode(), "'CustomerId'"),
        (json.dumps(GOOD | {"ConfirmationType": SERVER_CALLBACK}).encode(), "'CallbackUrl' must not be empty"),
        (json.dumps({"Amount": 1}).encode(), "missing required field"),
    ],
)
def test_bad_fields_are_named(body, words):
    async def scenario(shop, sandbox):
        response = await shop.post("InsertCart", body)
        assert response.status_code == 400
        answer = response.json()
        assert (answer["Success"], answer["ResultCode"]) == (False, 400)
        assert re.search(words, answer["Message"])
        assert await shop.control("GET", "/carts") == []

    run(scenario)


@pytest.mark.parametrize("call", ["CheckCart", "ConfirmCart", "CancelCart"])
@pytest.mark.parametrize("body", [b"{}", b'{"TransactionId": 7}', b'{"TransactionId": "7"}'])
def test_transaction_id_must_be_a_guid(call, body):
    async def scenario(shop, sandbox):
        response = await shop.post(call, body)
        assert response.status_code == 400
        assert "TransactionId" in response.json()["Message"]

    run(scenario)


# The wire


def test_paths_and_transaction_ids_are_taken_in_any_case():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        answer = await shop.call("checkCART", TransactionId=cart.upper())
        assert codes(answer) == WAITING

    run(scenario)


def test_refused_credentials_change_nothing():
    async def scenario(shop, sandbox):
        body = json.dumps(GOOD).encode()
        for headers, status in (({"netgiro_appkey": "other"}, 401), ({"netgiro_signature": "0" * 64}, 400)):
            response = await shop.post("InsertCart", body, **headers)
            assert response.status_code == status
            answer = response.json()
            assert (answer["Success"], answer["ResultCode"]) == (False, 400)
            assert answer["Message"]
        assert await shop.control("GET", "/carts") == []

    run(scenario)


def test_signature_covers_the_public_address_behind_a_proxy():
    async def scenario(shop, sandbox):
        body = json.dumps(GOOD).encode()
        signed = shop.headers("https://pay.example.is/test/v1/Checkout/InsertCart", body)
        response = await shop.client.post(f"{shop.base}/v1/Checkout/InsertCart", content=body, headers=signed)
        assert response.json()["ResultCode"] == 200

    run(scenario, public_base_url="https://pay.example.is/test/")


def test_signature_covers_the_query():
    async def scenario(shop, sandbox):
        assert (await shop.call("InsertCart?trace=1", **GOOD))["ResultCode"] == 200

    run(scenario)


def test_body_is_bounded():
    async def scenario(shop, sandbox):
        response = await shop.post("InsertCart", b" " * 70_000)
        assert response.status_code == 413
        assert "65536" in response.json()["Message"]

    run(scenario)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/Checkout/InsertCart"), ("POST", "/v1/Checkout/Insert")])
def test_other_addresses_say_what_there_is(method, path):
    async def scenario(shop, sandbox):
        response = await shop.client.request(method, shop.base + path)
        assert response.status_code == 404
        assert "/v1/Checkout/ConfirmCart" in response.json()["Message"]

    run(scenario)


def test_poll_pace_is_a_setting():
    async def scenario(shop, sandbox):
        assert (await shop.insert(PHONE, MANUAL))["ProcessCartCheckIntervalMiliseconds"] is None

    run(scenario, settings=Settings(check_interval_ms=None))


@pytest.mark.parametrize(
    ("written", "notice"),
    [
        ({"amount": 1990}, "amount is written Amount in the documentation."),
        ({"AMOUNT": 1990}, "AMOUNT is written Amount in the documentation."),
        ({"Amount": "1990"}, "Amount is a number, not a text."),
        ({"Amount": "1990.0"}, "Amount is a number, not a text."),
        ({"Amount": 1990.0}, "Amount is a whole number, without a decimal point."),
    ],
)
def test_what_netgiros_own_clients_send_is_taken_with_a_notice(written, notice):
    async def scenario(shop, sandbox):
        order = {"Reference": "T1-1", "CustomerId": "8223281", "ConfirmationType": 2} | written
        answer = (await shop.post("InsertCart", json.dumps(order).encode())).json()
        assert answer["Success"], answer
        (row,) = sandbox.carts(1)
        assert (row["Amount"], row["Notices"]) == (1990, [notice])

    run(scenario)


def test_a_missing_confirmation_type_is_automatic_with_a_notice():
    async def scenario(shop, sandbox):
        order = {"Amount": 1990, "Reference": "T1-1", "CustomerId": "5000041234"}
        await shop.post("InsertCart", json.dumps(order).encode())
        (row,) = sandbox.carts(1)
        assert (row["Confirmation"], row["State"]) == ("automatic", "paid")
        assert row["Notices"] == ["ConfirmationType is missing and counts as 0 (Automatic)."]

    run(scenario)


@pytest.mark.parametrize("amount", ["1990.5", 1990.5, "", "1e3", "²", True, None, [1990]])
def test_what_is_no_whole_number_is_still_refused(amount):
    async def scenario(shop, sandbox):
        order = {"Amount": amount, "Reference": "T1-1", "CustomerId": "8223281", "ConfirmationType": 2}
        assert (await shop.post("InsertCart", json.dumps(order).encode())).status_code == 400

    run(scenario)
