"""How many rows a second a collector takes, and what bounds it: against COPY of the same rows in the same run."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import psycopg

from terminal.office import wire
from terminal.office.uplink.task import BATCH_ROWS
from terminal.sale.sale import Sale
from tests.fleet.counters import LIFE, Journal
from tests.fleet.office import TOKEN, Collector, cpu_s_of, running_office

COUNTERS = 40
AT_ONCE = 8


def measure(rows: int) -> Iterator[str]:
    """Lines to print."""
    batches = list(_batches(rows))
    count = sum(len(batch.rows) for batch in batches)
    size = sum(len(row.body) for batch in batches for row in batch.rows)
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder, running_office(Path(folder), 1) as office:
        copied_s, copying_s = min(_copy(office.cluster.create_database(), batches) for _ in range(2))
        [collector] = office.collectors
        with psycopg.connect(office.database, autocommit=True) as connection:
            used_s = _server_s(connection)
            wall_s, cpu_s = asyncio.run(_send(collector, batches))
            server_s = _server_s(connection) - used_s
            found = connection.execute("SELECT count(*) FROM journal").fetchone()
            assert found == (count,), found
    yield f"{count} rows of {size / count:.0f} bytes from {COUNTERS} counters, {os.cpu_count()} cores, fsync on"
    yield f"{count / copied_s:10.0f} rows/s   COPY into one table with the same key"
    yield f"{count / wall_s:10.0f} rows/s   one collector, batches of {BATCH_ROWS}: {copied_s / wall_s:.2f} of COPY"
    yield f"{count / copying_s:10.0f} rows/s   COPY, a core's worth ({copying_s:.2f} s of CPU, client and server)"
    share = copying_s / cpu_s
    yield f"{count / cpu_s:10.0f} rows/s   one collector, a core's worth ({cpu_s:.2f} s of CPU): {share:.2f} of COPY"
    yield f"{count / server_s:10.0f} rows/s   PostgreSQL under it, a core's worth ({server_s:.2f} s of CPU)"
    share = copying_s / (cpu_s + server_s)
    yield f"{count / (cpu_s + server_s):10.0f} rows/s   both together, a core's worth: {share:.2f} of COPY"


def _batches(rows: int) -> Iterator[wire.Batch]:
    """Each counter's journal in batches, in turns."""
    journals = [Journal(f"T{n}") for n in range(COUNTERS)]
    for number in range(1, rows // COUNTERS // len(LIFE) + 1):
        for journal in journals:
            reference = f"{journal.terminal}-{number:06}"
            created = f"2026-11-30T{number % 10 + 8:02}:00:00.000Z"
            for state, reason in LIFE:
                journal.append(
                    created,
                    Sale(
                        number=number,
                        reference=reference,
                        register_id=str(number),
                        amount_kr=1990,
                        created=created,
                        state=state,
                        reason=reason,
                    ),
                )
    for first in range(0, len(journals[0].rows), BATCH_ROWS):
        for journal in journals:
            yield wire.Batch(journal.terminal, journal.epoch, journal.rows[first : first + BATCH_ROWS])


def _copy(database: str, batches: Sequence[wire.Batch]) -> tuple[float, float]:
    """The fastest way in that PostgreSQL has; one commit. Seconds by the wall, and of the processor on both sides."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE TABLE plain (terminal text, epoch text, seq bigint, at text, kind text, body text, hash text, "
            "PRIMARY KEY (terminal, epoch, seq))"
            if not _has_plain(connection)
            else "TRUNCATE plain"
        )
        connection.commit()
        server = connection.info.backend_pid
        began_s, used_s = time.monotonic(), time.process_time() + cpu_s_of(server)
        with connection.cursor().copy("COPY plain FROM STDIN") as copy:
            for batch in batches:
                for row in batch.rows:
                    copy.write_row((batch.terminal, batch.epoch, row.seq, row.at, row.kind, row.text, row.hash))
        connection.commit()
        return time.monotonic() - began_s, time.process_time() + cpu_s_of(server) - used_s


def _server_s(connection: psycopg.Connection[tuple[object, ...]]) -> float:
    """What the server's processes have used so far: those that serve somebody and those that write."""
    return sum(cpu_s_of(int(str(pid))) for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity"))


def _has_plain(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    return connection.execute("SELECT to_regclass('plain') IS NOT NULL").fetchone() == (True,)


async def _send(collector: Collector, batches: Sequence[wire.Batch]) -> tuple[float, float]:
    """Seconds by the wall and of the collector's processor."""
    packed = [(batch, wire.pack(batch)) for batch in batches]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "gzip"}
    limits = httpx.Limits(max_connections=AT_ONCE)
    gates = {batch.terminal: asyncio.Lock() for batch in batches}
    free = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=collector.url, headers=headers, limits=limits, timeout=60) as http:

        async def send(batch: wire.Batch, content: bytes) -> None:
            async with gates[batch.terminal], free:
                answer = await http.post("/v1/journal", content=content)
                assert answer.json()["have"] >= batch.rows[-1].seq, answer.text

        began_s, used_s = time.monotonic(), collector.cpu_s()
        await asyncio.gather(*(send(*one) for one in packed))
        return time.monotonic() - began_s, collector.cpu_s() - used_s
