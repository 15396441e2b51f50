"""What the counter can be told: everything that may happen around a sale, beside the sale's own events."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import msgspec

from terminal.counter import register_words as reg
from terminal.counter.menu import Problem
from terminal.counter.menu_codes import CodeJudged
from terminal.counter.register_ids import Wish
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Gap, QueuedReceipt
from terminal.sale.refund import Refund, RefundSource
from terminal.sale.refund_step import RefundEvent, RefundSettlementCorrected
from terminal.sale.sale import Sale
from terminal.sale.sensitive import Sensitive
from terminal.sale.totals import ClosedPeriod, Period


class KeyPressed(msgspec.Struct, frozen=True):
    """A key of the keypad."""

    key: str
    is_long: bool = False
    """It is still down: what was told when it went down is told once more."""


class CodeScanned(msgspec.Struct, frozen=True):
    """A scanner read a code, all of it at once."""

    code: Sensitive


class ConditionsChanged(msgspec.Struct, frozen=True):
    """Something around the sale changed: fields of :class:`terminal.counter.view.Conditions` and their new values."""

    changes: dict[str, Any]


class KeysMissed(msgspec.Struct, frozen=True):
    """Keys were used while nobody could read them: what is typed may lack one."""


class ResultSeen(msgspec.Struct, frozen=True):
    """The result of that sale was shown long enough."""

    sale_number: int


class EndedSaleLookedUp(msgspec.Struct, frozen=True):
    """Something that happened to a sale which the view has no more, with that sale as the journal has it."""

    event: ev.SaleEvent
    sale: Sale


class EndedRefundLookedUp(msgspec.Struct, frozen=True):
    """Staff correct what they said of this refund, as the journal has it."""

    event: RefundSettlementCorrected
    refund: Refund
    sale: Sale
    """The one whose payment it gave back."""


class ReprintRequested(msgspec.Struct, frozen=True):
    """Staff want a receipt once more: of a sale, or of an end of day; without a number, of the last one."""

    number: int | None = None
    kinds: tuple[ReceiptKind, ...] = ()
    """None: the customer's, or the slip for staff while the sale is left to them."""
    by_keypad: bool = False
    """The menu waits for the answer."""


class ReprintLookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """:class:`ReprintRequested` with what the journal knows."""

    sale: Sale | None = None
    refund: Refund | None = None
    """It is wanted instead of a sale."""
    period: int | None = None
    """The number of the end of day that is wanted instead."""
    kinds: tuple[ReceiptKind, ...]
    earlier: tuple[QueuedReceipt, ...] = ()
    """Every receipt there has been of it."""
    by_keypad: bool = False


class RefundRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Staff, a command or the terminal itself want money returned; without a number, of the last sale."""

    number: int | None = None
    amount_kr: int | None = None
    """None: all that is left."""
    source: RefundSource
    description: str = ""
    is_question: bool = False
    """Nothing begins: the menu wants to know what may be given back."""


class RefundLookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for a refund, whoever has it, with what the journal knows and the names that the refund would get."""

    source: RefundSource
    is_question: bool = False
    amount_kr: int | None = None
    register_id: str | None = None
    echo: str = ""
    names_one_try: bool = False
    """As in :class:`terminal.counter.register_words.SaleRequest`."""
    description: str = ""
    known: Sale | Refund | None = None
    """The newest sale or refund that this register id has named."""
    wish: Wish | None = None
    """The same as far as it decides what the id means now."""
    sale: Sale | None = None
    """The payment."""
    sale_age_s: float = 0.0
    rival_age_s: float = math.inf
    """Of the newest other payment that is as likely meant, where none was named."""
    refunds: tuple[Refund, ...] = ()
    """Of that payment."""
    prints_receipt: bool = False
    """The register prints the customer's copy itself."""
    gap_age_s: float = math.inf
    """How long ago a gap in the journal ended that nobody has acknowledged yet."""
    is_before_gap: bool = False
    """The payment is older than that gap: a refund of it may be among what is missing."""
    number: int = 0
    reference: str = ""
    idempotency_key: str = ""
    created: str = ""


class RefundResultSeen(msgspec.Struct, frozen=True):
    """The result of that refund was shown long enough."""

    refund_number: int


class OfferExpired(msgspec.Struct, frozen=True):
    """The register has shown that total for so long that nobody means it any more."""

    amount_kr: int


class LanguageExpired(msgspec.Struct, frozen=True):
    """The language that somebody chose has been there for long, and nobody has bought anything."""

    turn: int


class ReceiptJudged(msgspec.Struct, frozen=True):
    """Staff have looked at a receipt that was in doubt."""

    receipt: QueuedReceipt
    is_whole: bool


class EndOfDayRequested(msgspec.Struct, frozen=True):
    """The shop ends its day without the register's help."""

    by_keypad: bool = False
    even_if_empty: bool = True
    """Also if nothing has happened since the last end of day; else the menu asks."""
    due_at: str | None = None
    """By the clock: what was begun before this moment is to be in a day that has ended. RFC 3339, UTC."""


class EndOfDayLookedUp(msgspec.Struct, frozen=True):
    """:class:`EndOfDayRequested` with what the journal knows."""

    period: Period
    """The time since the last end of day."""
    by_keypad: bool = False
    even_if_empty: bool = True
    due_at: str | None = None
    first_at: str | None = None
    """When the first thing of the period was written; None: nothing was."""
    now: str = ""


class GapRequested(msgspec.Struct, frozen=True):
    """The menu wants to know which records are missing."""

    acknowledged: int | None = None
    """Staff have compared with the service's records what is missing since that repair."""


class GapLookedUp(msgspec.Struct, frozen=True):
    """:class:`GapRequested` with what the journal knows."""

    gap: Gap | None = None
    acknowledged: int | None = None


class NotWritten(msgspec.Struct, frozen=True):
    """The journal did not take what the menu wanted; nothing has happened."""


class NightCame(msgspec.Struct, frozen=True):
    """Nobody is trained at this hour."""


class TrainingNotSwitched(msgspec.Struct, frozen=True):
    """The disk did not take it."""


class ReportEnded(msgspec.Struct, frozen=True):
    """A report that the menu wanted is on paper, or cannot be printed now."""

    is_printed: bool


class AboutFound(msgspec.Struct, frozen=True):
    """Which terminal this is, a line each."""

    lines: tuple[str, ...]


class PairingCodeMade(msgspec.Struct, frozen=True):
    """Six digits for one register program on the network."""

    digits: Sensitive
    good_for_s: float


class MenuLeft(msgspec.Struct, frozen=True):
    """Nobody has pressed a key in the menu for a while."""

    turn: int


class QuestionRead(msgspec.Struct, frozen=True):
    """What the screen asks has stood there long enough, and no key was pressed meanwhile."""

    turn: int


class MenuUnlocked(msgspec.Struct, frozen=True):
    """The staff code may be tried again."""


class TerminalExamined(msgspec.Struct, frozen=True):
    """The doctor has looked at everything that a sale needs."""

    problems: tuple[Problem, ...]
    """The worst first."""


class PastClose(NamedTuple):
    """An end of day."""

    period: ClosedPeriod
    age_s: float
    """How long ago it was."""


class RegisterRequestLookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """A register's request, with what the journal knows and the names that a new sale would get."""

    request: reg.RegisterRequest
    known: Sale | Refund | None = None
    """The newest sale or refund that this register id has named."""
    wish: Wish | None = None
    """The same as far as it decides what the id means now."""
    open_age_s: float = 0.0
    """How long ago the open sale was asked for."""
    number: int = 0
    reference: str = ""
    created: str = ""
    period: Period = Period(0)
    """The time since the last end of day."""
    closes: tuple[PastClose, ...] = ()
    """The last end of day that booked something and those after it, oldest first; only the newest of very many."""
    gap_age_s: float = math.inf
    """How long ago a gap in the journal ended that nobody has acknowledged yet."""


class JournalTrialDue(msgspec.Struct, frozen=True):
    """The journal could not be written, and nothing that waits will try it again by itself."""

    is_look: bool = False
    """Somebody asks how the terminal is: one trial, before the answer, and no further one."""


CounterEvent: TypeAlias = (
    ev.SaleEvent
    | RegisterRequestLookedUp
    | KeyPressed
    | KeysMissed
    | ConditionsChanged
    | ResultSeen
    | OfferExpired
    | LanguageExpired
    | EndedSaleLookedUp
    | EndedRefundLookedUp
    | ReprintLookedUp
    | ReceiptJudged
    | EndOfDayLookedUp
    | GapLookedUp
    | NotWritten
    | CodeJudged
    | JournalTrialDue
    | NightCame
    | TrainingNotSwitched
    | CodeScanned
    | MenuLeft
    | MenuUnlocked
    | QuestionRead
    | TerminalExamined
    | ReportEnded
    | AboutFound
    | PairingCodeMade
    | RefundEvent
    | RefundLookedUp
    | RefundResultSeen
)

Input: TypeAlias = (
    CounterEvent | reg.RegisterRequest | ReprintRequested | RefundRequested | EndOfDayRequested | GapRequested
)
"""What may be put into the inbox; some of it is looked up in the journal before it is decided."""
