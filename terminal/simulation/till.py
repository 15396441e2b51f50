"""One counter of a simulated shop: a terminal with its disk, its register, and the people at both."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta

from terminal.counter.rules import CounterRules
from terminal.sale import effects as fx
from terminal.simulation import checks, checks_of_refunds
from terminal.simulation.day_endings import DayEndings
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.people import Cashier, Paper
from terminal.simulation.register import Ring, SimulatedRegister
from terminal.simulation.registers.driver import Told
from terminal.simulation.registers.languages import Spoken
from terminal.simulation.scanner import SimulatedScanner
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.staff import Staff
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.wall_time import zone_of
from terminal.simulation.world import EPOCH_S, World


class Till:
    """Everything on and around one counter."""

    def __init__(
        self,
        world: World,
        netgiro: SimulatedNetgiro,
        rules: CounterRules,
        spoken: Spoken,
        sales: int,
        *,
        seed: int,
        night_s: float | None = None,
    ) -> None:
        self._world = world
        self._netgiro = netgiro
        self._driver = spoken.register
        self.disk = disk = SimulatedDisk(world)
        self.paper = paper = Paper(world)
        self.terminal = terminal = SimulatedTerminal(world, disk, rules, paper, spoken.build_protocol)
        terminal.close_at, terminal.zone = _close_at(seed), zone_of(seed)
        self.register = register = SimulatedRegister(
            world, terminal, spoken.register, sales, self._on_told, night_s=night_s
        )
        spoken.register.on_refund_told = lambda told: checks_of_refunds.when_told(netgiro, disk, told)
        spoken.register.on_totals = lambda sum_kr: checks.totals_told(disk, register, sum_kr, world.now_s)
        self.cashier = Cashier(world, terminal, self._sms_code)
        self.staff = Staff(terminal, netgiro, register, paper, seed)
        self._scanner = SimulatedScanner(world, terminal, self.cashier, seed)
        self._day_endings = DayEndings(world, terminal, register, seed)
        terminal.connect(netgiro, register, self._on_call, lambda effect: checks_of_refunds.before_refund(disk, effect))

    def start(self) -> None:
        self.terminal.switch_on()
        self.register.start()
        self.cashier.start(lambda: self.register.is_done and self.terminal.sale is None)
        self.staff.start()
        self._scanner.start()
        self._day_endings.start()

    def make_peace(self) -> None:
        self.disk.is_full = False
        self.register.cable.plug_in()

    def forget(self, numbers: set[int]) -> None:
        """Nothing of these sales is on the disk any more: their numbers come again."""
        self.terminal.told_to_stop -= numbers
        self.disk.misread_as_paid -= numbers

    def captured(self) -> Collection[str]:
        """References of what is paid, as Netgíró's portal shows it."""
        return self._netgiro.captured()

    def violations(self, beside: Collection[SimulatedDisk] = ()) -> Iterator[str]:
        """What is wrong in the end. ``beside``: what other terminals of the same account have sold."""
        yield from checks.at_the_end(
            self.terminal, self.disk, self._netgiro, self.register, self.paper, self.cashier, beside
        )
        if not self._may_lose_words:  # doubts and refunds that nothing explains
            yield from (f"{doubt}, though nothing was lost on the way" for doubt in self.doubts())
            yield from checks.needless_refunds(self.disk, self.register)

    def doubts(self) -> list[str]:
        return list(checks.doubts(self.disk, self.register))

    @property
    def _may_lose_words(self) -> bool:
        """The register's word that it has taken a result can have been lost."""
        return self._world.cuts > 0 or "line trouble" in self._world.faults

    def _on_told(self, ring: Ring, told: Told) -> None:
        checks.when_told(self._netgiro, self.disk, self.register, ring, told, id_s=self.terminal.id_s)

    def _on_call(self, effect: fx.Call) -> None:
        checks.before_call(self.disk, self.terminal, effect)
        checks.asks_whom_was_typed(self.cashier, effect)
        checks.names_its_own(self.disk, self._netgiro, effect)
        self.staff.call_leaves(effect)

    def _sms_code(self, reference: str) -> str:
        cart = self._netgiro.cart_for(reference)
        return cart.sms_code if cart is not None else ""


def _close_at(seed: int) -> time | None:
    """When the day ends by itself in some worlds: in the middle of the trouble, or in the peace after it."""
    rng = random.Random(f"close at {seed}")
    minutes = rng.choice((2, 3, 5, 15))
    begin = datetime.fromtimestamp(EPOCH_S, UTC)
    return (begin + timedelta(minutes=minutes)).time().replace(second=0) if rng.random() < 0.5 else None
