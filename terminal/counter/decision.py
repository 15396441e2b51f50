"""What the counter answers to an event: a view, what must be on disk first, and what is then to be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from terminal.counter import register_words as reg
from terminal.counter.inputs import EndOfDayRequested, GapRequested, ReceiptJudged, RefundRequested, ReprintRequested
from terminal.counter.menu_codes import ChangeCode, CheckCode
from terminal.counter.menu_wishes import FindAbout, MakePairingCode, PrintReport
from terminal.counter.view import View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.record import QueuedReceipt, Record, RefundRecord
from terminal.sale.refund_step import RefundEffect
from terminal.sale.totals import Close


class ShowResultFor(msgspec.Struct, frozen=True):
    """Bring :class:`ResultSeen` after a while."""

    sale_number: int
    delay_s: float


class KeepOfferFor(msgspec.Struct, frozen=True):
    """Bring :class:`OfferExpired` after a while."""

    amount_kr: int
    delay_s: float


class KeepLanguageFor(msgspec.Struct, frozen=True):
    """Bring :class:`LanguageExpired` after a while."""

    turn: int
    delay_s: float


class ShowRefundFor(msgspec.Struct, frozen=True):
    """Bring :class:`RefundResultSeen` after a while."""

    refund_number: int
    delay_s: float


class ShowMenuFor(msgspec.Struct, frozen=True):
    """Bring :class:`MenuLeft` after a while."""

    turn: int
    delay_s: float


class LetReadFor(msgspec.Struct, frozen=True):
    """Bring :class:`QuestionRead` after a moment."""

    turn: int
    delay_s: float


class LockMenuFor(msgspec.Struct, frozen=True):
    """Bring :class:`MenuUnlocked` after a while."""

    delay_s: float


class JudgeReceiptIn(msgspec.Struct, frozen=True):
    """Bring :class:`ReceiptJudged`, "it is whole", once the key cannot become a long press any more."""

    receipt: QueuedReceipt
    delay_s: float


class CheckService(msgspec.Struct, frozen=True):
    """See after a while whether the service can be reached, and if not, again and again until it is.

    At once when a sale begins, so that it is on the screen before the customer types anything.
    """

    delay_s: float = 0.0


class ExamineTerminal(msgspec.Struct, frozen=True):
    """Look at everything that a sale needs, bring :class:`TerminalExamined`, and put on paper how it is."""


class SwitchTraining(msgspec.Struct, frozen=True):
    """Begin anew in training, or end it."""

    on: bool


class PreparePrinter(msgspec.Struct, frozen=True):
    """A receipt will be due soon: find the printer and load what it needs, so that the receipt starts at once."""


class OpenDrawer(msgspec.Struct, frozen=True):
    """Open the cash drawer, at once or not at all."""


CounterEffect: TypeAlias = (
    fx.Effect
    | RefundEffect
    | ShowResultFor
    | KeepOfferFor
    | KeepLanguageFor
    | ShowRefundFor
    | ShowMenuFor
    | LockMenuFor
    | LetReadFor
    | JudgeReceiptIn
    | CheckService
    | ExamineTerminal
    | PrintReport
    | FindAbout
    | MakePairingCode
    | CheckCode
    | ChangeCode
    | SwitchTraining
    | PreparePrinter
    | OpenDrawer
)


FollowUp: TypeAlias = (
    ReprintRequested | ReceiptJudged | RefundRequested | EndOfDayRequested | GapRequested | ev.MoneyReturned
)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from an event, in this order: commit what is durable, take over ``view``, do the rest.

    Durable is one of ``record``, ``refund_record``, ``close``, ``told_close``, ``acknowledged_gap`` and ``receipts``.
    Both records, in this order, where staff take back that a refund was done that has ended its sale.
    """

    view: View
    record: Record | None = None
    refund_record: RefundRecord | None = None
    close: Close | None = None
    told_close: int | None = None
    """The register has acknowledged that end of day."""
    acknowledged_gap: int | None = None
    """Staff know what is missing since that repair."""
    receipts: tuple[QueuedReceipt, ...] = ()
    """Receipts that are to be printed once more."""
    follow_ups: tuple[FollowUp, ...] = ()
    """What happens next, and has to be looked up in the journal first."""
    effects: tuple[CounterEffect, ...] = ()
    replies: tuple[reg.RegisterReply, ...] = ()
    """To a question of the register the first of them is the answer; any other is told unasked."""
    refused: reg.RequestRefused | None = None
    """Why nothing was begun, for a command that asked; the register is not told."""
    failure: str = ""
    """Why nothing could be decided now: the journal takes nothing. Empty: it was decided and committed."""

    @property
    def is_durable(self) -> bool:
        """Something of it was to be committed."""
        kept = (self.record, self.refund_record, self.close, self.told_close, self.acknowledged_gap)
        return bool(self.receipts) or any(one is not None for one in kept)

    @property
    def queues_receipts(self) -> bool:
        """There is something new to print."""
        return bool(
            self.receipts
            or (self.record is not None and self.record.receipts)
            or (self.refund_record is not None and self.refund_record.receipts)
            or (self.close is not None and self.close.is_printed)
        )

    def replies_to(self, event: object) -> Iterator[tuple[reg.RegisterReply, reg.RegisterQuestion | None]]:
        """The replies, each with the question that it answers."""
        if not self.replies:
            return
        question = event if isinstance(event, reg.RegisterQuestion) else None
        for reply in self.replies:
            yield reply, question
            question = None
