"""THE loop: one inbox; every event is decided, written down, and only then acted upon.

    event -> Counter.decide -> journal (fsync) -> take over the view -> perform

A star, not a chain: devices, timers and calls know the inbox and nothing of each other.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

from terminal import events as ev
from terminal.counter import (
    ConditionsChanged,
    Counter,
    CounterEffect,
    CounterEvent,
    Decision,
    KeyPressed,
    RegisterAsked,
    ResultSeen,
    lookup_id,
)
from terminal.errors import JournalError
from terminal.journal import MIN_FREE_BYTES, Journal, Record
from terminal.register import protocol as reg
from terminal.sale import Sale, State
from terminal.view import View

MOST_WAITING = 1000
"""Register requests and keys beyond this are dropped: only a broken device is that fast."""
JOURNAL_RETRY_S = 1.0

log = logging.getLogger(__name__)


class WatchdogDue(NamedTuple):
    """Time to tell systemd that this loop turns."""


Input: TypeAlias = CounterEvent | reg.SaleRequested | reg.CancelRequested | reg.ResultRequested | reg.ResultDelivered
_DROPPABLE = (reg.SaleRequested, reg.CancelRequested, reg.ResultRequested, KeyPressed)


class Performer(Protocol):
    """Whatever acts on the outside."""

    def perform(self, effect: CounterEffect) -> None: ...

    def reply(self, reply: reg.RegisterReply) -> None: ...


class Names:
    """What a new sale is called. The only source of randomness."""

    def __init__(self, terminal_id: str, now: Callable[[], str]) -> None:
        self._terminal_id = terminal_id
        self.now = now

    def reference(self, number: int) -> str:
        """Unique for ever, also when the journal is lost and numbers start again."""
        return f"{self._terminal_id}-{number:06d}-{secrets.token_hex(3).upper()}"


class _Waiting(NamedTuple):
    event: Input | WatchdogDue
    done: asyncio.Future[Decision | None] | None = None


class Runner:
    """Owns the view. ``put`` is the inbox; ``run`` turns until it is cancelled."""

    def __init__(
        self,
        counter: Counter,
        journal: Journal,
        performer: Performer,
        names: Names,
        *,
        on_view: Callable[[View], None],
        on_committed: Callable[[Record], None] = lambda _record: None,
        on_watchdog: Callable[[], None] = lambda: None,
    ) -> None:
        self.view = View()
        self._counter = counter
        self._journal = journal
        self._performer = performer
        self._names = names
        self._on_view = on_view
        self._on_committed = on_committed
        self._on_watchdog = on_watchdog
        self._inbox: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._unsettled: deque[Sale] = deque()
        self._next_number = 1

    def put(self, event: Input | WatchdogDue) -> None:
        """Hand in an event from the loop's own thread."""
        if self._inbox.qsize() >= MOST_WAITING and isinstance(event, _DROPPABLE):
            log.warning("the inbox is full: dropped a %s", type(event).__name__)
            return
        self._inbox.put_nowait(_Waiting(event))

    async def put_and_wait(self, event: CounterEvent) -> Decision | None:
        """Hand in an event and learn what was decided once it is on disk; None if the disk did not take it."""
        done: asyncio.Future[Decision | None] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(_Waiting(event, done))
        return await done

    async def start(self) -> None:
        """Read the journal. Sales found open are settled, one after the other, before a new one is taken."""
        self._next_number = await self._journal.call(self._journal.file.next_number)
        self._unsettled.extend(await self._journal.call(self._journal.file.open_sales))
        self._resume()

    async def run(self) -> None:
        while True:
            event, done = await self._inbox.get()
            decision = await self._handle(event)
            if done is not None and not done.done():
                done.set_result(decision)

    def _resume(self) -> None:
        if self.view.sale is None and self._unsettled:
            sale = self._unsettled.popleft()
            log.warning("sale %d was open in state %s: settling it", sale.number, sale.state)
            self.view = View(sale=sale, conditions=self.view.conditions)
            self.put(ev.PowerRestored(sale.number))

    async def _handle(self, event: Input | WatchdogDue) -> Decision | None:
        if isinstance(event, WatchdogDue):
            self._on_watchdog()
            return None
        try:
            asked = await self._enrich(event)
            decision = self._counter.decide(self.view, asked)
            if decision.record is not None:
                await self._journal.append(decision.record)
        except JournalError as error:
            self._not_written(event, error)
            return None
        self._apply(decision)
        return decision

    async def _enrich(self, event: Input) -> CounterEvent:
        """Give a register's request what the journal knows about it."""
        if not isinstance(event, reg.SaleRequested | reg.CancelRequested | reg.ResultRequested | reg.ResultDelivered):
            return event
        register_id, known = lookup_id(event), None
        if register_id is not None:
            known = await self._journal.call(self._journal.file.find_register_id, register_id)
        if not isinstance(event, reg.SaleRequested):
            return RegisterAsked(request=event, known=known)
        if known is None and await self._journal.call(self._journal.file.free_bytes) < MIN_FREE_BYTES:
            raise JournalError("the disk is nearly full: free some space, then take payments again")
        return RegisterAsked(
            request=event,
            known=known,
            number=self._next_number,
            reference=self._names.reference(self._next_number),
            created=self._names.now(),
        )

    def _apply(self, decision: Decision) -> None:
        before, self.view = self.view, decision.view
        if decision.record is not None:
            sale = decision.record.sale
            self._next_number = max(self._next_number, sale.number + 1)
            if not self.view.conditions.journal_ok:
                self.put(ConditionsChanged({"journal_ok": True}))
            self._on_committed(decision.record)
            log.info(
                "sale %d: %s -> %s%s",
                sale.number,
                decision.record.event,
                sale.state,
                f", {sale.outcome}" if sale.outcome else "",
            )
        if self.view != before:
            self._on_view(self.view)
        for reply in decision.replies:
            self._performer.reply(reply)
        for effect in decision.effects:
            self._performer.perform(effect)
        self._resume()

    def _not_written(self, event: Input, error: JournalError) -> None:
        """Nothing was decided. A new sale is refused; what belongs to the open one comes again, because it must end."""
        log.error("%s", error)
        if self.view.conditions.journal_ok:
            self.put(ConditionsChanged({"journal_ok": False}))
        match event:
            case reg.SaleRequested() | reg.CancelRequested() | reg.ResultRequested():
                self._performer.reply(self._counter.refusal(event.register_id, reg.RefusalCode.UNAVAILABLE))
            case KeyPressed() | ConditionsChanged() | ResultSeen():
                pass
            case _:
                asyncio.get_running_loop().call_later(JOURNAL_RETRY_S, self.put, event)

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way that could still decide the open sale."""
        return self.view.sale is None or self.view.sale.state in (State.ENTRY, State.CUSTOMER, State.CODE_ENTRY)
