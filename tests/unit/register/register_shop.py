"""A shop with a register of any language: the real codec and bookkeeper, a journal in memory, virtual time.

    shop = Shop("zvt")
    shop.ring_up(1990)          the register asks to be paid
    shop.identify()             the customer types a phone number
    shop.accept()               and accepts on the phone
    shop.sale.outcome           what the journal says
    shop.register.told          what the register has taken

Nothing happens by itself but time, and only when the test lets it pass.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

from terminal.counter.rules import CounterRules
from terminal.netgiro.carrier import Request
from terminal.register.protocol import terms_for
from terminal.sale import effects as fx
from terminal.sale.customer import IdentifierRules
from terminal.sale.gateway import CallLost, CaptureMode
from terminal.sale.money import AmountDecimals
from terminal.sale.sale import Outcome, Sale, Terms
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.network import Resume
from terminal.simulation.people import Paper
from terminal.simulation.registers.languages import LANGUAGES, zvt_network
from terminal.simulation.registers.zvt_network import Habits
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.terminal import SimulatedTerminal
from terminal.simulation.world import NO_TROUBLE, World

PATIENT_PHONE = "8223281"
WITHOUT_CREDIT = "2222222229"
ANSWER_S = 3.0
"""For calls, polls and conversations of which none is late."""
MIN_AMOUNT_KR, MAX_AMOUNT_KR = 200, 50_000


class PatientNetgiro(SimulatedNetgiro):
    """Customers answer when they are told to; calls named in ``lost`` are carried out, and their answer is lost."""

    def __init__(self, world: World, terminal: SimulatedTerminal) -> None:
        super().__init__(world)
        self.on_callback = terminal.receive_callback
        self.lost: set[str] = set()
        self.deciding: list[str] = []

    def _expect_customer(self, name: str) -> None:
        self.deciding.append(name)

    def carry(self, request: Request, resume: Resume) -> None:
        if request.url.rsplit("/", 1)[-1] in self.lost:
            self.serve(request)
            self._world.at(0.1, lambda: resume(CallLost("no answer")))
        else:
            super().carry(request, resume)


class Shop:
    """One register, one terminal, one line between them."""

    def __init__(
        self,
        language: str,
        *,
        register_decimals: AmountDecimals = 0,
        terminal_decimals: AmountDecimals = 0,
        capture_mode: CaptureMode = CaptureMode.MANUAL,
        habits: Habits | None = None,
    ) -> None:
        """``habits``: of a ZVT program on the network."""
        self.language = language
        self.world = World(1, NO_TROUBLE)
        languages, rng = LANGUAGES[language], random.Random(1)
        if language == "zvt-tcp":
            languages = partial(zvt_network, habits=habits or Habits())
        self.register = languages(self._now, register_decimals, rng).register
        self.build_protocol = languages(self._now, terminal_decimals, rng).build_protocol
        rules = CounterRules(
            terms=terms_for(Terms(capture_mode=capture_mode), self.build_protocol()),
            identifiers=IdentifierRules(impossible_birth_dates=True),
            min_amount_kr=MIN_AMOUNT_KR,
            max_amount_kr=MAX_AMOUNT_KR,
        )
        self.disk, self.cable = SimulatedDisk(self.world), SimpleNamespace(is_plugged=True)
        self.terminal = SimulatedTerminal(self.world, self.disk, rules, Paper(self.world), self.build_protocol)
        self.netgiro = PatientNetgiro(self.world, self.terminal)
        self.on_call: Callable[[fx.Call], None] = lambda _call: None
        on_call = lambda call: self.on_call(call)  # noqa: E731, PLW0108  set later
        self.terminal.connect(self.netgiro, self, on_call, lambda _refund: None)
        self._turn = 0
        self.terminal.switch_on()

    def _now(self) -> float:
        return self.world.now_s

    # --- the line -----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """What the terminal says."""
        self.register.hear(data)
        self.flush()

    def terminal_went_dark(self) -> None:
        self.register.line_was_cut()

    def flush(self) -> None:
        """Carry what the register has to say, and wake it when it wants."""
        if self.register.hangs_up:
            self._connect_anew()
        data, due_s = self.register.take_wire(), self.register.next_wakeup_s
        if data:
            self.world.at(0.01, lambda: self.terminal.receive_from_register(data))
        turn = self._turn = self._turn + 1
        if due_s is not None:
            self.world.at(max(0.01, due_s - self._now()), lambda: self._wake_register(turn))

    def _connect_anew(self) -> None:
        self.register.hangs_up = False
        for is_plugged in (False, True):
            self.cable.is_plugged = is_plugged
            self.terminal.line_changed()

    def _wake_register(self, turn: int) -> None:
        if turn == self._turn:
            self.register.wake()
            self.flush()

    # --- what people do -----------------------------------------------------------------------------------------------

    def wait(self, seconds: float = ANSWER_S) -> None:
        self.world.run_until(self._now() + seconds)

    def do(self, action: Callable[[], None]) -> None:
        """Let the register do something, and the terminal hear of it."""
        action()
        self.flush()
        self.wait()

    def request(self, amount_kr: int) -> None:
        """The register asks, by whatever means it has."""
        self.do(lambda: self.register.pay(amount_kr, f"R{self.register.attempts + 1}"))

    def ring_up(self, amount_kr: int = 1990) -> None:
        """And the cashier takes the total, where the register cannot ask."""
        self.request(amount_kr)
        if not self.register.hears:
            self.press("#")

    def press(self, keys: str) -> None:
        for key in keys:
            self.terminal.press(key)
        self.wait()

    def identify(self, customer: str = PATIENT_PHONE) -> None:
        self.press(customer + "#")

    def never_learns_of_the_capture(self) -> None:
        """The customer accepts, and whether they paid is not to be found out, as long as ``netgiro.lost`` holds."""
        self.netgiro.lost |= {"ConfirmCart", "CheckCart", "CancelCart"}
        self.netgiro.book.accept(self.netgiro.deciding.pop())
        self.netgiro.lost.discard("CheckCart")
        self.wait()
        self.netgiro.lost.add("CheckCart")
        self.wait(60)
        assert self.sale.outcome is Outcome.UNKNOWN

    def accept(self) -> None:
        self.netgiro.book.accept(self.netgiro.deciding.pop())
        self.wait()

    def restart(self, dark_s: float = 10.0) -> None:
        """The power goes and comes back."""
        self.terminal.switch_off()
        self.wait(dark_s)
        self.terminal.switch_on()
        self.wait()

    # --- what became of it --------------------------------------------------------------------------------------------

    @property
    def sales(self) -> list[Sale]:
        return list(self.disk.latest.values())

    @property
    def sale(self) -> Sale:
        """The newest."""
        return self.sales[-1]

    @property
    def told(self) -> list[tuple[bool, int]]:
        """What the register has taken: paid or not, and how much."""
        return [(told.paid, told.amount_kr) for told in self.register.told]

    @property
    def returned(self) -> list[int]:
        """Every refund that Netgíró has made, in kronur."""
        return [refund.amount_kr for refund in self.netgiro.book.refunds]

    @property
    def captured(self) -> list[int]:
        """Every payment that Netgíró has made, in kronur."""
        return [amount for amounts in self.netgiro.captured().values() for amount in amounts]
