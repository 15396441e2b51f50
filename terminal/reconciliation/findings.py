"""What a reconciliation finds of one sale, refund or settlement."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from terminal.sale.gateway import PaymentRecord


class Ending(StrEnum):
    """How the two books stand to each other."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_ASKED = "not_asked"
    """Nobody could be asked, or the answer says nothing."""


class Kind(StrEnum):
    """What a finding is about."""

    SALE = "sale"
    REFUND = "refund"
    SETTLEMENT = "settlement"


class MatchedBy(StrEnum):
    """Why an item of a settlement is taken for a sale: items name neither reference nor authorization."""

    AMOUNT_AND_TIME = "amount_and_time"
    NOT_UNIQUE = "amount_and_time_not_unique"
    """Several sales or items fit."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    kind: Kind
    ending: Ending
    what: str = ""
    """What was found; for what agrees only where that needs a word."""
    advice: str = ""
    """What to do about it."""
    number: int | None = None
    reference: str = ""
    authorization_id: str | None = None
    amount_kr: int = 0
    created: str = ""
    outcome: str = ""
    """In the journal."""
    settlement: str | None = None
    settled: str | None = None
    fee_kr: int | None = None
    net_kr: int | None = None
    matched_by: MatchedBy | None = None


class NoRecord(msgspec.Struct, frozen=True, tag=True):
    """The service knows no such payment."""


class Unanswered(msgspec.Struct, frozen=True, tag=True):
    """Nobody could be asked."""

    why: str


Answer = PaymentRecord | NoRecord | Unanswered
