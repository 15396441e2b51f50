"""Many counters come back with a week of rows, while others sell: does anybody who keeps up wait for them?

Real uplinks, real HTTP, one collector, a durable PostgreSQL. Those who are behind live in a process of their own, so
that the work of a thousand terminals slows no clock of those who are measured.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from terminal.office import wire
from terminal.office.uplink.client import OfficeClient
from terminal.office.uplink.task import OfficeTask
from terminal.sale.sale import Sale
from terminal.sale.sensitive import Sensitive
from tests.fleet.counters import LIFE, Journal
from tests.fleet.office import TOKEN, Office, running_office

LONGEST_WAIT_S = 60.0
NAMELESS = "nameless"
WEEK_ROWS = 8400
"""Two hundred sales a day, of six rows each."""


class Backlog(NamedTuple):
    behind: int = 1000
    rows: int = WEEK_ROWS
    """Of each that is behind."""
    current: int = 20
    sale_every_s: float = 5.0
    run_s: float = 60.0


class Result(NamedTuple):
    waits_s: list[float]
    """From the end of each sale to the office's word that it has it; of one that has not got there, until the end."""
    taken: int
    """Rows of those that are behind."""
    coming: int
    """Counters behind of which anything has come."""
    took_s: float
    cpu_s: float
    """The collector's."""


def measure(backlog: Backlog) -> Result:
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder, running_office(Path(folder), 1) as office:
        return _measure(office, backlog)


def _measure(office: Office, backlog: Backlog) -> Result:
    [collector] = office.collectors
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    behind = context.Process(target=_be_behind, args=(collector.url, backlog, ready), daemon=True)
    behind.start()
    try:
        assert ready.wait(120), "those who are behind did not begin"
        used_s, began_s = collector.cpu_s(), time.monotonic()
        waits_s = asyncio.run(_keep_up(collector.url, backlog))
        took_s, cpu_s = time.monotonic() - began_s, collector.cpu_s() - used_s
    finally:
        behind.kill()
        behind.join()
    with psycopg.connect(office.database) as connection:
        query = "SELECT coalesce(sum(have), 0)::bigint, count(*) FILTER (WHERE have > 0) FROM journal_head"
        found = connection.execute(f"{query} WHERE terminal LIKE 'B%'").fetchone()
    assert found is not None
    return Result(waits_s, found[0], found[1], took_s, cpu_s)


def told(backlog: Backlog, result: Result) -> Iterator[str]:
    """Lines to print."""
    waits = sorted(result.waits_s)
    whole = backlog.behind * backlog.rows
    yield f"{backlog.behind} counters with {backlog.rows} rows each come back; {backlog.current} others sell"
    yield f"{result.taken:10} rows of {result.coming} of them taken in {result.took_s:.0f} s, one collector"
    yield f"{result.taken / result.cpu_s:10.0f} rows for each second of the collector's processor"
    if result.taken:
        hours = whole / result.taken * result.took_s / 3600
        yield f"{hours:10.1f} hours for all {whole} at this pace, on this machine with whatever else it does"
    yield f"{len(waits):10} sales of those who keep up"
    for share in (0.5, 0.95, 1.0):
        yield f"{waits[max(0, int(len(waits) * share) - 1)]:10.2f} s waited {share:.0%} of them at most"


def _be_behind(url: str, backlog: Backlog, ready: Any) -> None:
    logging.disable(logging.WARNING)
    asyncio.run(_send_a_week(url, backlog, ready))


async def _send_a_week(url: str, backlog: Backlog, ready: Any) -> None:
    """The same rows for all, under each one's own name. Terminals in life pack their rows each on its own processor."""
    packed: dict[int, bytes] = {}
    journal = Journal("B")
    for number in range(1, backlog.rows // len(LIFE) + 1):
        _sell(journal, number)
    chance = random.Random(1)
    tasks = []
    for number in range(backlog.behind):
        uplink = OfficeTask(f"B{number}", journal, _Prepacked(url, packed), _status, chance.random)
        tasks.append(asyncio.create_task(uplink.run()))
    ready.set()
    await asyncio.gather(*tasks)


class _Prepacked(OfficeClient):
    """Packs each batch once for all terminals, and only writes the name into it."""

    def __init__(self, url: str, packed: dict[int, bytes]) -> None:
        super().__init__(url, Sensitive(TOKEN))
        self._packed = packed

    async def send(self, batch: wire.Batch) -> int:
        first = batch.rows[0].seq
        if first not in self._packed:
            self._packed[first] = msgspec.json.encode(msgspec.structs.replace(batch, terminal=NAMELESS))
        named = self._packed[first].replace(NAMELESS.encode(), batch.terminal.encode(), 1)
        return await self._send(named, "")


async def _keep_up(url: str, backlog: Backlog) -> list[float]:
    counters = [_Current(number, url) for number in range(backlog.current)]
    selling = [asyncio.create_task(counter.run(backlog.sale_every_s)) for counter in counters]
    await asyncio.sleep(backlog.run_s)
    waits_s = [wait_s for counter in counters for wait_s in counter.waits_so_far()]
    for task in selling:
        task.cancel()
    await asyncio.gather(*selling, return_exceptions=True)
    return waits_s


class _Current:
    """A counter that keeps up, and how long each of its sales waits."""

    def __init__(self, number: int, url: str) -> None:
        self._journal = Journal(f"C{number}")
        self._chance = random.Random(number)
        self._sold: dict[int, float] = {}
        """When each sale ended, by its last row."""
        self._waits_s: list[float] = []
        client = _Listening(url, self._has)
        self._uplink = OfficeTask(f"C{number}", self._journal, client, _status, self._chance.random)

    async def run(self, every_s: float) -> None:
        sending = asyncio.create_task(self._uplink.run())
        try:
            number = 0
            while True:
                await asyncio.sleep(self._chance.uniform(0.5, 1.5) * every_s)
                number += 1
                _sell(self._journal, number)
                self._sold[len(self._journal.rows)] = time.monotonic()
                self._uplink.moved(sale_open=False)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _has(self, have: int) -> None:
        for seq in [seq for seq in self._sold if seq <= have]:
            self._waits_s.append(time.monotonic() - self._sold.pop(seq))

    def waits_so_far(self) -> list[float]:
        return [*self._waits_s, *(time.monotonic() - sold_s for sold_s in self._sold.values())]


class _Listening(OfficeClient):
    def __init__(self, url: str, has: Callable[[int], None]) -> None:
        super().__init__(url, Sensitive(TOKEN))
        self._has = has

    async def send(self, batch: wire.Batch) -> int:
        have = await super().send(batch)
        self._has(have)
        return have


def _sell(journal: Journal, number: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for state, reason in LIFE:
        sale = Sale(
            number=number,
            reference=f"{journal.terminal}-{number:06}",
            register_id=str(number),
            amount_kr=1990,
            created=now,
            state=state,
            reason=reason,
        )
        journal.append(now, sale)


async def _status() -> dict[str, Any]:
    return {"state": "idle"}
