"""ZVT programs of other hands over TCP: two that have grown apart since they were one.

No registry has them. ``make foreign`` brings their checkouts; or ZVT_PROGRAMS names the folder that holds both. Their
Python needs pyserial and six, which are there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.foreign.conftest import FOLDER
from tests.integration.counter import ShopCounter, free_port
from tests.integration.netgiro import PATIENT_PHONE, POOR_PHONE, NetgiroProcess
from tests.patience import at_most

CHECKOUTS = Path(os.environ.get("ZVT_PROGRAMS", FOLDER / "checkouts"))
pytestmark = pytest.mark.slow


@pytest.fixture(params=["ecrterm", "py3-ecrterm"])
def program(request: pytest.FixtureRequest) -> Path:
    """The folder of its source."""
    folder = CHECKOUTS / str(request.param)
    if not folder.is_dir():
        pytest.skip(f"no registry has {folder.name}: see the head of this file")
    return folder


class ZvtOverTcp(ShopCounter):
    """``run`` with a ZVT port on the network."""

    def __init__(self, folder: object, netgiro: NetgiroProcess) -> None:
        self.port = free_port()
        zvt = {"protocol": "zvt", "port": f"tcp://127.0.0.1:{self.port}", "accept_foreign_currency_code": True}
        super().__init__(folder, netgiro, {"register": zvt})

    def start(self, until: str = "") -> None:
        super().start(until)
        self.wait_for_devices()


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZvtOverTcp]:
    netgiro = NetgiroProcess(tmp_path_factory.mktemp("netgiro"))
    with ZvtOverTcp(tmp_path_factory.mktemp("zvt"), netgiro) as counter:
        yield counter
    netgiro.close()


def paid_by(program: Path, counter: ZvtOverTcp, people: Callable[[], None]) -> bool:
    words = ("ecrterm", str(program), str(counter.port), "1990")
    command = [sys.executable, "-W", "ignore", str(FOLDER / "registers.py"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as register:
        counter.wait_for("entry")
        people()
        said, complaint = register.communicate(timeout=at_most(60))
    assert register.returncode == 0, complaint
    has_paid, packets = said.splitlines()[-1].split()
    assert int(packets) >= 3, "accepted, told and ended"
    return has_paid == "True"


def test_it_pays(program: Path, counter: ZvtOverTcp) -> None:
    before = counter.netgiro.carts()

    def customer() -> None:
        counter.press(f"{PATIENT_PHONE}#")
        counter.netgiro.accept(counter.netgiro.new_cart(before))

    assert paid_by(program, counter, customer)
    row = counter.journal()[0]
    assert (row["amount"], row["outcome"], row["register_told"]) == (1990, "approved", True)


def test_it_is_declined(program: Path, counter: ZvtOverTcp) -> None:
    assert not paid_by(program, counter, lambda: counter.press(f"{POOR_PHONE}#"))
    assert (counter.journal()[0]["outcome"], counter.journal()[0]["register_told"]) == ("declined", True)


def test_the_cashier_calls_it_off(program: Path, counter: ZvtOverTcp) -> None:
    assert not paid_by(program, counter, lambda: counter.press("*"))
    assert counter.journal()[0]["outcome"] == "cancelled"
