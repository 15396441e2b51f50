"""Carries out what core.py decides, beside the sale: its own task, its own connection, one batch in memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from terminal.errors import JournalError
from terminal.office import wire
from terminal.office.uplink import core
from terminal.office.uplink.client import OfficeClient, OfficeError
from terminal.office.uplink.core import Do

BATCH_ROWS = 64
BATCH_BYTES = 72 * 1024
"""The terminal keeps what a batch needs of the memory, which is several times this."""
STATUS_EVERY_S = 60.0
STATUS_SHORTEST_S = 5.0
"""Changes within so long go together, so that a device that flickers is no flood."""

log = logging.getLogger(__name__)


class JournalEnd(NamedTuple):
    """How far the journal has come."""

    epoch: str
    seq: int
    """Of the last row; 0: there is none."""


class JournalSource(Protocol):
    """The journal as the uplink reads it. Each may raise JournalError."""

    async def end(self) -> JournalEnd: ...

    async def rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        """How far it has come, and the next rows: at least one if there is one."""


class _SaleOpened(Exception):
    """Between the moment when a call was due and its beginning."""


class OfficeTask:
    """``run`` until it is cancelled. ``moved`` after everything that may have changed the journal or the sale."""

    def __init__(
        self,
        terminal: str,
        source: JournalSource,
        client: OfficeClient,
        status: Callable[[], Awaitable[Mapping[str, Any]]],
        chance: Callable[[], float] = random.random,
        *,
        heard: Callable[[wire.StatusAnswer], Awaitable[None]] | None = None,
    ) -> None:
        """``heard``: what the office wishes, after each status; it raises nothing."""
        self._terminal = terminal
        self._source = source
        self._client = client
        self._status = status
        self._chance = chance
        self._heard = heard
        self._uplink = core.started(chance())
        self._moved = asyncio.Event()
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        """One call at a time: one that waited for another could begin in the midst of a sale."""
        self._due_s: float | None = None
        """Since when a call of the journal waits for the end of a sale."""
        self._trouble = ""
        self._epoch = ""

    def moved(self, *, sale_open: bool) -> None:
        """From the event loop; takes no time."""
        self._uplink = self._uplink.grown(sale_open=sale_open)
        self._moved.set()

    def changed(self) -> None:
        """A device, the network or what waits for staff: the office shall hear of it before the minute is over."""
        self._changed.set()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(), name="office: journal")
                tasks.create_task(self._report(), name="office: status")
        finally:
            await self._client.close()

    # --- the journal --------------------------------------------------------------------------------------------------

    async def _carry(self) -> None:
        while True:
            step = self._uplink.next()
            match step.do:
                case Do.PAUSE:
                    await asyncio.sleep(step.wait_s)
                    self._uplink = self._uplink.paused()
                case Do.HOLD:
                    await self._hold(step.wait_s)
                case Do.REST:
                    self._moved.clear()
                    await self._moved.wait()
                case Do.ASK | Do.SEND:
                    await self._call(step.do)

    async def _hold(self, wait_s: float) -> None:
        if self._due_s is None:
            self._due_s = self._now_s()
        if not await self._sale_ends_by(self._due_s + wait_s):
            self._uplink = self._uplink.waited()

    async def _sale_ends_by(self, until_s: float) -> bool:
        """Whether there is no sale any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                while self._uplink.sale_open:
                    self._moved.clear()
                    await self._moved.wait()
        return not self._uplink.sale_open

    async def _call(self, do: Do) -> None:
        began_s = self._now_s()
        try:
            if do is Do.ASK:
                await self._ask()
            else:
                await self._send()
        except _SaleOpened:
            self._uplink = self._uplink.put_off()
            return
        except (OfficeError, JournalError) as error:
            status = error.status if isinstance(error, OfficeError) else 0
            self._uplink = self._uplink.failed(status, self._chance(), self._now_s() - began_s)
            self._tell(str(error))
        else:
            self._tell("")
        self._due_s = None

    async def _ask(self) -> None:
        end = await self._source.end()
        async with self._turn:
            began_s = self._now_s()
            self._give_way()
            have = await self._client.have(self._terminal, end.epoch)
        if have > end.seq:
            log.error("the office has %d rows of this journal, which has %d: was it put back by hand?", have, end.seq)
        self._epoch = end.epoch
        self._uplink = self._uplink.learned(have, end.seq, self._now_s() - began_s)

    async def _send(self) -> None:
        have = self._uplink.have
        assert have is not None
        self._uplink = self._uplink.reading()
        end, rows = await self._source.rows_after(have, BATCH_ROWS, BATCH_BYTES)
        if end.epoch != self._epoch:
            self._uplink = self._uplink.lost_its_place()
            return
        if not rows:
            self._uplink = self._uplink.nothing_left()
            return
        async with self._turn:
            began_s = self._now_s()
            self._give_way()
            have = await self._client.send(wire.Batch(self._terminal, end.epoch, list(rows)))
        self._uplink = self._uplink.sent(have, rows[-1].seq, end.seq, self._now_s() - began_s)

    def _give_way(self) -> None:
        """Raises _SaleOpened."""
        if self._uplink.gives_way:
            raise _SaleOpened

    def _tell(self, trouble: str) -> None:
        """An outage is two lines in the log: when it began, and when it was over."""
        if bool(trouble) != bool(self._trouble):
            if trouble:
                log.warning("%s; the journal keeps everything until the office is back", trouble)
            else:
                log.warning("the office answers again")
        self._trouble = trouble

    # --- the status ---------------------------------------------------------------------------------------------------

    async def _report(self) -> None:
        """Every minute, and soon after a change. What does not get there is not kept: the next one is newer."""
        await asyncio.sleep(self._chance() * STATUS_SHORTEST_S)
        while True:
            self._changed.clear()
            if not self._trouble:
                await self._report_once()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATUS_EVERY_S - STATUS_SHORTEST_S):
                    await self._changed.wait()
            await asyncio.sleep(STATUS_SHORTEST_S)

    async def _report_once(self) -> None:
        due_s = self._now_s()
        while True:
            await self._sale_ends_by(due_s + self._uplink.hold_s)
            report = await self._status_report()
            async with self._turn:
                if self._uplink.sale_open and self._now_s() < due_s + self._uplink.hold_s:
                    continue  # a sale has begun meanwhile, and what was said before it is old after it
                try:
                    answer = await self._client.report(wire.pack(report))
                except OfficeError as error:
                    log.debug("status: %s", error)
                    return
            break
        if self._heard is not None:
            await self._heard(answer)

    async def _status_report(self) -> wire.StatusReport:
        fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in (await self._status()).items()}
        return wire.StatusReport(self._terminal, fields)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
