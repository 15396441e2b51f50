"""What travels as JSON: the bodies of requests and answers. Pure; openapi.py makes the reference of these very types.

Amounts are whole kronur. States, outcomes and reasons are the journal's words.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

LONGEST_KEY = 64
LONGEST_NAME = 40
MOST_LINES = 200
LONGEST_LINE = 200
LONGEST_WAIT_S = 60

Kronur: TypeAlias = Annotated[int, Meta(ge=1, le=999_999_999, description="Whole kronur.")]
Time: TypeAlias = Annotated[str, Meta(description="RFC 3339, UTC, by the terminal's clock.")]
Key: TypeAlias = Annotated[
    str, Meta(pattern=r"^[!-~]{1,64}$", description="1 to 64 printable ASCII characters, no spaces: best a UUID.")
]
Line: TypeAlias = Annotated[str, Meta(max_length=LONGEST_LINE)]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's body. A field that nobody knows is a mistake, and is not passed over where money is meant."""


class PairingForm(Form, frozen=True, kw_only=True):
    """What the terminal shows, and how this program wants to be called."""

    code: Annotated[
        str, Meta(pattern=r"^[0-9]{6}$", max_length=6, description="Six digits, as the terminal shows them.")
    ]
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, description="A till's name; never a person's.")]


class PaymentForm(Form, frozen=True, kw_only=True):
    """What is to be paid."""

    amount: Kronur


class RefundForm(Form, frozen=True, kw_only=True):
    """What is to be given back; without an amount all that is left."""

    amount: Kronur | None = None


class PrintForm(Form, frozen=True, kw_only=True):
    """Plain text for the terminal's printer. A line that is too long for the paper goes on below."""

    lines: Annotated[list[Line], Meta(min_length=1, max_length=MOST_LINES)]
    cut: bool = True


class EmptyForm(Form, frozen=True, kw_only=True):
    """Nothing."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A body that is answered. More fields may come; programs pass over what they do not know."""


class Text(Answer, frozen=True, kw_only=True, rename={"icelandic": "is", "english": "en"}):
    """A sentence for the cashier."""

    icelandic: str
    english: str


class Receipt(Answer, frozen=True, kw_only=True):
    """What the terminal prints, for a program that prints or shows it, too."""

    kind: Annotated[str, Meta(description="customer, or attention: for staff.")]
    text: str


class Payment(Answer, frozen=True, kw_only=True):
    """A payment as it stands. It is paid if the outcome is "approved", and only then."""

    id: str
    number: Annotated[int, Meta(description="Of the receipt; as sale_id in the journal.")]
    amount: int
    state: str
    outcome: Annotated[
        str | None,
        Meta(
            description="null: not known yet. approved; declined, cancelled, failed: not paid; unknown, refund_due: "
            "staff look it up; refunded."
        ),
    ]
    reason: str | None
    progress: Annotated[str | None, Meta(description="waiting_for_customer, asking_netgiro, take_receipt or null.")]
    text: Text | None
    reference: Annotated[str, Meta(description="The terminal's name for it at Netgíró.")]
    transaction_id: Annotated[str | None, Meta(description="Netgíró's name for it.")]
    key: Annotated[str, Meta(description="The Idempotency-Key that asked for it.")]
    created: Time
    receipts: list[Receipt]


class Refund(Answer, frozen=True, kw_only=True):
    """A refund as it stands. The money is back if the outcome is "refunded", and only then."""

    id: str
    number: int
    payment: Annotated[str, Meta(description="The id of the payment.")]
    amount: int
    state: str
    outcome: Annotated[
        str | None,
        Meta(description="null: not known yet. refunded; refused; unknown: it takes long, and the terminal goes on."),
    ]
    reason: str | None
    progress: str | None
    text: Text | None
    reference: str
    transaction_id: str
    key: str
    created: Time
    receipts: list[Receipt]


class Status(Answer, frozen=True, kw_only=True):
    """How the terminal is."""

    terminal: str
    version: str
    ready: Annotated[bool, Meta(description="A payment can begin now.")]
    busy: bool
    open: Annotated[str | None, Meta(description="The id of the payment or refund that goes on.")]
    network: Annotated[str, Meta(description="ok, or down: the last call to Netgíró brought no answer.")]
    keypad: Annotated[str, Meta(description="ok or down.")]
    journal: Annotated[str, Meta(description="ok or down.")]
    printer: Annotated[str, Meta(description="ok, unknown, offline, paper_out or cover_open.")]
    paper_low: bool
    pending_receipts: int
    left_to_staff: Annotated[list[str], Meta(description="Ids of what only staff can bring to an end.")]
    certificate_sha256: Annotated[str | None, Meta(description="Of the terminal's own certificate; null without one.")]


class Sum(Answer, frozen=True, kw_only=True):
    count: int
    amount: int


class Totals(Answer, frozen=True, kw_only=True):
    """Sales are gross: what was given back of them stands apart, whenever they were made."""

    period: int
    closed: Annotated[bool, Meta(description="This was the end of the period.")]
    sales: Sum
    refunds: Sum
    refund_due: Sum
    refunded_earlier: Sum
    charged: Annotated[int, Meta(description="What Netgíró bills for this period.")]
    outcomes: dict[str, Sum]
    left_to_staff: Annotated[list[str], Meta(description="Numbers of sales.")]


class Paired(Answer, frozen=True, kw_only=True):
    """Keep the token as you keep a password. The terminal shows it once."""

    token: str
    name: str
    terminal: str
    certificate_sha256: str | None


class Printed(Answer, frozen=True, kw_only=True):
    lines: Annotated[int, Meta(description="How many lines of paper it took.")]


class Problem(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. ``code`` is for programs, ``text`` for the cashier, ``detail`` for whoever writes the program."""

    type: str
    title: str
    status: int
    detail: str = ""
    code: str
    text: Text | None = None
    payment: Payment | None = None
    """What it is, if it is too late."""
