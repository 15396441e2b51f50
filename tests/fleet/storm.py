"""A chain's worst day: seeded troubles while the fleet sells, and afterwards every row is looked for."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter as Counts
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import psycopg

from terminal.office import wire
from terminal.sale.sale import Outcome, Sale
from tests.fleet.counters import Counter, FastLoop
from tests.fleet.office import TOKEN, Office, running_office

SETTLE_S = 4 * 3600.0
"""By the fleet's clock: how long the last row may take once every trouble is over."""


class Size(NamedTuple):
    counters: int = 60
    collectors: int = 2
    day_s: float = 900.0
    """How long the fleet sells, by its own clock."""
    sale_every_s: float = 60.0
    cut_s: float = 300.0
    """How long half the fleet has no network."""
    kills: int = 6
    crashes: int = 2
    """Of the database."""
    restores: int = 4
    speed: float = 30.0
    """How much faster than the wall's the fleet's clock runs."""


SMALL_DAY = Size()


class _Body(msgspec.Struct):
    sale: Sale


class Report(NamedTuple):
    """``problems`` must be empty."""

    counts: Counts[str]
    problems: list[str]


def storm(
    seed: int, size: Size = SMALL_DAY, say: Callable[[str], None] = lambda _line: None, sabotage: str = ""
) -> Report:
    """``sabotage``: a statement that is run on the database before the rows are looked for."""
    with (
        tempfile.TemporaryDirectory(prefix="fleet-") as folder,
        running_office(Path(folder), size.collectors) as office,
        asyncio.Runner(loop_factory=lambda: FastLoop(size.speed)) as runner,
    ):
        return runner.run(_Storm(seed, size, office, say).run(sabotage))


class _Storm:
    def __init__(self, seed: int, size: Size, office: Office, say: Callable[[str], None]) -> None:
        self._chance = random.Random(seed)
        self._size = size
        self._office = office
        self._say = say
        self._counts: Counts[str] = Counts()
        self._tampered: list[tuple[Counter, str, list[wire.Row], wire.Row]] = []
        urls = [collector.url for collector in office.collectors]
        self.counters = [Counter(n, seed, urls, TOKEN, self._now) for n in range(size.counters)]

    def _now(self) -> str:
        """The fleet's wall clock."""
        at = datetime(2026, 11, 30, 8, tzinfo=UTC) + timedelta(
            seconds=asyncio.get_running_loop().time() - self._began_s
        )
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    async def run(self, sabotage: str = "") -> Report:
        self._began_s = asyncio.get_running_loop().time()
        for counter in self.counters:
            counter.start()
        selling = [asyncio.create_task(self._sell(counter)) for counter in self.counters]
        troubles = [
            *(self._kill_collector for _ in range(self._size.kills)),
            *(self._crash_database for _ in range(self._size.crashes)),
            *(self._restore for _ in range(self._size.restores)),
            self._cut_half,
            self._lose_answers,
        ]
        self._say(f"{self._size.counters} counters sell for {self._size.day_s:.0f} s of their time")
        try:
            await asyncio.gather(*(self._at_some_time(trouble) for trouble in troubles))
            for sale in selling:
                sale.cancel()
            await asyncio.gather(*selling, return_exceptions=True)
            self._say("the day is over; every row is waited for")
            if not await self._settled():
                return Report(+self._counts, ["some rows have not come after hours without any trouble"])
            await self._tamper()
            if sabotage:
                await self._query(sabotage)
            return Report(problems=await self._reconcile(), counts=+self._counts)
        finally:
            for counter in self.counters:
                await counter.stop()

    async def _sell(self, counter: Counter) -> None:
        await counter.sell(self._size.sale_every_s, asyncio.sleep)

    # --- troubles -----------------------------------------------------------------------------------------------------

    async def _at_some_time(self, trouble: Callable[[], Any]) -> None:
        await asyncio.sleep(self._chance.uniform(0.05, 0.9) * self._size.day_s)
        await trouble()

    async def _kill_collector(self) -> None:
        collector = self._chance.choice(self._office.collectors)
        if collector.is_down:
            return
        self._counts["collectors killed"] += 1
        collector.kill()
        await asyncio.sleep(self._chance.uniform(0, 60))
        collector.start(wait=False)

    async def _crash_database(self) -> None:
        if self._counts["databases down"]:
            return
        self._counts["databases down"] += 1
        self._counts["database crashes"] += 1
        await asyncio.to_thread(self._office.cluster.stop, "immediate")
        await asyncio.sleep(self._chance.uniform(0, 60))
        await asyncio.to_thread(self._office.cluster.start)
        self._counts["databases down"] -= 1

    async def _cut_half(self) -> None:
        half = self._chance.sample(self.counters, len(self.counters) // 2)
        for counter in half:
            counter.network.cut = True
        self._counts["counters cut off"] += len(half)
        await asyncio.sleep(self._size.cut_s)
        for counter in half:
            counter.network.cut = False

    async def _lose_answers(self) -> None:
        for counter in self.counters:
            counter.network.loses_answers = 0.2
        await asyncio.sleep(self._size.day_s / 3)
        for counter in self.counters:
            counter.network.loses_answers = 0.0

    async def _restore(self) -> None:
        """A terminal gets a new card, and on it an older backup."""
        counter = self._chance.choice(self.counters)
        rows = len(counter.journal.rows)
        counter.journal.restore(self._chance.randint(0, rows))
        self._counts["restores from a backup"] += 1
        await counter.restart()

    async def _tamper(self) -> None:
        """Somebody changes a row that the office has, and makes every hash after it fit."""
        counter = max(self.counters, key=lambda one: len(one.journal.rows))
        before = list(counter.journal.rows)
        changed = counter.journal.tamper(len(before) // 2)
        self._tampered.append((counter, counter.journal.epoch, before, changed))
        self._counts["rows tampered with"] += 1
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=None) as http:
            batch = msgspec.json.encode(wire.Batch(counter.terminal, counter.journal.epoch, [changed]))
            answer = await http.post(f"{self._office.collectors[0].url}/v1/journal", content=batch)
            self._counts["tampered rows refused"] += answer.status_code == 409

    # --- afterwards ---------------------------------------------------------------------------------------------------

    async def _settled(self) -> bool:
        """Whether the office has every row after a while."""
        clock = asyncio.get_running_loop().time
        began_s, wall_s = clock(), time.monotonic()
        for counter in self.counters:
            counter.moved(sale_open=False)
        expected = {(c.terminal, c.journal.epoch): len(c.journal.rows) for c in self.counters if c.journal.rows}
        while clock() - began_s < SETTLE_S or time.monotonic() - wall_s < 60:
            heads = dict(await self._query("SELECT (terminal, epoch)::text, have FROM journal_head"))
            if all(heads.get(f"({terminal},{epoch})") == have for (terminal, epoch), have in expected.items()):
                return True
            await asyncio.sleep(30)
        return False

    async def _reconcile(self) -> list[str]:
        problems = []
        kept: dict[tuple[str, str], list[wire.Row]] = {}
        query = "SELECT terminal, epoch, seq, at, kind, body, hash FROM journal ORDER BY terminal, epoch, seq"
        for terminal, epoch, seq, at, kind, body, its_hash in await self._query(query):
            kept.setdefault((terminal, epoch), []).append(wire.Row(seq, at, kind, msgspec.Raw(body.encode()), its_hash))
        strange = set(kept)
        for counter in self.counters:
            self._counts["answers lost"] += counter.network.lost_answers
            for epoch, written in counter.journal.epochs.items():
                rows = written
                for one, its_epoch, before, _changed in self._tampered:
                    if one is counter and its_epoch == epoch:
                        rows = before
                there = kept.get((counter.terminal, epoch), [])
                strange.discard((counter.terminal, epoch))
                self._counts["rows kept"] += len(there)
                is_last = epoch == counter.journal.epoch
                if not is_last:
                    self._counts["rows that never left a card before it was replaced"] += len(rows) - len(there)
                if there != rows[: len(there)] or (is_last and len(there) != len(rows)):
                    problems.append(f"{counter.terminal}, epoch {epoch}: {len(rows)} rows, {len(there)} of them kept")
        problems += [f"{journal}: nobody wrote this" for journal in strange]
        problems = problems or await self._reconcile_turnover(kept)
        alarms = await self._query("SELECT terminal, epoch, seq, kind FROM alarm")
        expected = [(c.terminal, epoch, row.seq, "conflict") for c, epoch, _before, row in self._tampered]
        if sorted(alarms) != sorted(expected):
            problems.append(f"alarms {alarms} instead of {expected}")
        return problems

    async def _reconcile_turnover(self, kept: dict[tuple[str, str], list[wire.Row]]) -> list[str]:
        """What was paid, added up anew from the rows."""
        latest: dict[tuple[str, str], tuple[str, int]] = {}
        for (terminal, _epoch), rows in kept.items():
            for row in rows:
                sale = msgspec.json.decode(row.body, type=_Body).sale
                paid_kr = sale.amount_kr if sale.outcome is Outcome.APPROVED else 0
                key = (terminal, sale.reference)
                latest[key] = max(latest.get(key, ("", 0)), (row.at, paid_kr))
        paid: Counts[str] = Counts()
        for (terminal, _reference), (_at, paid_kr) in latest.items():
            paid[terminal] += paid_kr
        self._counts["kronur paid"] = sum(paid.values())
        problems = []
        for table in ("turnover", "turnover_day"):
            counted = dict(await self._query(f"SELECT terminal, sum(sum_kr)::bigint FROM {table} GROUP BY terminal"))
            problems += [
                f"{counter.terminal}: {paid[counter.terminal]} kr. paid, {counted.get(counter.terminal, 0)} in {table}"
                for counter in self.counters
                if paid[counter.terminal] != counted.get(counter.terminal, 0)
            ]
        return problems

    async def _query(self, query: str) -> list[tuple[Any, ...]]:
        def ask() -> list[tuple[Any, ...]]:
            with psycopg.connect(self._office.database, connect_timeout=10) as connection:
                cursor = connection.execute(query.encode())
                return cursor.fetchall() if cursor.description else []

        return await asyncio.to_thread(ask)
