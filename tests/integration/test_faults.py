"""Netgíró does every wrong thing once on every call of a sale; then register, journal and ledger must agree.

Four terminals, each with a Netgíró of its own, take the sales of one call each: a lost answer is asked about after a
second, and the four seconds pass side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.counter import DemoCounter
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE

pytestmark = pytest.mark.slow

CALLS = ["InsertCart", "CheckCart", "ConfirmCart", "CancelCart"]
FAULTS = [
    "lost_before",
    "lost_after",
    "slow",
    "slow_before",
    "http_500_before",
    "http_500_after",
    "garbage",
    "truncated",
    "wrong_signature",
    "no_signature",
    "wrong_amount",
    "wrong_reference",
    "nonce_refused",
    "unauthorized",
]

ANSWERED = {"slow", "slow_before"}
"""Late, but an answer. An unsigned one is none: this service has signed before."""
NEEDS_RESERVATION = {"wrong_amount", "wrong_reference"}
"""Only an answer about a reservation or a payment carries an amount and a reference."""


def expected_result(call: str, fault: str) -> str:
    """What the register is told of a sale by phone, captured by the terminal."""
    match call:
        case "InsertCart" if fault not in ANSWERED:
            return "NO UNAVAILABLE"  # never repeated: its cart has no name and can never become a payment
        case "CheckCart" if fault in NEEDS_RESERVATION:
            return "NO UNAVAILABLE"  # not our sale: given up before anything was captured
        case "CancelCart":
            return "NO CANCELLED"
    return "OK 1990"


def take_sales(counter: DemoCounter, call: str) -> dict[str, str]:
    """One sale for every fault: what the register was told by id."""
    told: dict[str, str] = {}
    for fault in FAULTS:
        if fault in NEEDS_RESERVATION and call in ("InsertCart", "CancelCart"):
            continue
        if (call, fault) == ("CancelCart", "unauthorized"):  # then nobody can give the reservation up
            continue
        sale_id = f"{call}-{fault}"
        counter.netgiro.spoil({"fault": fault, "call": call, "seconds": 0.2})
        counter.pay(sale_id)
        if call == "CancelCart":
            counter.press(PATIENT_PHONE + "#")
            counter.wait_for("customer")
            counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
        else:
            counter.press(QUICK_PHONE + "#")
        told[sale_id] = counter.result(sale_id)
        assert counter.netgiro.faults_left == [], f"{sale_id}: nothing went wrong"
        expected = expected_result(call, fault)
        assert told[sale_id].startswith(f"{expected} ID={sale_id}"), f"expected {expected}: {told[sale_id]}"
    return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[DemoCounter, dict[str, str]]]:
    """After all sales: each call's terminal and what its register was told."""

    def lane(call: str, folder: Path) -> tuple[DemoCounter, dict[str, str]]:
        counter = DemoCounter(folder, {})
        counter.start()
        return counter, take_sales(counter, call)

    folders = [tmp_path_factory.mktemp(call) for call in CALLS]  # not in the threads: two would make the first folder
    with ThreadPoolExecutor(len(CALLS)) as lanes:
        return dict(zip(CALLS, lanes.map(lane, CALLS, folders), strict=True))


@pytest.fixture(scope="module", autouse=True)
def _closed_in_the_end(told: dict[str, tuple[DemoCounter, dict[str, str]]]) -> Iterator[None]:
    yield
    for counter, _ in told.values():
        counter.close()


@pytest.mark.parametrize("call", CALLS)
def test_register_journal_ledger_and_paper_agree(
    told: dict[str, tuple[DemoCounter, dict[str, str]]], call: str
) -> None:
    counter, results = told[call]
    counter.wait_for("idle")
    journal = {row["register_id"]: row for row in counter.journal()}
    assert journal.keys() == results.keys()
    paid = {row["Reference"]: row for row in counter.netgiro.ledger()}
    assert len(paid) == len(counter.netgiro.ledger()), "a sale was captured twice"
    counter.wait_for_receipts(2 * len(paid))
    for sale_id, line in results.items():
        row = journal[sale_id]
        approved = line.startswith("OK ")
        assert row["state"] == "closed", row
        assert (row["outcome"] == "approved") is approved, row
        assert (row["reference"] in paid) is approved, row
        if approved:
            assert paid[row["reference"]]["Amount"] == row["amount"] == 1990
            assert line == f"OK 1990 ID={sale_id} REF={paid[row['reference']]['TransactionId']}"
        assert len(counter.receipts(row["reference"])) == (2 if approved else 0)


@pytest.mark.parametrize("call", CALLS)
def test_nothing_stays_reserved_except_what_nobody_can_capture(
    told: dict[str, tuple[DemoCounter, dict[str, str]]], call: str
) -> None:
    """A cart whose name was lost, or whose cancelling was refused, may stay; without our capture it never pays."""
    counter, _ = told[call]
    open_carts = [cart for cart in counter.netgiro.carts() if cart["State"] not in ("paid", "cancelled", "declined")]
    known = {row["transaction_id"]: row["register_id"] for row in counter.journal()}
    for cart in open_carts:
        assert cart["Captures"] == 0
        assert known.get(cart["TransactionId"]) in (None, "CancelCart-nonce_refused"), cart
