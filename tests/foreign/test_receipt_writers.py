"""Receipts as four libraries write them that nobody here wrote: the tap finds the total, however the bytes are cut."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import pytest

from terminal.counter.register_words import TotalSeen
from terminal.register.settings import TotalRules
from terminal.register.taps.receipt import ReceiptTap
from terminal.register.unknown.guess import guess
from tests.foreign.conftest import FOLDER, not_there

WRITERS = ("receiptline", "node-thermal-printer", "escpos-buffer", "receipt-printer-encoder")
pytestmark = pytest.mark.slow


@cache
def receipt(writer: str) -> bytes:
    if shutil.which("node") is None:
        not_there("node is not installed (apt install nodejs npm), nor what it runs")
    if not (FOLDER / "node_modules").is_dir():
        not_there("the libraries of tests/foreign/package-lock.json are not installed")
    script = ["node", str(FOLDER / "receipts.mjs"), writer]
    run = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True)
    return bytes.fromhex(run.stdout.strip())


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("writer", WRITERS)
def test_the_total_of_a_foreign_receipt_is_found(writer: str, size: int) -> None:
    data = receipt(writer)
    tap = ReceiptTap(TotalRules())
    requests = [one for at in range(0, len(data), size) for one in tap.receive_data(data[at : at + size], at * 0.001)]
    requests += tap.wake(10_000.0)
    assert TotalSeen(1990) in requests
    assert {one.amount_kr for one in requests if isinstance(one, TotalSeen)} == {1990}


@pytest.mark.parametrize("writer", WRITERS)
def test_listen_recognizes_it(writer: str) -> None:
    (first, *_) = guess(receipt(writer), 9600)
    assert 'protocol = "receipt"' in first.settings
    assert "the total found is 1990" in first.why
