"""What the simulated terminal touches the outside with: its clock, the register's line and the printer.

In production these are asyncio's; here they are entries in the world's queue. The clock outlives a power cut, the
others are made anew at each start.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from terminal.counter.decision import Decision
from terminal.counter.inputs import ConditionsChanged, Input
from terminal.counter.progress import progress_of
from terminal.counter.register_words import RegisterQuestion, RegisterReply
from terminal.errors import JournalError
from terminal.paper.queue import PrintJob, ReceiptQueue
from terminal.paper.receipt import Shop
from terminal.register.protocol import RegisterProtocol, follower
from terminal.sale.record import QueuedReceipt
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.people import Paper
from terminal.simulation.register import SimulatedRegister
from terminal.simulation.world import World
from terminal.system.timestamps import timestamp_of

SHORTEST_SLEEP_S = 0.01

Action = Callable[[], object]
ThisBoot = Callable[[Action], Callable[[], None]]
"""Makes an action that does nothing once the power has been away."""


class WallClock:
    """The terminal's idea of the time, which may be wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._error_s = 0.0

    @property
    def is_right(self) -> bool:
        return self._error_s == 0.0

    def boot(self) -> None:
        world = self._world
        if world.happens(world.rates.clock_jump, "clock off after a start"):
            self._error_s = -world.rng.uniform(0, 400 * 86_400)  # a Pi without a clock chip boots in the past
            world.at(world.rng.uniform(5, 60), self._set_right)

    def jump(self) -> None:
        """It is set, forwards or backwards."""
        self._error_s = self._world.rng.choice((-86_400.0, -3600.0, -60.0, 3600.0, 86_400.0))
        self._world.tell("clock", f"now off by {self._error_s:.0f} s")

    def _set_right(self) -> None:
        self._error_s = 0.0

    def now(self) -> float:
        return self._world.wall_clock() + self._error_s

    def local_now(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def timestamp(self) -> str:
        return timestamp_of(self.now())


class RegisterLine:
    """The codec on the register's cable: bytes in, requests to ``on_request``, replies out."""

    def __init__(
        self,
        world: World,
        protocol: RegisterProtocol,
        register: SimulatedRegister,
        on_request: Callable[[Input], None],
        this_boot: ThisBoot,
    ) -> None:
        self._world = world
        self._protocol = protocol
        self._follower = follower(protocol)
        self._register = register
        self._on_request = on_request
        self._this_boot = this_boot
        self._turn = 0
        self._wakes_at_s: float | None = None
        """As the protocol named it; nothing is to be set anew while that is still to come."""

    def send(self, reply: RegisterReply, question: RegisterQuestion | None) -> None:
        self._protocol.send(reply, self._world.now_s, question)

    def decided(self, decision: Decision) -> None:
        if self._follower is not None:
            for told in progress_of(decision):
                self._follower.hear(told, self._world.now_s)

    def receive(self, data: bytes) -> None:
        for request in self._protocol.receive_data(data, self._world.now_s):
            self._on_request(request)
        self.flush()

    def changed(self) -> None:
        """The cable came off or on."""
        if self._register.cable.is_plugged:
            for request in self._protocol.wake(self._world.now_s):
                self._on_request(request)
            self.flush()
        else:
            self._turn, self._wakes_at_s = self._turn + 1, None  # no timer runs while the line is down
            for request in self._protocol.connection_lost():
                self._on_request(request)

    def flush(self) -> None:
        while self._register.cable.is_plugged and (data := self._protocol.data_to_send()):
            self._world.cut_point("before the register is told")
            self._register.receive(data)
            self._world.cut_point("after the register is told")
            for request in self._protocol.data_sent():
                self._on_request(request)
        if self._register.cable.is_plugged:
            self._wake_later()

    def _wake_later(self) -> None:
        due_s, now_s = self._protocol.next_wakeup_s, self._world.now_s
        if due_s is None or (due_s == self._wakes_at_s and due_s > now_s + SHORTEST_SLEEP_S):
            return
        turn = self._turn = self._turn + 1
        self._wakes_at_s = due_s

        def wake() -> None:
            if self._turn == turn:
                self._wakes_at_s = None
                for request in self._protocol.wake(self._world.now_s):
                    self._on_request(request)
                self.flush()

        self._world.at(max(SHORTEST_SLEEP_S, due_s - now_s), self._this_boot(wake))


class Printing:
    """The receipt queue and the paper it comes out on."""

    def __init__(
        self,
        world: World,
        disk: SimulatedDisk,
        paper: Paper,
        clock: WallClock,
        put: Callable[[Input], None],
        *,
        this_boot: ThisBoot,
    ) -> None:
        self._world = world
        self._paper = paper
        self._put = put
        self._doubt: QueuedReceipt | None = None
        self._this_boot = this_boot
        self._is_busy = False
        self._queue = ReceiptQueue(
            disk,
            shop=Shop(name="Búðin"),
            terminal_id="T1",
            language="is",
            columns=32,
            local_now=clock.local_now,
            clock_is_set=lambda: clock.is_right,
        )

    def next(self) -> None:
        """Begin with whatever waits, unless something is being printed."""
        if self._is_busy:
            return
        try:
            self._tell_doubt()
            job = self._queue.next_job()
        except JournalError:
            self._later()
            return
        if job is None:
            return
        self._is_busy = True
        self._world.at(self._world.rng.uniform(0.5, 3), self._this_boot(lambda: self._printed(job)))
        self._paper.feed(job, self._world)

    def _printed(self, job: PrintJob) -> None:
        self._is_busy = False
        try:
            if self._paper.came_out(job):
                self._queue.printed(job)
                self.next()
            else:
                self._queue.not_printed(job, self._paper.may_have_come_out(job))
                self._tell_doubt()
                self._later()
        except JournalError:
            self._later()

    def _tell_doubt(self) -> None:
        """What staff are asked about, as the real printing tells it."""
        doubt = self._queue.waiting().in_doubt
        if doubt != self._doubt:
            self._doubt = doubt
            self._put(ConditionsChanged({"receipt_in_doubt": doubt}))
            if doubt is not None:
                self._paper.on_doubt()

    def _later(self) -> None:
        self._world.at(self._world.rng.uniform(2, 30), self._this_boot(self.next))
