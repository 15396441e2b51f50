"""A register that ends its day between two sales, takes the totals, and some minutes later asks once more.

Whoever closes a shop presses the key again: they are not sure, or somebody has bought something meanwhile, or the
terminal was without power. What the register has taken it books, each time.
"""

from __future__ import annotations

import random

from terminal.simulation.register import SimulatedRegister
from terminal.simulation.terminal import REBOOT_S, SimulatedTerminal
from terminal.simulation.world import World

WORLDS_WITH_SOME = 0.3
FIRST_S = (15.0, 330.0)
MOST = 4
AGAIN_S = ((2.0, 15.0), (30.0, 120.0), (120.0, 400.0), (500.0, 900.0))
PLUG_IS_PULLED = 0.6
"""Before it asks again, where power is cut at all."""
LOOKS_AGAIN_S = (1.0, 8.0)
MOST_LOOKS = 60


class DayEndings:
    """Some ends of one day, in the worlds that have any."""

    def __init__(self, world: World, terminal: SimulatedTerminal, register: SimulatedRegister, seed: int) -> None:
        self._world = world
        self._terminal = terminal
        self._register = register
        self._chance = random.Random(f"day endings {seed}")
        self._left = 0
        self._has_power_cuts = world.rates.power_cut > 0

    def start(self) -> None:
        if self._register.driver.ends_days and self._chance.random() < WORLDS_WITH_SOME:
            self._left = self._chance.randint(2, MOST)
            self._world.at(self._chance.uniform(*FIRST_S), lambda: self._ask_when_free(MOST_LOOKS))

    def _ask_when_free(self, looks_left: int) -> None:
        """Nobody ends the day while a customer stands there."""
        driver = self._register.driver
        if not looks_left:
            return
        if not driver.is_free or driver.waits or driver.is_silent:
            self._world.at(self._chance.uniform(*LOOKS_AGAIN_S), lambda: self._ask_when_free(looks_left - 1))
            return
        self._world.tell("register", "ends its day between two sales")
        driver.end_day()
        self._register.cable.flush()
        self._left -= 1
        if self._left:
            again_s = self._chance.uniform(*self._chance.choice(AGAIN_S))
            self._world.at(again_s, lambda: self._ask_when_free(MOST_LOOKS))
            if self._has_power_cuts and self._chance.random() < PLUG_IS_PULLED:
                self._world.at(again_s * self._chance.random(), self._pull_plug)

    def _pull_plug(self) -> None:
        if self._terminal.is_on:
            self._world.count("plug pulled between two ends of day")
            self._world.cuts += 1
            self._terminal.take_away(self._chance.uniform(*REBOOT_S))
