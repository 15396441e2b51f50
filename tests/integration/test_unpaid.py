"""Sales that end without money: refused, rejected, given up, mistyped. The register is told, the ledger stays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.integration.counter import Counter, DemoCounter
from tests.integration.netgiro import (
    PATIENT_KENNITALA,
    PATIENT_PHONE,
    POOR_PHONE,
    QUICK_PHONE,
    UNKNOWN_PHONE,
)
from tests.integration.process import wait_until
from tests.integration.reaching import at_code_entry, in_entry, with_customer


def assert_unpaid(counter: Counter, sale_id: str, code: str, outcome: str, reason: str) -> None:
    """Told, written down, and neither in the ledger nor on paper."""
    ledger = [row["TransactionId"] for row in counter.netgiro.ledger()]
    line = counter.result(sale_id)
    assert line.startswith(f"NO {code} ID={sale_id} "), line
    counter.wait_for("idle")
    row = counter.journal_row(sale_id)
    assert (row["state"], row["outcome"], row["reason"]) == ("closed", outcome, reason)
    assert [entry["TransactionId"] for entry in counter.netgiro.ledger()] == ledger
    assert row["transaction_id"] not in ledger
    assert counter.receipts(row["reference"]) == []


def test_the_customer_says_no(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(PATIENT_PHONE + "#")
    counter.reject()
    assert_unpaid(counter, sale_id, "DECLINED", "declined", "customer_declined")


def test_the_customer_has_no_credit(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(POOR_PHONE + "#")
    assert_unpaid(counter, sale_id, "DECLINED", "declined", "customer_declined")


def test_the_customer_is_not_known(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(UNKNOWN_PHONE + "#")
    assert_unpaid(counter, sale_id, "DECLINED", "declined", "customer_unknown")


def test_the_amount_is_below_the_services_minimum(counter: DemoCounter, sale_id: str) -> None:
    counter.netgiro.set(min_amount_kr=100)
    counter.pay(sale_id, 50)
    counter.press(QUICK_PHONE + "#")
    assert_unpaid(counter, sale_id, "DECLINED", "declined", "below_minimum")


def _type_sms_code(counter: Counter, *, right: bool) -> None:
    counter.wait_for("code_entry")
    code = counter.cart()["SmsCode"]
    counter.press((code if right else f"{(int(code) + 1) % 10_000:04}") + "#")


def test_the_sms_code_is_wrong_three_times(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(PATIENT_KENNITALA + "#")
    for tries_left in (2, 1):
        _type_sms_code(counter, right=False)
        counter.wait_for_screen(f"{tries_left} {'tries' if tries_left > 1 else 'try'} left")
    _type_sms_code(counter, right=False)
    assert_unpaid(counter, sale_id, "DECLINED", "declined", "wrong_code")
    assert counter.cart()["State"] == "cancelled"


@pytest.mark.slow
def test_the_sms_code_is_right_at_the_third_try(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(PATIENT_KENNITALA + "#")
    for tries_left in (2, 1):
        _type_sms_code(counter, right=False)
        counter.wait_for_screen(f"{tries_left} {'tries' if tries_left > 1 else 'try'} left")
    _type_sms_code(counter, right=True)
    assert counter.result(sale_id).startswith("OK 1990 ")
    assert counter.cart()["Captures"] == 1


def test_ok_without_a_number_asks_on_and_never_leaves_the_terminal(counter: DemoCounter, sale_id: str) -> None:
    carts = counter.netgiro.carts()
    counter.pay(sale_id)
    counter.press("#")
    counter.wait_for_screen("App code, kennitala")
    assert counter.netgiro.carts() == carts
    counter.press("*")
    assert counter.result(sale_id).startswith("NO CANCELLED ")


OTHER_SLIPS = ("5223281#", "1234567890#", "A123#", "A12345#", "B8223281#", "C1111111119#")


@pytest.mark.parametrize(
    "keys", ["822328#", "1111111129#", *(pytest.param(keys, marks=pytest.mark.slow) for keys in OTHER_SLIPS)]
)
def test_what_is_mistyped_is_explained_and_never_leaves_the_terminal(
    counter: DemoCounter, sale_id: str, keys: str
) -> None:
    carts = counter.netgiro.carts()
    counter.pay(sale_id)
    counter.press(keys)

    def is_explained() -> bool:
        shown = " ".join(counter.state()["display"])
        return any(word in shown for word in ("Wrong", "right?", "App code, kennitala"))

    wait_until("the mistake to be explained", is_explained)
    assert counter.state()["state"] == "entry"
    assert counter.netgiro.carts() == carts
    counter.press("*")
    counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
    assert counter.result(sale_id).startswith("NO CANCELLED ")


def test_a_mistyped_number_can_be_cleared_and_typed_again(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press("777*" + QUICK_PHONE + "#")
    assert counter.result(sale_id).startswith("OK 1990 ")


# --- given up by somebody ---------------------------------------------------------------------------------------------


def in_authorization(counter: Counter) -> None:
    counter.netgiro.spoil({"fault": "slow", "call": "InsertCart", "seconds": 0.3})
    counter.press(PATIENT_PHONE + "#")
    counter.wait_for("authorization")


def at_code_check(counter: Counter) -> None:
    at_code_entry(counter)
    counter.netgiro.spoil({"fault": "lost_before", "call": "ConfirmCart", "times": 3})
    counter.press(counter.cart()["SmsCode"] + "#")
    counter.wait_for("code_check")


def cancelled(*at_once: Callable[[Counter], None]) -> pytest.MarkDecorator:
    """At these moments in ``make test``, at the others in ``make test-all``; the simulation cancels at all of them."""
    others = (in_entry, in_authorization, with_customer, at_code_entry, at_code_check)
    late = (pytest.param(reach, marks=pytest.mark.slow) for reach in others if reach not in at_once)
    return pytest.mark.parametrize("reach", [*at_once, *late])


@cancelled(in_entry, at_code_check)
def test_the_cancel_key_ends_it(counter: DemoCounter, sale_id: str, reach: Callable[[Counter], None]) -> None:
    counter.pay(sale_id)
    reach(counter)
    counter.press("*")
    assert_unpaid(counter, sale_id, "CANCELLED", "cancelled", "cashier_cancelled")
    assert all(cart["State"] != "paid" for cart in counter.netgiro.carts() if cart["Reference"] == sale_id)


@cancelled(with_customer)
def test_the_registers_cancel_ends_it(counter: DemoCounter, sale_id: str, reach: Callable[[Counter], None]) -> None:
    counter.pay(sale_id)
    reach(counter)
    counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
    assert_unpaid(counter, sale_id, "CANCELLED", "cancelled", "register_cancelled")


@pytest.mark.parametrize("cancel", ["key", pytest.param("register", marks=pytest.mark.slow)])
def test_a_cancel_during_the_capture_is_too_late_if_it_was_done(
    counter: DemoCounter, sale_id: str, cancel: str
) -> None:
    counter.netgiro.spoil({"fault": "slow", "call": "ConfirmCart", "seconds": 0.4})
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    counter.wait_for("capture")
    if cancel == "key":
        counter.press("*")
    else:
        counter.register.ask(f"CANCEL ID={sale_id}", f"WAIT ID={sale_id}")
    assert counter.result(sale_id).startswith("OK 1990 ")
    assert counter.cart()["Captures"] == 1


@pytest.mark.slow
def test_a_capture_that_did_not_arrive_is_not_sent_again_after_a_cancel(counter: DemoCounter, sale_id: str) -> None:
    counter.netgiro.spoil({"fault": "lost_before", "call": "ConfirmCart"})
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    counter.wait_for("capture")
    counter.press("*")
    assert_unpaid(counter, sale_id, "CANCELLED", "cancelled", "cashier_cancelled")
    assert counter.cart()["State"] == "cancelled"


LOST_VOIDS = [{"fault": "lost_before", "call": "CancelCart"}] * 20
"""More than are sent before the customer has accepted, however busy the machine is."""


@contextlib.contextmanager
def lost_voids(counter: Counter) -> Iterator[None]:
    counter.netgiro.spoil(*LOST_VOIDS)
    yield
    counter.netgiro.spoil()


@pytest.mark.slow
def test_a_customer_who_accepts_while_it_is_cancelled_has_not_paid(counter: DemoCounter, sale_id: str) -> None:
    with lost_voids(counter):
        counter.pay(sale_id)
        with_customer(counter)
        counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
        wait_until("a lost void", lambda: len(counter.netgiro.faults_left) < len(LOST_VOIDS))
        counter.accept()
    assert_unpaid(counter, sale_id, "CANCELLED", "cancelled", "register_cancelled")
    assert counter.cart()["State"] == "cancelled"


@pytest.mark.slow
def test_automatic_too_late_to_cancel_is_paid_and_told_so(automatic: DemoCounter, sale_id: str) -> None:
    with lost_voids(automatic):
        automatic.pay(sale_id)
        with_customer(automatic)
        automatic.register.ask("CANCEL", f"WAIT ID={sale_id}")
        wait_until("a lost void", lambda: len(automatic.netgiro.faults_left) < len(LOST_VOIDS))
        automatic.accept()
    assert automatic.result(sale_id).startswith("OK 1990 ")
    automatic.wait_for_receipts(2, automatic.cart()["TransactionId"])


@pytest.mark.slow
def test_automatic_a_lost_insert_cart_is_told_as_unknown(automatic: DemoCounter, sale_id: str) -> None:
    automatic.netgiro.spoil({"fault": "lost_after", "call": "InsertCart"})
    automatic.pay(sale_id)
    automatic.press(PATIENT_PHONE + "#")
    assert automatic.result(sale_id).startswith(f"NO UNKNOWN ID={sale_id} ")
    automatic.wait_for("idle")
    row = automatic.journal_row(sale_id)
    assert (row["outcome"], row["reason"]) == ("unknown", "not_traceable")


# --- nobody does anything ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCounter]:
    """A terminal that waits for a moment: long enough to be seen waiting on a busy machine."""
    waits = {"entry_timeout_s": 1.5, "customer_timeout_s": 1.5, "code_timeout_s": 1.5}
    with DemoCounter(tmp_path_factory.mktemp("impatient"), {"sale": waits}) as counter:
        yield counter


@pytest.mark.slow
@pytest.mark.parametrize("reach", [in_entry, with_customer, at_code_entry])
def test_nobody_does_anything_and_time_runs_out(
    impatient: DemoCounter, sale_id: str, reach: Callable[[Counter], None]
) -> None:
    impatient.pay(sale_id)
    reach(impatient)
    assert_unpaid(impatient, sale_id, "TIMEOUT", "cancelled", "timed_out")
    if reach is not in_entry:
        assert impatient.cart()["State"] == "cancelled"
