"""Carries calls over HTTPS.

Every call that may have happened counts as lost: after a time-out, a reset, a body that is too long or compressed.
Nothing is decompressed: a compressed kilobyte can hold a gigabyte.

Connections are kept alive. The service closes a connection that is idle, and a call that is sent at that very moment is
lost. So a call that cannot be repeated uses a new connection if the old one has been idle for more than TRUSTED_IDLE_S.

Importing this takes a tenth of a second, and ten times that on a small Pi, so carrier.LateCarrier imports it on a
thread. It also loads here what httpx would load with the first call, because the event loop would wait for that.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401  what asyncio looks names up with
import contextlib
import logging
import ssl

import httpx

import terminal.system.lean_anyio  # noqa: F401  httpx's, by way of httpcore
from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.pinning import pinned_context
from terminal.sale.gateway import CallLost, CallRefused, Refusal

LARGEST_ANSWER_BYTES = 256 * 1024
TRUSTED_IDLE_S = 1.5
"""Servers keep an idle connection for 5 s and more; the shortest that is known in the field is 2 s."""

log = logging.getLogger(__name__)


class HttpsCarrier(Carrier):
    """Over one kept-alive HTTPS connection. Safe to use from several tasks at once."""

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 15.0,
        certificate_pins: frozenset[str] = frozenset(),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``base_url`` says whether there is TLS; calls may go to other paths and hosts."""
        self._timeout = httpx.Timeout(read_timeout_s, connect=connect_timeout_s)
        self._longest_call_s = connect_timeout_s + 2 * read_timeout_s
        self._reach_timeout_s = 2 * connect_timeout_s  # the answer to nothing takes no longer than the way there
        self._was_reached = True
        self._transport = transport
        plain = httpx.URL(base_url).scheme == "http"  # then there is nothing to verify, and certificates load slowly
        self._verify: ssl.SSLContext | bool = False if plain else pinned_context(certificate_pins)
        self._connections = self._connect_anew()

    async def exchange(self, request: Request) -> RawAnswer:
        """One request, one answer, within the longest time of a call.

        Raises CallRefused(NOT_SENT) if there was no connection, and CallLost if the request may have left.
        """
        connections = await self._connections_for(request)
        try:
            async with connections, asyncio.timeout(self._longest_call_s):  # httpx bounds each read, not their sum
                answer = await _exchange(connections.http, request)
        except httpx.PoolTimeout as error:
            await self._renew()  # a pool that has run out of descriptors once stays full of what never came to be
            raise CallRefused(Refusal.NOT_SENT, f"no connection: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallRefused(Refusal.NOT_SENT, f"no connection: {error}") from error
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise CallLost(f"{type(error).__name__}: {error}") from error
        return answer

    async def reach(self, url: str) -> bool:
        """HEAD, without a word about the shop: any HTTP answer will do, be it 404 or 405; its connection is kept."""
        connections = self._connections
        try:
            async with connections, asyncio.timeout(self._reach_timeout_s):
                response = await connections.http.head(url)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            if isinstance(error, httpx.PoolTimeout):
                await self._renew()
            level = logging.WARNING if self._was_reached else logging.DEBUG  # a night without network is one line
            log.log(level, "%s is not reached: %s: %s", url, type(error).__name__, error)
            self._was_reached = False
            return False
        level = logging.DEBUG if self._was_reached else logging.WARNING
        log.log(level, "%s is reached: HTTP %d", url, response.status_code)
        self._was_reached = True
        return True

    async def close(self) -> None:
        await self._connections.http.aclose()

    async def _connections_for(self, request: Request) -> _Connections:
        if not request.may_repeat and self._connections.idle_s() > TRUSTED_IDLE_S:
            await self._renew()
        return self._connections

    async def _renew(self) -> None:
        retired, self._connections = self._connections, self._connect_anew()
        await retired.retire()

    def _connect_anew(self) -> _Connections:
        return _Connections(
            httpx.AsyncClient(
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=60.0),
                follow_redirects=False,
                trust_env=False,
                verify=self._verify,
                transport=self._transport,
            )
        )


class _Connections:
    """The connections of one HTTP client, and how long nothing has come over them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.is_retired = False
        self._calls = 0
        self._last_used_s: float | None = None

    def idle_s(self) -> float:
        """0 while there are none yet."""
        if self._last_used_s is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._last_used_s

    async def retire(self) -> None:
        """Close them as soon as nothing is under way over them."""
        self.is_retired = True
        await self._close_if_idle()

    async def __aenter__(self) -> None:
        self._calls += 1

    async def __aexit__(self, *_exc: object) -> None:
        self._calls -= 1
        self._last_used_s = asyncio.get_running_loop().time()
        if self.is_retired:
            await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if self._calls:
            return
        with contextlib.suppress(httpx.HTTPError, OSError):  # whatever is wrong with them, they are given up
            await self.http.aclose()


async def _exchange(http: httpx.AsyncClient, request: Request) -> RawAnswer:
    stream = http.stream(request.method, request.url, content=request.body or None, headers=request.headers)
    async with stream as response:
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise CallLost(f"the answer is compressed ({encoding:.20}), which was not asked for")
        return RawAnswer(response.status_code, response.headers, await _read_bounded(response))


async def _read_bounded(response: httpx.Response) -> bytes:
    if response.is_stream_consumed:  # by a transport that keeps what it carries; not by one with a socket
        return response.content
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > LARGEST_ANSWER_BYTES:
            raise CallLost("the answer is too large to be one")
    return bytes(content)
