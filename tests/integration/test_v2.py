"""V2 in the whole product: paid, refused, not admitted any more, and in doubt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.counter import Counter, DemoCounter
from tests.integration.netgiro import PATIENT_KENNITALA, PATIENT_PHONE
from tests.integration.process import wait_until
from tests.patience import at_most

ACCESS_CODE = "9000000010"

Identify = Callable[[Counter], None]


@pytest.fixture(autouse=True)
def no_faults_left(v2: DemoCounter) -> Iterator[None]:
    yield
    v2.netgiro.spoil()
    wait_until("the end of the sale", lambda: v2.state()["state"] == "idle")


def by_barcode(counter: Counter) -> None:
    counter.press(counter.netgiro.app_code() + "#")


def by_access_code(counter: Counter) -> None:
    counter.press(ACCESS_CODE + "#")


def by_phone(counter: Counter) -> None:
    counter.press(PATIENT_PHONE + "#")
    counter.accept()


@pytest.mark.parametrize("identify", [by_barcode, by_access_code, by_phone])
def test_a_sale_is_reserved_captured_and_told(
    v2: DemoCounter, sale_id: str, identify: Callable[[Counter], None]
) -> None:
    v2.pay(sale_id)
    identify(v2)
    line = v2.result(sale_id)
    cart = v2.cart()
    assert line == f"OK 1990 ID={sale_id} REF={cart['TransactionId']}"
    assert (cart["Confirmation"], cart["State"], cart["Captures"]) == ("manual", "paid", 1)
    row = v2.journal_row(sale_id)
    assert (row["outcome"], row["invoice_number"]) == ("approved", cart["InvoiceNumber"])


@pytest.mark.parametrize("keys", [PATIENT_KENNITALA, "B" + PATIENT_PHONE])
def test_a_kennitala_is_refused_before_anything_is_sent(v2: DemoCounter, sale_id: str, keys: str) -> None:
    carts = len(v2.netgiro.carts())
    v2.pay(sale_id)
    v2.press(keys + "#")
    v2.wait_for_screen("No kennitala here.")
    assert len(v2.netgiro.carts()) == carts
    v2.press("**")
    assert v2.result(sale_id).startswith("NO CANCELLED ")


def test_a_key_that_is_not_accepted_any_more_ends_the_sale_in_time(v2: DemoCounter, sale_id: str) -> None:
    v2.pay(sale_id)
    v2.press(PATIENT_PHONE + "#")
    v2.wait_for("customer")
    v2.netgiro.spoil({"fault": "unauthorized", "times": None})
    began_s = time.monotonic()
    assert v2.result(sale_id).startswith("NO UNAVAILABLE ")
    assert time.monotonic() - began_s < at_most(12)


@pytest.mark.slow
def test_details_that_disagree_never_pay_and_the_sale_stands_open_as_unknown(v2: DemoCounter, sale_id: str) -> None:
    v2.pay(sale_id)
    v2.press(PATIENT_PHONE + "#")
    v2.wait_for("customer")
    v2.netgiro.spoil({"fault": "lags", "call": "details", "times": None})
    v2.accept()
    v2.wait_for_screen("Checking payment")
    assert v2.state()["result"] is None
    v2.netgiro.spoil()
    assert v2.result(sale_id).startswith("OK 1990 ")


@pytest.mark.slow
def test_an_acknowledged_callback_pays(v2_server_callback: DemoCounter, sale_id: str) -> None:
    counter = v2_server_callback
    counter.pay(sale_id)
    by_phone(counter)
    assert counter.result(sale_id).startswith("OK 1990 ")
    assert counter.cart()["Confirmation"] == "server_callback"
