"""How the sandbox reads addresses, credentials and bodies."""

from __future__ import annotations

import json

import pytest

from terminal.netgiro.sandbox import Settings
from tests.each import each_of
from tests.unit.netgiro.sandbox.flows_bench import GOOD, WAITING, codes
from tests.unit.netgiro.sandbox.sandbox_provider import (
    MANUAL,
    PHONE,
    run,
)

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


@each_of(
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


@each_of("amount", ["1990.5", 1990.5, "", "1e3", "²", True, None, [1990]])
def test_what_is_no_whole_number_is_still_refused(amount):
    async def scenario(shop, sandbox):
        order = {"Amount": amount, "Reference": "T1-1", "CustomerId": "8223281", "ConfirmationType": 2}
        assert (await shop.post("InsertCart", json.dumps(order).encode())).status_code == 400

    run(scenario)
