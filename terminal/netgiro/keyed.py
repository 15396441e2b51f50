"""Calls that are known by a secret in one header: V2's, and those of the partner API beside V1. Nothing is signed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.wire import REFERENCE_HEADER
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive
from terminal.system.shown import printable

LONGEST_SUPPORT_REFERENCE = 100

log = logging.getLogger(__name__)


class KeyedAnswer(NamedTuple):
    """A readable answer below HTTP 500 that is none to the key."""

    content: bytes
    http_status: int
    support_reference: str | None


class KeyedClient:
    """Calls with the key in a header."""

    def __init__(self, carrier: Carrier, base_url: str, header: str, key: Sensitive) -> None:
        self._carrier = carrier
        self._base_url = base_url.rstrip("/")
        self._header = header
        self._key = key

    async def get(self, path: str) -> KeyedAnswer:
        """Raises CallRefused or CallLost."""
        return await self._call("GET", path, b"", may_repeat=True)

    async def post(self, path: str, request: Mapping[str, object], *, may_repeat: bool = True) -> KeyedAnswer:
        """Raises CallRefused or CallLost."""
        return await self._call("POST", path, msgspec.json.encode(request), may_repeat=may_repeat)

    async def _call(self, method: Literal["GET", "POST"], path: str, body: bytes, *, may_repeat: bool) -> KeyedAnswer:
        headers = {self._header: self._key.reveal(), "accept": "application/json", "accept-encoding": "identity"}
        if body:
            headers["content-type"] = "application/json; charset=utf-8"
        raw = await self._carrier.exchange(Request(method, self._base_url + path, body, headers, may_repeat))
        return _read(path.rpartition("/")[0] if method == "GET" else path, raw)

    async def reach(self) -> bool:
        return await self._carrier.reach(self._base_url)

    async def close(self) -> None:
        await self._carrier.close()


def _read(name: str, raw: RawAnswer) -> KeyedAnswer:
    support_reference = raw.headers.get(REFERENCE_HEADER.lower())
    if support_reference is not None:
        support_reference = printable(support_reference, LONGEST_SUPPORT_REFERENCE)
    log.debug("%s: HTTP %d, support reference %s", name, raw.http_status, support_reference)
    if raw.http_status in (401, 403):
        raise CallRefused(Refusal.CREDENTIALS, f"{name}: HTTP {raw.http_status}", support_reference)
    if raw.http_status >= 500 or 300 <= raw.http_status < 400 or raw.http_status in (408, 429):
        raise CallLost(f"{name}: HTTP {raw.http_status}", support_reference)
    return KeyedAnswer(raw.content, raw.http_status, support_reference)
