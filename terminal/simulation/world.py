"""Virtual time, one random source, and power cuts: what a simulated world is made of."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import msgspec

EPOCH_S = 1_763_900_000.0
"""The wall clock at the start of every world; only differences matter."""


class PowerCut(BaseException):
    """The terminal loses power at this very point. Not an Exception: nothing in the terminal may catch it."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How often each kind of trouble happens, as probabilities. All zero is a perfect world."""

    power_cut: float = 0.0
    """At each point where the terminal touches the outside: before and after every commit, call and reply."""
    clock_jump: float = 0.0
    disk_full: float = 0.0
    call_trouble: float = 0.0
    late_answer: float = 0.0
    line_trouble: float = 0.0
    register_mood: float = 0.0
    cashier_mood: float = 0.0
    customer_mood: float = 0.0
    printer_trouble: float = 0.0
    key_missed: float = 0.0
    """Each key that is pressed."""


NO_TROUBLE = Rates()
TROUBLE = Rates(
    power_cut=0.06,
    clock_jump=0.1,
    disk_full=0.02,
    call_trouble=0.25,
    late_answer=0.3,
    line_trouble=0.08,
    register_mood=0.25,
    cashier_mood=0.25,
    customer_mood=0.4,
    printer_trouble=0.2,
    key_missed=0.02,
)


class Line(msgspec.Struct, frozen=True):
    """One line of a world's story."""

    at_s: float
    who: str
    what: str


class World:
    """Time, chance and the story of one run. The same seed gives the same world."""

    def __init__(self, seed: int, rates: Rates, *, cut_at: int | None = None, tell: bool = False) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.rng_aside = random.Random(f"aside {seed}")
        """For what decides nothing about a sale, and is not to change what happens to one."""
        self.rates = rates
        self.now_s = 0.0
        self.story: list[Line] = []
        self.cut_points = 0
        """Points passed at which the power could have been cut."""
        self.cuts = 0
        self.faults: dict[str, int] = {}
        self._newest_trouble = ""
        self._cut_at = cut_at
        self.tells = tell
        """Somebody listens to the story; telling it costs time."""
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    # --- time ---------------------------------------------------------------------------------------------------------

    def at(self, delay_s: float, action: Callable[[], object]) -> None:
        """Do something later."""
        self._count += 1
        heapq.heappush(self._queue, (self.now_s + delay_s, self._count, action))

    def run_until(self, end_s: float) -> None:
        """Let everything happen that is due until then."""
        queue, pop = self._queue, heapq.heappop
        while queue and queue[0][0] <= end_s:
            self.now_s, _, action = pop(queue)
            action()
        self.now_s = max(self.now_s, end_s)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def wall_clock(self) -> float:
        """The true time: what Netgíró's clock shows. The terminal's own may be off."""
        return EPOCH_S + self.now_s

    # --- chance -------------------------------------------------------------------------------------------------------

    def happens(self, rate: float, name: str) -> bool:
        """Whether trouble of this kind strikes now; counted under its name."""
        if rate <= 0 or self.rng.random() >= rate:
            return False
        self.count(name)
        return True

    def count(self, name: str) -> None:
        self.faults[name] = self.faults.get(name, 0) + 1
        self._newest_trouble = name

    def take_newest_trouble(self) -> str:
        """What was counted last, told once."""
        name, self._newest_trouble = self._newest_trouble, ""
        return name

    def cut_point(self, where: str) -> None:
        """The power may be cut here. Raises PowerCut."""
        self.cut_points += 1
        rate = self.rates.power_cut
        if self._cut_at == self.cut_points or (rate and self.rng.random() < rate):
            self.cuts += 1
            self.count(f"power cut {where}")
            self.tell("power", f"cut {where}")
            raise PowerCut

    # --- the story ----------------------------------------------------------------------------------------------------

    def tell(self, who: str, what: str) -> None:
        if self.tells:
            self.story.append(Line(self.now_s, who, what))
