"""The power goes at random moments of sales, on a disk that loses what was not flushed; then three books are compared:
what the register was told, the journal, and what Netgíró captured."""

from __future__ import annotations

import contextlib
import os
import random
import re
import threading
from typing import Any

from tests.integration.netgiro import PATIENT_PHONE, NetgiroProcess
from tests.integration.process import wait_until
from tests.machine.conftest import SEED
from tests.machine.counter import Counter
from tests.machine.virtual_machine import VirtualMachine

CUTS = int(os.environ.get("CUTS", "50"))
MOMENTS = ("asked", "typing", "customer", "accepted", "accepted", "accepted", "told", "printing")
"""Most of them where money moves."""


class CutSale:
    """One sale up to the moment of its cut."""

    def __init__(self, counter: Counter, netgiro: NetgiroProcess, rng: random.Random, register_id: str) -> None:
        self.register_id = register_id
        self.amount_kr = rng.randrange(100, 100_000)
        self.moment = rng.choice(MOMENTS)
        self.told: list[str] = []
        self._counter = counter
        self._netgiro = netgiro
        self._later_s = rng.uniform(0, 1.2)
        self._carts_before = {cart["TransactionId"] for cart in netgiro.carts()}

    def run(self) -> None:
        self._counter.register.send(f"PAY {self.amount_kr} ID={self.register_id}")
        if self.moment == "asked":
            return self._counter.machine.sleep(self._later_s / 2)
        self._counter.register.expect(f"WAIT ID={self.register_id}")
        typing = threading.Thread(target=self._type, daemon=True)
        typing.start()
        if self.moment == "typing":
            return self._counter.machine.sleep(3 * self._later_s)
        (cart,) = wait_until("the cart", self.carts, 60)
        if self.moment == "accepted":
            self._netgiro.accept(cart)
            return self._listen_for(self._later_s)
        if self.moment in ("told", "printing"):
            self._netgiro.accept(cart)
            wait_until("the result", self._heard, 60)
        return self._counter.machine.sleep(self._later_s)

    def _type(self) -> None:
        with contextlib.suppress(OSError):  # the machine is cut off
            self._counter.identify(PATIENT_PHONE)

    def _listen_for(self, seconds: float) -> None:
        waiting = threading.Thread(target=self._counter.machine.sleep, args=(seconds,), daemon=True)
        waiting.start()
        while waiting.is_alive():
            self._heard()

    def _heard(self) -> bool:
        try:
            line = self._counter.register.line(0.02)
        except AssertionError:
            return False
        if re.match(rf"(OK|NO) \S+ ID={self.register_id}( |$)", line):
            self.told.append(line)
        return bool(self.told)

    def carts(self) -> list[dict[str, Any]]:
        return [cart for cart in self._netgiro.carts() if cart["TransactionId"] not in self._carts_before]


def compare(sale: CutSale, counter: Counter, netgiro: NetgiroProcess) -> str:
    """What is wrong with the books of this sale, or nothing."""
    counter.register.send(f"STATUS ID={sale.register_id}")
    while not re.match(r"(OK|NO|ERR) \S+", answer := counter.register.line(60)):
        pass
    mine = {cart["TransactionId"] for cart in sale.carts()}
    captured = [row for row in netgiro.ledger() if row["TransactionId"] in mine]
    row = next((row for row in counter.sales() if row["register_id"] == sale.register_id), {})
    is_paid = len(captured) == 1
    told_ok = any(line.startswith("OK") for line in (*sale.told, answer))
    told_no = any(line.startswith("NO") for line in (*sale.told, answer))
    if len(captured) > 1:
        return f"captured {len(captured)} times"
    if is_paid and captured[0]["Amount"] != sale.amount_kr:
        return f"captured {captured[0]['Amount']}"
    if (row.get("outcome") == "approved") != is_paid:
        return f"the journal says {row.get('outcome')}"
    if (is_paid and told_no) or (told_ok and not is_paid):
        return f"the register was told {sale.told} and {answer!r}"
    return ""


def test_no_power_cut_parts_the_three_books(machine: VirtualMachine, netgiro: NetgiroProcess) -> None:
    rng = random.Random(SEED)
    wrong = []
    for number in range(CUTS):
        counter = Counter(machine)
        counter.wait_until_idle(300)
        counter.hear_out()
        sale = CutSale(counter, netgiro, rng, f"X{number}")
        sale.run()
        machine.cut_power()
        counter.close()
        machine.power_on()
        counter = Counter(machine)
        counter.wait_until_idle(300)
        trouble = compare(sale, counter, netgiro)
        counter.close()
        print(f"\ncut {number} at {sale.moment}, {sale.amount_kr} kr.: {trouble or 'well'}", end="", flush=True)
        wrong += [f"cut {number} (SEED={SEED}) at {sale.moment}: {trouble}"] if trouble else []

    assert not wrong, "\n".join(wrong)
