"""What carries calls to the service and brings back the bytes of their answers; what they mean is not known here.

Every way in which a call can end is one of three: an answer, :class:`CallRefused` for what never left this machine, and
:class:`CallLost` for everything after which the call may have happened.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from terminal.sale.gateway import CallRefused, Refusal

log = logging.getLogger(__name__)


class Request(NamedTuple):
    """One call as it goes over the wire."""

    method: Literal["GET", "POST"]
    url: str
    body: bytes
    headers: Mapping[str, str]
    may_repeat: bool = True
    """It can be asked again if it is lost, so that a connection of yesterday is good enough for it."""


class RawAnswer(NamedTuple):
    """What came back over HTTP; ``headers`` are asked for by lower-case names."""

    http_status: int
    headers: Mapping[str, str]
    content: bytes


class Carrier(ABC):
    """A way to the service."""

    @abstractmethod
    async def exchange(self, request: Request) -> RawAnswer:
        """Bring the answer. Raises CallRefused or CallLost; always ends in bounded time."""

    @abstractmethod
    async def reach(self, url: str) -> bool:
        """Whether anything answers there. Never raises; always ends in bounded time."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections."""


class LateCarrier(Carrier):
    """Builds the real one on a thread, the first time that it is needed: its library and the certificates take long.

    ``build`` may raise ImportError and OSError; then it is asked again for the next call.
    """

    def __init__(self, build: Callable[[], Carrier]) -> None:
        self._build = build
        self._built: Carrier | None = None
        self._turn = asyncio.Lock()

    async def exchange(self, request: Request) -> RawAnswer:
        """See :class:`Carrier`. Raises CallRefused(NOT_SENT) too if the HTTPS library cannot be loaded."""
        try:
            carrier = await self._carrier()
        except (ImportError, OSError) as error:
            raise CallRefused(Refusal.NOT_SENT, f"no HTTPS: {error}") from error
        return await carrier.exchange(request)

    async def reach(self, url: str) -> bool:
        try:
            carrier = await self._carrier()
        except (ImportError, OSError) as error:
            log.error("no HTTPS: %s", error)
            return False
        return await carrier.reach(url)

    async def close(self) -> None:
        if self._built is not None:
            await self._built.close()

    async def _carrier(self) -> Carrier:
        async with self._turn:
            if self._built is None:
                self._built = await asyncio.to_thread(self._build)
            return self._built
