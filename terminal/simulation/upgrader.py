"""Whoever upgrades a simulated terminal, and goes back if the new version is not well, as install/upgrade.py does.

The journal is copied once the terminal is idle, because the old version cannot read the form that the new one gives it.
On the way back the copy takes the journal's place only if nothing was written meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from terminal.journal.rows import Positions, has_gone_on
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.disk_copies import copy_bits, positions_of
from terminal.simulation.till import Till
from terminal.simulation.world import World

WORLDS_WITH_ONE = 0.05
BEGINS_S = (1.0, 200.0)
PATIENCE_S = 120.0
PAUSE_S = 0.5
COPIED_S = (0.1, 3.0)
STARTED_S = (2.0, 20.0)
A_MOMENT_S = (0.0, 1.0)
"""From the last look to the stop: a sale may begin in it."""
ON_TRIAL_S = (1.0, 240.0)
HAS_ANOTHER_FORM = 0.75
IS_NOT_WELL = 0.75


class WayBack(NamedTuple):
    """Where the journal stood when the new version was stopped, and when the old one began."""

    before: Positions
    after: Positions


class Upgrader:
    """One upgrade, at any moment."""

    def __init__(self, world: World, till: Till, seed: int) -> None:
        self._world = world
        self._till = till
        self._chance = random.Random(f"upgrade {seed}")
        self._way_back: WayBack | None = None

    def start(self) -> None:
        self._later(BEGINS_S, lambda: self._when_idle(self._begin, self._refused))

    def violations(self) -> Iterator[str]:
        """The old version has every row that the new one had; one that cannot, never begins."""
        if self._way_back is None:
            return
        before, after = self._way_back
        if not after.reaches_all(before):
            yield f"an upgrade went back, and the journal with it: from {before} to {after}"

    def _begin(self) -> None:
        self._world.count("upgrade begun")
        if self._chance.random() < HAS_ANOTHER_FORM:
            self._keep_journal(self._world.now_s + PATIENCE_S)
        else:
            self._later(A_MOMENT_S, lambda: self._when_idle(lambda: self._restart(None), self._refused))

    def _keep_journal(self, end_s: float) -> None:
        """A sale that comes in between makes it begin anew."""
        kept = SimulatedDisk(self._world)
        copy_bits(self._till.disk, kept)

        def copied() -> None:
            if not has_gone_on(positions_of(kept), positions_of(self._till.disk)):
                self._later(A_MOMENT_S, lambda: self._when_idle(lambda: self._restart(kept), self._refused))
            elif self._world.now_s > end_s:
                self._refused()
            else:
                self._keep_journal(end_s)

        self._later(COPIED_S, lambda: self._when_idle(copied, self._refused))

    def _restart(self, kept: SimulatedDisk | None) -> None:
        """The daemon itself has looked that no sale is open."""
        self._tell("the new version starts")
        self._off_for(self._chance.uniform(*STARTED_S))
        if self._chance.random() < IS_NOT_WELL:
            self._later(ON_TRIAL_S, lambda: self._when_idle(lambda: self._stop(kept), lambda: self._stop(kept)))

    def _stop(self, kept: SimulatedDisk | None) -> None:
        self._later(A_MOMENT_S, lambda: self._go_back(kept))

    def _go_back(self, kept: SimulatedDisk | None) -> None:
        disk = self._till.disk
        self._off_for(self._chance.uniform(*STARTED_S))
        before = positions_of(disk)
        if kept is not None and has_gone_on(positions_of(kept), before):
            self._world.count("upgrade not well, and no way back")
            self._tell("something was written meanwhile: the new version stays, and says so")
            return
        if kept is not None:
            signed, mark = disk.answers_signed(), disk.nonce_high_water()
            copy_bits(kept, disk)
            disk.keep_marks(mark, signed)
        self._world.count("upgrade not well, and taken back")
        self._tell("the old version starts again")
        self._way_back = WayBack(before, positions_of(disk))

    def _refused(self) -> None:
        self._world.count("upgrade put off")
        self._tell("puts the upgrade off: nothing was changed")

    def _off_for(self, off_s: float) -> None:
        self._world.cuts += 1
        self._till.terminal.take_away(off_s)

    def _when_idle(self, then: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Wait for the end of an open sale; a terminal that does not answer is not waited for."""
        end_s = self._world.now_s + PATIENCE_S

        def look() -> None:
            terminal = self._till.terminal
            if terminal.is_on and terminal.sale is None:
                then()
            elif not terminal.is_on or self._world.now_s > end_s:
                otherwise()
            else:
                self._world.at(PAUSE_S, look)

        look()

    def _later(self, delay_s: tuple[float, float], action: Callable[[], None]) -> None:
        self._world.at(self._chance.uniform(*delay_s), action)

    def _tell(self, what: str) -> None:
        self._world.tell("upgrader", what)
