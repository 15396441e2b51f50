"""One seed, one world: a few sales with everything going wrong, then peace, then the reckoning."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.counter.rules import CounterRules
from terminal.register.protocol import RegisterProtocol, refund_terms_for, terms_for
from terminal.sale.customer import CustomerKind, IdentifierRules
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Terms
from terminal.simulation import checks
from terminal.simulation.checks_of_ids import SETTLED, Violation
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.lying_card import WORLDS_WITH_ONE as LYING
from terminal.simulation.lying_card import LyingCard
from terminal.simulation.network import TROUBLES
from terminal.simulation.operator import WORLDS_WITH_ONE as RESTORED
from terminal.simulation.operator import Operator
from terminal.simulation.registers.driver import RegisterDriver
from terminal.simulation.registers.languages import LANGUAGES, choose
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.till import Till
from terminal.simulation.twin import WORLDS_WITH_ONE, Twin, beside
from terminal.simulation.upgrader import WORLDS_WITH_ONE as UPGRADED
from terminal.simulation.upgrader import Upgrader
from terminal.simulation.world import NO_TROUBLE, TROUBLE, Line, Rates, World

MOST_SALES = 4
TROUBLED_S = 400.0
PEACE_S = 1800.0
NIGHT_S = 300.0
"""From the last sale of one day to the first of the next, where a register numbers from 1 again: an id's whole time."""
LONGEST_ID_S = 20 * 3600.0
MOST_WAITING = 2000

Watch = Callable[[World], AbstractContextManager[Any]]
Sabotage = Callable[[SimulatedTerminal, SimulatedDisk], None]


class WorldResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one world."""

    seed: int
    capture_mode: CaptureMode
    protocol: str
    api: str
    """Which of Netgíró's."""
    sales: int
    outcomes: dict[str, int]
    """How the sales ended before staff settled what was left to them."""
    refunds: dict[str, int]
    """How the refunds ended."""
    settled: int
    violations: tuple[str, ...]
    cuts: int
    cut_points: int
    faults: dict[str, int]
    noticed_losses: int
    """Paid sales that the terminal could not see and said so: automatic capture only, by the nature of the API."""
    doubts: int = 0
    """Payments that the register took and the terminal holds to be due for a refund: its word to that was lost."""
    story: tuple[Line, ...] = ()


def simulate(
    seed: int,
    *,
    rates: Rates | None = None,
    capture_mode: CaptureMode | None = None,
    protocol: str | None = None,
    api: str | None = None,
    cut_at: int | None = None,
    has_twin: bool | None = None,
    restores: bool | None = None,
    card_lies: bool | None = None,
    upgrades: bool | None = None,
    troubles: Sequence[str] = TROUBLES,
    sabotage: Sabotage | None = None,
    tell: bool = False,
    watch: Watch = nullcontext,
) -> WorldResult:
    """Run one world to its end. Never raises; what went wrong stands in ``violations``. ``watch`` may look on."""
    rng = random.Random(f"plan {seed}")
    world = World(seed, rates if rates is not None else _swarm(rng, seed), cut_at=cut_at, tell=tell)
    mode = capture_mode or rng.choices(list(CaptureMode), weights=(6, 2, 2))[0]
    protocol = protocol or choose(rng)
    spoken = LANGUAGES[protocol](lambda: world.now_s, rng.choice((0, 2)), rng)
    api = api or random.Random(f"api {seed}").choice(("v1", "v1", "v2"))
    rules = _rules(rng, mode, api, refunds_itself=random.Random(f"refunds {seed}").random() < 0.7)
    night_s = _night_s(seed, spoken.register)
    rules = _as_the_register_can(_with_nights(rules, night_s), spoken.build_protocol())
    netgiro = SimulatedNetgiro(world, api)
    netgiro.network.troubles = troubles
    till = Till(world, netgiro, rules, spoken, rng.randint(1, MOST_SALES), seed=seed, night_s=night_s)
    tills, upgrader = [till], None
    netgiro.on_callback = till.terminal.receive_callback
    if _drawn(f"has a twin {seed}", WORLDS_WITH_ONE, has_twin):
        twin = Twin(world, till, netgiro, protocol, seed)
        netgiro.on_callback = twin.receive_callback
        tills.append(twin.till)
    elif _drawn(f"restore {seed}", RESTORED, restores) and protocol == "line":
        Operator(world, till, seed).start()
    elif _drawn(f"card lies {seed}", LYING, card_lies):
        LyingCard(world, till.disk, seed, till.forget).start(till.terminal.take_away)
    elif _drawn(f"upgrade {seed}", UPGRADED, upgrades):
        upgrader = Upgrader(world, till, seed)
        upgrader.start()
    if sabotage is not None:
        sabotage(till.terminal, till.disk)

    violations: list[str] = []
    try:
        till.start()
        with watch(world):
            _play(world, tills)
        if world.waiting > MOST_WAITING * len(tills):
            violations.append(f"{world.waiting} things are still waiting to happen")
        for one in tills:
            violations += one.violations(beside(one, tills))
        violations += upgrader.violations() if upgrader is not None else ()
    except Violation as violation:
        violations.append(str(violation))
    except Exception as error:
        violations.append(f"raised {type(error).__name__}: {error}")

    ledger = netgiro.captured()
    refunds = Counter(str(refund.outcome) for one in tills for refund in one.disk.refunds.values())
    outcomes = Counter(name for one in tills for name in _outcomes(one.disk))
    sales = [(one.disk, sale) for one in tills for sale in one.disk.latest.values()]
    return WorldResult(
        seed=seed,
        capture_mode=mode,
        protocol=protocol,
        api=api,
        sales=len(sales),
        outcomes=dict(outcomes),
        refunds=dict(refunds),
        settled=sum(sale.reason in SETTLED for _, sale in sales),
        violations=tuple(violations),
        cuts=world.cuts,
        cut_points=world.cut_points,
        faults=world.faults,
        noticed_losses=sum(checks.is_noticed_loss(sale, disk, ledger.get(sale.reference, [])) for disk, sale in sales),
        doubts=sum(len(one.doubts()) for one in tills),
        story=tuple(world.story),
    )


def _drawn(name: str, chance: float, wanted: bool | None) -> bool:
    return random.Random(name).random() < chance if wanted is None else wanted


def _outcomes(disk: SimulatedDisk) -> Iterator[str]:
    """How each first ended."""
    for sale in disk.latest.values():
        yield disk.outcomes.get(sale.number, [sale.outcome])[0] or sale.state


def _night_s(seed: int, register: RegisterDriver) -> float | None:
    """How long the nights are between its sales, where it numbers from 1 each morning."""
    return NIGHT_S if register.has_names and random.Random(f"nights {seed}").random() < 0.4 else None


def _with_nights(rules: CounterRules, night_s: float | None) -> CounterRules:
    """An id is free in the morning: before that no customer may still be paying."""
    if night_s is None:
        return replace(rules, id_hours=LONGEST_ID_S / 3600)
    customer_s = min(60.0, rules.terms.customer_timeout_s)
    terms = replace(rules.terms, entry_timeout_s=100.0, customer_timeout_s=customer_s, code_timeout_s=60.0)
    return replace(rules, terms=terms, id_hours=night_s / 3600)


CHANCE_OF_ITS_OWN = frozenset({"key_missed"})
"""Troubles that leave the other rates of a seed as they are."""


def _swarm(rng: random.Random, seed: int) -> Rates:
    """Each kind of trouble is off in half of the worlds: faults that always come together hide each other."""

    def drawn(name: str, rate: float) -> float:
        chance = random.Random(f"{name} {seed}") if name in CHANCE_OF_ITS_OWN else rng
        return rate * chance.choice((0, 0, 0.5, 1))

    return Rates(**{name: drawn(name, rate) for name, rate in msgspec.structs.asdict(TROUBLE).items()})


def _as_the_register_can(rules: CounterRules, protocol: RegisterProtocol) -> CounterRules:
    refund = replace(rules.refund, terms=refund_terms_for(rules.refund.terms, protocol))
    return replace(rules, terms=terms_for(rules.terms, protocol), refund=refund)


def _rules(rng: random.Random, mode: CaptureMode, api: str, *, refunds_itself: bool) -> CounterRules:
    phones_only = (CustomerKind.APP_CODE, CustomerKind.KENNITALA) if mode is CaptureMode.SERVER_CALLBACK else ()
    return CounterRules(
        terms=Terms(
            capture_mode=mode,
            capture_mode_by_kind=dict.fromkeys(phones_only, CaptureMode.MANUAL),
            customer_timeout_s=rng.choice((20.0, 60.0, 150.0)),
            capture_patience_s=rng.choice((10.0, 45.0)),
            takes_kennitala=api == "v1",
            finds_by_reference=api == "v1",
            void_undoes_payment=api == "v2",
            refusal_is_proof=api == "v2",
            refunds_itself=refunds_itself,
        ),
        identifiers=IdentifierRules(impossible_birth_dates=True, takes_kennitala=api == "v1"),
        min_amount_kr=1,
        max_amount_kr=500_000,
    )


def _schedule_disasters(world: World, terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
    for _ in range(3):
        at_s = world.rng.uniform(0, TROUBLED_S)
        if world.happens(world.rates.clock_jump * 5, "clock jump"):
            world.at(at_s, terminal.clock.jump)
        if world.happens(world.rates.disk_full * 5, "disk full"):
            world.at(at_s, lambda: _set_full(disk, full=True))
            world.at(at_s + world.rng.uniform(1, 60), lambda: _set_full(disk, full=False))


def _set_full(disk: SimulatedDisk, *, full: bool) -> None:
    disk.is_full = full


def _play(world: World, tills: Sequence[Till]) -> None:
    _schedule_disasters(world, tills[0].terminal, tills[0].disk)
    world.run_until(TROUBLED_S)
    world.rates = NO_TROUBLE
    for till in tills:
        till.make_peace()
    world.run_until(TROUBLED_S + PEACE_S)
