"""The control interface: the customer's phone, app codes, the ledger, settings, and who is told of changes."""

from __future__ import annotations

import asyncio
import logging

import pytest

from terminal.netgiro.sandbox import Person, Settings
from tests.each import each_of
from tests.unit.netgiro.sandbox.sandbox_provider import (
    AUTOMATIC,
    MANUAL,
    PHONE,
    UNKNOWN_ID,
    WITH_CREDIT,
    WITHOUT_CREDIT,
    run,
)


async def refused(shop, method, path, body=None):
    """A control call that must fail: its status and reason."""
    response = await shop.client.request(method, f"{shop.base}/sandbox{path}", json=body)
    return response.status_code, response.json()["error"]


# Carts and ledger


def test_carts_newest_first_with_the_customer_masked():
    async def scenario(shop, sandbox):
        first = await shop.opened(PHONE, MANUAL, Reference="T1-1")
        second = await shop.opened(WITH_CREDIT, AUTOMATIC, Reference="T1-2", Amount=500)
        rows = await shop.control("GET", "/carts")
        assert [row["TransactionId"] for row in rows] == [second, first]
        assert rows[0] == {
            "TransactionId": second,
            "Reference": "T1-2",
            "DuplicateReference": False,
            "Amount": 500,
            "Description": "",
            "ConfirmationType": 0,
            "Confirmation": "automatic",
            "Customer": "*******119",
            "IdentifiedBy": "kennitala",
            "State": "awaiting code",
            "ResultCode": 10428,
            "SmsCode": await shop.sms_code(second),
            "CanAccept": False,
            "InvoiceNumber": "",
            "Created": "1970-01-01T00:16:40.000Z",
            "Changed": "1970-01-01T00:16:40.000Z",
            "Captures": 0,
            "Notices": [],
            "Refunded": 0,
            "Settled": None,
        }
        assert rows[1]["CanAccept"] is True
        assert [row["Reference"] for row in await shop.control("GET", "/carts?limit=1")] == ["T1-2"]

    run(scenario)


def test_reference_used_twice_is_allowed_and_visible():
    async def scenario(shop, sandbox):
        await shop.opened(PHONE, MANUAL, Reference="T1-1")
        await shop.opened(PHONE, MANUAL, Reference="T1-1")
        rows = await shop.control("GET", "/carts")
        assert [row["DuplicateReference"] for row in rows] == [True, False]

    run(scenario)


def test_ledger_shows_each_payment_once():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL, Reference="T1-7", Amount=700)
        await shop.accept(cart)
        await asyncio.sleep(60)
        await shop.confirm(cart)
        await shop.confirm(cart)
        assert await shop.control("GET", "/ledger") == [
            {
                "TransactionId": cart,
                "Reference": "T1-7",
                "Amount": 700,
                "InvoiceNumber": "1001",
                "Captured": "1970-01-01T00:17:40.000Z",
            }
        ]
        assert (await shop.control("GET", "/carts"))[0]["Captures"] == 1

    run(scenario)


def test_forgetting_all_carts():
    async def scenario(shop, sandbox):
        await shop.opened("5000041234", AUTOMATIC)
        assert await shop.control("DELETE", "/carts") == []
        assert await shop.control("GET", "/ledger") == []
        await shop.opened(PHONE, MANUAL)
        assert (await shop.control("GET", "/carts"))[0]["DuplicateReference"] is False

    run(scenario)


def test_a_full_book_says_how_to_empty_it():
    async def scenario(shop, sandbox):
        await shop.opened(PHONE, MANUAL)
        answer = await shop.insert(PHONE, MANUAL)
        assert (answer["Success"], answer["ResultCode"]) == (False, 500)
        assert "DELETE /sandbox/carts" in answer["Message"]

    run(scenario, settings=Settings(max_carts=1))


@each_of("limit", ["-1", "x", "9999999", "1.5", "٣"])
def test_limit_must_be_a_number(limit):
    async def scenario(shop, sandbox):
        assert await refused(shop, "GET", f"/carts?limit={limit}") == (
            400,
            "limit is a whole number of carts, for example ?limit=20.",
        )

    run(scenario)


# The customer's phone


@pytest.mark.parametrize("press", ["accept", "reject"])
def test_unknown_cart_is_not_found(press):
    async def scenario(shop, sandbox):
        for name in (UNKNOWN_ID, "x", "%00"):
            status, reason = await refused(shop, "POST", f"/carts/{name}/{press}")
            assert (status, reason) == (404, "There is no cart with this TransactionId.")

    run(scenario)


@pytest.mark.parametrize("press", ["accept", "reject"])
def test_the_phone_has_no_say_when_the_cart_has_moved_on(press):
    async def scenario(shop, sandbox):
        carts = {}
        for state in ("cancelled", "paid", "reserved", "declined"):
            carts[state] = await shop.opened(PHONE, AUTOMATIC if state == "paid" else MANUAL)
        await shop.cancel(carts["cancelled"])
        await shop.accept(carts["paid"])
        await shop.accept(carts["reserved"])
        await shop.reject(carts["declined"])
        for state, cart in carts.items():
            status, reason = await refused(shop, "POST", f"/carts/{cart}/{press}")
            assert (status, reason) == (409, f"Too late: the cart is {state}.")

    run(scenario)


def test_a_cart_with_an_sms_code_is_not_accepted_on_the_phone():
    async def scenario(shop, sandbox):
        cart = await shop.opened(WITH_CREDIT, MANUAL)
        status, reason = await refused(shop, "POST", f"/carts/{cart}/accept")
        assert status == 409
        assert "SMS" in reason

    run(scenario)


def test_rejecting_with_a_code_that_is_no_refusal():
    async def scenario(shop, sandbox):
        cart = await shop.opened(PHONE, MANUAL)
        status, reason = await refused(shop, "POST", f"/carts/{cart}/reject", {"code": 10200})
        assert status == 400
        assert "$.code" in reason
        assert (await shop.check(cart))["ResultCode"] == 10425

    run(scenario)


def test_customers_may_accept_by_themselves():
    people = (Person("1111111119", PHONE, auto_accept_after_s=8),)

    async def scenario(shop, sandbox):
        told = []
        cart = await shop.opened(PHONE, MANUAL)
        sandbox.on_change = lambda: told.append(asyncio.get_running_loop().time())
        await asyncio.sleep(7.9)
        assert (await shop.check(cart))["ResultCode"] == 10425
        await asyncio.sleep(0.2)
        assert told == [pytest.approx(1008)]  # nobody had to ask for it to happen
        assert (await shop.check(cart))["ResultCode"] == 10426

    run(scenario, settings=Settings(people=people))


def test_customers_who_accept_by_themselves_come_too_late_for_a_cancelled_cart():
    people = (Person("1111111119", PHONE, auto_accept_after_s=8),)

    async def scenario(shop, sandbox):
        cart, other = await shop.opened(PHONE, AUTOMATIC), await shop.opened(PHONE, AUTOMATIC)
        await shop.cancel(cart)
        await asyncio.sleep(9)
        assert (await shop.check(cart))["ResultCode"] == 10201
        assert await shop.paid() == [other]

    run(scenario, settings=Settings(people=people))


# App codes


def test_app_code_lives_five_minutes():
    async def scenario(shop, sandbox):
        issued = await shop.control("POST", "/appcodes")
        assert issued["AppCode"] == f"500004{issued['Token']}"
        assert issued["Expires"] == "1970-01-01T00:21:40.000Z"
        await asyncio.sleep(299)
        await shop.opened(issued["AppCode"], MANUAL)
        await asyncio.sleep(1)
        answer = await shop.insert(issued["AppCode"], MANUAL)
        assert (answer["Success"], answer["ResultCode"]) == (False, 10306)
        assert "expired" in answer["Message"]

    run(scenario)


def test_app_code_belongs_to_its_person():
    async def scenario(shop, sandbox):
        issued = await shop.control("POST", "/appcodes", {"kennitala": WITHOUT_CREDIT})
        assert (await shop.insert(issued["AppCode"], MANUAL))["ResultCode"] == 10302

    run(scenario)


def test_app_code_for_nobody():
    async def scenario(shop, sandbox):
        status, reason = await refused(shop, "POST", "/appcodes", {"kennitala": "9999999999"})
        assert status == 400
        assert "GET /sandbox/settings" in reason

    run(scenario)


def test_app_codes_never_collide_and_run_out_with_a_clear_word():
    async def scenario(shop, sandbox):
        codes = {sandbox.issue_app_code()[0] for _ in range(50)}
        assert len(codes) == 50
        assert "5000041234" not in codes
        known = {f"500004{token:04}": ("1111111119", 1e9) for token in range(10_000)}
        sandbox.customers._app_codes.update(known)
        status, reason = await refused(shop, "POST", "/appcodes")
        assert (status, reason) == (400, "All app codes are in use: wait until the first ones expire.")

    run(scenario)


def test_permanent_app_code_can_be_turned_off():
    async def scenario(shop, sandbox):
        assert (await shop.insert("5000041234", MANUAL))["ResultCode"] == 10306

    run(scenario, settings=Settings(permanent_app_code=""))


# Settings


def test_settings_change_one_at_a_time():
    async def scenario(shop, sandbox):
        shown = await shop.control("PUT", "/settings", {"check_interval_ms": 250})
        assert shown["check_interval_ms"] == 250
        assert shown["min_amount_kr"] == 1
        assert (await shop.insert(PHONE, MANUAL))["ProcessCartCheckIntervalMiliseconds"] == 250
        assert await shop.control("GET", "/settings") == shown

    run(scenario)


@each_of(
    ("changes", "words"),
    [
        ({"interval": 5}, "interval"),
        ({"check_interval_ms": -1}, "check_interval_ms"),
        ({"rejection_code": 10200}, "rejection_code"),
        ({"permanent_app_code": "1234"}, "permanent_app_code"),
        ({"permanent_app_code": "5000041234\n"}, "permanent_app_code"),
        ({"people": []}, "people"),
        ({"people": [{"kennitala": "1", "phone": PHONE}]}, "kennitala"),
        ([], "object"),
    ],
)
def test_bad_settings_are_named_and_change_nothing(changes, words):
    async def scenario(shop, sandbox):
        before = sandbox.settings
        status, reason = await refused(shop, "PUT", "/settings", changes)
        assert status == 400
        assert words in reason
        assert sandbox.settings == before

    run(scenario)


def test_control_bodies_are_bounded():
    async def scenario(shop, sandbox):
        status, reason = await refused(shop, "PUT", "/settings", {"x": "y" * 70_000})
        assert status == 413
        assert "65536" in reason

    run(scenario)


# Those who watch


def test_on_change_hears_of_carts_faults_and_settings():
    changes = []

    async def scenario(shop, sandbox):
        async def heard(action):
            changes.clear()
            await action
            return len(changes)

        cart = await shop.opened(PHONE, MANUAL)
        assert changes
        assert await heard(shop.check(cart)) == 0
        assert await heard(shop.accept(cart)) == 1
        assert await heard(shop.cancel(cart)) == 1
        assert await heard(shop.control("PUT", "/faults", {"fault": "slow"})) == 1
        assert await heard(shop.check(cart)) == 1  # the fault was used up
        assert await heard(shop.control("PUT", "/settings", {"min_amount_kr": 2})) == 1
        assert await heard(shop.control("DELETE", "/carts")) == 1

    run(scenario, on_change=lambda: changes.append(1))


def test_a_watcher_that_fails_is_logged_and_harms_nobody(caplog):
    def failing():
        raise RuntimeError("no browser")

    async def scenario(shop, sandbox):
        await shop.opened(PHONE, MANUAL)

    with caplog.at_level(logging.ERROR):
        run(scenario, on_change=failing)
    assert "on_change" in caplog.text


def test_nothing_personal_is_logged(caplog):
    async def scenario(shop, sandbox):
        cart = await shop.opened(WITH_CREDIT, MANUAL)
        code = await shop.sms_code(cart)
        await shop.confirm(cart, code)
        issued = await shop.control("POST", "/appcodes")
        await shop.opened(issued["AppCode"], MANUAL, CallbackUrl="http://shop.test/x")
        await sandbox.settled()
        for secret in (WITH_CREDIT, code, issued["AppCode"]):
            assert secret not in caplog.text

    with caplog.at_level(logging.DEBUG):
        run(scenario)


def test_the_page_is_served_at_the_root_and_under_sandbox():
    async def scenario(shop, sandbox):
        for path in ("/", "/sandbox"):
            response = await shop.client.get(shop.base + path)
            assert response.headers["content-type"].startswith("text/html")
            assert "<h1>Netgíró sandbox</h1>" in response.text

    run(scenario)
