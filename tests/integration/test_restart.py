"""The plug is pulled, or the service stopped, in every state of a sale; then the terminal starts again.

Whatever happens: the register is told one outcome per id, "OK" if and only if the sale is in the ledger, and is told it
again when it asks; a paid sale is on paper; a new amount is taken only once the old sale is settled.

Netgíró, register, paper and journal outlive the terminal. The cases of one lane run one after the other on one journal;
the lanes run side by side, because a stopped terminal waits up to three seconds for answers on their way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.integration.reaching import at_code_entry, in_entry, with_customer
from tests.patience import at_most

STOP_LIMIT_S = 5.0
FOREVER_S = 60.0


def in_authorization(counter: ShopCounter) -> None:
    counter.netgiro.spoil({"fault": "slow", "call": "InsertCart", "seconds": FOREVER_S})
    counter.press(QUICK_PHONE + "#")
    counter.wait_for("authorization")
    counter.cart()  # Netgíró has it; the terminal will never know its name


def at_code_check(counter: ShopCounter) -> None:
    at_code_entry(counter)
    counter.netgiro.spoil({"fault": "slow", "call": "ConfirmCart", "seconds": FOREVER_S})
    counter.press(counter.cart()["SmsCode"] + "#")
    counter.wait_for("code_check")


def in_capture_that_happened(counter: ShopCounter) -> None:
    counter.netgiro.spoil({"fault": "slow", "call": "ConfirmCart", "seconds": FOREVER_S})
    counter.press(QUICK_PHONE + "#")
    wait_until("the payment at Netgíró", lambda: counter.cart()["State"] == "paid")
    counter.wait_for("capture")


def in_capture_that_did_not_happen(counter: ShopCounter) -> None:
    counter.netgiro.spoil({"fault": "slow_before", "call": "ConfirmCart", "seconds": FOREVER_S})
    counter.press(QUICK_PHONE + "#")
    counter.wait_for("capture")


def in_void(counter: ShopCounter) -> None:
    with_customer(counter)
    counter.netgiro.spoil({"fault": "slow_before", "call": "CancelCart", "seconds": FOREVER_S})
    counter.press("*")
    counter.wait_for("void")


def in_report(counter: ShopCounter) -> None:
    with_customer(counter)
    counter.cable.unplug()
    counter.accept()
    counter.wait_for("report")


class Case(NamedTuple):
    """Where the sale is when it happens, and what the register is told after the next start."""

    reach: Callable[[ShopCounter], None]
    told: str


CASES = [
    Case(in_entry, "NO CANCELLED"),
    Case(in_authorization, "NO CANCELLED"),
    Case(with_customer, "NO CANCELLED"),
    Case(at_code_entry, "NO CANCELLED"),
    Case(at_code_check, "NO CANCELLED"),
    Case(in_capture_that_happened, "OK 1990"),
    Case(in_capture_that_did_not_happen, "NO CANCELLED"),
    Case(in_void, "NO CANCELLED"),
    Case(in_report, "OK 1990"),
]


def interrupt(counter: ShopCounter, case: Case, end: Callable[[ShopCounter], None], sale_id: str) -> None:
    """One case from the amount to the settled sale."""
    counter.pay(sale_id)
    case.reach(counter)
    end(counter)
    counter.netgiro.spoil()
    if not counter.cable.is_plugged:
        counter.cable.plug_in()
    counter.start()

    line = counter.result(sale_id)
    assert line.startswith(f"{case.told} ID={sale_id} "), f"{case.reach.__name__}: {line}"
    again = re.escape(line)
    counter.register.ask(f"STATUS ID={sale_id}", again)
    counter.register.ask(f"PAY 1990 ID={sale_id}", again)
    counter.wait_for("idle")

    row = counter.journal_row(sale_id)
    assert (row["state"], row["outcome"] == "approved") == ("closed", line.startswith("OK ")), row
    captures = [entry for entry in counter.netgiro.ledger() if entry["Reference"] == row["reference"]]
    assert [entry["Amount"] for entry in captures] == ([1990] if line.startswith("OK ") else []), case.reach.__name__
    assert_on_paper(counter, row["reference"], paid=bool(captures))


def assert_on_paper(counter: ShopCounter, reference: str, *, paid: bool) -> None:
    """Each copy at least once if it is paid; what may have been on paper before is marked as a duplicate."""
    if not paid:
        assert counter.paper(reference) == []
        return
    for kind in ("Customer copy", "Merchant copy"):
        pieces = counter.wait_for_paper(1, reference, kind)
        assert all("DUPLICATE" in piece for piece in pieces[1:]), pieces


def pull_the_plug(counter: ShopCounter) -> None:
    counter.kill()


def stop_the_service(counter: ShopCounter) -> None:
    took_s = counter.stop()
    assert took_s < at_most(STOP_LIMIT_S), f"SIGTERM took {took_s:.1f} s"


class Lane(NamedTuple):
    """Cases that share a terminal."""

    name: str
    end: Callable[[ShopCounter], None]
    cases: list[Case]

    def run(self, folder: Path) -> None:
        netgiro = NetgiroProcess(folder)
        counter = ShopCounter(folder, netgiro)
        try:
            counter.start()
            for case in self.cases:
                interrupt(counter, case, self.end, f"{self.name}-{case.reach.__name__}"[:64])
            take_a_new_sale(counter, f"{self.name}-new")
            assert all(cart["Captures"] <= 1 for cart in netgiro.carts())
        finally:
            counter.close()
            netgiro.close()


def take_a_new_sale(counter: ShopCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    assert counter.result(sale_id).startswith(f"OK 1990 ID={sale_id} REF=")


LANES = [
    Lane("killed-a", pull_the_plug, CASES[0::2]),
    Lane("killed-b", pull_the_plug, CASES[1::2]),
    Lane("stopped-a", stop_the_service, CASES[0::2]),
    Lane("stopped-b", stop_the_service, CASES[1::2]),
]
AROUND_THE_CAPTURE = [
    case for case in CASES if case.reach in (in_capture_that_happened, in_capture_that_did_not_happen)
]


@pytest.mark.parametrize(
    "lanes",
    [
        pytest.param([Lane("killed", pull_the_plug, AROUND_THE_CAPTURE)], id="around the capture"),
        pytest.param(LANES, id="everywhere", marks=pytest.mark.slow),
    ],
)
def test_in_every_state_what_is_told_is_what_was_paid(
    lanes: list[Lane], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ThreadPoolExecutor(len(lanes)) as pool:
        runs = [pool.submit(lane.run, tmp_path_factory.mktemp(lane.name)) for lane in lanes]
    failures = [error for run in runs if (error := run.exception()) is not None]
    if failures:
        raise ExceptionGroup("these lanes failed", [error for error in failures if isinstance(error, Exception)])


# --- one terminal, several stories ------------------------------------------------------------------------------------


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> ShopCounter:
    """Not started; whoever starts it also closes it, with ``with counter``."""
    netgiro.spoil()
    return ShopCounter(tmp_path, netgiro)


@pytest.mark.slow
def test_a_closed_sale_is_told_again_after_a_power_cut_and_costs_nothing(counter: ShopCounter, sale_id: str) -> None:
    with counter:
        counter.pay(sale_id)
        counter.press(QUICK_PHONE + "#")
        ok = counter.result(sale_id)
        reference = counter.cart()["Reference"]
        counter.wait_for_paper(2, reference)
        counter.wait_for("idle")
        counter.kill()
        counter.start()
        paid = counter.netgiro.ledger()
        counter.register.ask(f"PAY 1990 ID={sale_id}", re.escape(ok))
        counter.register.ask(f"STATUS ID={sale_id}", re.escape(ok))
        counter.register.ask("STATUS", "READY")
        assert counter.netgiro.ledger() == paid
        take_a_new_sale(counter, f"{sale_id}-new")
        assert len(counter.wait_for_paper(2, reference)) == 2


@pytest.mark.slow
def test_no_new_amount_before_the_old_sale_is_settled(counter: ShopCounter, sale_id: str) -> None:
    with counter:
        counter.pay(sale_id)
        in_capture_that_happened(counter)
        counter.kill()
        counter.netgiro.spoil({"fault": "lost_before", "call": "CheckCart", "times": 1})
        counter.start()
        counter.register.ask(f"PAY 500 ID={sale_id}-new", "ERR BUSY .*")
        counter.register.ask("STATUS", f"BUSY ID={sale_id}")
        assert counter.result(sale_id).startswith("OK 1990 ")
        take_a_new_sale(counter, f"{sale_id}-new")


@pytest.mark.slow
def test_a_second_power_cut_while_settling(counter: ShopCounter, sale_id: str) -> None:
    with counter:
        counter.pay(sale_id)
        in_capture_that_happened(counter)
        for _ in range(2):
            counter.kill()
            counter.netgiro.spoil({"fault": "slow", "call": "CheckCart", "seconds": FOREVER_S})
            counter.start()
            counter.wait_for("capture")
        counter.kill()
        counter.netgiro.spoil()
        counter.start()
        assert counter.result(sale_id).startswith("OK 1990 ")
        assert counter.cart()["Captures"] == 1


@pytest.mark.slow
def test_an_orphan_cart_that_the_customer_accepts_later_is_never_paid(counter: ShopCounter, sale_id: str) -> None:
    with counter:
        counter.netgiro.spoil({"fault": "lost_after", "call": "InsertCart"})
        counter.pay(sale_id)
        counter.press(PATIENT_PHONE + "#")
        assert counter.result(sale_id).startswith("NO UNAVAILABLE ")
        counter.wait_for("idle")  # or the register is told once more after the start
        counter.accept()
        counter.kill()
        counter.start()
        take_a_new_sale(counter, f"{sale_id}-new")
        orphan = next(cart for cart in counter.netgiro.carts() if cart["State"] == "reserved")
        assert orphan["Captures"] == 0


@pytest.mark.slow
def test_a_stop_waits_for_the_answer_that_is_on_its_way(counter: ShopCounter, sale_id: str) -> None:
    with counter:
        counter.netgiro.spoil({"fault": "slow", "call": "ConfirmCart", "seconds": 0.5})
        counter.pay(sale_id)
        counter.press(QUICK_PHONE + "#")
        counter.wait_for("capture")
        assert counter.stop() < at_most(STOP_LIMIT_S)
        assert counter.result(sale_id).startswith("OK 1990 ")
        counter.start()
        assert_on_paper(counter, counter.cart()["Reference"], paid=True)


@pytest.mark.slow
def test_receipts_that_waited_for_the_printer_are_printed_after_a_start(counter: ShopCounter, sale_id: str) -> None:
    counter.settings["printer"]["device"] = str(counter.folder / "not-there" / "paper.bin")
    with counter:
        take_a_new_sale(counter, sale_id)
        reference = counter.cart()["Reference"]
        wait_until("two pending receipts", lambda: counter.state()["pending_receipts"] == 2)
        counter.kill()
        counter.settings["printer"]["device"] = str(counter.paper_path)
        counter.start()
        pieces = counter.wait_for_paper(2, reference)
        assert not any("DUPLICATE" in piece for piece in pieces)
