"""The scanner on a simulated counter: it reads the app's code, and everything else that lies there.

What it reads is no typing: a number of goods, a loyalty card, half a code or two codes in one are nobody's name.
"""

from __future__ import annotations

import random

from terminal.simulation.people import Cashier
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.world import World

WORLDS_WITH_ONE = 0.3
BETWEEN_SCANS_S = (0.5, 6.0)
MOST_SCANS = 40
PAUSE_S = (0.1, 0.9)
"""Between the halves of a code. The driver waits out so short a pause; here each half comes as a code of its own, as it
would after a longer one.
"""
APP_CODES = ("5000041234", "5000041234", "5000049876")
AIM_OF_APP, AIM_OF_GOODS = ("", "]C1", "]Q3"), ("", "]E0", "]E4")
GOODS = ("5690527011234", "5701234567899", "96385074", "5690528223283")
"""The ends of two of them would be the app's short code, and a telephone number."""
CARDS = ("8223282", "8223283", "1111111119", "2222222229")
"""Loyalty cards by number: of people whom Netgíró knows, and who stand elsewhere."""


class SimulatedScanner:
    """Somebody holds something before it now and then."""

    def __init__(self, world: World, terminal: SimulatedTerminal, cashier: Cashier, seed: int) -> None:
        self._world = world
        self._terminal = terminal
        self._cashier = cashier
        self._chance = random.Random(f"scanner {seed}")
        self._scans = 0

    def start(self) -> None:
        if self._world.rates.cashier_mood > 0 and self._chance.random() < WORLDS_WITH_ONE:
            self._next()

    def _next(self) -> None:
        self._scans += 1
        if self._world.rates.cashier_mood > 0 and self._scans <= MOST_SCANS:
            self._world.at(self._chance.uniform(*BETWEEN_SCANS_S), self._something)

    def _something(self) -> None:
        chance = self._chance
        what = chance.choice(("app", "app", "goods", "card", "two at once"))
        match what:
            case "app":
                self._read(chance.choice(APP_CODES), chance.choice(AIM_OF_APP), is_app=True)
            case "goods":
                self._read(chance.choice(GOODS), chance.choice(AIM_OF_GOODS))
            case "card":
                self._read(chance.choice(CARDS))
            case _:
                self._scan(chance.choice(APP_CODES) + chance.choice((*GOODS, *APP_CODES)), "two codes at once")
        self._next()

    def _read(self, code: str, aim: str = "", *, is_app: bool = False) -> None:
        if self._chance.random() < 0.4:
            at = self._chance.choice((len(code) - 7, len(code) - 4, self._chance.randrange(1, len(code))))
            at = max(1, at)
            self._scan(aim + code[:at], "a code with a pause in it")
            self._world.at(self._chance.uniform(*PAUSE_S), lambda: self._scan(code[at:], "the rest of a code"))
        else:
            self._scan(aim + code, "an app code" if is_app else "a code of no customer", names=code if is_app else "")

    def _scan(self, code: str, what: str, names: str = "") -> None:
        if not self._terminal.is_on:
            return
        self._world.count(f"scanned: {what}")
        self._world.tell("scanner", f"reads {what}")
        if names and (sale := self._terminal.sale) is not None:
            self._cashier.scanned_for.setdefault(sale.reference, set()).add(names)
        if len(code) >= len(CARDS[0]):  # a shorter piece stands on the disk by chance
            self._cashier.typed.add(code)
        self._terminal.scan(code)
