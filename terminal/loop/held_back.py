"""Inputs whose commit failed. They are retried.

A waiting cancel or deadline goes before a new answer, so nothing is captured after the cashier cancelled.
"""

from __future__ import annotations

from typing import TypeVar

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision
from terminal.counter.inputs import (
    AboutFound,
    CodeScanned,
    ConditionsChanged,
    EndOfDayRequested,
    GapLookedUp,
    GapRequested,
    Input,
    KeyPressed,
    LanguageExpired,
    MenuLeft,
    MenuUnlocked,
    NightCame,
    NotWritten,
    OfferExpired,
    PairingCodeMade,
    QuestionRead,
    ReceiptJudged,
    RefundRequested,
    RefundResultSeen,
    ReportEnded,
    ReprintRequested,
    ResultSeen,
    TerminalExamined,
    TrainingNotSwitched,
)
from terminal.counter.menu_codes import CodeJudged
from terminal.sale import events as ev
from terminal.sale.refund import RefundSource
from terminal.sale.refund_step import RefundSettledByStaff, RefundSettlementCorrected
from terminal.sale.sale import Sale

T = TypeVar("T", bound=Input | None)
CANCELLED = ev.CancelRequested.__name__
"""As the journal names it."""
_LEFT_ALONE = (
    KeyPressed
    | CodeScanned
    | ConditionsChanged
    | ResultSeen
    | OfferExpired
    | LanguageExpired
    | MenuLeft
    | MenuUnlocked
    | QuestionRead
    | TerminalExamined
    | ReprintRequested
    | GapRequested
    | GapLookedUp
    | RefundResultSeen
    | NotWritten
    | CodeJudged
    | NightCame
    | TrainingNotSwitched
    | ReportEnded
    | AboutFound
    | PairingCodeMade
    | RefundSettledByStaff
    | RefundSettlementCorrected
    | ev.CallbackReceived
    | ev.SettledByStaff
    | ev.SettlementCorrected
)
"""Whoever wants it asks again, or nobody misses it."""
_LET_TIME_PASS = ev.AnswerReceived | ev.DeadlinePassed | ReceiptJudged | EndOfDayRequested | reg.TotalsDelivered
"""A deadline is decided although these wait."""


def is_retried(event: Input) -> bool:
    """It belongs to the open sale, which must end; a question of the register is asked again by the register."""
    if isinstance(event, RefundRequested):  # staff ask again; nobody asks for what the terminal begins itself
        return event.source is RefundSource.AUTOMATIC
    if isinstance(event, EndOfDayRequested):
        return event.due_at is not None
    return not isinstance(event, _LEFT_ALONE | reg.RegisterQuestion)


class HeldBack:
    """What waits for the disk."""

    def __init__(self) -> None:
        self._inputs: list[Input] = []

    def hold(self, event: T) -> T:
        """Its commit failed; returns the event, to be retried. None holds nothing."""
        if event is not None and not any(one is event for one in self._inputs):
            self._inputs.append(event)
        return event

    def let_go(self, event: Input) -> None:
        """It is committed."""
        if self._inputs:
            self._inputs = [one for one in self._inputs if one is not event]

    def goes_before(self, event: Input) -> bool:
        """Something that waits must be decided first; a sale that was found open goes before everything."""
        if not self._inputs:
            return False
        others = [one for one in self._inputs if one is not event]
        if not others:
            return False
        is_found_open = any(isinstance(one, ev.PowerRestored) for one in others)
        match event:
            case KeyPressed() | CodeScanned():
                return is_found_open
            case ev.CancelRequested():
                return False
            case ev.SaleEvent() if is_found_open:
                return True
            case ev.DeadlinePassed():  # what the register said in time must not be late by the disk
                return any(not isinstance(one, _LET_TIME_PASS) for one in others)
            case ev.SaleEvent():
                return any(isinstance(one, ev.CancelRequested | ev.DeadlinePassed) for one in others)
        return False

    def cancel_in(self, event: Input, decision: Decision | None, sale: Sale | None) -> ev.CancelRequested | None:
        """The cancel of the open sale that this was, whoever asked; the key itself may mean something else later.

        None if it was none, or if one waits already.
        """
        if isinstance(event, ev.CancelRequested):
            return event
        if sale is None or any(isinstance(one, ev.CancelRequested) for one in self._inputs):
            return None
        if isinstance(event, reg.CancelRequest) and event.register_id in (None, sale.register_id):
            return ev.CancelRequested(sale.number, ev.Canceller.REGISTER)
        is_cancel = decision is not None and decision.record is not None and decision.record.event == CANCELLED
        return ev.CancelRequested(sale.number, ev.Canceller.CASHIER) if is_cancel else None
