"""What shall be done. Effects are imperatives, complete in themselves: whoever performs one decides nothing.

They are performed after the sale they belong to is on disk, in the order given.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from terminal.sale.customer import Customer
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do for one sale."""

    sale_number: int


class Call(Effect, frozen=True, kw_only=True):
    """A call to the service, numbered within its sale. Its answer comes back with the same number."""

    call: int


class RequestAuthorization(Call, frozen=True, kw_only=True):
    """Ask for this amount from this customer. Sent once under its reference, never again."""

    reference: str
    amount_kr: int
    customer: Customer
    capture_mode: CaptureMode


class FindAuthorization(Call, frozen=True, kw_only=True):
    """Ask whether the service knows an authorization under our reference, and what it calls it."""

    reference: str


class QueryStatus(Call, frozen=True, kw_only=True):
    """Ask where the authorization stands."""

    authorization_id: str


class SubmitCode(Call, frozen=True, kw_only=True):
    """Hand in the code that the customer got by SMS."""

    authorization_id: str
    code: Sensitive


class RequestCapture(Call, frozen=True, kw_only=True):
    """Turn the reservation into a payment: the call that moves money."""

    authorization_id: str


class RequestVoid(Call, frozen=True, kw_only=True):
    """Give up what is not captured."""

    authorization_id: str


class SetDeadline(Effect, frozen=True, kw_only=True):
    """Bound the current state; replaces the deadline of the state before."""

    state: State
    delay_s: float


class SetRetry(Effect, frozen=True, kw_only=True):
    """Pause before the next status query."""

    state: State
    delay_s: float


class SetTrace(Effect, frozen=True, kw_only=True):
    """Pause before the next question about a sale that has ended; each such sale has its own."""

    delay_s: float


class SetLimit(Effect, frozen=True, kw_only=True):
    """Bound the whole sale: when it is over, the clock cancels what can still be cancelled."""

    delay_s: float


class AcknowledgeCallback(Effect, frozen=True, kw_only=True):
    """Answer the service's callback with "taken"."""


class ReportResult(Effect, frozen=True, kw_only=True):
    """Tell the register the outcome, until it has it."""


class ReceiptKind(StrEnum):
    """Whose copy a receipt is."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    ATTENTION = "attention"
    """For staff: a sale that only they can bring to an end, and how."""
    END_OF_DAY = "end_of_day"
    """For the accountant: the totals of a period. The only one that is not of a sale."""


class PrintReceipt(Effect, frozen=True, kw_only=True):
    """Put a receipt on paper. It is queued on disk together with the sale that it belongs to."""

    kind: ReceiptKind
