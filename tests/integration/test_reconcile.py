"""A sale by the real daemon, then the journal held against the simulated Netgíró, on paper and in ``status``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import run_command


@pytest.fixture
def counter(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    partner_url = f"{netgiro.base_url}/partner"
    with ShopCounter(tmp_path, netgiro, {"netgiro": {"partner_url": partner_url}}) as counter:
        yield counter


def test_a_sale_agrees_and_the_slip_says_so(counter: ShopCounter) -> None:
    counter.pay("R1")
    counter.press(f"{QUICK_PHONE}#")
    assert counter.result("R1").startswith("OK")

    done = run_command("reconcile", "--print", "--config", str(counter.config_path), env=counter.env)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": 1 agree\n")
    counter.wait_for_paper(1, "Compared with Netgíró", "Agree")
    status = run_command("status", "--config", str(counter.config_path))
    assert "1 agree" in status.stdout
