"""What the core asks of a payment service, in the core's own words. Each API generation is one module behind this."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Protocol

import msgspec

from terminal.errors import TerminalError
from terminal.sale.customer import Customer
from terminal.sale.sensitive import Sensitive


class CaptureMode(StrEnum):
    """Who turns an approval into a payment: the only thing about a service that changes how money can be lost."""

    MANUAL = "manual"
    """Only our own capture call. A lost authorization can never become a payment."""

    AUTOMATIC = "automatic"
    """The customer's approval alone. A lost authorization may be paid without our seeing it."""

    SERVER_CALLBACK = "server_callback"
    """Our acknowledgement of the service's callback."""


class AuthorizationStatus(StrEnum):
    """Where an authorization stands, as the service tells it."""

    PENDING = "pending"
    CODE_REQUIRED = "code_required"
    RESERVED = "reserved"
    AWAITING_CALLBACK = "awaiting_callback"
    PAID = "paid"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    REFUSED = "refused"
    """The service wants nothing to do with it; ``refusal`` says why."""
    UNCLEAR = "unclear"
    """A readable answer that proves nothing: an unknown code, or one that contradicts itself."""


class Refusal(StrEnum):
    """Why a call is known not to have happened, or why the service does not stand by an authorization."""

    NOT_SENT = "not_sent"
    """It never left this machine: no connection could be made."""
    BELOW_MINIMUM = "below_minimum"
    CUSTOMER_UNKNOWN = "customer_unknown"
    CUSTOMER_DECLINED = "customer_declined"
    REQUEST_NOT_VALID = "request_not_valid"
    DECLINED_BY_SERVICE = "declined_by_service"
    """It refuses this payment, for a reason that it does not name in words known here."""
    NOT_FOUND = "not_found"
    CREDENTIALS = "credentials"
    NOT_OFFERED = "not_offered"
    """The service has no such call."""


class GatewayError(TerminalError):
    """A call to the payment service did not bring an answer to go on with."""

    def __init__(self, detail: str, support_reference: str | None = None) -> None:
        super().__init__(detail)
        self.support_reference = support_reference


class CallRefused(GatewayError):
    """The service refused the call in so many words: it is known not to have happened."""

    def __init__(self, refusal: Refusal, detail: str, support_reference: str | None = None) -> None:
        super().__init__(detail, support_reference)
        self.refusal = refusal


class CallLost(GatewayError, ConnectionError):
    """No usable answer came back. The call may have happened."""


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """One answer about one authorization. ``None`` means that the service did not say."""

    status: AuthorizationStatus
    amount_kr: int | None = None
    reference: str | None = None
    refusal: Refusal | None = None
    confirmed: bool = False
    """The service's own record says that the payment stands."""
    is_final: bool = False
    """The service's own record says that this ended without a payment; else a status can lag behind the truth."""
    authorization_id: str | None = None
    """Which authorization the record is of, in lower case, where records name no reference."""
    invoice_number: str | None = None
    support_reference: str | None = None
    """What the service's support asks for."""


class OpenedAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """The service has taken the request. From now on the authorization has a name."""

    authorization_id: str
    poll_interval_s: float | None = None
    support_reference: str | None = None


class RecordStatus(StrEnum):
    """How the service's own record of a payment stands."""

    UNPAID = "unpaid"
    RESERVED = "reserved"
    PAID = "paid"
    CANCELLED = "cancelled"
    UNCLEAR = "unclear"


class PaymentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the service has written down about one payment. ``None`` means that it did not say."""

    authorization_id: str
    status: RecordStatus
    amount_kr: int | None = None
    is_refundable: bool | None = None
    settled: str | None = None
    """When it was paid out to the shop, as the service writes it."""
    invoice_number: str | None = None
    created: str | None = None
    """When the payment was asked for, as the service writes it."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """One pay-out to the shop. Times are as the service writes them."""

    number: str
    created: str | None = None
    transferred: str | None = None
    """When the bank was told to pay."""
    total_kr: int
    """What the customers paid."""
    fee_kr: int
    net_kr: int
    """What the shop gets."""
    status: str = ""


class SettledItem(msgspec.Struct, frozen=True, kw_only=True):
    """One payment in a pay-out. It names neither reference nor authorization."""

    created: str | None = None
    total_kr: int
    fee_kr: int


class Payouts(Protocol):
    """What the service has paid out to the shop. Calls raise CallRefused or CallLost."""

    async def settlements(self, first: date, last: date) -> Sequence[Settlement]:
        """Those of these days, both included."""

    async def items(self, number: str) -> Sequence[SettledItem]:
        """What one settlement is made of."""


class Gateway(Protocol):
    """The calls of a sale, and those about a payment afterwards.

    Every call ends within a bounded time and either returns the answer or raises :class:`CallRefused` (known not
    to have happened) or :class:`CallLost` (may have happened).
    """

    async def open_authorization(
        self, *, reference: str, amount_kr: int, customer: Customer, capture_mode: CaptureMode
    ) -> OpenedAuthorization:
        """Ask the customer. Not to be repeated: a lost one may exist, and has no name."""

    async def query_status(self, authorization_id: str) -> StatusReport:
        """How it stands. Moves nothing, so it may be asked as often as one likes."""

    async def submit_code(self, authorization_id: str, code: Sensitive) -> StatusReport:
        """The customer's SMS code. It reserves; after a first code whose answer was lost, it may capture."""

    async def capture(self, authorization_id: str) -> StatusReport:
        """Take the reserved money. A lost one may have happened: ask before it is sent again."""

    async def void(self, authorization_id: str) -> StatusReport:
        """Give the reservation up. The report is PAID if the money has moved before."""

    @property
    def finds(self) -> bool | None:
        """Whether the service finds an authorization by our reference; None: it was not asked yet."""

    async def find(self, reference: str) -> StatusReport:
        """The service's record under our reference, with the authorization's name.

        Raises CallRefused(NOT_FOUND) as long as there is none, which may change, and CallRefused(NOT_OFFERED) where
        the service has no such look-up: it is not asked again then.
        """

    @property
    def can_refund(self) -> bool:
        """Whether :meth:`refund` and :meth:`look_up` can be asked of this service as it is configured."""

    async def refund(
        self, authorization_id: str, *, amount_kr: int, is_whole: bool, idempotency_key: str, description: str = ""
    ) -> None:
        """Return money; ``is_whole``: all of a payment of which nothing was returned before.

        Returns once the service has said that it is done. The service carries out one refund under one key, forty hex
        digits, so a call that is lost is repeated under the same one.
        """

    async def look_up(self, authorization_id: str) -> PaymentRecord:
        """The service's own record. Raises CallRefused(NOT_FOUND) if it has none."""

    @property
    def payouts(self) -> Payouts | None:
        """None where the service does not tell."""

    async def reach(self) -> bool:
        """Whether the service answers at all. Moves nothing, says nothing of the shop, never raises; bounded in time.

        What it took to get there (name, route, TLS) is kept for the next call.
        """

    async def close(self) -> None: ...
