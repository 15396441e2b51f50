"""What has happened. Events are past participles; devices, the service and the clock push them into one inbox.

Events of a sale carry its number, so that whatever arrives after the sale is over finds nobody.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from terminal.sale.customer import Customer
from terminal.sale.gateway import OpenedAuthorization, Refusal, StatusReport
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive


class Canceller(StrEnum):
    """Who asked for the end of a sale."""

    CASHIER = "cashier"
    REGISTER = "register"
    CLOCK = "clock"
    """The time that the register waits for a result is nearly over."""


class SaleEvent(msgspec.Struct, frozen=True):
    """Something that happened to one sale."""

    sale_number: int


class CustomerIdentified(SaleEvent, frozen=True):
    """A valid app code, kennitala or phone was entered."""

    customer: Customer


class CodeEntered(SaleEvent, frozen=True):
    """The code from the customer's SMS was entered."""

    code: Sensitive


class CancelRequested(SaleEvent, frozen=True):
    """The cashier's key or the register asked to stop."""

    by: Canceller


class DeadlinePassed(SaleEvent, frozen=True):
    """The time that this state may take is over."""

    state: State


class RetryDue(SaleEvent, frozen=True):
    """The pause before the next status query is over."""

    state: State


class TraceDue(SaleEvent, frozen=True):
    """The pause before the next question about a sale that has ended is over."""


class AnswerReceived(SaleEvent, frozen=True):
    """The end of one call; ``call`` tells which, because a late answer must not be taken for a new one."""

    call: int


class AuthorizationOpened(AnswerReceived, frozen=True):
    """The service has the request and has named it."""

    authorization: OpenedAuthorization


class AuthorizationFound(AnswerReceived, frozen=True):
    """The service has something under our reference, and names it. What became of it is asked by that name."""

    report: StatusReport


class StatusReceived(AnswerReceived, frozen=True):
    """The service told where the authorization stands."""

    report: StatusReport


class RefusalReceived(AnswerReceived, frozen=True):
    """The service refused the call: it did not happen."""

    refusal: Refusal
    support_reference: str | None = None


class AnswerLost(AnswerReceived, frozen=True):
    """No usable answer: the call may have happened."""

    detail: str = ""


class CallbackReceived(SaleEvent, frozen=True):
    """The service called back with a valid signature. Only a hint; what it says is asked for again."""

    approved: bool
    fits: bool = True
    """It names no other amount than the sale's."""


class ResultAcknowledged(SaleEvent, frozen=True):
    """The register has the outcome."""


class ResultRejected(SaleEvent, frozen=True):
    """The register did not take the result: for it the sale did not happen."""

    said_so: bool = False
    """It answered that; else nothing was heard of it."""


class Verdict(StrEnum):
    """What staff found out, or did."""

    PAID = "paid"
    UNPAID = "unpaid"
    REFUNDED = "refunded"


class SettledByStaff(SaleEvent, frozen=True):
    """Staff say how a sale ended that this terminal cannot end by itself."""

    verdict: Verdict
    by: str = ""
    """Who said so: the keypad, or the account that gave the command."""


class SettlementCorrected(SaleEvent, frozen=True):
    """Staff had settled a sale wrongly, and say so."""

    verdict: Verdict
    by: str = ""
    """Who says so now."""


class MoneyReturned(SaleEvent, frozen=True):
    """The service has given the whole payment back, because the register did not accept it."""


class MoneyNotReturned(SaleEvent, frozen=True):
    """Staff had said so of that refund, and take it back."""


class PowerRestored(SaleEvent, frozen=True):
    """The terminal started and found this sale open in the journal."""
