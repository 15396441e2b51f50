"""The cash register of a simulated world: what it rings up, and its moods. cable.py carries what it says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import msgspec

from terminal.simulation.cable import Cable
from terminal.simulation.people import Counterpart
from terminal.simulation.registers.driver import Manner, RegisterDriver, Told
from terminal.simulation.world import World

SAME_AMOUNT = 0.25
"""In so many worlds each customer pays as much as the one before."""
MOST_TRIES = 3
"""Of one receipt."""


class Ring(msgspec.Struct):
    """A sale as the register sees it; perhaps several sales of the terminal, if it had to ask again."""

    name: str
    amount_kr: int
    is_first_of_day: bool = False
    rung_up_s: float | None = None
    tries: int = 1
    told_before: int = 0
    """Words about the tries before this one."""
    first_sale_number: int = 0
    """The next number of the terminal when this was rung up: sales from here to the next ring's are this ring's."""
    told: list[Told] = msgspec.field(default_factory=list)
    """Every word about how it ended."""
    is_left_alone: bool = False
    """The register has given it up."""
    is_refused: bool = False
    """The register did not take a result that it heard."""
    has_given_up_a_try: bool = False
    """The register has asked for it anew, and takes no result of what it asked for before."""

    @property
    def is_over(self) -> bool:
        return len(self.told) > self.told_before or self.is_left_alone

    @property
    def is_paid(self) -> bool:
        """As far as the register knows: its last word."""
        return bool(self.told) and self.told[-1].paid

    def was_rung_up(self, name: str, before_s: float) -> bool:
        """Under this name, and by then."""
        return self.name == name and self.rung_up_s is not None and self.rung_up_s <= before_s


class SimulatedRegister:
    """An honest but moody register of any language: repeats itself, changes its mind, gives up."""

    def __init__(
        self,
        world: World,
        terminal: Counterpart,
        driver: RegisterDriver,
        sales: int,
        on_told: Callable[[Ring, Told], None],
        *,
        night_s: float | None = None,
    ) -> None:
        """``night_s``: there are nights between its sales, so long that its ids are free again."""
        self._world = world
        self._terminal = terminal
        self.driver = driver
        self.cable = Cable(world, terminal, driver)
        self._on_told = on_told
        amounts = (1990, 12_500, 100, 500_000, 250, 3990, 99)
        self._night_s = night_s
        asked_kr = [world.rng.choice(amounts) for _ in range(sales)]
        if world.rng_aside.random() < SAME_AMOUNT:
            asked_kr = [asked_kr[0]] * sales
        self.rings = list(_days(asked_kr, world.rng_aside, has_nights=night_s is not None))
        self._next = 0
        self._current = self.rings[0]
        """The latest that was rung up."""
        driver.on_told = self._hear
        driver.manner = self._manner

    def start(self) -> None:
        self._world.at(self._world.rng.uniform(0.1, 3), self._ring_up)

    @property
    def is_done(self) -> bool:
        return self._next >= len(self.rings)

    def like(self, ring: Ring) -> list[Ring]:
        """The rings that the terminal cannot tell from this one."""
        if self.driver.tells_apart:
            return [ring]
        return [other for other in self.rings if other.amount_kr == ring.amount_kr]

    def numbers_of(self, ring: Ring) -> range:
        """Of the terminal's sales that this ring can have begun."""
        following = self.rings.index(ring) + 1
        end = self.rings[following].first_sale_number if following < len(self.rings) else 0
        return range(ring.first_sale_number, end or 1 << 30) if ring.first_sale_number else range(0)

    # --- what it sends ------------------------------------------------------------------------------------------------

    def _ring_up(self) -> None:
        if self.is_done:
            return
        if not self.driver.is_free:
            self._world.at(self._world.rng.uniform(1, 5), self._ring_up)
            return
        ring = self._current = self.rings[self._next]
        ring.first_sale_number, ring.rung_up_s = self._terminal.next_sale_number, self._world.now_s
        if ring.is_first_of_day:
            self.driver.begin_day()
        self._world.tell("register", f"rings up {ring.name}, {ring.amount_kr} kr.")
        self.driver.pay(ring.amount_kr, ring.name)
        self.cable.flush()
        self._world.at(self._world.rng.uniform(3, 12), self._look_again(self._next))

    def _look_again(self, number: int) -> Callable[[], None]:
        """While there is no result: ask again, one way or another."""

        def look() -> None:
            if number != self._next or self.is_done:
                return
            if self._world.happens(self._world.rates.register_mood, "register mood"):
                self._be_moody()
            elif not self.driver.hears:
                self._maybe_close_by_hand()
            else:
                self._nudge()
            self.cable.flush()
            if number == self._next and not self.is_done:
                self._world.at(self._world.rng.uniform(3, 12), look)

        return look

    def _nudge(self) -> None:
        tries, waited_s = self.driver.attempts, self._world.now_s - self.driver.asked_s
        self.driver.nudge(self._world.rng)
        has_forgotten = self.driver.names_each_try or waited_s >= self.driver.forgets_after_s
        if self.driver.attempts > tries and has_forgotten:
            self._current.has_given_up_a_try = True

    def _be_moody(self) -> None:
        driver = self.driver
        moods = {**driver.moods, "gives up": self._give_up}
        if driver.can_cancel:
            moods["cancels"] = driver.cancel
        mood = self._world.rng.choice(list(moods))
        self._world.tell("register", mood)
        moods[mood]()

    def _give_up(self) -> None:
        self._current.is_left_alone = True
        if self.driver.acknowledges:
            self.driver.give_up()
        self._advance(self.driver.pause_after_giving_up_s)

    def close_by_hand(self, name: str, rung_up_before_s: float) -> None:
        """Somebody has looked up that this receipt is paid, which is not another day's of the same name, nor done."""
        ring = None if self.is_done else self.rings[self._next]
        if ring is not None and ring.was_rung_up(name, rung_up_before_s) and not ring.is_over:
            ring.is_left_alone = True
            self._advance()

    def _maybe_close_by_hand(self) -> None:
        """Nobody tells this register: the cashier looks at the terminal and closes the sale."""
        if self._terminal.sale is None and self._world.rng.random() < 0.3:
            self._current.is_left_alone = True
            self.driver.end()
            self._advance()

    def _manner(self) -> Manner:
        if self._world.happens(self._world.rates.register_mood / 2, "result not taken at once"):
            manner: Manner = self._world.rng.choice(("waits", "refuses", "ignores"))
            self._world.tell("register", f"{manner} the result")
            self._current.is_refused = True
            return manner
        return "takes"

    # --- what it hears ------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        self.cable.to_register(data)

    def terminal_went_dark(self) -> None:
        self.driver.line_was_cut()

    def _hear(self, told: Told) -> None:
        self._world.tell("register", f"takes {told.words}")
        if told.register_id is None:
            self._take(self._current, told)
            return
        rung_up = [ring for ring in self.rings if ring.rung_up_s is not None and ring.name == told.register_id]
        ring = rung_up[-1] if rung_up else None
        if ring is not None:
            self._take(ring, told)

    def _take(self, ring: Ring, told: Told) -> None:
        ring.told.append(told)
        self._on_told(ring, told)
        if not self.is_done and self.rings[self._next].is_over and not self._tries_again(ring, told):
            self._advance()

    def _tries_again(self, ring: Ring, told: Told) -> bool:
        """After a "no" the cashier may try the same receipt again: at once, or once the customer has found money."""
        chance = self._world.rng_aside
        is_current = ring is self.rings[self._next] and self.driver.has_names and not told.paid
        if not is_current or ring.is_left_alone or ring.tries >= MOST_TRIES or chance.random() < 0.6:
            return False
        ring.tries += 1
        ring.told_before = len(ring.told)

        def pay() -> None:
            if not self.is_done and ring is self.rings[self._next] and not ring.is_over:
                self._world.tell("register", f"tries {ring.name} again")
                self.driver.pay(ring.amount_kr, ring.name)
                self.cable.flush()

        self._world.at(chance.choice((1.0, 5.0, 11.0, 20.0)), pay)
        return True

    def _advance(self, pause_s: float = 0.0) -> None:
        self._maybe_refund(self.rings[self._next])
        self._next += 1
        if not self.is_done and self.rings[self._next].is_first_of_day:
            pause_s += self._night_s or 0.0
        self._world.at(pause_s + self._world.rng.uniform(1, 20), self._ring_up)

    def _maybe_refund(self, ring: Ring) -> None:
        """The customer brings something back before the next one has come."""
        chance = self._world.rng_aside
        if not ring.is_paid or chance.random() < 0.7:
            return
        amount_kr = chance.choice((None, 1, ring.amount_kr // 2, ring.amount_kr, ring.amount_kr + 1))

        def refund() -> None:
            self._world.tell("register", f"gives back {amount_kr or 'all'} of {ring.name}")
            self.driver.refund(ring.name, amount_kr)
            self.cable.flush()

        self._world.at(chance.uniform(0.5, 30), refund)


def _days(amounts_kr: Iterable[int], chance: random.Random, *, has_nights: bool) -> Iterator[Ring]:
    """Numbered from 1 each morning."""
    number = 0
    for amount_kr in amounts_kr:
        is_morning = number > 0 and has_nights and chance.random() < 0.5
        number = 1 if is_morning else number + 1
        yield Ring(f"R{number}", amount_kr, is_first_of_day=is_morning)
