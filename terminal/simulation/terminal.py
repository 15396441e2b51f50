"""The terminal under test: the real bookkeeper, step, gateway, register codec and receipt queue, without asyncio.

Only the shells differ from production: an inbox that is a deque, calls that are coroutines resumed by the simulated
network, timers that are entries in the world's queue. Power can go at every point where a shell touches the outside.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from terminal.counter.decision import CheckService, CounterEffect
from terminal.counter.inputs import EndOfDayRequested, Input, KeyPressed
from terminal.counter.register_words import CancelRequest
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.calls import call_gateway
from terminal.loop.inbox import MOST_WAITING
from terminal.loop.lookup import Names
from terminal.loop.loop import JOURNAL_RETRY_S
from terminal.loop.timers import timer_event
from terminal.netgiro.carrier import RawAnswer
from terminal.netgiro.nonce import NonceSource
from terminal.register.protocol import RegisterProtocol
from terminal.register.wording import worded
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.sale import Sale, State
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.looks import ServiceLooks
from terminal.simulation.network import Exchange
from terminal.simulation.people import Paper
from terminal.simulation.register import SimulatedRegister
from terminal.simulation.service import SimulatedNetgiro, build_gateway
from terminal.simulation.shells import Printing, RegisterLine, WallClock
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
        self._rules = rules
        self._paper = paper
        self._build_protocol = build_protocol
        self._boot = 0
        self.told_to_stop: set[int] = set()
        """Numbers of the sales that somebody has cancelled, whatever the terminal made of it."""
        self._authorized_in: dict[int, int] = {}
        """In which boot the authorization of a sale has left."""
        self.clock = WallClock(world)
        self.is_on = False

    def connect(
        self, netgiro: SimulatedNetgiro, register: SimulatedRegister, on_call: Callable[[fx.Call], None]
    ) -> None:
        """Put it on the counter. ``on_call`` looks at every call before it leaves."""
        self._netgiro = netgiro
        self._register = register
        self._on_call = on_call

    # --- power --------------------------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Start as after a power cut: everything there is, is on the disk."""
        world, disk = self.world, self.disk
        self._boot += 1
        self.is_on = True
        disk.now = self.clock.timestamp
        names = Names("T1", self.clock.timestamp, self._random_hex, lambda: world.now_s)
        self._inbox: deque[Input] = deque()
        self._is_turning = False
        self._timers: dict[type[CounterEffect], int] = {}
        self.bookkeeper = Bookkeeper(self._rules, disk, names)
        self._line = RegisterLine(world, self._build_protocol(), self._register, self._request_came, self._this_boot)
        known = {"answers_signed": disk.answers_signed()}
        nonces = NonceSource(disk.nonce_high_water(), self._reserve_nonces, self.clock.now, **known)
        self._gateway = build_gateway(self._netgiro.api, nonces)
        self._printing = Printing(world, disk, self._paper, self.clock, self.put, this_boot=self._this_boot)
        self._looks = ServiceLooks(world, self._netgiro, self.put, self._this_boot)
        self.clock.boot()
        self._guarded(self._recover)

    def _recover(self) -> None:
        for event in self.bookkeeper.start():
            self.put(event)
        self._looks.start(0.0)
        self._printing.next()

    def switch_off(self) -> None:
        """Everything that was not on the disk is gone."""
        self.is_on = False
        self._boot += 1
        self.disk.power_lost()
        self._register.terminal_went_dark()

    def _guarded(self, action: Callable[[], object]) -> None:
        """Run a piece of the terminal's work; a power cut in it ends this boot."""
        if not self.is_on:
            return
        try:
            action()
        except PowerCut:
            self.switch_off()
            self.world.at(self.world.rng.uniform(*REBOOT_S), self.switch_on)

    def _this_boot(self, action: Callable[[], object]) -> Callable[[], None]:
        """The action, unless the power went away in between."""
        boot = self._boot

        def run() -> None:
            if boot == self._boot:
                self._guarded(action)

        return run

    def _random_hex(self) -> str:
        return f"{self.world.rng.getrandbits(24):06x}"

    async def _reserve_nonces(self, high_water: int, answers_signed: bool) -> None:
        self.disk.reserve_nonces(high_water, answers_signed)

    # --- the loop -----------------------------------------------------------------------------------------------------

    def put(self, event: Input) -> None:
        """Into the inbox; the loop turns until it is empty."""
        self._inbox.append(event)
        assert len(self._inbox) <= MOST_WAITING, "the inbox grows without bound"
        if self._is_turning:
            return
        self._is_turning = True
        try:
            while self._inbox:
                self._turn(self._inbox.popleft())
        finally:
            self._is_turning = False

    def _turn(self, event: Input) -> tuple[CounterEffect, ...]:
        if self.acts_before_commit:
            self.disk.hold_back()
        handled = self.bookkeeper.handle(event)
        decision = handled.decision
        for reply, question in decision.replies_to(event):
            self._line.send(worded(reply, "is"), question)
        self._line.flush()
        for effect in decision.effects:
            self._perform(effect)
        if self.acts_before_commit:
            self.disk.let_go()
        for follow_up in handled.follow_ups:
            self._inbox.append(follow_up)
        if handled.retry is not None:
            retry = handled.retry
            self.world.at(JOURNAL_RETRY_S, self._this_boot(lambda: self.put(retry)))
        if decision.queues_receipts:
            self.world.at(0.0, self._this_boot(self._printing.next))
        return decision.effects

    @property
    def sale(self) -> Sale | None:
        """The open sale."""
        return self.bookkeeper.view.sale

    @property
    def id_s(self) -> float:
        """So long an id of the register names one sale."""
        return self._rules.id_hours * 3600

    @property
    def attention(self) -> tuple[Sale, ...]:
        """What is left to staff."""
        return self.bookkeeper.view.attention

    @property
    def view(self) -> View:
        return self.bookkeeper.view

    @property
    def has_offer(self) -> bool:
        """The register shows a total that the cashier can take."""
        offer = self.bookkeeper.view.offer
        return offer is not None and offer.is_open

    @property
    def next_sale_number(self) -> int:
        return self.disk.next_number()

    def press(self, key: str) -> None:
        sale = self.sale
        if key == "*" and self.is_on and sale is not None and sale.state in CANCELLED_BY_KEY:
            self.told_to_stop.add(sale.number)
        self._guarded(lambda: self.put(KeyPressed(key)))

    def may_still_capture(self, number: int) -> bool:
        """Nobody has cancelled it, and the power was there all the time since its authorization."""
        return number not in self.told_to_stop and self._authorized_in.get(number) == self._boot

    def settle(self, number: int, verdict: ev.Verdict) -> None:
        """Staff say how that sale ended."""
        self._guarded(lambda: self.put(ev.SettledByStaff(number, verdict)))

    def end_day(self) -> None:
        """Staff end the day, which they can while no sale is open."""
        before = len(self.disk.closes)
        self._guarded(lambda: self.put(EndOfDayRequested()))
        self.disk.closed_by_staff.update(close.number for close in self.disk.closes[before:])

    def receive_callback(self, reference: str, approved: bool, fits: bool = True) -> bool:
        """A callback whose signature was good; True if it is answered 200. ``fits``: it names the sale's amount."""
        answered = [False]

        def receive() -> None:
            sale = self.sale
            if sale is not None and sale.reference == reference:
                effects = self._turn(ev.CallbackReceived(sale.number, approved, fits))
                self.world.cut_point("before the callback is answered")
                answered[0] = any(isinstance(effect, fx.AcknowledgeCallback) for effect in effects)

        self._guarded(receive)
        return answered[0]

    # --- the register -------------------------------------------------------------------------------------------------

    def receive_from_register(self, data: bytes) -> None:
        self._guarded(lambda: self._line.receive(data))

    def line_changed(self) -> None:
        """The cable came off or on."""
        self._guarded(self._line.changed)

    def _request_came(self, request: Input) -> None:
        sale = self.sale
        match request:
            case CancelRequest(name) if sale is not None and name in (None, sale.register_id):
                self.told_to_stop.add(sale.number)
        self.put(request)

    # --- effects ------------------------------------------------------------------------------------------------------

    def _perform(self, effect: CounterEffect) -> None:
        if isinstance(effect, fx.Call):
            self._looks.calls_made += 1
            self._start_call(effect)
        elif isinstance(effect, CheckService):
            self._looks.start(effect.delay_s)
        elif (timer := timer_event(effect)) is not None:
            self._set_timer(type(effect), *timer)

    def _set_timer(self, kind: type[CounterEffect], delay_s: float, event: Input) -> None:
        turn = self._timers[kind] = self._timers.get(kind, 0) + 1

        def fire() -> None:
            if self._timers[kind] == turn:
                self.put(event)

        self.world.at(delay_s, self._this_boot(fire))

    def _start_call(self, effect: fx.Call) -> None:
        name = type(effect).__name__
        self.world.tell("terminal", f"{name} #{effect.call}")
        self.world.cut_point(f"before {name}")
        if isinstance(effect, fx.RequestAuthorization):
            self._authorized_in[effect.sale_number] = self._boot
        self._on_call(effect)
        self._advance(call_gateway(self._gateway, effect), None)
        self.world.cut_point(f"after {name} left")

    def _advance(self, call: Coroutine[Any, Any, ev.AnswerReceived], answer: RawAnswer | Exception | None) -> None:
        """Resume a call until it needs the network or has ended."""
        try:
            waiting_for = call.throw(answer) if isinstance(answer, Exception) else call.send(answer)
        except StopIteration as ended:
            self._call_ended(ended.value)
            return
        assert isinstance(waiting_for, Exchange)
        if (nonce := waiting_for.request.headers.get("netgiro_nonce")) is not None:
            self.nonces.append(int(nonce))
        boot = self._boot

        def resume(answer: RawAnswer | Exception) -> None:
            if boot == self._boot:
                self._guarded(lambda: self._advance(call, answer))
            else:
                call.close()

        self._netgiro.carry(waiting_for.request, resume)

    def _call_ended(self, answer: ev.AnswerReceived) -> None:
        self.world.cut_point(f"before the {type(answer).__name__} is taken in")
        if self.world.happens(self.world.rates.late_answer / 4, "answer comes again later"):
            self.world.at(self.world.rng.uniform(0.1, 60), self._this_boot(lambda: self.put(answer)))
        self.put(answer)


def is_over(sale: Sale) -> bool:
    """Closed, or openly left to staff."""
    return sale.state in (State.CLOSED, State.ATTENTION) or sale.stands_unknown
