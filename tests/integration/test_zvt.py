"""A cash register that speaks ZVT at the terminal as it runs in a shop, over a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from terminal.simulation.registers.zvt_frames import (
    ABORT,
    GOOD,
    NOT_EXPECTED,
    WAIT,
    payment,
    registration,
    repeat_receipt,
    status_fields,
)
from tests.each import each_of
from tests.integration.counter import DemoCounter
from tests.integration.netgiro import PATIENT_PHONE, POOR_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import run_command, wait_until
from tests.integration.zvt_cable import ZvtOnCable, ZvtShop

PAID, CANCELLED, DECLINED = 0x00, 0x6C, 0x05
PRINTS = 0x82
DIAGNOSIS, END_OF_DAY = bytes.fromhex("067000"), bytes.fromhex("065003000000")


@pytest.fixture(scope="module")
def shared(netgiro: NetgiroProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZvtShop]:
    with ZvtShop(tmp_path_factory.mktemp("zvt"), netgiro) as counter:
        yield counter


@pytest.fixture
def shop(shared: ZvtShop) -> Iterator[ZvtShop]:
    shared.zvt.ask(registration(0x00))
    shared.zvt.wait_for_end_of_registration()
    yield shared
    shared.clear()
    shared.netgiro.spoil()


def newest(shop: ZvtShop) -> dict[str, Any]:
    return shop.journal()[0]


def assert_newest(shop: ZvtShop, state: str, outcome: str, *, told: bool) -> dict[str, Any]:
    wait_until(
        f"{outcome} in the journal", lambda: (newest(shop)["state"], newest(shop)["outcome"]) == (state, outcome)
    )
    assert newest(shop)["register_told"] is told
    return newest(shop)


def paid_at_netgiro(shop: ZvtShop, row: dict[str, Any]) -> bool:
    return row["transaction_id"] in [entry["TransactionId"] for entry in shop.netgiro.ledger()]


def test_a_payment_is_made_told_and_printed(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press(PATIENT_PHONE + "#")
    shop.accept()
    assert shop.zvt.wait_for_end() == PAID
    row = assert_newest(shop, "closed", "approved", told=True)
    assert row["amount"] == 1990
    assert paid_at_netgiro(shop, row)
    told = status_fields(next(apdu for apdu in shop.zvt.register.heard if apdu[:2] == b"\x04\x0f"))
    assert told[0x04] == bytes.fromhex("000000199000")
    assert told[0x3C].decode() == row["transaction_id"]
    shop.wait_for_paper(2, row["reference"])


@pytest.mark.slow
def test_a_register_that_prints_gets_the_customers_receipt_and_our_printer_only_the_shops(shop: ZvtShop) -> None:
    shop.zvt.ask(registration(PRINTS))
    shop.zvt.wait_for_end_of_registration()
    shop.ring_up()
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == PAID
    row = assert_newest(shop, "closed", "approved", told=True)
    lines = [apdu[4:].decode("cp437").strip() for apdu in shop.zvt.register.heard if apdu[:2] == b"\x06\xd1"]
    assert "Test shop" in lines
    assert "1.990 kr." in lines
    assert "Customer copy" in lines
    assert any(row["reference"] in line for line in lines)
    assert "Merchant copy" in shop.wait_for_paper(1, row["reference"])[0]
    shop.ring_up(100)  # by now a second piece of paper would have come out
    shop.press("*")
    shop.zvt.wait_for_end()
    assert len(shop.paper(row["reference"])) == 1


@pytest.mark.slow
def test_a_customer_without_credit_is_declined(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press(POOR_PHONE + "#")
    assert shop.zvt.wait_for_end() == DECLINED
    assert not paid_at_netgiro(shop, assert_newest(shop, "closed", "declined", told=True))


@pytest.mark.slow
def test_the_cashier_cancels_at_the_terminal(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press("*")
    assert shop.zvt.wait_for_end() == CANCELLED
    assert_newest(shop, "closed", "cancelled", told=True)


def test_the_register_cancels_while_the_customer_decides(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press(PATIENT_PHONE + "#")
    shop.wait_for("customer")
    assert shop.zvt.ask(ABORT) == GOOD
    assert shop.zvt.wait_for_end() == CANCELLED
    row = assert_newest(shop, "closed", "cancelled", told=True)
    assert row["reason"] == "register_cancelled"
    assert shop.cart()["State"] == "cancelled"


def test_the_same_payment_again_must_wait_and_the_open_one_goes_on(shop: ZvtShop) -> None:
    shop.ring_up()
    rows = len(shop.journal())
    assert shop.zvt.ask(payment(199_000)) == WAIT
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == PAID
    assert len(shop.journal()) == rows


def test_another_payment_gives_up_the_open_one(shop: ZvtShop) -> None:
    """A register that names another amount knows nothing of the first any more: nobody is to pay that."""
    shop.ring_up()
    assert shop.zvt.ask(payment(50_000)) in (GOOD, WAIT)
    wait_until("the first to be cancelled", lambda: "cancelled" in [row["outcome"] for row in shop.journal()[:2]])
    if shop.state()["sale"] is not None:
        shop.press("*")
    shop.wait_for("idle")


@each_of(
    ("amount", "currency", "answer"),
    [
        (500_001_00, "0352", "84c300"),
        (0, "0352", "84c800"),
        (1990_50, "0352", "849a00"),
        (1990_00, "0978", "846f00"),
    ],
)
def test_wrong_amounts_and_currencies_are_refused(shop: ZvtShop, amount: int, currency: str, answer: str) -> None:
    rows = len(shop.journal())
    assert shop.zvt.ask(payment(amount, currency)).hex() == answer
    assert len(shop.journal()) == rows
    assert shop.state()["state"] == "idle"


def test_the_last_result_is_told_again_and_pays_nothing(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == PAID
    ledger = shop.netgiro.ledger()
    for _ in range(2):
        shop.zvt.begin()
        assert shop.zvt.ask(repeat_receipt()) == GOOD
        assert shop.zvt.wait_for_end() == PAID
    assert shop.netgiro.ledger() == ledger


def test_a_register_that_does_not_take_the_payment_leaves_a_refund_to_staff(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.zvt.behave(lambda apdu: NOT_EXPECTED if apdu[:2] == b"\x04\x0f" else GOOD)
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == CANCELLED
    assert shop.zvt.register.results == [PAID, CANCELLED]
    row = assert_newest(shop, "attention", "refund_due", told=False)
    assert paid_at_netgiro(shop, row)
    (slip,) = shop.wait_for_paper(1, row["reference"])
    assert "REFUND DUE" in slip
    assert row["transaction_id"] in "".join(slip.split())
    shop.zvt.behave()
    shop.zvt.begin()
    assert shop.zvt.ask(repeat_receipt()) == GOOD
    assert shop.zvt.wait_for_end() == CANCELLED
    settled = run_command("settle", str(row["sale_id"]), "refunded", "--config", str(shop.config_path))
    assert settled.stdout == f"sale {row['sale_id']}: refunded\n"
    assert all("REFUNDED" in paper for paper in shop.wait_for_paper(3, row["reference"])[1:])


@pytest.mark.slow
def test_an_unplugged_cable_delays_the_result_and_loses_nothing(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.press(PATIENT_PHONE + "#")
    shop.wait_for("customer")
    shop.cable.unplug()
    wait_until("a register that is gone", lambda: shop.state()["register"] == "down")
    shop.accept()
    shop.wait_for("report")
    shop.cable.plug_in()
    assert shop.zvt.wait_for_end() == PAID
    assert_newest(shop, "closed", "approved", told=True)


@pytest.mark.slow
def test_diagnosis_and_the_end_of_day(shop: ZvtShop) -> None:
    shop.zvt.begin()
    assert shop.zvt.ask(DIAGNOSIS) == GOOD
    shop.zvt.wait("a completion", lambda: shop.zvt.register.heard[-1] == bytes.fromhex("060f00"))
    assert end_of_day(shop)  # what was before
    for amount_kr in (1990, 500):
        shop.ring_up(amount_kr)
        shop.press(QUICK_PHONE + "#")
        assert shop.zvt.wait_for_end() == PAID
    assert end_of_day(shop) == (2, 2490_00)
    assert end_of_day(shop) == (0, 0)
    slips = shop.wait_for_paper(3, "END OF DAY")
    assert "Approved (2)" in slips[1]
    assert "Approved (0)" in slips[2]


def end_of_day(shop: ZvtShop) -> tuple[int, int]:
    """How many payments, and their sum in the register's own scale."""
    wait_until("a terminal that is free", lambda: shop.state()["state"] == "idle")
    shop.zvt.begin()
    assert shop.zvt.ask(END_OF_DAY) == GOOD
    assert shop.zvt.wait_for_end() == PAID
    told = status_fields(next(apdu for apdu in shop.zvt.register.heard if apdu[:2] == b"\x04\x0f"))
    assert told[0x60][-6:] == told[0x04]
    return told[0x60][-7], int(told[0x04].hex())


# --- restarts ---------------------------------------------------------------------------------------------------------


def cut_after_capture(shop: ZvtShop) -> None:
    """The plug is pulled when Netgíró has the payment and the terminal does not know it yet."""
    shop.ring_up()
    shop.netgiro.spoil({"fault": "slow", "call": "ConfirmCart", "seconds": 60})
    shop.press(QUICK_PHONE + "#")
    wait_until("the payment at Netgíró", lambda: shop.cart()["State"] == "paid")
    shop.wait_for("capture")
    shop.kill()
    shop.netgiro.spoil()
    shop.start()
    shop.wait_for("report")


def test_after_a_restart_the_register_asks_and_has_the_payment(shop: ZvtShop) -> None:
    cut_after_capture(shop)
    shop.zvt.begin()
    assert shop.zvt.ask(repeat_receipt()) == GOOD
    assert shop.zvt.wait_for_end() == PAID
    assert paid_at_netgiro(shop, assert_newest(shop, "closed", "approved", told=True))


@pytest.mark.slow
def test_after_a_restart_the_register_turns_to_another_payment_and_the_old_one_is_to_be_refunded(shop: ZvtShop) -> None:
    cut_after_capture(shop)
    old = newest(shop)
    shop.ring_up()
    shop.press(QUICK_PHONE + "#")
    assert shop.zvt.wait_for_end() == PAID
    new = assert_newest(shop, "closed", "approved", told=True)
    before = next(row for row in shop.journal() if row["sale_id"] == old["sale_id"])
    assert (before["state"], before["outcome"]) == ("attention", "refund_due")
    assert paid_at_netgiro(shop, before)
    assert paid_at_netgiro(shop, new)


@pytest.mark.slow
def test_after_a_restart_an_unpaid_sale_is_over(shop: ZvtShop) -> None:
    shop.ring_up()
    shop.kill()
    shop.start()
    shop.wait_for("idle")
    assert_newest(shop, "closed", "cancelled", told=False)
    shop.zvt.begin()
    assert shop.zvt.ask(repeat_receipt()) == GOOD
    assert shop.zvt.wait_for_end() == CANCELLED


# --- the demo ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demo_speaks_zvt_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    with DemoCounter(tmp_path_factory.mktemp("zvt-demo"), {"register": {"protocol": "zvt"}}) as counter:
        register = ZvtOnCable(counter.register)
        try:
            carts = counter.netgiro.carts()
            assert register.ask(payment(1990)) == GOOD
            counter.wait_for("entry")
            counter.press(PATIENT_PHONE + "#")
            counter.netgiro.accept(counter.netgiro.new_cart(carts))
            assert register.wait_for_end() == PAID
            wait_until("a closed sale", lambda: counter.journal()[0]["state"] == "closed")
            assert counter.journal()[0]["outcome"] == "approved"
        finally:
            register.close()
