"""``python -m tests.bench.uplink_bytes``: what a sale costs on the way to the head office, in bytes.

The journals of seeded worlds, written by the real journal and sent by the real uplink at the moments when they were
written, in virtual time. Every byte of HTTP counts, both ways, and what TLS 1.3 adds to it; TCP's own do not.

These worlds are busy ones: half of their sales are given back, printed once more, or followed by the end of the day. So
each call is divided between what its rows are about, by their length.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import logging
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from terminal.journal.file import JournalFile
from terminal.office import compact, wire
from terminal.office.uplink.client import OfficeClient
from terminal.office.uplink.task import JournalEnd, OfficeTask
from terminal.sale.gateway import CaptureMode
from terminal.sale.record import Record
from terminal.sale.refund import RefundState
from terminal.sale.sensitive import Sensitive
from terminal.simulation.disk import SimulatedDisk
from terminal.simulation.run import simulate
from terminal.simulation.terminal import SimulatedTerminal, is_over
from terminal.simulation.world import EPOCH_S, NO_TROUBLE, Rates
from terminal.system.timestamps import timestamp_of
from tests.office_bench import chained
from tests.virtual_time import run_virtual

TARGET_BYTES = 1024
"""Of a sale, on the wire."""
TLS_RECORD_BYTES = 22
"""TLS 1.3: header, type and tag. Head and body of a request are a record each, an answer is one."""
TOKEN = "x" * 43
BETWEEN_WORLDS_S = 60.0
ANSWER_S = 0.1


class Moment(NamedTuple):
    """Something was written."""

    at_s: float
    rows: int
    """That there are by then."""
    sale_open: bool | None
    """None: the uplink is not woken, as by the life of a receipt."""


class Day(NamedTuple):
    """Worlds, one after the other, as one journal."""

    rows: list[wire.Row]
    moments: list[Moment]
    counts: dict[str, int]
    """Sales and refunds."""


class Share(NamedTuple):
    """Of one sort of rows."""

    calls: float = 0.0
    body_bytes: float = 0.0
    """Of batches as they were packed."""
    all_bytes: float = 0.0

    def plus(self, share: float, body_bytes: int, all_bytes: int) -> Share:
        return Share(self.calls + share, self.body_bytes + share * body_bytes, self.all_bytes + share * all_bytes)


class _Watched:
    """Writes into a real journal what a simulated disk keeps."""

    def __init__(self, began_s: float, rows: int) -> None:
        self.journal: JournalFile
        self._began_s = self.now_s = began_s
        self._before = rows
        self.moments: list[Moment] = []

    def look_at(self, terminal: SimulatedTerminal, disk: SimulatedDisk) -> None:
        world = terminal.world

        def also(name: str, is_open: Callable[[Any], bool | None]) -> None:
            kept, written = getattr(disk, name), getattr(self.journal, name)

            def keep(*content: Any) -> object:
                answer = kept(*content)
                self.now_s = self._began_s + world.now_s
                written(*content)
                rows = self._before + self.journal.chain_end().seq
                self.moments.append(Moment(self.now_s, rows, is_open(content[0])))
                return answer

            setattr(disk, name, keep)

        def of_sale(record: Record) -> bool:
            return not is_over(record.sale)

        also("append", of_sale)
        also("append_both", of_sale)
        also("append_refund", lambda record: record.refund.state is not RefundState.CLOSED)
        also("append_close", lambda _close: False)
        also("append_receipts", lambda _receipts: False)
        for quiet in ("note_receipt", "reserve_nonces"):
            also(quiet, lambda _content: None)


def play(folder: Path, seeds: Sequence[int], rates: Rates | None) -> Day:
    """``rates`` None: each seed's own troubles."""
    contents: list[tuple[str, str, str]] = []
    moments: list[Moment] = []
    counts: dict[str, int] = defaultdict(int)
    for seed in seeds:
        watched = _Watched(moments[-1].at_s + BETWEEN_WORLDS_S if moments else 0.0, len(contents))
        with JournalFile(folder / f"{seed}.db", lambda: timestamp_of(EPOCH_S + watched.now_s)) as watched.journal:  # noqa: B023
            watched.journal.open()
            result = simulate(seed, rates=rates, capture_mode=CaptureMode.MANUAL, sabotage=watched.look_at)
            contents += [(row.at, row.kind, bytes(row.body).decode()) for row in watched.journal.rows_past(0, 1 << 30)]
        moments += watched.moments
        counts["sale"] += result.sales
        counts["refund"] += sum(result.refunds.values())
    return Day(chained(contents), moments, dict(counts))


def sorts_of(rows: Sequence[wire.Row]) -> list[str]:
    """``sale`` and ``refund`` with their receipts and nonces; ``other``: ends of day, and what is printed once more."""
    sorts: list[str] = []
    by_number: dict[int, str] = {}
    for row in rows:
        content = msgspec.json.decode(row.body)
        sort = "sale" if row.kind == "nonces" else "other"
        if (entry := content.get("sale")) is not None:
            sort = by_number[entry["number"]] = "refund" if "sale_number" in entry else "sale"
        elif (receipt := content.get("receipt")) is not None and not receipt["copy"]:
            sort = by_number.get(receipt["sale_number"], "other")
        sorts.append(sort)
    return sorts


class _Visible:
    """The journal as far as it is written by now."""

    def __init__(self, rows: Sequence[wire.Row]) -> None:
        self._all = rows
        self.length = 0

    async def end(self) -> JournalEnd:
        return JournalEnd("e" * 32, self.length)

    async def rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        return await self.end(), self._all[seq : min(self.length, seq + most_rows)]


class _Counting(httpx.AsyncBaseTransport):
    """An office that takes everything, and the bytes that it costs."""

    def __init__(self, rows: Sequence[wire.Row], *, takes_compact: bool) -> None:
        self._encodings = f"gzip, {compact.ENCODING}" if takes_compact else "gzip"
        self._sorts = sorts_of(rows)
        self.taken: list[wire.Row] = []
        self.shares: dict[str, Share] = defaultdict(Share)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        await asyncio.sleep(ANSWER_S)
        if request.url.path == "/v1/status":
            return httpx.Response(200, json={})
        rows = self._read(request, body)
        first = len(self.taken)
        self.taken += rows
        headers = {"Accept-Encoding": self._encodings}  # as collector.py answers
        response = httpx.Response(200, json={"have": len(self.taken)}, headers=headers)
        start = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n"
        asked = len(start) + _size(request.headers) + len(body)
        told = len("HTTP/1.1 200 OK\r\n") + _size(response.headers) + len(response.content)
        all_bytes = asked + told + TLS_RECORD_BYTES * (2 + bool(body))
        length = sum(len(row.body) for row in rows)
        for sort, row in zip(itertools.islice(self._sorts, first, None), rows, strict=False):
            self.shares[sort] = self.shares[sort].plus(len(row.body) / length, len(body), all_bytes)
        return response

    def _read(self, request: httpx.Request, body: bytes) -> Sequence[wire.Row]:
        if request.headers.get("content-encoding") == compact.ENCODING:
            batch = compact.chained(compact.unpack(body), self.taken[-1].hash if self.taken else "")
            assert batch is not None
            return batch.rows
        return wire.read_batch(wire.unpack(body)).rows if body else ()


def _size(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.raw) + 2


def send(day: Day, *, takes_compact: bool = True) -> dict[str, Share]:
    """Each row once it is time, to an office that may take few bytes; what the sorts cost, each of them once."""
    counting = _Counting(day.rows, takes_compact=takes_compact)
    run_virtual(_send(day, counting), limit_s=1e9)
    assert counting.taken == day.rows
    each = {}
    for sort, count in day.counts.items():
        share = counting.shares[sort]
        each[sort] = Share(share.calls / count, share.body_bytes / count, share.all_bytes / count)
    return each


async def _send(day: Day, counting: _Counting) -> None:
    visible = _Visible(day.rows)
    client = OfficeClient("http://127.0.0.1", Sensitive(TOKEN), transport=lambda: counting)
    uplink = OfficeTask("T123", visible, client, _no_status, random.Random(1).random)
    running = asyncio.create_task(uplink.run())
    now_s = 0.0
    for moment in day.moments:
        await asyncio.sleep(moment.at_s - now_s)
        now_s, visible.length = moment.at_s, moment.rows
        if moment.sale_open is not None:
            uplink.moved(sale_open=moment.sale_open)
    uplink.moved(sale_open=False)  # or the life of the last receipts would wait for the next sale
    await asyncio.sleep(600)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _no_status() -> dict[str, Any]:
    return {}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.uplink_bytes", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first world")
    parser.add_argument("--worlds", type=int, default=100, help="how many worlds (default 100)")
    options = parser.parse_args(arguments)
    logging.disable(logging.ERROR)  # what the worlds go through
    seeds = range(options.seed, options.seed + options.worlds)
    dearest = 0.0
    for name, rates in (("without trouble", NO_TROUBLE), ("with every trouble", None)):
        with tempfile.TemporaryDirectory(prefix="uplink-") as folder:
            day = play(Path(folder), seeds, rates)
        print(f"{name}: {len(day.rows)} rows of {day.counts['sale']} sales and {day.counts['refund']} refunds")
        for encoding, takes_compact in ((compact.ENCODING, True), ("gzip", False)):
            for sort, each in send(day, takes_compact=takes_compact).items():
                what = f"{each.all_bytes:8.0f} bytes a {sort}, {each.body_bytes:.0f} of them rows as {encoding}"
                print(f"{what}, in {each.calls:.2f} calls")
                if takes_compact and rates is NO_TROUBLE:  # what troubles cost besides is told, not judged
                    dearest = max(dearest, each.all_bytes)
    return int(dearest > TARGET_BYTES)


if __name__ == "__main__":
    sys.exit(main())
