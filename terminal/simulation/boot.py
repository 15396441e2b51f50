"""One life of the simulated terminal, from a start to the next power cut: all that a power cut takes away.

The real bookkeeper, gateway, codec and receipt queue. The inbox is a deque, a call is a coroutine that the simulated
network resumes, and a timer is an entry in the world's queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from datetime import time, tzinfo
from typing import Any, NamedTuple, Protocol, TypeAlias

from terminal.counter.decision import CheckService, CounterEffect
from terminal.counter.inputs import EndOfDayRequested, Input
from terminal.counter.menu_codes import CheckCode, CodeJudged, CodeVerdict
from terminal.counter.register_words import TotalsDelivered
from terminal.counter.rules import CounterRules
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.calls import call_gateway, call_refund
from terminal.loop.inbox import MOST_WAITING
from terminal.loop.names import Names
from terminal.loop.timers import timer_event, timer_key
from terminal.netgiro.carrier import RawAnswer
from terminal.netgiro.nonce import NonceSource
from terminal.register.protocol import RegisterProtocol
from terminal.register.wording import worded
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.simulation.disk import DayEnder, SimulatedDisk
from terminal.simulation.looks import ServiceLooks
from terminal.simulation.network import Exchange
from terminal.simulation.people import Paper
from terminal.simulation.register import SimulatedRegister
from terminal.simulation.service import SimulatedNetgiro, build_gateway
from terminal.simulation.shells import Action, Printing, RegisterLine, WallClock
from terminal.simulation.world import World
from terminal.system.daily import DailyAlarm
from terminal.system.timestamps import timestamp_of

STAFF_CODE = "4711"
"""Where there is one."""

Answer: TypeAlias = ev.AnswerReceived | rs.RefundAnswer


class Box(Protocol):
    """What outlives a power cut."""

    world: World
    disk: SimulatedDisk
    rules: CounterRules
    paper: Paper
    build_protocol: Callable[[], RegisterProtocol]
    clock: WallClock
    nonces: list[int]
    acts_before_commit: bool
    close_at: time | None
    zone: tzinfo

    def request_came(self, request: Input) -> None: ...


class Around(NamedTuple):
    """What it is connected to. ``on_call`` and ``on_refund`` look at every call before it leaves."""

    netgiro: SimulatedNetgiro
    register: SimulatedRegister
    on_call: Callable[[fx.Call], None]
    on_refund: Callable[[rs.RequestRefund], None]


class Boot:
    """From a start to the next power cut."""

    def __init__(self, box: Box, around: Around, guard: Callable[[Action], None]) -> None:
        """Start as after a power cut: everything there is, is on the disk."""
        world, disk = box.world, box.disk
        self.has_ended = False
        self.authorized: set[int] = set()
        """Numbers of the sales whose authorization has left."""
        self._box = box
        self._world = world
        self._around = around
        self._guard = guard
        disk.now = box.clock.now
        names = Names("T1", box.clock.timestamp, self._random_hex, lambda: world.now_s)
        self._inbox: deque[Input] = deque()
        self._is_turning = False
        self._timers: dict[tuple[type[CounterEffect], int], int] = {}
        self.bookkeeper = Bookkeeper(box.rules, disk, names)
        self.line = RegisterLine(world, box.build_protocol(), around.register, box.request_came, self._this_boot)
        known = {"answers_signed": disk.answers_signed()}
        nonces = NonceSource(disk.nonce_high_water(), self._reserve_nonces, box.clock.now, **known)
        self._gateway = build_gateway(around.netgiro.api, nonces)
        self._printing = Printing(world, disk, box.paper, box.clock, self.put, this_boot=self._this_boot)
        self._alarm = DailyAlarm(box.close_at, box.zone) if box.close_at is not None else None
        self._looks = ServiceLooks(world, around.netgiro, self.put, self._this_boot)

    def recover(self) -> None:
        for event in self.bookkeeper.start():
            self.put(event)
        self._looks.start(0.0)
        self._printing.next()
        if self._alarm is not None:
            self._look_at_clock(self._alarm)

    def _look_at_clock(self, alarm: DailyAlarm) -> None:
        """What app/closing.py does."""
        clock = self._box.clock
        due_s, again_s = alarm.look(clock.now(), clock_is_set=clock.is_right, newest_s=self._box.disk.newest_s())
        if due_s is not None:
            self.put(EndOfDayRequested(due_at=timestamp_of(due_s)))
        self._world.at(again_s, self._this_boot(lambda: self._look_at_clock(alarm)))

    def _this_boot(self, action: Action) -> Callable[[], None]:
        """The action, unless the power went away in between."""

        def run() -> None:
            if not self.has_ended:
                self._guard(action)

        return run

    def _random_hex(self) -> str:
        return f"{self._world.rng.getrandbits(24):06x}"

    async def _reserve_nonces(self, high_water: int, answers_signed: bool) -> None:
        self._box.disk.reserve_nonces(high_water, answers_signed)

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
                self.turn(self._inbox.popleft())
        finally:
            self._is_turning = False

    def turn(self, event: Input) -> tuple[CounterEffect, ...]:
        if self._box.acts_before_commit:
            self._box.disk.hold_back()
        self._box.disk.ends_day_for = _day_ender(event)
        handled = self.bookkeeper.handle(event)
        decision = handled.decision
        if decision.told_close is not None:
            self._box.disk.closes_taken.add(decision.told_close)
            if isinstance(event, TotalsDelivered) and event.number is None:
                self._box.disk.closes_presumed.add(decision.told_close)
        for reply, question in decision.replies_to(event):
            self.line.send(worded(reply, "is"), question)
        self.line.decided(decision)
        self.line.flush()
        for effect in decision.effects:
            self._perform(effect)
        if self._box.acts_before_commit:
            self._box.disk.let_go()
        for follow_up in handled.follow_ups:
            self._inbox.append(follow_up)
        if handled.retry is not None:
            retry = handled.retry
            self._world.at(handled.retry_after_s, self._this_boot(lambda: self.put(retry)))
        if decision.queues_receipts:
            self._world.at(0.0, self._this_boot(self._printing.next))
        return decision.effects

    # --- effects ------------------------------------------------------------------------------------------------------

    def _perform(self, effect: CounterEffect) -> None:
        if isinstance(effect, fx.Call):
            self._looks.calls_made += 1
            self._start_call(effect)
        elif isinstance(effect, rs.RequestRefund):
            self._looks.calls_made += 1
            self._start_refund(effect)
        elif isinstance(effect, CheckService):
            self._looks.start(effect.delay_s)
        elif isinstance(effect, CheckCode):
            is_right = effect.typed.reveal() == STAFF_CODE
            self._inbox.append(CodeJudged(CodeVerdict.RIGHT if is_right else CodeVerdict.WRONG))
        elif (timer := timer_event(effect)) is not None:
            self._set_timer(timer_key(effect), *timer)

    def _set_timer(self, kind: tuple[type[CounterEffect], int], delay_s: float, event: Input) -> None:
        turn = self._timers[kind] = self._timers.get(kind, 0) + 1

        def fire() -> None:
            if self._timers[kind] == turn:
                self.put(event)

        self._world.at(delay_s, self._this_boot(fire))

    def _start_call(self, effect: fx.Call) -> None:
        name = type(effect).__name__
        self._world.tell("terminal", f"{name} #{effect.call}")
        self._world.cut_point(f"before {name}")
        if isinstance(effect, fx.RequestAuthorization):
            self.authorized.add(effect.sale_number)
        self._around.on_call(effect)
        self._advance(call_gateway(self._gateway, effect), None)
        self._world.cut_point(f"after {name} left")

    def _start_refund(self, effect: rs.RequestRefund) -> None:
        self._world.tell("terminal", f"RequestRefund #{effect.call}")
        self._world.cut_point("before RequestRefund")
        self._around.on_refund(effect)
        self._advance(call_refund(self._gateway, effect), None)
        self._world.cut_point("after RequestRefund left")

    def _advance(self, call: Coroutine[Any, Any, Answer], answer: RawAnswer | Exception | None) -> None:
        """Resume a call until it needs the network or has ended."""
        try:
            waiting_for = call.throw(answer) if isinstance(answer, Exception) else call.send(answer)
        except StopIteration as ended:
            self._call_ended(ended.value)
            return
        assert isinstance(waiting_for, Exchange)
        if (nonce := waiting_for.request.headers.get("netgiro_nonce")) is not None:
            self._box.nonces.append(int(nonce))

        def resume(answer: RawAnswer | Exception) -> None:
            if not self.has_ended:
                self._guard(lambda: self._advance(call, answer))
            else:
                call.close()

        self._around.netgiro.carry(waiting_for.request, resume)

    def _call_ended(self, answer: Answer) -> None:
        self._world.cut_point(f"before the {type(answer).__name__} is taken in")
        if self._world.happens(self._world.rates.late_answer / 4, "answer comes again later"):
            self._world.at(self._world.rng.uniform(0.1, 60), self._this_boot(lambda: self.put(answer)))
        self.put(answer)


def _day_ender(event: Input) -> DayEnder | None:
    if not isinstance(event, EndOfDayRequested):
        return None
    return DayEnder.STAFF if event.due_at is None else DayEnder.CLOCK
