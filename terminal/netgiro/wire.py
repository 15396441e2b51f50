"""Netgíró's V1 wire format: signing, and what its answers say. Pure: bytes and values in, bytes and values out.

Source: Netgíró docs, "API authentication" and "Offline Checkout (POS)".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

import msgspec

APPKEY_HEADER = "netgiro_appkey"
NONCE_HEADER = "netgiro_nonce"
SIGNATURE_HEADER = "netgiro_signature"
REFERENCE_HEADER = "netgiro_referenceId"


def sign(secret: str, nonce: str, url: str, body: bytes) -> str:
    """Lowercase hex SHA-256 over ``secret + nonce + url + body``.

    The page calls it HMAC; its own code and both published examples are plain SHA-256. The secret is used as the text
    it is, not base64-decoded. ``body`` must be the very bytes that are sent.
    """
    return hashlib.sha256((secret + nonce + url).encode() + body).hexdigest()


def signature_matches(secret: str, headers: Mapping[str, str], url: str, body: bytes) -> bool:
    """Whether these headers (case-insensitive mapping) sign this body for this URL."""
    expected = sign(secret, headers.get(NONCE_HEADER, ""), url, body)
    return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE_HEADER, "").encode())


class PaymentInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Netgíró's own record of the payment. Keys that are not needed here are ignored."""

    transaction_id: str | None = None
    invoice_number: str | int | None = None
    reference_number: str | None = None
    status_id: int | None = None
    total_amount: int | float | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The body of any V1 answer or callback, without what nothing may be decided on: ``Success`` and ``Message``."""

    result_code: int | None = None
    payment_successful: bool | None = None
    transaction_id: str | None = None
    check_interval_ms: int | float | None = msgspec.field(name="ProcessCartCheckIntervalMiliseconds", default=None)
    """The pace at which to poll. The misspelt name is Netgíró's."""
    payment_info: PaymentInfo | None = None
    result: PaymentInfo | None = None
    """What a look-up has found."""


_decoder = msgspec.json.Decoder(Answer)


def parse_answer(body: bytes) -> Answer:
    """Raises ValueError if the body is not such an answer."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not a V1 answer: {error}") from error
