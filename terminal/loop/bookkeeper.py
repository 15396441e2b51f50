"""The clerk: decides by the counter's rules, and writes it down before anyone acts on it.

    input -> what the journal knows -> decide -> journal (fsync) -> take over the view -> what is to be done

Synchronous and blocking: the runner lets it work on the journal's thread, the simulation calls it directly.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from terminal.counter import decide as counter
from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.inputs import (
    CodeScanned,
    ConditionsChanged,
    CounterEvent,
    EndOfDayRequested,
    Input,
    KeyPressed,
    MenuLeft,
    MenuUnlocked,
    OfferExpired,
    RegisterRequestLookedUp,
    ReprintLookedUp,
    ReprintRequested,
    ResultSeen,
    TerminalExamined,
)
from terminal.counter.of_keys import offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.errors import JournalError
from terminal.journal.thread import MIN_FREE_BYTES
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth, QueuedReceipt, Record
from terminal.sale.sale import Sale, State
from terminal.sale.totals import Close, ClosedPeriod, Period

T = TypeVar("T", bound=Input | None)
CANCELLED = ev.CancelRequested.__name__
"""As the journal names it."""

log = logging.getLogger(__name__)


class SaleJournal(Protocol):
    """What the clerk needs of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    @property
    def health(self) -> JournalHealth: ...

    def append(self, record: Record) -> None: ...

    def append_close(self, close: Close) -> None: ...

    def append_receipts(self, receipts: Sequence[QueuedReceipt]) -> None: ...

    def next_number(self) -> int: ...

    def open_sales(self) -> list[Sale]: ...

    def find_register_id(self, register_id: str) -> Sale | None: ...

    def find_sale(self, number: int) -> Sale | None: ...

    def receipts_of(self, sale_number: int) -> list[QueuedReceipt]: ...

    def last_ended_sale(self) -> Sale | None: ...

    def open_period(self) -> Period: ...

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None: ...

    def free_bytes(self) -> int: ...


class Names:
    """What a new sale is called, and when. The only source of randomness and of wall-clock time in a sale."""

    def __init__(
        self, terminal_id: str, now: Callable[[], str], random_hex: Callable[[], str] = lambda: secrets.token_hex(3)
    ) -> None:
        self._terminal_id = terminal_id
        self._random_hex = random_hex
        self.now = now

    def reference(self, number: int) -> str:
        """Unique for ever, also when the journal is lost and numbers start again."""
        return f"{self._terminal_id}-{number:06d}-{self._random_hex().upper()}"


class Handled(NamedTuple):
    """What is to be done now that the input is on disk."""

    decision: Decision
    follow_ups: tuple[Input, ...] = ()
    """Inputs that come next."""
    retry: Input | None = None
    """The disk did not take it: bring this input again a little later."""


class Clerk:
    """Owns the view."""

    def __init__(self, rules: CounterRules, journal: SaleJournal, names: Names) -> None:
        self.view = View()
        self._rules = rules
        self._journal = journal
        self._names = names
        self._unsettled: deque[Sale] = deque()
        self._refused: list[Input] = []
        """What the disk did not take; it comes again. A cancel or a deadline among it comes first: what the customer's
        answer allowed a minute ago must not happen once the cashier has cancelled."""
        self._next_number = 1

    def start(self) -> tuple[Input, ...]:
        """Read the journal. Sales found open are settled, one after the other, before a new one is taken."""
        self._next_number = self._journal.next_number()
        unfinished = self._journal.open_sales()
        self._unsettled.extend(sale for sale in unfinished if sale.state is not State.ATTENTION)
        self.view = replace(self.view, attention=tuple(sale for sale in unfinished if sale.state is State.ATTENTION))
        return (*self._health_changed(), *self._resume())

    def handle(self, event: Input) -> Handled:
        """Decide and commit. Never raises on any input; a disk that says no leaves the view where it was."""
        if self._must_wait(event):
            by_hand = isinstance(event, KeyPressed | CodeScanned)
            return Handled(Decision(view=self.view), retry=None if by_hand else event)
        event = offer_accepted(self.view, event) or event
        decision: Decision | None = None
        try:
            decision = counter.decide(self.view, self._enriched(event), self._rules)
            if decision.record is not None:
                self._journal.append(decision.record)
            if decision.close is not None:
                self._journal.append_close(decision.close)
            if decision.receipts:
                self._journal.append_receipts(decision.receipts)
        except JournalError as error:
            return self._not_written(event, decision, error)
        if self._refused:
            self._refused = [one for one in self._refused if one is not event]
        self.view = decision.view
        follow_ups = (*decision.follow_ups, *self._written(decision), *self._health_changed(), *self._resume())
        return Handled(decision, follow_ups)

    def _must_wait(self, event: Input) -> bool:
        """Something that the disk did not take comes before this; a sale that was found open is settled before all."""
        if not self._refused:
            return False
        others = [one for one in self._refused if one is not event]
        is_found_open = any(isinstance(one, ev.PowerRestored) for one in others)
        match event:
            case KeyPressed() | CodeScanned():
                return is_found_open
            case ev.CancelRequested():
                return False
            case ev.SaleEvent() if is_found_open:
                return True
            case ev.DeadlinePassed():  # what the register said in time must not be late by the disk
                return any(not isinstance(one, ev.AnswerReceived | ev.DeadlinePassed) for one in others)
            case ev.SaleEvent():
                return any(isinstance(one, ev.CancelRequested | ev.DeadlinePassed) for one in others)
        return False

    def _enriched(self, event: Input) -> CounterEvent:
        """Give a request what the journal knows about it."""
        if isinstance(event, ev.SaleEvent | KeyPressed):
            return event
        if isinstance(event, ReprintRequested):
            return self._enriched_reprint(event)
        if isinstance(event, EndOfDayRequested):
            return EndOfDayRequested(self._journal.open_period())
        if not isinstance(event, reg.RegisterRequest):
            return event
        match event:
            case reg.LastResultRequest():
                return RegisterRequestLookedUp(request=event, known=self._journal.last_ended_sale())
            case reg.TotalsRequest():
                return RegisterRequestLookedUp(
                    request=event, period=self._journal.open_period(), created=self._names.now()
                )
        register_id = reg.register_id_of(event)
        known = self._journal.find_register_id(register_id) if register_id is not None else None
        if not isinstance(event, reg.SaleRequest):
            return RegisterRequestLookedUp(request=event, known=known)
        if known is None and self._journal.free_bytes() < MIN_FREE_BYTES:
            raise JournalError("the disk is nearly full: free some space, then take payments again")
        return RegisterRequestLookedUp(
            request=event,
            known=known,
            number=self._next_number,
            reference=self._names.reference(self._next_number),
            created=self._names.now(),
        )

    def _enriched_reprint(self, event: ReprintRequested) -> ReprintLookedUp:
        number = event.number
        if ReceiptKind.END_OF_DAY in event.kinds:
            period = self._journal.closed_period(number)
            prints = [one for one in self._journal.receipts_of(0) if period is not None and one.period == period.number]
            return ReprintLookedUp(period=period.number if period else None, kinds=event.kinds, earlier=tuple(prints))
        sale = self._journal.last_ended_sale() if number is None else self._journal.find_sale(number)
        earlier = self._journal.receipts_of(sale.number) if sale is not None else []
        return ReprintLookedUp(sale=sale, kinds=event.kinds, earlier=tuple(earlier))

    def _written(self, decision: Decision) -> tuple[Input, ...]:
        if decision.record is None:
            return ()
        sale = decision.record.sale
        self._next_number = max(self._next_number, sale.number + 1)
        outcome = f", {sale.outcome}" if sale.outcome else ""
        log.info("sale %d: %s -> %s%s", sale.number, decision.record.event, sale.state, outcome)
        return () if self.view.conditions.journal_ok else (ConditionsChanged({"journal_ok": True}),)

    def _not_written(self, event: Input, decision: Decision | None, error: JournalError) -> Handled:
        """Nothing was decided. A new sale is refused; what belongs to the open one comes again, because it must end."""
        log.error("%s", error)
        told = (ConditionsChanged({"journal_ok": False}),) if self.view.conditions.journal_ok else ()
        cancel = self._cancel_in(event, decision)
        if isinstance(event, reg.RegisterQuestion):
            refusal = reg.RequestRefused(reg.register_id_of(event), reg.RefusalCode.UNAVAILABLE)
            return Handled(Decision(view=self.view, replies=(refusal,)), told, retry=self._remembered(cancel))
        if cancel is not None:
            return Handled(Decision(view=self.view), told, retry=self._remembered(cancel))
        match event:
            case (
                KeyPressed()
                | ConditionsChanged()
                | ResultSeen()
                | OfferExpired()
                | MenuLeft()
                | MenuUnlocked()
                | TerminalExamined()
                | ReprintRequested()
                | EndOfDayRequested()
                | CodeScanned()
                | ev.CallbackReceived()
            ):
                return Handled(Decision(view=self.view), told)
        return Handled(Decision(view=self.view), told, retry=self._remembered(event))

    def _cancel_in(self, event: Input, decision: Decision | None) -> ev.CancelRequested | None:
        """The cancel of the open sale that this was, whoever asked; the key itself may mean something else later.

        None if it was none, or if one waits already.
        """
        sale = self.view.sale
        if isinstance(event, ev.CancelRequested):
            return event
        if sale is None or any(isinstance(one, ev.CancelRequested) for one in self._refused):
            return None
        if isinstance(event, reg.CancelRequest) and event.register_id in (None, sale.register_id):
            return ev.CancelRequested(sale.number, ev.Canceller.REGISTER)
        is_cancel = decision is not None and decision.record is not None and decision.record.event == CANCELLED
        return ev.CancelRequested(sale.number, ev.Canceller.CASHIER) if is_cancel else None

    def _remembered(self, event: T) -> T:
        if event is not None and not any(one is event for one in self._refused):
            self._refused.append(event)
        return event

    def _health_changed(self) -> tuple[Input, ...]:
        health = self._journal.health
        known = self.view.conditions.journal_health
        return (ConditionsChanged({"journal_health": health}),) if health is not known else ()

    def _resume(self) -> tuple[Input, ...]:
        if self.view.sale is not None or not self._unsettled:
            return ()
        sale = self._unsettled.popleft()
        log.warning("sale %d was open in state %s: settling it", sale.number, sale.state)
        self.view = replace(self.view, sale=sale, result=None)
        return (ev.PowerRestored(sale.number),)
