"""Signed calls to Netgíró V1 over one kept-alive HTTPS connection.

Every way in which a call can end is one of three: a readable answer, :class:`CallRefused` for what never left this
machine, and :class:`CallLost` for everything after which the call may have happened: time-out, reset, 5xx, redirect,
a body that cannot be read, a signature that does not match.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import httpx
import msgspec

from terminal.netgiro import wire
from terminal.netgiro.nonce import NonceSource
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive

LONGEST_SUPPORT_REFERENCE = 100
LARGEST_ANSWER_BYTES = 256 * 1024

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


class RawAnswer(NamedTuple):
    """What came back over HTTP; ``headers`` are asked for by lower-case names."""

    http_status: int
    headers: Mapping[str, str]
    content: bytes


class SignedAnswer(NamedTuple):
    """A readable answer, the HTTP status it came with, and Netgíró's own name for the exchange."""

    answer: wire.Answer
    http_status: int
    support_reference: str | None


class SignedClient(ABC):
    """Signs requests and reads answers; how the bytes get there and back is the subclass's."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        nonces: NonceSource,
        signature_check: SignatureCheck = SignatureCheck.WHEN_PRESENT,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._nonces = nonces
        self._signature_check = signature_check

    @abstractmethod
    async def exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        """POST and bring the answer back. Raises CallRefused or CallLost; always ends in bounded time."""

    async def post(self, path: str, request: Mapping[str, object]) -> SignedAnswer:
        """Send ``request`` to ``base_url + path``. Raises CallRefused or CallLost."""
        url = self._base_url + path
        body = msgspec.json.encode(request)
        nonce = await self._nonces.next()
        headers = {
            wire.APPKEY_HEADER: self._credentials.application_id,
            wire.NONCE_HEADER: nonce,
            wire.SIGNATURE_HEADER: wire.sign(self._credentials.secret_key.reveal(), nonce, url, body),
            "content-type": "application/json; charset=utf-8",
            "accept": "application/json",
            "accept-encoding": "identity",  # the signature is over the plain body, and its size stays bounded
        }
        return self._read(path, url, await self.exchange(url, body, headers))

    def _read(self, path: str, url: str, raw: RawAnswer) -> SignedAnswer:
        support_reference = raw.headers.get(wire.REFERENCE_HEADER.lower())
        if support_reference is not None:  # it is journaled with every change of the sale
            support_reference = support_reference[:LONGEST_SUPPORT_REFERENCE]
        log.debug("%s: HTTP %d, support reference %s", path, raw.http_status, support_reference)
        if raw.http_status >= 500 or 300 <= raw.http_status < 400:
            raise CallLost(f"{path}: HTTP {raw.http_status}", support_reference)
        if not self._is_authentic(raw, url):
            raise CallLost(f"{path}: the answer's signature does not match", support_reference)
        try:
            answer = wire.parse_answer(raw.content)
        except ValueError as error:
            raise CallLost(f"{path}: HTTP {raw.http_status}, {error}", support_reference) from error
        return SignedAnswer(answer, raw.http_status, support_reference)

    def _is_authentic(self, raw: RawAnswer, url: str) -> bool:
        if self._signature_check is SignatureCheck.OFF:
            return True
        if wire.SIGNATURE_HEADER not in raw.headers:
            return self._signature_check is SignatureCheck.WHEN_PRESENT
        return wire.signature_matches(self._credentials.secret_key.reveal(), raw.headers, url, raw.content)

    @abstractmethod
    async def reach(self) -> bool:
        """Whether anything answers at ``base_url``. Never raises; always ends in bounded time."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections."""


class NetgiroClient(SignedClient):
    """Over one kept-alive HTTPS connection. Safe to use from several tasks at once."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        nonces: NonceSource,
        *,
        signature_check: SignatureCheck = SignatureCheck.WHEN_PRESENT,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 15.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base_url, credentials, nonces, signature_check)
        self._longest_call_s = connect_timeout_s + 2 * read_timeout_s
        self._was_reached = True
        self._reach_timeout_s = 2 * connect_timeout_s  # the answer to nothing takes no longer than the way there
        plain = httpx.URL(base_url).scheme == "http"  # then there is nothing to verify, and certificates load slowly
        verify: ssl.SSLContext | bool = False if plain else ssl.create_default_context()
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(read_timeout_s, connect=connect_timeout_s),
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=60.0),
            follow_redirects=False,
            trust_env=False,
            verify=verify,
            transport=transport,
        )

    async def exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        try:
            async with asyncio.timeout(self._longest_call_s):  # httpx bounds each read, not the sum of them
                async with self._http.stream("POST", url, content=body, headers=headers) as response:
                    content = await _read_bounded(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise CallRefused(Refusal.NOT_SENT, f"no connection: {error}") from error
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise CallLost(f"{type(error).__name__}: {error}") from error
        if len(content) > LARGEST_ANSWER_BYTES:
            raise CallLost("the answer is too large to be one")
        return RawAnswer(response.status_code, response.headers, content)

    async def reach(self) -> bool:
        """HEAD of ``base_url``, unsigned: any HTTP answer will do, be it 404 or 405, and its connection is kept."""
        try:
            async with asyncio.timeout(self._reach_timeout_s):
                response = await self._http.head(self._base_url)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            level = logging.WARNING if self._was_reached else logging.DEBUG  # a night without network is one line
            log.log(level, "%s is not reached: %s: %s", self._base_url, type(error).__name__, error)
            self._was_reached = False
            return False
        level = logging.DEBUG if self._was_reached else logging.WARNING
        log.log(level, "%s is reached: HTTP %d", self._base_url, response.status_code)
        self._was_reached = True
        return True

    async def close(self) -> None:
        await self._http.aclose()


async def _read_bounded(response: httpx.Response) -> bytes:
    """The body, or a little more than may be read of one that is too large."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            break
    return bytes(content)
