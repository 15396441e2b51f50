"""THE loop: one inbox; every event is decided and committed by the bookkeeper, and only then acted upon.

A star, not a chain: devices, timers and calls know the inbox and nothing of each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol

from terminal.counter import register_words as reg
from terminal.counter.decision import CounterEffect, Decision
from terminal.counter.inputs import Input
from terminal.counter.view import View
from terminal.journal.thread import Journal
from terminal.loop.bookkeeper import Bookkeeper, Handled
from terminal.loop.inbox import Inbox, WatchdogDue
from terminal.sale.sale import State

_P = ParamSpec("_P")

log = logging.getLogger(__name__)


class Performer(Protocol):
    """Whatever acts on the outside."""

    def perform(self, effect: CounterEffect) -> None: ...

    def reply(self, reply: reg.RegisterReply, to: reg.RegisterQuestion | None = None) -> None: ...


class Loop:
    """``run`` turns until it is cancelled."""

    def __init__(
        self,
        inbox: Inbox,
        bookkeeper: Bookkeeper,
        journal: Journal,
        performer: Performer,
        *,
        on_view: Callable[[View], None],
        on_receipts: Callable[[], None] = lambda: None,
        on_decided: Callable[[Input, Decision], None] = lambda _event, _decision: None,
        on_watchdog: Callable[[], None] = lambda: None,
    ) -> None:
        self.view = bookkeeper.view
        self._inbox = inbox
        self._bookkeeper = bookkeeper
        self._journal = journal
        self._performer = performer
        self._on_view = on_view
        self._on_receipts = on_receipts
        self._on_decided = on_decided
        self._on_watchdog = on_watchdog

    async def start(self) -> None:
        """Read the journal; what a power cut left open comes first into the inbox."""
        for event in await self._journal.call(self._bookkeeper.start):
            self._inbox.put(event)
        self.view = self._bookkeeper.view
        _tell(self._on_view, self.view)

    async def run(self) -> None:
        """Take inputs one at a time: decide and commit on the journal's thread, then act. Ends only by a fault."""
        while True:
            event, done = await self._inbox.get()
            if isinstance(event, WatchdogDue):
                self._on_watchdog()
                continue
            handled = await self._journal.call(self._bookkeeper.handle, event)
            self._act(event, handled)
            if done is not None and not done.done():
                done.set_result(handled.decision)

    def _act(self, event: Input, handled: Handled) -> None:
        decision = handled.decision
        before, self.view = self.view, self._bookkeeper.view
        for reply, question in decision.replies_to(event):
            self._performer.reply(reply, question)
        for effect in decision.effects:
            self._performer.perform(effect)
        for follow_up in handled.follow_ups:
            self._inbox.put(follow_up)
        if handled.retry is not None:
            asyncio.get_running_loop().call_later(handled.retry_after_s, self._inbox.put, handled.retry)
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
