"""The terminal under test, through all its power cuts. ``boot.py`` is its life between two of them.

Only the shells differ from production (``shells.py``). Power can go at every point where one touches the outside.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, time, tzinfo

from terminal.counter.inputs import (
    CodeScanned,
    EndOfDayRequested,
    Input,
    KeyPressed,
    KeysMissed,
    RefundRequested,
    ReprintRequested,
)
from terminal.counter.register_words import CancelRequest
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.loop.bookkeeper import Bookkeeper
from terminal.register.protocol import RegisterProtocol
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.customer import IdentifierProblem
from terminal.sale.refund import RefundSource
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.simulation.boot import Around, Boot
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.people import Paper
from terminal.simulation.register import SimulatedRegister
from terminal.simulation.service import SimulatedNetgiro
from terminal.simulation.shells import WallClock
from terminal.simulation.world import PowerCut, World

REBOOT_S = (5.0, 60.0)
CANCELLED_BY_KEY = (State.AUTHORIZATION, State.CUSTOMER, State.CODE_CHECK, State.CAPTURE, State.VOID)
"""Where the cancel key means nothing else."""


class SimulatedTerminal:
    """One box on the counter, through all its power cuts."""

    def __init__(
        self,
        world: World,
        disk: SimulatedDisk,
        rules: CounterRules,
        paper: Paper,
        build_protocol: Callable[[], RegisterProtocol],
    ) -> None:
        self.world = world
        self.disk = disk
        self.acts_before_commit = False
        """Sabotage: effects are performed before the journal has the record."""
        self.nonces: list[int] = []
        self.rules = rules
        self.paper = paper
        self.build_protocol = build_protocol
        self.told_to_stop: set[int] = set()
        """Numbers of the sales that somebody has cancelled, whatever the terminal made of it."""
        self.clock = WallClock(world)
        self.is_on = False
        self.close_at: time | None = None
        """When the day ends by itself, by the clock on the shop's wall."""
        self.zone: tzinfo = UTC

    def connect(
        self,
        netgiro: SimulatedNetgiro,
        register: SimulatedRegister,
        on_call: Callable[[fx.Call], None],
        on_refund: Callable[[rs.RequestRefund], None],
    ) -> None:
        """Put it on the counter. ``on_call`` and ``on_refund`` look at every call before it leaves."""
        self._around = Around(netgiro, register, on_call, on_refund)

    # --- power --------------------------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Start as after a power cut: everything there is, is on the disk."""
        self.is_on = True
        self._boot = Boot(self, self._around, self._guarded)
        self.clock.boot()
        self._guarded(self._boot.recover)

    def switch_off(self) -> None:
        """Everything that was not on the disk is gone."""
        self.is_on = False
        self._boot.has_ended = True
        self.disk.power_lost()
        self._around.register.terminal_went_dark()

    def take_away(self, for_s: float) -> None:
        """Out of the machine for a while; if the power is off already, it comes back before."""
        if self.is_on:
            self.switch_off()
            self.world.at(for_s, self.switch_on)

    def _guarded(self, action: Callable[[], object]) -> None:
        """Run a piece of the terminal's work; a power cut in it ends this boot."""
        if not self.is_on:
            return
        try:
            action()
        except PowerCut:
            self.switch_off()
            self.world.at(self.world.rng.uniform(*REBOOT_S), self.switch_on)

    # --- what can be seen of it, and what people do to it -------------------------------------------------------------

    @property
    def bookkeeper(self) -> Bookkeeper:
        return self._boot.bookkeeper

    @property
    def sale(self) -> Sale | None:
        """The open sale."""
        return self._boot.bookkeeper.view.sale

    @property
    def id_s(self) -> float:
        """So long an id of the register names one sale."""
        return self.rules.id_hours * 3600

    @property
    def attention(self) -> tuple[Sale, ...]:
        """What is left to staff."""
        return self._boot.bookkeeper.view.attention

    @property
    def view(self) -> View:
        return self._boot.bookkeeper.view

    @property
    def has_offer(self) -> bool:
        """The register shows a total that the cashier can take."""
        offer = self._boot.bookkeeper.view.offer
        return offer is not None and offer.is_open

    @property
    def wants_it_typed_anew(self) -> bool:
        """The screen says that a key may be missing."""
        return self._boot.bookkeeper.view.entry.problem is IdentifierProblem.KEYS_MISSED

    @property
    def asks_whether_it_is_a_code(self) -> bool:
        """The screen says that no kennitala is taken here, and that # once more sends it as a code."""
        return self._boot.bookkeeper.view.entry.problem is IdentifierProblem.MAYBE_KENNITALA

    @property
    def next_sale_number(self) -> int:
        return self.disk.next_number()

    def press(self, key: str) -> None:
        sale = self.sale
        if key == "*" and self.is_on and sale is not None and sale.state in CANCELLED_BY_KEY:
            self.told_to_stop.add(sale.number)
        self._guarded(lambda: self._boot.put(KeyPressed(key)))

    def miss_key(self) -> None:
        """One goes down and up while nobody reads the keypad, which is noticed."""
        self._guarded(lambda: self._boot.put(KeysMissed()))

    def scan(self, code: str) -> None:
        """The scanner has read something."""
        self._guarded(lambda: self._boot.put(CodeScanned(Sensitive(code))))

    def may_still_capture(self, number: int) -> bool:
        """Nobody has cancelled it, and the power was there all the time since its authorization."""
        return number not in self.told_to_stop and not self._boot.has_ended and number in self._boot.authorized

    def settle(self, number: int, verdict: ev.Verdict) -> None:
        """Staff say how that sale ended."""
        self._guarded(lambda: self._boot.put(ev.SettledByStaff(number, verdict)))

    def correct(self, number: int, verdict: ev.Verdict) -> None:
        """Staff had settled that sale wrongly."""
        self._guarded(lambda: self._boot.put(ev.SettlementCorrected(number, verdict, "staff")))

    def refund(self, number: int, amount_kr: int | None) -> None:
        """Staff give back a part of that sale's payment, or all that is left."""
        wanted = RefundRequested(number=number, amount_kr=amount_kr, source=RefundSource.COMMAND)
        self._guarded(lambda: self._boot.put(wanted))

    def settle_refund(self, number: int, *, is_done: bool) -> None:
        """Staff have looked it up."""
        self._guarded(lambda: self._boot.put(rs.RefundSettledByStaff(number, is_done)))

    def correct_refund(self, number: int, *, is_done: bool) -> None:
        """Staff had settled that refund wrongly."""
        self._guarded(lambda: self._boot.put(rs.RefundSettlementCorrected(number, is_done, "staff")))

    def reprint(self, number: int | None) -> None:
        """Staff want the receipts of that sale, or of the last one, once more."""
        self._guarded(lambda: self._boot.put(ReprintRequested(number)))

    def end_day(self) -> None:
        """Staff end the day, which they can while no sale is open."""
        self._guarded(lambda: self._boot.put(EndOfDayRequested()))

    def receive_callback(self, reference: str, approved: bool, fits: bool = True) -> bool:
        """A callback whose signature was good; True if it is answered 200. ``fits``: it names the sale's amount."""
        answered = [False]

        def receive() -> None:
            sale = self.sale
            if sale is None or sale.reference != reference:
                sale = next((one for one in self.disk.latest.values() if one.reference == reference), None)
            if sale is not None:
                effects = self._boot.turn(ev.CallbackReceived(sale.number, approved, fits))
                self.world.cut_point("before the callback is answered")
                answered[0] = any(isinstance(effect, fx.AcknowledgeCallback) for effect in effects)

        self._guarded(receive)
        return answered[0]

    # --- the register -------------------------------------------------------------------------------------------------

    def receive_from_register(self, data: bytes) -> None:
        self._guarded(lambda: self._boot.line.receive(data))

    def line_changed(self) -> None:
        """The cable came off or on."""
        self._guarded(self._boot.line.changed)

    def request_came(self, request: Input) -> None:
        """From the register's line."""
        sale = self.sale
        match request:
            case CancelRequest(name) if sale is not None and name in (None, sale.register_id):
                self.told_to_stop.add(sale.number)
        self._boot.put(request)


def is_over(sale: Sale) -> bool:
    """Closed, or openly left to staff."""
    return sale.state in (State.CLOSED, State.ATTENTION) or sale.stands_unknown
