"""The bookkeeper: decides by the counter's rules, and commits it before anyone acts on it.

    input -> what the journal knows -> decide -> journal (fsync) -> the new view -> what is to be done

Synchronous and blocking: the loop lets it work on the journal's thread, the simulation calls it directly.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from terminal.counter import decide as counter
from terminal.counter import of_shop
from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.inputs import (
    CodeScanned,
    ConditionsChanged,
    CounterEvent,
    EndOfDayRequested,
    GapRequested,
    Input,
    JournalTrialDue,
    KeyPressed,
    NotWritten,
    RefundRequested,
    ReprintRequested,
)
from terminal.counter.keypad_test import KeypadTest
from terminal.counter.menu import Menu
from terminal.counter.of_keys import BY_KEYPAD, offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.errors import JournalError
from terminal.journal.thread import MIN_FREE_BYTES
from terminal.loop.ages import Ages
from terminal.loop.held_back import HeldBack, is_retried
from terminal.loop.lookup import KnowingJournal, looked_up
from terminal.loop.names import Names
from terminal.sale import events as ev
from terminal.sale.after_loss import after_loss
from terminal.sale.record import JournalHealth, QueuedReceipt, Record, RefundRecord
from terminal.sale.refund import Refund, RefundSource
from terminal.sale.refund_step import RefundPowerRestored, RefundResultTaken
from terminal.sale.sale import Sale, State
from terminal.sale.totals import Close, ToldCloses
from terminal.system.audit import audit
from terminal.system.shown import shown

TRACED_AFTER_START_S = 86_400.0
"""What staff have settled longer ago has long been decided."""
JOURNAL_WAITS = "the journal has not taken yet what came before this"

log = logging.getLogger(__name__)


class SaleJournal(KnowingJournal, Protocol):
    """What is asked of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    @property
    def health(self) -> JournalHealth: ...

    def append(self, record: Record) -> None: ...

    def append_refund(self, record: RefundRecord) -> None: ...

    def append_both(self, record: Record, refunded: RefundRecord) -> None: ...

    def open_refunds(self) -> list[Refund]: ...

    def append_close(self, close: Close) -> str: ...

    def note_close_told(self, number: int) -> None: ...

    def told_closes(self) -> ToldCloses: ...

    def acknowledge_gap(self, repair: int) -> None: ...

    def append_receipts(self, receipts: Sequence[QueuedReceipt]) -> None: ...

    def try_writing(self) -> None: ...

    def next_number(self) -> int: ...

    def open_sales(self) -> list[Sale]: ...

    def traced_sales(self) -> list[Sale]: ...

    def first_since_loss(self) -> int: ...


JOURNAL_RETRY_S = 1.0
NEARLY_FULL_RETRY_S = 60.0
"""Somebody must make room, and until then this asks only how much there is."""


class Handled(NamedTuple):
    """What is to be done now that the input is on disk."""

    decision: Decision
    follow_ups: tuple[Input, ...] = ()
    """Inputs that come next."""
    retry: Input | None = None
    """Its commit failed: bring this input again a little later."""
    retry_after_s: float = JOURNAL_RETRY_S


class Bookkeeper:
    """Owns the view."""

    def __init__(self, rules: CounterRules, journal: SaleJournal, names: Names) -> None:
        menu = Menu(keypad=KeypadTest(rules.menu.keypad_layout))
        self.view = View(menu=menu, is_training=rules.is_training, asks_operator=bool(rules.operators))
        self._rules = rules
        self._journal = journal
        self._names = names
        self._ages = Ages(names.steady_s, names.now)
        self._unsettled: deque[Sale] = deque()
        self._held_back = HeldBack()
        self._next_number = 1

    def start(self) -> tuple[Input, ...]:
        """Read the journal. Sales found open are settled, one after the other, before a new one begins."""
        self._next_number = self._journal.next_number()
        first_since_loss = self._journal.first_since_loss()
        unfinished = [
            sale if sale.number >= first_since_loss else after_loss(sale) for sale in self._journal.open_sales()
        ]
        self._unsettled.extend(sale for sale in unfinished if sale.state is not State.ATTENTION)
        self.view = replace(self.view, attention=tuple(sale for sale in unfinished if sale.state is State.ATTENTION))
        refunds = tuple(self._journal.open_refunds())
        self.view = replace(self.view, told_closes=self._journal.told_closes())
        awaited = next((one for one in refunds if one.is_awaited), None)
        self.view = replace(self.view, refund=awaited, refunds=tuple(one for one in refunds if one is not awaited))
        return (*self._health_changed(), *self._refunds_to_go_on(), *self._traces_to_go_on(), *self._resume())

    def _traces_to_go_on(self) -> tuple[Input, ...]:
        """What staff have settled not long ago may still be paid by what was on its way then."""
        traced = [
            sale
            for sale in self._journal.traced_sales()
            if self._ages.since(self._journal.changed_at(sale.number) or "") < TRACED_AFTER_START_S
        ]
        self.view = replace(self.view, traced=tuple(traced))
        return tuple(ev.PowerRestored(sale.number) for sale in traced)

    def _refunds_to_go_on(self) -> tuple[Input, ...]:
        """What the power cut left on its way, and what was due to begin by itself."""
        restored = [one for one in (self.view.refund, *self.view.refunds) if one is not None]
        due = [sale for sale in self.view.attention if sale.is_returned_by_itself]
        return (
            *(RefundPowerRestored(one.number) for one in restored),
            *(RefundRequested(number=sale.number, source=RefundSource.AUTOMATIC) for sale in due),
        )

    def handle(self, event: Input) -> Handled:
        """Decide and commit. Never raises on any input; after a failed commit the view is where it was."""
        if self._held_back.goes_before(event):
            by_hand = isinstance(event, KeyPressed | CodeScanned | ev.SettledByStaff | ev.SettlementCorrected)
            told = (NotWritten(),) if _is_by_menu(event, self.view) else ()
            return Handled(Decision(view=self.view, failure=JOURNAL_WAITS), told, None if by_hand else event)
        if not self.view.conditions.journal_ok and _is_look(event, self.view) and _can_write(self._journal):
            self.view = replace(self.view, conditions=replace(self.view.conditions, journal_ok=True))
        if isinstance(event, JournalTrialDue):
            return Handled(Decision(view=self.view)) if event.is_look else self._try_journal(event)
        event = offer_accepted(self.view, event) or event
        decision: Decision | None = None
        try:
            decision = counter.decide(self.view, self._looked_up(event), self._rules)
            decision = self._commit(decision)
        except JournalError as error:
            return self._not_committed(event, decision, error)
        self._held_back.let_go(event)
        self.view = decision.view
        self._note_ages(event, decision)
        if decision.replies:
            decision = replace(decision, replies=tuple(map(self._dated, decision.replies)))
        follow_ups = (*decision.follow_ups, *self._committed(decision), *self._health_changed(), *self._resume())
        return Handled(decision, follow_ups)

    def _looked_up(self, event: Input) -> CounterEvent:
        if isinstance(event, KeyPressed | ConditionsChanged):  # most inputs are, and the journal knows nothing of them
            return event
        return looked_up(event, self._journal, self._names, self._next_number, self._ages, self.view.sale)

    def _commit(self, decision: Decision) -> Decision:
        """With what only the journal could add to it. A sale and its refund change together, or neither."""
        match decision.record, decision.refund_record:
            case Record() as record, RefundRecord() as refunded:
                self._journal.append_both(record, refunded)
            case Record() as record, None:
                self._journal.append(record)
            case None, RefundRecord() as refunded:
                self._journal.append_refund(refunded)
        if decision.close is not None:
            decision = of_shop.with_head(decision, self._journal.append_close(decision.close))
        if decision.told_close is not None:
            self._journal.note_close_told(decision.told_close)
        if decision.acknowledged_gap is not None:
            _acknowledge(self._journal, decision.acknowledged_gap, self.view.operator)
        if decision.receipts:
            self._journal.append_receipts(decision.receipts)
        return decision

    def _dated(self, reply: reg.RegisterReply) -> reg.RegisterReply:
        match reply:
            case reg.SaleResult(sale=Sale() as sale):
                return replace(reply, age_s=self._ages.age_s(sale), named_for_s=self._named_for_s(sale))
            case reg.RefundResult(refund=refund):
                return replace(reply, named_for_s=self._named_for_s(refund))
        return reply

    def _named_for_s(self, told: Sale | Refund) -> float:
        """By the register's own id, which may be another day's by now; our reference names one thing for ever."""
        is_ours = told.register_id == told.reference
        return math.inf if is_ours else self._rules.ids_name_for.open_s - self._ages.kept_s(told)

    def _note_ages(self, event: Input, decision: Decision) -> None:
        """When a sale was asked for, and when the register was first told how it ended."""
        if decision.record is not None:
            sale = decision.record.sale
            if sale.number >= self._next_number:
                self._ages.begin(sale.number)
            if sale.acknowledged:
                self._ages.tell(sale.number)
        elif (refunded := decision.refund_record) is not None:
            if refunded.refund.number >= self._next_number:
                self._ages.begin(refunded.refund.number)
            if refunded.event == RefundResultTaken.__name__:
                self._ages.tell(refunded.refund.number)
        elif isinstance(event, reg.ResultDelivered):  # so late that the sale was closed without it
            with contextlib.suppress(JournalError):
                if (known := self._journal.find_register_id(event.register_id)) is not None:
                    self._ages.tell(known.number)
        elif decision.replies and isinstance(event, reg.RegisterQuestion):
            for answer in decision.replies:
                if isinstance(answer, reg.SaleResult) and answer.sale is not None:
                    self._ages.tell(answer.sale.number)
                if isinstance(answer, reg.RefundResult):
                    self._ages.tell(answer.refund.number)

    def _committed(self, decision: Decision) -> tuple[Input, ...]:
        if (refunded := decision.refund_record) is not None:
            refund = refunded.refund
            self._next_number = max(self._next_number, refund.number + 1)
            log.info("refund %d: %s -> %s, %s", refund.number, refunded.event, refund.state, refund.outcome)
        if decision.record is None:
            if (close := decision.close) is not None:
                log.info("end of day %d: %d sales", close.number, close.totals.count)
            return self._journal_works() if decision.is_durable else ()
        sale = decision.record.sale
        self._next_number = max(self._next_number, sale.number + 1)
        outcome = f", {sale.outcome}" if sale.outcome else ""
        log.info("sale %d: %s -> %s%s", sale.number, decision.record.event, sale.state, outcome)
        return self._journal_works()

    def _journal_works(self) -> tuple[Input, ...]:
        return () if self.view.conditions.journal_ok else (ConditionsChanged({"journal_ok": True}),)

    def _not_committed(self, event: Input, decision: Decision | None, error: JournalError) -> Handled:
        """Nothing was decided. A request is refused; what belongs to the open sale comes again, because it must end."""
        log.error("%s", error)
        follow_ups: tuple[Input, ...] = (NotWritten(),) if _is_by_menu(event, self.view) else ()
        if self.view.conditions.journal_ok:
            follow_ups = (ConditionsChanged({"journal_ok": False}), *follow_ups)
        replies: tuple[reg.RegisterReply, ...] = ()
        if isinstance(event, reg.RegisterQuestion):
            replies = (reg.RequestRefused(reg.register_id_of(event), reg.RefusalCode.UNAVAILABLE),)
        retry: Input | None = self._held_back.cancel_in(event, decision, self.view.sale)
        if retry is None and is_retried(event):
            retry = event
        failed = Decision(view=self.view, replies=replies, failure=str(error))
        self._held_back.hold(retry)
        return Handled(failed, follow_ups, retry or (JournalTrialDue() if self.view.conditions.journal_ok else None))

    def _try_journal(self, trial: JournalTrialDue) -> Handled:
        """Until it can be written: else the screen says for hours that it cannot, and asks nobody about a receipt."""
        if self.view.conditions.journal_ok:
            return Handled(Decision(view=self.view))
        works = _can_write(self._journal)
        if works:
            return Handled(Decision(view=self.view), self._journal_works())
        return Handled(Decision(view=self.view), (), trial, NEARLY_FULL_RETRY_S if works is None else JOURNAL_RETRY_S)

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


def _acknowledge(journal: SaleJournal, gap: int, operator: str) -> None:
    """Said in the log, and by whom as far as anybody knows."""
    what = "journal acknowledge"
    by = f"{BY_KEYPAD}, cashier {shown(operator)}" if operator else BY_KEYPAD
    try:
        journal.acknowledge_gap(gap)
    except JournalError as error:
        audit(what, by, str(error))
        raise
    audit(what, by, "done")


def _is_by_menu(event: Input, view: View) -> bool:
    """Somebody stands there and waits to read what became of it."""
    match event:
        case EndOfDayRequested() | ReprintRequested():
            return event.by_keypad
        case RefundRequested():
            return event.source is RefundSource.KEYPAD
        case GapRequested():
            return True
        case KeyPressed(key="#"):
            return view.menu.is_open
    return False


def _is_look(event: Input, view: View) -> bool:
    """Somebody looks at the terminal or asks how it is. In a sale, its own commits show whether the journal works."""
    match event:
        case KeyPressed():
            return view.sale is None
        case JournalTrialDue():
            return event.is_look
    return isinstance(event, reg.ConditionRequest)


def _can_write(journal: SaleJournal) -> bool | None:
    """Try it. None: the disk is nearly full, so nothing was tried."""
    try:
        if journal.free_bytes() < MIN_FREE_BYTES:
            return None
        journal.try_writing()
    except JournalError as error:
        log.debug("still: %s", error)
        return False
    return True
