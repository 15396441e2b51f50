"""Netgíró's seven flows, from the amount on the register's wire to OK on it, with paper, journal and ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from terminal.netgiro import wire
from terminal.netgiro.sandbox import PUBLIC_SECRET_KEY
from terminal.netgiro.v1 import callback_url
from tests.integration.counter import Counter, DemoCounter
from tests.integration.netgiro import PATIENT_KENNITALA, PATIENT_PHONE
from tests.integration.process import wait_until


def by_app_code(counter: Counter) -> None:
    counter.press(counter.netgiro.app_code()[-4:] + "#")


def by_whole_app_code(counter: Counter) -> None:
    counter.press(counter.netgiro.app_code() + "#")


def by_kennitala(counter: Counter) -> None:
    counter.press(PATIENT_KENNITALA + "#")
    counter.wait_for("code_entry")
    counter.press(counter.cart()["SmsCode"] + "#")


def by_phone(counter: Counter) -> None:
    counter.press(PATIENT_PHONE + "#")
    counter.accept()


FLOWS = [
    ("automatic", by_app_code, "app_code"),
    ("automatic", by_kennitala, "kennitala"),
    ("automatic", by_phone, "phone"),
    ("manual", by_app_code, "app_code"),
    ("manual", by_whole_app_code, "app_code"),
    ("manual", by_kennitala, "kennitala"),
    ("manual", by_phone, "phone"),
    ("server_callback", by_phone, "phone"),
]
ONE_OF_EACH = (("automatic", by_app_code), ("manual", by_kennitala), ("server_callback", by_phone))
"""Each way to pay and each way to say who pays, once; all of them are played as scenarios, too."""


def flow(mode: str, identify: Callable[[Counter], None], kind: str) -> Any:
    marks = () if (mode, identify) in ONE_OF_EACH else (pytest.mark.slow,)
    return pytest.param(mode, identify, kind, id=f"{mode}-{identify.__name__}", marks=marks)


@pytest.mark.parametrize(("mode", "identify", "kind"), [flow(*one) for one in FLOWS])
def test_a_sale_is_paid_told_printed_and_written_down(
    request: pytest.FixtureRequest, sale_id: str, mode: str, identify: Callable[[Counter], None], kind: str
) -> None:
    counter: DemoCounter = request.getfixturevalue(mode)
    counter.pay(sale_id, 12_345)
    identify(counter)
    line = counter.result(sale_id)

    cart = counter.cart()
    transaction_id = cart["TransactionId"]
    assert line == f"OK 12345 ID={sale_id} REF={transaction_id}"
    assert (cart["Confirmation"], cart["State"], cart["Captures"]) == (mode, "paid", 1)
    paid = [row for row in counter.netgiro.ledger() if row["TransactionId"] == transaction_id]
    assert [row["Amount"] for row in paid] == [12_345]

    receipts = counter.wait_for_receipts(2, transaction_id)
    assert sorted(receipt["kind"] for receipt in receipts) == ["customer", "merchant"]
    for receipt in receipts:
        assert "12.345 kr." in receipt["text"]
        assert "APPROVED" in receipt["text"]
        assert cart["InvoiceNumber"] in receipt["text"]
        assert "DUPLICATE" not in receipt["text"]

    counter.wait_for("idle")
    row = counter.journal_row(sale_id)
    assert (row["amount"], row["outcome"], row["state"], row["register_told"]) == (12_345, "approved", "closed", True)
    assert (row["transaction_id"], row["reference"]) == (transaction_id, cart["Reference"])
    assert (row["customer_kind"], row["invoice_number"]) == (kind, cart["InvoiceNumber"])


def test_the_screen_shows_the_amount_and_then_the_result(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id, 1990)
    counter.wait_for_screen("1.990 kr.")
    counter.press(PATIENT_PHONE[:3])
    counter.wait_for_screen("••2")
    counter.press(PATIENT_PHONE[3:] + "#")
    counter.accept()
    counter.result(sale_id)
    wait_until("the result", lambda: (counter.state()["result"] or {}).get("register_id") == sale_id)
    counter.wait_for_screen("Approved")


OF_ANOTHER_CART = {"TransactionId": "11111111-2222-3333-4444-555555555555"}


@pytest.mark.parametrize("lie", [{"TotalAmount": 1}, pytest.param(OF_ANOTHER_CART, marks=pytest.mark.slow)])
def test_a_callback_about_another_amount_or_cart_is_not_acknowledged(
    server_callback: DemoCounter, sale_id: str, lie: dict[str, object]
) -> None:
    """Signed as it should be: an acknowledgement would pay."""
    server_callback.pay(sale_id)
    server_callback.press(PATIENT_PHONE + "#")
    server_callback.wait_for("customer")
    cart = server_callback.cart()
    url = callback_url(server_callback.settings["callback"]["public_url"], cart["Reference"], approved=True)
    payment = {"TotalAmount": 1990, "TransactionId": cart["TransactionId"], "StatusId": 1, **lie}
    body = json.dumps({"ResultCode": 10429, "PaymentInfo": payment}).encode()
    headers = {wire.NONCE_HEADER: "7", wire.SIGNATURE_HEADER: wire.sign(PUBLIC_SECRET_KEY, "7", url, body)}
    assert httpx.post(url, content=body, headers=headers).status_code == 400
    assert server_callback.cart()["State"] == "awaiting customer"
    server_callback.accept()
    assert server_callback.result(sale_id).startswith("OK 1990 ")


@pytest.mark.slow
def test_in_server_callback_mode_the_other_identifiers_are_captured_by_the_terminal(
    server_callback: DemoCounter, sale_id: str
) -> None:
    server_callback.pay(sale_id)
    by_app_code(server_callback)
    assert server_callback.result(sale_id).startswith("OK 1990 ")
    assert server_callback.cart()["Confirmation"] == "manual"
