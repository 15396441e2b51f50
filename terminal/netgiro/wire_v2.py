"""The JSON of Netgíró's V2, of the partner API beside V1, and of ``details``, which both have. Pure: bytes to values.

Source: Netgíró docs, checkout/payment, checkout/status, transaction/*, "Refund API". The partner API writes names in
camelCase and V2 in PascalCase, so names are read in either case.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

API_KEY_HEADER = "X-Netgiro-Api-Key"
TOKEN_HEADER = "token"

MOST_KR = 10**12
"""Far above what all shops of a chain take in a year, and far below what a column of the export or a database holds."""
LONGEST_TIME = 40

_TRANSACTION_ID = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_-]{0,62}[0-9A-Za-z])?")

_Form = TypeVar("_Form", bound="msgspec.Struct")


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="lower"):
    """What every call answers; the body of a callback, too."""

    success: bool | None = None
    message: str | None = None
    status: str | None = None
    transaction_id: str | None = msgspec.field(name="transactionid", default=None)
    poll_interval_ms: int | float | None = msgspec.field(name="pollintervalms", default=None)


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="lower"):
    """The service's own record of a transaction."""

    success: bool | None = None
    message: str | None = None
    status: str | None = None
    transaction_id: str | None = msgspec.field(name="transactionid", default=None)
    invoice_number: str | int | None = msgspec.field(name="invoicenumber", default=None)
    total_amount: int | float | None = msgspec.field(name="totalamount", default=None)
    is_refundable: bool | None = msgspec.field(name="isrefundable", default=None)
    settlement_date: str | None = msgspec.field(name="settlementdate", default=None)
    created: str | None = None


def parse_answer(body: bytes) -> Answer:
    """Raises ValueError if the body is not such an answer."""
    return _parse(body, Answer)


def parse_details(body: bytes) -> Details:
    """Raises ValueError if the body is not such an answer."""
    return _parse(body, Details)


class SettlementRow(msgspec.Struct, frozen=True, kw_only=True, rename="lower"):
    """One of ``/settlement/list``."""

    number: str
    created: str | None = None
    amount: int | float
    cost_amount: int | float = msgspec.field(name="costamount")
    transferred: str | None = msgspec.field(name="banktransfertransactiondate", default=None)
    total_amount: int | float = msgspec.field(name="totalamount")
    status: str | None = None


class ItemRow(msgspec.Struct, frozen=True, kw_only=True, rename="lower"):
    """One of ``/settlement/items``. Its loan number is left out: it is the customer's."""

    total_amount: int | float = msgspec.field(name="totalamount")
    cost_amount: int | float = msgspec.field(name="costamount")
    created: str | None = None


def parse_settlements(body: bytes) -> list[SettlementRow]:
    """Raises ValueError if the body is no such list."""
    return _parse_list(body, SettlementRow)


def parse_items(body: bytes) -> list[ItemRow]:
    """Raises ValueError if the body is no such list."""
    return _parse_list(body, ItemRow)


_ready = [msgspec.json.Decoder(form) for form in (Answer, Details, SettlementRow, ItemRow)]
"""Read by msgspec now, and not by the first threads that need them."""


def is_transaction_id(text: str | None) -> bool:
    """Strictly: it goes into addresses, receipts and register lines."""
    return _TRANSACTION_ID.fullmatch(text or "") is not None


def _parse(body: bytes, form: type[_Form]) -> _Form:
    try:
        return _convert(msgspec.json.decode(body, type=dict[str, Any]), form)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueError(f"not an answer: {error}") from error


def _parse_list(body: bytes, form: type[_Form]) -> list[_Form]:
    try:
        return [_convert(row, form) for row in msgspec.json.decode(body, type=list[dict[str, Any]])]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueError(f"not a list of these: {error}") from error


def _convert(fields: dict[str, Any], form: type[_Form]) -> _Form:
    """Raises ValueError also for one name in two spellings: which of the two values counts nobody knows."""
    named = {name.lower(): value for name, value in fields.items()}
    if len(named) != len(fields):
        raise ValueError("a name stands there twice")
    return msgspec.convert(named, form)


def whole_kronur(amount: int | float) -> int | None:
    """None for a fraction of a krona, and for what no shop ever takes or pays."""
    if not -MOST_KR <= amount <= MOST_KR or amount != int(amount):
        return None
    return int(amount)
