"""An automatic payment whose answer is lost is found again by the real daemon, where Netgíró finds by reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import NetgiroProcess
from tests.integration.process import run_command


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    netgiro.set(finds_by_reference=True)
    with ShopCounter(tmp_path, netgiro, {"netgiro": {"confirmation": "automatic"}}) as counter:
        yield counter
    netgiro.spoil()


def test_a_payment_whose_answer_was_lost_is_found_and_told_as_paid(counter: ShopCounter) -> None:
    counter.netgiro.spoil({"fault": "lost_after", "call": "InsertCart"})
    counter.pay("L1")
    counter.press(f"{counter.netgiro.app_code()[-4:]}#")
    assert counter.result("L1").startswith("OK 1990 ")
    (payment,) = counter.netgiro.ledger()
    row = counter.journal_row("L1")
    assert (row["outcome"], row["transaction_id"]) == ("approved", payment["TransactionId"])
    status = run_command("status", "--config", str(counter.config_path))
    assert "look-up    by reference: offered" in status.stdout
