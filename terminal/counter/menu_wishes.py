"""What staff want done when they have gone through the menu. Pure."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from terminal.counter.menu import ReportKind
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind


class Settle(msgspec.Struct, frozen=True):
    """Staff say how this sale ended."""

    sale_number: int
    verdict: ev.Verdict


class Reprint(msgspec.Struct, frozen=True):
    """A receipt is wanted once more; without a number the last one."""

    sale_number: int | None
    kinds: tuple[ReceiptKind, ...] = ()


class AskRefund(msgspec.Struct, frozen=True):
    """What can be given back of this payment; without a number of the last one."""

    sale_number: int | None


class Refund(msgspec.Struct, frozen=True):
    """Staff want this to be given back."""

    sale_number: int
    amount_kr: int


class EndDay(msgspec.Struct, frozen=True):
    """The day is to end."""

    even_if_empty: bool


class Train(msgspec.Struct, frozen=True):
    """Training is to begin or to end."""


class ChangeOperator(msgspec.Struct, frozen=True):
    """Another cashier takes over."""


class TurnLanguage(msgspec.Struct, frozen=True):
    """The customer wants to read another language."""


class PrintReport(msgspec.Struct, frozen=True):
    """Put figures of the open period on paper, and bring :class:`ReportEnded`."""

    kind: ReportKind


class FindAbout(msgspec.Struct, frozen=True):
    """Which terminal this is: bring :class:`AboutFound`."""


class MakePairingCode(msgspec.Struct, frozen=True):
    """A register program is to be let in: bring :class:`PairingCodeMade`."""


class AskGap(msgspec.Struct, frozen=True):
    """Which records are missing."""


class AcknowledgeGap(msgspec.Struct, frozen=True):
    """Somebody has compared with the service's records what is missing since that repair."""

    repair: int


class Examine(msgspec.Struct, frozen=True):
    """The doctor's report is wanted."""


Wish: TypeAlias = (
    Settle
    | Reprint
    | AskRefund
    | Refund
    | EndDay
    | Train
    | TurnLanguage
    | ChangeOperator
    | PrintReport
    | FindAbout
    | MakePairingCode
    | AskGap
    | AcknowledgeGap
    | Examine
)
