"""Training at the real daemon: into it by the menu, a sale without a register, and out of it again."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.integration.counter import Counter, DemoCounter, ShopCounter
from tests.integration.netgiro import NetgiroProcess
from tests.integration.process import wait_until

pytestmark = pytest.mark.slow

TEST_PHONE = "8223281"


def switch(counter: Counter, screen: str) -> None:
    """By the menu; until there is another terminal with a keypad and a register."""
    is_ready(counter)
    counter.press("D8")
    with contextlib.suppress(AssertionError):  # the keypad may be gone before the key is up
        counter.press("#")
    counter.wait_for_screen(screen)
    is_ready(counter)


def is_ready(counter: Counter) -> None:
    """A key that means nothing is taken, and the register is heard."""

    def takes_keys() -> bool:
        try:
            counter.press("*")
        except AssertionError:  # the keypad is not open yet
            return False
        return True

    wait_until("a keypad", takes_keys)
    counter.register.ask("PING", "PONG.*")


def train(counter: Counter) -> None:
    switch(counter, "Amount and #")
    assert counter.state()["display"][-1] == "TRAINING"
    counter.register.ask("PAY 1990 ID=7", "ERR UNAVAILABLE .*")
    counter.press("1990#")
    counter.wait_for_screen("App code, kennitala or phone")
    counter.press(TEST_PHONE + "#")
    counter.wait_for_screen("Approved")
    counter.press("#")
    switch(counter, "Ready")
    assert "TRAINING" not in counter.state()["display"]


def test_in_the_shop(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter:
        before = netgiro.carts()
        train(counter)
        counter.wait_for_paper(2, "TRAINING", "No money is taken")
        assert netgiro.carts() == before, "no call has left"
        assert counter.journal() == []
        counter.pay("7")
        counter.press("D8#")
        assert counter.state()["state"] == "entry", "not while a sale is open"
        counter.press("**")
        assert counter.result("7").startswith("NO CANCELLED ID=7 ")
        assert [row["sale_id"] for row in counter.journal()] == ["1"]


def test_training_goes_on_after_a_power_cut(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as counter:
        switch(counter, "Amount and #")
        counter.kill()
        counter.start()
        counter.wait_for_screen("Amount and #")
        assert "TRAINING" in counter.process.output


def test_in_the_demo(tmp_path: Path) -> None:
    with DemoCounter(tmp_path, {}) as counter:
        train(counter)
        assert counter.netgiro.carts() == []
