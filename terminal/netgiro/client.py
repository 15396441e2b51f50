"""Signed calls to Netgíró V1: what leaves is signed, and what comes back is an answer only if its signature allows it.

To the ways in which the carrier loses a call come those that only a reader sees: 5xx, redirect, a body that cannot be
read, a signature that does not match.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from terminal.netgiro import wire
from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.nonce import NonceSource
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive
from terminal.system.shown import printable

LONGEST_SUPPORT_REFERENCE = 100
NOTHING_THERE = (404, 405, 410, 501)
"""HTTP statuses of an address that the service does not have."""
LARGEST_HTTP_STATUS = 999
"""A ResultCode beyond it says more than HTTP does."""

log = logging.getLogger(__name__)


class SignatureCheck(StrEnum):
    """How strictly the signature of an answer is checked. A wrong one always means "no answer" unless OFF."""

    REQUIRE = "require"
    WHEN_PRESENT = "when_present"
    OFF = "off"


class Credentials(NamedTuple):
    """The shop's key pair."""

    application_id: str
    secret_key: Sensitive


class SignedAnswer(NamedTuple):
    """A readable answer, the HTTP status it came with, and Netgíró's own name for the exchange."""

    answer: wire.Answer
    http_status: int
    support_reference: str | None
    is_vouched_for: bool
    """It is signed, or nobody wants it to be. Else it may tell of a refusal, never of a payment."""


class SignedClient:
    """Signs requests and reads answers; how the bytes get there and back is the carrier's."""

    def __init__(
        self,
        carrier: Carrier,
        base_url: str,
        credentials: Credentials,
        nonces: NonceSource,
        signature_check: SignatureCheck = SignatureCheck.WHEN_PRESENT,
    ) -> None:
        self._carrier = carrier
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._nonces = nonces
        self._signature_check = signature_check

    async def post(self, path: str, request: Mapping[str, object], *, may_repeat: bool = True) -> SignedAnswer:
        """Send ``request`` to ``base_url + path``. Raises CallRefused or CallLost."""
        return await self._call("POST", path, msgspec.json.encode(request), may_repeat=may_repeat)

    async def get(self, path: str) -> SignedAnswer:
        """Ask for ``base_url + path``. Raises CallRefused(NOT_OFFERED) where there is nothing, and as above."""
        return await self._call("GET", path, b"", may_repeat=True)

    async def _call(self, method: Literal["GET", "POST"], path: str, body: bytes, *, may_repeat: bool) -> SignedAnswer:
        url = self._base_url + path
        nonce = await self._nonces.next()
        headers = {
            wire.APPKEY_HEADER: self._credentials.application_id,
            wire.NONCE_HEADER: nonce,
            wire.SIGNATURE_HEADER: wire.sign(self._credentials.secret_key.reveal(), nonce, url, body),
            "accept": "application/json",
            "accept-encoding": "identity",  # the signature is over the plain body, and its size stays bounded
        }
        if method == "POST":
            headers["content-type"] = "application/json; charset=utf-8"
        raw = await self._carrier.exchange(Request(method, url, body, headers, may_repeat))
        if method == "GET" and raw.http_status in NOTHING_THERE and not _is_code_known(raw):
            raise CallRefused(Refusal.NOT_OFFERED, f"{path.partition('?')[0]}: HTTP {raw.http_status}")
        signed = self._read(path, url, raw)
        if self._is_signed(raw, url):
            await self._nonces.note_signed()
        return signed

    def _read(self, path: str, url: str, raw: RawAnswer) -> SignedAnswer:
        support_reference = raw.headers.get(wire.REFERENCE_HEADER.lower())
        if support_reference is not None:  # it is journaled with every change of the sale
            support_reference = printable(support_reference, LONGEST_SUPPORT_REFERENCE)
        log.debug("%s: HTTP %d, support reference %s", path, raw.http_status, support_reference)
        if raw.http_status >= 500 or 300 <= raw.http_status < 400:
            raise CallLost(f"{path}: HTTP {raw.http_status}", support_reference)
        if not self._is_authentic(raw, url):
            raise CallLost(f"{path}: the answer's signature is missing or does not match", support_reference)
        try:
            answer = wire.parse_answer(raw.content)
        except ValueError as error:
            raise CallLost(f"{path}: HTTP {raw.http_status}, {error}", support_reference) from error
        is_vouched_for = self._signature_check is SignatureCheck.OFF or wire.SIGNATURE_HEADER in raw.headers
        return SignedAnswer(answer, raw.http_status, support_reference, is_vouched_for)

    def _is_authentic(self, raw: RawAnswer, url: str) -> bool:
        if self._signature_check is SignatureCheck.OFF:
            return True
        if wire.SIGNATURE_HEADER not in raw.headers:  # once the service has signed, whoever does not is not the service
            return self._signature_check is SignatureCheck.WHEN_PRESENT and not self._nonces.answers_signed
        return self._is_signed(raw, url)

    def _is_signed(self, raw: RawAnswer, url: str) -> bool:
        has_signature = wire.SIGNATURE_HEADER in raw.headers
        secret = self._credentials.secret_key.reveal()
        return has_signature and wire.signature_matches(secret, raw.headers, url, raw.content)

    async def reach(self) -> bool:
        """Whether anything answers at ``base_url``. Never raises; always ends in bounded time."""
        return await self._carrier.reach(self._base_url)

    async def close(self) -> None:
        """Let go of connections."""
        await self._carrier.close()


def _is_code_known(raw: RawAnswer) -> bool:
    """The address is there, and the call says in its own words that it found nothing."""
    try:
        return (wire.parse_answer(raw.content).result_code or 0) > LARGEST_HTTP_STATUS
    except ValueError:
        return False
