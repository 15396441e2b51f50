"""What every register protocol is: bytes in, requests out; replies in, bytes out. No I/O and no clock inside.

A protocol object lives as long as its line. The link feeds it with bytes and with the monotonic time, sends what
``data_to_send()`` returns, and wakes it at ``next_wakeup_s``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.sale.sale import Outcome, Reason, Sale, Terms
from terminal.sale.totals import ClosedPeriod, Totals


class SaleRequested(msgspec.Struct, frozen=True):
    """The register wants to be paid. ``register_id`` is its own name for the sale, if it gave one."""

    amount_kr: int
    register_id: str | None = None
    echo: str = ""
    """What the protocol needs to word the result, also after a restart: kept with the sale and handed back. Where
    there are no ids, the same echo while the sale is open is the same request again."""
    prints_receipt: bool = False
    """The register prints the customer's copy itself."""


class CancelRequested(msgspec.Struct, frozen=True):
    """The register wants to stop; without an id, whatever is open."""

    register_id: str | None = None


class ResultRequested(msgspec.Struct, frozen=True):
    """The register asks how that sale ended, or, without an id, whether the terminal is free."""

    register_id: str | None = None


class LastResultRequested(msgspec.Struct, frozen=True):
    """The register asks how the latest sale ended, whatever its name."""


class ConditionRequested(msgspec.Struct, frozen=True):
    """The register asks how the terminal is doing."""


class ReversalRequested(msgspec.Struct, frozen=True):
    """The register wants an earlier payment undone; ``number`` is what stands on its receipt."""

    number: int


class RefundRequested(msgspec.Struct, frozen=True):
    """The register wants to give money back, without naming a sale."""

    amount_kr: int


class TotalsRequested(msgspec.Struct, frozen=True):
    """The register asks for the totals since the last end of day; with ``close`` this is the next one."""

    close: bool = False
    prints_slip: bool = False
    """The register prints the slip of an end of day itself."""


class ResultDelivered(msgspec.Struct, frozen=True):
    """The register has been told, as surely as its protocol lets us know."""

    register_id: str


class ResultRejected(msgspec.Struct, frozen=True):
    """The register did not take the result, or went silent: for it the sale did not happen, no goods were given."""

    register_id: str


class TotalSeen(msgspec.Struct, frozen=True):
    """A register that cannot ask shows this total; None: it shows none (any more). Only a key makes a sale of it."""

    amount_kr: int | None


RegisterQuestion: TypeAlias = (
    SaleRequested
    | CancelRequested
    | ResultRequested
    | LastResultRequested
    | ConditionRequested
    | ReversalRequested
    | RefundRequested
    | TotalsRequested
)
"""What is answered; all of it may be lost without harm, because the register asks again."""

RegisterRequest: TypeAlias = RegisterQuestion | ResultDelivered | ResultRejected | TotalSeen


class RefusalCode(StrEnum):
    """Why a request starts nothing."""

    BUSY = "busy"
    AMOUNT = "amount"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    NOT_POSSIBLE = "not_possible"
    """The payment service has no call for it."""


class SaleAccepted(msgspec.Struct, frozen=True):
    """The request is taken (or taken already): the result follows."""

    register_id: str


class RequestRefused(msgspec.Struct, frozen=True):
    """Nothing was started. ``text`` is a sentence for the cashier."""

    register_id: str | None
    code: RefusalCode
    text: str
    limit_kr: int | None = None
    """The limit that the amount breaks."""


class SaleResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome for ever of one register id."""

    register_id: str
    amount_kr: int
    reason: Reason
    authorization_id: str | None
    text: str
    echo: str = ""
    """As it stood in the request."""
    sale: Sale | None = None
    """The whole of it, for a protocol that tells more."""

    @property
    def outcome(self) -> Outcome:
        return self.reason.outcome


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


class TotalsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a period; ``closed`` if it has ended with this report."""

    number: int
    totals: Totals
    closed: bool
    slip: ClosedPeriod | None = None
    """For a register that prints it."""


RegisterReply: TypeAlias = (
    SaleAccepted | RequestRefused | SaleResult | TerminalReady | TerminalBusy | TerminalCondition | TotalsReport
)


class RegisterProtocol(Protocol):
    """One register's language. Never raises on any bytes, never grows without bound."""

    longest_sale_s: float | None
    """The register waits no longer for an outcome; None: as long as it takes."""
    longest_report_s: float | None
    """Within so long of an outcome the register has taken it or never will: after that time the protocol does not
    tell it any more. None: a result counts as told once it has left, and can be asked for later."""

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """Take bytes as they come, in any chunking; return the complete requests in them."""

    def send(self, reply: RegisterReply, now_s: float, to: RegisterQuestion | None = None) -> None:
        """Queue a reply.

        ``to`` is the question that it answers, the very object that was handed in; None: it is told unasked. A reply
        may come long after its question, or never, and must not be taken for the answer to another one.
        """

    def data_to_send(self) -> bytes:
        """Take everything that is queued for the wire."""

    def data_sent(self) -> Sequence[RegisterRequest]:
        """What ``data_to_send()`` returned has left the machine."""

    @property
    def next_wakeup_s(self) -> float | None:
        """Monotonic time at which ``wake`` wants to be called, if any."""

    def wake(self, now_s: float) -> Sequence[RegisterRequest]:
        """Time has passed: repeat, keep alive, give up."""

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """The line is gone; what was half received or not yet sent is forgotten, an open result is not."""


REPORT_MARGIN_S = 10.0
"""So much later than the protocol the sale itself gives up telling its result."""


def terms_for(terms: Terms, protocol: RegisterProtocol) -> Terms:
    """The terms under which a sale can be carried out for a register of this protocol."""
    terms = replace(terms, longest_sale_s=protocol.longest_sale_s)
    if protocol.longest_report_s is None:
        return terms
    patience_s = max(terms.report_timeout_s, protocol.longest_report_s + REPORT_MARGIN_S)
    return replace(terms, report_timeout_s=patience_s, final_when_taken=True)
