"""What a simulated counter stands in: mains power, a disk, a clock and a network, each of which can fail on demand.

The terminal itself is the real one. Its seams (:class:`terminal.app.seams.Seams`) end here: the journal's file, the
transport under the HTTP client and the wall clock. A power cut is exact: whatever the terminal is about to do at the
chosen point does not happen any more, and nothing after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from terminal.app.seams import Seams
from terminal.counter.decision import Decision
from terminal.counter.inputs import Input
from terminal.errors import JournalError
from terminal.journal.thread import JournalFile
from terminal.panel.timeline import Timeline
from terminal.sale.record import Record

ANY_CALL = "any"


class PowerPoint(StrEnum):
    """Where the power can be cut."""

    NOW = "now"
    BEFORE_COMMIT = "before_commit"
    """The next change of a sale does not reach the disk."""
    AFTER_COMMIT = "after_commit"
    """It is on disk, and nothing that follows from it is done."""
    BEFORE_CALL = "before_call"
    """The next call to the service does not leave."""
    AFTER_CALL = "after_call"
    """The service has done it; the answer is not taken."""


class PowerGone(Exception):
    """Ends the terminal's loop where the power went."""


class PlannedCut(NamedTuple):
    """A power cut that waits for its point, and for this call if it is one of the two about calls."""

    point: PowerPoint
    call: str = ANY_CALL


class Surroundings:
    """``seams`` is what the terminal is given; everything else is for whoever plays fate."""

    def __init__(
        self,
        timeline: Timeline,
        inner_transport: httpx.AsyncBaseTransport,
        *,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.timeline = timeline
        self.disk_full = False
        self.network = "ok"
        """ok, or a key of NETWORK_TROUBLES."""
        self.clock_offset_s = 0.0
        self.clock_fault = ""
        """Which fault set the clock wrong."""
        self.before_call: Callable[[str, dict[str, Any]], None] | None = None
        """Called with each call of the terminal and its JSON, before the service has it."""
        self._cut: PlannedCut | None = None
        self._wall_clock = wall_clock
        self._inner = inner_transport
        self._loop = asyncio.get_running_loop()
        self.power_lost = asyncio.Event()

    @property
    def waiting_cut(self) -> PlannedCut | None:
        return self._cut

    def seams(self, on_decided: Callable[[Input, Decision], None]) -> Seams:
        return Seams(
            wall_clock=self.now_s,
            clock_is_synchronised=lambda: self.clock_fault != "clock-unset",
            journal_file=lambda path, now: _StageJournal(path, now, self),
            transport=_StageTransport(self, self._inner),
            on_decided=on_decided,
        )

    def now_s(self) -> float:
        """Wall clock, Unix seconds, as the terminal sees it."""
        return self._wall_clock() + self.clock_offset_s

    def cut_power(self, cut: PlannedCut | None) -> None:
        """Cut it at that point; None: do not, after all."""
        self._cut = cut
        if cut is not None and cut.point is PowerPoint.NOW:
            self._lose_power()

    def comes_to(self, point: PowerPoint, call: str = ANY_CALL) -> bool:
        """Whether the power goes here. From any thread."""
        cut = self._cut
        if cut is None or cut.point is not point or cut.call not in (ANY_CALL, call):
            return False
        self._loop.call_soon_threadsafe(self._lose_power)
        return True

    def _lose_power(self) -> None:
        self._cut = None
        self.power_lost.set()


class _StageJournal(JournalFile):
    """The journal's file on a disk that can be full and in a machine that can lose its power."""

    def __init__(self, path: Path, now: Callable[[], str], surroundings: Surroundings) -> None:
        super().__init__(path, now)
        self._surroundings = surroundings

    def append(self, record: Record) -> None:
        if self._surroundings.comes_to(PowerPoint.BEFORE_COMMIT):
            raise PowerGone
        if self._surroundings.disk_full:
            raise JournalError("cannot write the journal: the disk is full (simulated): free some space")
        super().append(record)
        if self._surroundings.comes_to(PowerPoint.AFTER_COMMIT):
            raise PowerGone

    def free_bytes(self) -> int:
        return 0 if self._surroundings.disk_full else super().free_bytes()


NETWORK_TROUBLES = {
    "dns": "[Errno -3] Temporary failure in name resolution",
    "tls": "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid",
}
"""What httpx says of them; in both no request leaves this machine."""


class _StageTransport(httpx.AsyncBaseTransport):
    """Carries the terminal's calls, notes them in the timeline, and fails as a network or a power cut does."""

    def __init__(self, surroundings: Surroundings, inner: httpx.AsyncBaseTransport) -> None:
        self._surroundings = surroundings
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        around = self._surroundings
        if request.method == "HEAD":  # only asks whether anybody is there: no call, so nothing happens at one
            return await self._look(request)
        clock = asyncio.get_running_loop().time
        name, body, started_s = _call_of(request), await request.aread(), clock()
        if around.comes_to(PowerPoint.BEFORE_CALL, name):
            await _for_ever()
        try:
            if trouble := NETWORK_TROUBLES.get(around.network):
                raise httpx.ConnectError(trouble)
            if around.before_call is not None:
                around.before_call(name, msgspec.json.decode(body or b"{}"))
            response = await self._inner.handle_async_request(request)
            answer = await response.aread()
        except BaseException as error:
            told = str(error) or type(error).__name__
            around.timeline.called(name, clock() - started_s, body, trouble=told)
            raise
        if around.comes_to(PowerPoint.AFTER_CALL, name):
            around.timeline.called(name, clock() - started_s, body, trouble="the power went before the answer was read")
            await _for_ever()
        around.timeline.called(name, clock() - started_s, body, http_status=response.status_code, answer=answer)
        return httpx.Response(response.status_code, headers=response.headers, content=answer, request=request)

    async def _look(self, request: httpx.Request) -> httpx.Response:
        if trouble := NETWORK_TROUBLES.get(self._surroundings.network):
            raise httpx.ConnectError(trouble)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """The inner transport outlives the terminal that uses it."""


def _call_of(request: httpx.Request) -> str:
    """What the call is named by: its path's last part, or the one before where that is a transaction."""
    parts = request.url.path.split("/")
    return parts[-2] if request.method == "GET" else parts[-1]


async def _for_ever() -> None:
    """Until the terminal is taken apart."""
    await asyncio.Event().wait()
