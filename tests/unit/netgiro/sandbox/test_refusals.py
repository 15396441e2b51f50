"""What the sandbox refuses, with which code and words."""

from __future__ import annotations

import json
import re

import pytest

from terminal.netgiro.sandbox import Settings
from tests.each import each_of
from tests.unit.netgiro.sandbox.flows_bench import GOOD, WAITING, codes
from tests.unit.netgiro.sandbox.sandbox_provider import (
    APP_CODE,
    AUTOMATIC,
    MANUAL,
    PHONE,
    SERVER_CALLBACK,
    UNKNOWN_ID,
    WITH_CREDIT,
    run,
)

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


@each_of(
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


@each_of(
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


@each_of("call", ["CheckCart", "ConfirmCart", "CancelCart"])
@each_of("body", [b"{}", b'{"TransactionId": 7}', b'{"TransactionId": "7"}'])
def test_transaction_id_must_be_a_guid(call, body):
    async def scenario(shop, sandbox):
        response = await shop.post(call, body)
        assert response.status_code == 400
        assert "TransactionId" in response.json()["Message"]

    run(scenario)
