"""Who is told that something changed.

A subscriber is told *which parts* changed, never how: it looks at them when it gets round to it. So a slow subscriber
misses nothing that still holds, and what waits for it is at most one mark a part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

MAX_SUBSCRIBERS = 16
"""Half of the connections that the web server takes: a browser needs another one to load anything."""


class Part(StrEnum):
    """What of the counter can change."""

    STATE = "state"
    DISPLAY = "display"
    REGISTER = "register"
    RECEIPTS = "receipts"
    PRINTER = "printer"
    CARTS = "carts"
    TIMELINE = "timeline"
    """And with it journal and promises."""
    FAULTS = "faults"
    SCENARIO = "scenario"


class TooManySubscribersError(RuntimeError):
    """More browsers are listening than anyone has."""


class Subscription:
    """One listener's marks. A new one starts with every part marked, so that listening and loading are one thing."""

    def __init__(self) -> None:
        self._marked: dict[Part, None] = dict.fromkeys(Part)
        self._closed = False
        self._wake = asyncio.Event()
        self._wake.set()

    async def wait(self) -> tuple[Part, ...]:
        """The parts that changed since the last call, in the order in which they did; empty once all is over."""
        await self._wake.wait()
        marked, self._marked = tuple(self._marked), {}
        if not self._closed:
            self._wake.clear()
        return marked

    def mark(self, parts: tuple[Part, ...]) -> None:
        self._marked.update(dict.fromkeys(parts))
        self._wake.set()

    def close(self) -> None:
        self._closed = True
        self._wake.set()


class Changes:
    """Publish here; listen here. Belongs to one event loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    def publish(self, *parts: Part) -> None:
        """Tell everyone. Costs next to nothing and never waits."""
        for subscription in self._subscriptions:
            subscription.mark(parts)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Listen. Raises TooManySubscribersError."""
        if len(self._subscriptions) >= MAX_SUBSCRIBERS:
            raise TooManySubscribersError(f"{MAX_SUBSCRIBERS} browsers are listening already: close some of them")
        subscription = Subscription()
        if self._closed:
            subscription.close()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every subscription, the ones to come included, once what is marked has been taken."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()
