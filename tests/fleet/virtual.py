"""A whole chain in virtual time: every uplink's pure core, and the collector's own store on a real PostgreSQL.

What waits is on a heap, so three hours of twenty thousand counters take as long as the database needs for their rows.
storm.py has the same troubles over real HTTP, with real processes, for fewer counters.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections import Counter as Counts
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from terminal.office import wire
from terminal.office.server.database import Pool, build_pool, migrate
from terminal.office.server.store import Store
from terminal.office.uplink import core
from terminal.office.uplink.core import Do
from terminal.office.uplink.task import BATCH_ROWS
from terminal.sale.sale import Sale
from terminal.sale.sensitive import Sensitive
from tests.fleet.counters import ENDINGS, LIFE, Journal
from tests.fleet.storm import Report
from tests.postgres import Cluster, running_cluster

MORNING = datetime(2026, 11, 30, 8, tzinfo=UTC)
AT_ONCE = 8
"""Calls that the collectors carry out at the same time."""
TOGETHER_S = 0.5
"""Calls that begin within so long are carried out together; an answer takes at least as long."""
SLOWEST_ANSWER_S = 2.5


class Day(NamedTuple):
    counters: int = 300
    hours: float = 3.0
    sales: float = 1.5
    """Of a counter, on average."""
    cut_s: float = 3600.0
    """How long half of the fleet has no network."""
    kills: int = 20
    crashes: int = 2
    """Of the database."""
    restores: int = 30
    tampered: int = 5


class _Counter:
    def __init__(self, number: int, seed: int) -> None:
        self.terminal = f"T{number}"
        self.journal = Journal(self.terminal)
        self.chance = random.Random(f"{seed} {number}")
        self.uplink = core.started(self.chance.random())
        self.cut = False
        self.turn = 0
        """Only the newest wait counts: a wait that was overtaken finds another number here."""
        self.rests = self.holds = False
        self.sales = 0
        self.epoch = ""


def virtual_day(seed: int, day: Day, say: Callable[[str], None] = lambda _line: None, sabotage: str = "") -> Report:
    """``sabotage``: a statement that is run on the database before the rows are compared."""
    with running_cluster(durable=False) as cluster:
        return asyncio.run(_World(seed, day, cluster, say).run(sabotage))


class _Fleet:
    """The counters, the clock and the calls."""

    def __init__(self, seed: int, day: Day, cluster: Cluster, say: Callable[[str], None]) -> None:
        self._chance = random.Random(seed)
        self._day = day
        self._cluster = cluster
        self._say = say
        self._store = Store()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._calls: list[tuple[_Counter, Do]] = []
        self._now_s = 0.0
        self._loses = 0.0
        self._dies = False
        """A collector is killed among the calls that come next."""
        self._crashes = 0
        self._calls_in: Counts[int] = Counts()
        self._back_s = 0.0
        self.counters = [_Counter(number, seed) for number in range(day.counters)]
        self.counts: Counts[str] = Counts()
        self.problems: list[str] = []

    def _waker(self, counter: _Counter) -> Callable[[], None]:
        return lambda: self._wake(counter)

    def _wake(self, counter: _Counter) -> None:
        """What task.py does with a step of the core."""
        counter.turn += 1
        counter.rests = counter.holds = False
        step, turn = counter.uplink.next(), counter.turn
        match step.do:
            case Do.REST:
                counter.rests = True
            case Do.PAUSE | Do.HOLD:
                counter.holds = step.do is Do.HOLD
                self._at(self._now_s + step.wait_s, lambda: self._waited(counter, step.do, turn))
            case Do.ASK | Do.SEND:
                self._calls.append((counter, step.do))

    def _waited(self, counter: _Counter, did: Do, turn: int) -> None:
        if counter.turn == turn:
            counter.uplink = counter.uplink.paused() if did is Do.PAUSE else counter.uplink.waited()
            self._wake(counter)

    # --- the clock ----------------------------------------------------------------------------------------------------

    def _at(self, at_s: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at_s, next(self._order), happens))

    async def _until_nothing_happens(self, pool: Pool) -> None:
        told_s = 0.0
        while self._heap:
            until_s = self._heap[0][0] + TOGETHER_S
            while self._heap and self._heap[0][0] <= until_s:
                self._now_s, _, happens = heapq.heappop(self._heap)
                happens()
            calls, self._calls = self._calls, []
            for first in range(0, len(calls), AT_ONCE):
                some = calls[first : first + AT_ONCE]
                await asyncio.gather(*(self._call(pool, *one) for one in some))
            self._dies = False
            if self._now_s > told_s + 1800:
                told_s = self._now_s
                self._say(f"{_text(told_s)[11:16]}  {self.counts['rows taken']} rows taken, {len(self._heap)} waits")

    async def _call(self, pool: Pool, counter: _Counter, do: Do) -> None:
        turn = counter.turn
        took_s = self._chance.uniform(TOGETHER_S, SLOWEST_ANSWER_S)
        self.counts["calls"] += 1
        self._calls_in[int(self._now_s)] += 1
        later = await self._answer(pool, counter, do)
        self._at(self._now_s + took_s, lambda: self._answered(counter, later, took_s, turn))

    def _answered(
        self, counter: _Counter, later: Callable[[core.Uplink, float], core.Uplink], took_s: float, turn: int
    ) -> None:
        if counter.turn == turn:  # else it was restarted meanwhile
            counter.uplink = later(counter.uplink, took_s)
            self._wake(counter)

    async def _answer(self, pool: Pool, counter: _Counter, do: Do) -> Callable[[core.Uplink, float], core.Uplink]:
        """What the answer makes of the uplink once it is there."""
        chance = counter.chance.random()

        def failed(uplink: core.Uplink, took_s: float) -> core.Uplink:
            return uplink.failed(0, chance, took_s)

        if counter.cut or (self._dies and self._chance.random() < 0.5):
            return failed
        journal, epoch = counter.journal, counter.journal.epoch
        have, rows = counter.uplink.have or 0, journal.rows
        if do is Do.SEND:
            if epoch != counter.epoch:
                return lambda uplink, _took_s: uplink.lost_its_place()
            counter.uplink = counter.uplink.reading()
            rows = rows[have : have + BATCH_ROWS]
            if not rows:
                return lambda uplink, _took_s: uplink.nothing_left()
        try:
            if self._crashes:
                raise psycopg.OperationalError
            async with pool.connection(timeout=10) as connection:
                if do is Do.ASK:
                    have = await self._store.have(connection, counter.terminal, epoch)
                else:
                    have = (await self._store.take(connection, wire.Batch(counter.terminal, epoch, list(rows)))).have
                    self.counts["rows taken"] += len(rows)
        except (psycopg.Error, PoolTimeout):
            return failed
        if self._dies or self._chance.random() < self._loses:
            self.counts["answers lost"] += 1
            return failed
        if do is Do.ASK:
            counter.epoch = epoch
            newest = len(journal.rows)
            return lambda uplink, took_s: uplink.learned(have, newest, took_s)
        last, newest = rows[-1].seq, len(journal.rows)
        return lambda uplink, took_s: uplink.sent(have, last, newest, took_s)


class _World(_Fleet):
    """What happens to them."""

    async def run(self, sabotage: str) -> Report:
        self._url = self._cluster.create_database()
        await migrate(Sensitive(self._url))
        self._plan()
        async with build_pool(Sensitive(self._url), "netgiro_collector", AT_ONCE) as pool:
            await self._until_nothing_happens(pool)
            await self._tamper(pool)
        if sabotage:
            async with await psycopg.AsyncConnection.connect(self._url) as connection:
                await connection.execute(sabotage.encode())
        self.problems += await _compare(self._url, self.counters, self.counts)
        self._count_return()
        return Report(+self.counts, self.problems)

    # --- what happens -------------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        day, chance = self._day, self._chance
        end_s = day.hours * 3600
        for counter in self.counters:
            self._at(0.0, self._waker(counter))
            at_s = counter.chance.expovariate(day.sales / end_s)
            while at_s < end_s:
                self._plan_sale(counter, at_s)
                at_s += 30 + counter.chance.expovariate(day.sales / end_s)
        cut_s = chance.uniform(0.1, 0.9) * max(0.0, end_s - day.cut_s)
        half = chance.sample(self.counters, len(self.counters) // 2)
        self._back_s = cut_s + day.cut_s
        self._at(cut_s, lambda: self._cut(half, cut=True))
        self._at(self._back_s, lambda: self._cut(half, cut=False))
        self._at(end_s * 0.3, lambda: self._lose(0.05))
        self._at(end_s * 0.6, lambda: self._lose(0.0))
        for _ in range(day.kills):
            self._at(chance.uniform(0, end_s), self._kill)
        for _ in range(day.crashes):
            self._at(chance.uniform(0, end_s), self._crash)
        for counter in chance.sample(self.counters, min(day.restores, len(self.counters))):
            self._at(chance.uniform(0.2, 1.0) * end_s, self._restorer(counter))

    def _plan_sale(self, counter: _Counter, at_s: float) -> None:
        counter.sales += 1
        number, ending = counter.sales, counter.chance.choice(ENDINGS)
        sale = Sale(
            number=number,
            reference=f"{counter.terminal}-{number:06}",
            register_id=str(number),
            amount_kr=counter.chance.randrange(100, 50_000),
            created=_text(at_s),
        )
        for place, (state, reason) in enumerate(LIFE):
            one = msgspec.structs.replace(sale, state=state, reason=ending if reason else None)
            is_last = place == len(LIFE) - 1
            self._at(at_s, self._writer(counter, one, is_last=is_last))
            at_s += counter.chance.uniform(0.1, 4)

    def _writer(self, counter: _Counter, sale: Sale, *, is_last: bool) -> Callable[[], None]:
        def write() -> None:
            counter.journal.append(_text(self._now_s), sale)
            counter.uplink = counter.uplink.grown(sale_open=not is_last)
            if counter.rests or (is_last and counter.holds):  # the end of a sale ends its wait, too
                self._wake(counter)

        return write

    # --- troubles -----------------------------------------------------------------------------------------------------

    def _cut(self, half: list[_Counter], *, cut: bool) -> None:
        for counter in half:
            counter.cut = cut
        self.counts["counters cut off"] += len(half) if cut else 0

    def _lose(self, share: float) -> None:
        self._loses = share

    def _kill(self) -> None:
        self._dies = True
        self.counts["collectors killed"] += 1

    def _crash(self) -> None:
        self._cluster.stop("immediate")
        self._crashes += 1
        self.counts["database crashes"] += 1
        self._at(self._now_s + self._chance.uniform(5, 60), self._recover)

    def _recover(self) -> None:
        self._crashes -= 1
        if not self._crashes:
            self._cluster.start()

    def _restorer(self, counter: _Counter) -> Callable[[], None]:
        def restore() -> None:
            counter.journal.restore(counter.chance.randint(0, len(counter.journal.rows)))
            counter.uplink = core.started(counter.chance.random())
            self.counts["restores from a backup"] += 1
            counter.turn += 1
            self._wake(counter)

        return restore

    async def _tamper(self, pool: Pool) -> None:
        """Somebody changes a row that the office has, and makes every hash after it fit."""
        sold = [counter for counter in self.counters if len(counter.journal.rows) > 2]
        for counter in self._chance.sample(sold, min(self._day.tampered, len(sold))):
            rows = list(counter.journal.rows)
            changed = counter.journal.tamper(len(rows) // 2)
            counter.journal.epochs[counter.journal.epoch] = rows
            async with pool.connection() as connection:
                batch = wire.Batch(counter.terminal, counter.journal.epoch, [changed])
                taken = await self._store.take(connection, batch)
            self.counts["rows tampered with"] += 1
            if taken.conflict != changed.seq:
                self.problems.append(f"{counter.terminal}: a tampered row was taken")

    def _count_return(self) -> None:
        after = [self._calls_in[int(self._back_s) + second] for second in range(600)]
        self.counts["most calls in a second once half of the fleet is back"] = max(after)
        self.counts["calls in the first ten minutes after"] = sum(after)


async def _compare(url: str, counters: list[_Counter], counts: Counts[str]) -> list[str]:
    """Every row that was written, in its order, once, and no other."""
    problems: list[str] = []
    written = {
        (counter.terminal, epoch): (rows, epoch == counter.journal.epoch)
        for counter in counters
        for epoch, rows in counter.journal.epochs.items()
    }
    seen: Counts[tuple[str, str]] = Counts()
    async for terminal, epoch, seq, at, kind, body, its_hash in _kept(url):
        rows = written.get((terminal, epoch), ([], True))[0]
        place = seen[terminal, epoch]
        seen[terminal, epoch] += 1
        row = wire.Row(seq, at, kind, msgspec.Raw(body.encode()), its_hash)
        if place >= len(rows) or rows[place] != row:
            problems.append(f"{terminal}, epoch {epoch}: row {seq} is not what was written there")
    for (terminal, epoch), (rows, is_last) in written.items():
        counts["rows written"] += len(rows)
        kept = seen[terminal, epoch]
        counts["rows kept"] += kept
        if is_last and kept != len(rows):
            problems.append(f"{terminal}, epoch {epoch}: {len(rows)} rows, {kept} of them kept")
        if not is_last:
            counts["rows that never left a card before it was replaced"] += len(rows) - kept
    return problems


async def _kept(url: str) -> AsyncIterator[tuple[Any, ...]]:
    async with (
        await psycopg.AsyncConnection.connect(url) as connection,
        connection.cursor("kept") as cursor,
    ):
        cursor.itersize = 20_000
        await cursor.execute(
            "SELECT terminal, epoch, seq, at, kind, body, hash FROM journal ORDER BY terminal, epoch, seq"
        )
        async for row in cursor:
            yield row


def _text(at_s: float) -> str:
    return (MORNING + timedelta(seconds=at_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
