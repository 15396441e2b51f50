"""A second terminal with the id and the keys of the first: somebody has copied its card for another counter.

The copy finds itself on another board. Somebody reads what it says, moves the first one's journal away and begins an
empty one, but leaves the id as it is: the same numbers come again, and callbacks reach either of the two.
"""

from __future__ import annotations

import random

from terminal.journal import board
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.disk_copies import copy_bits
from terminal.simulation.registers.languages import LANGUAGES
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.terminal import REBOOT_S
from terminal.simulation.till import Till
from terminal.simulation.world import World

WORLDS_WITH_ONE = 0.05
LATEST_COPY_S = 150.0
MOST_SALES = 3
BOARDS = ("10000000a3b1c2d4", "10000000ffffffff")


class Twin:
    """The other counter, and the moment in which it comes to be."""

    def __init__(self, world: World, first: Till, netgiro: SimulatedNetgiro, protocol: str, seed: int) -> None:
        self._world = world
        self._first = first
        self._chance = chance = random.Random(f"twin {seed}")
        spoken = LANGUAGES[protocol](lambda: world.now_s, first.register.driver.decimals, chance)
        self.till = Till(world, netgiro, first.terminal.rules, spoken, chance.randint(1, MOST_SALES), seed=-seed - 1)
        world.at(chance.uniform(0.0, LATEST_COPY_S), self._copy_card)

    def receive_callback(self, reference: str, approved: bool, fits: bool = True) -> bool:
        """Both gave Netgíró the same address."""
        till = self._chance.choice((self._first, self.till))
        if reference not in {sale.reference for sale in till.disk.latest.values()}:
            self._world.count("callback of the other terminal")
        return till.terminal.is_on and till.terminal.receive_callback(reference, approved, fits)

    def _copy_card(self) -> None:
        """It is out of the machine meanwhile."""
        world, first = self._world, self._first
        world.count("card copied")
        world.cuts += 1
        first.terminal.take_away(world.rng.uniform(*REBOOT_S))
        if not board.is_elsewhere(*BOARDS):
            copy_bits(first.disk, self.till.disk)
        world.at(self._chance.uniform(*REBOOT_S), self.till.start)


def beside(till: Till, others: list[Till]) -> list[SimulatedDisk]:
    return [other.disk for other in others if other is not till]
