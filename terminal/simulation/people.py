"""Who and what stands around the terminal: the cashier and the paper. The register has a file of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from hardware.interfaces import TextLine
from terminal.paper.queue import PrintJob
from terminal.sale.sale import Outcome, Sale, State
from terminal.simulation.world import World
from terminal.texts.sentences import words_in

PAYS = "8223281"
PHONES = (PAYS,) * 10 + ("8223282", "8223283", "8223284", "8223285", "6999999")
KENNITALAS = ("1111111119",) * 8 + ("2222222229", "4444444449")
CODE_LIKE_A_KENNITALA = "1111111119"
"""V2's access code of a customer with credit; with V1 it is the kennitala of the same one."""
APP_CODES = ("1234", "5000041234") * 3 + ("9876",)
PAID_ON_PAPER = words_in("is").outcomes[Outcome.APPROVED].upper()
MISTYPED = ("12", "8223", "5555555", "0000000000", "123456789012")


class Counterpart(Protocol):
    """The terminal, as the people and things around it reach it."""

    is_on: bool

    @property
    def sale(self) -> Sale | None: ...

    @property
    def has_offer(self) -> bool: ...

    @property
    def next_sale_number(self) -> int: ...

    @property
    def wants_it_typed_anew(self) -> bool: ...

    @property
    def asks_whether_it_is_a_code(self) -> bool: ...

    def press(self, key: str) -> None: ...

    def miss_key(self) -> None: ...

    def receive_from_register(self, data: bytes) -> None: ...

    def line_changed(self) -> None: ...


class Cashier:
    """Looks at the terminal now and then, and types what is asked for; or something else."""

    def __init__(self, world: World, terminal: Counterpart, code_for: Callable[[str], str]) -> None:
        self._world = world
        self._terminal = terminal
        self._code_for = code_for
        self.typed: set[str] = set()
        """Everything personal that went through the keypad."""
        self.typed_for: dict[str, str] = {}
        """Every digit that was pressed while the sale of this reference was open."""
        self.numbers_for: dict[str, list[str]] = {}
        """The same, number by number."""
        self._chance_of_misses = random.Random(f"keys {world.seed}")
        self._chance_of_insisting = random.Random(f"insists {world.seed}")
        self._last_typed = ""
        self.scanned_for: dict[str, set[str]] = {}
        """App codes that the scanner read whole meanwhile."""

    def start(self, is_done: Callable[[], bool]) -> None:
        def look() -> None:
            if self._terminal.is_on:
                self._look()
            if not is_done():
                self._world.at(self._world.rng.uniform(1, 5), look)

        self._world.at(1.0, look)

    def _look(self) -> None:
        sale = self._terminal.sale
        if sale is None:
            if self._terminal.has_offer:
                self._press("#")
            return
        if self._world.happens(self._world.rates.cashier_mood / 4, "cashier mood"):
            self._press(self._world.rng.choice(("*", "**", "#", "A", "1234567890*#ABCD", "******", "D")))
        elif self._terminal.wants_it_typed_anew:
            self._press("*")
        elif self._terminal.asks_whether_it_is_a_code and self._insists():
            self._press("#")
        elif sale.state is State.ENTRY:
            self._identify()
        elif sale.state is State.CODE_ENTRY:
            self._enter_code(sale)

    def _identify(self) -> None:
        rng = self._world.rng
        if self._world.happens(self._world.rates.cashier_mood / 2, "typing error"):
            self._press(rng.choice(MISTYPED) + "#")
            return
        key, choices = rng.choice((("A", APP_CODES), ("B", KENNITALAS), ("C", PHONES)))
        digits = rng.choice(choices)
        self.typed.add(digits)
        self._last_typed = digits
        self._press((key if rng.random() < 0.3 else "") + digits + "#")

    def _insists(self) -> bool:
        """The customer says that it is the app's code; a kennitala they type anew, as something else."""
        return self._last_typed == CODE_LIKE_A_KENNITALA or self._chance_of_insisting.random() < 0.1

    def _enter_code(self, sale: Sale) -> None:
        code = self._code_for(sale.reference)
        if not code or self._world.happens(self._world.rates.cashier_mood, "wrong SMS code"):
            code = "0001"
        self.typed.add(code)
        self._press(code + "#")

    def _press(self, keys: str) -> None:
        self._world.tell("cashier", f"presses {len(keys)} keys")
        if (sale := self._terminal.sale) is not None:
            digits = "".join(key for key in keys if key.isdigit())
            self.typed_for[sale.reference] = self.typed_for.get(sale.reference, "") + digits
            self.numbers_for.setdefault(sale.reference, []).append(digits)
        for key in keys:
            if self._chance_of_misses.random() < self._world.rates.key_missed:
                self._world.count("key missed")
                self._terminal.miss_key()
            else:
                self._terminal.press(key)


class Fate(Enum):
    """What became of a document that was handed to the printer."""

    NOTHING = auto()
    TORN = auto()
    """The roll ended in the middle of it."""
    UNCONFIRMED = auto()
    """It is on paper, and the printer fell silent before it could say so."""
    SWALLOWED = auto()
    """The printer took it, fell silent, and nothing came out."""
    WHOLE = auto()


class Paper:
    """The printer: paper comes out, or it does not, and a power cut does not take it back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sheets: list[tuple[str, int]] = []
        """Receipt id and number of the copy, as they came out, the torn ones too."""
        self.torn: set[tuple[str, int]] = set()
        self.asked: set[tuple[str, int]] = set()
        """Those that staff wanted printed again, as they were in doubt."""
        self.on_doubt: Callable[[], None] = lambda: None
        """The terminal begins to ask about a receipt."""
        self.says_paid: set[int] = set()
        """Numbers of the sales of which some sheet says so."""
        self._out_until_s = self._in_mood_until_s = 0.0
        self._in_mood = Fate.WHOLE
        self._fates: dict[tuple[str, int], Fate] = {}

    def feed(self, job: PrintJob, world: World) -> None:
        """The terminal hands over a document."""
        fate = Fate.WHOLE
        if world.now_s < self._out_until_s:
            fate = Fate.NOTHING
        elif world.happens(world.rates.printer_trouble, "printer fails"):
            self._out_until_s = world.now_s + world.rng.uniform(5, 120)
            fate = world.rng.choice((Fate.NOTHING, Fate.TORN, Fate.UNCONFIRMED))
        elif (in_this_mood := self._mood(world)) is not None:
            fate = in_this_mood
        key = _key(job)
        self._fates[key] = fate
        if fate not in (Fate.NOTHING, Fate.SWALLOWED):
            self.sheets.append(key)
            if any(isinstance(item, TextLine) and item.text == PAID_ON_PAPER for item in job.document):
                self.says_paid.add(job.receipt.sale_number)
        if fate is Fate.TORN:
            self.torn.add(key)

    def _mood(self, world: World) -> Fate | None:
        """It lasts for a while: it hangs up at the knife each time, swallows what it is sent, is switched off."""
        chance = world.rng_aside
        if world.now_s >= self._in_mood_until_s and chance.random() < world.rates.printer_trouble / 4:
            self._in_mood_until_s = world.now_s + chance.uniform(20, 400)
            self._in_mood = chance.choice((Fate.UNCONFIRMED, Fate.SWALLOWED, Fate.NOTHING))
            world.count(f"printer in a mood: {self._in_mood.name.lower()}")
        is_in_mood = world.rates.printer_trouble > 0 and world.now_s < self._in_mood_until_s
        return self._in_mood if is_in_mood else None

    def is_whole(self, receipt_id: str) -> bool:
        """Some sheet of it is."""
        return any(sheet[0] == receipt_id and sheet not in self.torn for sheet in self.sheets)

    def came_out(self, job: PrintJob) -> bool:
        """As the printer says itself."""
        return self._fates[_key(job)] is Fate.WHOLE

    def may_have_come_out(self, job: PrintJob) -> bool:
        """Some of it left, and the printer does not say that it is on paper."""
        return self._fates[_key(job)] in (Fate.TORN, Fate.UNCONFIRMED, Fate.SWALLOWED)


def _key(job: PrintJob) -> tuple[str, int]:
    return job.receipt.receipt_id, job.receipt.copy
