"""The sandbox's own calls: POST to CallbackUrl and CallbackCancelUrl (Netgíró docs, Callbacks)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from terminal.netgiro.sandbox.faults import CALLBACK, DROPPED_BEFORE, NEEDS_PAYMENT_INFO, Fault, Faults
from terminal.netgiro.sandbox.signing import SignedBody
from terminal.netgiro.sandbox.spoiling import spoiled

log = logging.getLogger(__name__)


class CallbackSender:
    """Posts answers to the provider: V1's are signed and only HTTP 200 counts as received, V2's with any 2xx."""

    def __init__(
        self,
        faults: Faults,
        sign: Callable[[str, bytes], SignedBody],
        sleep: Callable[[float], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._faults = faults
        self._sign = sign
        self._sleep = sleep
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, answer: dict[str, Any], timeout_s: float, *, is_signed: bool = True) -> bool:
        """Post once; True if the provider acknowledged in time."""
        fault = self._fault_for(answer)
        if fault is not None and fault.fault in DROPPED_BEFORE:
            return False
        if fault is not None and fault.fault == "slow_before":
            await self._sleep(fault.delay_s)
        signed = spoiled(fault, answer, lambda body: self._sign(url, body) if is_signed else SignedBody(body, {}))
        if self._client is None:
            self._client = httpx.AsyncClient(transport=self._transport, trust_env=False)
        headers = {**signed.headers, "content-type": "application/json; charset=utf-8"}
        try:
            target = _target(httpx.URL(url if "://" in url else f"https://{url}"))
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    "POST", target, content=signed.body, headers=headers, timeout=timeout_s
                ) as response,
            ):
                return response.status_code == httpx.codes.OK or (not is_signed and response.is_success)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            log.info("Callback not delivered: %s", type(error).__name__)
            return False

    def _fault_for(self, answer: dict[str, Any]) -> Fault | None:
        fault = self._faults.next_for(CALLBACK)
        if fault is None or (fault.fault in NEEDS_PAYMENT_INFO and not answer.get("PaymentInfo")):
            return None
        self._faults.use(fault)
        return fault

    async def aclose(self) -> None:
        """Close the connections; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _target(url: httpx.URL) -> httpx.URL:
    """Where to post; the signature is made over the URL as registered, also if that lacks the scheme.

    Netgíró's own example has none. Raises httpx.UnsupportedProtocol for what is no web address.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise httpx.UnsupportedProtocol("A callback goes to an http or https address with a host.")
    return url
