"""What a register and the counter say to each other, in no protocol's words. Pure.

Requests come from the register, replies go to it. A codec in terminal/register turns bytes into the former and the
latter into bytes.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TypeAlias

import msgspec

from hardware.interfaces import PrinterStatus
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Reason, Sale
from terminal.sale.totals import ClosedPeriod, Totals


class SaleRequest(msgspec.Struct, frozen=True):
    """The register wants to be paid. ``register_id`` is its own name for the sale, if it gave one."""

    amount_kr: int
    register_id: str | None = None
    echo: str = ""
    """What the protocol needs to word the result, also after a restart: kept with the sale and handed back. Where
    there are no ids, the same echo while the sale is open is the same request again."""
    prints_receipt: bool = False
    """The register prints the customer's copy itself."""
    repeats_within_s: float = math.inf
    """By its looks alone it is the open sale again only while that is younger: later it is another customer's."""
    names_one_try: bool = False
    """The id names this one try and whoever made it, also after a "no"; see register_ids.py."""


class CancelRequest(msgspec.Struct, frozen=True):
    """The register wants to stop; without an id, whatever is open."""

    register_id: str | None = None


class ResultRequest(msgspec.Struct, frozen=True):
    """The register asks how that sale ended, or, without an id, whether the terminal is free."""

    register_id: str | None = None


class RecordRequest(msgspec.Struct, frozen=True):
    """The register asks for the whole of a sale or a refund: by our reference, or by its own name for it."""

    reference: str | None = None
    register_id: str | None = None


class LastResultRequest(msgspec.Struct, frozen=True):
    """The register asks how the latest sale ended, whatever its name."""


class ConditionRequest(msgspec.Struct, frozen=True):
    """The register asks how the terminal is doing."""


class ReversalRequest(msgspec.Struct, frozen=True):
    """The register wants all that is left of an earlier payment given back: the one under this number of a receipt,
    under its own name for it, or under our reference; with an amount, so much of it. ``register_id`` is its name for
    this request, if it gave one."""

    number: int | None = None
    of: str | None = None
    register_id: str | None = None
    echo: str = ""
    amount_kr: int | None = None
    prints_receipt: bool = False
    """The register prints the customer's copy itself."""
    reference: str | None = None
    names_one_try: bool = False
    """As in :class:`SaleRequest`."""


class RefundRequest(msgspec.Struct, frozen=True):
    """The register wants to give money back; ``of`` is its name for the payment, and ``register_id`` that for this
    request. Without ``of`` the one whole payment of just this amount is meant, if there is only one."""

    amount_kr: int
    of: str | None = None
    register_id: str | None = None
    echo: str = ""
    prints_receipt: bool = False
    """The register prints the customer's copy itself."""


class TotalsRequest(msgspec.Struct, frozen=True):
    """The register asks for the totals since the last end of day; with ``close`` this is the next one."""

    close: bool = False
    prints_slip: bool = False
    """The register prints the slip of an end of day itself."""
    asked_by: str = ""
    """Which of the register's programs, where there are several."""


class ResultDelivered(msgspec.Struct, frozen=True):
    """The register has been told, as surely as its protocol lets us know."""

    register_id: str


class TotalsDelivered(msgspec.Struct, frozen=True):
    """The register has acknowledged the totals of the period that it ended."""

    number: int | None
    """None: if it ended one before the start, it has gone on to something else since."""
    asked_by: str | None = None
    """Which of its programs has; None: all of them."""


class ResultRefusal(msgspec.Struct, frozen=True):
    """The register did not take the result, or went silent: for it the sale did not happen, no goods were given."""

    register_id: str
    said_so: bool = False
    """It answered that. After mere silence it may have taken the result, and its word was lost."""


class TotalSeen(msgspec.Struct, frozen=True):
    """A register that cannot ask shows this total; None: it shows none (any more). Only a key makes a sale of it."""

    amount_kr: int | None
    other_kr: int | None = None
    """It shows this one, too: the first is what Netgíró seems to pay, but the cashier chooses."""
    differing_kr: tuple[int, int] | None = None
    """It shows two totals that cannot both be right, so none is offered."""
    paid_kr: int | None = None
    """Its total, which was paid in another way, so it is not offered."""
    is_picture: bool = False
    """It prints its receipts as pictures, in which no total can be read."""


RegisterQuestion: TypeAlias = (
    SaleRequest
    | CancelRequest
    | ResultRequest
    | RecordRequest
    | LastResultRequest
    | ConditionRequest
    | ReversalRequest
    | RefundRequest
    | TotalsRequest
)
"""What is answered; all of it may be lost without harm, because the register asks again."""

RegisterRequest: TypeAlias = RegisterQuestion | ResultDelivered | ResultRefusal | TotalsDelivered | TotalSeen


def register_id_of(request: RegisterRequest) -> str | None:
    """The id that a request names a sale by, if it names one that may be known or new."""
    match request:
        case SaleRequest() | CancelRequest() | ResultRequest() | RecordRequest():
            return request.register_id
    return None


class RefusalCode(StrEnum):
    """Why a request starts nothing."""

    BUSY = "busy"
    AMOUNT = "amount"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    NOTHING_OPEN = "nothing_open"
    """There is nothing to cancel."""
    NOT_POSSIBLE = "not_possible"
    """The payment service has no call for it."""
    DUPLICATE = "duplicate"
    """Another amount under a name that means another sale."""
    RECORDS_LOST = "records_lost"
    """Sales are missing from the records: this name may be that of one that was paid."""
    REFUND = "refund"
    """Nothing is left of that payment to give back."""
    TOO_OLD = "too_old"
    """That payment was made too long ago to be given back here."""


class SaleAccepted(msgspec.Struct, frozen=True):
    """The request is taken (or taken already): the result follows."""

    register_id: str


class RequestRefused(msgspec.Struct, frozen=True):
    """Nothing was started."""

    register_id: str | None
    code: RefusalCode
    text: str = ""
    """A sentence for the cashier; the register's link puts it in."""
    limit_kr: int | None = None
    """The limit that the amount breaks."""
    limits_kr: tuple[int, int] | None = None
    """The lowest and the highest amount that is accepted, where the amount was refused."""
    of_refund: bool = False
    """Money was to go back."""


class SaleResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a sale ended."""

    register_id: str
    amount_kr: int
    reason: Reason
    authorization_id: str | None
    text: str = ""
    """A sentence for the cashier; the register's link puts it in."""
    echo: str = ""
    """As it stood in the request."""
    age_s: float = 0.0
    """How long ago the register asked."""
    named_for_s: float = math.inf
    """So long the register's id still means this one; afterwards it is told under that id to nobody unasked."""
    sale: Sale | None = None
    """The whole of it, for a protocol that tells more."""

    @property
    def outcome(self) -> Outcome:
        return self.reason.outcome


class RefundResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a refund ended, or that its end is not known yet."""

    register_id: str
    refund: Refund
    named_for_s: float = math.inf
    text: str = ""
    """A sentence for the cashier; the register's link puts it in."""
    echo: str = ""
    """As it stood in the request."""


class RecordFound(msgspec.Struct, frozen=True):
    """A sale or a refund as it stands."""

    record: Sale | Refund


class Step(StrEnum):
    """What a sale waits for, as far as it is the cashier's business."""

    CUSTOMER = "waiting_for_customer"
    SERVICE = "asking_netgiro"
    RECEIPT = "take_receipt"


class Progress(msgspec.Struct, frozen=True):
    """A sale or a refund has become this. No answer: only a protocol that hears of progress is told."""

    record: Sale | Refund
    step: Step | None = None


class TerminalReady(msgspec.Struct, frozen=True):
    """Nothing is open."""


class TerminalBusy(msgspec.Struct, frozen=True):
    """A sale is open."""

    register_id: str


class TerminalCondition(msgspec.Struct, frozen=True, kw_only=True):
    """How the terminal is doing."""

    busy: bool = False
    """A sale is open."""
    can_sell: bool = True
    service_reached: bool = True
    """The last call to the payment service brought an answer."""
    keypad_ok: bool = True
    journal_ok: bool = True
    printer: PrinterStatus = PrinterStatus.UNKNOWN
    paper_low: bool = False
    pending_receipts: int = 0
    open_reference: str | None = None
    """Of the sale or the refund that goes on."""
    left_to_staff: tuple[str, ...] = ()
    """References of what only they can bring to an end."""


class TotalsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a period; ``closed`` if it has ended with this report."""

    number: int
    totals: Totals
    closed: bool
    slip: ClosedPeriod | None = None
    """For a register that prints it."""


RegisterReply: TypeAlias = (
    SaleAccepted
    | RequestRefused
    | SaleResult
    | RefundResult
    | RecordFound
    | TerminalReady
    | TerminalBusy
    | TerminalCondition
    | TotalsReport
)
