"""One refund: money on its way back to the customer of an earlier sale.

A refund is a value like a sale. ``refund_step.py`` makes the next one from an event; the journal keeps every one of
them. Refunds share the sales' numbers, so that a receipt's number names one thing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from terminal.sale.gateway import Refusal
from terminal.sale.sale import Outcome, Sale


class RefundState(StrEnum):
    """Where a refund is."""

    TRANSFER = "transfer"
    """The call has left, or its answer is unknown. Only the service's word ends this."""
    REPORT = "report"
    """The outcome is known; the register does not have it yet."""
    ATTENTION = "attention"
    """Nobody here can find out whether the money was returned; staff look it up."""
    CLOSED = "closed"


class RefundReason(StrEnum):
    """Why a refund ended as it did."""

    DONE = "done"
    NO_CONNECTION = "no_connection"
    """Never sent: there was no connection from the first try on."""
    CREDENTIALS = "credentials"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    """The service said no."""
    NOT_TRACEABLE = "not_traceable"
    """The service said no to a repeated call: the first one, whose answer was lost, may have been carried out."""
    SETTLED_DONE = "settled_done"
    """Staff looked it up in the service's own records: returned."""
    SETTLED_NOT_DONE = "settled_not_done"


class RefundSource(StrEnum):
    """Who wants the money returned."""

    REGISTER = "register"
    KEYPAD = "keypad"
    COMMAND = "command"
    AUTOMATIC = "automatic"
    """The register did not accept a payment that the service holds."""


class RefundTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The rules a refund was started under."""

    patience_s: float = 30.0
    """So long whoever asked waits for the outcome. The refund itself goes on until there is one."""
    report_timeout_s: float = 30.0
    customer_copy: bool = True
    merchant_copy: bool = True
    staff_slip: bool = True


class Refund(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="refund"):
    """One refund, as it stands. Every field may be written to disk; the tag tells it there from a sale."""

    number: int
    reference: str
    idempotency_key: str
    """Forty hex digits. The service carries out one refund under it, however often the call is repeated."""
    sale_number: int
    sale_reference: str
    authorization_id: str
    """The payment's name at the service."""
    amount_kr: int
    payment_kr: int
    """The whole amount of the payment."""
    created: str
    """Wall clock, RFC 3339, UTC."""
    source: RefundSource
    register_id: str = ""
    """The register's own name for it; empty if no register asked."""
    register_echo: str = ""
    description: str = ""
    operator: str = ""
    """Who stood at the counter; empty if nobody had said so, or nobody stood there."""
    terms: RefundTerms = RefundTerms()

    state: RefundState = RefundState.TRANSFER
    reason: RefundReason | None = None
    """Why it ended; ``None`` until the service has said so."""
    may_have_left: bool = False
    """A call may have reached the service, so only the service can end it."""
    is_late: bool = False
    """Whoever asked has been told that the outcome is not known yet."""
    support_reference: str | None = None
    settled_by: str = ""
    """Which member of staff settled it, or corrected that; empty if nobody had to."""
    corrected_from: RefundReason | None = None
    """What they had settled it as before; every entry stands in the journal."""
    calls: int = 0
    misses: int = 0
    """Calls in a row without an answer."""

    @property
    def is_whole(self) -> bool:
        """It returns the whole payment."""
        return self.amount_kr == self.payment_kr

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for its outcome at the counter or the register."""
        return not self.is_late and self.state in (RefundState.TRANSFER, RefundState.REPORT)

    @property
    def is_done(self) -> bool:
        return self.reason in (RefundReason.DONE, RefundReason.SETTLED_DONE)

    @property
    def is_unknown(self) -> bool:
        """Nobody can say whether the money was returned."""
        return self.reason in (None, RefundReason.NOT_TRACEABLE)

    @property
    def outcome(self) -> str:
        """``refunded``, ``refused``, or ``unknown`` as long as nobody can say."""
        if self.is_unknown:
            return "unknown"
        return "refunded" if self.is_done else "refused"


_VOLATILE = {"calls": 0, "misses": 0, "support_reference": None}


def refund_differs_durably(before: Refund, after: Refund) -> bool:
    """Whether the change is worth a commit: the count of tries is not."""
    return msgspec.structs.replace(before, **_VOLATILE) != msgspec.structs.replace(after, **_VOLATILE)


def left_to_refund_kr(sale: Sale, refunds: Iterable[Refund]) -> int:
    """What may still be returned of a payment; a refund whose end is not known counts as returned."""
    if sale.outcome not in (Outcome.APPROVED, Outcome.REFUND_DUE) or sale.authorization_id is None:
        return 0
    return sale.amount_kr - sum(one.amount_kr for one in refunds if one.is_unknown or one.is_done)


def automatic_key(sale: Sale) -> str:
    """The idempotency key of the one refund that the terminal starts by itself.

    It follows from the sale, so the money cannot be returned twice, not even by a journal that was restored.
    """
    return hashlib.sha1(f"refund due {sale.reference}".encode(), usedforsecurity=False).hexdigest()


REASON_OF = {
    Refusal.CREDENTIALS: RefundReason.CREDENTIALS,
    Refusal.NOT_FOUND: RefundReason.NOT_FOUND,
}
