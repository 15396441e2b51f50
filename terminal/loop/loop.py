"""THE loop: one inbox; every event is decided and written down by the clerk, and only then acted upon.

A star, not a chain: devices, timers and calls know the inbox and nothing of each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, Protocol

from terminal.counter import register_words as reg
from terminal.counter.decision import CounterEffect, Decision
from terminal.counter.inputs import CodeScanned, Input, KeyPressed
from terminal.counter.view import View
from terminal.journal.thread import Journal
from terminal.loop.bookkeeper import Clerk, Handled
from terminal.sale.sale import State

MOST_WAITING = 1000
"""Register requests and keys beyond this are dropped: only a broken device is that fast."""
JOURNAL_RETRY_S = 1.0

_P = ParamSpec("_P")

log = logging.getLogger(__name__)


class WatchdogDue(NamedTuple):
    """Time to tell systemd that this loop turns."""


_DROPPABLE = reg.RegisterQuestion | KeyPressed | CodeScanned


class Performer(Protocol):
    """Whatever acts on the outside."""

    def perform(self, effect: CounterEffect) -> None: ...

    def reply(self, reply: reg.RegisterReply, to: reg.RegisterQuestion | None = None) -> None: ...


class _Waiting(NamedTuple):
    event: Input | WatchdogDue
    done: asyncio.Future[Decision] | None = None


class Runner:
    """``put`` is the inbox; ``run`` turns until it is cancelled."""

    def __init__(
        self,
        clerk: Clerk,
        journal: Journal,
        performer: Performer,
        *,
        on_view: Callable[[View], None],
        on_receipts: Callable[[], None] = lambda: None,
        on_decided: Callable[[Input, Decision], None] = lambda _event, _decision: None,
        on_watchdog: Callable[[], None] = lambda: None,
    ) -> None:
        self.view = clerk.view
        self._clerk = clerk
        self._journal = journal
        self._performer = performer
        self._on_view = on_view
        self._on_receipts = on_receipts
        self._on_decided = on_decided
        self._on_watchdog = on_watchdog
        self._inbox: asyncio.Queue[_Waiting] = asyncio.Queue()

    def put(self, event: Input | WatchdogDue) -> None:
        """Hand in an event from the loop's own thread."""
        if self._inbox.qsize() >= MOST_WAITING and isinstance(event, _DROPPABLE):
            log.warning("the inbox is full: dropped a %s", type(event).__name__)
            return
        self._inbox.put_nowait(_Waiting(event))

    async def put_and_wait(self, event: Input) -> Decision:
        """Hand in an event and learn what was decided, once that is on disk."""
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(_Waiting(event, done))
        return await done

    async def start(self) -> None:
        """Read the journal; what a power cut left open comes first into the inbox."""
        for event in await self._journal.call(self._clerk.start):
            self.put(event)

    async def run(self) -> None:
        while True:
            event, done = await self._inbox.get()
            if isinstance(event, WatchdogDue):
                self._on_watchdog()
                continue
            handled = await self._journal.call(self._clerk.handle, event)
            self._act(event, handled)
            if done is not None and not done.done():
                done.set_result(handled.decision)

    def _act(self, event: Input, handled: Handled) -> None:
        decision = handled.decision
        before, self.view = self.view, self._clerk.view
        for reply, question in decision.replies_to(event):
            self._performer.reply(reply, question)
        for effect in decision.effects:
            self._performer.perform(effect)
        for follow_up in handled.follow_ups:
            self.put(follow_up)
        if handled.retry is not None:
            asyncio.get_running_loop().call_later(JOURNAL_RETRY_S, self.put, handled.retry)
        if decision.queues_receipts:
            self._on_receipts()
        if self.view != before:
            _tell(self._on_view, self.view)
        _tell(self._on_decided, event, decision)

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way that could still decide the open sale."""
        return self.view.sale is None or self.view.sale.state in (State.ENTRY, State.CUSTOMER, State.CODE_ENTRY)


def _tell(listener: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
    """Whoever only looks on must not be able to end a sale."""
    try:
        listener(*args, **kwargs)
    except Exception:
        log.exception("a listener failed; the sale goes on")
