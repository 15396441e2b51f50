"""Lets callers in, one listening socket at a time, and never more of them than this machine can bear.

A caller costs a file descriptor, and the journal, the network and the devices need descriptors too. So there is a most
of connections, and a most from each address outside this machine; beyond them the kernel keeps a short queue. What is
left of the process's descriptors is looked at with every caller: some of them are kept for what sales need. asyncio's
own server knows no such bounds, and without descriptors it fills the log.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import resource
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

BACKLOG = 16
"""Callers that the kernel keeps waiting, and the most that are let in at one go."""
RESERVED_DESCRIPTORS = 64
"""Kept free for journal, network, printer and the register's line."""
PAUSE_S = 1.0
"""How long nobody is let in once descriptors are short."""
COMPLAINT_PAUSE_S = 600.0
"""How long the same complaint is not logged again."""

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """How many connections there may be at a time."""

    connections: int = 32
    per_address: int = 8
    """From one address outside this machine. On this machine a proxy may speak for many, so only the whole counts."""
    backlog: int = BACKLOG
    """Callers that the kernel keeps waiting."""


USUAL = Limits()

Serve = Callable[[socket.socket], Awaitable[None]]
"""Has a non-blocking connection, which it closes, until it returns. It must end in bounded time if nobody calls."""


class Acceptor:
    """Runs ``serve`` for every caller of a listening socket. Belongs to one event loop."""

    def __init__(self, listener: socket.socket, name: str, serve: Serve, limits: Limits = USUAL) -> None:
        self._listener = listener
        self._name = name
        self._serve = serve
        self._limits = limits
        self._connections: dict[asyncio.Task[None], tuple[socket.socket, str]] = {}
        self._addresses: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._is_accepting = False
        self._resume: asyncio.TimerHandle | None = None
        self._complained_s: dict[str, float] = {}
        self._highest_descriptor = highest_descriptor()

    def start(self) -> None:
        """From now on callers are let in."""
        self._listener.setblocking(False)
        self._listener.listen(self._limits.backlog)
        self._accept_more()

    @property
    def is_crowded(self) -> bool:
        """More than half of the places are taken: the others are for who has something to say."""
        return 2 * len(self._connections) > self._limits.connections

    def close(self) -> None:
        """Nobody is let in any more. Those who are inside stay, see :meth:`hang_up`."""
        self._accept_no_more()
        if self._resume is not None:
            self._resume.cancel()
        self._listener.close()

    async def hang_up(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept_more(self) -> None:
        self._resume = None
        if not self._is_accepting and self._listener.fileno() >= 0:
            self._loop.add_reader(self._listener, self._accept)
            self._is_accepting = True

    def _accept_no_more(self) -> None:
        if self._is_accepting:
            self._loop.remove_reader(self._listener)
            self._is_accepting = False

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            if len(self._connections) >= self._limits.connections:
                self._accept_no_more()
                self._complain("%d connections are open, the most there may be: others wait", len(self._connections))
                return
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:  # no descriptor, no memory: the caller stays in the queue
                self._pause("nobody is let in: %s", error.strerror)
                return
            if (descriptor := connection.fileno()) > self._highest_descriptor:
                connection.close()
                self._pause("nobody is let in: %d file descriptors are in use", descriptor)
                return
            self._admit(connection, _outside(address))

    def _pause(self, complaint: str, *arguments: Any) -> None:
        self._accept_no_more()
        self._resume = self._loop.call_later(PAUSE_S, self._accept_more)
        self._complain(complaint, *arguments)

    def _admit(self, connection: socket.socket, address: str) -> None:
        if address and self._addresses[address] >= self._limits.per_address:
            connection.close()
            self._complain("more than %d connections from one address: the others are closed", self._limits.per_address)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._run(connection), name=f"{self._name}: connection")
        self._connections[task] = connection, address
        self._addresses[address] += 1
        task.add_done_callback(self._ended)

    async def _run(self, connection: socket.socket) -> None:
        try:
            await self._serve(connection)
        except Exception as error:  # of one caller, who must not end the others
            log.debug("%s: connection: %s: %s", self._name, type(error).__name__, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        connection, address = self._connections.pop(task)
        connection.close()  # here, because a task that is ended before it began runs nothing of its own
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
        if self._resume is None:
            self._accept_more()

    def _complain(self, complaint: str, *arguments: Any) -> None:
        now_s = self._loop.time()
        if now_s - self._complained_s.get(complaint, -COMPLAINT_PAUSE_S) >= COMPLAINT_PAUSE_S:
            self._complained_s[complaint] = now_s
            log.warning("%s: " + complaint, self._name, *arguments)


def highest_descriptor() -> int:
    """The highest number that a connection may have. The kernel gives the lowest that is free, so it tells how many are
    in use."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else max(soft - RESERVED_DESCRIPTORS, soft // 2) - 1


def _outside(address: Any) -> str:
    """The caller's address, or nothing for one on this machine."""
    host = address[0] if isinstance(address, tuple) and address else ""
    try:
        found = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None) or found
    return "" if mapped.is_loopback else str(mapped)
