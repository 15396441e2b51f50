"""The terminal's printing in a simulated world: the real queue, and a printer that fails; a power cut ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from terminal.counter.inputs import ConditionsChanged
from terminal.errors import JournalError
from terminal.paper.queue import PrintJob, ReceiptQueue
from terminal.paper.receipt import Shop
from terminal.sale.record import QueuedReceipt
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.people import Paper
from terminal.simulation.world import World


class SimulatedPrinting:
    """Of one boot: ``this_boot`` wraps whatever is to happen later."""

    def __init__(
        self,
        world: World,
        disk: SimulatedDisk,
        paper: Paper,
        put: Callable[[ConditionsChanged], None],
        this_boot: Callable[[Callable[[], object]], Callable[[], None]],
        *,
        local_now: Callable[[], datetime],
        clock_is_set: Callable[[], bool],
    ) -> None:
        self._world = world
        self._paper = paper
        self._put = put
        self._this_boot = this_boot
        self._queue = ReceiptQueue(
            disk,
            shop=Shop(name="Búðin"),
            terminal_id="T1",
            language="is",
            columns=32,
            local_now=local_now,
            clock_is_set=clock_is_set,
        )
        self._is_printing = False
        self._told_doubt: QueuedReceipt | None = None

    def wake(self) -> None:
        """There may be something to print."""
        self._world.at(0.0, self._this_boot(self.print_next))

    def print_next(self) -> None:
        if self._is_printing:
            return
        try:
            self._tell_doubt()
            job = self._queue.next_job()
        except JournalError:
            self._print_later()
            return
        if job is None:
            return
        self._is_printing = True
        self._world.at(self._world.rng.uniform(0.5, 3), self._this_boot(lambda: self._printed(job)))
        self._paper.feed(job, self._world)

    def _printed(self, job: PrintJob) -> None:
        self._is_printing = False
        try:
            if self._paper.came_out(job):
                self._queue.printed(job)
                self.print_next()
            else:
                self._queue.not_printed(job, self._paper.may_have_come_out(job))
                self._tell_doubt()
                self._print_later()
        except JournalError:
            self._print_later()

    def _print_later(self) -> None:
        self._world.at(self._world.rng.uniform(2, 30), self._this_boot(self.print_next))

    def _tell_doubt(self) -> None:
        doubt = self._queue.waiting().in_doubt
        if doubt != self._told_doubt:
            self._told_doubt = doubt
            self._put(ConditionsChanged({"receipt_in_doubt": doubt}))
            if doubt is not None:
                self._paper.on_doubt()
