"""One sale: its states, its outcome and everything about it that may be written down.

A sale is a value. ``terminal.sale.step`` makes the next one from an event; the journal keeps every one of them. Nothing
here names the customer: identifiers pass through events and effects and are gone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import AuthorizationStatus, CaptureMode, Refusal, StatusReport


class State(StrEnum):
    """Where a sale is. States are nouns."""

    ENTRY = "entry"
    """The amount is shown; the customer identifies."""
    AUTHORIZATION = "authorization"
    """The request has left; the service has not named it yet."""
    CUSTOMER = "customer"
    """The customer decides on the phone."""
    CODE_ENTRY = "code_entry"
    """The code from the customer's SMS is awaited."""
    CODE_CHECK = "code_check"
    """The code has left."""
    CAPTURE = "capture"
    """The capture has left or its answer is unknown; or a power cut may have hidden that it has."""
    VOID = "void"
    """The void has left or its answer is unknown."""
    REPORT = "report"
    """The outcome is known; the register does not have it yet."""
    ATTENTION = "attention"
    """The register has been told; something is left that only staff can do."""
    CLOSED = "closed"


_ENDED_STATES = frozenset((State.REPORT, State.ATTENTION, State.CLOSED))


class Outcome(StrEnum):
    """How a sale ended."""

    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Money may have moved where this terminal cannot see it. Staff must look."""
    REFUND_DUE = "refund_due"
    """Paid, but the register did not take the result: the customer must get the money back."""
    REFUNDED = "refunded"

    @property
    def needs_staff(self) -> bool:
        """Only they can bring the sale to an end."""
        return self in (Outcome.UNKNOWN, Outcome.REFUND_DUE)


class Reason(StrEnum):
    """Why a sale ended as it did; each has a sentence in messages.py."""

    PAID = "paid"
    CUSTOMER_DECLINED = "customer_declined"
    CUSTOMER_UNKNOWN = "customer_unknown"
    SERVICE_DECLINED = "service_declined"
    BELOW_MINIMUM = "below_minimum"
    WITHDRAWN = "withdrawn"
    WRONG_CODE = "wrong_code"
    CASHIER_CANCELLED = "cashier_cancelled"
    REGISTER_CANCELLED = "register_cancelled"
    TIMED_OUT = "timed_out"
    POWER_CUT = "power_cut"
    REQUEST_NOT_VALID = "request_not_valid"
    CREDENTIALS = "credentials"
    NO_CONNECTION = "no_connection"
    NO_ANSWER = "no_answer"
    MISMATCH = "mismatch"
    NOT_TRACEABLE = "not_traceable"
    REFUND_DUE = "refund_due"
    SETTLED_PAID = "settled_paid"
    """Staff looked it up in the service's own records: paid."""
    SETTLED_UNPAID = "settled_unpaid"
    """Staff looked it up in the service's own records: not paid."""
    REFUNDED = "refunded"
    """Staff have given the money back."""
    PAID_LATE = "paid_late"
    """It had ended as not paid, and the register was told so, when the service's record proved a payment."""
    PROVED_UNPAID = "proved_unpaid"
    """Staff had settled it as paid, and the register was told so, when the service's record said that it ended without
    a payment."""

    @property
    def outcome(self) -> Outcome:
        return _OUTCOMES[self]


_OUTCOMES = {
    Reason.PAID: Outcome.APPROVED,
    Reason.CUSTOMER_DECLINED: Outcome.DECLINED,
    Reason.CUSTOMER_UNKNOWN: Outcome.DECLINED,
    Reason.SERVICE_DECLINED: Outcome.DECLINED,
    Reason.BELOW_MINIMUM: Outcome.DECLINED,
    Reason.WITHDRAWN: Outcome.DECLINED,
    Reason.WRONG_CODE: Outcome.DECLINED,
    Reason.CASHIER_CANCELLED: Outcome.CANCELLED,
    Reason.REGISTER_CANCELLED: Outcome.CANCELLED,
    Reason.TIMED_OUT: Outcome.CANCELLED,
    Reason.POWER_CUT: Outcome.CANCELLED,
    Reason.REQUEST_NOT_VALID: Outcome.FAILED,
    Reason.CREDENTIALS: Outcome.FAILED,
    Reason.NO_CONNECTION: Outcome.FAILED,
    Reason.NO_ANSWER: Outcome.FAILED,
    Reason.MISMATCH: Outcome.FAILED,
    Reason.NOT_TRACEABLE: Outcome.UNKNOWN,
    Reason.REFUND_DUE: Outcome.REFUND_DUE,
    Reason.SETTLED_PAID: Outcome.APPROVED,
    Reason.SETTLED_UNPAID: Outcome.CANCELLED,
    Reason.REFUNDED: Outcome.REFUNDED,
    Reason.PAID_LATE: Outcome.REFUND_DUE,
    Reason.PROVED_UNPAID: Outcome.UNKNOWN,
}
NOT_PAID = (Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED)


class CallKind(StrEnum):
    """Which call is on its way."""

    AUTHORIZATION = "authorization"
    FIND = "find"
    STATUS = "status"
    CODE = "code"
    CAPTURE = "capture"
    VOID = "void"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The rules a sale was started under. They stay with it, also when the configuration changes before it ends."""

    capture_mode: CaptureMode = CaptureMode.MANUAL
    capture_mode_by_kind: dict[CustomerKind, CaptureMode] = {}
    """Exceptions: a service may support a mode for some kinds of customers only."""
    entry_timeout_s: float = 300.0
    """An amount that nobody pays expires."""
    customer_timeout_s: float = 150.0
    code_timeout_s: float = 150.0
    capture_patience_s: float = 45.0
    """How long a capture is tried; after that the terminal only finds out what became of it."""
    void_patience_s: float = 20.0
    """How long to wait for the word that a reservation is gone, where nothing can be captured without us."""
    report_timeout_s: float = 30.0
    longest_sale_s: float | None = None
    """The register waits no longer: by then the sale is cancelled, if it still can be."""
    final_when_taken: bool = False
    """The register gives no goods before it has taken the result: a payment that it did not take is to be refunded."""
    code_tries: int = 3
    takes_kennitala: bool = True
    """A customer may be named by a kennitala."""
    void_undoes_payment: bool = False
    """A void works at any stage: one that is still on its way takes back even what was paid meanwhile."""
    refusal_is_proof: bool = False
    """A refused call cannot be the second copy of one that was carried out."""
    finds_by_reference: bool = False
    """The service may be asked for an authorization by our reference. Whether it answers shows then."""
    customer_copy: bool = True
    merchant_copy: bool = True
    staff_slip: bool = True
    """What only staff can bring to an end comes out on paper for them."""
    refunds_itself: bool = False
    """A payment that the register did not accept is returned without staff."""

    def is_proof(self, refusal: Refusal) -> bool:
        """The call did not happen. A request that is refused as such may be the second copy of one that the network has
        doubled, refused for its nonce."""
        return self.refusal_is_proof or refusal not in (Refusal.CREDENTIALS, Refusal.REQUEST_NOT_VALID)

    def capture_mode_for(self, kind: CustomerKind) -> CaptureMode:
        return self.capture_mode_by_kind.get(kind, self.capture_mode)


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """One sale, as it stands. Every field may be written to disk."""

    number: int
    """Counts up by one a sale: the receipt number."""
    reference: str
    """Names the sale towards the service; used for one authorization only."""
    register_id: str
    """The register's own name for it; one outcome per name, for ever."""
    amount_kr: int
    created: str
    """Wall clock, RFC 3339, UTC."""
    register_echo: str = ""
    """What the register's protocol needs to word the result."""
    language: str = ""
    """What the customer has chosen to read; empty: the shop's own."""
    operator: str = ""
    """Who sold it, as the shop names its cashiers; empty: it does not, or nobody had said so."""
    terms: Terms = Terms()

    state: State = State.ENTRY
    reason: Reason | None = None
    """Why it ends; ``None`` until that is decided."""

    customer_kind: CustomerKind | None = None
    customer_label: str = ""
    """The masked customer."""
    capture_mode: CaptureMode = CaptureMode.MANUAL
    """The mode used for this customer."""
    authorization_id: str | None = None
    invoice_number: str | None = None
    support_reference: str | None = None
    settled_by: str = ""
    """Who settled it, or corrected that; empty if nobody had to."""
    settled_from: Reason | None = None
    """Why it was left to them."""
    corrected_from: Reason | None = None
    """What they had settled it as before; only that is kept here, every entry stands in the journal."""

    committed: bool = False
    """Something has left that may move money without us; from here on only the service's word ends the sale."""
    may_stay_reserved: bool = False
    """Not paid, and the service has not said that it has let the customer's money go."""
    settling: bool = False
    """Never capture again, only find out: the cashier may have been paid in another way meanwhile."""
    calls: int = 0
    """Number of the latest call."""
    asking: CallKind | None = None
    """The call whose answer is awaited."""
    misses: int = 0
    """Calls in a row that brought no progress."""
    captures: int = 0
    denials: int = 0
    """Answers in a row that say "not paid" without the record's own word for it."""
    void_lost: bool = False
    """A void has left and its answer has not come: it may still arrive."""
    void_refused: bool = False
    """The service has refused a void in so many words."""
    void_call: int = 0
    """Number of the latest call that was a void."""
    said_by_staff: Reason | None = None
    """How it ended in their word, which waits for the answer to a call that may move money."""
    is_searched: bool = False
    """The service has answered that it finds nothing under our reference yet: it is waited for as long as a customer
    may take."""
    code_tries_left: int = 0
    poll_interval_s: float = 0.0
    tracing: bool = False
    """It has ended by the word of staff, and is still asked about."""
    traces: int = 0
    """Questions since that end."""
    acknowledged: bool = False
    """The register has the outcome."""
    refused_by_register: bool = False
    """The register has said that it does not take it; nobody has to guess."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; UNKNOWN while money may have moved and nobody can say; None while it goes on well."""
        if self.has_ended:
            return self.reason.outcome if self.reason else None
        return Outcome.UNKNOWN if self.stands_unknown else None

    @property
    def has_ended(self) -> bool:
        """The payment is over one way or another; the register or staff may still have to hear of it."""
        return self.state in _ENDED_STATES

    @property
    def outcome_on_paper(self) -> Outcome | None:
        """The outcome as soon as a receipt may say it: "paid" not before the register has taken it, if it still can
        refuse."""
        is_not_final = self.state is State.REPORT and self.terms.final_when_taken
        return None if is_not_final or not self.has_ended else self.outcome

    @property
    def may_be_undone(self) -> bool:
        """A void is on its way, or may be, that would take back even what is paid by now."""
        if self.tracing:
            is_on_its_way = self.void_lost or self.asking is CallKind.VOID
        else:
            is_on_its_way = self.state is State.VOID and not (self.void_refused and not self.void_lost)
        return is_on_its_way and self.terms.void_undoes_payment

    @property
    def has_no_authorization(self) -> bool:
        """The service has not named it, so nothing can be asked about it or returned."""
        return self.authorization_id is None

    @property
    def is_left_to_staff(self) -> bool:
        """Only they can bring it to an end: nobody knows how it stands, or nobody else returns the money."""
        outcome = self.outcome_on_paper
        if outcome is Outcome.REFUND_DUE:
            return not (self.is_returned_by_itself and self.authorization_id)
        return outcome is Outcome.UNKNOWN

    @property
    def is_returned_by_itself(self) -> bool:
        """The terminal starts the refund. What was proved late is left to staff: they may have made a sale of it."""
        return self.reason is Reason.REFUND_DUE and self.terms.refunds_itself and self.refused_by_register

    @property
    def stands_unknown(self) -> bool:
        """In doubt, and staff must see it and can settle it.

        Not while it may still be captured: what staff look up must not be changed by a capture that leaves after it.
        """
        return self.is_in_doubt and (self.state is State.VOID or self.settling)

    @property
    def is_in_doubt(self) -> bool:
        """Open, money may have moved, and asking has failed several times."""
        return self.committed and self.misses >= MISSES_UNTIL_UNKNOWN and self.state in (State.CAPTURE, State.VOID)

    @property
    def moves_money(self) -> bool:
        """The call that is on its way may make it a payment, or undo one."""
        is_undoing = self.asking is CallKind.VOID and self.terms.void_undoes_payment
        return self.asking is CallKind.CAPTURE or is_undoing

    def is_undone_since(self, call: int) -> bool:
        """A void that takes back a payment has left after that call, so what that call saw proves nothing."""
        return self.terms.void_undoes_payment and call < self.void_call

    def is_paid_by(self, report: StatusReport) -> bool:
        """The service says paid, for this very amount and reference, and its own record stands."""
        return (
            report.status is AuthorizationStatus.PAID and report.confirmed and self.agrees_with(report, strictly=True)
        )

    def agrees_with(self, report: StatusReport, *, strictly: bool = False) -> bool:
        """Amount and reference are ours. What the service left out counts as agreement only when not ``strictly``.

        Where its records name no reference, they name the authorization instead.
        """
        silent = {None} if not strictly else set()
        is_ours = report.reference in {self.reference, *silent} or (
            report.reference is None
            and self.authorization_id is not None
            and report.authorization_id == self.authorization_id.lower()
        )
        return report.amount_kr in {self.amount_kr, *silent} and is_ours


MISSES_UNTIL_UNKNOWN = 3
NOTHING_SAID: dict[str, Any] = {"said_by_staff": None, "settled_by": "", "settled_from": None}
"""What staff have said lapses."""

_VOLATILE: dict[str, Any] = {
    "support_reference": None,
    "calls": 0,
    "asking": None,
    "misses": 0,
    "denials": 0,
    "void_call": 0,
    "tracing": False,
    "traces": 0,
}


def differs_durably(before: Sale, after: Sale) -> bool:
    """Whether the change is worth a commit: the count of polls is not; whatever guards money or staff must see is.

    What is over is written once more only if it is opened again or corrected: else a later end of day would count it,
    too.
    """
    if before.state is after.state is State.CLOSED:
        return before.reason is not after.reason
    if before.stands_unknown != after.stands_unknown:
        return True
    return replace(before, **_VOLATILE) != replace(after, **_VOLATILE)
