"""A card that reports commits as durable which it still holds in its memory: a power cut takes the last ones away.

The journal is kept twice, and the card may lose other commits of the database than of the mirror. What either of them
still has is there after the next start. What both have lost nobody can know: no file shows that it was ever there.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from terminal.journal.rows import Positions
from terminal.sale.record import QueuedReceipt
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.disk_copies import ITS_OWN, positions_of
from terminal.simulation.world import World

WORLDS_WITH_ONE = 0.05
MOST_LOST = 3
LIES = 0.7
"""At a power cut."""
IS_TORN = 0.2
"""Some sectors of a page are new and some old, so that nothing of the database can be read."""
CUT_S = (2.0, 200.0)
OFF_S = (5.0, 60.0)


class Where(Enum):
    """Which of the two files lack their last commits."""

    DATABASE = "the database"
    MIRROR = "the mirror"
    BOTH = "both files"


class Copy(NamedTuple):
    """What one of the files holds."""

    positions: Positions
    contents: Mapping[str, Any]


def fuller(database: Copy, mirror: Copy) -> Copy:
    """What is there after a start: pair.py brings back what only the mirror has, and gives it what it lacks."""
    return database if database.positions.reaches_all(mirror.positions) else mirror


class LyingCard:
    """Under one simulated disk. ``forget`` hears the numbers of sales that are gone altogether."""

    def __init__(self, world: World, disk: SimulatedDisk, seed: int, forget: Callable[[set[int]], None]) -> None:
        self._world = world
        self._disk = disk
        self._forget = forget
        self._chance = random.Random(f"lying card {seed}")
        self._before: deque[Copy] = deque(maxlen=MOST_LOST)
        """What was on it before each of the last commits."""

    def start(self, take_away: Callable[[float], None]) -> None:
        """One power cut comes for sure. ``take_away``: the power, for so long."""
        at_s, off_s = self._chance.uniform(*CUT_S), self._chance.uniform(*OFF_S)

        def cut() -> None:
            self._world.cuts += 1
            take_away(off_s)

        self._disk.before_commit = lambda: self._before.append(self._copy())
        self._disk.when_dark = self._power_lost
        self._world.at(at_s, cut)

    def _copy(self) -> Copy:
        disk = self._disk
        return Copy(positions_of(disk), {name: _kept(held) for name, held in vars(disk).items() if name not in ITS_OWN})

    def _power_lost(self) -> None:
        copies = [*self._before, self._copy()]
        self._before.clear()
        if len(copies) == 1 or self._chance.random() >= LIES:
            return
        where = self._chance.choice(list(Where))
        most = len(copies) - 1
        database = self._chance.randint(1, most) if where is not Where.MIRROR else 0
        mirror = self._chance.randint(1, most) if where is not Where.DATABASE else 0
        self._world.count(f"card has lost the last commits of {where.value}")
        self._world.tell("card", f"lacks the last {database} commits of the database, {mirror} of the mirror")
        is_torn = self._chance.random() < IS_TORN
        if is_torn:
            self._world.count("database torn, and made anew from its mirror")
        in_mirror = copies[-1 - mirror]
        self._bring_back(in_mirror if is_torn else fuller(copies[-1 - database], in_mirror))
        known_by_nobody = mirror if is_torn else min(database, mirror)
        if known_by_nobody:
            self._note_vanished(copies[-1], copies[-1 - known_by_nobody])

    def _bring_back(self, copy: Copy) -> None:
        vars(self._disk).update({name: _kept(held) for name, held in copy.contents.items()})

    def _note_vanished(self, whole: Copy, left: Copy) -> None:
        """For the checks: what neither file has any more."""
        were: dict[int, Sale] = whole.contents["latest"]
        are: dict[int, Sale] = left.contents["latest"]
        refunds: dict[int, Refund] = whole.contents["refunds"]
        vanished = self._disk.vanished
        vanished.sales += [sale for number, sale in were.items() if are.get(number) != sale]
        vanished.refunds += [one for number, one in refunds.items() if left.contents["refunds"].get(number) != one]
        queued: dict[str, QueuedReceipt] = left.contents["_receipts"]
        notes: dict[str, QueuedReceipt] = whole.contents["_receipts"]
        vanished.receipts |= {name for name, note in notes.items() if queued.get(name) != note}
        vanished.marks += whole.positions.high_water != left.positions.high_water
        self._forget({number for number in were if number not in are})


def _kept(held: Any) -> Any:
    """What is in a container is never changed, but for lists of lists."""
    match held:
        case dict():
            return {name: list(one) if isinstance(one, list) else one for name, one in held.items()}
        case list() | set():
            return held.copy()
    return held
