"""Staff settle at the real terminal what it cannot settle itself, and print a receipt once more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.counter.of_doubt import READ_AFTER_S
from tests.integration.counter import DemoCounter, ShopCounter
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import wait_until

STAFF_CODE = "4711"
REFUND_CODE = "2580"
CODES = {"terminal": {"staff_code": STAFF_CODE, "refund_code": REFUND_CODE}}
FOREVER_S = 60


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    netgiro.spoil()
    settings = CODES | {"netgiro": {"partner_url": f"{netgiro.base_url}/partner/"}}
    with ShopCounter(tmp_path, netgiro, settings) as counter:
        yield counter
    netgiro.spoil()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happened", "key", "told", "outcome"),
    [("slow", "1", "OK 1990", "approved"), ("slow_before", "2", "NO CANCELLED", "cancelled")],
)
def test_a_payment_that_stands_unknown_is_settled_with_the_staff_code(
    counter: ShopCounter, happened: str, key: str, told: str, outcome: str
) -> None:
    counter.netgiro.spoil({"fault": happened, "call": "ConfirmCart", "seconds": FOREVER_S})
    counter.pay("1")
    counter.press(QUICK_PHONE + "#")
    counter.wait_for("capture")
    counter.kill()
    counter.netgiro.spoil({"fault": "unreachable"})
    counter.start()
    counter.wait_for_screen("Call Netgíró.")
    assert [row["register_id"] for row in counter.journal("--outcome", "unknown")] == ["1"]
    counter.register.ask("PAY 500 ID=2", "ERR BUSY .*")

    counter.press("D#0000#")
    counter.wait_for_screen("Wrong code")
    counter.press(STAFF_CODE + "#")
    counter.wait_for_screen("1 paid  2 not paid")
    counter.press(key)
    counter.wait_for_screen("# yes")
    counter.press("#")
    assert counter.result("1").startswith(f"{told} ID=1 ")
    row = counter.journal_row("1")
    assert (row["outcome"], row["reason"]) == (outcome, "settled_paid" if key == "1" else "settled_unpaid")
    assert STAFF_CODE not in counter.process.output
    if key == "1":
        counter.wait_for_paper(2, row["reference"])


@pytest.mark.slow
def test_the_last_receipt_comes_again_and_is_marked(counter: ShopCounter) -> None:
    counter.pay("1")
    counter.press(QUICK_PHONE + "#")
    counter.result("1")
    reference = counter.journal_row("1")["reference"]
    counter.wait_for_paper(2, reference)
    counter.wait_for("idle")
    counter.press("D1")
    (copy,) = counter.wait_for_paper(1, reference, "DUPLICATE")
    assert "Customer copy" in copy


def read_and_agree(counter: ShopCounter, question: str) -> None:
    """A ``#`` right after the one that opened the question counts for nothing, and begins the wait anew."""

    def agreed() -> bool:
        counter.press("#")
        time.sleep(2 * READ_AFTER_S)
        return question not in "\n".join(counter.state()["display"])

    wait_until(f"an answer to {question!r}", agreed)


def test_a_day_at_the_keypad_refund_x_report_and_end_of_day(counter: ShopCounter) -> None:
    counter.pay("1")
    counter.press(QUICK_PHONE + "#")
    counter.result("1")
    counter.wait_for("idle")

    counter.press("D3" + REFUND_CODE + "#")
    counter.wait_for_screen("Refund of receipt no.")
    counter.press("#")
    counter.wait_for_screen("At most 1.990 kr.")
    counter.press("500#")
    counter.wait_for_screen("Refund this?")
    read_and_agree(counter, "Refund this?")
    counter.wait_for_screen("Refunded by Netgíró.")
    counter.wait_for_paper(2, "REFUND", "500 kr.")
    assert REFUND_CODE not in counter.process.output
    counter.press("#")

    counter.press("D4")
    counter.wait_for_screen("Printed.")
    counter.wait_for_paper(1, "X REPORT", "1.490 kr.")
    counter.press("#D6")
    counter.wait_for_screen("Printed.")
    counter.wait_for_paper(1, "TRANSACTIONS", "-500 kr.")

    counter.press("#D5#")
    counter.wait_for_screen("The day has ended.")
    counter.wait_for_paper(1, "END OF DAY", "1.490 kr.")
    counter.press("#D5#")
    counter.wait_for_screen("End it anyway?")
    counter.press("*D51#")
    counter.wait_for_paper(1, "END OF DAY", "DUPLICATE")


def test_in_the_demo_the_menu_is_on_the_same_key(manual: DemoCounter) -> None:
    manual.press("D")
    manual.wait_for_screen("Menu")
    manual.press("*")
    manual.wait_for_screen("Ready")
